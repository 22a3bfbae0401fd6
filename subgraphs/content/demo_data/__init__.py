"""What the courses of a fresh installation teach: texts by organization, one file for each course."""

from subgraphs.content.demo_data.building_a_clinker_dinghy import BUILDING_A_CLINKER_DINGHY
from subgraphs.content.demo_data.celestial_navigation import CELESTIAL_NAVIGATION
from subgraphs.content.demo_data.hearing_harmony import HEARING_HARMONY
from subgraphs.content.demo_data.history import HISTORY, DemoReader
from subgraphs.content.demo_data.item import DemoItem
from subgraphs.content.demo_data.learning_from_data import LEARNING_FROM_DATA
from subgraphs.content.demo_data.life_in_running_water import LIFE_IN_RUNNING_WATER
from subgraphs.content.demo_data.programming_with_python import PROGRAMMING_WITH_PYTHON
from subgraphs.content.demo_data.reading_the_night_sky import READING_THE_NIGHT_SKY
from subgraphs.content.demo_data.the_age_of_print import THE_AGE_OF_PRINT
from subgraphs.content.demo_data.the_art_of_the_essay import THE_ART_OF_THE_ESSAY

__all__ = ["HISTORY", "ITEMS", "DemoItem", "DemoReader"]

ITEMS: dict[str, tuple[DemoItem, ...]] = {
    "demo": (
        *READING_THE_NIGHT_SKY,
        *LEARNING_FROM_DATA,
        *THE_AGE_OF_PRINT,
        *PROGRAMMING_WITH_PYTHON,
        *THE_ART_OF_THE_ESSAY,
        *HEARING_HARMONY,
        *LIFE_IN_RUNNING_WATER,
    ),
    "other": (
        *CELESTIAL_NAVIGATION,
        *BUILDING_A_CLINKER_DINGHY,
    ),
}
