"""Figures that match the page: each SVG that a cell drew gets a transparent ground and a twin in the dark theme's ink.

A twin is the same picture with other colours for text, axes, grid and background; the data keep theirs, but for a lighter blue.
"""

import os
import pathlib
import re

from docutils import nodes
from executed import chapter_of

# matplotlib's and seaborn's ink, grid and paper, and what the dark page has in their place (see book.css).
DARK = {"#262626": "#d9d9d9", "#cccccc": "#4d4d4d", "#0173b2": "#3d9be0"}
PAPER, DARK_PAPER = "#ffffff", "#14181e"
BACKGROUND = re.compile(r'(<g id="(?:patch_\d+|legend_\d+)">\s*(?:<g id="patch_\d+">\s*)?<path d="[^"]*"\s+style=")([^"]*)(")')


def light(svg: str) -> str:
    """The picture without its white ground (legends keep theirs)."""

    def clear(match):
        style = match[2]
        if f"fill: {PAPER}" in style and "stroke: #" not in style:
            style = style.replace(f"fill: {PAPER}", "fill: none")
        return match[1] + style + match[3]

    return BACKGROUND.sub(clear, svg)


def dark(svg: str) -> str:
    """The picture in the colours of the dark page."""

    def paper(match):
        return match[1] + match[2].replace(PAPER, DARK_PAPER) + match[3]

    return in_dark(BACKGROUND.sub(paper, light(svg)))


def in_dark(picture: str) -> str:
    """The picture's source with the dark page's colours for ours."""
    for old, new in DARK.items():
        picture = picture.replace(old, new)
    return picture


def add_twins(app, doctree):
    if app.builder.format != "html":
        return
    for image in list(doctree.findall(nodes.image)):
        path = pathlib.Path(app.srcdir, image["uri"].lstrip("/")) if image["uri"].startswith("/") else pathlib.Path(
            os.path.dirname(app.env.doc2path(app.env.docname)), image["uri"]
        )
        if path.suffix != ".svg" or "jupyter_execute" not in path.parts:
            continue
        svg = path.read_text(encoding="utf-8")
        twins = []
        for theme, draw in (("light", light), ("dark", dark)):
            target = path.with_name(f"{path.stem}-{theme}.svg")
            target.write_text(draw(svg), encoding="utf-8")
            twin = image.deepcopy()
            twin["uri"] = image["uri"].replace(path.name, target.name)
            twin["classes"] = [*image["classes"], f"only-{theme}"]
            twins.append(twin)
        image.parent.replace(image, twins)


def number_figures(app, doctree):
    """Figures are counted in each chapter, charts among them."""
    captions = [child for figure in doctree.findall(nodes.figure) for child in figure.children if isinstance(child, nodes.caption)]
    for number, caption in enumerate(captions if chapter_of(app.env.docname) else [], start=1):
        caption.insert(0, nodes.inline("", f"Figure {number}. ", classes=["figure-number"]))


def setup(app):
    app.connect("doctree-read", add_twins, priority=300)
    app.connect("doctree-read", number_figures, priority=650)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
