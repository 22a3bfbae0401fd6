"""The items of the course "Building a Clinker Dinghy"."""

from subgraphs.content.demo_data.item import DemoItem

BUILDING_A_CLINKER_DINGHY: tuple[DemoItem, ...] = (
    DemoItem(
        course="building-a-clinker-dinghy",
        module="Planking: spiling and bevelling each strake",
        type="TEXT",
        title="Taking the shape of a plank that does not exist yet",
        text="""\
Lay a straight batten round the moulds of a boat and it will not lie level; it wants to climb or dive. A plank
has the same wish. A strake that runs in a sweet line round the hull turns out, when flattened on the bench,
to be curved like a smile or a frown. Spiling is the method of finding that curve before you cut expensive
larch.

Clamp a thin, flat spiling board against the moulds, roughly where the plank is to go. It must lie there
naturally, without being forced edgewise, or everything that follows will be false. It need not fit. At each
mould set a pair of compasses to one convenient opening and keep it unchanged. Put one point on the mark where
the edge of the plank will come, and with the other prick the board squarely across. Then lay the board on the
planking stock, set the point in each prick, and step the same distance back. You have recovered the edge,
point by point. Join the points with a batten, and let your eye judge whether the line is fair. The first
plank, next to the keel, is called the garboard, and it has the most twist of all.

In a clinker boat each plank overlaps the one below. The overlap, or land, is about twenty millimetres on a
twelve-foot dinghy planked in nine-millimetre stock. Since the hull is round, the new plank meets the old at
an angle, so the upper edge of the old one must be bevelled to receive it. Rest a short straight-edge on that
edge so that it spans the land and touches the mark for the next plank on the mould. The gap shows how much to
plane away. The bevel changes all along the boat, so cut it right at each mould and then fair the surface
between.

At the ends the planks must come flush with stem and transom. There the lap is sunk by a tapering rebate
called a gain, cut over the last few hundred millimetres. Then do the other side at once: planks are made in
pairs.""",
        difficulty="INTERMEDIATE",
        tags=("planking", "spiling", "bevels", "clinker"),
        duration_minutes=10,
    ),
    DemoItem(
        course="building-a-clinker-dinghy",
        module="Copper rivets and steam-bent ribs",
        type="TEXT",
        title="A row of nails and ten seconds of suppleness",
        text="""\
A clinker hull needs no glue. Each lap is held by copper nails that are turned into rivets, and because copper
is soft the joint can work a little in a seaway without breaking. The nail is square in section. Bore a hole
that it will just enter, drive it from the outside until its head lies snug, and have a helper hold a heavy
iron, the dolly, hard against the head. On the inside, slip over the point a rove, a small copper cone with a
hole slightly too tight for the nail, and drive it down with a hollow punch until it bites the wood. Nip off
the nail so that about its own thickness stands above the rove. Then tap that stub with many light blows of a
ball-peined hammer until it mushrooms over. Heavy blows bend the nail inside the plank, where you will never
see it and always regret it.

The laps are riveted as each strake goes on, leaving gaps where the ribs will cross. The ribs come afterwards,
when the shell is complete. This is the reverse of carvel building, where the frames stand first and the
planks are wrapped round them.

Choose white oak for ribs, straight-grained and still green, for kiln-dried stock is brittle and will break.
Heat softens the natural cement between the fibres, and moisture carries the heat. The rule is an hour in the
steam box for each inch of thickness, so a rib half an inch thick wants thirty minutes. Too long is nearly as
bad as too short.

Before you open the box, rehearse. Every clamp must be to hand, every position marked, and each person must
know which end to hold. You have some ten or fifteen seconds. Take the rib out in gloves, stand on it
amidships, overbend it slightly with both hands, press it into the bilge and clamp it at the gunwale. Let it
cool, bore through the plank laps and the rib together, and rivet as before. Steamed wood springs back a
trifle when cold, which is the reason for bending it too far.""",
        difficulty="ADVANCED",
        tags=("rivets", "steam bending", "ribs", "fastening"),
        duration_minutes=10,
    ),
)
