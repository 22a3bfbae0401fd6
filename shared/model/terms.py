"""What a question can be about: a term at a place in a text."""

from dataclasses import dataclass
from enum import Enum

from shared.model.tokens import stem


class Group(Enum):
    """Terms of one group can stand in each other's places."""

    YEAR = "year"
    NUMBER = "number"
    COUNT = "count"
    """A number in words."""
    PERSON = "person"
    PLACE = "place"
    THING = "thing"
    """A name with `the` before it."""
    DEMONYM = "demonym"
    NAME = "name"
    """One of something else, or of what nothing tells."""
    WORK = "work"
    """A title in quotation marks."""
    SINGULAR = "singular"
    PLURAL = "plural"


NOUNS = (Group.SINGULAR, Group.PLURAL)


@dataclass(frozen=True, slots=True)
class Term:
    """A term at one of its places: `sentences[sentence].text[start:end]`."""

    sentence: int
    start: int
    end: int
    text: str
    group: Group
    is_defined: bool
    """Whether the sentence says what it means."""
    before: str
    """The word before it, in small letters; empty when punctuation separates them."""
    after: str

    @property
    def key(self) -> str:
        """The same for all forms of a term."""
        return stem(self.text)
