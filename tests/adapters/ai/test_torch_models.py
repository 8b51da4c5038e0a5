"""Models of PyTorch in confined children: real classes of transformers, tiny and random, say there what they say here.

Run by hand (`make test-torch`): the extra ai-torch is large. In `make test` these are left out by their marker.
"""

import base64
import json
from collections.abc import AsyncIterator, Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from filemill.ai.models.host import ModelHost
from filemill.ai.models.loading import HostLimits, ModelFailed
from filemill.ai.models.registry import open_registry
from filemill.ai.models.server import ENTRY
from filemill.chassis.sandbox import Sandbox
from support import tiny_torch
from support.model_files import own_model

pytestmark = [
    pytest.mark.torch,
    # Of the libraries, on import and on saving.
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning"),
]

TEXTS = ["The total is this.", "Anna", "Invoice of Anna, Berlin. " * 40]
Ask = Callable[..., Any]


@pytest.fixture
async def ask(tmp_path: Path) -> AsyncIterator[Ask]:
    """Put a model on the shelf, ask it, and keep its host for the next question."""
    scratch = tmp_path / "scratch"
    hosts: dict[str, ModelHost] = {}

    async def asked(
        capability: str, files: dict[str, bytes], *items: Any, device: str = "auto", settings: str = ""
    ) -> Any:
        if capability not in hosts:
            own_model(
                tmp_path / capability, files, capability=capability, runtime="transformers", memory_bytes=800_000_000,
                settings=settings,
            )  # fmt: skip
            sandbox = Sandbox(ENTRY, scratch=scratch / capability)
            registry = open_registry(tmp_path / capability)
            assert registry.broken == ()
            limits = HostLimits(load_s=120, answer_s=60, batch_most=8, device=device)
            hosts[capability] = ModelHost(sandbox, scratch / capability, registry, limits)
        host = hosts[capability]
        model = host._registry.get("of-test")
        assert model is not None
        assert model.usable, model.reason
        return await host.ask(model, items)

    yield asked
    for host in hosts.values():
        await host.close()


def picture(colour: tuple[int, int, int], size: tuple[int, int] = (64, 48)) -> Image.Image:
    return Image.new("RGB", size, colour)


def encoded(image: Image.Image) -> str:
    held = BytesIO()
    image.save(held, "PNG")
    return base64.b64encode(held.getvalue()).decode()


async def test_sentiment_when_texts_are_asked_together_then_as_transformers_says_of_each(ask: Ask) -> None:
    """The same probabilities to four digits; a text longer than the model reads is cut off."""
    import torch

    model = tiny_torch.text_model("DistilBertForSequenceClassification", ("NEGATIVE", "POSITIVE"))
    tokens = tiny_torch.tokenizer()
    answers = await ask("sentiment", tiny_torch.saved(model, tokens), *TEXTS)
    for text, answer in zip(TEXTS, answers, strict=True):
        with torch.inference_mode():
            read = tokens([text], truncation=True, max_length=32, return_tensors="pt")
            expected = model(**read).logits.softmax(-1)[0].tolist()
        assert answer["scores"] == pytest.approx(dict(zip(("NEGATIVE", "POSITIVE"), expected, strict=True)), abs=1e-4)


@pytest.mark.parametrize(
    ("bias", "most"), [((3.0, 0.0, -3.0), 0.0), ((-3.0, 0.0, 3.0), 1 / 3)], ids=["never", "always"]
)
async def test_classification_when_asked_then_no_class_is_likelier_than_that_its_sentence_follows(
    ask: Ask, bias: tuple[float, ...], most: float
) -> None:
    """A model that always sees a contradiction names nothing, however its scores compare."""
    labels = ("contradiction", "neutral", "entailment")
    model = tiny_torch.text_model("DistilBertForSequenceClassification", labels, bias)
    files = tiny_torch.saved(model, tiny_torch.tokenizer())
    first, _ = await ask("classification", files, *TEXTS[:2], settings=tiny_torch.CLASSES)
    assert set(first["scores"]) == {"invoice", "letter", "report"}
    assert max(first["scores"].values()) == pytest.approx(most, abs=0.01)


async def test_names_when_found_then_each_is_where_it_says(ask: Ask) -> None:
    """Words that begin a name are apart, words that go on are together; places are characters of the text."""
    labels = ("O", "B-PER", "I-PER")
    model = tiny_torch.text_model("DistilBertForTokenClassification", labels, (0.0, 9.0, 0.0))
    (first, _) = await ask("names", tiny_torch.saved(model, tiny_torch.tokenizer()), "Anna is  Berlin", "")
    assert [("Anna is  Berlin"[one["start"] : one["end"]], one["label"]) for one in first["found"]] == [
        ("Anna", "PER"), ("is", "PER"), ("Berlin", "PER")
    ]  # fmt: skip


@pytest.mark.parametrize("make", [tiny_torch.detr, tiny_torch.rt_detr], ids=["detr", "rt-detr"])
async def test_objects_when_pictures_are_asked_then_boxes_are_inside_and_as_transformers_says(
    ask: Ask, make: Any
) -> None:
    """Pictures of two shapes in one batch; what is no picture is refused alone; one pixel is a picture."""
    import torch

    model, processor = make()
    shown = [picture((200, 30, 30)), picture((20, 20, 220), (30, 70)), picture((9, 9, 9), (1, 1))]
    asked = [encoded(one) for one in shown] + [base64.b64encode(b"no picture").decode()]
    *answers, refused = await ask("objects", tiny_torch.saved(model, processor), *asked, settings="threshold = 0.01")
    assert refused == {"refused": "it is not a readable picture"}
    with torch.inference_mode():
        outputs = model(**processor(images=shown, return_tensors="pt"))
    expected = processor.post_process_object_detection(outputs, threshold=0.01, target_sizes=[(1, 1)] * 3)
    for answer, wanted in zip(answers, expected, strict=True):
        assert len(answer["found"]) == len(wanted["scores"]) > 0
        assert answer["found"][0]["confidence"] == pytest.approx(float(wanted["scores"].max()), abs=1e-3)
        for one in answer["found"]:
            assert one["label"] in ("cat", "lamp")
            assert 0 <= one["box"]["left"] <= one["box"]["left"] + one["box"]["width"] <= 1.0001


async def test_captions_when_asked_then_words_of_the_model_and_how_sure_it_is(ask: Ask) -> None:
    """The same picture, the same words, whatever stands beside it in the batch."""
    model, pictures = tiny_torch.blip()
    files = tiny_torch.saved(model, pictures, tiny_torch.tokenizer())
    red, blue = encoded(picture((200, 30, 30))), encoded(picture((20, 20, 220)))
    first, _, again = await ask("captions", files, red, blue, red)
    assert first == again
    assert 0 < first["confidence"] <= 1
    assert all(word.strip("#") in {one.strip("#") for one in tiny_torch.WORDS} for word in first["caption"].split())


def _truncated(files: dict[str, bytes]) -> dict[str, bytes]:
    return files | {"model.safetensors": files["model.safetensors"][:-400]}


def _of_another(files: dict[str, bytes]) -> dict[str, bytes]:
    config = json.loads(files["config.json"])
    return files | {"config.json": json.dumps(config | {"n_layers": 2}).encode()}


def _with_code(files: dict[str, bytes]) -> dict[str, bytes]:
    config = json.loads(files["config.json"]) | {
        "model_type": "evil", "auto_map": {"AutoConfig": "evil.Config", "AutoModelForSequenceClassification": "evil.Model"}
    }  # fmt: skip
    return files | {"config.json": json.dumps(config).encode()}


def _without_weights(files: dict[str, bytes]) -> dict[str, bytes]:
    return {name: body for name, body in files.items() if name != "model.safetensors"}


@pytest.mark.parametrize(
    ("spoil", "said"),
    [(_truncated, "cannot load it"), (_of_another, "its weights lack"), (_with_code, "cannot load it"),
     (_without_weights, "lacks config.json or weights")],
    ids=["truncated", "of another model", "with code", "without weights"],
)  # fmt: skip
async def test_load_when_the_files_are_no_model_then_it_says_why_and_nothing_is_run(
    ask: Ask, tmp_path: Path, spoil: Any, said: str
) -> None:
    """Right hashes are not enough: what is missing is not filled with random numbers, and code is never fetched or run."""
    model = tiny_torch.text_model("DistilBertForSequenceClassification", ("NEGATIVE", "POSITIVE"))
    with pytest.raises(ModelFailed, match=said) as failed:
        await ask("sentiment", spoil(tiny_torch.saved(model, tiny_torch.tokenizer())), "text")
    assert failed.value.of_model


async def test_load_when_files_lie_beside_the_manifest_then_they_are_not_seen(ask: Ask, tmp_path: Path) -> None:
    """Weights as pickle, an adapter, code: the library would look for them by name, and finds only what was hashed."""
    model = tiny_torch.text_model("DistilBertForSequenceClassification", ("NEGATIVE", "POSITIVE"))
    files = tiny_torch.saved(model, tiny_torch.tokenizer())
    (before,) = await ask("sentiment", files, "text")
    folder = tmp_path / "sentiment" / "of-test"
    for name in ("pytorch_model.bin", "adapter_config.json", "evil.py", "special_tokens_map.json"):
        (folder / name).write_bytes(b"not what it says")
    assert (await ask("sentiment", files, "text")) == [before]


async def test_device_when_cuda_is_asked_for_and_not_there_then_it_says_so(ask: Ask) -> None:
    """It does not go on on the CPU behind somebody's back; `auto` does."""
    import torch

    if torch.cuda.is_available():
        pytest.skip("there is a CUDA device here")
    model = tiny_torch.text_model("DistilBertForSequenceClassification", ("NEGATIVE", "POSITIVE"))
    with pytest.raises(ModelFailed, match="finds no CUDA device"):
        await ask("sentiment", tiny_torch.saved(model, tiny_torch.tokenizer()), "text", device="cuda")
