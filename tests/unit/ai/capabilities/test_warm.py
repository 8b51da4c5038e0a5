"""What the sandbox relies on: after preloading, a run opens no file of its own and there is one thread to fork."""

import json
import subprocess
import sys
from pathlib import Path

TEST_DATA = Path(__file__).parents[4] / "test_data"

# Runs in a fresh process: an audit hook cannot be taken out again.
WATCHED_RUN = """
import json, sys
from pathlib import Path
from filemill.ai.capabilities.run import run
from filemill.ai.capabilities.warm import preload

folder = Path(sys.argv[1])
texts = [path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.txt"))]
texts.append(
    "am 31. Dezember 2016, 14 août 2024, 15 de marzo de 2024, 3 maart 2024, 4 dicembre 2023, 5 março 2022. "
    "VAT: ATU13585627, VAT BE0403019261, CHE-107.787.577 MWST. Call +81 3 1234 5678 or +55 11 91234 5678. "
    "GB82WEST12345698765432, NL91ABNA0417164300, ES9121000418450200051332"
)
preload()
threads = int(Path("/proc/self/status").read_text().split("Threads:")[1].split()[0])
seen, watching = [], True
WATCHED = {"open", "socket.connect", "socket.getaddrinfo", "subprocess.Popen", "os.system", "os.exec", "os.fork"}

def hook(event, arguments):
    if watching and event in WATCHED:
        seen.append([event, str(arguments[0])])

sys.addaudithook(hook)
fields = {"file_id": "f", "filename": "a", "content_type": "text/plain", "size_bytes": 1}
states = []
for text in texts:
    answer = run({"subject": {**fields, "pages": [{"number": 1, "text": text}]}}, folder, folder / "none")
    states += [result["state"] for result in answer["results"].values()]
for name in ("sample.jpg", "qr.png"):
    subject = {**fields, "content_type": "image/jpeg", "pages": [], "preview": name}
    states += [result["state"] for result in run({"subject": subject}, folder, folder / "none")["results"].values()]
watching = False
print(json.dumps({"threads": threads, "seen": seen, "states": states}))
"""


def test_preload_when_done_then_a_run_opens_only_the_preview_and_there_is_one_thread() -> None:
    """A child without file or network access can do its whole work, and forking it is safe."""
    done = subprocess.run(
        [sys.executable, "-c", WATCHED_RUN, str(TEST_DATA)], check=True, capture_output=True, text=True
    )
    told = json.loads(done.stdout)
    opened = {(event, Path(name).name) for event, name in told["seen"]}
    assert opened == {("open", "sample.jpg"), ("open", "qr.png")}
    assert told["threads"] == 1
    assert "failed" not in told["states"]
    assert done.stderr == ""
