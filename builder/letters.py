"""The book's own font for charts and figures (`chart_font` in `_config.yml`), at the weights that they use: they have the same letters on every machine."""

import functools
import io
import pathlib

from fontTools.ttLib import TTFont, TTLibError
from fontTools.varLib import instancer

from .chapters import option
from .files import BUILD, ROOT, BookError, digest, write_atomically

WEIGHTS = {"normal": 400, "bold": 700}


def source() -> bytes:
    """The font's file; empty where the book has none of its own."""
    path = option("chart_font", None)
    if path is None:
        return b""
    try:
        return (ROOT / path).read_bytes()
    except OSError as error:
        raise BookError(f"_config.yml names {path} as `chart_font`, which cannot be read: {error.strerror}; name a font (WOFF or TrueType), or none") from None


def face(weight: str = "normal") -> TTFont:
    return TTFont(io.BytesIO(_instance(source(), weight)), recalcTimestamp=False)


@functools.cache
def _instance(content: bytes, weight: str) -> bytes:
    """The font (its file's `content`) at one weight, as TrueType."""
    try:
        font = TTFont(io.BytesIO(content), recalcTimestamp=False)
    except (TTLibError, ImportError) as error:  # it cannot read WOFF2 without a package of its own
        raise BookError(f"_config.yml names {option('chart_font')} as `chart_font`, which is no font: {error}; name a WOFF or TrueType file, or none") from None
    if "fvar" in font:
        font = instancer.instantiateVariableFont(font, {"wght": WEIGHTS[weight]})
    font["OS/2"].usWeightClass = WEIGHTS[weight]
    font["name"].setName(weight.capitalize(), 2, 3, 1, 0x409)
    font.flavor = None
    file = io.BytesIO()
    font.save(file)
    return file.getvalue()


def folder() -> pathlib.Path | None:
    """Where the font lies, a TrueType file a weight; None where the book has none of its own."""
    content = source()
    if not content:
        return None
    place = BUILD / "fonts" / digest(content, pathlib.Path(__file__).read_bytes())
    for weight in WEIGHTS:
        if not (path := place / f"{weight}.ttf").is_file():
            write_atomically(path, _instance(content, weight))
    return place
