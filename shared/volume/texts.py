"""What courses and items of the big data set say: few different texts, so that their vectors are made once."""

from typing import NamedTuple

SUBJECTS = (
    "photosynthesis", "plate tectonics", "linear algebra", "probability", "the French Revolution", "the Silk Road",
    "sonnets", "counterpoint", "electric circuits", "thermodynamics", "organic chemistry", "the periodic table",
    "genetics", "ecosystems", "the immune system", "statistics", "public health", "macroeconomics", "game theory",
    "contract law", "relational databases", "operating systems", "network protocols", "compilers", "machine learning",
    "typography", "watercolour", "stage lighting", "beekeeping", "crop rotation", "navigation by stars", "meteorology",
    "oceanography", "glaciers", "volcanoes", "ancient Egypt", "logic", "ethics", "first aid", "project management",
)  # fmt: skip
ASPECTS = ("origins", "basic ideas", "worked examples", "common mistakes", "tools", "measuring", "history", "practice")
TYPES = ("TEXT", "TEXT", "VIDEO", "TEXT", "AUDIO")
DIFFICULTIES = ("BEGINNER", "INTERMEDIATE", "ADVANCED")


class Lesson(NamedTuple):
    """What an item is; `text` is plain text of some hundred words."""

    title: str
    text: str
    tags: list[str]
    type: str
    difficulty: str
    minutes: int


def course_title(number: int) -> str:
    """What a course is called; slugs and titles are unique by its number."""
    subject = SUBJECTS[number % len(SUBJECTS)]
    return f"{subject[0].upper()}{subject[1:]}, course {number + 1}"


def course_description(number: int) -> str:
    """What one learns there."""
    return (
        f"An introduction to {SUBJECTS[number % len(SUBJECTS)]}: where it comes from, how it works and how to use it."
    )


def lesson(course: int, item: int) -> Lesson:
    """An item by the number of its course and its own."""
    subject, aspect = SUBJECTS[course % len(SUBJECTS)], ASPECTS[item % len(ASPECTS)]
    return Lesson(
        title=f"{subject[0].upper()}{subject[1:]}: {aspect}",
        text=_text(subject, aspect),
        tags=[subject.split()[-1].lower(), aspect.split()[-1]],
        type=TYPES[item % len(TYPES)],
        difficulty=DIFFICULTIES[course % len(DIFFICULTIES)],
        minutes=5 + item % 8 * 5,
    )


def _text(subject: str, aspect: str) -> str:
    return "\n\n".join((
        f"This lesson is about {subject}, and within it about {aspect}. Read it once without stopping, then again with "
        f"a pencil in your hand, and write down every word that you could not explain to a friend.",
        f"Whoever begins with {subject} meets the same three questions. What is it made of? What changes when one part "
        f"of it changes? How would we know if we were wrong? The {aspect} of {subject} are a good place to ask them, "
        f"because here the answers can be checked with simple means and without much time.",
        f"Take one example of {subject} from your own surroundings. Describe it in five sentences, draw it from two "
        f"sides, and compare what you have with the example in the next lesson. Most people find that their drawing "
        f"leaves out what matters most about {aspect}, and that the sentences say it without having been asked to.",
    ))  # fmt: skip
