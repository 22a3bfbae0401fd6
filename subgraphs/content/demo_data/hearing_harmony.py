"""The items of the course "Hearing Harmony: How Western Music Works"."""

from subgraphs.content.demo_data.item import DemoItem

HEARING_HARMONY: tuple[DemoItem, ...] = (
    DemoItem(
        course="hearing-harmony",
        module="Pitch and the octave: frequency, tuning and equal temperament",
        type="TEXT",
        title="Twelve equal steps and a small deceit",
        text="""\
Sound is air in motion, and a musical note is air that moves regularly. The number of vibrations in a second
is the frequency, measured in hertz. Orchestras tune to an A of 440 hertz or thereabouts; the string of the
violin goes to and fro that many times a second, and your eardrum goes with it.

Halve the string and the frequency doubles. The ear reports something remarkable: the new note, at 880 hertz,
is higher and yet in a sense the same. Men and women singing 'the same tune' together are usually an octave
apart. That is why the names of the notes repeat, and why every A on the keyboard, 110, 220, 440, is double
the one below. Hearing goes by ratios and not by differences.

The next simplest ratio is three to two, the perfect fifth, as from C up to G. It sounds so settled that one
would like to build the whole scale out of it. Start on a low C and go up by fifths: G, D, A and so on. After
twelve steps you are back at a C, seven octaves above the first. At least, you ought to be. Twelve fifths
multiply the frequency by about 129.7, while seven octaves multiply it by 128. The circle fails to close by
roughly a quarter of a semitone, a gap known since antiquity as the Pythagorean comma.

Somebody has to pay for that gap. Equal temperament, the tuning of the modern piano, shares it out in twelve
equal parts. The octave is divided into twelve identical semitones, each raising the frequency by a factor of
1.0595, which multiplied by itself twelve times gives exactly 2. Fifths come out narrow by a hair that few
listeners notice. Major thirds suffer more, and are distinctly wider than the pure ratio of five to four. In
exchange every key is equally usable. When a good choir sings without a piano, listen to its final chord: the
third often sinks a little, and the harmony locks as no keyboard can make it.""",
        difficulty="BEGINNER",
        tags=("pitch", "octave", "tuning", "equal temperament"),
        duration_minutes=9,
    ),
    DemoItem(
        course="hearing-harmony",
        module="Intervals by ear, from the minor second to the octave",
        type="TEXT",
        title="Counting letters, counting semitones",
        text="""\
An interval is the distance between two notes, and its name has two parts. The number counts letter names,
including both ends: from C up to E is C, D, E, a third. The quality, such as major, minor or perfect, tells
you the exact size, and for that you count semitones, the smallest steps on the keyboard, black keys included.
From C to E is four semitones, a major third. From A up to C is also a third by its letters, but only three
semitones, and so a minor third.

In order of size within the octave they run like this. The minor second has one semitone and the major second
two; the minor third three and the major third four; the perfect fourth five. Then comes the restless tritone
with six, and the perfect fifth with seven. The minor sixth has eight, the major sixth nine, the minor seventh
ten, the major seventh eleven, and the octave twelve.

The ear learns them as it learns faces, by meeting each in company. Hang every interval on a tune that you
could sing in your sleep. 'Greensleeves' begins with a rising minor third. The bridal march from Lohengrin
rises a perfect fourth, and the second pair of notes in 'Twinkle, twinkle, little star' stands a perfect fifth
above the first pair. 'My Bonnie lies over the ocean' leaps a major sixth, and 'Over the Rainbow' a whole
octave on its first word. For a minor second, think of the two notes that announce the shark in the film.

Now turn an interval upside down by moving its lower note up an octave. C to E becomes E to C: the third has
become a sixth, and major has become minor. It always works so. The two numbers add up to nine and the
semitones to twelve, while perfect stays perfect. Hence you need to learn only half of them thoroughly.

Practise for five minutes a day rather than an hour on Sundays. Sing the lower note, imagine the upper, sing
it, and only then touch the key to check.""",
        difficulty="BEGINNER",
        tags=("intervals", "ear training", "semitones"),
        duration_minutes=9,
    ),
    DemoItem(
        course="hearing-harmony",
        module="Intervals by ear, from the minor second to the octave",
        type="AUDIO",
        title="Each interval three times",
        text="""\
A listening exercise for the intervals of this module, from the minor second to the octave, played on a piano.
Each is heard three times: the lower note and then the upper, the upper and then the lower, and both together.
A pause of five seconds lets you sing or name it before the answer is spoken. The second half gives all twelve
again in mixed order.""",
        difficulty="BEGINNER",
        tags=("intervals", "ear training", "listening"),
        duration_minutes=12,
    ),
    DemoItem(
        course="hearing-harmony",
        module="Triads: the seven chords of a major key",
        type="TEXT",
        title="Seven chords from one scale",
        text="""\
Play C, skip a note, play E, skip a note, play G. You have a triad, three notes stacked in thirds: the root at
the bottom, then the third, then the fifth. Now slide the same shape up the white keys, one step at a time,
and you will have heard all the triads of C major. There are seven, one on each degree of the scale, and
musicians number them with Roman numerals so that what is said of C will serve for any key.

They are not all alike, because the steps of the scale are not all equal. On the first, fourth and fifth
degrees the lower third is major, four semitones, with a minor third above it; these triads, I, IV and V, are
major. On the second, third and sixth degrees the minor third lies below, and the triads ii, iii and vi are
minor, which we show by small numerals. On the seventh degree, B, D, F, both thirds are minor. The fifth
between the outer notes is too small, the chord sounds pinched and unstable, and it is called diminished.
Major, minor, minor, major, major, minor, diminished: say it until it is dull, since it holds in every major
key.

Each chord has a character that it owes to its place. I, the tonic, is home. V, the dominant, leans towards
home, largely because it contains the leading note, which lies only a semitone below the tonic and longs to
rise to it. IV, the subdominant, goes out of doors. The relative minor, vi, shares two of its three notes with
I and can be mistaken for home in a dim light. Play I, vi, IV, V in a slow round, and you will recognise a
hundred songs.

A triad need not have its root at the bottom. With the third in the bass it is in first inversion, with the
fifth in second inversion. The name stays the same and the weight changes: a first inversion is lighter and is
glad to move on. Listen to the bass before you listen to anything else.""",
        difficulty="INTERMEDIATE",
        tags=("triads", "major key", "roman numerals", "chords"),
        duration_minutes=10,
    ),
    DemoItem(
        course="hearing-harmony",
        module="Cadences: how a Bach chorale closes its phrases",
        type="TEXT",
        title="Where Bach's congregation draws breath",
        text="""\
A chorale is a Lutheran hymn. When Bach set one for four voices he put a pause sign at the end of each line of
verse, where the congregation drew breath, and before every pause the harmony has to reach some sort of close.
These closes are cadences, the punctuation of music, and a chorale offers one every few seconds. There is no
better place to learn them.

Four kinds will take you a long way. The perfect cadence goes from V to I and is a full stop. The imperfect
cadence ends on V, after almost any chord, and is a comma, or better a question: the sense is suspended and
you wait for more. The plagal cadence goes from IV to I and is familiar from the Amen sung after a hymn. The
interrupted cadence promises a full stop and breaks its word: V goes not to I but, most often, to vi, as when
somebody says 'and so they lived' and stops.

Why does V pull so strongly to I? Add a seventh to the dominant, and in C major you have G, B, D and F.
Between B and F lies the tritone. The leading note, B, rises a semitone to C; F falls a semitone to E; the
discord closes like a hand upon the third of the tonic chord. Meanwhile the bass drops a fifth or rises a
fourth from G to C. Each voice takes the shortest way it can. Bach's art is that all four lines are worth
singing, and that no two of them run along in parallel fifths or octaves, which would make two voices sound
like one.

Take the Passion Chorale, 'O Haupt voll Blut und Wunden', whose tune Hans Leo Hassler wrote for a love song in
1601. The St Matthew Passion uses it five times, in several keys and with changing harmonies. Listen with a
pencil to two of the settings, and at each pause write down only this: full stop, comma, amen or surprise. The
melody is the same, and the punctuation is not. It is harmony that has changed the meaning of the words.""",
        difficulty="ADVANCED",
        tags=("cadences", "bach", "chorale", "voice leading"),
        duration_minutes=11,
    ),
    DemoItem(
        course="hearing-harmony",
        module="Twelve bars and three chords: the blues",
        type="TEXT",
        title="Twelve bars that never quite come home",
        text="""\
The form can be learnt in a minute. Twelve bars, in three lines of four, use only the chords I, IV and V. The
first line stays on I for four bars. The second spends two on IV and two on I again. The third goes to V for a
bar, IV for a bar, and home to I for two, though the last bar is often given to V in order to swing the whole
thing round once more. In C that is four bars of C; two of F and two of C; one each of G and F, and two of C.

The words fit the same frame. The singer states a line, repeats it over the changed chord, and answers it with
a third that rhymes. Each line takes little more than two of its four bars. In the rest an instrument replies,
a habit of call and response with roots in work songs and in the music of West Africa. Listen to Bessie Smith
sing W. C. Handy's 'St Louis Blues' in 1925: in the gaps you will hear the cornet of the young Louis
Armstrong, answering her like a second singer.

Now for what the textbooks of Bach's harmony cannot explain. In a chorale a chord with a minor seventh is a
discord that must be resolved. In the blues all three chords commonly carry one, C7, F7 and G7, and nobody
resolves anything. The tonic itself contains the restless tritone, so that home has its door ajar. Above these
chords the singer uses blue notes: the third, the seventh and sometimes the fifth of the scale, taken lower
than on the piano, often sliding between major and minor. The accompaniment plays a major third while the
voice bends towards the minor, and the friction is the point.

Notice, finally, the V to IV in the third line. A hymn would scarcely walk backwards from the dominant in that
way. Here it lets the tension sink instead of snapping shut. Put on any slow blues, count four in a bar, and
raise a hand each time the chord changes.""",
        difficulty="ADVANCED",
        tags=("blues", "twelve-bar form", "dominant sevenths"),
        duration_minutes=10,
    ),
)
