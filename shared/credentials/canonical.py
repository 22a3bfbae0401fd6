"""The canonical form that a Data Integrity proof signs: RDF Dataset Canonicalization (RDFC-1.0) of our documents."""

import hashlib
import re
from collections.abc import Iterator, Mapping
from typing import Any

from shared.credentials.vocabulary import VOCABULARY, Term, Vocabulary

Node = str
"""A subject or object as N-Quads write it: `<iri>`, or `_:label` for one that has no id."""
Statement = tuple[Node, str, str]

_ESCAPED = re.compile(r'[\x00-\x1f\x7f"\\]')
_ESCAPES = {"\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r", '"': '\\"', "\\": "\\\\"}


def canonical(document: Mapping[str, Any], vocabulary: Vocabulary = VOCABULARY) -> str:
    """The document's statements as canonical N-Quads (RDFC-1.0), one a line, sorted.

    `@context` is not looked at: whoever checks a foreign document makes sure of it first. Raises KeyError for a member
    or type that the vocabulary does not have, so that nothing is ever left out of what is signed.
    """
    statements = set(_Statements(vocabulary).of(document))
    labels = _labels(statements)
    return "".join(sorted(_line(statement, labels) for statement in statements))


class _Statements:
    """Walks a document and gives each thing without an id a temporary label."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self._unnamed = 0

    def of(self, thing: Mapping[str, Any]) -> Iterator[Statement]:
        return self._about(self._node(thing), thing)

    def _node(self, thing: Mapping[str, Any]) -> Node:
        if "id" in thing:
            return f"<{thing['id']}>"
        self._unnamed += 1
        return f"_:unnamed{self._unnamed}"

    def _about(self, subject: Node, thing: Mapping[str, Any]) -> Iterator[Statement]:
        for member, value in thing.items():
            if member in ("@context", "id"):
                continue
            term = self._vocabulary.terms[member]
            for one in value if isinstance(value, list) else [value]:
                yield from self._says(subject, term, one)

    def _says(self, subject: Node, term: Term, value: Any) -> Iterator[Statement]:
        if term.names:
            yield subject, term.iri, f"<{self._vocabulary.names[value]}>"
        elif not term.refers:
            yield subject, term.iri, _literal(value, term.datatype)
        elif isinstance(value, Mapping):
            node = self._node(value)
            yield subject, term.iri, node
            yield from self._about(node, value)
        else:
            yield subject, term.iri, f"<{value}>"


def _literal(value: str | bool | int, datatype: str | None) -> str:
    text = str(value).lower() if isinstance(value, bool) else str(value)
    quoted = _ESCAPED.sub(lambda found: _ESCAPES.get(found[0], f"\\u{ord(found[0]):04X}"), text)
    return f'"{quoted}"' + (f"^^<{datatype}>" if datatype else "")


def _labels(statements: set[Statement]) -> dict[Node, Node]:
    """The canonical label of each thing without an id (RDFC-1.0, 4.4.3 and 4.6): ordered by what is said of it."""
    unnamed = {node for subject, _, value in statements for node in (subject, value) if node.startswith("_:")}
    by_hash = {_first_degree_hash(node, statements): node for node in unnamed}
    if len(by_hash) < len(unnamed):
        raise ValueError("Two things without an id have the same properties.")
    return {by_hash[digest]: f"_:c14n{number}" for number, digest in enumerate(sorted(by_hash))}


def _first_degree_hash(node: Node, statements: set[Statement]) -> str:
    concerned = [statement for statement in statements if node in (statement[0], statement[2])]
    labels = {other: "_:z" for statement in concerned for other in (statement[0], statement[2])} | {node: "_:a"}
    lines = sorted(_line(statement, labels) for statement in concerned)
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _line(statement: Statement, labels: Mapping[Node, Node]) -> str:
    subject, predicate, value = statement
    return f"{_labelled(subject, labels)} <{predicate}> {_labelled(value, labels)} .\n"


def _labelled(node: str, labels: Mapping[Node, Node]) -> str:
    # A literal starts with a quotation mark, so only a thing without an id starts like this.
    return labels[node] if node.startswith("_:") else node
