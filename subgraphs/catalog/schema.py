"""Catalog's GraphQL schema."""

from shared.graphql import Schema
from subgraphs.catalog.mutations import Mutation
from subgraphs.catalog.queries import Query
from subgraphs.catalog.subscriptions import Subscription
from subgraphs.catalog.types import Organization, User

schema = Schema(Query, Mutation, Subscription, types=[Organization, User])
