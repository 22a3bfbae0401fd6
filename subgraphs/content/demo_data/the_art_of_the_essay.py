"""The items of the course "The Art of the Essay"."""

from subgraphs.content.demo_data.item import DemoItem

THE_ART_OF_THE_ESSAY: tuple[DemoItem, ...] = (
    DemoItem(
        course="the-art-of-the-essay",
        module="Montaigne's invention: the essay as an attempt",
        type="TEXT",
        title="The man who wrote to find out",
        text="""\
In 1571, aged thirty-eight, Michel de Montaigne gave up his seat in the law court at Bordeaux and withdrew to
a round tower at the corner of his house. He had some thousand books on curved shelves, and sayings of the
ancients painted on the beams above his desk. His mind, he expected, would settle. Instead it bolted like a
runaway horse and bred so many fancies, one upon another, that he began to keep a record of them in the hope
of making it ashamed of itself.

The record was published in 1580 under a title no book had borne before: Essais. The word meant a trial, a
weighing or a tasting. A judge tries a case and a cook tries a sauce; Montaigne tried his judgement on
whatever came to hand, on thumbs, on cannibals, on the education of children, on a fall from a horse that
nearly killed him. He warned the reader on the first page that he was himself the matter of his book.

What makes these pieces essays and not treatises is the order of events. A treatise knows its conclusion
before it begins and sets out to persuade you. An essay starts from something the writer does not understand,
and lets you watch. When Montaigne writes of the people of Brazil, whom his contemporaries called barbarous,
he begins by repeating what he has been told, doubts it, remembers a conversation with three of them at Rouen,
and ends by finding more barbarity in a country that tortures its neighbours over religion. He has not proved
a thesis. He has moved, and so have we.

He never finished. He enlarged the book in 1588 and was still filling the margins of his own copy when he died
in 1592, and he seldom crossed out: a later thought was simply set beside an earlier one, even where they
disagreed.

Before the next module, write one page on an object within reach of your chair. Do not decide what you think
of it first.""",
        difficulty="BEGINNER",
        tags=("montaigne", "essay", "self-portrait", "doubt"),
        duration_minutes=9,
    ),
    DemoItem(
        course="the-art-of-the-essay",
        module="From a subject to a question worth asking",
        type="TEXT",
        title="Going out to buy a pencil",
        text="""\
Friendship is a subject. So are bees, exile and your grandmother. A subject is a territory, and the trouble
with a territory is that one can walk about in it for ever. What turns it into an essay is a question: not
'friendship' but 'why do I keep letters from a friend I no longer like?' The question tells you which of the
ten thousand things that might be said belong on the page, and when you may stop.

How do you know a question is worth asking? Try three tests. First, you must not know the answer already, or
you will merely recite it. Secondly, somebody sensible might answer it differently. Thirdly, it must have a
hold on something that can be seen or touched, because a question that floats among abstractions will pull
your prose up after it.

Virginia Woolf excels at the small handle. In 'Street Haunting' she walks across London on a winter evening on
the pretext of buying a pencil. The errand is trivial and she says so. But it lets her ask what becomes of a
self when it leaves its own room and its own possessions, and enters for a moment the lives of strangers. The
pencil gives her a beginning, a route and an end.

James Baldwin shows that the handle may be terrible. 'Notes of a Native Son' opens in the summer of 1943 with
two facts: his father died on the 29th of July, and on the same day his father's last child was born. From
that coincidence he asks how one can hate the injustice that poisoned a parent without being poisoned in turn.
He does not announce it in the first line. He puts two facts side by side and lets the question form between
them.

Your first essay, of six hundred words, is due at the end of this module. Write the question at the head of
your draft, and keep it there until the last revision. Then delete it and see whether the reader can still
hear it.""",
        difficulty="BEGINNER",
        tags=("questions", "woolf", "baldwin", "planning"),
        duration_minutes=9,
    ),
    DemoItem(
        course="the-art-of-the-essay",
        module="The paragraph: one idea, carried through",
        type="TEXT",
        title="One prisoner, one puddle",
        text="""\
A paragraph is a promise that for the next minute you will attend to one thing. Readers feel the promise in
the indentation. They store up what they read, expecting it to amount to something by the end, and if the
subject has quietly changed in the middle they drop what they were carrying.

George Orwell's 'A Hanging', published in 1931, contains one of the great paragraphs in English. A condemned
man in Burma is being walked across a prison yard to the gallows. He is held by both shoulders, and yet,
coming to a puddle, he steps slightly aside to avoid wetting his feet. The next paragraph does nothing but
think about that step. Until that moment, Orwell says, he had never realised what it means to destroy a
healthy, conscious man; and he goes on to the body still at work, the nails growing, the eyes that saw the
gravel, the brain that still foresaw and reasoned, even about puddles. The puddle returns near the end, but
now it carries everything that has been laid upon it. One idea, brought from a thing seen to its full meaning.

You can see the joints. There is an opening that says what is at stake, a middle which makes it particular,
and a close that lands on new ground. No word such as 'furthermore' is needed, because each sentence takes up
something from the sentence before. That is the best kind of transition: an echo, and not a signpost.

Two exercises will show whether your own paragraphs hold. Cover the page, and say in ten words what the
paragraph claims. If you need an 'and also', you have two paragraphs. Then read only the first sentence of
each in turn. They should make a rough summary of the essay; where the sense jumps, something is missing or
stands in the wrong place.

Exchange your first essay with another student now. In your comment, name the one paragraph that carried its
idea furthest, and the one where you put something down.""",
        difficulty="INTERMEDIATE",
        tags=("paragraphs", "orwell", "structure", "transitions"),
        duration_minutes=9,
    ),
    DemoItem(
        course="the-art-of-the-essay",
        module="Evidence and quotation: borrowing without leaning",
        type="TEXT",
        title="Shakespeare's sister and other witnesses",
        text="""\
Montaigne quoted incessantly, and more than a thousand scraps of Latin stand in his pages like stones set in a
wall. Yet nobody has ever mistaken his voice for that of Horace or Lucretius. He quotes as a host introduces
guests: he says why they have come, lets them speak briefly, and takes up the conversation himself. A writer
who leans on quotation does the opposite. He opens the door and leaves the room.

Quote, then, only when the words themselves are what you wish to discuss, because they could not be
paraphrased without loss. Keep the quotation short. Tell the reader who is speaking before the voice begins,
and afterwards say what you noticed in it; a quotation that you have not looked at is merely an ornament. If
the thought matters but the wording does not, put it in your own sentence and still name the owner. Borrowing
without a name is theft, and borrowing without a purpose is clutter.

Evidence is wider than quotation. It may be a figure, a memory, a thing observed. In A Room of One's Own,
published in 1929, Virginia Woolf wants to know why the age of Shakespeare left hardly any work by women. The
records that she needs do not exist, so she invents Judith, a sister as gifted as he, and follows her to
London, to mockery, and to an early grave. This is an argument carried by a fiction, and it is honest, because
she tells us plainly that she is inventing. The reader is asked to test the story against what is known of the
time, not to take it for a document.

That is the rule behind all the rules. Let the reader see what sort of evidence you are giving and how much
weight it can bear: this I read, this I saw, this I only suppose. Certainty that is confessed to be partial is
the more readily believed.

For the second essay, of eight hundred words, use two witnesses who disagree, and be fair to the one who
loses.""",
        difficulty="INTERMEDIATE",
        tags=("evidence", "quotation", "woolf", "honesty"),
        duration_minutes=10,
    ),
    DemoItem(
        course="the-art-of-the-essay",
        module="Revising aloud: rhythm, cuts and the last sentence",
        type="TEXT",
        title="What the ear catches and the eye forgives",
        text="""\
The eye is a generous reader. It has seen your sentence so often that it supplies the word you left out and
slides over the one you used twice. The ear is less polite. So print the draft, stand up and read it aloud at
the pace of speech. Wherever you stumble, run short of breath or hear yourself hurrying, make a mark and go
on. Do not mend anything yet. You are collecting evidence.

On a second reading, cut. In 'Politics and the English Language' of 1946 Orwell gives six rules, among them
never to use a long word where a short one will do, and to cut a word out wherever it is possible to cut it
out. The sixth is to break any of the others sooner than say anything outright barbarous, for what sounds like
severity is really an appeal to judgement. Begin with the throat-clearing at the start; many essays truly
begin at their second paragraph. Here is a sentence from a student's draft: 'It is perhaps worth noting that
there was a certain sense in which the house had always seemed to be waiting.' After three readings it ran:
'The house had always seemed to be waiting.' Nothing was lost except fear.

Cutting is not the whole of it. Woolf wrote to Vita Sackville-West that style is a very simple matter, for it
is all rhythm. A run of short sentences is a drum. A run of long ones is a lullaby. Set a short sentence after
a long and the reader stops where you wish him to stop; and put the word that matters last, for the end of a
sentence is where the voice naturally falls and the mind rests.

The end of the essay deserves the most listening. Distrust a last sentence that begins 'In conclusion' or
might be embroidered on a cushion. Go back to the object you started from and look at it again, changed by
where you have been. Then stop. Your third essay, of a thousand words, goes through all three readings before
you hand it in.""",
        difficulty="ADVANCED",
        tags=("revision", "rhythm", "orwell", "endings"),
        duration_minutes=10,
    ),
)
