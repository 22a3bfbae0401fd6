"""One credential attempt per request: without this, a thousand guesses fit into one document as aliases."""

from typing import Any

from graphql import (
    FieldNode,
    FragmentSpreadNode,
    GraphQLError,
    OperationDefinitionNode,
    SelectionSetNode,
    ValidationContext,
    ValidationRule,
)

_CREDENTIAL_FIELDS = frozenset({"login", "register", "refreshSession", "changePassword"})


class OneCredentialAttempt(ValidationRule):
    """Refuses operations that name more than one credential field, however they are spread over fragments."""

    def __init__(self, context: ValidationContext) -> None:
        super().__init__(context)
        self._spreads: dict[str, int] = {}  # each fragment is counted once: spreads may double and double again

    def enter_operation_definition(self, node: OperationDefinitionNode, *_: Any) -> None:
        if self._attempts(node.selection_set) > 1:
            message = "One operation may hold one of login, register, refreshSession and changePassword, once."
            self.report_error(GraphQLError(message, [node], extensions={"code": "TOO_MANY_CREDENTIALS"}))

    def _attempts(self, selections: SelectionSetNode) -> int:
        total = 0
        for selection in selections.selections:
            if isinstance(selection, FieldNode):
                total += selection.name.value in _CREDENTIAL_FIELDS
            elif isinstance(selection, FragmentSpreadNode):
                total += self._spread(selection.name.value)
            else:
                total += self._attempts(selection.selection_set)  # type: ignore[attr-defined]
        return total

    def _spread(self, name: str) -> int:
        if name not in self._spreads:
            self._spreads[name] = 0  # for a fragment that leads back to itself, which another rule refuses
            fragment = self.context.get_fragment(name)
            self._spreads[name] = self._attempts(fragment.selection_set) if fragment else 0
        return self._spreads[name]
