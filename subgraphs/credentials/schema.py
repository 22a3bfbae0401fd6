"""Credentials' GraphQL schema."""

from shared.graphql import Schema
from subgraphs.credentials.mutations import Mutation
from subgraphs.credentials.queries import Query
from subgraphs.credentials.subscriptions import Subscription
from subgraphs.credentials.types import Course, Enrollment, User

schema = Schema(Query, Mutation, Subscription, types=[Course, Enrollment, User])
