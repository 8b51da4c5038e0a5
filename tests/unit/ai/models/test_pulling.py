"""Pulling a model: resumed where it was cut, and never kept unless size and SHA-256 are those of the manifest."""

import zipfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from filemill.ai.models import pulling
from filemill.ai.models.entry import ModelEntry
from filemill.ai.models.pull_sources import FromPlace, FromUrls
from filemill.ai.models.pulling import PullFailed, check
from filemill.ai.models.registry import Registry, open_registry
from support import certificates
from support.model_files import FileServer, entry_text, own_model, serving

BODY = bytes(range(256)) * 400
FILES = {"model.onnx": BODY, "tokenizer.json": b"{}"}
pull = partial(pulling.pull, pause=lambda _seconds: None)


def quiet(_name: str, _have: int, _of: int) -> None:
    """Nobody looks."""


@pytest.fixture(params=["http", "https"])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FileServer]:
    ca_file, certificate = (
        certificates.make(tmp_path_factory.mktemp("tls")) if request.param == "https" else (None, None)
    )
    with serving(FileServer(dict(FILES), ca_file=ca_file), certificate) as running:
        yield running


def urls(server: FileServer) -> FromUrls:
    return FromUrls(loopback_allowed=True, ca_file=server.ca_file)


def shelf_with(tmp_path: Path, base_url: str) -> tuple[Registry, ModelEntry]:
    """A shelf on which the entry is, and no file."""
    own_model(tmp_path, FILES, present=False, base_url=base_url)
    registry = open_registry(tmp_path)
    model = registry.get("of-test")
    assert model is not None
    assert model.state == "needs-download"
    return registry, model.entry


def state(registry: Registry) -> str:
    model = registry.get("of-test")
    assert model is not None
    return model.state


def test_pull_when_all_goes_well_then_the_model_is_ready_without_a_restart(server: FileServer, tmp_path: Path) -> None:
    """Progress is told from 0 to the end; a second pull asks for nothing."""
    registry, entry = shelf_with(tmp_path, server.url)
    told: list[tuple[str, int, int]] = []
    pull(entry, registry.shelf, urls(server), lambda *facts: told.append(facts))
    assert state(registry) == "ready"
    assert (told[0], ("model.onnx", len(BODY), len(BODY)) in told) == (("model.onnx", 0, len(BODY)), True)
    assert check(entry, registry.shelf) == []
    pull(entry, registry.shelf, urls(server), quiet)
    assert len(server.asked) == len(FILES)
    assert sorted(path.name for path in (tmp_path / "of-test").iterdir()) == [
        ".lock", "model.onnx", "model.toml", "tokenizer.json",
    ]  # fmt: skip


def test_pull_when_the_connection_is_cut_then_it_goes_on_where_it_was(server: FileServer, tmp_path: Path) -> None:
    """Each answer that brings something buys another; what is here is not fetched again."""
    server.cuts = [20_000, 30_000, 10_000, 5_000, 5_000]
    registry, entry = shelf_with(tmp_path, server.url)
    pull(entry, registry.shelf, urls(server), quiet)
    assert state(registry) == "ready"
    begins = [wanted for name, wanted in server.asked if name == "model.onnx"]
    assert begins == [None, "bytes=20000-", "bytes=50000-", "bytes=60000-", "bytes=65000-", "bytes=70000-"]


def test_pull_when_the_process_ended_halfway_then_the_next_one_goes_on(server: FileServer, tmp_path: Path) -> None:
    """Also when it was told three times that nothing comes: what came before is kept."""
    registry, entry = shelf_with(tmp_path, server.url)
    with serving(FileServer({"model.onnx": BODY}, cuts=[40_000, 0, 0, 0])) as weak:
        (tmp_path / "of-test" / "model.toml").write_text(entry_text(FILES, base_url=weak.url))
        stubborn = open_registry(tmp_path).get("of-test")
        assert stubborn is not None
        with pytest.raises(PullFailed, match="broke off at 40000 of 102400 bytes"):
            pull(stubborn.entry, registry.shelf, urls(server), quiet)
    assert state(registry) == "needs-download"
    pull(entry, registry.shelf, urls(server), quiet)
    assert server.asked[0] == ("model.onnx", "bytes=40000-")
    assert state(registry) == "ready"


def test_pull_when_the_server_knows_no_ranges_then_it_begins_anew(server: FileServer, tmp_path: Path) -> None:
    """A whole answer to a question for the rest is taken from its start."""
    server.knows_ranges, server.cuts = False, [30_000]
    registry, entry = shelf_with(tmp_path, server.url)
    pull(entry, registry.shelf, urls(server), quiet)
    assert state(registry) == "ready"


@pytest.mark.parametrize(
    ("served", "said"),
    [
        (b"x" * len(BODY), "has the SHA-256"),
        (BODY + b"more", "larger than the 102400 bytes"),
        (BODY[:-1], "broke off at 102399 of 102400"),
        (b"", "broke off at 0 of"),
        (None, "the server answers 404"),
    ],
    ids=["wrong hash", "too long", "truncated", "empty", "missing"],
)
def test_pull_when_the_bytes_are_not_the_manifests_then_nothing_gets_its_name(
    server: FileServer, tmp_path: Path, served: bytes | None, said: str
) -> None:
    """One line says what is wrong; the model is as far away as before."""
    server.files.pop("model.onnx")
    if served is not None:
        server.files["model.onnx"] = served
    registry, entry = shelf_with(tmp_path, server.url)
    with pytest.raises(PullFailed, match=said):
        pull(entry, registry.shelf, urls(server), quiet)
    assert not (tmp_path / "of-test" / "model.onnx").exists()
    assert state(registry) == "needs-download"
    server.files["model.onnx"] = BODY
    pull(entry, registry.shelf, urls(server), quiet)
    assert state(registry) == "ready"


def test_pull_when_the_server_is_busy_then_it_is_asked_again(server: FileServer, tmp_path: Path) -> None:
    """503 twice, then the file."""
    server.statuses = [503, 503]
    registry, entry = shelf_with(tmp_path, server.url)
    pull(entry, registry.shelf, urls(server), quiet)
    assert state(registry) == "ready"


def test_pull_when_a_redirect_leads_to_another_place_then_that_is_looked_at_too(
    server: FileServer, tmp_path: Path
) -> None:
    """Followed where it may lead, refused where not, and never for ever."""
    registry, entry = shelf_with(tmp_path, server.url)
    server.files["elsewhere"] = BODY
    server.redirects["model.onnx"] = "/elsewhere"
    pull(entry, registry.shelf, urls(server), quiet)
    assert state(registry) == "ready"
    (tmp_path / "of-test" / "model.onnx").unlink()
    server.redirects["model.onnx"] = "http://10.0.0.1/model.onnx"
    with pytest.raises(PullFailed, match="not an https"):
        pull(entry, registry.shelf, urls(server), quiet)
    server.redirects["model.onnx"] = "/model.onnx"
    with pytest.raises(PullFailed, match="more than 5 redirects"):
        pull(entry, registry.shelf, urls(server), quiet)


def test_pull_when_nobody_allowed_it_then_this_machine_is_not_called(server: FileServer, tmp_path: Path) -> None:
    """The setting is explicit."""
    registry, entry = shelf_with(tmp_path, server.url)
    with pytest.raises(PullFailed, match=r"not an https|not public"):
        pull(entry, registry.shelf, FromUrls(), quiet)
    assert server.asked == []


def test_pull_when_from_a_folder_or_a_wheel_then_the_same_is_checked(tmp_path: Path) -> None:
    """Files are found by name and size anywhere inside, and count by their hash."""
    inside = tmp_path / "brought" / "package" / "model"
    inside.mkdir(parents=True)
    for name, body in FILES.items():
        (inside / name).write_bytes(body)
    wheel = tmp_path / "some-1-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("other/model.onnx", b"of another size")
        for name, body in FILES.items():
            archive.writestr(f"package/model/{name}", body)
    for place in (tmp_path / "brought", wheel):
        registry, entry = shelf_with(tmp_path / f"models of {place.name}", "")
        pull(entry, registry.shelf, FromPlace(place), quiet)
        assert state(registry) == "ready"
    (inside / "model.onnx").write_bytes(b"x" * len(BODY))
    registry, entry = shelf_with(tmp_path / "models", "")
    with pytest.raises(PullFailed, match="SHA-256"):
        pull(entry, registry.shelf, FromPlace(tmp_path / "brought"), quiet)
    with pytest.raises(PullFailed, match="cannot be read"):
        pull(entry, registry.shelf, FromPlace(inside / "tokenizer.json"), quiet)
    with pytest.raises(PullFailed, match=r"no address of model\.onnx"):
        pull(entry, registry.shelf, FromUrls(), quiet)


def test_pull_when_another_one_runs_then_it_is_refused_and_the_state_says_downloading(
    server: FileServer, tmp_path: Path
) -> None:
    """Two that wrote one partial file would spoil it."""
    registry, entry = shelf_with(tmp_path, server.url)
    with registry.shelf.filling(entry):
        assert state(registry) == "downloading"
        with pytest.raises(PullFailed, match="pulled by another process"):
            pull(entry, registry.shelf, urls(server), quiet)
    assert state(registry) == "needs-download"


def test_pull_when_the_certificate_is_not_trusted_then_no_byte_is_taken(tmp_path: Path) -> None:
    """Neither of an authority nobody named, nor of another; a file that holds none is said by its setting's name."""
    _, certificate = certificates.make(tmp_path / "tls")
    other, _ = certificates.make(tmp_path / "other")
    (tmp_path / "none.pem").write_text("nothing")
    with serving(FileServer(dict(FILES)), certificate) as server:
        registry, entry = shelf_with(tmp_path / "models", server.url)
        for trusted, said in ((None, "not trusted"), (other, "not trusted"), (tmp_path / "none.pem", "MODELS_CA_FILE")):
            with pytest.raises(PullFailed, match=said):
                pull(entry, registry.shelf, FromUrls(loopback_allowed=True, ca_file=trusted), quiet)
        assert server.asked == []
    assert state(registry) == "needs-download"
