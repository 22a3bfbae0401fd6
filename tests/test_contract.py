"""What the subgraphs promise each other and the world: current schemas, one graph, events that fit."""

import importlib
from importlib.util import find_spec
from types import ModuleType

import pytest
from graphql import GraphQLObjectType, GraphQLSchema, build_schema, parse
from graphql.language import ObjectTypeDefinitionNode

from shared.events import Event, Handler
from shared.stack import composition
from shared.stack.project import Project
from tests.test_architecture import ROOT, SUBGRAPHS


def test_committed_schemas_are_what_the_code_says(project: Project) -> None:
    assert composition.stale_schemas(project) == []


def test_clients_of_the_last_release_go_on_working(project: Project) -> None:
    composition.check_compatibility(project)


def test_the_subgraph_list_names_every_subgraph(project: Project) -> None:
    assert sorted(project.subgraphs) == SUBGRAPHS


def handlers_of(subgraph: str) -> list[Handler]:
    """The events a subgraph takes from others."""
    if not find_spec(f"subgraphs.{subgraph}.consumers"):
        return []
    return list(importlib.import_module(f"subgraphs.{subgraph}.consumers").handlers(None))


def published(module: ModuleType) -> dict[str, type[Event]]:
    """The events in a subgraph's module, by their type."""
    return {value.type: value for value in vars(module).values() if isinstance(value, type) and "type" in vars(value)}


HANDLERS = [(subgraph, handler) for subgraph in SUBGRAPHS for handler in handlers_of(subgraph)]


@pytest.mark.parametrize(("subgraph", "handler"), HANDLERS, ids=lambda value: getattr(value, "event", value))
def test_a_consumed_event_fits_the_published_one(subgraph: str, handler: Handler) -> None:
    source = published(importlib.import_module(f"subgraphs.{handler.source}.events"))[handler.event.type]
    for name, field in handler.event.model_fields.items():
        assert name in source.model_fields, f"{handler.source} publishes no {name} with {source.type}"
        # What older events did not say yet may be read as None.
        assert field.annotation in (source.model_fields[name].annotation, source.model_fields[name].annotation | None)


@pytest.fixture(scope="module")
def public() -> GraphQLSchema:
    """The graph as clients see it."""
    return build_schema((ROOT / "router" / "schema.graphql").read_text())


def test_everything_public_is_described(public: GraphQLSchema) -> None:
    """Descriptions are the documentation in GraphiQL; those of fields that an interface describes are inherited."""
    bare = [
        f"{type_.name}.{name}"
        for type_ in public.type_map.values()
        if isinstance(type_, GraphQLObjectType) and not type_.name.startswith("__") and type_ is not public.query_type
        for name, field in type_.fields.items()
        if not field.description and not any(name in interface.fields for interface in type_.interfaces)
    ]
    types = [name for name, type_ in public.type_map.items() if not type_.description and not name.startswith("__")]
    assert bare == []
    assert set(types) <= {"Query", "Mutation", "Subscription", "String", "Int", "Float", "Boolean", "ID"}


@pytest.mark.parametrize("subgraph", SUBGRAPHS)
def test_every_entity_implements_node(subgraph: str) -> None:
    document = parse((ROOT / "subgraphs" / subgraph / "schema.graphql").read_text())
    entities = {
        definition.name.value: {interface.name.value for interface in definition.interfaces or ()}
        for definition in document.definitions
        if isinstance(definition, ObjectTypeDefinitionNode)
        and any(directive.name.value == "key" for directive in definition.directives or ())
    }
    assert entities
    assert all("Node" in interfaces for interfaces in entities.values())
