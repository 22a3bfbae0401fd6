"""The badges and the looks of certificates of a fresh installation: pure data that the loader turns into rows."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class DemoCriterion:
    """What a badge asks for in its own course: items, a score at the course's quiz, or all of it."""

    kind: Literal["COMPLETE_ITEMS", "PASS_ASSESSMENT", "COMPLETE_COURSE"]
    threshold: float = 1.0


@dataclass(frozen=True, slots=True)
class DemoBadge:
    """A badge of a course (a slug), as catalog's demo data name it."""

    course: str
    name: str
    description: str
    criteria: tuple[DemoCriterion, ...]


@dataclass(frozen=True, slots=True)
class DemoTemplate:
    """How an organization's certificates look, unless somebody changes it."""

    name: str
    layout: Literal["classic", "modern"]
    primary: str
    secondary: str
    signatory: str
    role: str


TEMPLATES: dict[str, DemoTemplate] = {
    "demo": DemoTemplate("Northlight", "classic", "#1F3A5F", "#B08D57", "Ingrid Solberg", "Head of studies"),
    "other": DemoTemplate("Harbour", "modern", "#0F4C4A", "#C9772B", "Tom Pascoe", "Master boatbuilder"),
}

BADGES: dict[str, tuple[DemoBadge, ...]] = {
    "demo": (
        DemoBadge(
            course="reading-the-night-sky",
            name="Stargazer",
            description=(
                "Has read their way from the horizon to the Andromeda Galaxy, and can say why the Moon has phases and "
                "the planets wander."
            ),
            criteria=(DemoCriterion("COMPLETE_ITEMS", 7), DemoCriterion("PASS_ASSESSMENT", 0.7)),
        ),
        DemoBadge(
            course="reading-the-night-sky",
            name="First Light",
            description="Has found the Pole Star: the first two parts of the course are done.",
            criteria=(DemoCriterion("COMPLETE_ITEMS", 2),),
        ),
        DemoBadge(
            course="programming-with-python",
            name="Faultfinder",
            description="Reads a traceback from the bottom up, and answers three questions out of four about Python.",
            criteria=(DemoCriterion("PASS_ASSESSMENT", 0.75),),
        ),
        DemoBadge(
            course="learning-from-data",
            name="Honest Statistician",
            description="Has done the whole course, and knows what a p-value does not say.",
            criteria=(DemoCriterion("COMPLETE_COURSE"), DemoCriterion("PASS_ASSESSMENT", 0.9)),
        ),
    ),
    "other": (
        DemoBadge(
            course="building-a-clinker-dinghy",
            name="Boatbuilder's Apprentice",
            description="Knows the plank from the rib, and passed the quiz to prove it.",
            criteria=(DemoCriterion("COMPLETE_ITEMS", 2), DemoCriterion("PASS_ASSESSMENT", 0.7)),
        ),
    ),
}
