"""Jobs: certificates and awards for many, told of as they go on, to be ended, and never done twice."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from shared import ids
from shared.auth import Role
from shared.jobs import Step
from subgraphs.credentials import jobs
from tests.catalog.sockets import Watcher, connected, params, served
from tests.conftest import Subgraph, Tenant, viewer
from tests.credentials.certificates_kit import (
    ARCHIVE,
    ASK,
    AWARD,
    CANCEL,
    ISSUE,
    certificates,
    complete,
    finished,
    made,
    new_template,
)
from tests.credentials.conftest import (
    apply,
    course_done,
    create,
    emitted,
    items,
    named,
    new_course,
    nothing_changes,
    organization_named,
    rows,
    students,
    user_id,
)
from tests.credentials.issuing_kit import awards_of, get, path_of
from tests.credentials.jobs_kit import begin, done_before, issue

WATCH = "subscription($id: ID!) { jobProgress(jobId: $id) { id status total done failed } }"


class JobWatcher(Watcher):
    """One subscription, and all it has been told."""

    field = "jobProgress"


async def test_everybody_who_has_completed_the_course_gets_a_printed_certificate(
    credentials: Subgraph, tenant: Tenant
) -> None:
    course_id, people = await done_before(credentials, tenant, 120)
    await new_template(credentials, tenant)
    begun = await issue(credentials, tenant.teacher, course_id)
    assert begun["__typename"] == "Job", begun
    assert (begun["kind"], begun["status"], begun["total"], begun["done"]) == ("ISSUE_CERTIFICATES", "QUEUED", 120, 0)
    ended = await finished(credentials, tenant.teacher, begun)
    assert (ended["status"], ended["done"], ended["failed"], ended["errors"]) == ("DONE", 120, 0, [])
    assert await rows(credentials, tenant, "SELECT count(*), count(DISTINCT user_id), count(printed) FROM award") == [
        (120, 120, 120)
    ]
    assert len(await emitted(credentials, tenant, "certificate.issued")) == 120
    (found,) = await certificates(credentials, people[77])
    assert (await get(credentials, path_of(found["pdfUrl"]))).content.startswith(b"%PDF")
    actors = "SELECT DISTINCT user_id FROM audit WHERE action = 'certificate.issued'"
    assert await rows(credentials, tenant, actors) == [(tenant.teacher.user_id,)]
    assert (await issue(credentials, tenant.teacher, course_id))["status"] == "DONE"  # nobody is left


async def test_named_people_get_theirs_and_others_an_error(credentials: Subgraph, tenant: Tenant) -> None:
    course_id, people = await done_before(credentials, tenant, 2)
    await apply(credentials, tenant, named(tenant.student), named(people[1], "ꯃꯩꯇꯩ"))
    template = await new_template(credentials, tenant, isDefault=False)
    asked = [user_id(it) for it in (people[0], tenant.student, people[1], people[0])]
    begun = await issue(credentials, tenant.admin, course_id, userIds=asked, templateId=template["id"])
    assert begun["total"] == 3
    ended = await finished(credentials, tenant.admin, begun)
    assert (ended["done"], ended["failed"]) == (3, 2)
    assert {it["user"]["id"]: it["code"] for it in ended["errors"]} == {
        asked[1]: "NOT_COMPLETED",
        asked[2]: "UNPRINTABLE",
    }
    owners = await rows(credentials, tenant, "SELECT user_id FROM award ORDER BY user_id")
    assert [row.user_id for row in owners] == sorted(it.user_id for it in people if it.user_id)


async def test_awards_for_many(credentials: Subgraph, tenant: Tenant) -> None:
    course_id, people = await new_course(credentials, tenant, items=1), students(tenant, 150)
    await apply(credentials, tenant, organization_named(tenant), *(named(who) for who in people))
    badge = await create(credentials, tenant.teacher, items(course_id, 1))
    input = {"badgeId": badge["id"], "userIds": [user_id(who) for who in people]}
    begun = await made(credentials, AWARD, tenant.teacher, input=input)
    ended = await finished(credentials, tenant.teacher, begun)
    assert (ended["kind"], ended["status"], ended["done"], ended["failed"]) == ("ISSUE_AWARDS", "DONE", 150, 0)
    assert len(await awards_of(credentials, people[42])) == 1
    assert len(await emitted(credentials, tenant, "award.issued")) == 150
    again = await finished(credentials, tenant.teacher, await made(credentials, AWARD, tenant.teacher, input=input))
    assert again["failed"] == 0
    assert len(await emitted(credentials, tenant, "award.issued")) == 150


async def test_the_same_key_begins_one_job(credentials: Subgraph, tenant: Tenant) -> None:
    course_id, _ = await done_before(credentials, tenant, 3)
    await new_template(credentials, tenant)
    begun = await asyncio.gather(*(issue(credentials, tenant.admin, course_id, "once") for _ in range(5)))
    assert len({it["id"] for it in begun}) == 1
    await finished(credentials, tenant.admin, begun[0])
    assert await rows(credentials, tenant, "SELECT count(*) FROM job") == [(1,)]


async def test_it_is_told_of_until_it_ends(credentials: Subgraph, tenant: Tenant, url: str) -> None:
    course_id, _ = await done_before(credentials, tenant, 160)
    await new_template(credentials, tenant)
    begun = await issue(credentials, tenant.teacher, course_id)
    async with connected(url, params(credentials, tenant.teacher)) as session:
        watcher = JobWatcher(session, begun["id"], WATCH)
        async with asyncio.timeout(30):
            while not watcher.states or watcher.states[-1]["status"] != "DONE":
                await asyncio.sleep(0.05)
        await watcher.close()
    done = [state["done"] for state in watcher.states]
    assert done == sorted(done)
    assert done[-1] == 160
    assert len(done) > 2


@pytest.mark.parametrize("who", ["stranger", "student", "other teacher", "nobody"])
async def test_others_do_not_watch_or_end_it(
    credentials: Subgraph, tenant: Tenant, stranger: Tenant, url: str, who: str
) -> None:
    course_id, _ = await done_before(credentials, tenant, 1)
    await new_template(credentials, tenant)
    begun = await issue(credentials, tenant.teacher, course_id)
    person = {
        "stranger": stranger.admin,
        "student": tenant.student,
        "other teacher": viewer(Role.TEACHER, tenant.id),
        "nobody": None,
    }[who]
    signed_in = person is not None
    asked, cancelled = (
        await credentials.ask(ASK, person, id=begun["id"]),
        await credentials.ask(CANCEL, person, id=begun["id"]),
    )
    if signed_in:
        assert asked.data["job"] is None
        assert cancelled.codes == ["FORBIDDEN"] if who == "student" else cancelled.data["made"]["code"] == "NOT_FOUND"
    else:
        assert asked.codes == cancelled.codes == ["UNAUTHENTICATED"]
    async with connected(url, params(credentials, person)) as session:
        watcher = JobWatcher(session, begun["id"], WATCH)
        assert await watcher.ends() == ["NOT_FOUND" if signed_in else "UNAUTHENTICATED"]
        await watcher.close()
    assert (await finished(credentials, tenant.admin, begun))["status"] == "DONE"


async def test_the_queue_shows_a_tenant_nothing_of_others(
    credentials: Subgraph, tenant: Tenant, stranger: Tenant
) -> None:
    await begin(credentials, tenant, "nobody's", [ids.new_id()])
    for table in ("job", "pgqueuer"):
        assert await rows(credentials, tenant, f"SELECT count(*) FROM {table}") == [(1,)]
        assert await rows(credentials, stranger, f"SELECT count(*) FROM {table}") == [(0,)]
    for table in ("pgqueuer_log", "pgqueuer_statistics", "pgqueuer_schedules"):
        assert await rows(credentials, tenant, f"SELECT count(*) FROM {table}") == [(0,)]


BAD = {
    "an unknown course": ({"courseId": "course_01h455vb4pex5vsknk084sn02q"}, "NOT_FOUND"),
    "no id": ({"courseId": "x"}, "NOT_FOUND"),
    "no people": ({"userIds": []}, "INVALID_INPUT"),
    "too many people": ({"userIds": ["user_01h455vb4pex5vsknk084sn02q"] * 10_001}, "INVALID_INPUT"),
    "what is no user": ({"userIds": ["course_01h455vb4pex5vsknk084sn02q"]}, "INVALID_INPUT"),
    "what is no template": ({"templateId": "x"}, "NOT_FOUND"),
    "an unknown template": ({"templateId": "certificate_template_01h455vb4pex5vsknk084sn02q"}, "INVALID_INPUT"),
}


@pytest.mark.parametrize("case", BAD)
async def test_bad_input_begins_nothing(credentials: Subgraph, tenant: Tenant, case: str) -> None:
    course_id, _ = await done_before(credentials, tenant, 1)
    await new_template(credentials, tenant)
    changes, code = BAD[case]
    async with nothing_changes(credentials, tenant):
        refused = await issue(credentials, tenant.admin, course_id, **changes)
    assert refused["code"] == code, refused


async def test_without_a_usable_template_nothing_begins(
    credentials: Subgraph, tenant: Tenant, stranger: Tenant
) -> None:
    course_id, _ = await done_before(credentials, tenant, 1)
    theirs = await new_template(credentials, stranger)
    archived = await new_template(credentials, tenant)
    await made(credentials, ARCHIVE, tenant.admin, id=archived["id"])
    for template_id in (None, theirs["id"], archived["id"]):
        async with nothing_changes(credentials, tenant):
            refused = await issue(credentials, tenant.admin, course_id, templateId=template_id)
        assert [it["path"] for it in refused["fields"]] == [["input", "templateId"]]


async def test_other_tenants_badges_and_courses_are_not_found(
    credentials: Subgraph, tenant: Tenant, stranger: Tenant
) -> None:
    course_id, _ = await done_before(credentials, tenant, 1)
    await new_template(credentials, stranger)
    badge = await create(credentials, tenant.teacher, items(await new_course(credentials, tenant, items=1), 1))
    async with nothing_changes(credentials, tenant, stranger):
        assert (await issue(credentials, stranger.admin, course_id))["code"] == "NOT_FOUND"
        input = {"badgeId": badge["id"], "userIds": [user_id(stranger.student)]}
        assert (await made(credentials, AWARD, stranger.admin, input=input))["code"] == "NOT_FOUND"


async def test_people_of_other_tenants_are_refused(credentials: Subgraph, tenant: Tenant, stranger: Tenant) -> None:
    course_id, people = await done_before(credentials, tenant, 1)
    await new_template(credentials, tenant)
    await apply(credentials, stranger, named(stranger.student))
    badge = await create(credentials, tenant.teacher, items(await new_course(credentials, tenant, items=1), 1))
    user_ids = [user_id(people[0]), user_id(stranger.student)]
    async with nothing_changes(credentials, tenant, stranger):
        refused = [
            await issue(credentials, tenant.admin, course_id, userIds=user_ids),
            await made(credentials, AWARD, tenant.admin, input={"badgeId": badge["id"], "userIds": user_ids}),
        ]
    for it in refused:
        assert [field["path"] for field in it["fields"]] == [["input", "userIds", "1"]]


async def test_students_begin_nothing(credentials: Subgraph, tenant: Tenant) -> None:
    input = {"courseId": "course_01h455vb4pex5vsknk084sn02q"}
    assert (await credentials.ask(ISSUE, tenant.student, input=input)).codes == ["FORBIDDEN"]
    input = {"badgeId": "badge_01h455vb4pex5vsknk084sn02q", "userIds": ["user_01h455vb4pex5vsknk084sn02q"]}
    assert (await credentials.ask(AWARD, tenant.student, input=input)).codes == ["FORBIDDEN"]


async def test_a_step_takes_so_many_statements_however_many_people_it_is_for(
    credentials: Subgraph, tenant: Tenant
) -> None:
    await new_template(credentials, tenant)
    take = jobs.WORK["ISSUE_CERTIFICATES"].take
    counts = []
    for number in (2, 40):
        course_id, people = await new_course(credentials, tenant), students(tenant, number)
        await complete(credentials, tenant, course_id, names=True)
        await apply(credentials, tenant, *(named(who) for who in people))
        template_ids = await rows(credentials, tenant, "SELECT id FROM certificate_template")
        await rows(credentials, tenant, "UPDATE certificate_template SET is_default = false")
        await apply(credentials, tenant, *(course_done(who, course_id) for who in people))
        about = {"course": str(course_id), "template": str(template_ids[0].id)}
        subjects = [who.user_id for who in people if who.user_id]
        with credentials.counted() as statements:
            failed = await take(credentials.platform, Step(ids.new_id(), about, subjects, tenant.admin))
        assert failed == []
        counts.append(len([it for it in statements if it != "BEGIN"]))
    assert counts[0] == counts[1]
    assert counts[0] <= 12


@pytest.fixture
async def url(credentials: Subgraph) -> AsyncIterator[str]:
    """Where credentials listens."""
    async with served(credentials.app) as address:
        yield address
