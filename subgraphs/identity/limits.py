"""One credential attempt per request: without this, a thousand guesses fit into one document as aliases."""

from typing import Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    OperationDefinitionNode,
    SelectionSetNode,
    ValidationRule,
)

_CREDENTIAL_FIELDS = frozenset({"login", "register", "refreshSession", "changePassword"})


class OneCredentialAttempt(ValidationRule):
    """Refuses operations that name more than one credential field, however they are spread over fragments."""

    def enter_operation_definition(self, node: OperationDefinitionNode, *_: Any) -> None:
        if self._attempts(node.selection_set, frozenset()) > 1:
            message = "One operation may hold one of login, register, refreshSession and changePassword, once."
            self.report_error(GraphQLError(message, [node], extensions={"code": "TOO_MANY_CREDENTIALS"}))

    def _attempts(self, selections: SelectionSetNode, seen: frozenset[str]) -> int:
        total = 0
        for selection in selections.selections:
            if isinstance(selection, FieldNode):
                total += selection.name.value in _CREDENTIAL_FIELDS
            elif isinstance(selection, FragmentSpreadNode):
                total += self._spread(selection.name.value, seen)
            else:
                total += self._attempts(selection.selection_set, seen)  # type: ignore[attr-defined]
            if total > 1:
                break
        return total

    def _spread(self, name: str, seen: frozenset[str]) -> int:
        fragment: FragmentDefinitionNode | None = self.context.get_fragment(name)
        if fragment is None or name in seen:
            return 0
        return self._attempts(fragment.selection_set, seen | {name})
