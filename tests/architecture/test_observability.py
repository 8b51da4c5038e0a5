"""What watches an installation: alerts that mean something, metrics that exist, a page for each alert, no open door."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

from support.compose_file import COMPOSE, ROOT, read
from support.programs import Require
from support.telemetry import metric_names, schema

FOLDER = ROOT / "deployment" / "observability"
FILE = COMPOSE.with_name("compose.observability.yaml")
BUILT_IN = {"up"}


def _alerts() -> list[dict[str, Any]]:
    said = yaml.safe_load((FOLDER / "alerts.yaml").read_text(encoding="utf-8"))
    return [rule for group in said["groups"] for rule in group["rules"]]


def _panels() -> list[dict[str, Any]]:
    return [
        panel
        for path in (FOLDER / "dashboards").glob("*.json")
        for panel in json.loads(path.read_text(encoding="utf-8"))["panels"]
    ]


def test_alerts_when_prometheus_reads_them_then_each_is_raised_by_what_it_is_for_and_nothing_less(
    require: Require,
) -> None:
    """Each has a series that raises it and one that does not. Debian's `prometheus` has the tool."""
    require("promtool")
    for arguments in (
        ["check", "config", "--syntax-only", "prometheus.yaml"],
        ["check", "rules", "alerts.yaml"],
        ["test", "rules", "alerts.test.yaml"],
    ):
        done = subprocess.run(["promtool", *arguments], cwd=FOLDER, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stdout + done.stderr
    tested = yaml.safe_load((FOLDER / "alerts.test.yaml").read_text(encoding="utf-8"))["tests"]
    expected = [(rule["alertname"], bool(rule["exp_alerts"])) for one in tested for rule in one["alert_rule_test"]]
    assert sorted(expected) == sorted((rule["alert"], raised) for rule in _alerts() for raised in (True, False))


def test_alert_when_it_wakes_somebody_then_its_section_says_what_to_do() -> None:
    """The link stands in the alert itself; a section without an alert is for nobody."""
    page = (ROOT / "docs" / "guides" / "operate.md").read_text(encoding="utf-8")
    sections = {
        re.sub(r"[^a-z0-9 -]", "", title.lower()).replace(" ", "-")
        for title in re.findall(r"^### (.+)$", page, re.MULTILINE)
    }
    linked = {rule["annotations"]["runbook"].removeprefix("docs/guides/operate.md#") for rule in _alerts()}
    assert linked == sections


def test_metric_when_an_alert_or_a_panel_asks_for_it_then_a_service_has_it() -> None:
    """A misspelt one is silently nothing, for ever."""
    asked = " ".join(
        [rule["expr"] for rule in _alerts()] + [target["expr"] for panel in _panels() for target in panel["targets"]]
    )
    names = set(re.findall(r"\bfilemill_[a-z_]+", asked))
    assert len(names) >= 10
    assert names <= metric_names()
    others = set(re.findall(r"\b([a-z][a-z_]+)(?=[{\[ ]*[{\[]|\s*==)", asked)) - names
    assert {name for name in others if "_" in name or name in BUILT_IN} <= {
        "rabbitmq_detailed_queue_messages_ready",
        *BUILT_IN,
    }


def test_compose_when_it_is_watched_then_on_loopback_alone_and_as_hardened_as_the_rest() -> None:
    """The pages have no login, so nobody else reaches them."""
    compose = read(FILE)
    for name, service in compose["services"].items():
        assert service["cap_drop"] == ["ALL"], name
        assert service["read_only"] is True, name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert service["user"].partition(":")[0] not in ("", "root", "0"), name
        assert {"mem_limit", "cpus", "pids_limit"} <= set(service), name
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", ())), name
        tag = service["image"].rpartition(":")[2]
        assert re.search(r"\d", tag), name
        for volume in service.get("volumes", ()):
            source = volume.partition(":")[0]
            assert (ROOT / source).exists() if source.startswith("./") else source in compose["volumes"], volume
    assert not set(compose["services"]) & set(read()["services"])
    assert {network for one in compose["services"].values() for network in one["networks"]} <= set(read()["networks"])


def test_prometheus_when_it_asks_then_services_that_are_there_at_their_ports() -> None:
    """By the names of the containers, in either profile."""
    said = yaml.safe_load((FOLDER / "prometheus.yaml").read_text(encoding="utf-8"))
    jobs = said["scrape_configs"]
    targets = [one for job in jobs for group in job.get("static_configs", ()) for one in group["targets"]]
    # Workers are as many as wanted: each address behind the name of their container is one.
    found = [(name, one["port"]) for job in jobs for one in job.get("dns_sd_configs", ()) for name in one["names"]]
    for name, port in found:
        environment = read()["services"][name]["environment"]
        assert environment[f"FILEMILL_{name.upper().replace('-', '_')}_METRICS_PORT"] == port, name
        assert environment["FILEMILL_METRICS_HOST"] == "0.0.0.0"
    assert {name for name, _ in found} == {name for name in read()["services"] if name.endswith("-worker")}
    services = read()["services"]
    for target in targets:
        name = target.partition(":")[0]
        assert name in services, target
    assert {one for one in targets if not one.startswith("rabbitmq")} == {
        value.removeprefix("http://")
        for name, value in services["access"]["environment"].items()
        if name.startswith("FILEMILL_") and name.endswith("_URL") and name != "FILEMILL_PUBLIC_URL"
    }


def test_gpu_file_when_it_is_added_then_the_worker_of_ai_alone_is_another_one() -> None:
    """The image with PyTorch, by the lock of its own."""
    more = read(Path(COMPOSE.with_name("compose.gpu.yaml")))["services"]
    assert set(more) == {"ai-worker"}
    arguments = more["ai-worker"]["build"]["args"]
    assert (ROOT / "requirements" / "images" / f"{arguments['LOCK']}.lock").is_file()
    assert more["ai-worker"]["environment"] == {"FILEMILL_MODELS_DEVICE": "cuda"}


def test_name_when_it_is_logged_then_room_thing_and_what_happened() -> None:
    """Two to four parts, so that a search by the first finds a room and by the last what happens everywhere."""
    for name in schema()["logs"]:
        assert re.fullmatch(r"(\{kind\}|[a-z]+)(\.[a-z_-]+){1,3}", name), name


def test_schema_when_a_name_cannot_be_read_from_the_code_then_the_check_says_where(tmp_path: Path) -> None:
    """A log event put together at run time would be in no schema."""
    program = (
        f"from telemetry_schema import schema; from pathlib import Path; print(schema(Path({str(tmp_path)!r}))['logs'])"
    )

    def found() -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", program]
        return subprocess.run(command, cwd=ROOT / "scripts", capture_output=True, text=True, timeout=60)

    (tmp_path / "room.py").write_text("_log.info(f'{what}.happened', size=1)\n")
    assert "room.py:1: only {kind} may stand in a name" in found().stderr
    (tmp_path / "room.py").write_text("_log.info('room.thing.happened', size=1)\n")
    assert found().stdout == "{'room.thing.happened': {'levels': ['info'], 'facts': ['size'], 'rooms': ['room']}}\n"
