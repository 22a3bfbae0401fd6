"""Wrong answers: other terms of the text that could stand where the right one does, but say something else."""

import math
import re

from shared.model import words
from shared.model.protocol import Difficulty
from shared.model.terms import NOUNS, Group, Term
from shared.model.tokens import stem
from shared.model.vocabulary import Vocabulary

_VOWEL = re.compile(r"[aeiou]", re.IGNORECASE)


def distractors(vocabulary: Vocabulary, term: Term, shown: str, difficulty: Difficulty) -> list[str]:
    """Terms for the place of `term` that are not in `shown`, the best ones for this difficulty first.

    They are the most similar to it; for beginners the least, of those that suit the place.
    """
    others = vocabulary.of_group[term.group].values()
    found = [other for other in others if _is_other(vocabulary, term, other, shown.lower())]
    ranked = sorted(found, key=lambda other: (_distance(vocabulary, term, other), other.text))
    if difficulty is Difficulty.BEGINNER and term.group not in (Group.YEAR, Group.NUMBER, Group.COUNT):
        ranked = _suiting(vocabulary, term, ranked)[::-1]
    return [_written_like(other.text, term) for other in ranked]


def same_article(text: str, other: str) -> bool:
    """Whether `a` or `an` fits both."""
    return bool(_VOWEL.match(text)) == bool(_VOWEL.match(other))


def _written_like(text: str, term: Term) -> str:
    """The text with a capital where the term has one only for its place in the sentence."""
    if term.group not in (*NOUNS, Group.COUNT):
        return text
    return text[0].upper() + text[1:] if term.text[0].isupper() else text[0].lower() + text[1:]


def _suiting(vocabulary: Vocabulary, term: Term, ranked: list[Term]) -> list[Term]:
    """The nearer half; of nouns those that the text is about."""
    if term.group in NOUNS:
        ranked = [other for other in ranked if vocabulary.frequency[other.key] > 1 or other.is_defined] or ranked
    return ranked[: max(3, (len(ranked) + 1) // 2)]


def _is_other(vocabulary: Vocabulary, term: Term, other: Term, shown: str) -> bool:
    """Whether it is wrong in this place; what the text has beside the same word may be right there too."""
    if other.key == term.key or _overlap(other.text, term.text) or (other.key, term.key) in vocabulary.synonyms:
        return False
    if re.search(rf"\b{re.escape(other.key)}", shown):
        return False
    if term.group not in NOUNS:
        return True
    beside = {(term.before, False), (term.after, True)} & vocabulary.neighbours[other.key]
    return not beside and stem(other.text) not in words.PLAIN_WORDS


def _overlap(text: str, other: str) -> bool:
    """Whether one is the other with more words, as a surname is a part of a name."""
    one, two = ({stem(word) for word in re.split(r"[\s-]+", value)} for value in (text, other))
    return one <= two or two <= one


def _distance(vocabulary: Vocabulary, term: Term, other: Term) -> float:
    """How unlike two terms are, from 0."""
    if term.group in (Group.YEAR, Group.NUMBER):
        mine, its = (float(text.replace(",", "")) for text in (term.text, other.text))
        is_unlike = ("." in term.text) != ("." in other.text)
        return abs(math.log1p(mine) - math.log1p(its)) + 3 * is_unlike + (term.after != other.after)
    distance = 2.0 * abs(len(term.text.split()) - len(other.text.split()))
    distance += (term.before != other.before) + (term.text[-3:] != other.text[-3:]) * 0.5
    if term.group in NOUNS:
        distance += 3.0 / vocabulary.frequency[other.key] - other.is_defined
    else:
        distance += 1.5 * (term.text.endswith("s") != other.text.endswith("s"))
    return distance + abs(term.sentence - other.sentence) / 100
