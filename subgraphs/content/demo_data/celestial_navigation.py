"""The items of the course "Reading the Night Sky: Celestial Navigation"."""

from subgraphs.content.demo_data.item import DemoItem

CELESTIAL_NAVIGATION: tuple[DemoItem, ...] = (
    DemoItem(
        course="reading-the-night-sky",
        module="Latitude from the Sun at noon",
        type="TEXT",
        title="The one sight that needs no spherical triangle",
        text="""\
Towards noon the Sun's climb slows, and for a few minutes it seems to hang. At that moment it bears due south
or due north of you, it is crossing your meridian, and the navigator's problem shrinks from a spherical
triangle to a sum. This is why noon has been the fixed point of a ship's day for centuries.

Be on deck a quarter of an hour early. Bring the Sun's lower limb down to the horizon, and keep turning the
micrometer as it rises, rocking the sextant so that the limb swings just to the sea's edge and away again.
When it stops rising and begins to dip, read off the greatest altitude.

The reading needs correcting before it means anything. Remove the index error, which is the instrument's own.
Subtract the dip, because from a height you look down on the horizon: for an eye four metres above the sea it
is 3.5 minutes of arc. Subtract refraction, which raises everything we see, and add about sixteen minutes for
the Sun's semi-diameter, since you measured its edge and want its centre. The almanac combines the last two in
one table. What remains is the true altitude.

Take it from 90 degrees and you have the zenith distance, the angle between the Sun and the point over your
head. It is also the number of degrees of latitude between you and the place where the Sun stands overhead at
that moment, and the latitude of that place is the Sun's declination, listed in the almanac for every hour. So
for an observer who is north of the Sun, latitude is zenith distance plus declination, when northern
declinations count as positive and southern as negative.

Suppose the true altitude is 51 degrees 12 minutes, the Sun bearing south, with declination 18 degrees 34
minutes north. The zenith distance is 38 degrees 48 minutes, and the latitude 57 degrees 22 minutes north. A
minute of latitude is a nautical mile. A careful noon sight from the deck of a yacht should be good to two or
three of them.""",
        difficulty="INTERMEDIATE",
        tags=("latitude", "noon sight", "sextant", "declination"),
        duration_minutes=10,
    ),
    DemoItem(
        course="reading-the-night-sky",
        module="Time and longitude: fifteen degrees an hour",
        type="TEXT",
        title="Four seconds to the mile",
        text="""\
The Earth turns through 360 degrees in twenty-four hours: fifteen degrees in an hour, one degree in four
minutes, one minute of arc in four seconds. Longitude is therefore a difference of time. If the Sun crosses
your meridian three hours after it has crossed that of Greenwich, the Earth has turned through 45 degrees in
between and you are in longitude 45 degrees west.

The principle was understood long before anyone could use it. To compare your time with that of Greenwich you
must carry Greenwich time with you, and no clock of 1700 would keep it on a ship that rolled, froze and
sweated. John Harrison gave most of his life to the matter. On a voyage to Jamaica in 1761 and 1762 his fourth
timekeeper, a large watch, was found to have lost only five seconds in eighty-one days, once its known rate
had been allowed for. That word deserves attention. A chronometer need not be right; it must gain or lose by
the same amount every day, so that its error can be computed. Check yours against a radio time signal daily,
and keep a written record of both error and rate.

How much does it matter? A watch that is four seconds out puts your longitude wrong by one minute of arc,
which at the equator is a nautical mile. In higher latitudes the meridians draw together and the same error
costs less: at 60 degrees, half as much.

There is one complication. The Sun is an irregular clock, because the Earth's orbit is not circular and its
axis is tilted. It may reach the Greenwich meridian as much as sixteen minutes before noon by mean time or
some fourteen minutes after. This difference, the equation of time, is given in the almanac. Suppose that
today's meridian passage at Greenwich is at 12h 04m, and you observe it at 14h 52m by a watch set to
Greenwich. The difference is two hours and forty-eight minutes, which at fifteen degrees an hour makes 42
degrees west. Being hard to time, noon gives a rough longitude only; the intercept method will do better.""",
        difficulty="ADVANCED",
        tags=("longitude", "time", "chronometer", "greenwich"),
        duration_minutes=11,
    ),
)
