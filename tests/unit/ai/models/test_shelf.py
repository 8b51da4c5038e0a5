"""Own models and the states of what is on the shelf: broken ones are named, and stop nothing else."""

import pickle
from pathlib import Path

import pytest

from filemill.ai.models.pulling import check
from filemill.ai.models.registry import built_in_registry, open_registry
from support.model_files import entry_text, own_model

FILES = {"model.onnx": b"a graph", "tokenizer.json": b"{}"}


def test_registry_when_an_operator_adds_a_model_then_it_is_ranked_with_ours(tmp_path: Path) -> None:
    """A folder with a `model.toml` is enough; rank 0 comes first; its digest is over its files and settings."""
    own_model(tmp_path, FILES)
    own_model(tmp_path, FILES, model_id="other", settings="most_tokens = 8", rank=9)
    registry = open_registry(tmp_path)
    assert [(model.entry.id, model.state) for model in registry.for_capability("embeddings")] == [
        ("of-test", "ready"), ("minilm-l6", "needs-download"), ("other", "ready"),
    ]  # fmt: skip
    best = registry.best("embeddings")
    assert best is not None
    assert best.entry.id == "of-test"
    other = registry.get("other")
    assert other is not None
    assert len({best.digest, other.digest, ""}) == 3
    assert open_registry(tmp_path, frozenset({"of-test"})).best("embeddings").entry.id == "other"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("id = ", "not valid"),
        ("\xff", "not valid"),
        (entry_text({"model.bin": b"x"}), "may hold code"),
        (entry_text({"model.pt": b"x"}), "may hold code"),
        (entry_text({"../../etc/passwd.json": b"x"}), "not a plain file name"),
        (entry_text(FILES, model_id="minilm-l6"), "another model has the id"),
        (entry_text(FILES, model_id="a/b"), "the id"),
        (entry_text(FILES, capability="telepathy"), "can be used for telepathy"),
        (entry_text(FILES).replace("onnxruntime", "pickle"), "no pickle model"),
        (entry_text(FILES).replace("rank = 0", "rank = -1"), "rank"),
        (entry_text(FILES).replace('sha256 = "', 'sha256 = "z'), "64 hexadecimal"),
        (entry_text(FILES) + "#" * 300_000, "larger than"),
    ],
)
def test_registry_when_an_own_entry_is_broken_then_it_is_named_and_the_others_work(
    tmp_path: Path, text: str, said: str
) -> None:
    """A person wrote it: the reason is in words, and nothing else is touched."""
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "model.toml").write_text(text, encoding="latin-1")
    registry = open_registry(tmp_path)
    assert [broken.name for broken in registry.broken] == ["mine"]
    assert said in registry.broken[0].reason
    assert len(registry.list()) == len(built_in_registry().list())


def test_state_when_files_are_missing_cut_or_changed_then_it_says_which(tmp_path: Path) -> None:
    """Sizes are looked at each time; hashes when somebody verifies, and before a model is loaded."""
    folder = own_model(tmp_path, FILES)
    registry = open_registry(tmp_path)

    def now() -> tuple[str, str | None]:
        model = registry.get("of-test")
        assert model is not None
        return model.state, model.reason

    assert now() == ("ready", None)
    registry.note("of-test", "failed", "It crashed.")
    assert now() == ("failed", "It crashed.")
    (folder / "model.onnx").write_bytes(b"a grap!")
    assert now() == ("ready", None)  # the files changed: what was noted of them holds no more
    model = registry.get("of-test")
    assert model is not None
    assert "SHA-256" in check(model.entry, registry.shelf)[0]
    (folder / "model.onnx").write_bytes(b"a gra")
    state, reason = now()
    assert state == "failed"
    assert reason is not None
    assert "model.onnx has 5 bytes, not 7" in reason
    (folder / "model.onnx").unlink()
    assert now() == ("needs-download", "model.onnx is not in its folder")


def test_registry_when_there_is_no_folder_then_only_what_comes_with_filemill(tmp_path: Path) -> None:
    """A fresh installation has no models folder."""
    registry = open_registry(tmp_path / "nothing")
    assert registry.broken == ()
    assert {model.state for model in registry.list()} == {"ready", "needs-download"}


def test_entry_when_a_model_is_pickled_then_it_is_never_on_the_shelf(tmp_path: Path) -> None:
    """By its name it is refused; under a name that is allowed it is bytes, which no code of ours unpickles."""
    own_model(tmp_path, {"weights.pkl": pickle.dumps({"a": 1})})
    assert "may hold code" in open_registry(tmp_path).broken[0].reason
