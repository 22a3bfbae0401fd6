"""Questions made from the sentences of a text themselves, without a model: gaps, and statements that are true or not.

What a word does in its sentence is known for English; a text in another language gives few questions or none.
The same text, difficulty and count give the same questions.
"""

import hashlib
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import cycle, pairwise

from shared.model import words
from shared.model.distractors import distractors, same_article
from shared.model.protocol import LONGEST_ITEM, Difficulty, GeneratedChoice, GeneratedQuestion, QuestionKind
from shared.model.sentences import Sentence, sentences
from shared.model.terms import NOUNS, Group, Term
from shared.model.tokens import stem, tokens
from shared.model.vocabulary import Vocabulary

GAP = "____"
_PAIR = "{} / {}"

_SHORTEST, _LONGEST = 6, 42  # words of a sentence to ask about
_CODE = re.compile(r"[=<>{}\[\]\\_|@#^~]|\w\(|\.\w|[*/+%]\s*\d|https?:|\w\.\w{2,4}\b")
_MOST_CHOICES = {Difficulty.BEGINNER: 3, Difficulty.INTERMEDIATE: 4, Difficulty.ADVANCED: 4}
_FEWEST_CHOICES = 3

_WORTH = {
    Group.YEAR: 3.0,
    Group.PERSON: 3.0,
    Group.WORK: 2.5,
    Group.PLACE: 2.5,
    Group.NAME: 2.5,
    Group.THING: 2.5,
    Group.NUMBER: 2.0,
    Group.COUNT: 1.0,
    Group.DEMONYM: 1.0,
    Group.SINGULAR: 0.5,
    Group.PLURAL: 0.5,
}

_LIKING_FOR_FREQUENT = {Difficulty.BEGINNER: 0.5, Difficulty.INTERMEDIATE: 0.0, Difficulty.ADVANCED: -0.5}


class Form(StrEnum):
    """How a sentence is asked about."""

    CHOICE = "choice"
    PAIR = "pair"
    """Two gaps, and a pair of terms in each choice."""
    STATEMENT = "statement"
    RECALL = "recall"


_FORMS = {
    Difficulty.BEGINNER: (Form.CHOICE, Form.CHOICE, Form.STATEMENT),
    Difficulty.INTERMEDIATE: (Form.CHOICE, Form.STATEMENT, Form.CHOICE, Form.RECALL),
    Difficulty.ADVANCED: (Form.RECALL, Form.PAIR, Form.CHOICE, Form.STATEMENT),
}


@dataclass(frozen=True, slots=True)
class _Gap:
    """A term that may be asked for, and how good a question that makes."""

    term: Term
    score: float
    before: str
    """The sentence before it when it makes no sense without; else empty."""


def questions(text: str, difficulty: Difficulty, count: int) -> list[GeneratedQuestion]:
    """At most `count` questions, of different sentences; the best ones, in the order of the text."""
    maker = _Maker(text, difficulty)
    made: list[tuple[int, GeneratedQuestion]] = []
    forms = cycle(_FORMS[difficulty])
    while len(made) < count:
        form = next(forms)
        others = [other for other in dict.fromkeys(_FORMS[difficulty]) if other != form]
        found = next(filter(None, map(maker.best, (form, *others))), None)
        if found is None:
            break
        made.append(found)
    return [question for _, question in sorted(made, key=lambda each: each[0])]


class _Maker:
    """Makes questions of one difficulty from one text."""

    def __init__(self, text: str, difficulty: Difficulty) -> None:
        self._sentences = sentences(text[:LONGEST_ITEM])
        self._vocabulary = Vocabulary(self._sentences)
        self._difficulty = difficulty
        self._gaps = sorted(self._find_gaps(), key=lambda gap: (-gap.score, gap.term.sentence, gap.term.start))
        self._by_sentence: dict[int, list[_Gap]] = {}
        for gap in self._gaps:
            self._by_sentence.setdefault(gap.term.sentence, []).append(gap)
        self._made: dict[tuple[Form, Term], GeneratedQuestion | None] = {}
        self._shown: set[int] = set()
        self._prompts: set[str] = set()
        self._answers: set[str] = set()

    def best(self, form: Form) -> tuple[int, GeneratedQuestion] | None:
        """The best question of this form on sentences that no question has shown, with the number of the sentence."""
        for is_second in (False, True):  # an answer is asked for again only when there is nothing new
            for gap in self._gaps:
                number = gap.term.sentence
                shown = {number, number - 1} if gap.before else {number}
                if shown & self._shown or (gap.term.key in self._answers) is not is_second:
                    continue
                question = self._make(form, gap)
                if question and question.prompt not in self._prompts:
                    self._shown |= shown
                    self._prompts.add(question.prompt)
                    self._answers.add(gap.term.key)
                    return number, question
        return None

    def _make(self, form: Form, gap: _Gap) -> GeneratedQuestion | None:
        """The question of this form on a gap, made once; None when the text does not give it."""
        makers = {
            Form.CHOICE: self._choice,
            Form.PAIR: self._pair,
            Form.STATEMENT: self._statement,
            Form.RECALL: self._recall,
        }
        if (form, gap.term) not in self._made:
            self._made[form, gap.term] = makers[form](gap)
        return self._made[form, gap.term]

    def _find_gaps(self) -> Iterator[_Gap]:
        terms: dict[int, list[Term]] = {}
        for term in self._vocabulary.terms:
            terms.setdefault(term.sentence, []).append(term)
        for number, sentence in enumerate(self._sentences):
            worth = _sentence_worth(sentence)
            before = self._before(number)
            if worth is None or before is None:
                continue
            for term in terms.get(number, ()):
                if not _is_given_away(term, sentence, before):
                    score = worth - bool(before) * 1.5 + self._term_worth(term)
                    if score > 0:
                        yield _Gap(term, score, before)

    def _before(self, number: int) -> str | None:
        """What has to be shown before a sentence: empty when it stands alone; None when too much would be needed."""
        if not _leans(self._sentences[number].text):
            return ""
        if number == 0 or self._sentences[number - 1].block != self._sentences[number].block:
            return None
        before = self._sentences[number - 1].text
        return None if _leans(before) or _CODE.search(before) or len(before.split()) > _LONGEST else before

    def _term_worth(self, term: Term) -> float:
        frequency = self._vocabulary.frequency[term.key]
        worth = _WORTH[term.group] + 3.0 * term.is_defined
        if term.group is Group.COUNT and (term.start == 0 or term.text.lower() in ("two", "three")):
            return -0.5
        if term.group in NOUNS:
            if frequency == 1 and not term.is_defined:
                return -9.0
            worth += math.log2(frequency)
        return worth + _LIKING_FOR_FREQUENT[self._difficulty] * math.log2(frequency)

    def _wrong(self, gap: _Gap, term: Term) -> list[str]:
        shown = f"{gap.before} {self._sentences[term.sentence].text}"
        return distractors(self._vocabulary, term, shown, self._difficulty)

    def _choice(self, gap: _Gap) -> GeneratedQuestion | None:
        wrong = self._wrong(gap, gap.term)[: _MOST_CHOICES[self._difficulty] - 1]
        if len(wrong) < _FEWEST_CHOICES - 1:
            return None
        prompt = self._prompt(gap, [gap.term])
        return self._question(gap, QuestionKind.SINGLE_CHOICE, prompt, _shuffled(prompt, gap.term.text, wrong))

    def _pair(self, gap: _Gap) -> GeneratedQuestion | None:
        text = self._sentences[gap.term.sentence].text
        for other in self._by_sentence[gap.term.sentence]:
            if other.term.key == gap.term.key:
                continue
            first, second = sorted((gap.term, other.term), key=lambda term: term.start)
            one = next(iter(self._wrong(gap, first)), None)
            two = next((wrong for wrong in self._wrong(gap, second) if wrong != one), None)
            if one is None or two is None or len(text[first.end : second.start].split()) < 2:
                continue
            wrong = [(first.text, two), (one, second.text), (one, two)]
            prompt = self._prompt(gap, [first, second])
            choices = _shuffled(prompt, _PAIR.format(first.text, second.text), [_PAIR.format(*each) for each in wrong])
            return self._question(gap, QuestionKind.SINGLE_CHOICE, prompt, choices)
        return None

    def _recall(self, gap: _Gap) -> GeneratedQuestion | None:
        term = gap.term
        if term.group in (Group.YEAR, Group.NUMBER):
            answers, kind = [term.text.replace(",", "")], QuestionKind.NUMERIC
        elif term.group in NOUNS and not term.is_defined:
            return None
        else:
            answers, kind = [term.text], QuestionKind.SHORT_TEXT
        if term.group is Group.PERSON and " " in term.text and term.text.split()[-1].isalpha():
            answers.append(term.text.split()[-1])
        choices = tuple(GeneratedChoice(answer, correct=True) for answer in answers)
        return self._question(gap, kind, self._prompt(gap, [term]), choices)

    def _statement(self, gap: _Gap) -> GeneratedQuestion | None:
        term = gap.term
        text = self._sentences[term.sentence].text
        is_certain = term.group not in NOUNS or term.is_defined
        if gap.before or not is_certain or not _states(text):
            return None
        is_true = _digest(text)[0] % 2 == 0
        if not is_true:
            wrong = [other for other in self._wrong(gap, gap.term) if same_article(other, term.text)]
            if not wrong:
                return None
            text = text[: term.start] + wrong[0] + text[term.end :]
        prompt = f"True or false? {_on_one_line(text)}"
        choices = (GeneratedChoice("True", is_true), GeneratedChoice("False", not is_true))
        return self._question(gap, QuestionKind.TRUE_FALSE, prompt, choices)

    def _prompt(self, gap: _Gap, terms: list[Term]) -> str:
        text = self._sentences[gap.term.sentence].text
        for term in sorted(terms, key=lambda term: -term.start):
            start = re.sub(r"\b([Aa])n? $", r"\1(n) ", text[: term.start])
            text = start + GAP + text[term.end :]
        lead = "Complete the passage:" if gap.before else "Complete the sentence:"
        return _on_one_line(f"{lead} {gap.before} {text}")

    def _question(
        self, gap: _Gap, kind: QuestionKind, prompt: str, choices: tuple[GeneratedChoice, ...]
    ) -> GeneratedQuestion:
        return GeneratedQuestion(kind, prompt, choices, self._sentences[gap.term.sentence].text)


def _sentence_worth(sentence: Sentence) -> float | None:
    """How well a sentence can be asked about; None when it cannot."""
    text = sentence.text
    found = [token.lower for token in tokens(text)]
    if not _SHORTEST <= len(found) <= _LONGEST or _CODE.search(text) or not text[-1:].strip(":?؟？"):
        return None
    if found[0] in ("imagine", "suppose") or text.count("(") != text.count(")") or text.count("“") != text.count("”"):
        return None
    worth = 1.0 - max(0, len(found) - 28) / 10 - max(0, 9 - len(found)) / 4
    worth -= 0.7 * min(2, sum(word in words.ADDRESSES for word in found))
    worth -= 0.4 * any(word in ("he", "she", "it", "they", "him", "them") for word in found[: len(found) // 2])
    worth -= 1.0 * (found[0] in words.COMMANDS) + 0.5 * any(word in words.BACKWARD_WORDS for word in found[1:3])
    return worth - 2.0 * _speaks_of_the_lesson(found)


def _speaks_of_the_lesson(found: list[str]) -> bool:
    pointers = ("this", "next", "previous", "your", "first", "second", "third", "last")
    return any(one in pointers and two in words.LESSON_WORDS for one, two in pairwise(found))


def _states(text: str) -> bool:
    """Whether a sentence says something that is true or not, to nobody in particular."""
    line = tokens(text)
    found = [token.lower for token in line]
    tells = any(token.is_closed and after.lower in words.COMMANDS for token, after in pairwise(line))
    is_command = found[0] in words.COMMANDS or tells
    return not is_command and not words.ADDRESSES & set(found) and not _speaks_of_the_lesson(found)


def _leans(text: str) -> bool:
    """Whether a sentence begins with a word that points back."""
    first = tokens(text)[:1]
    return bool(first) and first[0].lower in words.BACKWARD_WORDS


def _is_given_away(term: Term, sentence: Sentence, before: str) -> bool:
    """Whether what is shown around the gap says the answer, or a form of it."""
    shown = f"{before} {sentence.text[: term.start]} {sentence.text[term.end :]}"
    if term.group in (Group.YEAR, Group.NUMBER):
        return term.text in [token.text for token in tokens(shown)]
    parts = [stem(part) for part in re.split(r"[\s-]+", term.text) if part.lower() not in words.FUNCTION_WORDS]
    return any(re.search(rf"\b{re.escape(part)}", shown, re.IGNORECASE) for part in parts)


def _shuffled(prompt: str, right: str, wrong: list[str]) -> tuple[GeneratedChoice, ...]:
    """The choices in an order that looks like chance and is the same every time."""
    choices = [GeneratedChoice(right, correct=True), *(GeneratedChoice(text, correct=False) for text in wrong)]
    return tuple(sorted(choices, key=lambda choice: _digest(f"{prompt}\n{choice.text}")))


def _digest(text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "replace")).digest()


def _on_one_line(text: str) -> str:
    return " ".join(text.split())
