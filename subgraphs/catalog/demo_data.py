"""The courses of a fresh installation and who takes them: pure data that the loader turns into rows."""

from dataclasses import dataclass
from typing import Literal

CourseStatus = Literal["DRAFT", "PUBLISHED", "ARCHIVED"]


@dataclass(frozen=True, slots=True)
class DemoCourse:
    """A course with the titles of its modules in teaching order; its slug is unique within the organization."""

    slug: str
    title: str
    description: str
    modules: tuple[str, ...]
    status: CourseStatus


COURSES: dict[str, tuple[DemoCourse, ...]] = {
    "demo": (
        DemoCourse(
            slug="reading-the-night-sky",
            title="Reading the Night Sky: An Introduction to Astronomy",
            description=(
                "Learn to find your way around the sky, to say why the Moon changes shape and the planets wander, and "
                "to work out what a point of starlight reveals about the star that sent it. The course is for complete "
                "beginners in the northern hemisphere: a few clear evenings, a notebook and ordinary binoculars for "
                "the last module are all you need. By the end you will have found the Andromeda Galaxy, whose light "
                "set out about two and a half million years ago."
            ),
            modules=(
                "Finding your bearings: horizon, altitude and the turning sky",
                "From the Plough to Polaris: constellations and star-hopping",
                "Why the Moon has phases, and why eclipses are rare",
                "Wandering stars: the planets and retrograde motion",
                "What starlight tells us: magnitude, colour and temperature",
                "Through binoculars: the Pleiades, the Orion Nebula and Andromeda",
            ),
            status="PUBLISHED",
        ),
        DemoCourse(
            slug="learning-from-data",
            title="Learning from Data: A First Course in Statistics",
            description=(
                "Polls, medical trials and school league tables all draw conclusions from incomplete evidence; this "
                "course teaches you to judge when those conclusions hold. You will summarise data honestly, put a "
                "margin of error on an estimate, test a claim, and explain why a p-value is not the probability that a "
                "hypothesis is true. It suits anyone comfortable with school algebra, and no calculus is assumed."
            ),
            modules=(
                "Samples and populations: where data come from",
                "Centre and spread: mean, median and standard deviation",
                "Chance, independence and the normal curve",
                "Confidence intervals: how sure is an estimate?",
                "Testing a claim: p-values and what they do not say",
                "Correlation, regression and the question of cause",
            ),
            status="PUBLISHED",
        ),
        DemoCourse(
            slug="the-age-of-print",
            title="The Age of Print: Europe, 1450 to 1650",
            description=(
                "Around 1450, in Mainz, Johannes Gutenberg brought together cast metal type, an oil-based ink and a "
                "screw press; by 1500 printers had set up shop in more than two hundred European towns. This course "
                "follows the consequences through religion, science, censorship and the news, and asks how much of the "
                "change the press really caused. It is written for students new to early modern history, and every "
                "module begins with a page, a woodcut or a letter from the time."
            ),
            modules=(
                "Mainz around 1450: movable type and the Gutenberg Bible",
                "Aldus Manutius and the Venetian book trade",
                "Pamphlets and the Reformation: Luther in print",
                "1543: Vesalius in Basel, Copernicus in Nuremberg",
                "The censors respond: the Roman Index of 1559",
                "Strasbourg, 1605: the birth of the printed newspaper",
            ),
            status="PUBLISHED",
        ),
        DemoCourse(
            slug="programming-with-python",
            title="Programming from Scratch with Python",
            description=(
                "Start with a blank file and finish with a program of your own that reads a whole novel and reports "
                "which words its author leans on most. Along the way you will learn to break a problem into functions, "
                "to choose a suitable data structure and to find your own mistakes methodically. No experience is "
                "needed; if you can install an application and enjoy a puzzle, you are ready."
            ),
            modules=(
                "Values, variables and your first program",
                "Making decisions: Boolean expressions and if statements",
                "Repetition: lists, for loops and while loops",
                "Functions: parameters, return values and scope",
                "Dictionaries and text files: counting the words in a novel",
                "Finding faults: tracebacks, assertions and automated tests",
            ),
            status="PUBLISHED",
        ),
        DemoCourse(
            slug="the-art-of-the-essay",
            title="The Art of the Essay",
            description=(
                "When Montaigne called his pieces 'essais' in 1580, he meant attempts: ways of finding out what he "
                "thought. Reading him alongside Virginia Woolf, George Orwell and James Baldwin, you will write three "
                "short essays, give and receive comments, and revise each one until every sentence earns its place. "
                "The course is for fluent readers of English, native or not, who want to argue more clearly and more "
                "like themselves."
            ),
            modules=(
                "Montaigne's invention: the essay as an attempt",
                "From a subject to a question worth asking",
                "The paragraph: one idea, carried through",
                "Evidence and quotation: borrowing without leaning",
                "Revising aloud: rhythm, cuts and the last sentence",
            ),
            status="PUBLISHED",
        ),
        DemoCourse(
            slug="hearing-harmony",
            title="Hearing Harmony: How Western Music Works",
            description=(
                "Why does one chord sound like a question and the next like an answer? This course trains the ear and "
                "the eye together, from single intervals to the cadences of a Bach chorale and the twelve bars of the "
                "blues. It is for singers, players and curious listeners who can follow a tune in the treble clef; a "
                "keyboard, even one on a screen, will help."
            ),
            modules=(
                "Pitch and the octave: frequency, tuning and equal temperament",
                "Intervals by ear, from the minor second to the octave",
                "Triads: the seven chords of a major key",
                "Cadences: how a Bach chorale closes its phrases",
                "Twelve bars and three chords: the blues",
            ),
            status="PUBLISHED",
        ),
        DemoCourse(
            slug="life-in-running-water",
            title="Life in Running Water: A Field Course in River Ecology",
            description=(
                "Turn over a stone in a healthy stream and you will find a community that records, better than a "
                "single chemical test, how clean the water has been for months. You will learn how current, oxygen and "
                "light shape that community, how to survey it fairly with a net and a tray, and how to turn a list of "
                "species into a judgement you can defend. The course is for anyone with a shallow stream within reach, "
                "a companion to go with and a pair of wellingtons."
            ),
            modules=(
                "From source to mouth: gradient, current and the riverbed",
                "Oxygen and temperature: the chemistry of running water",
                "Kick-sampling: a safe and fair survey of the riverbed",
                "Mayflies, stoneflies and midges as witnesses of water quality",
                "Leaves, grazers and trout: the food web of a stream",
            ),
            status="DRAFT",
        ),
    ),
    "other": (
        # The slug of a course at `demo`, on purpose: it is unique within an organization only.
        DemoCourse(
            slug="reading-the-night-sky",
            title="Reading the Night Sky: Celestial Navigation",
            description=(
                "With a sextant, an almanac and a watch that keeps good time, a practised navigator can fix a ship's "
                "position to within a mile or two when every screen on the bridge is dark. You will learn to take and "
                "correct a sight, to find latitude from the Sun at noon and from Polaris, and to plot a position from "
                "three stars at twilight. The course is for watchkeepers and offshore sailors who already plot on a "
                "paper chart."
            ),
            modules=(
                "The navigational triangle: turning the sky into coordinates",
                "The sextant: index error, dip and refraction",
                "Latitude from the Sun at noon",
                "Latitude by Polaris, and why it needs a correction",
                "Time and longitude: fifteen degrees an hour",
                "The intercept method: a fix from three stars at twilight",
            ),
            status="PUBLISHED",
        ),
        DemoCourse(
            slug="building-a-clinker-dinghy",
            title="Building a Clinker Dinghy",
            description=(
                "A thousand years ago Norse crews reached Newfoundland in ships of overlapping planks, and a good "
                "small boat is still built that way. Over one winter you will take a twelve-foot dinghy from a table "
                "of offsets to the water, learning to loft, spile, rivet and steam-bend as each stage calls for it. "
                "The course is for anyone who can already sharpen a plane and a chisel; no boatbuilding experience is "
                "expected."
            ),
            modules=(
                "Choosing timber: white oak, larch and eastern white cedar",
                "Lofting: drawing the lines full size",
                "Setting up: keel, stem, transom and moulds",
                "Planking: spiling and bevelling each strake",
                "Copper rivets and steam-bent ribs",
                "Thwarts, gunwales and launching day",
            ),
            status="PUBLISHED",
        ),
    ),
}

ENROLLMENTS: dict[str, tuple[tuple[str, tuple[str, ...]], ...]] = {
    "demo": (
        (
            "reading-the-night-sky",
            (
                "student@demo.example",
                "ailsa.drummond@demo.example",
                "freyja.sigurdardottir@demo.example",
                "emeka.okonkwo@demo.example",
                "jorgen.aasland@demo.example",
                "annika.vogelsang@demo.example",
                "haruto.nakagawa@demo.example",
                "yuqing.lin@demo.example",
                "malgorzata.sliwinska@demo.example",
                "reka.szollosi@demo.example",
                "ruta.zemaityte@demo.example",
                "ines.carvalhal@demo.example",
                "inigo.arrizabalaga@demo.example",
                "ximena.villasenor@demo.example",
                "salma.fawzy@demo.example",
                "nelio.macuacua@demo.example",
            ),
        ),
        (
            "learning-from-data",
            (
                "callum.buchan@demo.example",
                "priya.raghunathan@demo.example",
                "emeka.okonkwo@demo.example",
                "annika.vogelsang@demo.example",
                "rohan.deshpande@demo.example",
                "minjun.seo@demo.example",
                "yuqing.lin@demo.example",
                "malgorzata.sliwinska@demo.example",
                "ondrej.havlicek@demo.example",
                "stefan.munteanu@demo.example",
                "ruta.zemaityte@demo.example",
                "levan.tsiklauri@demo.example",
                "thuha.nguyen@demo.example",
                "beatriz.guimaraes@demo.example",
                "karim.elmasry@demo.example",
                "salma.fawzy@demo.example",
            ),
        ),
        (
            "the-age-of-print",
            (
                "owain.prydderch@demo.example",
                "freyja.sigurdardottir@demo.example",
                "annika.vogelsang@demo.example",
                "zofia.wojcicka@demo.example",
                "stanislaw.zurek@demo.example",
                "reka.szollosi@demo.example",
                "eleni.papadaki@demo.example",
                "levan.tsiklauri@demo.example",
                "inigo.arrizabalaga@demo.example",
                "youssef.benjelloun@demo.example",
                "camille.lefevre@demo.example",
            ),
        ),
        (
            "programming-with-python",
            (
                "student@demo.example",
                "callum.buchan@demo.example",
                "priya.raghunathan@demo.example",
                "emeka.okonkwo@demo.example",
                "folasade.adebayo@demo.example",
                "annika.vogelsang@demo.example",
                "rohan.deshpande@demo.example",
                "minjun.seo@demo.example",
                "haruto.nakagawa@demo.example",
                "yuqing.lin@demo.example",
                "stanislaw.zurek@demo.example",
                "tymon.kedzierski@demo.example",
                "ondrej.havlicek@demo.example",
                "stefan.munteanu@demo.example",
                "oksana.kovalchuk@demo.example",
                "emre.yildirim@demo.example",
                "levan.tsiklauri@demo.example",
                "tomas.figueiredo@demo.example",
                "thiago.conceicao@demo.example",
                "ximena.villasenor@demo.example",
                "karim.elmasry@demo.example",
                "salma.fawzy@demo.example",
                "youssef.benjelloun@demo.example",
                "nelio.macuacua@demo.example",
            ),
        ),
        (
            "the-art-of-the-essay",
            (
                "student@demo.example",
                "ailsa.drummond@demo.example",
                "owain.prydderch@demo.example",
                "niamh.nifhaolain@demo.example",
                "folasade.adebayo@demo.example",
                "yuko.onishi@demo.example",
                "zofia.wojcicka@demo.example",
                "oksana.kovalchuk@demo.example",
                "eleni.papadaki@demo.example",
                "thuha.nguyen@demo.example",
                "ines.carvalhal@demo.example",
                "beatriz.guimaraes@demo.example",
                "ximena.villasenor@demo.example",
                "camille.lefevre@demo.example",
            ),
        ),
        (
            "hearing-harmony",
            (
                "ailsa.drummond@demo.example",
                "owain.prydderch@demo.example",
                "niamh.nifhaolain@demo.example",
                "jorgen.aasland@demo.example",
                "bjorn.hallstrom@demo.example",
                "minjun.seo@demo.example",
                "yuko.onishi@demo.example",
                "reka.szollosi@demo.example",
                "ines.carvalhal@demo.example",
                "thiago.conceicao@demo.example",
                "camille.lefevre@demo.example",
            ),
        ),
    ),
    "other": (
        (
            "reading-the-night-sky",
            (
                "student@other.example",
                "elodie.theriault@other.example",
                "marisol.delacruz@other.example",
                "arjun.sandhu@other.example",
            ),
        ),
        (
            "building-a-clinker-dinghy",
            (
                "bronwyn.keeping@other.example",
                "elodie.theriault@other.example",
            ),
        ),
    ),
}
