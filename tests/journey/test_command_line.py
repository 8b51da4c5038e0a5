"""The client commands as a person types them, against the mill: plain lines without a terminal, and exit statuses."""

import csv
import json
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from filemill.chassis.ids import new_id
from journey.conftest import TEST_DATA, Document, Finished, Upload
from support.mill import Mill, wait_for


class Shell:
    """Runs `filemill …` in a folder of its own."""

    def __init__(self, mill: Mill, folder: Path) -> None:
        self.folder = folder
        self.environment = mill.environment | {
            "FILEMILL_URL": mill.url, "COLUMNS": "200", "XDG_STATE_HOME": str(folder / ".state"),
        }  # fmt: skip

    def begin(self, *arguments: str, stderr: int = subprocess.PIPE) -> subprocess.Popen[str]:
        """Start it and do not wait."""
        command = [sys.executable, "-m", "filemill.cli", *arguments]
        return subprocess.Popen(
            command, cwd=self.folder, env=self.environment, stdout=subprocess.PIPE, stderr=stderr, text=True
        )

    def __call__(self, *arguments: str, status: int = 0) -> str:
        command = [sys.executable, "-m", "filemill.cli", *arguments]
        done = subprocess.run(
            command, cwd=self.folder, env=self.environment, capture_output=True, text=True, timeout=90, check=False
        )
        assert done.returncode == status, done.stdout + done.stderr
        assert "\x1b" not in done.stdout + done.stderr, "colours without a terminal"
        assert "Traceback" not in done.stderr
        return done.stdout if status == 0 else done.stderr


@pytest.fixture
def shell(mill: Mill, tmp_path: Path) -> Shell:
    return Shell(mill, tmp_path)


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_upload_when_nobody_reads_what_it_prints_any_more_then_the_files_are_there_all_the_same(
    shell: Shell, mill: Mill, form: list[str]
) -> None:
    """As before `| head`: no word of it, and no file left out."""
    names = [f"unheard-{len(form)}-{number}.txt" for number in range(6)]
    for name in names:
        (shell.folder / name).write_text(f"{name}, which nobody reads of")
    with shell.begin("upload", "--parallel", "1", *form, *names) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        running.stdout.close()
        assert running.stderr.read() == ""
    assert running.returncode == 0
    with mill.client() as client:
        here = client.get("/api/upload/files", params={"limit": 500}).json()["items"]
    assert sorted(one["filename"] for one in here if one["filename"] in names) == names


def test_upload_when_it_waits_then_it_prints_what_was_found_and_the_bytes_come_back(shell: Shell) -> None:
    """upload --wait, show, trace by file and by request, download, hold, rm: one file's whole life."""
    said = shell("upload", "--wait", str(TEST_DATA / "invoice.pdf"))
    assert "processed" in said
    assert "text: " in said
    assert "INV-2025-0417" in said
    file_id = said.split()[1]
    shown = shell("show", file_id)
    assert "application/pdf" in shown
    assert "analysis  done" in shown
    story = shell("trace", file_id)
    for words in (
        "invoice.pdf",
        "upload",
        "stored",
        "processing",
        "identify",
        "ai",
        "entities",
        "Processed: text found",
    ):
        assert words in story
    request_id = json.loads(shell("trace", file_id, "--json"))["items"][0]["request_id"]
    assert json.loads(shell("trace", request_id, "--json"))["file_id"] == file_id
    shell("download", file_id)
    assert (shell.folder / "invoice.pdf").read_bytes() == (TEST_DATA / "invoice.pdf").read_bytes()
    assert "is there already" in shell("download", file_id, status=1)
    assert "A case" in shell("hold", file_id, "--reason", "A case")
    assert "'A case'" in shell("rm", file_id, status=1)
    assert file_id in shell("hold")
    wait_for(lambda: "under a legal hold: A case" in shell("show", file_id), "the hold to be known")
    assert "so it cannot be deleted: A case" in shell("trace", file_id)
    assert "released" in shell("hold", file_id, "--release")
    shell("rm", file_id)
    assert "not-found" in shell("show", file_id, status=1)


def test_rules_when_one_is_added_then_it_is_shown_tried_out_and_removed(shell: Shell) -> None:
    """Nothing is old enough to go, and that is said."""
    said = shell("rules", "add", "old logs", "type:text", "tag:log", "--after-days", "30")
    assert "old logs: type:text tag:log  30 days after created, acts from 20" in said
    assert "0 files would go to the trash now" in said
    assert "old logs" in shell("rules", "list")
    assert json.loads(shell("rules", "preview", "old logs", "--json"))["due"] == 0
    assert "a rule 'old logs' already" in shell("rules", "add", "old logs", "x", "--after-days", "1", status=1)
    assert "removed" in shell("rules", "remove", "old logs")
    assert "there is no rule 'old logs'" in shell("rules", "preview", "old logs", status=1)
    assert "there are no rules" in shell("rules", "list")


def test_searches_when_one_is_saved_then_it_runs_by_its_name(shell: Shell, samples: dict[str, Document]) -> None:
    """Words beside it narrow it; tags are merged, or only counted."""
    file_id = samples["letter.docx"]["file_id"]
    assert "letters: Castellane" in shell("searches", "add", "letters", "Castellane", "--sort", "newest")
    wait_for(lambda: file_id in shell("search", "--saved", "letters"), "the letter to be found")
    assert "nothing found" in shell("search", "--saved", "letters", "type:pdf")
    assert "letters: Castellane  sort newest" in shell("searches", "list")
    assert "removed" in shell("searches", "remove", "letters")
    assert "not-found" in shell("search", "--saved", "letters", status=1)
    shell("change", "Castellane", "--add-tag", "lettre")
    wait_for(
        lambda: "1 files would get" in shell("tags", "merge", "lettre", "brief", "--into", "letter", "--dry-run"),
        "the tag to be known",
    )
    assert "1 files got the tag 'letter'" in shell("tags", "merge", "lettre", "brief", "--into", "letter")


def test_upload_when_a_file_is_refused_then_the_others_go_and_the_status_says_it(shell: Shell) -> None:
    """One bad file never stops another, and a script notices."""
    (shell.folder / "tool.exe").write_bytes(b"\x7fELF" + bytes(100))
    (shell.folder / "good.txt").write_text("good")
    lines = [json.loads(line) for line in shell("upload", "--json", "good.txt").splitlines()]
    assert lines[0]["file"]["filename"] == "good.txt"
    said = shell("upload", "tool.exe", "good.txt", status=1)
    assert "type-not-allowed" in said
    assert "1 of 2 files did not end well" in said


def file_id_in(line: str) -> bool:
    return bool(re.match(r"[0-9a-f]{8}-[0-9a-f]{4}-7", line))


def test_search_when_there_are_hits_then_they_are_listed_with_the_place(
    shell: Shell, samples: dict[str, Document]
) -> None:
    """Search prints what matched and where."""
    file_id = samples["letter.docx"]["file_id"]
    said = wait_for(
        lambda: found if file_id in (found := shell("search", "Castellane")) else "", "the letter to be found"
    )
    assert "in text" in said
    assert "**Castellane**" in said
    assert "nothing found" in shell("search", f"nothing{new_id()[-12:]}")
    assert json.loads(shell("search", "--json", "--type", "audio").splitlines()[0])["content_type"] == "audio/wav"
    names = [
        line.split()[-1] for line in shell("search", "--sort", "name", "type:pdf").splitlines() if file_id_in(line)
    ]
    assert names == sorted(names, key=str.casefold)


def test_search_when_the_words_are_not_taken_as_they_are_then_it_says_so(
    shell: Shell, samples: dict[str, Document]
) -> None:
    """A typing error, a model that is not there."""
    name = samples["receipt.txt"]["filename"]
    said = wait_for(lambda: found if name in (found := shell("search", "receitp")) else "", "it to be found")
    assert "no file has 'receitp': these have 'receipt'" in said
    assert "by words only" in shell("search", "--meaning", "a letter about an archive")


def test_change_when_a_search_matches_then_its_files_are_changed(
    shell: Shell, upload: Upload, finished: Finished
) -> None:
    """Counted first; a field is a number where it looks like one."""
    mark = f"change{new_id()[-12:]}"
    file_ids = [upload(f"{mark} {number}.txt", f"{number}".encode())["file_id"] for number in range(3)]
    for file_id in file_ids:
        finished(file_id)
    wait_for(lambda: shell("search", mark).count(mark) >= 3, "all to be found")
    arguments = ["change", mark, "--add-tag", "seen", "--field", "project=7", "--field", "by=me"]
    assert "3 files match, 3 would change" in shell(*arguments, "--dry-run")
    assert "3 files match, 3 changed" in shell(*arguments)
    assert "3 files match, 0 changed" in shell(*arguments)
    shown = json.loads(shell("show", file_ids[0], "--json"))
    assert (shown["tags"], shown["custom"]) == (["seen"], {"project": 7, "by": "me"})
    assert "NAME=VALUE" in shell("change", mark, "--field", "nothing", status=1)


def test_export_when_a_search_matches_then_it_is_a_table_that_a_spreadsheet_reads_and_runs_nothing_of(
    shell: Shell, upload: Upload, finished: Finished
) -> None:
    """CSV for people, exact lines of JSON for programs; nothing half-written stays."""
    mark = f"export{new_id()[-12:]}"
    names = [f"=cmd|calc!{mark}.txt", f'two "quotes", {mark}.txt']
    made = [finished(upload(name, f"{mark} words".encode())["file_id"]) for name in names]
    wait_for(lambda: shell("search", mark).count(mark) >= 2, "both to be found")
    shell("export", mark, "--output", "found.csv")
    with (shell.folder / "found.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["file_id"] for row in rows] == [one["file_id"] for one in reversed(made)]
    assert {row["filename"] for row in rows} == {f"'{made[0]['filename']}", made[1]["filename"]}
    assert [int(row["size"]) for row in rows] == [one["size"] for one in reversed(made)]
    lines = [json.loads(line) for line in shell("export", mark, "--format", "jsonl").splitlines()]
    assert {line["filename"] for line in lines} == {one["filename"] for one in made}
    assert shell("export", f"nothing{mark}", "--format", "jsonl") == ""
    assert "no date" in shell("export", "created:never", "--output", "never.csv", status=1)
    assert not list(shell.folder.glob("*never*"))
    every = shell("export", "--format", "jsonl").splitlines()
    assert {one["file_id"] for one in made} <= {json.loads(line)["file_id"] for line in every}


def test_parked_and_jobs_when_nothing_went_wrong_then_they_say_so(shell: Shell, samples: dict[str, Document]) -> None:
    """An empty parking lot is good news; jobs are listed by state."""
    assert "nothing is parked" in shell("parked", "list")
    assert "done" in shell("jobs", "--state", "done")
    assert "not parked" in shell("parked", "retry", new_id(), status=1)


def test_doctor_when_a_mill_runs_then_it_says_what_each_missing_thing_costs(shell: Shell) -> None:
    """The doctor knows its own mill's ports, and says what a missing model would be for and why it is missing."""
    said = shell("doctor")
    assert "sqlite" in said
    assert "in use, as it should be" in said
    assert "for captions: its manifest has no verified SHA-256" in said


def test_plan_when_a_file_is_named_then_its_steps_and_the_reason_are_shown(shell: Shell) -> None:
    """Without a server: by what is in the file, whatever its name says."""
    (shell.folder / "holiday.jpg").write_bytes((TEST_DATA / "invoice.pdf").read_bytes())
    said = shell("plan", "holiday.jpg")
    assert "holiday.jpg: application/pdf" in said
    assert "plan pdf: " in said
    shown = json.loads(shell("plan", "--json", "holiday.jpg"))
    assert [step["name"] for step in shown["steps"]][:2] == ["identify", "pdf"]
    assert all(step["purpose"] for step in shown["steps"])


def test_unpack_when_it_waits_then_the_entries_are_files_and_nothing_is_doubled(shell: Shell) -> None:
    """All of it, one entry, once more; what is no archive is said in a line."""
    with zipfile.ZipFile(shell.folder / "things.zip", "w") as archive:
        archive.writestr("notes/a.txt", "The wombat signed the lease.")
        archive.writestr("b.txt", "Nothing else.")
        archive.writestr("empty.txt", "")
    file_id = shell("upload", "--wait", "things.zip").split()[1]
    shell("unpack", file_id, "--wait", status=1)  # an empty file is none
    parts = [json.loads(line) for line in _said(shell, "unpack", "--json", "--wait", file_id)]
    assert {part["path"]: part["state"] for part in parts} == {
        "notes/a.txt": "handed", "b.txt": "handed", "empty.txt": "refused",
    }  # fmt: skip
    child_id = next(part["child_id"] for part in parts if part["path"] == "notes/a.txt")
    assert "notes/a.txt" in shell("show", "--json", child_id)
    assert "Nothing is taken out" in shell("unpack", child_id, status=1)


def _said(shell: Shell, *arguments: str) -> list[str]:
    """The lines of a command that ends with 1."""
    with shell.begin(*arguments) as process:
        said, _ = process.communicate(timeout=90)
    assert process.returncode == 1
    return said.splitlines()


def test_up_when_a_mill_runs_on_the_same_folder_then_one_line_says_so(shell: Shell) -> None:
    """Two mills never share a folder."""
    assert "already runs on" in shell("up", status=1)
