"""What is asked for below a field, for whoever can read it along with the rest."""

from collections.abc import Iterator, Mapping
from typing import Any

from graphql import FieldNode, FragmentDefinitionNode, FragmentSpreadNode, SelectionSetNode

from shared.graphql import Info


def asks_for(info: Info, *path: str) -> bool:
    """Whether the field that is being resolved has such a field below it: one of the first name, below that one of the
    second, and so on. What a variable leaves out counts as asked for. Names are those of the schema."""
    raw = info._raw_info
    nodes = raw.field_nodes
    for name in path:
        nodes = [found for node in nodes for found in _named(node.selection_set, name, raw.fragments)]
    return bool(nodes)


def _named(
    selected: SelectionSetNode | None, name: str, fragments: Mapping[str, FragmentDefinitionNode]
) -> Iterator[FieldNode]:
    """Through fragments, too; how much they make of a document has been limited before it is executed."""
    for node in selected.selections if selected else ():
        if isinstance(node, FieldNode):
            if node.name.value == name:
                yield node
        else:
            inner: Any = fragments[node.name.value] if isinstance(node, FragmentSpreadNode) else node
            yield from _named(inner.selection_set, name, fragments)
