"""What a release promises to clients: a schema that nothing disappears from unannounced, and the ids that apps send."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from shared.stack import composition
from shared.stack.errors import StackError
from shared.stack.project import Project
from tests.test_architecture import ROOT

SCHEMA = """
type Query {
  course(id: ID!, old: Boolean @deprecated, filter: Filter): Course
  anything: Anything
}
type Course { id: ID! title: String! subtitle: String @deprecated(reason: "Nobody had one.") status: Status! }
type Badge { id: ID! }
union Anything = Course | Badge
enum Status { OPEN CLOSED PAUSED @deprecated }
input Filter { text: String tag: String @deprecated }
"""
OPERATION = "query CoursePage($id: ID!) {\n  course(id: $id) {\n    title\n  }\n}"


@pytest.fixture
def released(tmp_path: Path) -> Project:
    """A project of its own, with one operation, whose last release is what it is now."""
    project = Project(tmp_path, tmp_path / "home", (), 0)
    (project.router / "operations" / "mobile").mkdir(parents=True)
    for name in ("operations.mjs", "compatibility.mjs"):
        (project.router / name).symlink_to(ROOT / "router" / name)
    project.schema.write_text(SCHEMA)
    write(project, "mobile/CoursePage", OPERATION)
    manifest(project)
    assert composition.release(project) == [project.releases / it.name for it in (project.schema, project.manifest)]
    return project


def write(project: Project, name: str, text: str) -> None:
    """Puts an operation where it belongs."""
    path = project.router / "operations" / f"{name}.graphql"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)


def manifest(project: Project) -> list[dict[str, Any]]:
    """Makes the manifest, and reads it."""
    composition.write_manifest(project, project.schema, project.manifest)
    content = json.loads(project.manifest.read_text())
    assert (content["format"], content["version"]) == ("apollo-persisted-query-manifest", 1)
    operations: list[dict[str, Any]] = content["operations"]
    return operations


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (' subtitle: String @deprecated(reason: "Nobody had one.")', ""),
        (" old: Boolean @deprecated,", ""),
        (" PAUSED @deprecated", ""),
        (" tag: String @deprecated", ""),
        ("title: String!", "title: String! length: Int"),
        ("old: Boolean", "new: Boolean, old: Boolean"),
        ("text: String", "text: String level: Int! = 1"),
        ("title: String!", "title: String! @deprecated"),
    ],
)
def test_what_was_deprecated_may_go_and_anything_may_be_added(released: Project, before: str, after: str) -> None:
    assert SCHEMA.count(before) == 1
    released.schema.write_text(SCHEMA.replace(before, after))
    composition.check_compatibility(released)
    manifest(released)


@pytest.mark.parametrize(
    ("before", "after", "named"),
    [
        (" title: String!", "", "Course.title"),
        (", filter: Filter", "", "Query.course.filter"),
        ("OPEN CLOSED", "OPEN", "Status.CLOSED"),
        ("{ text: String", "{", "Filter.text"),
        (" | Badge", "", "Anything"),
        ("title: String!", "title: String", "Course.title"),
        ("title: String!", "title: Int!", "Course.title"),
        ("old: Boolean", "required: Int!, old: Boolean", "Query.course.required"),
        ("text: String", "text: String! ", "Filter.text"),
        ("text: String", "text: String level: Int!", "Filter.level"),
    ],
)
def test_what_was_promised_may_not_go(released: Project, before: str, after: str, named: str) -> None:
    assert SCHEMA.count(before) == 1
    released.schema.write_text(SCHEMA.replace(before, after))
    with pytest.raises(StackError, match=named):
        composition.check_compatibility(released)
    with pytest.raises(StackError, match=named):
        composition.release(released)
    assert (released.releases / released.schema.name).read_text() == SCHEMA


def test_an_id_is_the_hash_of_its_document_whatever_the_white_space(released: Project) -> None:
    [operation] = manifest(released)
    assert operation == {
        "id": hashlib.sha256(OPERATION.encode()).hexdigest(),
        "name": "CoursePage",
        "type": "query",
        "body": OPERATION,
        "clientName": "mobile",
    }
    write(released, "mobile/CoursePage", f"# The page\n{OPERATION.replace('  ', ' ')}\n\n")
    assert manifest(released) == [operation]


def test_what_installed_apps_send_stays_when_an_operation_changes(released: Project) -> None:
    [old] = manifest(released)
    write(released, "mobile/CoursePage", OPERATION.replace("title", "status"))
    assert {operation["id"] for operation in manifest(released)} > {old["id"]}
    (released.router / "operations" / "mobile" / "CoursePage.graphql").unlink()
    assert manifest(released) == [old]
    released.schema.write_text(SCHEMA.replace(" title: String!", ""))
    with pytest.raises(StackError, match=r"mobile/CoursePage.graphql: Cannot query field .title."):
        manifest(released)


def test_one_operation_of_two_classes_is_two_entries(released: Project) -> None:
    write(released, "partner/CoursePage", OPERATION)
    first, second = manifest(released)
    assert (first["clientName"], second["clientName"]) == ("mobile", "partner")
    assert first["id"] == second["id"]


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("web/Wrong", "query Wrong { nothing }", "web/Wrong.graphql: Cannot query field .nothing."),
        ("web/Two", "query Two { __typename } query Three { __typename }", "one operation in a file"),
        ("web/None", "fragment None on Course { id }", "one operation in a file"),
        ("web/Other", "query Another { __typename }", "must be called Other"),
        ("web/Nameless", "{ __typename }", "must be called Nameless"),
        ("web/Odd", "query Odd {", "Syntax Error"),
        ("kiosk/Home", "query Home { __typename }", "kiosk is none of"),
    ],
)
def test_an_operation_that_cannot_be_served_is_refused_and_named(
    released: Project, name: str, text: str, message: str
) -> None:
    before = released.manifest.read_text()
    write(released, name, text)
    with pytest.raises(StackError, match=message):
        manifest(released)
    assert released.manifest.read_text() == before


def test_making_it_twice_changes_nothing(released: Project) -> None:
    first = released.manifest.read_bytes()
    manifest(released)
    assert released.manifest.read_bytes() == first
    assert composition.release(released) == []
