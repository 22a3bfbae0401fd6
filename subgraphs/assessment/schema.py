"""Assessment's GraphQL schema."""

from shared.graphql import Schema
from subgraphs.assessment.mutations import Mutation
from subgraphs.assessment.queries import Query
from subgraphs.assessment.types import Course, Enrollment

schema = Schema(Query, Mutation, types=[Course, Enrollment])
