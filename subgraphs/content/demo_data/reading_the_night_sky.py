"""The items of the course "Reading the Night Sky: An Introduction to Astronomy"."""

from subgraphs.content.demo_data.item import DemoItem

READING_THE_NIGHT_SKY: tuple[DemoItem, ...] = (
    DemoItem(
        course="reading-the-night-sky",
        module="Finding your bearings: horizon, altitude and the turning sky",
        type="TEXT",
        title="A hand's breadth of sky",
        text="""\
Go outside on a clear evening, face south and stretch out an arm. Your closed fist, seen at arm's length,
covers about ten degrees of sky; the tip of your little finger covers about one. Children have shorter arms
and smaller fists, so the rule works for them too. With nothing more than a hand you can now say where
anything in the sky is, and somebody standing beside you will be able to find it.

Two numbers are enough. The first is altitude, the height of an object above the horizon, running from 0
degrees at the horizon to 90 degrees at the zenith, the point directly overhead. The second is azimuth, the
direction you face to see it, counted in degrees from north through east: north is 0, east 90, south 180 and
west 270. A star three fists up in the south-west has an altitude of 30 degrees and an azimuth of 225.

Write both down with the time, then look again an hour later. The numbers will have changed, because the Earth
has turned beneath you. It turns through 360 degrees in a day, so the whole sky appears to wheel from east to
west at 15 degrees an hour, a fist and a half. Stars in the south drift to the right. Stars in the north do
something stranger: they circle, anticlockwise, around a point that does not move at all. That still point is
the north celestial pole, and its altitude equals your latitude. It stands 30 degrees above the horizon in
Cairo, 51 in London and a full 90 at the North Pole.

There is a second, slower change. The stars complete their circle in 23 hours and 56 minutes, four minutes
short of our day. Each star therefore rises four minutes earlier every night, which adds up to two hours in a
month. This is why Orion belongs to winter evenings and the Summer Triangle to July: the clock is the same,
but the sky has moved on.""",
        difficulty="BEGINNER",
        tags=("horizon", "altitude", "azimuth", "sky rotation"),
        duration_minutes=8,
    ),
    DemoItem(
        course="reading-the-night-sky",
        module="From the Plough to Polaris: constellations and star-hopping",
        type="TEXT",
        title="Five steps along the Pointers",
        text="""\
A beginner needs one pattern that is bright, easy and always there, and in the northern sky that pattern is
the Plough: seven stars in the shape of a saucepan with a bent handle. Seen from Britain or anywhere else
north of about 41 degrees it never sets. On spring evenings it hangs upside down near the zenith, and in
autumn it lies low over the northern horizon. The Plough is not itself a constellation. It is an asterism, an
informal pattern, and it forms the hind part of Ursa Major, the Great Bear, one of the 88 constellations into
which astronomers divide the whole sky.

The two stars at the end of the pan furthest from the handle are Merak, at the bottom, and Dubhe, at the rim.
They are called the Pointers. Draw a line from Merak through Dubhe, carry it on for about five times the
distance between them, and you reach a solitary star of middling brightness. This is Polaris, the Pole Star.
It is not the brightest star in the sky, as many people believe; some four dozen outshine it. It matters
because it lies less than one degree from the north celestial pole, so it marks north, and its height gives
your latitude, on any clear night of the year.

Moving from a star you know to one you do not is called star-hopping. Try a second hop. Follow the curve of
the handle away from the pan and it will lead you in a broad arc to Arcturus, bright and distinctly orange.
Keep going along the same curve and you arrive at the blue-white star Spica. Then go back to Polaris and
continue the line from the Plough as far again on the other side: five stars in a lopsided W are Cassiopeia,
which stands high whenever the Plough is low.

Before you go in, look at the middle star of the handle. Good eyes will see a faint companion. The pair is
Mizar and Alcor, an old test of sight.""",
        difficulty="BEGINNER",
        tags=("constellations", "star-hopping", "polaris", "plough"),
        duration_minutes=8,
    ),
    DemoItem(
        course="reading-the-night-sky",
        module="From the Plough to Polaris: constellations and star-hopping",
        type="AUDIO",
        title="Twenty minutes under the northern stars",
        text="""\
A spoken walk around the northern sky, to be played outdoors through one earphone with the screen dark. The
narrator begins at the Plough, waits while you find the Pointers, and leads you by way of Polaris to
Cassiopeia and back along the handle to Arcturus. There are long pauses for looking, and a reminder of where
to turn if cloud covers one of the steps.""",
        difficulty="BEGINNER",
        tags=("constellations", "polaris", "listening"),
        duration_minutes=20,
    ),
    DemoItem(
        course="reading-the-night-sky",
        module="Why the Moon has phases, and why eclipses are rare",
        type="TEXT",
        title="A shadow that usually misses",
        text="""\
Hold a tennis ball at arm's length in a dark room with one lamp, and turn slowly on the spot. Half of the ball
is always lit, but how much of that half you can see depends on where the ball stands between you and the
lamp. That is the whole explanation of the Moon's phases. The shadow of the Earth plays no part in them,
although most people, if asked, will say that it does.

When the Moon lies between us and the Sun its bright half faces away, and we have a new Moon. A week later, a
quarter of the way round its orbit, we see half of the lit side: first quarter, due south at about sunset. At
full Moon it stands opposite the Sun, and so rises as the Sun goes down. The last quarter rises at about
midnight and is left behind in the morning sky. From one new Moon to the next takes 29.5 days, and our months
are its descendants.

If the Moon passes between us and the Sun every month, why is there not an eclipse every month? Because its
orbit is tilted. The plane in which the Moon travels is inclined by about five degrees to the plane of the
Earth's own orbit. Five degrees is ten times the apparent width of the Moon, so at most new Moons it slips
above or below the Sun, and at most full Moons it passes above or below the Earth's shadow. Only where the two
planes cross, at points called the nodes, can the three bodies line up. The Sun passes a node roughly every
six months, and eclipses happen only in the few weeks around those passages.

A lunar eclipse is seen by everyone who has the Moon above the horizon. A total solar eclipse is seen only
along a track at most some 270 kilometres wide. And during totality the eclipsed Moon does not go black:
sunlight bent through our atmosphere reaches it, reddened like a sunset.""",
        difficulty="INTERMEDIATE",
        tags=("moon", "phases", "eclipses", "orbit"),
        duration_minutes=9,
    ),
    DemoItem(
        course="reading-the-night-sky",
        module="Wandering stars: the planets and retrograde motion",
        type="TEXT",
        title="Overtaking Mars on the inside",
        text="""\
Our word planet comes from the Greek for a wanderer. The stars keep their patterns for centuries, but five
points of light visible to the naked eye do not stay put among them: Mercury, Venus, Mars, Jupiter and Saturn.
All five keep close to the ecliptic, the path that the Sun follows through the zodiac in the course of a year,
because the planets orbit the Sun in nearly the same plane as we do. A bright 'star' that lies on that path,
appears on no chart and hardly twinkles is almost certainly a planet.

Mercury and Venus have orbits smaller than ours and therefore never stray far from the Sun. Venus reaches at
most 47 degrees from it, so it is an evening or a morning star and is never seen at midnight from middle
latitudes. Jupiter, by contrast, takes twelve years to go round and spends about a year in each constellation
of the zodiac.

Plot Mars against the stars every few nights and most of the time you will find it creeping eastwards. But
about every 26 months it slows, stops, moves westwards for some ten weeks, stops again and resumes its course.
This backward stretch is called retrograde motion. Ptolemy, who placed the Earth at the centre, explained it
by making each planet ride on a small circle whose centre rode on a larger one, and his tables served
astronomers for fourteen hundred years.

Copernicus offered a simpler reason in 1543. The Earth moves along its orbit at about 30 kilometres a second,
Mars on its larger orbit at about 24. When we catch up with Mars and pass between it and the Sun, it seems to
slide backwards against the distant stars, just as a slower train on the next track seems to roll backwards
while you overtake it. Neither planet has reversed at all. For the same reason, the middle of the retrograde
loop is when Mars is opposite the Sun, nearest to us and at its brightest.""",
        difficulty="INTERMEDIATE",
        tags=("planets", "retrograde motion", "ecliptic", "copernicus"),
        duration_minutes=9,
    ),
    DemoItem(
        course="reading-the-night-sky",
        module="What starlight tells us: magnitude, colour and temperature",
        type="TEXT",
        title="What one point of light gives away",
        text="""\
No telescope on your lawn will show a star as anything but a point. Yet from that point astronomers read
temperature, composition and power, and you can begin to do the same with your eyes.

Start with brightness. Ancient observers sorted the stars into six classes, the brightest of the first
magnitude and the faintest of the sixth. In 1856 Norman Pogson gave the scheme an exact meaning: a difference
of five magnitudes is a ratio of one hundred in the light received, so a single magnitude is a factor of about
2.5. The scale runs backwards, like positions in a race. Vega is close to magnitude 0, Sirius outshines it at
-1.5, and the faintest stars visible from a dark site are near 6.

Apparent magnitude mixes two things, how much light a star gives out and how far away it is. To separate them,
astronomers ask how bright it would look from a standard distance of 32.6 light years. That figure is its
absolute magnitude. From there the Sun would be a modest star of magnitude 4.8, while Rigel, in Orion, would
be bright enough to cast shadows.

Now compare Rigel with Betelgeuse, at the opposite corner of Orion. Rigel is blue-white, Betelgeuse orange.
The difference is temperature, and it runs against the habits of our bathroom taps: blue is hot and red is
cool. Wien's law makes this precise. Divide 2,900,000 by the temperature in kelvins and you have the
wavelength, in nanometres, at which the star shines most strongly. The Sun, at 5,800 kelvins, peaks at 500
nanometres; Betelgeuse, at about 3,500, peaks beyond the red, in the infrared.

Spread the light with a prism and dark lines appear, each the mark of a particular element. In 1925 Cecilia
Payne showed from such lines that stars consist overwhelmingly of hydrogen and helium. The conclusion seemed
so unlikely that she was persuaded to doubt it in print. Within a few years it was accepted everywhere.""",
        difficulty="ADVANCED",
        tags=("starlight", "magnitude", "temperature", "spectra"),
        duration_minutes=10,
    ),
    DemoItem(
        course="reading-the-night-sky",
        module="Through binoculars: the Pleiades, the Orion Nebula and Andromeda",
        type="TEXT",
        title="Three objects for one autumn night",
        text="""\
Binoculars marked 10x50 magnify ten times and have front lenses 50 millimetres across. The second number
matters more at night: such a lens gathers some fifty times as much light as the pupil of your eye. Lean on a
wall or lie in a garden chair to steady them, and give your eyes twenty minutes without a lamp or a telephone,
for that is what dark adaptation takes. Choose a moonless night in late November and plan to be out twice,
about eight o'clock and again near midnight.

Begin with the Pleiades, the little cluster over the shoulder of Taurus. The naked eye counts six or seven
stars; binoculars show dozens. They are true sisters, more than a thousand stars born together about a hundred
million years ago and now some 440 light years away. Their blue-white light tells you, as the last module
explained, that the brightest are hot.

For the second, find the three stars of Orion's belt and the short line of the sword that hangs below. The
middle of the sword is not a star but a greenish-grey mist. This is the Orion Nebula, a cloud of gas about
1,300 light years off, lit from within by stars so young that our own ancestors were already walking upright
when they began to shine.

The third is the goal of the course. From the Great Square of Pegasus take its north-eastern corner star,
Alpheratz. Hop two stars along the chain to the left, to Mirach; then turn towards Cassiopeia and hop two
more, each fainter than the last. Beside the second lies an oval smudge. Look slightly to one side of it, so
that its light falls on the more sensitive part of your retina; this is called averted vision. You are seeing
the Andromeda Galaxy, hundreds of billions of suns. The light entering your eye tonight set out about two and
a half million years ago. Draw it in your notebook, and write down the time.""",
        difficulty="ADVANCED",
        tags=("binoculars", "pleiades", "nebulae", "andromeda"),
        duration_minutes=10,
    ),
)
