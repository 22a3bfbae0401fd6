"""The items of the course "Life in Running Water: A Field Course in River Ecology"."""

from subgraphs.content.demo_data.item import DemoItem

LIFE_IN_RUNNING_WATER: tuple[DemoItem, ...] = (
    DemoItem(
        course="life-in-running-water",
        module="From source to mouth: gradient, current and the riverbed",
        type="TEXT",
        title="An orange, a stopwatch and ten metres of stream",
        text="""\
Drop an orange into a stream and time it over ten metres. It floats almost submerged, so the wind cannot push
it, and if you lose it something will eat it. Repeat this three times across the width and take the mean. If
the orange needs twenty seconds, the surface is moving at half a metre a second; the whole column of water,
slowed by friction with the bed, moves at about 0.85 of that.

Now measure the width with a tape and the depth with a marked stick at five or six places. Width times mean
depth gives the cross-section, and the cross-section times the mean velocity gives the discharge, the volume
that passes in each second. A stream three metres wide and 0.4 deep, flowing at half a metre a second, carries
0.6 cubic metres, or 600 litres, every second.

Everything that lives here has to come to terms with those numbers. Water sorts the bed by weight: where it
runs fast, only cobbles and boulders stay, and where it slackens, gravel drops, then sand, and last of all
silt. So even a short reach is divided into riffles, shallow and broken and floored with stones, and pools,
which are deep, quiet and soft underfoot. In many gravel streams the riffles follow one another at five to
seven times the width of the channel.

Down the length of a river the gradient falls while the discharge grows, as each tributary adds its share. One
would expect the current to slacken all the way. Often it hardly does, because a deep, smooth channel wastes
less energy against its bed than a shallow and stony one. The mountain torrent looks faster than it is.

A stone in a riffle gives an animal three dwellings. On top there is light, and a film of algae to graze.
Beneath there is shelter. And close against every surface lies a layer, a few millimetres thick at most, in
which the water scarcely moves. Flat-bodied mayflies live in it, out of the wind, so to speak.""",
        difficulty="BEGINNER",
        tags=("current", "discharge", "riverbed", "riffles"),
        duration_minutes=9,
    ),
    DemoItem(
        course="life-in-running-water",
        module="Kick-sampling: a safe and fair survey of the riverbed",
        type="TEXT",
        title="Three minutes with a net and a clear conscience",
        text="""\
Stand in a riffle facing downstream with the net upright on the bed in front of you, its mouth towards your
boots. Shuffle and twist your feet so that the stones roll and grind. Whatever was clinging to them is washed
loose, and the current carries it into the net. That is a kick-sample, and you will have caught more animals
in a minute than you could find by hand in an afternoon.

To be worth anything, it must be repeatable. Use a net with a mesh of one millimetre or slightly less and kick
for three minutes in all, by the watch, moving upstream so that you never sample ground that you have already
disturbed. Divide the three minutes among the habitats in proportion to their area: if a quarter of the reach
is weed, then the weed is due forty-five seconds. This is what makes the survey fair. Kicking only where the
catch is rich would flatter the stream, just as an opinion poll held outside one party's office would flatter
the party. Spend a further minute lifting large stones, for some animals hold on through anything.

Safety comes before science. Never go alone. Do not enter water that is above your knees, coloured by flood,
or too fast to stand in with ease; feel for each step with a stick. Cover cuts, keep wet hands away from your
mouth and wash them before you eat, since river water can carry Weil's disease.

Tip the net into a white tray with two centimetres of stream water and wait. At first you will see only grit.
Then the grit begins to walk. Sort by shape with a plastic spoon, count or estimate the number in each group,
note the place, date, time and weather, and return the animals to the reach they came from, within half an
hour and before the water in the tray grows warm.

Last of all, check the net and boots for stowaways, clean them and let them dry completely. A single damp fold
can carry an invader to the next valley.""",
        difficulty="INTERMEDIATE",
        tags=("kick-sampling", "invertebrates", "safety", "fieldwork"),
        duration_minutes=10,
    ),
)
