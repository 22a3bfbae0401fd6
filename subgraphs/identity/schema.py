"""Identity's GraphQL schema."""

from shared.graphql import Schema
from subgraphs.identity.limits import OneCredentialAttempt
from subgraphs.identity.mutations import Mutation
from subgraphs.identity.queries import Query
from subgraphs.identity.types import ELSEWHERE, OWN

schema = Schema(Query, Mutation, types=[*OWN, *ELSEWHERE], rules=[OneCredentialAttempt])
