"""What the runner has done for all its processes before it forks the first."""

import subprocess
import sys

STARTS = """
import sys
from filemill.local import runner
for member in runner.MEMBERS:
    __import__(member.module)
runner.prepare_for_all()
before = set(sys.modules)

import fastapi, uvicorn
from filemill.chassis.certificates import trusted
from filemill.chassis.resilience.service_client import ServiceClient
app = fastapi.FastAPI()
@app.get("/")
def question(words: list[str] | None = None) -> dict[str, int]: return {}
ServiceClient("upload", "http://127.0.0.1:1")
uvicorn.Config(app, http="httptools", log_config=None).load()
new = {name for name in set(sys.modules) - before if not name.startswith("uvicorn.lifespan")}
print(*sorted(new), trusted.cache_info().misses)
"""


def test_preparations_when_a_service_starts_then_libraries_import_nothing_more_and_certificates_are_read() -> None:
    """Routes, a client and a server are made as a service does it; a process that is killed comes back the sooner."""
    said = subprocess.run([sys.executable, "-c", STARTS], capture_output=True, text=True, check=True).stdout.split()
    assert said == ["1"]
