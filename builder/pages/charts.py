"""Interactive charts: an Altair chart's specification becomes a picture that the browser brings to life.

The picture is drawn while the book is built, so that readers without JavaScript, printers and search engines see it. The
page's own copy of Vega is loaded when a chart comes into view, with the chart's specification, and computes with an interpreter instead of `eval`.
"""

import html
import json
import math
import pathlib
import re

import nbformat

from ..chapters import claims, code_cells
from ..files import BookError, write_atomically
from ..render.covers import cover_of
from ..render.drawn import drawn
from ..render.palette import COLOURS
from ..render.pictures import ACROSS, BETWEEN, BROAD, MIME, NARROW, WIDE, Broad, adapts, as_shown, bundle, outputs_with_charts, picture, spanning, steepness_of, widened
from . import executed
from .executed import chapter_of
from .figures import called


LARGER = 1.3  # than a chart was drawn, at most (book.css)
TALLEST = 400  # pixels of a chart at a chapter's head, where it is not drawn taller
LONG = 15  # letters of a control's name: on a phone a longer one stands above its slider (book.css)
TITLE = "role-title-text"
THUMBNAIL = (280, 175)  # pixels in which it is drawn; half as large or less it is shown (book.css)


def write(app, specification: dict, chapter: str, number: int, broad: Broad | None = None) -> None:
    """The chart's pictures, and its specification for the browser; two pages, read side by side, may write the same. Also as it is on a wide screen, if it is another there."""
    folder = pathlib.Path(app.outdir) / "charts"
    folder.mkdir(parents=True, exist_ok=True)
    for theme in ("light", "dark"):
        write_atomically(folder / f"{chapter}-{number}-{theme}.svg", drawn(picture, json.dumps(specification), theme))
        if broad:
            write_atomically(folder / f"{chapter}-{number}-{theme}-{broad.name}.svg", drawn(picture, json.dumps(widened(broad.patch, specification)), theme, broad.across))
        if adapts(specification):
            for which, across in (("narrow", NARROW), ("between", BETWEEN)):
                write_atomically(folder / f"{chapter}-{number}-{theme}-{which}.svg", drawn(picture, json.dumps(specification), theme, across))
    # A script, for a page that was opened from a folder may load no data in another way.
    source, data = folder / f"{chapter}-{number}.js", json.dumps(unbound(specification), separators=(",", ":"))
    write_atomically(source, f"(window.chartSources ??= {{}})[{json.dumps(source.name)}] = {json.dumps(data)};\n")


def bound(parameter: dict) -> bool:
    """To a slider, a list or buttons of the page. Those of a selection Vega makes: they set its fields, not it."""
    return "value" in parameter and "select" not in parameter and "input" in (parameter.get("bind") or {})


def unbound(specification: dict) -> dict:
    """The chart without its controls, which the page has (`controls`)."""
    params = [{key: value for key, value in one.items() if key != "bind"} if bound(one) else one for one in specification.get("params", [])]
    return {**specification, "params": params} if params else specification


def controls(specification: dict, described_by: str, told: dict | None = None) -> str:
    """The chart's sliders and choices, in the form that Vega gives them, there before the chart lives. What is chosen is JSON.

    What the cell's metadata tell of a control by its name, `{"k": {"label": "observations n", "shown": ["1", "2", "4"]}}`, is shown in the place of its own
    label, and of the number at each of a slider's steps. With `{"k": {"along": [0, 1]}}`, two places (numbers, or dates) on the x axis of the plot, where the
    slider begins and ends, it can be pulled there too; `{"y": [0, 1]}` are places on the y axis; a field's name, `"along": "k"`, means that each of the slider's
    values has a row of the data, where it stands. With `{"k": {"at": "k"}}` a click on a mark sets it to that field of the mark's datum.
    """
    rows, told, long = "", told or {}, False
    if unknown := sorted(told.keys() - {parameter["name"] for parameter in filter(bound, specification.get("params", []))}):
        raise BookError(f"its metadata `controls` name `{unknown[0]}`, which is no control of it")
    for parameter in filter(bound, specification.get("params", [])):
        bind, value, own_words = parameter["bind"], parameter["value"], told.get(parameter["name"], {})
        own = f'name="{html.escape(parameter["name"])}" aria-describedby="{described_by}"'
        words = capitalised(own_words.get("label") or (bind.get("name") or parameter["name"]).strip().removesuffix(":"))
        long |= bind["input"] == "range" and len(words) > LONG
        name = f'<span class="vega-bind-name">{html.escape(words)}</span>'
        choices = [(html.escape(json.dumps(option)), html.escape(str(label)), option == value) for option, label in zip(bind.get("options", []), bind.get("labels") or bind.get("options", []))]
        if bind["input"] == "radio":
            buttons = "".join(f'<label><input type="radio" {own} value="{option}"{" checked" * chosen}>{label}</label>' for option, label, chosen in choices)
            row = f'{name}<span class="vega-bind-radio">{buttons}</span>'
        elif bind["input"] == "select":
            options = "".join(f'<option value="{option}"{" selected" * chosen}>{label}</option>' for option, label, chosen in choices)
            row = f"<label>{name}<select {own}>{options}</select></label>"
        elif bind["input"] == "checkbox":
            row = f'<label>{name}<input type="checkbox" {own}{" checked" * bool(value)}></label>'
        elif bind["input"] == "range":
            low, high = bind.get("min", min(0, value)), bind.get("max", max(100, value))
            limits = f'min="{low}" max="{high}" step="{bind.get("step") or step(low, high):g}"'
            shown, spoken = str(value), ""
            if texts := own_words.get("shown"):
                if len(texts) != round((high - low) / (by := bind.get("step") or step(low, high))) + 1:
                    raise BookError(f"its metadata `controls` have {len(texts)} texts for the steps of `{parameter['name']}` from {low} to {high} by {by:g}")
                shown = texts[round((value - low) / by)]
                spoken = f' aria-valuetext="{html.escape(shown)}" data-shown="{html.escape(json.dumps(texts))}"'
            row = f'<label>{name}<input type="range" {own} {limits} value="{value}"{spoken}><span>{html.escape(shown)}</span></label>'
        else:
            raise BookError(f"its control `{bind['input']}` is none of range, radio, select, checkbox")
        rows += f'<div class="vega-bind">{row}</div>'
    return f'<form class="vega-bindings{" long" * long}" autocomplete="off">{rows}</form>' if rows else ""


def capitalised(label: str) -> str:
    """With a capital, but for what begins with a variable, `n`, or a name of the code, `batch_size`."""
    return label if re.match(r"\w\b|\w*[_\d(.=]|\w+[A-Z]", label) else label[:1].upper() + label[1:]


def step(low: float, high: float) -> float:
    """Of a slider that names none, as Vega has it: about a hundredth of its way, a round number."""
    about = (high - low) / 100
    power = 10 ** math.floor(math.log10(about))
    return power * next(times for times, square in ((10, 50), (5, 10), (2, 2), (1, 0)) if (about / power) ** 2 >= square)


def size(file: pathlib.Path) -> tuple[float, float]:
    """Width and height of the picture (SVG) in pixels."""
    return tuple(map(float, re.search(r'width="([\d.]+)" height="([\d.]+)"', file.read_text(encoding="utf-8")).groups()))


def heights(specification: dict, file: pathlib.Path, name: str) -> str:
    """How high (a variable of the stylesheet, by this name) a chart that adapts to the page's width is: as its picture, or, where one unit is as long on both axes, as the width wants it."""
    across, high = size(file)
    steep = steepness_of(specification)
    return f" --{name}: " + (f"calc({steep:g} * 100cqw + {high - steep * across:.2f}px)" if steep else f"{high:g}px") + ";"


def markup(
    app, specification: dict, label: str, chapter: str, number: int, anchor: str = "", between: str = "", below: str = "", told: dict | None = None, broad: Broad | None = None
) -> str:
    """The chart as pictures that charts.js brings to life, below its controls. At a chapter's head its caption is part of it. On a wide screen it may be another, as `write` was told."""
    images, label, name, styles, other = "", html.escape(label), anchor or f"chart-{number}", "", ""
    for theme in ("light", "dark"):
        file = pathlib.Path(app.outdir) / "charts" / f"{chapter}-{number}-{theme}.svg"
        width, height = size(file)
        loading = 'loading="eager" fetchpriority="high"' if anchor and theme == "light" else 'loading="lazy"'
        image = f'<img class="only-{theme}" src="../charts/{file.name}" width="{width:g}" height="{height:g}" {loading} alt="{label}">'
        sources, styles = "", ""
        if adapts(specification):  # with letters that can be read there, and as high as the chart will be
            narrow = file.with_name(f"{file.stem}-narrow.svg")
            sources += source(narrow, "max-width: 480px") + source(file.with_name(f"{file.stem}-between.svg"), "max-width: 700px")
            styles += heights(specification, file, "high") + heights(specification, narrow, "narrow-high") + (f" --widest: {width:g}px;" if steepness_of(specification) else "")
        if broad:
            larger = file.with_name(f"{file.stem}-{broad.name}.svg")
            sources += source(larger, f"min-width: {BROAD}px")
            styles += (heights(widened(broad.patch, specification), larger, "wide-high") if adapts(specification) else "") + f" --wide-drawn: {size(larger)[0]:g}px;"
        images += f"<picture>{sources}{image}</picture>" if sources else image
    drawn = max(width / LARGER, min(width, width * TALLEST / height)) if anchor else width
    if broad and broad.patch:
        other = f' data-wide="{html.escape(json.dumps(broad.patch, separators=(",", ":")))}"'
    if legend := next((one["select"]["fields"][0] for one in specification.get("params", []) if one.get("bind") == "legend"), ""):
        other += f' data-legend="{html.escape(legend)}"'
    kind = f" {broad.name}" if broad else ""
    still = "<noscript><p class=\"chart-still\">Without JavaScript this is a picture: it has no slider, and nothing in it can be moved or chosen.</p></noscript>"
    for key in ("along", "at"):
        if named := {one: said[key] for one, said in (told or {}).items() if key in said}:
            other += f' data-{key}="{html.escape(json.dumps(named))}"'
    view, form = f'<div class="chart-view" id="{name}-view">{images}</div>{still}', controls(specification, f"{name}-view", told)
    return (
        f'<div class="chart{kind}" id="{name}" role="group" aria-label="{label}" data-source="{chapter}-{number}.js"{other} style="--drawn: {drawn:.0f}px;{styles.rstrip(";")}">'
        f"{form}{between}{view}{below}</div>"
    )


def source(file: pathlib.Path, media: str) -> str:
    width, height = size(file)
    return f'<source media="({media})" srcset="../charts/{file.name}" width="{width:g}" height="{height:g}">'


def words_in(app, chapter: str, number: int, mark: str) -> str:
    """What stands in the chart's title, or in the first text of a layer by its name, as it stands before anyone moves it."""
    text = (pathlib.Path(app.outdir) / "charts" / f"{chapter}-{number}-light.svg").read_text(encoding="utf-8")
    found = re.search(rf'class="[^"]*\b{mark}\b[^"]*"(?:(?!<g ).)*?<text[^>]*>(.*?)</text>' if mark != TITLE else rf"{mark}.*?<text[^>]*>(.*?)</text>", text)
    return html.unescape(found[1]) if found else ""


def line_across(specification: dict) -> tuple[float, str] | None:
    """The number that the chart draws as a line right across it, and the line's colour; None where it draws none, or several."""
    rows = {name: list(rows[0].values()) for name, rows in specification.get("datasets", {}).items() if len(rows) == 1 and len(rows[0]) == 1}
    found = [(*rows[name], layer["mark"].get("color", "")) for layer in specification.get("layer", []) if layer["mark"]["type"] == "rule" and (name := layer.get("data", {}).get("name")) in rows]
    return found[0] if len(found) == 1 else None


def told_by_claim(one: dict, chapter: str) -> str:
    """The first group of `printed` in what the cell of the claim printed; empty where it is not there."""
    value = next((claim["value"] for claim in claims(executed.chapter(chapter)) if claim["slug"] == one["claim"]), "")
    found = re.search(one["printed"], value)
    return found[1].replace(" to ", "\N{EN DASH}") if found else ""


def tells(app, cell, specification: dict, chapter: str, number: int) -> str:
    """What the chart tells, in large type beside it: numbers that follow what the reader moves (charts.js). The cell's metadata `tells` are a list of

        {"title": "(Data to .+): final size (.+)", "words": "cases announced"}
        {"of": "layer_3", "transform": [{"filter": "datum.what == 'mean'"}], "text": "format(datum.value, '.1f')", "words": "km, the mean", "colour": "#cc78bc"}
        {"line": true, "words": "cases counted"}
        {"claim": "same-line-two-sums", "printed": "numpy2: .* = (\\d+)", "words": "with numpy 2", "colour": "#de8f05"}

    a part of the words above the chart, which is the last of one or two, of which the other ends the words, on a line of its own; what Vega computes of the rows of a layer (`telling` in builder/render/pictures.py);
    the number that the chart draws as a line across it; what the cell of a claim printed, which a picture that is no chart may tell as well. Each has the colour of the chart's curve, or its line, or the one that is given, above it.
    """
    shown, printed = "", {place: told_by_claim(one, chapter) for place, one in enumerate(cell.metadata.get("tells", [])) if "claim" in one}
    for place, one in enumerate(cell.metadata.get("tells", [])):
        curve = next((layer["mark"].get("color", "") for layer in specification.get("layer", []) if layer["mark"]["type"] == "line"), "")
        told, when, source, colour = "", "", "", one.get("colour", curve)
        if "line" in one:
            told, colour = line_across(specification) or ("", "")
            told = f"{told:,}" if told else ""
        elif "claim" in one:
            told = printed[place]
        elif "title" in one:
            source = f' data-title="{html.escape(one["title"])}"'
            if found := re.fullmatch(one["title"], words_in(app, chapter, number, TITLE)):
                *other, told = found.groups()
                when = f'<span class="told-when">{html.escape(other[0][:1].lower() + other[0][1:])}</span>' if other else ""
        else:
            told, source = words_in(app, chapter, number, f"told_{place}_marks"), f' data-told="told_{place}_marks"'
        if not told:
            raise BookError(f"its metadata `tells`: nothing is found for `{one['words']}`")
        letters = max(map(len, printed.values())) if place in printed else len(told)
        said = f'<strong class="told-number" style="--letters: {letters}">{html.escape(told)}</strong> <span class="told-words">{html.escape(one["words"])}</span> {when}'.rstrip()
        mark = next((f"var(--{name})" for name in ("chart-blue", "chart-sky") if colour == COLOURS["light"][name]), colour)
        kind = ' class="told-goal"' if "line" in one else ""
        shown += f'<p class="told-value" style="--mark: {mark}"{source}><output>{said}</output></p>' if source else f'<p{kind} style="--mark: {mark}">{said}</p>'
    return shown and f'<div class="told">{shown}</div>'


def first_chart(notebook) -> tuple | None:
    """The chapter's chart that is tagged `cover`, or else its first: its number, its cell and its output; None where it has none."""
    found = [(number, cell, output) for number, (cell, output) in enumerate(outputs_with_charts(notebook), start=1)]
    return min(found, key=lambda chart: "cover" not in chart[1].metadata.get("tags", []), default=None)


def chart_at_head(notebook) -> tuple | None:
    """That chart: its number, its cell and its specification, as it is shown."""
    number, cell, output = first_chart(notebook) or (0, None, None)
    return (number, cell, as_shown(cell, output.data[MIME])) if cell else None


def in_small(app, chapter: str, number: int | str, cell, notebook, head: str = "chart-hero") -> tuple[str, str]:
    """What stands around a chart or a picture at its own place, where the head shows it as well: a line with a small picture of its marks, and the whole when it is asked for (book.js),
    and without scripts; on paper the line alone."""
    images = ""
    for theme in ("light", "dark"):
        if picture := cover_of(chapter, cell, theme, THUMBNAIL):
            file = pathlib.Path(app.outdir) / "charts" / f"{chapter}-{number}-{theme}-small.svg"
            file.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(file, picture.encode())
            images += f'<img class="only-{theme}" src="../charts/{file.name}" width="{THUMBNAIL[0]}" height="{THUMBNAIL[1]}" loading="lazy" alt="">'
    images = images or f'<canvas class="film-small" width="{THUMBNAIL[0]}" height="{THUMBNAIL[1]}"></canvas>'
    said = f"<span>{html.escape(called(cell, notebook) or 'The chart')} stands at the head of this chapter</span>"
    return f'<div class="at-head"><div class="at-head-note"><a href="#{head}">{images}{said}</a><button type="button">Show it here</button></div>', "</div>"


def labelled(cell: nbformat.NotebookNode) -> str:
    return cell.metadata.get("mystnb", {}).get("image", {}).get("alt", "An interactive chart")


def put_charts(app, docname, source):
    if not chapter_of(docname) or MIME not in source[0]:
        return
    notebook = nbformat.reads(source[0], as_version=4)
    _, first, _ = first_chart(notebook) or (0, None, None)
    for number, (cell, output) in enumerate(outputs_with_charts(notebook), start=1):
        try:
            specification = as_shown(cell, output.data[MIME])
            broad, here = spanning(cell, specification, WIDE if cell is first else ACROSS), "wide" in cell.metadata
            write(app, specification, chapter_of(docname), number, broad if here or cell is first else None)
            chart = markup(app, specification, labelled(cell), chapter_of(docname), number, told=cell.metadata.get("controls"), broad=broad if here else None)
            if cell is first:
                chart = chart.join(in_small(app, chapter_of(docname), number, cell, notebook))
        except Exception as error:
            place = code_cells(notebook).index(cell) + 1
            cause = str(error).strip().splitlines()
            raise BookError(f"{docname}.ipynb, code cell {place}: its chart cannot be drawn: {cause[-1] if cause else type(error).__name__}") from error
        output.data = nbformat.from_dict({"text/html": chart})
    source[0] = nbformat.writes(notebook)


def write_bundle(app, exception):
    if not exception:
        path = pathlib.Path(app.outdir) / "vendor" / "vega.js"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(drawn(bundle))
