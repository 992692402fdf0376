"""Pictures: each figure and chart for the light and for the dark page, and the script that brings charts to life.

A twin for the dark page is the same picture with other colours for text, axes, grid and background; the data keep theirs, but for a lighter blue.
"""

import base64
import dataclasses
import copy
import io
import json
import re
import xml.etree.ElementTree as ET

import nbformat
import PIL.Image
import PIL.ImageOps
import vl_convert

from ..files import BookError
from .drawn import drawn
from .lettering import carries_letters, known
from .palette import COLOURS, LINE, TWINS, chart_theme, in_dark, opaque, seen

MIME = "application/vnd.vegalite.v6+json"
FIGURE = "image/svg+xml"
VEGA_LITE = "6.4"
WIDTH = 704  # pixels of a chart that fills the page, while it is a picture
NARROW = 358  # on a phone of 390, wherever it stands (book.css)
BETWEEN = 560  # where a window is wider than a phone, and narrower than the text would be
WIDE = 936  # at the head of a chapter, from BROAD on (book.css)
BROAD = 1200  # pixels of a window that has a margin
HIGHEST = 340  # pixels of a plot that grows with its width
ACROSS = 984  # pixels of a wide figure, or chart, which spans the text and the margin there
SHOWN = {"page": 1.16, "phone": 1.053}  # pixels a point of a figure that was drawn for it (builder/execute/kernel/startup.py), so that letters of 10 to 12 points have 10 to 14 pixels
LEGIBLE = SHOWN["page"] * 3 / 4  # of the size in which matplotlib drew its letters: so large they are there, at least
NAME = 95  # pixels of a name in a legend of several columns, about
APART = 88  # pixels between two numbers at an axis, about
MANY = 150_000  # letters of an SVG that draws thousands of lines
PAPER, DARK_PAPER = COLOURS["light"]["paper"], COLOURS["dark"]["paper"]
GREY = "#808080"  # of text, too light for it on white and on blue
INK = "#000001"  # black that stays so on the dark page, on squares whose scheme of colours is the same there
ON_PAPER, ON_BLUE = (COLOURS["light"][name] for name in ("chart-number", "chart-on-blue"))
PATH, NUMBER = re.compile(r'(\bd=")([^"]*)"'), re.compile(r"-?\d*\.\d\d+(?:e-?\d+)?")
PLACE = re.compile(r'\b(?:d|x|y)="[^"]*"')
EMBEDDED = re.compile(r"data:image/png;base64,([A-Za-z0-9+/=\s]+)")
BACKGROUND = re.compile(r'(<g id="(?:patch_\d+|legend_\d+)">\s*(?:<g id="patch_\d+">\s*)?<path d="[^"]*"\s+style=")([^"]*)(")')


WORDS = re.compile(r'(<g style="fill: )(#(?!000000|ffffff)[0-9a-f]{6})(?=" transform=")')  # of a figure; those that are black or white stand on marks
MARKS = re.compile(r'style="fill: none; stroke: #[^"]*"|<use [^>]*style="[^"]*"|<path id="m[^>]*style="[^"]*"')  # lines; markers, and what they have in common
OPACITY = re.compile(r"(\bopacity: )((?!0(?![\d.]))[\d.]+)")  # but of what is empty
THIN = re.compile(r'"fill: none(?!.*stroke-width: (?:1\.[5-9]|[2-9]|\d\d))')


def light(svg: str) -> str:
    """The picture without its white ground, for the light page."""
    return compact(worded(cleared(svg), PAPER))


def cleared(svg: str) -> str:
    """The picture without its white ground (legends keep theirs), its places to a hundredth of a point, or, of thousands of lines, to a tenth."""

    def clear(match):
        style = match[2]
        if f"fill: {PAPER}" in style and "stroke: #" not in style:
            style = style.replace(f"fill: {PAPER}", "fill: none")
        return match[1] + style + match[3]

    places = 1 if len(svg) > MANY else 2
    svg = PLACE.sub(lambda place: NUMBER.sub(lambda number: rounded(number, places), place[0]), svg)
    return EMBEDDED.sub(lambda match: "data:image/webp;base64," + palettised(match[1]), BACKGROUND.sub(clear, svg))


def worded(svg: str, paper: str, contrast: float = 4.5) -> str:
    """Words beside a line have its colour, which is for lines: words take more contrast (WCAG 2, 1.4.3)."""
    return WORDS.sub(lambda match: match[1] + seen(match[2], paper, contrast), svg)


def palettised(png: str) -> str:
    """An embedded picture (base64) with few colours, which takes a third of the room: thousands of lines that matplotlib was told to rasterise."""
    file = io.BytesIO()
    few_colours(PIL.Image.open(io.BytesIO(base64.b64decode(png)))).convert("RGBA").save(file, "webp", lossless=True, quality=100, method=6)
    return base64.b64encode(file.getvalue()).decode()


def few_colours(picture: PIL.Image.Image, colours: int = 64) -> PIL.Image.Image:
    """With its commonest colour, the ground, as it is: the mean of it and its neighbours would be a box on the page."""
    picture = picture.convert("RGBA")
    few = picture.quantize(colours, method=PIL.Image.Quantize.FASTOCTREE)
    ground, index, palette = max(picture.getcolors(picture.width * picture.height))[1], max(few.getcolors())[1], few.getpalette("RGBA")
    if max(abs(one - other) for one, other in zip(palette[4 * index : 4 * index + 4], ground)) < 3:
        palette[4 * index : 4 * index + 4] = ground
    few.putpalette(palette, "RGBA")
    return few


def dark(svg: str) -> str:
    """The picture in the colours of the dark page."""

    def paper(match):
        return match[1] + match[2].replace(PAPER, DARK_PAPER) + match[3]

    shown = worded(in_dark(BACKGROUND.sub(paper, cleared(svg))), DARK_PAPER, contrast=5.5)  # thin letters of a strong colour look dimmer there than they measure

    def mark(match):
        """Lines and markers that are as dark as the page, of a colour map or because it is seen through them; a hairline is as light as a word. The page's own faint lines are to be faint."""
        contrast = 4.5 if THIN.search(match[0]) else 3
        style = re.sub(r"(?<=: )#[0-9a-f]{6}", lambda colour: colour[0] if colour[0] in TWINS.values() else seen(colour[0], DARK_PAPER, contrast), match[0])
        drawn = re.search(r"stroke: (#[0-9a-f]{6})", style)
        return OPACITY.sub(lambda found: f"{found[1]}{opaque(float(found[2]), drawn[1]):g}" if drawn else found[0], style)

    return compact(MARKS.sub(mark, shown))


SPARE = re.compile(r"<\?xml.*?\?>\s*|<!DOCTYPE[^>]*>\s*|<metadata>.*?</metadata>\s*", re.S)
GLYPH = re.compile(r'(<path id="[\w-]+" d=")([^"]*)" transform="scale\(0\.015625\)"')
STEP = re.compile(r"([MLQCz])([^A-Za-z]*)")
SHIFT = re.compile(r"translate\(([^)]*)\)")


def compact(svg: str) -> str:
    """The same picture, of matplotlib, in two thirds of the bytes that are sent: without what is not drawn, each place from the one before it, and outlines of letters, which are drawn a hundred times
    smaller and more, in whole tenths."""

    def letter(match):
        return match[1] + re.sub(r"-?\d+", lambda one: str(round(int(one[0]) / 10)), match[2]) + '" transform="scale(0.15625)"'

    def shift(match):
        places = 1 if match[1].endswith(" 0") else 2  # of a letter in its line, a hundred to its height
        return f"translate({re.sub(NUMBER, lambda one: rounded(one, places), match[1])})"

    svg = SHIFT.sub(shift, GLYPH.sub(letter, SPARE.sub("", svg)))
    return re.sub(r">\s+<", "><", PATH.sub(lambda path: path[1] + steps(path[2]) + '"', svg))


def steps(path: str) -> str:
    """The path, whose numbers have two decimals at most, with each place told from the one before it."""

    def told(hundredths):
        return re.sub(r"^(-?)0(?=\.)", r"\1", f"{hundredths / 100:.2f}".rstrip("0").rstrip("."))

    made, last, here = "", "", (0, 0)
    for command, numbers in STEP.findall(path):
        way = [round(100 * float(one)) for one in numbers.split()]
        if command == "M":
            made += f"M{told(way[0])} {told(way[1])}"
        elif way:
            far = (one - here[place % 2] for place, one in enumerate(way))
            made += (" " if command == last else command.lower()) + " ".join(map(told, far))
        else:
            made += command
        last, here = command, tuple(way[-2:]) or here
    return made.replace(" -", "-")


SIZED = re.compile(r'(<svg\b[^>]*?) width="([\d.]+)pt" height="([\d.]+)pt"')


def size(svg: str) -> tuple[float, float] | None:
    """Width and height on the page, in pixels, of a picture that says them; those of matplotlib are in points, of which a page has 72 where it has 96 pixels."""
    box = re.search(r'<svg\b[^>]*? width="([\d.]+)(pt)?" height="([\d.]+)', svg[:2000])
    return tuple(float(one) * (4 / 3 if box[2] else 1) for one in (box[1], box[3])) if box else None


def drawn_for(form: str, output: nbformat.NotebookNode) -> str:
    """The figure of an output as it was drawn for a page or a phone, in pixels, or for `beside`; one that was not, as its cell drew it."""
    svg = output.metadata.get(FIGURE, {}).get(form, output.data[FIGURE])
    if form not in SHOWN or svg is output.data[FIGURE]:
        return svg
    return SIZED.sub(lambda found: f'{found[1]} width="{float(found[2]) * SHOWN[form]:.0f}" height="{float(found[3]) * SHOWN[form]:.0f}"', svg, count=1)


def adapts(specification: dict) -> bool:
    """To the width of the page; others keep theirs."""
    return specification.get("width") == "container"


def steepness(specification: str) -> str:
    """How high a chart (its specification as JSON) is for its width where one unit is as long on both axes, by the domains of its scales; empty where they do not tell."""
    chart = vl_convert.vegalite_to_vega({**json.loads(specification), "width": WIDTH}, vl_version=VEGA_LITE)
    domains = [one.get("domain") for one in chart.get("scales", []) if one["name"] in ("x", "y") and one["type"] == "linear"]
    if len(domains) != 2 or not all(isinstance(domain, list) and all(isinstance(end, int | float) for end in domain) for domain in domains):
        return ""  # they would follow the data that are chosen
    # As they are once they live: one may have been told to be nice, or to begin at zero.
    told = {"type": "text", "encode": {"update": {"text": {"signal": "'steepness ' + abs(span(domain('y')) / span(domain('x')))"}}}}
    found = re.search(r">steepness ([\d.]+(?:e-?\d+)?)<", vl_convert.vega_to_svg({**chart, "marks": [*chart["marks"], told]}))
    return f"{float(found[1]):.6g}" if found and float(found[1]) else ""


def with_equal_axes(specification: dict) -> dict:
    """The chart as high as its width wants, so that one unit is as long on both axes: what it is told of its height is the most that it takes."""
    steep = drawn(steepness, json.dumps(specification)).decode() if adapts(specification) and isinstance(specification.get("height"), int | float) else ""
    if not steep:
        raise BookError('its metadata `equal_axes` want a chart with `width="container"`, a height, and a domain of two numbers for x and for y')
    both = {"axisQuantitative": {"labelSeparation": 4}, "axisX": {"grid": True, "domain": False, "ticks": False}}  # numbers, where it is narrower than it was written; lines, for it is a map
    known = {**specification.get("usermeta", {}), "steepness": float(steep)}
    return {**specification, "config": merged(both, specification.get("config", {})), "usermeta": known}  # a signal that follows the width would not always settle: `picture`, and charts.js


def steepness_of(specification: dict) -> float | None:
    return specification.get("usermeta", {}).get("steepness")


def picture(specification: str, name: str, width: int = WIDTH) -> str:
    """SVG of the chart (its specification as JSON) as it stands before anyone moves it; its axis is in the width, as when it lives. With equal axes it is as wide as its height allows."""
    svg = at_width(specification, name, width)
    if steep := steepness_of(chart := json.loads(specification)):
        for _ in range(4):  # what stands around the plot changes somewhat with its size
            across = float(re.search(r'class="background"[^>]* d="M0,0h([\d.]+)v', svg)[1])
            if across * steep > chart["height"]:
                width = int(width - across + chart["height"] / steep)
                across = chart["height"] / steep
            svg = at_width(json.dumps({**chart, "height": across * steep}), name, width)
    return carries_letters(PATH.sub(lambda path: f'{path[1]}{NUMBER.sub(rounded, path[2])}"', svg))


def rounded(number: re.Match, places: int = 1) -> str:
    """To a tenth of a pixel, or to more places."""
    return f"{float(number[0]):.{places}f}".rstrip("0").removesuffix(".")


def at_width(specification: str, name: str, width: int) -> str:
    if name == "dark":
        specification = in_dark(specification)
    fixed = json.loads(specification.replace('"width": "container"', f'"width": {width}'))
    if fixed.get("width") == width:
        fixed["autosize"] = {"type": "fit-x", "contains": "padding"}
    known()
    svg = vl_convert.vegalite_to_svg({**fixed, "config": merged(chart_theme(name), fixed.get("config", {}))}, vl_version=VEGA_LITE)
    # The converter numbers clip paths through its whole life; the picture shall not depend on what was drawn before it.
    numbers = {name: i for i, name in enumerate(dict.fromkeys(re.findall(r'id="clip(\d+)"', svg)))}
    return re.sub(r"\b(clip)(\d+)\b", lambda m: f"clip{numbers[m[2]]}" if m[2] in numbers else m[0], svg)


def bundle() -> str:
    """Vega, Vega-Lite, their embedding, and the charts' colours by theme, as one script."""
    colours = {name: chart_theme(name) for name in COLOURS}
    names = f"window.vegaEmbed = vegaEmbed; window.chartThemes = {json.dumps(colours)}; window.chartTwins = {json.dumps(TWINS)};"
    return "(() => {" + vl_convert.javascript_bundle(names, vl_version=VEGA_LITE) + "})();\n"


def outputs_with_charts(notebook: nbformat.NotebookNode) -> list[tuple]:
    """Each with its cell."""
    return [(cell, output) for cell in notebook.cells for output in cell.get("outputs", []) if MIME in output.get("data", {})]


def charts_of(notebook: nbformat.NotebookNode) -> list[tuple]:
    """Each chart of a chapter: its cell, and its specification as it is shown."""
    return [(cell, as_shown(cell, output.data[MIME])) for cell, output in outputs_with_charts(notebook)]


def chart_in(cell: nbformat.NotebookNode) -> dict | None:
    return next((as_shown(cell, output.data[MIME]) for output in cell.outputs if MIME in output.get("data", {})), None)


def as_shown(cell: nbformat.NotebookNode, specification: dict) -> dict:
    """The specification in the book's form, with what the metadata of its cell say of it."""
    specification = refined(specification, smooth=cell.metadata.get("smooth", False))
    if cell.metadata.get("untitled"):  # its slider says the same
        specification = {key: value for key, value in specification.items() if key != "title"}
    if values := cell.metadata.get("values"):
        specification = valued(specification, values)
    for added in [*cell.metadata.get("marks", []), *telling(cell)]:
        specification = with_layer(specification, added)
    return with_equal_axes(specification) if cell.metadata.get("equal_axes") else specification


def layers_of(specification: dict, name: str = "") -> list[str]:
    """The names that Vega-Lite gives what the chart draws: `concat_0_layer_1`. As `partsOf` in pointing.js."""
    name = specification.get("name", name)
    inner = [(key, part) for key in ("layer", "concat", "hconcat", "vconcat") for part in enumerate(specification.get(key, []))]
    return ([name] if "mark" in specification else []) + [one for key, (place, part) in inner for one in layers_of(part, f"{name and name + '_'}{'layer' if key == 'layer' else 'concat'}_{place}")]


def valued(specification: dict, values: dict) -> dict:
    """With what the page says of a mark at the pointer (pointing.js), where it is not the mark's encodings: by the layer's name fields, as a Vega-Lite `tooltip` names them, a `name` of the layer, or
    `{"span": ["x", "y"], "title": "area"}`, how far a bar goes along its axes. Of a layer with an empty list nothing is said."""
    if unknown := sorted(values.keys() - layers_of(specification)):
        raise BookError(f"its metadata `values` name `{unknown[0]}`, which is none of {', '.join(layers_of(specification))}")
    return {**specification, "usermeta": {**specification.get("usermeta", {}), "values": values}}


def telling(cell: nbformat.NotebookNode) -> list[dict]:
    """Layers that nobody sees, whose texts are what the chart tells in large type (`tells` in builder/pages/charts.py): of the rows of the layer `of`, once transformed, the `text`, which Vega computes."""
    unseen = {"mark": {"type": "text", "opacity": 0, "fontSize": 1, "aria": False}, "encoding": {"text": {"field": "told", "type": "nominal"}, "x": {"value": 0}, "y": {"value": 0}}}
    told = [(f"told_{number}", one) for number, one in enumerate(cell.metadata.get("tells", [])) if "of" in one]
    return [{**unseen, "name": name, "of": one["of"], "transform": [*one.get("transform", []), {"calculate": one["text"], "as": "told"}]} for name, one in told]


def with_layer(specification: dict, added: dict) -> dict:
    """The chart with one more layer, drawn last: `of` names the layer, by its place (`concat_0_layer_1`), whose data it has, as they are transformed there, and whose encoding, where it has none of its own."""
    own = {key: value for key, value in added.items() if key != "of"}
    specification = copy.deepcopy(specification)
    above, part = {}, specification
    try:
        for kind, place in re.findall(r"(layer|concat)_(\d+)", added["of"]):
            above, part = part, next(part[key] for key in ("layer", "concat", "hconcat", "vconcat") if key in part and (key == "layer") == (kind == "layer"))[int(place)]
        beside = above["layer"]
    except (StopIteration, IndexError, KeyError):
        raise BookError(f"its metadata `marks` or `tells` name `{added['of']}`, which is no layer of it") from None
    shared = {"data": part["data"]} if "data" in part else {}
    encoding = {**({} if "name" in own else part["encoding"]), **own.get("encoding", {})}
    beside.append({**shared, **own, "transform": [*part.get("transform", []), *own.get("transform", [])], "encoding": {key: value for key, value in encoding.items() if value is not None}})
    return specification


def merged(theme: dict, own: dict) -> dict:
    """A configuration, in which what is a chart's own goes before the theme's."""
    return {**theme, **{key: {**theme[key], **value} if isinstance(value, dict) and isinstance(theme.get(key), dict) else value for key, value in own.items()}}


def refined(specification: dict, smooth: bool | str = False) -> dict:
    """The chart with what no theme can say of it, for its code has said otherwise: a legend stands above it, where one reads first, in one row where there is room; no line is thinner
    than the theme's, and dashes are not round; the numbers of squares can be read. Lines and areas of functions that are `smooth` are drawn so, through the same points; an expression says how.
    """

    coloured = '"scheme": ' in json.dumps(specification)

    def refine(part):
        if isinstance(part, list):
            return [refine(one) for one in part]
        if not isinstance(part, dict):
            return part
        part = {key: value if key in ("data", "datasets") else refine(value) for key, value in part.items()}
        mark = {"type": part["mark"]} if isinstance(part.get("mark"), str) else {**part.get("mark", {})}
        if mark.get("type") == "line" and not mark.get("filled"):
            mark |= {"strokeWidth": max(mark.get("strokeWidth", LINE), LINE)} | ({"strokeCap": "butt"} if "strokeDash" in mark else {})
        if smooth and mark.get("type") in ("line", "area") and not mark.get("filled"):
            mark = {"interpolate": "monotone" if smooth is True else {"expr": smooth}, **mark}
        if mark.get("type"):
            part["mark"] = mark
        if mark.get("type") == "text" and part.get("encoding", {}).get("color", {}).get("value") == GREY:
            part = json.loads(json.dumps(part).replace(f'"{GREY}"', f'"{ON_PAPER}"').replace('"white"', f'"{ON_BLUE}"'))
        if mark.get("type") == "text" and coloured:
            part = json.loads(json.dumps(part).replace('"black"', f'"{INK}"'))
        legend = part.get("legend")
        if isinstance(legend, dict) and legend.get("orient") == "bottom":
            few = {"columns": f"clamp(floor(width / {NAME}), 1, {legend.get('columns')})", "columnPadding": "12"}
            columns = {key: {"expr": f"width < 480 ? {narrow} : {wide}"} for (key, narrow), wide in zip(few.items(), (0, 16))} if "columns" in legend else {}
            part["legend"] = {key: value for key, value in legend.items() if key != "orient"} | columns
        return part

    shown = refine(specification)
    if adapts(shown):
        shown["config"] = merged({"axisX": {"tickCount": {"expr": f"max(5, ceil(width / {APART}))"}}}, shown.get("config", {}))
    return shown


def wide(cell: nbformat.NotebookNode) -> dict:
    """How the cell's figure or chart is drawn where it is wide: what its metadata `wide` say, which may be `true` alone."""
    said = cell.metadata.get("wide")
    return said if isinstance(said, dict) else {}


def patch_of(cell: nbformat.NotebookNode, specification: dict) -> dict:
    """What is other in the chart where it is wide: what `wide` says of the chart, `{"beside": true, "chart": {"height": 400}}`; a chart that adapts is higher, too."""
    height = specification.get("height")
    grown = {"height": min(round(1.5 * height), HIGHEST)} if adapts(specification) and isinstance(height, int | float) else {}
    chart = {**grown, **wide(cell).get("chart", {})}
    if steepness_of(specification) and "layer" in chart:  # it may show another part of the map
        chart["usermeta"] = {"steepness": steepness_of(with_equal_axes(patched(specification, chart)))}
    return {key: value for key, value in {"beside": wide(cell).get("beside"), "chart": chart}.items() if value}


def patched(whole, patch):
    """The whole with what the patch has in it (a JSON merge patch); an item of a list is named by its place. As `patched` in charts.js."""
    if not isinstance(patch, dict):
        return patch
    if isinstance(whole, list):
        return [patched(one, patch[str(place)]) if str(place) in patch else one for place, one in enumerate(whole)]
    whole = whole if isinstance(whole, dict) else {}
    return {**whole, **{key: patched(whole.get(key), value) for key, value in patch.items()}}


@dataclasses.dataclass(frozen=True)
class Broad:
    """What is other in a chart where the window has a margin: how many pixels it is `across`, and the patch of its specification (`widened`). `name`: of its pictures, and its class in book.css."""

    name: str
    across: int
    patch: dict


def spanning(cell: nbformat.NotebookNode, specification: dict, across: int = WIDE) -> Broad:
    """The chart of a cell where it spans text and margin."""
    return Broad("wide", across, patch_of(cell, specification))


def widened(patch: dict, specification: dict) -> dict:
    """The chart as it is where it is wide; charts that stand below each other may stand beside each other there."""
    if patch.get("beside"):
        specification = {"hconcat" if key == "vconcat" else key: value for key, value in specification.items()}
    return patched(specification, patch.get("chart", {}))


SVG = "{http://www.w3.org/2000/svg}"
CORNER = re.compile(r"(-?[\d.]+) (-?[\d.]+)")
ET.register_namespace("", SVG[1:-1])
ET.register_namespace("xlink", "http://www.w3.org/1999/xlink")


def enlarge(line: ET.Element, times: float) -> None:
    """A line of text, which matplotlib draws as outlines, larger about its middle."""
    ends = [float(found[1]) for letter in line for found in [re.match(r"translate\((-?[\d.]+)", letter.get("transform", ""))] if found]
    if times > 1.02 and ends:
        middle = (max(ends) + 50) / 2  # of a hundred units a letter, about
        line.set("transform", f"{line.get('transform', '')} translate({middle:.1f} 30) scale({times:.3f}) translate({-middle:.1f} -30)")


def beside(svg: str, columns: int) -> str:
    """The figure (SVG of matplotlib) with its panels, which stand below each other, in so many columns; what stands at the lowest one's axis, where all share it, stands at each."""
    figure = ET.fromstring(svg)
    whole = next(group for group in figure.iter(f"{SVG}g") if group.get("id") == "figure_1")
    panels = [group for group in whole if (group.get("id") or "").startswith("axes_")]
    boxes = [[float(end) for end in (min(ends), max(ends))] for panel in panels for ends in [[float(y) for _, y in CORNER.findall(panel[0][0].get("d"))]]]
    if not panels or len(panels) % columns:
        raise BookError(f"its metadata `wide` want {columns} columns for {len(panels)} panels")
    _, _, width, height = map(float, figure.get("viewBox").split())
    lowest, axis = boxes[-1][1], next(part for part in panels[-1] if re.match(r"matplotlib\.axis", part.get("id", "")))
    bottom = boxes[0][0]
    for first in range(0, len(panels), columns):
        row = range(first, first + columns)
        bottom += max(high - low for low, high in boxes[first : first + columns])
        for place in row:
            panel, (_, end) = panels[place], boxes[place]
            own = next((i for i, part in enumerate(panel) if re.match(r"matplotlib\.axis", part.get("id", ""))), None)
            if own is not None and not any("text_" in (part.get("id") or "") for part in panel[own].iter()):
                moved = ET.Element(f"{SVG}g", {"transform": f"translate(0 {end - lowest:.2f})"})
                moved.append(copy.deepcopy(axis))
                panel[own] = moved
            panel.set("transform", f"translate({width * (place - first):.2f} {bottom - end:.2f})")
        bottom += height - lowest + boxes[0][0]
    bottom -= boxes[0][0]
    across = width * columns
    for name in whole:
        if name.get("id", "").startswith("text_") and any("rotate(-90" in part.get("transform", "") for part in name):  # of an axis that all share: beside the first row
            name.set("transform", f"translate(0 {(boxes[0][1] - lowest) / 2:.2f})")
    for text in whole.iter(f"{SVG}g"):
        if text.get("id", "").startswith("text_"):
            for line in text:
                enlarge(line, LEGIBLE * across * 4 / 3 / ACROSS)
    figure.attrib |= {"viewBox": f"0 0 {across:.2f} {bottom:.2f}", "width": f"{across:.2f}pt", "height": f"{bottom:.2f}pt"}
    whole.remove(next(group for group in whole if group.get("id") == "patch_1"))  # its ground
    return ET.tostring(figure, encoding="unicode")


def box_beside(svg: str, columns: int, panel: int, box: list[float]) -> list[float]:
    """Where two corners of that panel of the figure (x and y of each, as shares of it) are once its panels stand `beside` each other."""
    after = beside(svg, columns)
    (width, height), (across, high) = ([float(one) for one in re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', one).groups()] for one in (svg, after))
    right, down = map(float, re.search(rf'id="axes_{panel + 1}" transform="translate\((-?[\d.]+) (-?[\d.]+)\)', after).groups())
    return [round((share * (height if up else width) + (down if up else right)) / (high if up else across), 5) for share, up in zip(box, (0, 1, 0, 1))]


def outputs_with_figures(cell: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    return [output for output in cell.get("outputs", []) if FIGURE in output.get("data", {})]


def figure_in(cell: nbformat.NotebookNode) -> str | None:
    """As the cell drew it."""
    return next((output.data[FIGURE] for output in outputs_with_figures(cell)), None)


def cover_cell(notebook) -> nbformat.NotebookNode | None:
    """The cell with the chapter's picture: the one tagged `cover`, a figure or a chart, else the first with a figure."""
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    tagged = [cell for cell in cells if "cover" in cell.metadata.get("tags", []) and (figure_in(cell) or chart_in(cell))]
    return next(iter([*tagged, *filter(figure_in, cells)]), None)


def on_paper(svg: str, paper: str) -> bytes:
    """The picture as PNG on a ground: the converter multiplies colours by their opacity, so that a translucent white legend on nothing is grey."""
    known()
    return vl_convert.svg_to_png(re.sub(r"<svg\b[^>]*>", rf'\g<0><rect width="100%" height="100%" fill="{paper}"/>', svg, count=1), scale=2)


def thumbnail(svg: str, paper: str) -> bytes:
    """The picture (SVG) as WebP on such paper: two dots a pixel of a card (book.css)."""
    picture = PIL.ImageOps.contain(PIL.Image.open(io.BytesIO(on_paper(svg, paper))), (800, 540))
    picture = few_colours(picture, 128)
    file = io.BytesIO()
    picture.convert("RGBA").save(file, "webp", lossless=True, quality=100, method=6)
    return file.getvalue()
