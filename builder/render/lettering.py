"""The letters of charts: a font of the book's own (`chart_font` in `_config.yml`), so that a chart has the same shape on every machine.

The converter measures texts in it, the page shows them in it, and a picture, which sees no font of its page, carries the letters that it needs.
"""

import base64
import functools
import html
import io
import re

import vl_convert
from fontTools import subset
from fontTools.ttLib import TTFont, TTLibError
from fontTools.varLib import instancer

from ..chapters import option
from ..files import BUILD, ROOT, BookError, digest, write_atomically

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


def family() -> str:
    """The fonts of charts, the first that is there, as CSS lists them."""
    return ", ".join([*([_face("normal")["name"].getDebugName(1)] if source() else []), "system-ui, sans-serif"])


@functools.cache
def _instance(content: bytes, weight: int) -> bytes:
    """The font (its file's `content`) at one weight, as TrueType."""
    try:
        font = TTFont(io.BytesIO(content), recalcTimestamp=False)
    except TTLibError as error:
        raise BookError(f"_config.yml names {option('chart_font')} as `chart_font`, which is no font: {error}; name a WOFF or TrueType file, or none") from None
    if "fvar" in font:
        font = instancer.instantiateVariableFont(font, {"wght": weight})
    font.flavor = None
    file = io.BytesIO()
    font.save(file)
    return file.getvalue()


def _face(weight: str) -> TTFont:
    return TTFont(io.BytesIO(_instance(source(), WEIGHTS[weight])), recalcTimestamp=False)


@functools.cache
def _tell(content: bytes) -> None:
    """Let the converter know the font (its file's `content`)."""
    folder = BUILD / "fonts" / digest(content)
    for name, weight in WEIGHTS.items():
        font = TTFont(io.BytesIO(_instance(content, weight)), recalcTimestamp=False)
        font["OS/2"].usWeightClass = weight
        font["name"].setName(name.capitalize(), 2, 3, 1, 0x409)
        file = io.BytesIO()
        font.save(file)
        write_atomically(folder / f"{name}.ttf", file.getvalue())
    vl_convert.register_font_directory(str(folder))


def known() -> None:
    """Let the converter measure in the book's font, if there is one."""
    if content := source():
        _tell(content)


def _letters(weight: str, characters: str) -> str:
    """The font's outlines of these characters, WOFF in base64."""
    font = _face(weight)
    options = subset.Options(layout_features=["kern"], hinting=False, name_IDs=[0, 1, 13, 14], notdef_outline=True)
    options.drop_tables += ["BASE", "GDEF", "GSUB", "STAT"]
    cutter = subset.Subsetter(options)
    cutter.populate(text=characters)
    cutter.subset(font)
    font.flavor = "woff"
    file = io.BytesIO()
    font.save(file)
    return base64.b64encode(file.getvalue()).decode()


def carries_letters(svg: str) -> str:
    """The picture with the letters of its own texts in it."""
    if not source():
        return svg
    texts = {"normal": set(), "bold": set()}
    for attributes, text in re.findall(r"<text\b([^>]*)>(.*?)</text>", svg, re.S):
        texts["bold" if re.search(r'font-weight="(?:bold|[6-9]00)"', attributes) else "normal"] |= set(html.unescape(re.sub(r"<[^>]*>", "", text)))
    name = family().partition(",")[0]
    rules = "".join(
        f'@font-face{{font-family:"{name}";font-weight:{WEIGHTS[weight]};src:url(data:font/woff;base64,{_letters(weight, "".join(sorted(characters)))}) format("woff")}}'
        for weight, characters in texts.items()
        if characters
    )
    return re.sub(r"<svg\b[^>]*>", lambda match: f"{match[0]}<style>{rules}</style>", svg, count=1)
