"""Content's GraphQL schema."""

from shared.graphql import Schema
from subgraphs.content.mutations import Mutation
from subgraphs.content.queries import Query
from subgraphs.content.types import Module

schema = Schema(Query, Mutation, types=[Module])
