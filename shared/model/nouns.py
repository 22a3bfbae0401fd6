"""Nouns of a sentence, known by the words around them."""

from collections.abc import Iterator

from shared.model import words
from shared.model.tokens import Token, stem

_ARTICLES = ("a", "an", "the")
_LONGEST = 3  # words of a term that a sentence explains


def noun_stems(line: list[Token]) -> Iterator[str]:
    """The stems of the words that stand where only nouns do: after a determiner, and not before another noun."""
    for before, token, place in zip(line, line[1:], range(1, len(line)), strict=False):
        if before.is_closed or not token.is_content or token.text in words.PLAIN_WORDS or not ends_phrase(line, place):
            continue
        is_plural = token.text != stem(token.text)
        is_led = before.lower in words.DETERMINERS or (before.lower in words.PREPOSITIONS and is_plural)
        if is_led and not token.text.endswith(("ly", "ing", "ed", "est")):
            yield stem(token.text)


def ends_phrase(line: list[Token], place: int) -> bool:
    """Whether what follows a word cannot be a noun that the word belongs to."""
    if line[place].is_closed or place + 1 == len(line):
        return True
    return line[place + 1].lower in words.FUNCTION_WORDS - {"one", "ones"}


def defined_end(line: list[Token], start: int) -> int:
    """Where a term ends that begins here and that the sentence explains; 0 when none does."""
    return _named_end(line, start) or _subject_end(line, start)


def _named_end(line: list[Token], start: int) -> int:
    """Where a term ends that begins here after `called` or `known as`."""
    before = [token.lower for token in line[max(0, start - 5) : start]]
    has_article = before[-1:] and before[-1] in _ARTICLES
    if has_article:
        before.pop()
    if before[-1:] not in (["called"], ["termed"]) and before[-2:] != ["known", "as"]:
        return 0
    if not has_article and not {"is", "are", "was", "were", "be"} & set(before[-3:]):
        return 0
    end = _phrase_end(line, start)
    is_whole = start < end <= start + _LONGEST and ends_phrase(line, end - 1)
    is_noun = line[start].text not in words.PLAIN_WORDS and not line[start].text.endswith(("ly", "ed"))
    return end if is_whole and is_noun else 0


def _subject_end(line: list[Token], start: int) -> int:
    """Where a term ends that a sentence begins with, perhaps after an article, to say what it is."""
    if start > 1 or (start == 1 and line[0].lower not in _ARTICLES):
        return 0
    end = _phrase_end(line, start)
    if not start < end <= start + _LONGEST or end + 1 >= len(line) or line[end - 1].is_closed:
        return 0
    says = line[end].lower in ("is", "are") and line[end + 1].lower in _ARTICLES
    return end if says and line[start].lower not in words.PLAIN_WORDS else 0


def _phrase_end(line: list[Token], start: int) -> int:
    """Where the words end that mean something by themselves; the first may have the sentence's capital."""
    end = start
    while end < len(line) and (line[end].is_content or (end == 0 and line[end].lower not in words.FUNCTION_WORDS)):
        end += 1
        if line[end - 1].is_closed:
            break
    return end
