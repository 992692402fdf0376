"""The letters of charts: the converter measures texts in the book's font, the page shows them in it, and a picture, which sees no font of its page, carries the letters that it needs."""

import base64
import functools
import html
import io
import pathlib
import re

import vl_convert
from fontTools import subset

from ..letters import WEIGHTS, face, folder, source


def family() -> str:
    """The fonts of charts, the first that is there, as CSS lists them."""
    return ", ".join([*([face()["name"].getDebugName(1)] if source() else []), "system-ui, sans-serif"])


@functools.cache
def _tell(place: pathlib.Path) -> None:
    vl_convert.register_font_directory(str(place))


def known() -> None:
    """Let the converter measure in the book's font, if there is one."""
    if place := folder():
        _tell(place)


def _letters(weight: str, characters: str) -> str:
    """The font's outlines of these characters, WOFF in base64."""
    font = face(weight)
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
