"""What the Compose file promises, for every variable set and unset: two profiles, hardening, what is published, known names.

Whether it runs is for a machine with containers (docs/guides/compose.md says what was run on what).
"""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from filemill.chassis.settings import PORTS
from support.compose_file import COMPOSE, ROOT, chosen, read, variables
from support.known_settings import is_known

PROFILES = ("week03", "keys", "operator")
OURS = ("access", "upload", "metadata", "ai", "processing", "notification")
ONCE = ("prepare", "certificate", "operator")
BECOMES_ITS_OWN_USER = {"store"}
"""The image of SeaweedFS starts as root to own its volume, and then drops it; everything else starts as a user."""
NOT_SETTINGS = {"POSTGRES_PASSWORD_FILE", "RABBITMQ_CONFIG_FILE"}
SET = {
    name: {
        "FILEMILL_PUBLISH": "0.0.0.0",
        "FILEMILL_SECRETS_DIR": "/etc/filemill/secrets",
        "FILEMILL_TLS_DIR": "/etc/filemill/tls",
        "FILEMILL_AUTH": "keys,oidc",
        "FILEMILL_PUBLIC_URL": "https://files.example.org",
    }.get(name, "1")
    for name in variables()
}


@pytest.fixture(params=["unset", "set"])
def compose(request: pytest.FixtureRequest) -> dict[str, Any]:
    """The file without any variable, and with every one."""
    return read(COMPOSE, SET if request.param == "set" else {})


def _all(compose: dict[str, Any]) -> list[Any]:
    return sorted(chosen(compose, *PROFILES).items())


def test_service_when_it_runs_then_it_is_hardened_bounded_and_watched(compose: dict[str, Any]) -> None:
    """No root, no capability, nothing writable but what is named; memory, processors and processes end; its health is asked."""
    for name, service in _all(compose):
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert service["read_only"] is True, name
        assert {"mem_limit", "cpus", "pids_limit"} <= set(service), name
        assert not service.get("privileged"), name
        assert service.get("network_mode") is None, name
        assert name in ONCE or service["healthcheck"]["test"], name
        if name in BECOMES_ITS_OWN_USER:
            assert set(service["cap_add"]) <= {"CHOWN", "DAC_OVERRIDE", "SETGID", "SETUID"}
            continue
        assert "cap_add" not in service, name
        assert service["user"].partition(":")[0] not in ("", "root", "0"), name


def test_scratch_when_a_worker_is_scaled_then_no_container_shares_its_own(compose: dict[str, Any]) -> None:
    """Each is process 1 of its own and takes a shared `1` for itself; podman-compose gives scaled ones one anonymous volume."""
    for name, service in _all(compose):
        assert all(":" in volume for volume in service.get("volumes", ())), name
        if name.endswith("-worker"):
            assert any(place.startswith("/data:") for place in service["tmpfs"]), name
            assert not any(volume.split(":")[1] == "/data" for volume in service.get("volumes", ())), name


def test_image_when_it_is_named_then_by_a_tag_that_stays(compose: dict[str, Any]) -> None:
    """With its registry, so that no other one is asked; ours are of this machine alone."""
    for name, service in _all(compose):
        registry, _, rest = service["image"].partition("/")
        assert registry in ("docker.io", "localhost"), name
        tag = rest.rpartition(":")[2]
        assert "/" not in tag, name
        assert tag not in ("", "latest"), name
        assert (registry == "localhost") == rest.startswith("filemill/"), name


def test_ports_when_they_are_published_then_by_the_gateway_alone_and_the_trial_on_loopback(
    compose: dict[str, Any],
) -> None:
    """Without keys nothing leaves this machine, whatever the variables say."""
    publishing = {name: service["ports"] for name, service in _all(compose) if service.get("ports")}
    assert set(publishing) == {"gateway", "gateway-week03"}
    assert publishing["gateway-week03"] == ["127.0.0.1:8080:8080", "127.0.0.1:8443:8443"]
    assert "127.0.0.1:8080:8080" in publishing["gateway"]


def test_profile_when_it_is_the_trial_then_nobody_is_asked_for_keys_and_in_the_other_everybody_is(
    compose: dict[str, Any],
) -> None:
    """And each starts every service once, under the name the others call it by."""
    for profile, suffix in (("week03", "-week03"), ("keys", "")):
        running = chosen(compose, profile)
        for service in OURS:
            environment = running[service + suffix]["environment"]
            assert ("none" in environment["FILEMILL_AUTH"]) == (profile == "week03"), service
            other = service if suffix else f"{service}-week03"
            assert other not in running
        assert {"gateway" + suffix, "processing-worker", "ai-worker", "prepare", "certificate"} <= set(running)
    for service in OURS:
        trial = compose["services"][f"{service}-week03"]
        assert trial["environment"]["FILEMILL_PUBLIC_URL"] == "http://localhost:8080"
        assert trial["networks"]["trial"]["aliases"] == [service]
        assert set(compose["services"][service]["networks"]) == {"engines", "edge"}
    assert compose["services"]["gateway-week03"]["networks"] == ["trial"]
    assert compose["networks"]["engines"]["internal"] is True


def test_depends_when_something_is_waited_for_then_it_runs_in_the_same_profile_and_says_when_it_is_ready(
    compose: dict[str, Any],
) -> None:
    """A dependency outside the profile would stop the start; one without a health check would not be waited for."""
    for profile in ("week03", "keys"):
        running = chosen(compose, profile)
        for name, service in running.items():
            for other, how in service.get("depends_on", {}).items():
                assert other in running, (profile, name, other)
                wanted = "service_completed_successfully" if other in ONCE else "service_healthy"
                assert how["condition"] == wanted, (name, other)
                # podman 5.4 cannot start what leans on a container that ended and that leans on one that runs
                assert other not in ONCE or not running[other].get("depends_on"), (name, other)


def test_environment_when_a_name_is_set_then_the_code_knows_it(compose: dict[str, Any]) -> None:
    """A misspelt setting is silently nothing."""
    for name, service in _all(compose):
        for variable in service.get("environment", {}):
            assert variable in NOT_SETTINGS or is_known(variable), (name, variable)


def test_secrets_when_a_service_reads_one_then_it_is_given_to_it_and_no_other(compose: dict[str, Any]) -> None:
    """Each service can open its own database alone; every file exists among the samples."""
    samples = {path.name for path in (ROOT / "deployment" / "compose" / "sample-secrets").iterdir()}
    assert set(compose["secrets"]) == samples
    for name, service in _all(compose):
        given = set(service.get("secrets", ()))
        assert given <= samples, name
        read_files = {
            value.removeprefix("/run/secrets/")
            for variable, value in service.get("environment", {}).items()
            if variable.endswith("_FILE")
        }
        assert read_files <= given, name
        databases = {one for one in given if one.startswith("database_url_")}
        if name.removesuffix("-week03") in OURS or name.endswith("-worker"):
            owner = name.removesuffix("-week03").removesuffix("-worker")
            assert databases == {f"database_url_{owner}"}, name
    holders = {name for name, service in _all(compose) if "identity_keys" in service.get("secrets", ())}
    assert holders == {"access", "access-week03"}


def test_samples_when_the_script_makes_them_again_then_they_are_the_same(tmp_path: Path) -> None:
    """They are made by what makes real ones, so that the two have the same files."""
    script = ROOT / "deployment" / "compose" / "make-secrets.sh"
    for arguments, folder in ((["--sample"], tmp_path / "sample"), ([], tmp_path / "real")):
        subprocess.run([str(script), *arguments, str(folder)], check=True, capture_output=True, timeout=60)
    kept = ROOT / "deployment" / "compose" / "sample-secrets"
    assert _texts(tmp_path / "sample") == _texts(kept)
    real = _texts(tmp_path / "real")
    assert set(real) == set(_texts(kept))
    assert not any("sample" in text or "73616d70" in text for text in real.values())
    assert (tmp_path / "real").stat().st_mode & 0o077 == 0
    before = dict(real)
    subprocess.run([str(script), str(tmp_path / "real")], check=True, capture_output=True, timeout=60)
    assert _texts(tmp_path / "real") == before


def test_root_file_when_it_is_read_then_it_includes_the_whole_and_starts_the_trial() -> None:
    """`docker compose up --build` at the root needs nothing else."""
    root = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
    assert root["name"] == read()["name"] == "filemill"
    assert root["include"] == [{"path": "deployment/compose/compose.yaml", "project_directory": "."}]
    assert "COMPOSE_PROFILES=week03\n" in (ROOT / ".env").read_text(encoding="utf-8")


def test_development_file_when_it_is_added_then_it_publishes_what_it_says_on_loopback_alone() -> None:
    """The services themselves, PostgreSQL and the page of RabbitMQ, for whoever works on filemill."""
    more = read(COMPOSE.with_name("compose.dev.yaml"))["services"]
    published = {port for service in more.values() for port in service["ports"]}
    wanted = {*(PORTS[service] for service in OURS), 5432, 15672}
    assert published == {f"127.0.0.1:{port}:{port}" for port in wanted}
    assert set(more) <= set(read()["services"])


def test_example_when_it_names_a_variable_then_the_file_asks_for_it() -> None:
    """And the other way round: each variable is explained in `.env.example`."""
    text = COMPOSE.with_name(".env.example").read_text(encoding="utf-8")
    named = set(re.findall(r"^#? ?([A-Z][A-Z0-9_]+)=", text, re.MULTILINE))
    assert named == variables() | {"COMPOSE_PROFILES"}


def _texts(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()}


def test_mockup_when_a_project_takes_filemill_in_then_nothing_of_the_two_collides() -> None:
    """An existing project includes ours, reaches the gateway on its network, and publishes a port of its own."""
    theirs = read(COMPOSE.parents[1] / "mockup-infra" / "compose.yaml")
    ours = chosen(read(), "keys")
    assert theirs["include"] == [{"path": "deployment/compose/compose.yaml", "project_directory": "."}]
    assert not set(theirs["services"]) & set(read()["services"])
    nginx = theirs["services"]["nginx"]
    assert set(nginx["depends_on"]) <= set(ours)
    assert set(nginx["networks"]) & set(ours["gateway"]["networks"])
    assert not set(nginx["ports"]) & set(ours["gateway"]["ports"])
    for volume in nginx["volumes"]:
        assert (ROOT / volume.partition(":")[0]).is_file()
    snippet = (COMPOSE.parents[1] / "mockup-infra" / "filemill.conf").read_text(encoding="utf-8")
    assert "proxy_pass http://gateway:8080;" in snippet


def test_load_when_added_then_it_is_a_crowd_with_the_one_file_and_nothing_of_ours() -> None:
    """It shares the networks and profiles of what it is to try, and is bounded as everything else."""
    whole, more = read(COMPOSE)["services"], read(COMPOSE.with_name("compose.load.yaml"))["services"]
    assert not set(more) & set(whole)
    for one in more.values():
        assert one["volumes"] == ["./load/locustfile.py:/mnt/locust/locustfile.py:ro"]
        assert (ROOT / "load" / "locustfile.py").exists()
        assert one["cap_drop"] == ["ALL"]
        assert one["mem_limit"]
    assert more["load-week03"]["network_mode"].removeprefix("service:") in whole
    assert set(more["load"]["networks"]) <= set(whole["gateway"]["networks"])
