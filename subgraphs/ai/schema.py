"""Ai's GraphQL schema."""

from shared.graphql import Schema
from subgraphs.ai.mutations import Mutation
from subgraphs.ai.queries import Query
from subgraphs.ai.types import ContentItem, User

schema = Schema(Query, Mutation, types=[ContentItem, User])
