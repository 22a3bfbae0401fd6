"""Readers of fields: a function for each field of a selection set that does what graphql-core's `execute_field` does,
with its type, its resolver and its arguments worked out. See `shared.execution`, which keeps them.

A reader of a plain attribute is little more than `getattr`. Whatever is out of the ordinary (abstract types, values of
odd classes, what Strawberry puts around a resolver) is left to Strawberry and graphql-core.
"""

from __future__ import annotations

from collections.abc import Callable
from types import NoneType
from typing import TYPE_CHECKING, Any, NamedTuple

from graphql import (
    FieldNode,
    GraphQLAbstractType,
    GraphQLBoolean,
    GraphQLEnumType,
    GraphQLError,
    GraphQLField,
    GraphQLID,
    GraphQLLeafType,
    GraphQLList,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLString,
    Undefined,
    get_named_type,
    get_nullable_type,
    is_abstract_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
    is_object_type,
)
from graphql.execution.collect_fields import FieldDetailsList
from graphql.execution.values import get_argument_values, get_variable_values
from graphql.language import Visitor, visit
from graphql.pyutils import Path, gather_with_cancel
from strawberry import Info
from strawberry.extensions import FieldExtension
from strawberry.permission import PermissionExtension
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types.base import StrawberryMaybe
from strawberry.types.field import StrawberryField

from shared.auth import SignedIn
from shared.errors import Error

if TYPE_CHECKING:
    from shared.execution import Executor

SETTLED = frozenset({dict, list, str, int, float, bool, NoneType})
"""Classes of completed values; what is of another one may have to be awaited."""
_PLAIN = frozenset({str, int, float, bool, NoneType})
"""Classes of arguments that resolvers take as they are."""
_AS_THEY_ARE: dict[Any, type] = {GraphQLString: str, GraphQLID: str, GraphQLBoolean: bool}
"""Scalars whose values of exactly this class are completed already."""

Read = Callable[["Executor", Any, Path | None], Any]
"""Reads a field of an object: a completed value, or an awaitable of one."""
Resolve = Callable[["Executor", Any, Path], Any]
"""Gives the value of a field of an object, which is still to be completed."""
Complete = Callable[["Executor", Any, Path], Any]
"""Completes the value of a field as `complete_value` does, and raises what the field has to answer for."""
Selection = list[tuple[str, Read]]
"""The readers of a selection set by the names of the response."""


class Field(NamedTuple):
    """A field of a selection set, with what is the same for each object that it is read of."""

    name: str
    parent: GraphQLObjectType
    definition: GraphQLField
    details: FieldDetailsList
    nodes: list[FieldNode]

    @property
    def declared(self) -> StrawberryField | None:
        """As Strawberry knows it, where Strawberry's resolver is all there is to it; None for subscriptions and
        introspection."""
        if not hasattr(self.definition.resolve, "_is_default"):
            return None
        found: StrawberryField | None = self.definition.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)
        if found is None or _may_be_refusal(self.definition.type) or not all(map(_is_guard, found.extensions)):
            return None
        return found

    @property
    def guards(self) -> list[SignedIn]:
        """What refuses it to some viewers."""
        extensions: Any = self.declared.extensions if self.declared else []
        return [guard for extension in extensions for guard in extension.permissions]


async def settled(results: Any, waiting: list[Any]) -> Any:
    """The results with those of these keys awaited, together."""
    if len(waiting) == 1:
        results[waiting[0]] = await results[waiting[0]]
    else:
        values = await gather_with_cancel(*(results[key] for key in waiting))
        for key, value in zip(waiting, values, strict=True):
            results[key] = value
    return results


def reader(executor: Executor, parent: GraphQLObjectType, name: str, details: FieldDetailsList) -> Read:
    """The reader of a field of this type, for any executor of the same operation."""
    nodes = [detail.node for detail in details]
    definition = executor.schema.get_field(parent, nodes[0].name.value)
    if definition is None:
        return lambda *_: Undefined
    field = Field(name, parent, definition, details, nodes)
    if nodes[0].name.value == "__typename":
        return lambda *_: parent.name
    if field.declared is not None and field.declared.base_resolver is None:
        return _attribute(executor, field, field.declared.python_name)
    return _resolved(executor, field)


def _attribute(executor: Executor, field: Field, attribute: str) -> Read:
    """Reads a plain attribute; one that is missing, or of an odd class, is read again by graphql-core."""
    type_ = field.definition.type
    is_nullable = not is_non_null_type(type_)
    expected = _AS_THEY_ARE.get(get_nullable_type(type_))
    resolved = _completed(executor, field, lambda _, source, __: getattr(source, attribute))

    def read(executor: Executor, source: Any, path: Path | None) -> Any:
        value = getattr(source, attribute, Undefined)
        if value.__class__ is expected or (value is None and is_nullable):
            return value
        return resolved(executor, source, path)

    return read


def _resolved(executor: Executor, field: Field) -> Read:
    """Reads what a resolver gives."""
    arguments = _constant_arguments(executor, field)
    direct = _direct(field, arguments)
    if direct is not None:
        return _completed(executor, field, direct)
    resolve = field.definition.resolve or executor.field_resolver
    if arguments is not None:
        return _completed(
            executor, field, lambda executor, source, path: resolve(source, executor.info(field, path), **arguments)
        )
    return _completed(
        executor,
        field,
        lambda executor, source, path: resolve(source, executor.info(field, path), **executor.arguments(field)),
    )


def _direct(field: Field, arguments: dict[str, Any] | None) -> Resolve | None:
    """A method whose arguments are plain values, without what Strawberry puts around it for others."""
    declared = field.declared
    resolver = declared.base_resolver if declared else None
    if declared is None or resolver is None or resolver.root_parameter or resolver.parent_parameter:
        return None
    if not resolver.self_parameter or arguments is None or not all(it.__class__ in _PLAIN for it in arguments.values()):
        return None
    method: Any = resolver.wrapped_func
    names = {argument.python_name for argument in declared.arguments if not isinstance(argument.type, StrawberryMaybe)}
    if not arguments.keys() <= names:  # one that is called otherwise in the schema, or has to be wrapped
        return None
    return _called(field, declared, method, arguments)


def _called(field: Field, declared: StrawberryField, method: Any, arguments: dict[str, Any]) -> Resolve:
    guards, parameter = field.guards, declared.base_resolver.info_parameter if declared.base_resolver else None
    if parameter is None and not guards:
        return lambda _, source, __: method(source, **arguments)

    def resolve(executor: Executor, source: Any, path: Path) -> Any:
        info = Info(_raw_info=executor.info(field, path), _field=declared)
        for guard in guards:
            guard.has_permission(source, info)
        return (
            method(source, **arguments) if parameter is None else method(source, **arguments, **{parameter.name: info})
        )

    return resolve


def _constant_arguments(executor: Executor, field: Field) -> dict[str, Any] | None:
    """The arguments of a field where no variable is among them; None where they have to be looked at each time."""
    node = field.nodes[0]
    if not field.definition.args and not node.arguments:
        return {}
    variables = _Variables()
    for argument in node.arguments or ():
        visit(argument, variables)
    if variables.found:
        return None
    try:
        none = get_variable_values(executor.schema, (), {})
        return get_argument_values(field.definition, node, none)  # type: ignore[arg-type]  # none, and so no errors
    except GraphQLError:
        return None


class _Variables(Visitor):
    found = False

    def enter_variable(self, *_: Any) -> None:
        self.found = True


def _completed(executor: Executor, field: Field, resolve: Resolve) -> Read:
    """Resolves and completes, as `execute_field` does."""
    name, parent_name, type_ = field.name, field.parent.name, field.definition.type
    complete = _completion(executor, field, type_)

    def read(executor: Executor, source: Any, path: Path | None) -> Any:
        path = Path(path, name, parent_name)
        try:
            value = resolve(executor, source, path)
            if value.__class__ not in SETTLED and executor.is_awaitable(value):
                return executor.awaited(field, complete, path, value)
            completed = complete(executor, value, path)
            if completed.__class__ not in SETTLED and executor.is_awaitable(completed):
                return executor.guarded(field, type_, path, completed)
        except Exception as error:
            executor.handle_field_error(error, type_, field.details, path)
            return None
        return completed

    return read


def _completion(executor: Executor, field: Field, type_: GraphQLOutputType) -> Complete:
    if is_non_null_type(type_):
        return _never_null(field, _completion(executor, field, type_.of_type))
    if is_leaf_type(type_):
        return _leaf(field, type_)
    if is_list_type(type_):
        return _list(field, type_, _completion(executor, field, type_.of_type))
    if is_object_type(type_):
        return _object(executor, field, type_)
    assert is_abstract_type(type_)
    return _abstract(field, type_)


def _other(field: Field, type_: GraphQLOutputType) -> Complete:
    """Leaves it to graphql-core."""
    return lambda executor, value, path: executor.complete_value(
        type_, field.details, executor.info(field, path), path, value, None
    )


def _never_null(field: Field, inner: Complete) -> Complete:
    message = f"Cannot return null for non-nullable field {field.parent}.{field.nodes[0].name.value}."

    def complete(executor: Executor, value: Any, path: Path) -> Any:
        completed = inner(executor, value, path)
        if completed is None:
            raise TypeError(message)
        return completed

    return complete


def _leaf(field: Field, type_: GraphQLLeafType) -> Complete:
    expected, other = _AS_THEY_ARE.get(type_), _other(field, type_)

    def complete(executor: Executor, value: Any, path: Path) -> Any:
        if value is None or value.__class__ is expected:
            return value
        if value is Undefined or isinstance(value, Exception):
            return other(executor, value, path)
        return executor.complete_leaf_value(type_, value)

    return _enum(type_, complete) if isinstance(type_, GraphQLEnumType) else complete


def _enum(type_: GraphQLEnumType, complete: Complete) -> Complete:
    """Remembers the names of an enum's values, which are few: what is none of them raises."""
    names: dict[Any, Any] = {}
    classes = (str, getattr(type_, "wrapped_cls", str))

    def remembered(executor: Executor, value: Any, path: Path) -> Any:
        if value.__class__ not in classes:
            return complete(executor, value, path)
        name = names.get(value)
        if name is None:
            name = names[value] = complete(executor, value, path)
        return name

    return remembered


def _list(field: Field, type_: GraphQLList[Any], complete_item: Complete) -> Complete:
    item_type, other = type_.of_type, _other(field, type_)

    def complete(executor: Executor, value: Any, path: Path) -> Any:
        if value.__class__ is not list or any(map(executor.is_awaitable, value)):
            return other(executor, value, path)
        results: list[Any] = []
        waiting: list[int] = []
        try:
            for index, item in enumerate(value):
                results.append(executor.item(field, item_type, complete_item, item, Path(path, index, None)))
                if results[-1].__class__ not in SETTLED and executor.is_awaitable(results[-1]):
                    waiting.append(index)
        except Exception:
            executor.settle_in_background([results[index] for index in waiting])
            raise
        return settled(results, waiting) if waiting else results

    return complete


def _object(executor: Executor, field: Field, type_: GraphQLObjectType) -> Complete:
    """Objects of exactly the class that was declared need not be asked of which type they are."""
    declared = type_.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)
    origin, other = getattr(declared, "origin", None), _other(field, type_)
    grouped = executor.collect_subfields(type_, field.details).grouped_field_set
    selection: Selection | None = None

    def complete(executor: Executor, value: Any, path: Path) -> Any:
        nonlocal selection
        if value is None:
            return None
        if value.__class__ is not origin:
            return other(executor, value, path)
        if selection is None:
            selection = executor.selection(type_, grouped)
        return executor.read(selection, value, path)

    return complete


def _abstract(field: Field, type_: GraphQLAbstractType) -> Complete:
    """Of which type an object is follows from its class, unless that stands for several types."""
    selections: dict[type, Selection | None] = {}
    other = _other(field, type_)

    def complete(executor: Executor, value: Any, path: Path) -> Any:
        kind = value.__class__
        if kind not in selections:
            selections[kind] = _selection_of(executor, field, type_, kind)
        selection = selections[kind]
        return other(executor, value, path) if selection is None else executor.read(selection, value, path)

    return complete


def _selection_of(executor: Executor, field: Field, type_: GraphQLAbstractType, kind: type) -> Selection | None:
    """What is selected of objects of a class; None where graphql-core and Strawberry have to look at each of them."""
    for possible in executor.schema.get_possible_types(type_):
        declared = possible.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)
        if declared is not None and declared.origin is kind and declared.concrete_of is None:
            grouped = executor.collect_subfields(possible, field.details).grouped_field_set
            return executor.selection(possible, grouped)
    return None


def _is_guard(extension: FieldExtension) -> bool:
    """Whether it does nothing but refuse, at once, and with an error of its own."""
    if not isinstance(extension, PermissionExtension):
        return False
    return all(isinstance(permission, SignedIn) for permission in extension.permissions)


def _may_be_refusal(type_: GraphQLOutputType) -> bool:
    """Whether an error that is raised may be the answer, which Strawberry sees to."""
    named = get_named_type(type_)
    declared = named.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)
    origin = getattr(declared, "origin", None)
    return not is_leaf_type(named) and not (is_object_type(named) and origin and not issubclass(origin, Error))
