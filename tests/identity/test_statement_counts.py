"""How many SQL statements an operation takes does not depend on how many rows it returns."""

from uuid import UUID

from shared.auth import Role
from shared.connections import cursor_of
from tests.conftest import Subgraph
from tests.identity.conftest import Found, Hire, Person, School, reads

NESTED = """
query($first: Int!, $after: String) {
  organizations(first: $first, after: $after) {
    totalCount
    edges {
      node {
        name settings { key }
        branches(first: 5) { totalCount edges { node { name organization { name } settings { key } } } }
        members(first: 5) {
          totalCount
          edges { node { role branch { name } organization { slug } user { displayName memberships { role } } } }
        }
      }
    }
  }
}
"""


async def test_the_whole_graph_of_twenty_organizations_takes_as_many_as_of_two(
    identity: Subgraph, platform_user: Person, found: Found
) -> None:
    schools = [await found() for _ in range(20)]
    after = cursor_of(UUID(int=schools[0].uuid.int - 1))
    counts = {}
    for first in (2, 20):
        await identity.platform.redis.delete(*(f"org:{school.uuid}" for school in schools))
        answer = await identity.ask(NESTED, platform_user.viewer, first=first, after=after)
        nodes = [edge["node"] for edge in answer.data["organizations"]["edges"]]
        assert [node["name"] for node in nodes] == [f"School {school.slug}" for school in schools[:first]]
        assert all(len(node["members"]["edges"]) == 3 and len(node["branches"]["edges"]) == 1 for node in nodes)
        counts[first] = (len(reads(answer)), len(answer.asked))
    assert counts[2] == counts[20]
    assert counts[20][0] <= 13


async def test_members_with_their_people_take_as_many_for_fifty_as_for_two(
    identity: Subgraph, school: School, hire: Hire
) -> None:
    members = "members(first: $first) { edges { node { user { email } } } }"
    query = f"query($id: ID!, $first: Int) {{ organization(id: $id) {{ {members} }} }}"
    for _ in range(50):
        await hire(school.uuid, Role.STUDENT, password_hash=None)
    await identity.ask(query, school.admin.viewer, id=school.id, first=1)  # the organization is cached from here on
    two = await identity.ask(query, school.admin.viewer, id=school.id, first=2)
    fifty = await identity.ask(query, school.admin.viewer, id=school.id, first=50)
    assert len(fifty.data["organization"]["members"]["edges"]) == 50
    assert len(two.statements) == len(fifty.statements) == 2
