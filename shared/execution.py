"""Executes operations as graphql-core does, with what is the same for all objects worked out once per document.

graphql-core finds out anew for each field of each object which type and resolver it has, with which arguments, where it
stands, and whether its value is awaitable. Here each selection set of a document becomes a list of readers
(`shared.readers`) that is kept, as the documents themselves are. Answers are the same to the byte, to which
tests/shared/test_execution.py holds them; documents with directives are executed by graphql-core itself.
"""

from collections.abc import Awaitable
from typing import Any

from graphql import GraphQLObjectType, GraphQLOutputType, GraphQLSchema, OperationDefinitionNode, Undefined
from graphql.execution.collect_fields import FragmentDetails, GroupedFieldSet
from graphql.execution.values import get_argument_values
from graphql.language import Visitor, visit
from graphql.pyutils import Path
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from shared.readers import SETTLED, Complete, Field, Selection, reader, settled

_KEPT = 1_000  # plans, as many as documents are kept


class _Plan:
    """What has been worked out for an operation under a schema. It holds both, whose identities it is found by."""

    def __init__(
        self, schema: GraphQLSchema, operation: OperationDefinitionNode, fragments: dict[str, FragmentDetails]
    ) -> None:
        self.of = schema, operation
        self.is_static = not any(map(_is_conditional, [operation, *(it.definition for it in fragments.values())]))
        self.root: GroupedFieldSet | None = None
        self.sub_fields: dict[Any, Any] = {}
        self.selections: dict[tuple[str, int], tuple[GroupedFieldSet, Selection]] = {}


_plans: dict[tuple[int, int], _Plan] = {}


def _plan(schema: GraphQLSchema, operation: OperationDefinitionNode, fragments: dict[str, FragmentDetails]) -> _Plan:
    key = id(schema), id(operation)
    plan = _plans.get(key)
    if plan is None:
        plan = _plans[key] = _Plan(schema, operation, fragments)
        if len(_plans) > _KEPT:
            del _plans[next(iter(_plans))]
    return plan


class _Conditions(Visitor):
    """Finds what makes a selection differ from request to request: directives, and variables of fragments."""

    found = False

    def enter_directive(self, *_: Any) -> None:
        self.found = True

    def enter_fragment_definition(self, node: Any, *_: Any) -> None:
        self.found = self.found or bool(node.variable_definitions)


def _is_conditional(definition: Any) -> bool:
    conditions = _Conditions()
    visit(definition, conditions)
    return conditions.found


class Executor(StrawberryGraphQLCoreExecutionContext):
    """graphql-core's executor with planned selection sets."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        plan = _plan(self.schema, self.operation, self.fragments)
        wraps = self.middleware_manager is not None and self.middleware_manager.middlewares
        self._plan = plan if plan.is_static and not wraps and self.abort_signal is None else None
        if self._plan:
            self._relevant_sub_fields = self._plan.sub_fields

    def execute_root_grouped_field_set(
        self,
        root_type: GraphQLObjectType,
        root_value: Any,
        grouped_field_set: GroupedFieldSet,
        serially: bool,
        position_context: Any,
    ) -> Any:
        """As graphql-core's, with the fields that were collected first, whose identity the plan goes by."""
        if self._plan:
            grouped_field_set = self._plan.root = self._plan.root or grouped_field_set
        return super().execute_root_grouped_field_set(
            root_type, root_value, grouped_field_set, serially, position_context
        )

    def execute_fields(
        self,
        parent_type: GraphQLObjectType,
        source_value: Any,
        path: Path | None,
        grouped_field_set: GroupedFieldSet,
        position_context: Any,
    ) -> Any:
        """As graphql-core's, by the plan where there is one."""
        if self._plan is None:
            return super().execute_fields(parent_type, source_value, path, grouped_field_set, position_context)
        return self.read(self.selection(parent_type, grouped_field_set), source_value, path)

    def selection(self, type_: GraphQLObjectType, grouped: GroupedFieldSet) -> Selection:
        """The readers of a selection set."""
        assert self._plan
        key = type_.name, id(grouped)
        if key not in self._plan.selections:
            selection = [(name, reader(self, type_, name, details)) for name, details in grouped.items()]
            self._plan.selections[key] = grouped, selection
        return self._plan.selections[key][1]

    def read(self, selection: Selection, source: Any, path: Path | None) -> Any:
        """The fields of an object by name, or an awaitable of them."""
        results: dict[str, Any] = {}
        waiting: list[str] = []
        try:
            for name, read in selection:
                value = read(self, source, path)
                if value is Undefined:
                    continue
                results[name] = value
                if value.__class__ not in SETTLED and self.is_awaitable(value):
                    waiting.append(name)
        except Exception:
            self.settle_in_background([results[name] for name in waiting])
            raise
        return settled(results, waiting) if waiting else results

    def info(self, field: Field, path: Path) -> Any:
        """What resolvers are told; of the field, whichever item of its list the path leads to."""
        while isinstance(path.key, int) and path.prev is not None:
            path = path.prev
        return self.build_resolve_info(field.definition, field.nodes, field.parent, path)

    def arguments(self, field: Field) -> dict[str, Any]:
        """The arguments of a field that has variables among them."""
        first = field.details[0]
        fragment_variables = first.fragment_variable_values
        return get_argument_values(
            field.definition, first.node, self.variable_values, fragment_variables, self.hide_suggestions
        )

    def item(self, field: Field, type_: GraphQLOutputType, complete: Complete, value: Any, path: Path) -> Any:
        """A completed item of a list, or an awaitable of it."""
        try:
            completed = complete(self, value, path)
        except Exception as error:
            self.handle_field_error(error, type_, field.details, path)
            return None
        if completed.__class__ not in SETTLED and self.is_awaitable(completed):
            return self.guarded(field, type_, path, completed)
        return completed

    async def awaited(self, field: Field, complete: Complete, path: Path, value: Awaitable[Any]) -> Any:
        """The completed value of a field that had to be awaited."""
        try:
            completed = complete(self, await value, path)
            if completed.__class__ not in SETTLED and self.is_awaitable(completed):
                completed = await completed
        except Exception as error:
            self.handle_field_error(error, field.definition.type, field.details, path)
            return None
        return completed

    async def guarded(self, field: Field, type_: GraphQLOutputType, path: Path, completed: Awaitable[Any]) -> Any:
        """What is still being completed, with an error as that of the field."""
        try:
            return await completed
        except Exception as error:
            self.handle_field_error(error, type_, field.details, path)
            return None
