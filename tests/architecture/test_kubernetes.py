"""What the manifests promise: hardened, bounded, watched pods; names that fit each other; nobody reached who need not be.

The trial is read as it is kept, production and every component as kubectl renders them, where it is there. Whether they run is
for a machine with containers (docs/guides/kubernetes.md says what was run on what).
"""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest

from filemill.chassis.settings import PORTS
from support.compose_file import chosen, read
from support.known_settings import is_known
from support.kubernetes_files import (
    KUSTOMIZE,
    RENDERED,
    ROOT,
    Documents,
    build,
    containers,
    labels_of,
    of_kind,
    pods,
    rendered,
    with_components,
)

SERVICES = ("access", "upload", "metadata", "ai", "processing", "notification")
WORKERS = ("processing-worker", "ai-worker")
ENGINES = {"postgres", "rabbitmq", "valkey", "store"}
NOT_SETTINGS = {"POSTGRES_PASSWORD_FILE", "RABBITMQ_CONFIG_FILE", "PGDATA"}
MADE_BY_HAND = {"filemill-secrets", "filemill-tls"}
"""The two secrets that whoever installs makes; the trial has samples of one and makes the other."""
ALL_COMPONENTS = ("gpu", "http-route", "keda", "operator", "service-monitor")


@pytest.fixture(params=["trial", "production", "production with components"])
def documents(request: pytest.FixtureRequest, tmp_path: Path) -> Documents:
    """Each way to install."""
    if request.param == "trial":
        return rendered()
    if request.param == "production":
        return build(KUSTOMIZE / "overlays" / "production")
    return with_components(tmp_path, "production", *ALL_COMPONENTS)


@pytest.mark.parametrize("version", ["1.34", "newest"])
def test_manifest_when_kubernetes_reads_it_then_every_field_is_one_it_knows(documents: Documents, version: str) -> None:
    """By its own schemas, strictly; kinds of other projects have none there."""
    known = kubernetes_validate.latest_version() if version == "newest" else version
    for one in documents:
        if one["apiVersion"].partition("/")[0].endswith((".sh", ".coreos.com", "gateway.networking.k8s.io")):
            continue
        assert kubernetes_validate.validate(one, known, strict=True)


def test_pod_when_it_runs_then_it_has_no_right_it_does_not_need(documents: Documents) -> None:
    """The profile `restricted`, and a root that nobody writes to; its memory and processors end."""
    for name, pod in pods(documents):
        assert pod["automountServiceAccountToken"] is False, name
        assert pod["enableServiceLinks"] is False, name
        assert not {"hostNetwork", "hostPID", "hostIPC"} & set(pod), name
        whole = pod["securityContext"]
        assert whole["runAsNonRoot"] is True, name
        assert whole["runAsUser"] > 0, name
        assert whole["seccompProfile"] == {"type": "RuntimeDefault"}, name
        for one in containers(pod):
            its = one["securityContext"]
            assert its == {
                "allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]},
            }, (name, one["name"])  # fmt: skip
            assert {"cpu", "memory"} <= set(one["resources"]["limits"]), (name, one["name"])
            assert {"cpu", "memory"} <= set(one["resources"]["requests"]), (name, one["name"])
            tag = one["image"].rpartition(":")[2]
            assert "/" not in tag, one["image"]
            assert tag != "latest"
            assert not {"hostPort"} & {key for port in one.get("ports", ()) for key in port}
        assert not [volume for volume in pod["volumes"] if "hostPath" in volume], name


def test_deployment_when_it_starts_stops_or_hangs_then_kubernetes_notices(documents: Documents) -> None:
    """Asked whether it has started and is ready; whether it lives where it answers; requests in hand get time to end."""
    for name, one in of_kind(documents, "Deployment").items():
        pod = one["spec"]["template"]["spec"]
        main = pod["containers"][0]
        assert {"startupProbe", "readinessProbe"} <= set(main), name
        assert ("livenessProbe" in main) == ("ports" in main), name
        assert pod["terminationGracePeriodSeconds"] >= 30, name
        ports = {port["name"] for port in main.get("ports", ())}
        for probe in (main.get(f"{kind}Probe", {}) for kind in ("startup", "readiness", "liveness")):
            asked = probe.get("httpGet") or probe.get("tcpSocket")
            assert asked is None or asked["port"] in ports, name
        if name in (*SERVICES, "gateway"):
            assert main["lifecycle"]["preStop"]["sleep"]["seconds"] < pod["terminationGracePeriodSeconds"]
            assert [main[f"{kind}Probe"]["httpGet"]["path"] for kind in ("readiness", "liveness")] == [
                "/readyz",
                "/livez",
            ]
            # The trial answers to no other name, and a kubelet would give the address of the pod.
            assert main["startupProbe"]["httpGet"]["httpHeaders"] == [{"name": "Host", "value": "localhost"}]
        if name not in ENGINES:
            assert one["spec"]["strategy"]["rollingUpdate"] == {"maxUnavailable": 0, "maxSurge": 1}, name
            spread = pod["topologySpreadConstraints"][0]
            assert spread["labelSelector"]["matchLabels"].items() <= labels_of(one).items(), name


def test_names_when_one_thing_points_to_another_then_it_is_there(documents: Documents) -> None:
    """Selectors match, ports exist; the first container has the name of its Service, by which podman finds it, too."""
    deployments = of_kind(documents, "Deployment")
    assert set(SERVICES) | set(WORKERS) | {"gateway"} <= set(deployments)
    for name, one in deployments.items():
        assert one["spec"]["selector"]["matchLabels"].items() <= labels_of(one).items(), name
        assert one["spec"]["template"]["spec"]["containers"][0]["name"] == name
    services = of_kind(documents, "Service")
    assert set(services) == set(deployments) - {*WORKERS, "operator"}
    for name, service in services.items():
        chosen_ones = [
            other for other, one in deployments.items() if service["spec"]["selector"].items() <= labels_of(one).items()
        ]
        assert chosen_ones == [name]
        ports = {port["name"] for port in deployments[name]["spec"]["template"]["spec"]["containers"][0]["ports"]}
        assert {port["targetPort"] for port in service["spec"]["ports"]} <= ports, name
        if name in PORTS and name != "gateway":
            assert [port["port"] for port in service["spec"]["ports"]] == [PORTS[name]]
    for name, one in of_kind(documents, "HorizontalPodAutoscaler", "ScaledObject").items():
        assert one["spec"]["scaleTargetRef"]["name"] in deployments, name
        assert "replicas" not in deployments[one["spec"]["scaleTargetRef"]["name"]]["spec"], "each apply would undo it"
    for name, one in of_kind(documents, "PodDisruptionBudget").items():
        assert [other for other, made in deployments.items()
                if one["spec"]["selector"]["matchLabels"].items() <= labels_of(made).items()] == [name]  # fmt: skip
    assert set(of_kind(documents, "PodDisruptionBudget")) == set(deployments) - ENGINES - {"operator"}


def test_files_when_a_pod_mounts_or_reads_one_then_it_is_given(documents: Documents) -> None:
    """Each config map, secret, key of them, claim and volume that is named."""
    kept = {name: set(one.get("data", {})) for name, one in of_kind(documents, "ConfigMap", "Secret").items()}
    samples = {path.name for path in (ROOT / "deployment" / "compose" / "sample-secrets").iterdir()}
    for name in MADE_BY_HAND - set(kept):
        kept[name] = samples if name == "filemill-secrets" else {"tls.crt", "tls.key"}
    assert kept["filemill-secrets"] == samples
    claims = set(of_kind(documents, "PersistentVolumeClaim"))
    for name, pod in pods(documents):
        volumes = {volume["name"]: volume for volume in pod["volumes"]}
        for volume in volumes.values():
            for source in filter(None, (volume.get("configMap"), volume.get("secret"))):
                keys = kept[source.get("name") or source["secretName"]]
                assert {item["key"] for item in source.get("items", ())} <= keys, (name, volume["name"])
            assert volume.get("persistentVolumeClaim", {}).get("claimName") in claims | {None}, name
            assert "emptyDir" not in volume or "sizeLimit" in volume["emptyDir"], (name, volume["name"])
        for one in containers(pod):
            assert {mount["name"] for mount in one["volumeMounts"]} <= set(volumes), (name, one["name"])
            assert all(source["configMapRef"]["name"] in kept for source in one.get("envFrom", ()))
            for variable in one.get("env", ()):
                reference = variable.get("valueFrom", {}).get("configMapKeyRef")
                assert reference is None or reference["key"] in kept[reference["name"]], (name, variable)


def test_environment_when_a_name_is_set_then_the_code_knows_it_and_its_file_is_mounted(documents: Documents) -> None:
    """A misspelt setting is silently nothing; the names and files are those of Compose."""
    maps = of_kind(documents, "ConfigMap")
    for name, pod in pods(documents):
        given = {item["path"] for volume in pod["volumes"] for item in volume.get("secret", {}).get("items", ())}
        for one in containers(pod):
            values = {variable["name"]: variable.get("value", "") for variable in one.get("env", ())}
            for source in one.get("envFrom", ()):
                values = maps[source["configMapRef"]["name"]]["data"] | values
            for variable, value in values.items():
                assert variable in NOT_SETTINGS or is_known(variable), (name, variable)
                if variable.endswith("_FILE"):
                    assert value.removeprefix("/run/secrets/") in given, (name, variable)
        if name in (*SERVICES, *WORKERS):
            owner = name.removesuffix("-worker")
            assert {one for one in given if one.startswith("database_url_")} == {f"database_url_{owner}"}, name
        assert ("identity_keys" in given) == (name == "access"), name


def test_network_when_no_line_allows_it_then_nobody_reaches_anybody(documents: Documents) -> None:
    """Everything is closed by one policy; each other one names ports that somebody has."""
    policies = {name: one["spec"] for name, one in of_kind(documents, "NetworkPolicy").items()}
    assert policies["nobody"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    ports = {port["name"] for _, pod in pods(documents) for one in pod["containers"] for port in one.get("ports", ())}
    for name, policy in policies.items():
        for rule in (*policy.get("ingress", ()), *policy.get("egress", ())):
            for port in rule["ports"]:
                assert isinstance(port["port"], int) or port["port"] in ports | {"engine"}, (name, port)
            assert rule.get("from") or rule.get("to") or name == "into-the-gateway", name
        if "ingress" in policy:
            assert policy["policyTypes"] == ["Ingress"], name


def test_trial_when_nobody_is_asked_for_keys_then_nobody_in_the_cluster_can_come_in() -> None:
    """It is reached by `kubectl port-forward` alone; samples are for it and nothing else."""
    documents = rendered()
    settings = _settings(documents)
    assert settings["FILEMILL_AUTH"] == "none"
    assert settings["FILEMILL_PUBLIC_URL"] == "http://localhost:8080"
    for name, one in of_kind(documents, "NetworkPolicy").items():
        chosen_name = one["spec"]["podSelector"].get("matchLabels", {}).get("app.kubernetes.io/name")
        assert not (chosen_name == "gateway" and "ingress" in one["spec"]), name
    assert all(one["spec"].get("type", "ClusterIP") == "ClusterIP" for one in of_kind(documents, "Service").values())
    nginx = [volume for name, pod in pods(documents) if name == "gateway" for volume in pod["volumes"]]
    items = next(one["configMap"]["items"] for one in nginx if one["name"] == "nginx")
    assert {"key": "week03.conf", "path": "nginx.conf"} in items
    assert {one["spec"]["replicas"] for one in of_kind(documents, "Deployment").values()} == {1}


def test_production_when_it_is_rendered_then_keys_are_asked_for_and_nothing_of_the_trial_is_in_it() -> None:
    """Secrets are made by whoever installs it; two of everything, or as many as are needed."""
    documents = build(KUSTOMIZE / "overlays" / "production")
    assert _settings(documents)["FILEMILL_AUTH"] == "keys"
    assert not of_kind(documents, "Secret")
    assert not ENGINES & set(of_kind(documents, "Deployment"))
    scaled = {one["spec"]["scaleTargetRef"]["name"] for one in of_kind(documents, "HorizontalPodAutoscaler").values()}
    for name, one in of_kind(documents, "Deployment").items():
        assert name in scaled or one["spec"]["replicas"] >= 2, name
    for name, pod in pods(documents):
        assert not [one["image"] for one in containers(pod) if one["image"].startswith("localhost/")], name


def test_images_when_compose_names_one_then_kubernetes_runs_the_same() -> None:
    """Engines and ours at the same tags: one set of images to build and to watch."""
    compose = {service["image"] for service in chosen(read(), "week03", "operator").values()}
    trial = {one["image"] for _, pod in pods(rendered()) for one in containers(pod)}
    assert trial == compose


def test_check_when_an_input_or_the_file_changes_then_it_says_so(tmp_path: Path) -> None:
    """It needs no kubectl: the file says the digests of both."""
    script = [sys.executable, str(ROOT / "scripts" / "render_kubernetes.py")]
    assert subprocess.run(script, capture_output=True, timeout=60).returncode == 0
    text = RENDERED.read_text(encoding="utf-8")
    stale = text.replace("# from sha256:", "# from sha256:0", 1).replace(", this sha", "", 1)
    for changed, words in ((text.replace("cpu", "gpu", 1), "by hand"), (stale, "not what it was made from")):
        (tmp_path / "x.yaml").write_text(changed, encoding="utf-8")
        done = subprocess.run(
            [*script, "--output", str(tmp_path / "x.yaml")], capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 1
        assert words in done.stderr
    head, _, rest = text.partition("# from sha256:")
    (tmp_path / "x.yaml").write_text(f"{head}# from sha256:{'0' * 64}{rest[64:]}", encoding="utf-8")
    done = subprocess.run([*script, "--output", str(tmp_path / "x.yaml")], capture_output=True, text=True, timeout=60)
    assert "before its inputs changed" in done.stderr


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is not there")
def test_rendering_when_it_is_made_again_then_it_says_the_same() -> None:
    """Whichever version of kubectl: the values, not the spelling."""

    def by_name(documents: Documents) -> dict[tuple[str, str], dict[str, Any]]:
        return {(one["kind"], one["metadata"]["name"]): one for one in documents}

    assert by_name(build(KUSTOMIZE / "overlays" / "dev")) == by_name(rendered())


def _settings(documents: Documents) -> dict[str, str]:
    return next(
        one["data"] for name, one in of_kind(documents, "ConfigMap").items() if name.startswith("filemill-settings")
    )
