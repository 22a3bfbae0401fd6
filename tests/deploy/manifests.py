"""compose.yaml, the Dockerfile and the Kubernetes manifests, read as those who run them would."""

import os
import re
import secrets
import subprocess
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import yaml
from dotenv import dotenv_values
from pydantic_settings import BaseSettings

from shared.migrations import logins
from shared.settings import Settings
from shared.stack import env_file, keys
from shared.stack.programs import node
from shared.stack.project import Project

Json = dict[str, Any]

ROOT = Path(__file__).parents[2]
SUBGRAPHS = Project.load().subgraphs
SITE = {"LYCEUM_SITE": "learn.example"}
KUBERNETES = ROOT / "deploy" / "kubernetes"

LIBRARIES = {"NODE_ENV", "PGSSLMODE", "OTEL_EXPORTER_OTLP_ENDPOINT"}
"""What libraries of ours read by themselves, besides what a bucket asks for (`AWS_…`)."""

_VARIABLE = re.compile(r"\$\$|\$\{(?P<name>\w+)(?:(?P<operator>:[-?])(?P<other>(?:[^{}$]|\$\{\w+\})*))?\}")


def interpolated(text: str, variables: Mapping[str, str]) -> str:
    """What Compose makes of `${NAME}`, `${NAME:-other}`, `${NAME:?message}`, `$$`; KeyError where it would refuse."""

    def value(match: re.Match[str]) -> str:
        if match[0] == "$$":
            return "$"
        found = variables.get(match["name"])
        if found:
            return found
        if match["operator"] == ":-":
            return interpolated(match["other"], variables)
        raise KeyError(match["name"])

    return _VARIABLE.sub(value, text)


@cache
def raw_compose() -> Json:
    """compose.yaml as it is written."""
    content: Json = yaml.safe_load((ROOT / "compose.yaml").read_text())
    return content


def compose(variables: Mapping[str, str]) -> Json:
    """compose.yaml with the variables of an operator."""

    def filled(value: Any) -> Any:
        match value:
            case str():
                return interpolated(value, variables)
            case dict():
                return {name: filled(each) for name, each in value.items()}
            case list():
                return [filled(each) for each in value]
        return value

    content: Json = filled({name: each for name, each in raw_compose().items() if not name.startswith("x-")})
    for service in content["services"].values():
        environment = service.get("environment", {})
        service["environment"] = {name: value for name, value in environment.items() if value is not None}
    return content


@cache
def operators_variables() -> dict[str, str]:
    """What `lyceum secrets` makes, and the name of the site."""
    path = Path(os.environ.get("TMPDIR", "/tmp")) / f"lyceum-secrets-{secrets.token_hex(8)}"
    try:
        env_file.complete(path, SUBGRAPHS)
        return SITE | {name: value for name, value in dotenv_values(path).items() if value}
    finally:
        path.unlink()


def services() -> Json:
    """The services of compose.yaml with all that they need."""
    found: Json = compose(operators_variables())["services"]
    return found


@cache
def documents() -> list[Json]:
    """The Kubernetes objects."""
    paths = [path for path in sorted(KUBERNETES.rglob("*.yaml")) if path.name != "kustomization.yaml"]
    return [document for path in paths for document in yaml.safe_load_all(path.read_text())]


def of_kind(*kinds: str) -> Iterator[Json]:
    """The Kubernetes objects of these kinds."""
    return (document for document in documents() if document["kind"] in kinds)


def workloads() -> dict[str, Json]:
    """The pods of the Deployments and the Job, by name."""
    return {each["metadata"]["name"]: each["spec"]["template"] for each in of_kind("Deployment", "Job")}


ENGINES = {
    "OWNER_DATABASE_URL": "postgresql://lyceum:owner@postgres.example:5432/lyceum",
    "REDIS_URL": "rediss://redis.example:6379",
    "MONGODB_URL": "mongodb+srv://mongodb.example",
    "ELASTICSEARCH_URL": "https://elasticsearch.example:9200",
    "OBJECT_STORE_URL": "s3://media.example",
}
"""The Secret `lyceum-engines` of somebody whose engines are elsewhere."""


def pod_environment(pod: Json) -> dict[str, str]:
    """The environment of a pod, with Secrets that `lyceum secrets` and an operator would make."""
    maps = {each["metadata"]["name"]: each["data"] for each in of_kind("ConfigMap")}
    stored = {"lyceum": operators_variables(), "lyceum-engines": ENGINES}
    container = pod["spec"]["containers"][0]
    environment: dict[str, str] = {}
    for source in container["envFrom"]:
        environment |= maps[source["configMapRef"]["name"]]
    for variable in container["env"]:
        if "value" in variable:
            value = re.sub(r"\$\((\w+)\)", lambda match: environment[match[1]], variable["value"])
        elif reference := variable["valueFrom"].get("configMapKeyRef"):
            value = maps[reference["name"]][reference["key"]]
        else:
            reference = variable["valueFrom"]["secretKeyRef"]
            if reference.get("optional") and reference["key"] not in stored[reference["name"]]:
                continue
            value = stored[reference["name"]][reference["key"]]
        environment[variable["name"]] = value
    return environment


def settings_of(subgraph: str) -> type[BaseSettings]:
    """The class of a subgraph's settings."""
    try:
        settings: type[BaseSettings] = import_module(f"subgraphs.{subgraph}.settings").Settings
    except ModuleNotFoundError:
        return Settings
    return settings


def read_by(process: str) -> set[str]:
    """The variables that a process reads: a subgraph, `router`, or `migrate`."""
    if process == "router":
        return set(re.findall(r"\bLYCEUM_\w+", (ROOT / "router" / "settings.ts").read_text())) | LIBRARIES
    if process == "migrate":  # and the jobs: they run as any of the subgraphs
        passwords = {keys.password_variable(login) for name in SUBGRAPHS for login in logins(name)}
        return passwords.union(*map(read_by, SUBGRAPHS))
    fields = settings_of(process).model_fields.items()
    return {str(field.validation_alias or f"LYCEUM_{name.upper()}") for name, field in fields} | LIBRARIES


def is_known(variable: str, process: str) -> bool:
    """Whether the process reads it."""
    return variable in read_by(process) or (variable.startswith("AWS_") and process in ("content", "migrate"))


def refusal(process: str, environment: Mapping[str, str], monkeypatch: pytest.MonkeyPatch) -> str | None:
    """What the process says of this environment before it ends; None when it would start."""
    if process == "router":
        program = [str(node()), "--input-type=module", "--eval", "await import('./settings.ts')"]
        ended = subprocess.run(
            program, cwd=ROOT / "router", env=dict(environment), capture_output=True, text=True, check=False
        )
        return ended.stderr if ended.returncode else None
    with monkeypatch.context() as patch:
        for name in list(os.environ):
            patch.delenv(name)
        for name, value in environment.items():
            patch.setenv(name, value)
        try:
            settings_of(process).load()  # type: ignore[attr-defined]
        except SystemExit as error:
            return str(error.code)
    return None


def is_secret(name: str) -> bool:
    """Whether a variable of this name holds a secret, or an address with one in it."""
    return name == "LYCEUM_SIGNING_KEYS" or bool(
        re.search(r"PASSWORD|SECRET|API_KEY|ACCESS_KEY|DATABASE_URL|REDIS", name)
    )
