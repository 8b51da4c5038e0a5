"""A photo-like landscape drawn by numbers: sky, clouds, three ridges, a lake with their reflection, film grain.

For trying thumbnails, EXIF, colours and "is this a photo". Not a real place or camera. The random source is seeded,
so the same numpy and Pillow give the same bytes.
"""

from pathlib import Path

import numpy as np
from PIL import Image
from PIL.TiffImagePlugin import IFDRational

WIDTH_PX, HEIGHT_PX = 1200, 800
HORIZON_PX = 500
SEED = 20250614
JPEG_QUALITY = 82  # keeps the file near 150 KB

Floats = np.ndarray


def write_photo(path: Path) -> None:
    """Write the landscape as JPEG with EXIF (camera, lens settings, date, orientation 1, GPS)."""
    random = np.random.default_rng(SEED)
    picture = _sky(random)
    for depth in range(3):
        _add_ridge(picture, depth, random)
    _add_lake(picture, random)
    picture += random.normal(0.0, 2.2, picture.shape[:2])[..., None]
    image = Image.fromarray(np.clip(picture, 0, 255).astype(np.uint8))
    image.save(path, "JPEG", quality=JPEG_QUALITY, exif=_exif(), optimize=True)


def _smooth_noise(random: np.random.Generator, height: int, width: int, cells: int) -> Floats:
    """(height, width) float, mean 0: octaves of interpolated noise, the coarsest with `cells` cells across."""
    total = np.zeros((height, width))
    for octave in range(6):
        across = cells * 2**octave
        down = max(2, across * height // width)
        coarse = Image.fromarray(random.standard_normal((down + 1, across + 1)).astype(np.float32))
        total += np.asarray(coarse.resize((width, height), Image.Resampling.BICUBIC)) / 2**octave
    return total


def _sky(random: np.random.Generator) -> Floats:
    """(H, W, 3) float RGB: a clear evening blue, lighter at the horizon, with drawn-out clouds."""
    down = np.linspace(0.0, 1.0, HEIGHT_PX)[:, None, None]
    sky = np.array([62.0, 118.0, 190.0]) * (1 - down) + np.array([214.0, 205.0, 190.0]) * down
    picture = np.repeat(sky, WIDTH_PX, axis=1)
    narrow = _smooth_noise(random, HEIGHT_PX, WIDTH_PX // 3, 2).astype(np.float32)
    clouds = np.asarray(Image.fromarray(narrow).resize((WIDTH_PX, HEIGHT_PX), Image.Resampling.BICUBIC))
    cover = (np.clip((clouds - 0.15) / 1.6, 0, 0.85) * np.linspace(1.0, 0.25, HEIGHT_PX)[:, None])[..., None]
    return picture * (1 - cover) + np.array([250.0, 246.0, 240.0]) * cover


def _add_ridge(picture: Floats, depth: int, random: np.random.Generator) -> None:
    """Draw one mountain ridge in place, `depth` 0 the farthest; far ridges are paler, the farthest carries snow."""
    across = np.arange(WIDTH_PX)
    outline = np.zeros(WIDTH_PX)
    for octave in range(8):
        knots = random.standard_normal(3 * 2**octave + 1 + depth)
        outline += np.interp(across, np.linspace(0, WIDTH_PX, knots.size), knots) / 1.9**octave
    top = np.array([250, 350, 430])[depth] - outline * np.array([62, 42, 26])[depth]
    rows = np.arange(HEIGHT_PX)[:, None]
    below = (rows - top[None, :]).astype(float)
    inside = (below > 0) & (rows < HORIZON_PX + 40)
    rock = np.array([[126.0, 142.0, 168.0], [70.0, 96.0, 98.0], [38.0, 62.0, 42.0]])[depth]
    relief = _smooth_noise(random, HEIGHT_PX, WIDTH_PX, 10 + 4 * depth)
    # Light from the upper left: a slope facing it is bright. The softened outline bends the light.
    light = (np.gradient(relief, axis=1) + np.gradient(relief, axis=0)) * (9.0, 7.0, 6.0)[depth]
    light -= 0.18 * np.convolve(np.gradient(top), np.ones(41) / 41, mode="same")[None, :]
    light = np.clip(light, -1.0, 1.0)[..., None]
    shade = rock * (1.0 + 0.34 * light)
    if depth == 0:
        snow = np.clip((75 - below + 34 * relief + 30 * light[..., 0]) / 30, 0, 1)[..., None]
        shade = shade * (1 - snow) + np.array([224.0, 228.0, 238.0]) * (1 + 0.12 * light) * snow
    picture[inside] = shade[inside]


def _add_lake(picture: Floats, random: np.random.Generator) -> None:
    """Mirror the land into a lake below the horizon, darker and rippled, with a shore line."""
    rows = HEIGHT_PX - HORIZON_PX
    mirror = picture[HORIZON_PX - 1 - (np.arange(rows) * 1.35).astype(int) % HORIZON_PX]
    ripple = _smooth_noise(random, rows, WIDTH_PX // 6, 6)
    shift = (np.repeat(ripple, 6, axis=1) * np.linspace(1.0, 9.0, rows)[:, None]).astype(int)
    columns = np.clip(np.arange(WIDTH_PX)[None, :] + shift, 0, WIDTH_PX - 1)
    water = np.take_along_axis(mirror, columns[..., None], axis=1)
    picture[HORIZON_PX:] = water * np.array([0.66, 0.76, 0.82]) + np.array([6.0, 16.0, 26.0])
    picture[HORIZON_PX : HORIZON_PX + 3] *= 0.72


def _exif() -> Image.Exif:
    exif = Image.Exif()
    exif[0x010F], exif[0x0110] = "Lumenfeld", "Lumenfeld L2"  # Make, Model
    exif[0x0112] = 1  # Orientation: as stored
    exif[0x0131], exif[0x0132] = "filemill make_test_data", "2025:06:14 19:42:10"
    exif[0x010E] = "Evening at an invented lake"
    exif[0x8298] = "The filemill authors"
    details = exif.get_ifd(0x8769)
    details[0x9003] = details[0x9004] = "2025:06:14 19:42:10"
    details[0x829A], details[0x829D] = IFDRational(1, 250), IFDRational(8, 1)  # exposure, aperture
    details[0x8827], details[0x920A] = 100, IFDRational(35, 1)  # ISO speed, focal length in mm
    details[0xA002], details[0xA003] = WIDTH_PX, HEIGHT_PX
    place = exif.get_ifd(0x8825)
    place[1], place[2] = "N", (IFDRational(46), IFDRational(41), IFDRational(0))
    place[3], place[4] = "E", (IFDRational(7), IFDRational(51), IFDRational(0))
    return exif
