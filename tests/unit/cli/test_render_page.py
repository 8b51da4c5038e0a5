"""`filemill render page`: what an NGINX that serves the page needs."""

from pathlib import Path

from typer.testing import CliRunner

from filemill.cli.main import app
from filemill.gateway.proxy import best_page


def test_page_when_it_is_written_twice_then_the_folder_has_every_file_of_the_page_there_is(tmp_path: Path) -> None:
    """The console where it was built, else the plain page; what lay there under other names stays."""
    (tmp_path / "mine.txt").write_text("mine")
    for _ in range(2):
        done = CliRunner().invoke(app, ["render", "page", "--output", str(tmp_path)])
        assert (done.exit_code, str(tmp_path) in done.output.replace("\n", "")) == (0, True)
    wanted = {path.relative_to(best_page()): path.read_bytes() for path in best_page().rglob("*") if path.is_file()}
    assert Path("index.html") in wanted
    found = {path.relative_to(tmp_path): path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert found == wanted | {Path("mine.txt"): b"mine"}
