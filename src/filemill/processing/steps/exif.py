"""What the camera wrote into a picture: make, model, time, orientation, place.

The place is kept only as a property of the file; renditions carry no metadata at all. On failure: a tag that makes no
sense is left out; EXIF is written by thousands of devices and editors, and no picture is worse for a broken tag.
"""

import re
from datetime import datetime
from typing import Any

# Numbers of the EXIF 2.3 standard.
_MAKE, _MODEL, _ORIENTATION, _SOFTWARE = 0x010F, 0x0110, 0x0112, 0x0131
_EXIF_IFD, _GPS_IFD = 0x8769, 0x8825
_TAKEN_AT, _DATE_TIME, _OFFSET, _LENS = 0x9003, 0x0132, 0x9011, 0xA434
_EXPOSURE_S, _F_NUMBER, _ISO, _FOCAL_MM = 0x829A, 0x829D, 0x8827, 0x920A
_TEXT_MAX_CHARACTERS = 200

TURNED = frozenset({5, 6, 7, 8})  # orientations that swap width and height


def read(picture: Any) -> dict[str, Any]:
    """Return the properties found in a Pillow picture's EXIF."""
    if picture.format == "PNG" and "exif" not in picture.info:
        return {}  # Pillow would decode the whole picture to look for EXIF behind it
    try:
        exif = picture.getexif()
        details, place = exif.get_ifd(_EXIF_IFD), exif.get_ifd(_GPS_IFD)
    except Exception:  # noqa: BLE001  Pillow raises almost anything on damaged EXIF, and EXIF is only an extra
        return {}
    found: dict[str, Any] = {}
    camera = {"make": _text(exif.get(_MAKE)), "model": _text(exif.get(_MODEL)), "lens": _text(details.get(_LENS))}
    if camera["make"] or camera["model"]:
        found["camera"] = {name: value for name, value in camera.items() if value}
    taken_at = _time(details.get(_TAKEN_AT) or exif.get(_DATE_TIME), details.get(_OFFSET))
    orientation = exif.get(_ORIENTATION)
    settings = {
        "exposure_s": _number(details.get(_EXPOSURE_S)),
        "f_number": _number(details.get(_F_NUMBER)),
        "iso": _number(details.get(_ISO)),
        "focal_length_mm": _number(details.get(_FOCAL_MM)),
    }
    optional = {
        "taken_at": taken_at,
        "orientation": orientation if isinstance(orientation, int) and 1 <= orientation <= 8 else None,
        "software": _text(exif.get(_SOFTWARE)),
        "exposure": {name: value for name, value in settings.items() if value is not None} or None,
        "gps": _place(place),
    }
    found.update({name: value for name, value in optional.items() if value is not None})
    return found


def _text(value: Any) -> str | None:
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    if not isinstance(value, str):
        return None
    kept = "".join(character for character in value if character.isprintable()).strip()
    return kept[:_TEXT_MAX_CHARACTERS] or None


def _time(value: Any, offset: Any) -> str | None:
    """Return RFC 3339 when the zone is known, else local time without one, as the camera wrote it."""
    text = _text(value)
    if text is None:
        return None
    try:
        moment = datetime.strptime(text[:19], "%Y:%m:%d %H:%M:%S")  # noqa: DTZ007  cameras seldom know their zone
    except ValueError:
        return None
    zone = _text(offset)
    return moment.isoformat() + (zone if zone and re.fullmatch(r"[+-]\d\d:\d\d", zone) else "")


def _number(value: Any) -> float | None:
    if isinstance(value, tuple) and value:
        value = value[0]
    try:
        number = float(value)
    except (TypeError, ValueError, ZeroDivisionError):
        return None
    return round(number, 6) if 0 <= number < 1e9 else None


def _place(tags: Any) -> dict[str, float] | None:
    latitude = _degrees(tags.get(2), tags.get(1), limit=90)
    longitude = _degrees(tags.get(4), tags.get(3), limit=180)
    if latitude is None or longitude is None or (latitude == 0 and longitude == 0):
        return None  # many devices write zeros when they have no fix
    return {"latitude": latitude, "longitude": longitude}


def _degrees(parts: Any, side: Any, *, limit: int) -> float | None:
    if not isinstance(parts, tuple) or len(parts) != 3:
        return None
    degrees, minutes, seconds = (_number(part) for part in parts)
    if degrees is None or minutes is None or seconds is None:
        return None
    value = degrees + minutes / 60 + seconds / 3600
    if value > limit:
        return None
    return round(-value if side in {"S", "W", b"S", b"W"} else value, 6)
