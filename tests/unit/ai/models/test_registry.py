"""The registry: honest states, real digests, no invented hashes."""

import re
from pathlib import Path

import pytest

from filemill.ai.capabilities.table import ALL
from filemill.ai.models.entry import read_entry
from filemill.ai.models.registry import ENTRIES, NO_MANIFEST, built_in_registry, grouped


def test_registry_when_read_then_every_capability_has_a_model() -> None:
    """There is at least one entry for each capability, and the embeddings that search will use."""
    assert set(ALL) == set(grouped(built_in_registry()))


def test_registry_when_a_model_comes_with_filemill_then_it_is_ready_with_a_digest() -> None:
    """Built-in models need no download; their digest covers real files and versions."""
    built_in = [model for model in built_in_registry().list() if model.entry.built_in]
    assert {model.entry.capability for model in built_in} == set(ALL) - {"objects", "captions", "embeddings", "names"}
    for model in built_in:
        assert (model.state, model.reason, model.pull_command) == ("ready", None, None)
        assert re.fullmatch(r"[0-9a-f]{64}", model.digest)
        assert model.entry.files
        assert model.entry.version != "not installed"


def test_registry_when_a_model_must_be_fetched_then_it_says_so_and_invents_nothing() -> None:
    """Without known hashes there is no digest, and the reason says that it cannot be pulled yet; MiniLM has both."""
    awaited = [model for model in built_in_registry().list() if not model.entry.built_in]
    assert {model.entry.capability for model in awaited} == set(ALL) & {
        "objects",
        "captions",
        "embeddings",
        "names",
        "sentiment",
        "classification",
    }
    for model in awaited:
        assert model.state == "needs-download"
        command = f"filemill models pull {model.entry.id}"
        if model.entry.id == "minilm-l6":
            assert (model.reason, len(model.digest), model.pull_command) == (None, 64, command)
            continue
        assert model.as_json()["command"] == f"{command} --from FOLDER --pin"
        assert model.reason == NO_MANIFEST.format(id=model.entry.id)
        assert model.digest == ""
        assert all(file.sha256 is None for file in model.entry.files)


def test_best_when_a_better_model_is_missing_then_the_ready_one_is_used() -> None:
    """Sentiment ranks DistilBERT first, and runs with VADER until it is there; off means the better one is named."""
    ready = built_in_registry().best("sentiment")
    assert ready is not None
    assert ready.entry.id == "vader"
    off = built_in_registry(frozenset({"vader"})).best("sentiment")
    assert off is not None
    assert (off.entry.id, off.state) == ("distilbert-sst2", "needs-download")
    assert built_in_registry().best("telepathy") is None


def test_note_when_a_model_changes_then_its_state_and_reason_are_listed() -> None:
    """States at run time are noted; an unknown id is a bug."""
    registry = built_in_registry()
    registry.note("vader", "failed", "Out of memory.")
    model = registry.get("vader")
    assert model is not None
    assert (model.state, model.reason, model.usable) == ("failed", "Out of memory.", False)
    with pytest.raises(KeyError):
        registry.note("nothing", "loaded")


def test_digest_when_a_file_or_version_changes_then_it_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Provenance is over contents: another word list is another model."""
    package = tmp_path / "a_lexicon"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "words.txt").write_text("good 1\n")
    entry = (ENTRIES / "sentiment-vader.toml").read_text().split("[[files]]")[0]
    (tmp_path / "x.toml").write_text(entry + '[[files]]\nname = "words.txt"\npackage = "a_lexicon"\n')
    monkeypatch.syspath_prepend(str(tmp_path))
    before = read_entry(tmp_path / "x.toml").digest()
    (package / "words.txt").write_text("good 2\n")
    assert len(before) == 64
    assert read_entry(tmp_path / "x.toml").digest() != before


def test_missing_when_a_package_or_file_is_not_there_then_it_is_named(tmp_path: Path) -> None:
    """A broken installation is a stated failure with the fix."""
    entry = (ENTRIES / "sentiment-vader.toml").read_text()
    (tmp_path / "x.toml").write_text(entry.replace('["vadersentiment"]', '["no-such-package"]'))
    assert "no-such-package is not installed" in (read_entry(tmp_path / "x.toml").missing() or "")
    (tmp_path / "y.toml").write_text(entry.replace("vader_lexicon.txt", "no_lexicon.txt"))
    assert "no_lexicon.txt" in (read_entry(tmp_path / "y.toml").missing() or "")


def test_read_entry_when_a_field_is_missing_then_the_file_is_named(tmp_path: Path) -> None:
    """A broken entry says which file it is."""
    (tmp_path / "broken.toml").write_text('id = "x"\n')
    with pytest.raises(ValueError, match=r"broken\.toml"):
        read_entry(tmp_path / "broken.toml")


@pytest.mark.parametrize("path", sorted(ENTRIES.glob("*.toml")), ids=lambda path: path.stem)
def test_entries_when_read_then_their_fields_make_sense(path: Path) -> None:
    """Sizes, licence and languages are stated for every model."""
    entry = read_entry(path)
    assert path.stem.startswith(entry.capability)
    assert entry.size_bytes > 0
    assert entry.memory_bytes > 0
    assert entry.licence
    assert entry.languages
    assert entry.rank >= 1
