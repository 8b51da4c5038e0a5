"""Where lines of writing stand on a picture: the model says how likely each pixel is one of a line, regions become boxes.

The method is that of DB (Liao et al., "Real-time Scene Text Detection with Differentiable Binarization", 2019), the numbers
are those of rapidocr. Not for: reading (line_reader.py). Nothing here fails on odd pictures.
"""

from typing import Any

# A third of the time of 2,000 pixels, and not a word more was missed.
_SIDE_PX = 1280
# The model halves its picture five times.
_MULTIPLE_PX = 32
_LIKELY = 0.3
_LIKELY_ON_AVERAGE = 0.5
# The model marks the heart of a line; its box is wider by this much of area to length around.
_GROWTH = 1.6
_REGIONS_MAX = 1000
_REGION_LEAST_PX = 3
_BOX_LEAST_PX = 5
# A strip this many times as wide as high leaves the model nothing around the line to see.
_STRIP = 8


def find_lines(session: Any, pixels: Any) -> list[Any]:
    """Return the corners of each line in an (H, W, 3) uint8 picture: (4, 2) float32, clockwise from the top left.

    The upper ones come first.
    """
    import cv2
    import numpy as np

    height, width = pixels.shape[:2]
    border = height if width > _STRIP * height else 0
    if border:
        pixels = cv2.copyMakeBorder(pixels, border, border, 0, 0, cv2.BORDER_REPLICATE)
        height += 2 * border
    shrink = min(1.0, _SIDE_PX / max(height, width))
    size = [max(1, round(side * shrink / _MULTIPLE_PX)) * _MULTIPLE_PX for side in (width, height)]
    small = cv2.resize(pixels, size).astype(np.float32) / 127.5 - 1
    likely = session.run(None, {"x": small.transpose(2, 0, 1)[np.newaxis]})[0][0, 0]
    mask = cv2.dilate((likely > _LIKELY).astype(np.uint8), np.ones((2, 2), np.uint8))
    regions, _ = cv2.findContours(mask, cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)
    to_picture = np.array([width / size[0], height / size[1]], np.float32)
    found = [_corners(box) * to_picture - (0, border) for box in _boxes(likely, regions[:_REGIONS_MAX])]
    most = np.array([width, height - 2 * border], np.float32)
    found.sort(key=lambda corners: float(corners[0][1]))
    return [np.clip(corners, 0, most).astype(np.float32) for corners in found]


def _boxes(likely: Any, regions: Any) -> list[Any]:
    import cv2

    boxes = []
    for region in regions:
        center, (width, height), angle = cv2.minAreaRect(region)
        if min(width, height) < _REGION_LEAST_PX or _average(likely, region) < _LIKELY_ON_AVERAGE:
            continue
        more = 2 * width * height * _GROWTH / (2 * (width + height))
        if min(width, height) + more >= _BOX_LEAST_PX:
            boxes.append((center, (width + more, height + more), angle))
    return boxes


def _average(likely: Any, region: Any) -> float:
    """How likely the pixels of a region are those of a line, on average."""
    import cv2
    import numpy as np

    left, top, width, height = cv2.boundingRect(region)
    inside = np.zeros((height, width), np.uint8)
    cv2.fillPoly(inside, [region - (left, top)], 1)
    return float(cv2.mean(likely[top : top + height, left : left + width], inside)[0])


def _corners(box: Any) -> Any:
    """Return the corners clockwise from the top left."""
    import cv2
    import numpy as np

    points = cv2.boxPoints(box)
    points = points[np.argsort(points[:, 0], kind="stable")]
    left, right = (side[np.argsort(side[:, 1], kind="stable")] for side in (points[:2], points[2:]))
    return np.array([left[0], right[0], right[1], left[1]])
