"""compose.yaml and the Dockerfile: by the specification, and by what our processes really read and answer."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from shared.migrations import logins
from shared.stack import keys
from tests.deploy.manifests import (
    ROOT,
    SUBGRAPHS,
    compose,
    is_known,
    is_secret,
    operators_variables,
    raw_compose,
    refusal,
    services,
)

OURS = (*SUBGRAPHS, "router", "migrate")
SERVICES = sorted(raw_compose()["services"])
UNASKED = {"collector", "tempo", "migrate"}
"""Images that hold nothing to ask them with, and a job."""


def checked(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs a checker of the environment to its end."""
    command = [str(Path(sys.executable).parent / program), *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_it_is_a_compose_file(tmp_path: Path) -> None:
    good = checked("check-jsonschema", "--builtin-schema", "vendor.compose-spec", "compose.yaml")
    assert good.returncode == 0, good.stdout
    wrong = tmp_path / "compose.yaml"
    wrong.write_text((ROOT / "compose.yaml").read_text().replace("  init: true\n", "  innit: true\n"))
    assert checked("check-jsonschema", "--builtin-schema", "vendor.compose-spec", str(wrong)).returncode == 1


def test_the_dockerfile_is_well_made(tmp_path: Path) -> None:
    good = checked("hadolint", "Dockerfile")
    assert good.returncode == 0, good.stdout
    wrong = tmp_path / "Dockerfile"
    wrong.write_text("FROM python\nRUN apt-get install curl\n")
    assert checked("hadolint", str(wrong)).returncode == 1


def test_the_images_leave_root_and_name_their_bases() -> None:
    stages = re.split(r"^FROM ", (ROOT / "Dockerfile").read_text(), flags=re.MULTILINE)[1:]
    for stage in stages:
        base, _, name = stage.splitlines()[0].partition(" AS ")
        assert re.search(r":\d", base), base
        if name in ("lyceum", "proxy"):
            assert re.search(r"^USER 10001:10001$", stage, re.MULTILINE), name
            assert re.search(r"^HEALTHCHECK ", stage, re.MULTILINE), name


def test_what_the_dockerfile_copies_is_there_and_let_through() -> None:
    text = (ROOT / "Dockerfile").read_text()
    copied = [line.split()[1:-1] for line in text.splitlines() if line.startswith("COPY ") and "--from" not in line]
    allowed = [line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")]
    for path in (path for paths in copied for path in paths):
        assert (ROOT / path).exists(), path
        assert any(path == each or path.startswith(f"{each}/") for each in allowed), path


@pytest.mark.parametrize("name", SERVICES)
def test_a_container_can_do_no_more_than_it_must(name: str) -> None:
    service = services()[name]
    assert service["user"].split(":")[0] not in ("", "0", "root")
    assert service["cap_drop"] == ["ALL"]
    assert "cap_add" not in service
    assert "privileged" not in service
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["read_only"] is (name != "elasticsearch")
    assert service["deploy"]["resources"]["limits"].keys() == {"cpus", "memory"}
    assert re.search(r":v?\d+\.\d+", service["image"]), service["image"]


@pytest.mark.parametrize("name", SERVICES)
def test_whoever_can_be_asked_is_asked_for_its_health(name: str) -> None:
    check = services()[name].get("healthcheck", {})
    assert ("test" in check) is (name not in UNASKED)


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_waits_for_what_tells_that_it_is_ready(name: str) -> None:
    needed = services()[name].get("depends_on", {})
    for other, how in needed.items():
        expected = {"migrate": "service_completed_successfully"}.get(
            other, "service_started" if other in UNASKED else "service_healthy"
        )
        assert how["condition"] == expected, other


def test_only_the_proxy_is_open_to_the_world() -> None:
    open_ports = {name: service["ports"] for name, service in services().items() if "ports" in service}
    assert open_ports.pop("proxy") == ["80:8080", "443:8443", "443:8443/udp"]
    assert open_ports == {"grafana": ["127.0.0.1:3000:3000"]}


def test_the_engines_are_reached_by_those_who_use_them_alone() -> None:
    found = services()
    networks = {name: set(service["networks"]) for name, service in found.items()}
    inside = {name for name, joined in networks.items() if "engines" in joined}
    assert inside == {*SUBGRAPHS, "migrate", "postgres", "redis", "mongodb", "elasticsearch"}
    assert networks["proxy"] == {"edge"}
    assert {name for name, joined in networks.items() if "edge" in joined} == {
        "proxy",
        "router",
        "credentials",
        "content",
    }
    assert compose(operators_variables())["networks"]["engines"] == {"internal": True}


@pytest.mark.parametrize("name", sorted(operators_variables()))
def test_nothing_starts_without_a_secret(name: str) -> None:
    lacking = {variable: value for variable, value in operators_variables().items() if variable != name}
    with pytest.raises(KeyError, match=name):
        compose(lacking)


def test_no_secret_is_written_down() -> None:
    for service in raw_compose()["services"].values():
        for name, value in service.get("environment", {}).items():
            if is_secret(name) and value is not None:
                assert re.search(r"\$\{\w+:\?", value), name


@pytest.mark.parametrize("name", OURS)
def test_a_process_is_told_what_it_reads(name: str) -> None:
    environment = raw_compose()["services"][name]["environment"]
    assert [variable for variable in environment if not is_known(variable, name)] == []


@pytest.mark.parametrize("name", [*SUBGRAPHS, "router"])
def test_a_process_would_start_with_its_environment(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    environment = services()[name]["environment"]
    assert refusal(name, environment, monkeypatch) is None
    without = {variable: value for variable, value in environment.items() if variable != "LYCEUM_ROUTER_SECRET"}
    assert refusal(name, without, monkeypatch)


@pytest.mark.parametrize("name", SUBGRAPHS)
def test_a_subgraph_is_where_the_router_looks_for_it(name: str) -> None:
    supergraph = (ROOT / "router" / "supergraph.graphql").read_text()
    address = re.search(rf'name: "{name}", url: "([^"]+)"', supergraph)
    assert address
    service = services()[name]
    command = service["command"]
    assert command[:2] == ["serve", name]
    assert address[1] == f"http://{name}:{command[command.index('--port') + 1]}/graphql"
    assert service["healthcheck"]["test"][-2:] == [command[command.index("--port") + 1], "/ready"]
    tenant, system = logins(name)
    variables, environment = operators_variables(), service["environment"]
    for login, variable in ((tenant, "DATABASE_URL"), (system, "SYSTEM_DATABASE_URL")):
        password = variables[keys.password_variable(login)]
        assert environment[variable] == f"postgresql://{login}:{password}@postgres:5432/lyceum"


def test_the_job_sets_the_passwords_that_the_subgraphs_have() -> None:
    environment = services()["migrate"]["environment"]
    for name in SUBGRAPHS:
        for login in logins(name):
            variable = keys.password_variable(login)
            assert environment[variable] == operators_variables()[variable]


def files_of_ours(service: dict[str, Any]) -> list[Path]:
    """What a service takes from the project."""
    return [ROOT / volume.split(":")[0] for volume in service.get("volumes", []) if volume.startswith("./")]


TELEMETRY = {"collector", "tempo", "loki", "prometheus", "grafana"}


@pytest.mark.parametrize("name", sorted(TELEMETRY))
@pytest.mark.skipif(not (ROOT / "deploy" / "telemetry").exists(), reason="The telemetry's files are not there yet.")
def test_what_a_service_takes_from_the_project_is_there(name: str) -> None:
    assert [path for path in files_of_ours(services()[name]) if not path.exists()] == []


def test_volumes_and_networks_are_declared() -> None:
    content = compose(operators_variables())
    used = [volume.split(":")[0] for each in content["services"].values() for volume in each.get("volumes", [])]
    assert {volume for volume in used if not volume.startswith(".")} == content["volumes"].keys()
    assert {name for each in content["services"].values() for name in each["networks"]} == content["networks"].keys()
