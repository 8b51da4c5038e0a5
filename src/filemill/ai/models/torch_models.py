"""Models of the kind `runtime = "transformers"`: what a loaded one answers, a class per capability.

Runs only inside a confined child; PyTorch and transformers (extra `ai-torch`) are imported here, on first use. Loading is
`torch_loading`. An item that cannot be used is answered `{"refused": why}`.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from filemill.ai.models.picture_items import opened_picture
from filemill.ai.models.runtime import Json

FOUND_MOST = 100
TOKENS_MOST = 512
WORDS_MOST = 30
"""Tokens of a caption."""
_BELOW = 0.5


class Pictures:
    """Common to those that look: items are pictures, in base64; those that are none are refused one by one."""

    def __init__(self, parts: Any, settings: Mapping[str, Any]) -> None:
        self._model, self._processor, self._device = parts.model, parts.processor, parts.device
        self._settings = settings

    def answer(self, items: Sequence[Any]) -> list[Json]:
        """One answer for each picture."""
        pictures = [opened_picture(str(one)) for one in items]
        usable = [one for one in pictures if one is not None]
        answers = iter(self._look(usable) if usable else [])
        return [{"refused": "it is not a readable picture"} if one is None else next(answers) for one in pictures]

    def _pixels(self, pictures: list[Any]) -> Any:
        return self._processor(images=pictures, return_tensors="pt").to(self._device)

    def _look(self, pictures: list[Any]) -> list[Json]:
        raise NotImplementedError


class TorchDetector(Pictures):
    """Answers `{"found": [{"label", "confidence", "box"}]}` as `detector` does."""

    def _look(self, pictures: list[Any]) -> list[Json]:
        import torch

        threshold = float(self._settings.get("threshold", _BELOW))
        with torch.inference_mode():
            outputs = self._model(**self._pixels(pictures))
        sizes = [(1, 1)] * len(pictures)  # in shares of the picture
        found = self._processor.post_process_object_detection(outputs, threshold=threshold, target_sizes=sizes)
        return [{"found": self._rows(one)} for one in found]

    def _rows(self, one: Mapping[str, Any]) -> list[Json]:
        names = self._model.config.id2label
        rows = zip(one["scores"].tolist(), one["labels"].tolist(), one["boxes"].tolist(), strict=True)
        ranked = sorted(rows, key=lambda row: -row[0])[:FOUND_MOST]
        return [
            {"label": str(names[label]), "confidence": round(score, 4), "box": _box(box)}
            for score, label, box in ranked
        ]


class PicturesAndWords:
    """What makes numbers of pictures, and words of numbers: the two halves of a captioner's processor."""

    def __init__(self, pictures: Any, words: Any) -> None:
        self._pictures = pictures
        self._words = words

    def __call__(self, **given: Any) -> Any:
        """As the image processor."""
        return self._pictures(**given)

    def batch_decode(self, sequences: Any, **how: Any) -> list[str]:
        """As the tokenizer."""
        said: list[str] = self._words.batch_decode(sequences, **how)
        return said


class Captioner(Pictures):
    """Answers `{"caption", "confidence"}`: the likeliest words one by one, and the mean (geometric) of their probabilities."""

    def _look(self, pictures: list[Any]) -> list[Json]:
        import torch

        with torch.inference_mode():
            made = self._model.generate(
                **self._pixels(pictures), max_new_tokens=WORDS_MOST, do_sample=False, num_beams=1,
                return_dict_in_generate=True, output_scores=True,
            )  # fmt: skip
        texts = self._processor.batch_decode(made.sequences, skip_special_tokens=True)
        steps = torch.stack([torch.log_softmax(one, -1).max(-1).values for one in made.scores], dim=1)
        new = made.sequences[:, -steps.shape[1] :]
        real = new != self._model.generation_config.pad_token_id
        sure = (steps * real).sum(1) / real.sum(1).clamp(min=1)
        return [
            {"caption": text.strip(), "confidence": round(math.exp(one), 4)}
            for text, one in zip(texts, sure.tolist(), strict=True)
        ]


class Texts:
    """Common to those that read: items are texts, and are data. What a model cannot take is cut off at the end."""

    def __init__(self, parts: Any, settings: Mapping[str, Any]) -> None:
        self._model, self._tokenizer, self._device = parts.model, parts.processor, parts.device
        self._settings = settings
        room = int(getattr(parts.model.config, "max_position_embeddings", TOKENS_MOST))
        self._most = min(int(settings.get("most_tokens", TOKENS_MOST)), room)
        self._names = {int(at): str(name) for at, name in parts.model.config.id2label.items()}

    def _logits(self, *texts: list[str], **more: Any) -> tuple[Any, Any]:
        """The model's logits (on the CPU) and what the tokenizer made."""
        import torch

        read = self._tokenizer(
            *texts, padding=True, truncation="longest_first" if len(texts) == 1 else "only_first", max_length=self._most,
            return_tensors="pt", **more,
        )  # fmt: skip
        inputs = {
            name: value.to(self._device) for name, value in read.items() if name in self._tokenizer.model_input_names
        }
        with torch.inference_mode():
            return self._model(**inputs).logits.float().cpu(), read


class TextClassifier(Texts):
    """Answers `{"scores": {label: probability}}`, for all labels of the model."""

    def answer(self, items: Sequence[Any]) -> list[Json]:
        """`items`: texts."""
        logits, _ = self._logits([str(one) for one in items])
        shares = logits.softmax(-1).tolist()
        return [{"scores": {self._names[at]: round(one, 6) for at, one in enumerate(row)}} for row in shares]


class ZeroShot(Texts):
    """Asks a model of inference whether "this is an invoice" follows, for each class of the entry's `[settings.classes]`.

    A class is as likely as its share among the classes, and no likelier than that its sentence follows at all.
    """

    def __init__(self, parts: Any, settings: Mapping[str, Any]) -> None:
        super().__init__(parts, settings)
        self._classes = {str(name): str(words) for name, words in settings["classes"].items()}
        self._sentence = str(settings.get("sentence", "This is {}."))
        by_name = {name.lower(): at for at, name in self._names.items()}
        self._follows = next((at for name, at in by_name.items() if name.startswith("entail")), None)
        self._contradicts = next((at for name, at in by_name.items() if name.startswith("contra")), None)
        if self._follows is None or self._contradicts is None or not self._classes:
            raise ValueError(
                "its labels are not those of inference (entailment, contradiction), or there are no classes"
            )

    def answer(self, items: Sequence[Any]) -> list[Json]:
        """`items`: texts."""
        sentences = [self._sentence.format(words) for words in self._classes.values()]
        texts = [str(one) for one in items for _ in sentences]
        logits, _ = self._logits(texts, sentences * len(items))
        logits = logits.view(len(items), len(sentences), -1)
        shares = logits[..., self._follows].softmax(-1)
        follows = logits[..., [self._contradicts, self._follows]].softmax(-1)[..., 1]
        rows = shares.minimum(follows).tolist()
        return [{"scores": {name: round(one, 6) for name, one in zip(self._classes, row, strict=True)}} for row in rows]


class NameFinder(Texts):
    """Answers `{"found": [{"label", "start", "end", "confidence"}]}`: tokens of one name together, by B- and I- labels."""

    def answer(self, items: Sequence[Any]) -> list[Json]:
        """`items`: texts; `start` and `end` are characters of them."""
        logits, read = self._logits([str(one) for one in items], return_offsets_mapping=True)
        shares, labels = logits.softmax(-1).max(-1)
        rows = zip(labels.tolist(), shares.tolist(), read["offset_mapping"].tolist(), strict=True)
        return [{"found": self._together(list(zip(*row, strict=True)))} for row in rows]

    def _together(self, tokens: list[tuple[int, float, list[int]]]) -> list[Json]:
        found: list[Json] = []
        before = ""
        for label, share, (start, end) in tokens:
            begins, _, kind = self._names[label].rpartition("-")
            if start == end or self._names[label] == "O":
                before = ""
            elif before == kind and begins != "B" and found:
                found[-1] |= {"end": end, "confidence": min(found[-1]["confidence"], round(share, 4))}
            else:
                found.append({"label": kind, "start": start, "end": end, "confidence": round(share, 4)})
                before = kind
        return [one for one in found if one["confidence"] >= _BELOW][:FOUND_MOST]


def _box(corners: list[float]) -> Json:
    left, top, right, bottom = (min(max(one, 0.0), 1.0) for one in corners)
    return {"left": round(left, 4), "top": round(top, 4), "width": round(max(right - left, 0.0), 4),
            "height": round(max(bottom - top, 0.0), 4)}  # fmt: skip
