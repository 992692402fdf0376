"""Pictures: each figure and chart for the light and for the dark page, the cards of chapters, and the script that brings charts to life.

A twin for the dark page is the same picture with other colours for text, axes, grid and background; the data keep theirs, but for a lighter blue.
"""

import io
import json
import re

import nbformat
import PIL.Image
import vl_convert

from .palette import COLOURS, TWINS, chart_theme, in_dark

MIME = "application/vnd.vegalite.v6+json"
VEGA_LITE = "6.4"
PAPER, DARK_PAPER = COLOURS["light"]["paper"], COLOURS["dark"]["paper"]
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


def size(svg: str) -> tuple[float, float] | None:
    """Width and height on the page, in pixels, of a figure that matplotlib drew: its box is in points, of which a page has 72 where it has 96 pixels."""
    box = re.search(r'viewBox="[-\d.]+ [-\d.]+ ([\d.]+) ([\d.]+)"', svg[:2000])
    return (float(box[1]) * 4 / 3, float(box[2]) * 4 / 3) if box else None


def picture(specification: str, name: str) -> str:
    """SVG of the chart (its specification as JSON) as it stands before anyone moves it."""
    if name == "dark":
        specification = in_dark(specification)
    fixed = json.loads(specification.replace('"width": "container"', '"width": 560'))
    merged = {**fixed.get("config", {}), **chart_theme(name)}
    svg = vl_convert.vegalite_to_svg({**fixed, "config": merged}, vl_version=VEGA_LITE)
    # The converter numbers clip paths through its whole life; the picture shall not depend on what was drawn before it.
    numbers = {name: i for i, name in enumerate(dict.fromkeys(re.findall(r'id="clip(\d+)"', svg)))}
    return re.sub(r"\b(clip)(\d+)\b", lambda m: f"clip{numbers[m[2]]}" if m[2] in numbers else m[0], svg)


def bundle() -> str:
    """Vega, Vega-Lite, their embedding, and the charts' colours by theme, as one script."""
    colours = {name: chart_theme(name) for name in COLOURS}
    names = f"window.vegaEmbed = vegaEmbed; window.chartThemes = {json.dumps(colours)}; window.chartTwins = {json.dumps(TWINS)};"
    return "(() => {" + vl_convert.javascript_bundle(names, vl_version=VEGA_LITE) + "})();\n"


def charts_of(notebook: nbformat.NotebookNode) -> list[tuple]:
    """Each chart of a chapter: its cell, the output that holds it, its specification."""
    outputs = [(cell, output) for cell in notebook.cells for output in cell.get("outputs", [])]
    return [(cell, output, output.data[MIME]) for cell, output in outputs if MIME in output.get("data", {})]


def cover(notebook) -> str | None:
    """The SVG of the chapter's picture: from the cell tagged `cover`, else its first figure."""
    cells = [c for c in notebook.cells if c.cell_type == "code"]
    for cell in sorted(cells, key=lambda c: "cover" not in c.metadata.get("tags", [])):
        for output in cell.outputs:
            if "image/svg+xml" in output.get("data", {}):
                return output.data["image/svg+xml"]
    return None


def thumbnail(svg: str) -> bytes:
    """The picture (SVG) as WebP for a card, 560 pixels wide."""
    picture = PIL.Image.open(io.BytesIO(vl_convert.svg_to_png(svg, scale=1.5)))
    picture = picture.resize((560, round(560 * picture.height / picture.width)))
    file = io.BytesIO()
    picture.save(file, "webp", quality=75)
    return file.getvalue()


def card(picture: str) -> bytes:
    """A chapter's picture (SVG) on white, as PNG."""
    framed = light(picture).replace("<defs>", '<rect width="100%" height="100%" fill="#ffffff"/><defs>', 1)
    return vl_convert.svg_to_png(framed, scale=2)
