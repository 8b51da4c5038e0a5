"""Reading one line of writing: cut out of its picture, made 48 pixels high, read by the model letter by letter.

The model says for each column which letter is likely, blanks among them; the same letter in neighbouring columns is one
(CTC, Graves et al. 2006). Not for: finding lines (line_finder.py). Nothing here fails on odd pictures.
"""

from typing import Any

_HEIGHT_PX = 48
# The model was made with lines at least so long; shorter ones are filled up with grey.
_WIDTH_LEAST_PX = 320
# Some 400 letters: nothing longer is one line.
_WIDTH_MOST_PX = 9600
# Height of a box, of its width: from here on it is a line that runs up or down.
_TALL = 1.5
_NO_LETTER = 0


def letters_of(session: Any) -> list[str]:
    """Return what each class of the model stands for: nothing, then the letters it names in its own file, then the blank."""
    named = session.get_modelmeta().custom_metadata_map["character"]
    return ["", *named.split("\n")[: session.get_outputs()[0].shape[2] - 2], " "]


def runs_up_or_down(width_px: float, height_px: float) -> bool:
    """Whether a box of this size holds a line that does not run across."""
    return height_px >= _TALL * width_px


def cut_out(pixels: Any, corners: Any) -> Any:
    """Return a line as a picture of its own; one that runs up or down is turned against the clock."""
    import cv2
    import numpy as np

    across = np.linalg.norm(corners - np.roll(corners, -1, axis=0), axis=1)
    width, height = (max(1, int(max(across[side], across[side + 2]))) for side in (0, 1))
    target = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    change = cv2.getPerspectiveTransform(corners, target)
    line = cv2.warpPerspective(pixels, change, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return np.ascontiguousarray(np.rot90(line)) if runs_up_or_down(width, height) else line


def read_line(session: Any, letters: list[str], line: Any) -> tuple[str, float]:
    """Return the words of a line and how sure the model is of its letters, 0 to 1."""
    import cv2
    import numpy as np

    height, width = line.shape[:2]
    width = min(_WIDTH_MOST_PX, max(1, -(-_HEIGHT_PX * width // height)))
    filled = np.zeros((3, _HEIGHT_PX, max(width, _WIDTH_LEAST_PX)), np.float32)
    filled[:, :, :width] = cv2.resize(line, (width, _HEIGHT_PX)).transpose(2, 0, 1) / 127.5 - 1
    likely = session.run(None, {"x": filled[np.newaxis]})[0][0]
    classes = likely.argmax(axis=1)
    starts = np.append(True, classes[1:] != classes[:-1]) & (classes != _NO_LETTER)
    if not starts.any():
        return "", 0.0
    return "".join(letters[one] for one in classes[starts]).strip(), float(likely.max(axis=1)[starts].mean())
