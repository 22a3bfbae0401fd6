"""The Kubernetes manifests: by the API's schemas, and by what our processes really read and answer."""

import copy
import re
from typing import Any

import kubernetes_validate
import pytest
import yaml

from shared.migrations import logins
from shared.stack import keys
from tests.deploy.manifests import (
    KUBERNETES,
    ROOT,
    SUBGRAPHS,
    documents,
    is_known,
    of_kind,
    operators_variables,
    pod_environment,
    read_by,
    refusal,
    workloads,
)

VERSIONS = ("1.33", "1.37")
"""The oldest that has all that the manifests use without a switch, and the newest."""

PROCESSES = (*SUBGRAPHS, "router")
PORTS = dict.fromkeys(SUBGRAPHS, 8000) | {"router": 4000}


def titled(document: dict[str, Any]) -> str:
    """What a test of this object is called."""
    return f"{document['kind']}-{document['metadata']['name']}"


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("document", documents(), ids=titled)
def test_an_object_is_what_the_api_takes(document: dict[str, Any], version: str) -> None:
    kubernetes_validate.validate(document, version, strict=True)


def test_the_schemas_refuse_what_the_api_would() -> None:
    wrong = copy.deepcopy(next(of_kind("Deployment")))
    wrong["spec"]["template"]["spec"]["containers"][0]["imagee"] = "lyceum"
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, VERSIONS[0], strict=True)


def test_every_file_is_applied_by_one_of_the_three_steps() -> None:
    listed = {
        (path.parent / name)
        for path in KUBERNETES.glob("*/kustomization.yaml")
        for name in yaml.safe_load(path.read_text())["resources"]
    }
    assert listed == {path for path in KUBERNETES.rglob("*.yaml") if path.name != "kustomization.yaml"}
    assert {path.parent.name for path in KUBERNETES.rglob("kustomization.yaml")} == {"foundation", "migrate", "graph"}


@pytest.mark.parametrize("name", [*PROCESSES, "migrate"])
def test_a_pod_can_do_no_more_than_it_must(name: str) -> None:
    pod = workloads()[name]["spec"]
    assert pod["automountServiceAccountToken"] is False
    assert pod["enableServiceLinks"] is False
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert re.search(rf"^USER {pod['securityContext']['runAsUser']}:", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    container = pod["containers"][0]
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert container["resources"]["requests"].keys() == {"cpu", "memory"}
    assert "memory" in container["resources"]["limits"]
    assert re.fullmatch(r"lyceum:\d+\.\d+\.\d+", container["image"])


@pytest.mark.parametrize("name", [*PROCESSES, "migrate"])
def test_a_pod_is_told_what_its_process_reads(name: str) -> None:
    container = workloads()[name]["spec"]["containers"][0]
    names = {variable["name"] for variable in container["env"]}
    referred = {
        each for variable in container["env"] for each in re.findall(r"\$\((\w+)\)", str(variable.get("value")))
    }
    assert {variable for variable in names - referred if not is_known(variable, name)} == set()
    for source in container["envFrom"]:
        (shared,) = (
            each for each in of_kind("ConfigMap") if each["metadata"]["name"] == source["configMapRef"]["name"]
        )
        assert shared["data"].keys() <= set.union(*map(read_by, PROCESSES))


@pytest.mark.parametrize("name", PROCESSES)
def test_a_process_would_start_with_its_pods_environment(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    environment = pod_environment(workloads()[name])
    assert refusal(name, environment, monkeypatch) is None
    without = {variable: value for variable, value in environment.items() if variable != "LYCEUM_JWKS_URL"}
    assert refusal(name, without, monkeypatch)


def test_no_secret_is_written_down() -> None:
    assert not list(of_kind("Secret"))
    for pod in workloads().values():
        for variable in pod["spec"]["containers"][0]["env"]:
            if re.search(r"PASSWORD|SECRET|_KEYS?$|REDIS_URL", variable["name"]):
                assert "secretKeyRef" in variable["valueFrom"], variable["name"]


@pytest.mark.parametrize("name", SUBGRAPHS)
def test_a_subgraph_is_where_the_router_looks_for_it(name: str) -> None:
    assert f'url: "http://{name}:8000/graphql"' in (ROOT / "router" / "supergraph.graphql").read_text()
    container = workloads()[name]["spec"]["containers"][0]
    assert container["args"] == ["serve", name, "--host", "0.0.0.0", "--port", "8000"]
    environment, passwords = pod_environment(workloads()[name]), operators_variables()
    for login, variable in zip(logins(name), ("DATABASE_URL", "SYSTEM_DATABASE_URL"), strict=True):
        assert environment[variable].startswith(f"postgresql://{login}:{passwords[keys.password_variable(login)]}@")


@pytest.mark.parametrize("name", PROCESSES)
def test_a_process_is_served_scaled_and_kept_from_disruption(name: str) -> None:
    pod = workloads()[name]
    labels = pod["metadata"]["labels"].items()
    (service,) = (each for each in of_kind("Service") if each["metadata"]["name"] == name)
    assert service["spec"]["selector"].items() <= labels
    assert service["spec"]["ports"][0]["port"] == PORTS[name]
    assert pod["spec"]["containers"][0]["ports"] == [{"name": "http", "containerPort": PORTS[name]}]
    (scaler,) = (each for each in of_kind("HorizontalPodAutoscaler") if each["metadata"]["name"] == name)
    assert scaler["spec"]["scaleTargetRef"]["name"] == name
    assert 2 <= scaler["spec"]["minReplicas"] < scaler["spec"]["maxReplicas"]
    (budget,) = (each for each in of_kind("PodDisruptionBudget") if each["metadata"]["name"] == name)
    assert budget["spec"]["selector"]["matchLabels"].items() <= labels


def test_the_six_subgraphs_differ_in_names_and_environment_only() -> None:
    def shape(name: str) -> str:
        path = KUBERNETES / "graph" / f"{name}.yaml"
        text = re.sub(r"^ {12}- \{ name: [A-Z].*\n", "", path.read_text(), flags=re.MULTILINE)
        return re.sub(rf"\b{name}\b", "NAME", text)

    assert len({shape(name) for name in SUBGRAPHS}) == 1


def test_the_world_reaches_the_graph_and_what_anybody_may_check() -> None:
    (ingress,) = of_kind("Ingress")
    (rule,) = ingress["spec"]["rules"]
    paths = {each["path"]: each["backend"]["service"]["name"] for each in rule["http"]["paths"]}
    public = dict.fromkeys(["/verify/", "/credentials/", "/organizations/"], "credentials")
    assert paths == {"/graphql": "router"} | public


def test_nothing_may_talk_unless_a_policy_says_so() -> None:
    policies = {each["metadata"]["name"]: each["spec"] for each in of_kind("NetworkPolicy")}
    assert policies["nothing"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    (callers,) = policies["subgraphs"]["ingress"]
    assert callers["from"] == [{"podSelector": {"matchLabels": {"app.kubernetes.io/name": "router"}}}]
    chosen = [spec["podSelector"].get("matchLabels", {}).items() for spec in policies.values()]
    labels = [pod["metadata"]["labels"].items() for pod in workloads().values()]
    assert all(any(wanted <= given for given in labels) for wanted in chosen)
