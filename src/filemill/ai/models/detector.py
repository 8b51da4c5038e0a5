"""Pictures to boxes with names: DETR and its kin as ONNX, `pixel_values` in, `logits` and `pred_boxes` out.

Settings of the entry: `labels` (by class number), `width_px`, `height_px`, `scores` (`sigmoid` as RT-DETR, `softmax` with a
last "nothing" class as DETR), `threshold`, and `mean` and `std` per colour where the model wants them. Runs only in a confined
child.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from filemill.ai.models.picture_items import opened_picture
from filemill.ai.models.runtime import Json, run

FOUND_MOST = 100


class Detector:
    """Answers `{"found": [{"label", "confidence", "box"}]}`; a box is in shares of the picture, as `results.Box`."""

    def __init__(self, session: Any, settings: Mapping[str, Any]) -> None:
        self._session = session
        self._labels = [str(one) for one in settings["labels"]]
        self._size = (int(settings["width_px"]), int(settings["height_px"]))
        self._softmax = settings.get("scores", "sigmoid") == "softmax"
        self._threshold = float(settings.get("threshold", 0.5))
        self._mean = [float(one) for one in settings.get("mean", (0, 0, 0))]
        self._std = [float(one) for one in settings.get("std", (1, 1, 1))]
        names = {one.name for one in session.get_outputs()}
        if {one.name for one in session.get_inputs()} != {"pixel_values"} or not {"logits", "pred_boxes"} <= names:
            raise ValueError("it does not take pixel_values and give logits and pred_boxes")

    def answer(self, items: Sequence[Any]) -> list[Json]:
        """`items`: pictures, in base64. Those that are none are refused one by one, the others go through together."""
        import numpy as np

        pixels = [self._pixels(str(one)) for one in items]
        usable = [one for one in pixels if one is not None]
        found: list[list[Json]] = []
        if usable:
            logits, boxes = self._outputs(np.stack(usable))
            found = [self._found(logits[at], boxes[at]) for at in range(len(usable))]
        answers = iter(found)
        return [
            {"refused": "it is not a readable picture"} if one is None else {"found": next(answers)} for one in pixels
        ]

    def _pixels(self, item: str) -> Any:
        """(3, height, width) float32 in RGB, or None."""
        import numpy as np
        from PIL import Image

        picture = opened_picture(item)
        if picture is None:
            return None
        small = picture.resize(self._size, Image.Resampling.BILINEAR)
        values = np.asarray(small, dtype=np.float32) / 255
        mean, std = np.asarray(self._mean, np.float32), np.asarray(self._std, np.float32)
        return ((values - mean) / std).transpose(2, 0, 1)

    def _outputs(self, pixels: Any) -> tuple[Any, Any]:
        names = [one.name for one in self._session.get_outputs()]
        values = dict(zip(names, run(self._session, {"pixel_values": pixels}), strict=True))
        return values["logits"], values["pred_boxes"]

    def _found(self, logits: Any, boxes: Any) -> list[Json]:
        import numpy as np

        if self._softmax:
            shifted = np.exp(logits - logits.max(axis=-1, keepdims=True))
            scores = (shifted / shifted.sum(axis=-1, keepdims=True))[:, :-1]
        else:
            scores = 1 / (1 + np.exp(-logits))
        best, sure = scores.argmax(axis=-1), scores.max(axis=-1)
        order = [at for at in np.argsort(-sure)[:FOUND_MOST] if sure[at] >= self._threshold]
        return [
            {"label": self._labels[best[at]], "confidence": round(float(sure[at]), 4), "box": _box(boxes[at])}
            for at in order
            if best[at] < len(self._labels)
        ]


def _box(middle: Any) -> Json:
    """Centre and size to corner and size, inside the picture."""
    x, y, width, height = (float(one) for one in middle)
    left, top = min(max(x - width / 2, 0.0), 1.0), min(max(y - height / 2, 0.0), 1.0)
    right, bottom = min(max(x + width / 2, left), 1.0), min(max(y + height / 2, top), 1.0)
    return {
        "left": round(left, 4),
        "top": round(top, 4),
        "width": round(right - left, 4),
        "height": round(bottom - top, 4),
    }
