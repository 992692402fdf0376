"""Covers: a picture of the chapter reduced to its marks, without letters, axes or legends, from edge to edge, on the tint of the chapter's part.

It is made from the cell whose metadata say `cover`, or else from the chapter's picture. What they say may choose (all of it may be left out):

    "cover": {"panels": [2], "crop": [0.1, 0, 0.9, 1]}

the panels, one above the other, and of each a part: left, top, right, bottom, of 1; beyond 0 and 1 there is room around it.
"""

import html
import io
import json
import re
import textwrap
import xml.etree.ElementTree as ET

import nbformat
import PIL.Image
import vl_convert

from ..chapters import parts
from ..execute.store import executed
from ..files import BookError
from .drawn import drawn
from .lettering import family, known
from .palette import COLOURS, in_dark, tint
from .pictures import PAPER, VEGA_LITE, chart_in, cover_cell, figure_in, on_paper

CLAIM = COLOURS["light"]["claim"]
SIZE = (400, 250)  # pixels of a page
STRONG = 1.6  # times as thick as in the figure, whose units are points, are its lines and markers
SVG, LINK = "{http://www.w3.org/2000/svg}", "{http://www.w3.org/1999/xlink}href"
POINT = re.compile(r"(-?[\d.]+(?:e-?\d+)?) (-?[\d.]+(?:e-?\d+)?)")
WAYS = ("vconcat", "hconcat", "concat")
ET.register_namespace("", SVG[1:-1])
ET.register_namespace("xlink", LINK[1:-5])


def cover(name: str, theme: str = "light", size: tuple[int, int] = SIZE) -> str | None:
    """The chapter's cover as SVG; None where it has no picture."""
    notebook = executed(name)
    cell = next((cell for cell in notebook.cells if "cover" in cell.metadata), None) or cover_cell(notebook)
    return cell and cover_of(name, cell, theme, size)


def cover_of(name: str, cell: nbformat.NotebookNode, theme: str, size: tuple[int, int]) -> str | None:
    """The same of a cell that is chosen."""
    source, choice = figure_in(cell) or json.dumps(chart_in(cell)), json.dumps(cell.metadata.get("cover"))
    part = next((number for number, (_, names) in enumerate(parts()) if name in names), 0)
    try:
        return drawn(reduced, source, choice, tint(part, theme), theme, size).decode() or None
    except BookError as error:
        raise BookError(f"notebooks/{name}.ipynb: {error}") from None


def reduced(source: str, choice: str, ground: str, theme: str, size: tuple[int, int]) -> str:
    """The marks of the panels that are chosen (as JSON) of a figure (SVG) or a chart (JSON), on this ground; nothing where nobody chose and there is no panel."""
    said, (width, height) = json.loads(choice), size
    choice = said or {}
    if theme == "dark":
        source = source.replace('"scheme": "blues"', '"scheme": "blues", "reverse": true')  # from dark to light
    picture = ET.fromstring(source) if "<svg" in source[:2000] else None
    among = views(json.loads(source)) if picture is None else [group for group in picture.iter(f"{SVG}g") if re.fullmatch(r"axes_\d+", group.get("id", ""))]
    if said is None and not among:
        return ""
    wanted = choice.get("panels", [1])
    if wrong := [panel for panel in wanted if not 1 <= panel <= len(among)]:
        cure = f"name panels from 1 to {len(among)}" if among else "give them to a cell that shows a figure of matplotlib or a chart"
        raise BookError(f"the metadata `cover` ask for panel {wrong[0]} of a picture that has {len(among)}: {cure}")
    left, top, right, bottom = choice.get("crop", (0, 0, 1, 1))
    across, high = width / (right - left), height / len(wanted) / (bottom - top)
    strips = ""
    for place, panel in enumerate(wanted):
        box = (-left * across, -top * high, across, high)  # the whole panel, of which the strip shows a part
        marks = of_chart(among[panel - 1], *box) if picture is None else of_figure(picture, among[panel - 1], *box)
        strips += f'<svg y="{place * height / len(wanted)}" width="{width}" height="{height / len(wanted)}">{marks}</svg>'
    if theme == "dark":
        strips = in_dark(strips).replace(PAPER, COLOURS["dark"]["paper"])
    return f'<svg xmlns="{SVG[1:-1]}" xmlns:xlink="{LINK[1:-5]}" width="{width}" height="{height}"><rect width="{width}" height="{height}" fill="{ground}"/>{strips}</svg>'


def of_figure(figure: ET.Element, panel: ET.Element, left: float, top: float, width: float, height: float) -> str:
    """The marks of a panel that matplotlib drew, moved to where it shall be: areas and lines are stretched, strokes and markers are not."""
    ground = panel[0]
    corners = [(float(x), float(y)) for x, y in POINT.findall(ground[0].get("d"))]
    (x0, x1), (y0, y1) = ((min(ends), max(ends)) for ends in zip(*corners))
    a, d = width / (x1 - x0), height / (y1 - y0)
    e, f = left - a * x0, top - d * y0
    shapes = {path.get("id"): path for path in figure.iter(f"{SVG}path")}

    def moved(x, y, down=0.0):
        return f"{a * float(x) + e:.2f} {d * (float(y) + down) + f:.2f}"

    def stronger(style):
        return re.sub(r"(?<=stroke-width: )[\d.]+|(?<=stroke-dasharray: )[\d.,]+", lambda found: re.sub(r"[\d.]+", lambda one: f"{float(one[0]) * STRONG:.2f}", found[0]), style)

    for parent in list(panel.iter()):
        parent.attrib.pop("clip-path", None)
        for mark in list(parent):
            name = mark.get("id") or ""
            spine = name.startswith("patch_") and "square" in mark[0].get("style", "")
            if mark is ground or parent is panel and spine or re.match(r"matplotlib\.axis|text_|legend_", name):
                parent.remove(mark)
    for mark in list(panel.iter()):
        if mark.tag == f"{SVG}path" and not mark.get("id"):
            mark.attrib |= {"d": POINT.sub(lambda point: moved(*point.groups()), mark.get("d")), "style": stronger(mark.get("style", ""))}
        elif mark.tag == f"{SVG}use" and float(mark.get("x")) == 0:  # no marker: an area between curves, in the figure's own points
            shape, down = shapes[mark.get(LINK)[1:]], float(mark.get("y"))
            mark.tag, mark.attrib = f"{SVG}path", {"d": POINT.sub(lambda point: moved(*point.groups(), down), shape.get("d")), "style": mark.get("style", "")}
        elif mark.tag == f"{SVG}use":
            mark.set("transform", f"translate({moved(mark.attrib.pop('x'), mark.attrib.pop('y'))}) scale({STRONG})")
        elif mark.tag == f"{SVG}image":
            mark.set("transform", f"matrix({a} 0 0 {d} {e} {f}) {mark.get('transform', '')}")
    return ET.tostring(panel, encoding="unicode")


def views(chart: dict | None) -> list[dict]:
    """The panels of a chart, each as a chart."""
    chart = chart or {way: [] for way in WAYS}
    whole = {key: value for key, value in chart.items() if key not in WAYS}
    panels = next((chart[way] for way in WAYS if way in chart), [{}])
    return [{**whole, **panel, "params": [*whole.get("params", []), *panel.get("params", [])]} for panel in panels]


def of_chart(chart: dict, left: float, top: float, width: float, height: float) -> str:
    """The marks of a chart, drawn in this size."""

    def bare(part):
        if isinstance(part, list):
            return [bare(one) for one in part if not (isinstance(one, dict) and one.get("type") == "text")]
        return {key: bare(value) for key, value in part.items() if not (key in ("axes", "legends", "title") and isinstance(value, list | dict))} if isinstance(part, dict) else part

    fixed = {"width": width, "height": height, "padding": 0, "autosize": "none", "background": None, "config": {**chart.get("config", {}), "view": {"stroke": None}}}
    svg = vl_convert.vega_to_svg(bare(vl_convert.vegalite_to_vega({**chart, **fixed}, vl_version=VEGA_LITE)))
    return re.sub(r"<svg\b[^>]*>", f'<svg x="{left}" y="{top}" width="{width}" height="{height}">', svg, count=1)


def card(pictures: list[str], title: str, book: str) -> bytes:
    """What others show of a page when it is shared, 1200 x 630 pixels, as PNG of few colours: its title, and beside it a cover (SVG), or six in two columns, where it has them."""
    lines = textwrap.wrap(title, 19 if pictures else 36)
    height = 62 if len(lines) < 6 else 50
    top = 345 - height * (len(lines) - 1) / 2
    known()
    words = "".join(f'<tspan x="64" y="{top + height * i:.0f}">{html.escape(line)}</tspan>' for i, line in enumerate(lines))
    ground = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="1200" height="630" font-family="{html.escape(family())}"><rect width="1200" height="630" fill="{PAPER}"/>'
        f'<rect width="14" height="630" fill="{CLAIM}"/><text x="64" y="96" font-size="30" fill="{CLAIM}">{html.escape(book)}</text>'
        f'<text font-size="{height - 10}" font-weight="bold" fill="{COLOURS["light"]["chart-ink"]}">{words}</text></svg>'
    )
    shown = PIL.Image.open(io.BytesIO(vl_convert.svg_to_png(ground, scale=1))).convert("RGB")
    cell = (600, 630) if len(pictures) == 1 else (300, 210)
    for number, picture in enumerate(pictures):
        figure = PIL.Image.open(io.BytesIO(on_paper(picture, PAPER))).convert("RGB").resize(cell, PIL.Image.Resampling.LANCZOS)
        shown.paste(figure, (600 + cell[0] * (number % 2), cell[1] * (number // 2)))
    file = io.BytesIO()
    shown.quantize(128, dither=PIL.Image.Dither.NONE).save(file, "png", optimize=True)
    return file.getvalue()


def card_of(names: list[str], title: str, book: str) -> bytes:
    """The card of a page with the cover of a chapter, or of six."""
    size = (400, 420) if len(names) < 2 else (400, 280)
    return drawn(card, [svg for name in names[:6] if (svg := cover(name, size=size))], title, book)
