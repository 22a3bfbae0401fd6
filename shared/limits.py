"""What a document may hold in a subgraph; the router's own limits are lower, and its plans stay within these."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from graphql import (
    ASTValidationRule,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    ValidationContext,
    parse,
    specified_rules,
)
from strawberry.schema.schema import validate_document

from shared.errors import QueryTooLarge

TOKENS = 5_000
"""Lexical tokens of a document; the router's own plans stay far below."""
_KEPT = 1_000  # documents

_DEPTH = 20  # the router's 12, and what a plan puts around a part of them: `_entities`, fragments on interfaces
_ALIASES = 200  # the router's 15, and those by which a plan keeps equal names of several types apart


@dataclass(frozen=True, slots=True)
class _Size:
    depth: int = 0
    aliases: int = 0

    def beside(self, other: "_Size") -> "_Size":
        return _Size(max(self.depth, other.depth), self.aliases + other.aliases)


class Documents:
    """The documents that a schema is asked, each parsed and validated once."""

    def __init__(self, schema: GraphQLSchema, rules: Iterable[type[ASTValidationRule]]) -> None:
        self._schema, self._rules = schema, (*specified_rules, DocumentLimits, *rules)
        self.checked = lru_cache(_KEPT)(self._checked)

    def _checked(self, text: str) -> tuple[DocumentNode, list[GraphQLError]]:
        """The document, and what is wrong with it. Raises GraphQLError for what is none."""
        document = parse(text, max_tokens=TOKENS)
        return document, validate_document(self._schema, document, self._rules)


class DocumentLimits(ASTValidationRule):
    """Refuses a document that is too deep or has too many aliases, its fragments taken apart.

    A rule of validation, so that the answer is remembered with it; one class for all requests, for the same reason.
    Each fragment is measured once: fragments that double one another would take for ever.
    """

    def __init__(self, context: ValidationContext) -> None:
        super().__init__(context)
        fragments = _fragments(context.document)
        sizes: dict[str, _Size] = {}
        for definition in context.document.definitions:
            if isinstance(definition, OperationDefinitionNode):
                size = _size(definition.selection_set, fragments, sizes)
                if size.depth > _DEPTH or size.aliases > _ALIASES:
                    message = f"A document may have {_DEPTH} levels of depth and {_ALIASES} aliases."
                    context.report_error(QueryTooLarge(message))


def _fragments(document: DocumentNode) -> dict[str, FragmentDefinitionNode]:
    found = (node for node in document.definitions if isinstance(node, FragmentDefinitionNode))
    return {node.name.value: node for node in found}


def _size(
    selections: SelectionSetNode, fragments: Mapping[str, FragmentDefinitionNode], sizes: dict[str, _Size]
) -> _Size:
    size = _Size()
    for node in selections.selections:
        if isinstance(node, FieldNode):
            below = _size(node.selection_set, fragments, sizes) if node.selection_set else _Size()
            size = size.beside(_Size(below.depth + 1, below.aliases + bool(node.alias)))
        elif isinstance(node, InlineFragmentNode):
            size = size.beside(_size(node.selection_set, fragments, sizes))
        elif isinstance(node, FragmentSpreadNode):
            size = size.beside(_fragment_size(node.name.value, fragments, sizes))
    return size


def _fragment_size(name: str, fragments: Mapping[str, FragmentDefinitionNode], sizes: dict[str, _Size]) -> _Size:
    if name not in sizes:
        sizes[name] = _Size()  # for a fragment that spreads itself, or one that is missing: other rules refuse both
        if name in fragments:
            sizes[name] = _size(fragments[name].selection_set, fragments, sizes)
    return sizes[name]
