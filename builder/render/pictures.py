"""Pictures: each figure and chart for the light and for the dark page, the cards of chapters, and the script that brings charts to life.

A twin for the dark page is the same picture with other colours for text, axes, grid and background; the data keep theirs, but for a lighter blue.
"""

import base64
import html
import io
import json
import re
import textwrap

import nbformat
import PIL.Image
import PIL.ImageOps
import vl_convert

from .drawn import drawn
from .palette import COLOURS, TWINS, chart_theme, in_dark

MIME = "application/vnd.vegalite.v6+json"
VEGA_LITE = "6.4"
WIDTH = 768  # pixels of a chart that fills the page, while it is a picture
NARROW = 358  # on a phone of 390
PAPER, DARK_PAPER = COLOURS["light"]["paper"], COLOURS["dark"]["paper"]
EMBEDDED = re.compile(r"(data:image/png;base64,)([A-Za-z0-9+/=\s]+)")
CLAIM = COLOURS["light"]["claim"]
BACKGROUND = re.compile(r'(<g id="(?:patch_\d+|legend_\d+)">\s*(?:<g id="patch_\d+">\s*)?<path d="[^"]*"\s+style=")([^"]*)(")')


def light(svg: str) -> str:
    """The picture without its white ground (legends keep theirs)."""

    def clear(match):
        style = match[2]
        if f"fill: {PAPER}" in style and "stroke: #" not in style:
            style = style.replace(f"fill: {PAPER}", "fill: none")
        return match[1] + style + match[3]

    return EMBEDDED.sub(lambda match: match[1] + palettised(match[2]), BACKGROUND.sub(clear, svg))


def palettised(png: str) -> str:
    """An embedded picture (base64) with few colours, which takes a third of the room: thousands of lines that matplotlib was told to rasterise."""
    file = io.BytesIO()
    few_colours(PIL.Image.open(io.BytesIO(base64.b64decode(png)))).save(file, "png", optimize=True)
    return base64.b64encode(file.getvalue()).decode()


def few_colours(picture: PIL.Image.Image, colours: int = 64) -> PIL.Image.Image:
    return picture.convert("RGBA").quantize(colours, method=PIL.Image.Quantize.FASTOCTREE)


def dark(svg: str) -> str:
    """The picture in the colours of the dark page."""

    def paper(match):
        return match[1] + match[2].replace(PAPER, DARK_PAPER) + match[3]

    return in_dark(BACKGROUND.sub(paper, light(svg)))


def size(svg: str) -> tuple[float, float] | None:
    """Width and height on the page, in pixels, of a figure that matplotlib drew: its box is in points, of which a page has 72 where it has 96 pixels."""
    box = re.search(r'viewBox="[-\d.]+ [-\d.]+ ([\d.]+) ([\d.]+)"', svg[:2000])
    return (float(box[1]) * 4 / 3, float(box[2]) * 4 / 3) if box else None


def adapts(specification: dict) -> bool:
    """To the width of the page; others keep theirs."""
    return specification.get("width") == "container"


def picture(specification: str, name: str, width: int = WIDTH) -> str:
    """SVG of the chart (its specification as JSON) as it stands before anyone moves it; its axis is in the width, as when it lives."""
    if name == "dark":
        specification = in_dark(specification)
    fixed = json.loads(specification.replace('"width": "container"', f'"width": {width}'))
    if fixed.get("width") == width:
        fixed["autosize"] = {"type": "fit-x", "contains": "padding"}
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


def chart_in(cell: nbformat.NotebookNode) -> dict | None:
    return next((output.data[MIME] for output in cell.outputs if MIME in output.get("data", {})), None)


def figure_in(cell: nbformat.NotebookNode) -> str | None:
    return next((output.data["image/svg+xml"] for output in cell.outputs if "image/svg+xml" in output.get("data", {})), None)


def cover_cell(notebook) -> nbformat.NotebookNode | None:
    """The cell with the chapter's picture: the one tagged `cover`, a figure or a chart, else the first with a figure."""
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    tagged = [cell for cell in cells if "cover" in cell.metadata.get("tags", []) and (figure_in(cell) or chart_in(cell))]
    return next(iter([*tagged, *filter(figure_in, cells)]), None)


def cover(notebook, theme: str = "light") -> str | None:
    """The chapter's picture as SVG."""
    cell = cover_cell(notebook)
    if cell is None:
        return None
    svg = figure_in(cell)
    return {"light": light, "dark": dark}[theme](svg) if svg else drawn(picture, json.dumps(chart_in(cell)), theme).decode()


def on_paper(svg: str, paper: str) -> bytes:
    """The picture as PNG on a ground: the converter multiplies colours by their opacity, so that a translucent white legend on nothing is grey."""
    return vl_convert.svg_to_png(re.sub(r"<svg\b[^>]*>", rf'\g<0><rect width="100%" height="100%" fill="{paper}"/>', svg, count=1), scale=2)


def thumbnail(svg: str, paper: str) -> bytes:
    """The picture (SVG) as WebP for a card on such paper: on a screen of two dots a pixel as large as it is shown there (book.css)."""
    picture = PIL.ImageOps.contain(PIL.Image.open(io.BytesIO(on_paper(svg, paper))), (720, 540))
    picture = few_colours(picture, 128)
    file = io.BytesIO()
    picture.convert("RGBA").save(file, "webp", lossless=True, quality=100, method=6)
    return file.getvalue()


def card(picture: str | None, title: str, book: str) -> bytes:
    """What others show of a page when it is shared: its title, and its picture (SVG) where it has one, 1200 x 630 pixels, as PNG of few colours."""
    lines = textwrap.wrap(title, 19 if picture else 36)
    height = 62 if len(lines) < 6 else 50
    top = 345 - height * (len(lines) - 1) / 2
    words = "".join(f'<tspan x="64" y="{top + height * i:.0f}">{html.escape(line)}</tspan>' for i, line in enumerate(lines))
    ground = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="1200" height="630" font-family="Liberation Sans, Arial, sans-serif"><rect width="1200" height="630" fill="{PAPER}"/>'
        f'<rect width="14" height="630" fill="{CLAIM}"/><text x="64" y="96" font-size="30" fill="{CLAIM}">{html.escape(book)}</text>'
        f'<text font-size="{height - 10}" font-weight="bold" fill="{COLOURS["light"]["chart-ink"]}">{words}</text></svg>'
    )
    shown = PIL.Image.open(io.BytesIO(vl_convert.svg_to_png(ground, scale=1))).convert("RGB")
    if picture:
        figure = PIL.Image.open(io.BytesIO(on_paper(picture, PAPER))).convert("RGB")
        figure.thumbnail((530, 550), PIL.Image.Resampling.LANCZOS)
        shown.paste(figure, (1160 - figure.width, (630 - figure.height) // 2))
    file = io.BytesIO()
    shown.quantize(128, dither=PIL.Image.Dither.NONE).save(file, "png", optimize=True)
    return file.getvalue()
