"""What startup.py does to a figure that it draws for the page and for a phone: it gets the ticks of the book's charts, and what its marks stand for is written down, which the page says at the pointer (book/_static/pointing.js)."""

import contextlib
import itertools
import math
import re
from fractions import Fraction

import numpy as np
from matplotlib._mathtext_data import tex2uni
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PathCollection, PolyCollection
from matplotlib.colors import rgb_to_hsv, to_hex, to_rgb, to_rgba
from matplotlib.container import BarContainer, ErrorbarContainer
from matplotlib.dates import num2date
from matplotlib.lines import AxLine
from matplotlib.text import Text

INKS, SOFT = ("#262626", "#000000"), "#50565d"  # seaborn's and matplotlib's; `chart-soft` of builder/render/palette.py
LENGTH, WIDTH = 3.5, 0.8  # points; with 1.16 pixels a point (builder/render/pictures.py) those of a chart's axis

LINE, DOTS, MOST = 200, 600, 1600  # points of a line, of separate markers, and of a figure, at most
FINE = 2000  # places along an axis: half a pixel each, or less
SUPERSCRIPTS, SUBSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"), str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
PLAIN = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")


@contextlib.contextmanager
def as_in_charts(figure):
    """The figure with thin grey ticks and axes, for the time being."""
    axes = figure.findobj(Axes)
    ticks = [(axis, which, getattr(axis, f"get_{which}_ticks")(1)[0], dict(getattr(axis, f"_{which}_tick_kw"))) for one in axes for axis in (one.xaxis, one.yaxis) for which in ("major", "minor")]
    ticks = [(axis, which, {"length": tick._size, "width": tick._width, "color": tick.tick1line.get_color()}, known) for axis, which, tick, known in ticks]
    edges = [(spine, spine.get_linewidth(), spine.get_edgecolor()) for one in axes for spine in one.spines.values()]
    try:
        for axis, which, was, _ in ticks:
            part = 1 if which == "major" else 0.6
            axis.set_tick_params(which, length=min(was["length"], LENGTH * part), width=min(was["width"], WIDTH * part), color=SOFT)
        for spine, width, colour in edges:
            spine.set_linewidth(min(width, WIDTH))
            spine.set_edgecolor(SOFT if to_hex(colour) in INKS else colour)
        yield
    finally:
        for axis, which, was, known in ticks:
            axis.set_tick_params(which, **was)
            kept = getattr(axis, f"_{which}_tick_kw")
            kept.clear()
            kept.update(known)
        for spine, width, colour in edges:
            spine.set_linewidth(width)
            spine.set_edgecolor(colour)


def plain(text: str) -> str:
    """A label without its TeX."""

    def formula(found):
        inner = re.sub(r"\\(?:mathdefault|mathrm|mathit|mathbf|text|operatorname) ?(?=\{)", "", found[1])
        inner = re.sub(r"\\([A-Za-z]+) ?", lambda name: chr(tex2uni[name[1]]) if name[1] in tex2uni else name[1], inner)
        inner = re.sub(r"\^\{?(-?\d+)\}?", lambda number: number[1].translate(SUPERSCRIPTS), inner)
        return re.sub(r"_\{?(\d+)\}?", lambda number: number[1].translate(SUBSCRIPTS), inner).replace("{", "").replace("}", "")

    return " ".join(re.sub(r"\$([^$]*)\$", formula, text).split())


def number(label: str) -> tuple[float, str] | None:
    """Of a tick's label: 0.03, 1,000, −10⁶, 3×10⁻⁴, 4/5, 30%; with what stands behind it. None if it is none."""
    found = re.fullmatch(r"(-?)([\d.,]*?)(?:×?10([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+))?(/\d+)?([ %°]\D*)?", label.replace("−", "-"))
    try:
        size = float((found[2] or "1").replace(",", "")) * 10.0 ** int((found[3] or "0").translate(PLAIN)) * float(Fraction("1" + (found[4] or "")))
    except (TypeError, ValueError):
        return None
    return (-size if found[1] else size, found[5] or "") if found[2] or found[3] else None


def written(value: float, step: float | None, least: int = 0) -> str:
    """A number so finely as its axis shows it, in steps; where these are not equal, or are tiny, with three digits, and all of a whole number. `least`: so many decimals it has at least, or, of three, digits (`finest`)."""
    if not value:
        return "0"
    size = math.floor(math.log10(abs(value)))
    whole = value == round(value)
    if step is None and not whole:
        value = float(f"{value:.3g}")
    digits = max(0, 2 - size if step is None else math.ceil(-math.log10(step)))
    if digits > 6 or size >= 9:
        text = f"{value / 10.0**size:.2f}".rstrip("0").rstrip(".") + f"×10{str(size).translate(SUPERSCRIPTS)}"
        return text.replace("-", "−").removeprefix("1×")
    text = f"{value:,.{digits}f}"
    spare = digits - (least if step is not None else 0 if whole else max(0, least - 1 - size))
    ending = re.search(r"\.?0*$", text)[0][-spare:] if "." in text and spare > 0 else ""
    text = text.removesuffix(ending).rstrip(".")
    return (text if re.search("[1-9]", text) else text.removeprefix("-")).replace("-", "−")


def finest(values: list[float], step: float | None) -> int:
    """How many decimals numbers beside each other have, so that all have as many (0.40 and 0.41): those of the one that needs most; where steps are not equal, how many of three digits."""
    if step is None:
        values = [one for one in values if one != round(one)]
        return max((len(f"{abs(float(f'{one:.2e}')):e}".split("e")[0].replace(".", "").rstrip("0")) for one in values), default=0)
    return max((len(written(one, step).partition(".")[2]) for one in values if "×" not in written(one, step)), default=0)


class Reader:
    """How the values along one axis are called, and how they are written: None where it shows no values."""

    def __init__(self, axes, name: str):
        alike = [axes, *getattr(axes, f"get_shared_{name}_axes")().get_siblings(axes)]
        axes_of = [getattr(one, f"{name}axis") for one in alike]
        labels = [axis.get_label_text() for axis in axes_of] + [whole.get_text() for whole in [getattr(axes.figure, f"_sup{name}label", None)] if whole]
        self.title = plain(next(filter(None, labels), ""))
        self.axis = next((axis for axis in axes_of if axis.get_visible() and any(label.get_visible() and label.get_text() for label in axis.get_ticklabels())), None)
        self.known = self.axis is not None
        if not self.known:
            return
        self.ends = low, high = sorted(axes_of[0].get_view_interval())
        ticks = [(place, plain(label.get_text())) for place, label in zip(self.axis.get_ticklocs(), self.axis.get_ticklabels()) if low <= place <= high and label.get_text()]
        self.step = (high - low) / 500 if axes_of[0].get_scale() == "linear" else None
        self.dates, self.names, self.unit, self.times = "", {}, "", 1
        if "Date" in type(axes_of[0].get_converter()).__name__:
            own = getattr(self.axis.get_major_formatter(), "fmt", "")
            self.dates = own if re.search(r"%-?d", own) else "%-d %b" if high - low < 366 else "%-d %b %Y"
            return
        read = [(place, number(label)) for place, label in ticks]
        if not all(one for _, one in read):
            self.names = dict(ticks)
        elif not self.axis.get_major_formatter().get_offset():
            units = {one[1] for place, one in read}
            self.unit = units.pop() if len(units) == 1 else ""
            pairs = [(place, one[0]) for place, one in read]
            equal = lambda times: all(math.isclose(times * place, shown, rel_tol=0.06, abs_tol=1e-9 + (2 * self.step * times if self.step else 0)) for place, shown in pairs)  # noqa: E731
            self.times = next((times for times in (1, 100 if self.unit.strip() == "%" else 1) if equal(times)), 0)
            if not self.times:
                self.names = dict(ticks)

    @property
    def numeric(self) -> bool:
        return self.known and not self.names

    def finest(self, values) -> int:
        return finest([self.times * one for one in values if np.isfinite(one)], self.step and self.times * self.step) if self.numeric and not self.dates else 0

    def __call__(self, value: float, least: int = 0) -> str:
        """The value in words, with so many decimals at least; empty where its axis has none for it."""
        if self.dates:
            return num2date(value if "%H" in self.dates else math.ceil(value - 0.5)).strftime(self.dates)
        if self.names:
            apart = min((abs(one - other) for one, other in itertools.pairwise(sorted(self.names))), default=1)
            nearest = min(self.names, key=lambda place: abs(place - value))
            return self.names[nearest] if abs(nearest - value) < 0.45 * apart else ""
        return written(self.times * value, self.step and self.times * self.step, least) + self.unit


def colour_of(artist) -> str | None:
    """Of a mark, or of most of them; None if they have several."""
    if isinstance(artist, PathCollection):
        found = {to_hex(one) for one in (artist.get_facecolor() if len(artist.get_facecolor()) else artist.get_edgecolor())}
        return found.pop() if len(found) == 1 else None
    return to_hex(artist.get_color())


def coloured(colour: str | None) -> bool:
    return colour is not None and rgb_to_hsv(to_rgb(colour))[1] > 0.1


def called(artist) -> str:
    label = str(artist.get_label())
    return "" if label.startswith("_") else plain(label)


def seen(artist) -> bool:
    return artist.get_visible() and (artist.get_alpha() is None or np.min(artist.get_alpha()) >= 0.2)


def intervals(ax, points, colour: str | None) -> dict[int, np.ndarray]:
    """The intervals that upright lines, or a band, of their colour draw about points: one at each."""
    for one in ax.collections:
        if not isinstance(one, LineCollection | PolyCollection) or not seen(one) or one.get_transform() != ax.transData:
            continue
        drawn = one.get_color() if isinstance(one, LineCollection) else one.get_facecolor()
        corners = [path.vertices for path in one.get_paths()]
        upright = len(corners) == 1 if isinstance(one, PolyCollection) else all(len(ends) == 2 and ends[0, 0] == ends[1, 0] for ends in corners)
        if upright and {to_hex(tint) for tint in drawn} == {colour}:
            ends = {}
            for x, y in np.concatenate(corners):
                ends.setdefault(float(x), []).append(y)
            at = [ends.get(float(x), []) for x in points[:, 0]]
            found = np.array([(min(many), max(many)) for many in at if len(many) > 1])
            if len(at) and len(found) == len(at) and np.all(found != points[:, [1]], axis=1).any():  # not where all lines end in their points
                return {1: found}
    return {}


def series_of(ax) -> list[dict]:
    """What is drawn for data in a plot: of each its `name` and `colour`, its `points`, whether they are `marked`, the intervals in which they lie (`around`, for x and for y), of bars their two corners (`boxes`)."""
    found, done = [], set()

    def add(artist, points, name="", *, dots, **more):
        points = np.ma.filled(np.ma.asarray(points, float), np.nan).reshape(-1, 2)
        colour = colour_of(artist) if not isinstance(artist, BarContainer) else None
        around = intervals(ax, points, colour) if colour and "around" not in more else {}
        found.append({"name": name or called(artist), "colour": colour, "points": points, "dots": dots, "around": around, **more})

    for one in ax.containers:
        if isinstance(one, ErrorbarContainer):
            line, caps, bars = one.lines
            done.update(map(id, caps))
            if line is not None and line.get_visible():
                done.add(id(line))
                sides = [axis for axis, has in ((0, one.has_xerr), (1, one.has_yerr)) if has]
                around = {axis: [segment[:, axis] for segment in bar.get_segments()] for axis, bar in zip(sides, bars)}
                add(line, line.get_xydata(), called(one), dots=True, marked=True, around={axis: np.array(ends) for axis, ends in around.items() if len(ends) == len(line.get_xydata())})
        elif isinstance(one, BarContainer) and one.patches and seen(one.patches[0]):
            corners = np.array([bar.get_bbox().get_points() for bar in one.patches])
            along = 1 if one.orientation == "horizontal" else 0
            ends = np.array([(bar.get_x() + bar.get_width(), bar.get_y() + bar.get_height()) for bar in one.patches])
            middle = corners.mean(axis=1)
            middle[:, 1 - along] = ends[:, 1 - along]
            touching = len(corners) > 2 and np.allclose(corners[1:, 0, along], corners[:-1, 1, along])
            add(one, middle, dots=True, boxes=corners, around={along: corners[:, :, along]} if touching else {}, spans=touching)
    for line in ax.lines:
        places = line.get_xydata()
        markers = line.get_marker() not in ("None", None, "", " ")
        lined = line.get_linestyle() not in ("None", None, "", " ")
        if id(line) in done or isinstance(line, AxLine) or line.get_transform() != ax.transData or not (seen(line) and (markers or lined)):
            continue
        constant = len(places) > 1 and bool(np.any(np.ptp(places, axis=0) == 0))
        beyond = not lined and line.get_marker() in tuple("^v<>") and any(other is not line and colour_of(other) == colour_of(line) and other.get_marker() != line.get_marker() for other in ax.lines)
        if (called(line) or not constant and not beyond) and (markers or len(places) > 2):  # no guides, and nothing that lies beyond an axis and is marked at its edge
            add(line, places, dots=not lined, marked=markers)
    proxies = [one for one in ax.collections if isinstance(one, PathCollection) and called(one) and not len(one.get_offsets())]
    for dots in ax.collections:
        if isinstance(dots, PathCollection) and seen(dots) and dots.get_offset_transform() == ax.transData and len(dots.get_offsets()):
            alike = [one for one in proxies if np.array_equal(one.get_paths()[0].vertices, dots.get_paths()[0].vertices)]  # in the legend
            add(dots, dots.get_offsets(), called(alike[0]) if len(alike) == 1 else "", dots=True, marked=True)
    return found


def name_by_labels(ax, series: list[dict]) -> None:
    """Names of series that have a label of their colour beside them, and no other, where every series of a colour has one: such words are short, for others say something of what is drawn."""
    texts = [(to_hex(text.get_color()), text.get_text()) for text in ax.texts if text.get_visible() and text.get_text()]
    nameless = {one["colour"] for one in series if not one["name"]}
    names = {colour: [text for drawn, text in texts if drawn == colour] for colour in {one["colour"] for one in series} if coloured(colour)}
    if any(one["colour"] is None for one in series) or not all(len(said) == 1 and len(said[0].split()) <= 4 and not re.search(r"[.:%=°]", said[0]) for said in names.values()):
        return
    for one in series:
        if one["colour"] in nameless and one["colour"] in names and not one["name"]:
            one["name"] = plain(names[one["colour"]][0])


def thinned(count: int, most: int) -> np.ndarray:
    return np.unique(np.linspace(0, count - 1, min(count, most)).round().astype(int))


class Values:
    """What the marks of a figure stand for, and where they are in each of its forms: there, `boxes`, are two corners of each plot, as shares of the picture from its left upper corner; marks, and the
    corners of its `words`, lie at so many `FINE` parts of the way from the first to the second. It is taken of a figure that has been drawn."""

    def __init__(self, figure):
        self.figure, self.forms, self.last, self.words, self.plots = figure, {}, [], {}, []
        for panel, ax in enumerate(one for one in figure.axes if one.get_visible()):
            if ax.name != "rectilinear" or not ax.axison or ax.get_label() == "<colorbar>" or ax.images or any("Mesh" in type(one).__name__ for one in ax.collections):
                continue
            if any(line.get_rasterized() for line in ax.lines):  # so many that one is not told from another
                continue
            readers = Reader(ax, "x"), Reader(ax, "y")
            if any(one.numeric for one in readers) and (series := series_of(ax)):
                name_by_labels(ax, series)
                self.plots.append((panel, ax, readers, series, np.transpose([ax.get_xlim(), ax.get_ylim()])))
        self.watching = figure.canvas.mpl_connect("draw_event", self.see)

    def see(self, event) -> None:
        size = self.figure.bbox.size
        self.last = [(ax.transData.transform(corners) / size, self.words_of(ax, ax.transData.transform(corners), event.renderer)) for _, ax, _, _, corners in self.plots]

    @staticmethod
    def words_of(ax, ends, renderer) -> list[list[int]]:
        boxes = [Text.get_window_extent(one, renderer) for one in (*ax.texts, ax.title, ax._left_title) if one.get_visible() and one.get_text()]  # of an annotation without its arrow
        boxes += [legend.get_window_extent(renderer) for legend in [ax.get_legend()] if legend]
        return [[int(one) for one in np.round(FINE * (box.get_points() - ends[0]) / (ends[1] - ends[0])).ravel()] for box in boxes]

    def keep(self, form: str) -> None:
        """Where the plots are in what was drawn last."""
        self.forms[form] = [[round(float(one), 5) for left, up in places for one in (left, 1 - up)] for places, _ in self.last]
        self.words[form] = [words for _, words in self.last]

    def noted(self) -> list[dict]:
        """Plot by plot, as JSON: `axes`, the titles of x and y; where its `words` are; `sets`, of each its name, whether its places are `marked`, these places, and what x and y are there; of bars the opposite
        corners, too (`to`), and of intervals their `ends`, across or up (`along`)."""
        self.figure.canvas.mpl_disconnect(self.watching)
        shown = [[self.within(ax, one, corners) for one in series] for _, ax, _, series, corners in self.plots]
        most = MOST
        while sum(min(len(places), most, DOTS if one["dots"] else LINE) for group in shown for one, places, _ in group) > MOST:
            most = int(0.8 * most)
        made = []
        for (panel, ax, readers, _, _), group, number in zip(self.plots, shown, itertools.count()):
            legend, sets = ax.get_legend(), {}
            title = plain(legend.get_title().get_text()) if legend else ""
            finest = {marked: [reader.finest(self.numbers(group, marked, axis)) for axis, reader in enumerate(readers)] for marked in (False, True)}
            for one, places, kept in group:
                chosen = thinned(len(kept), min(most, DOTS if one["dots"] else LINE))
                along = next(iter(one["around"]), None) if "boxes" not in one else None
                for place, index in zip(places[chosen], kept[chosen]):
                    said = [self.said(reader, one, index, axis, least) if reader.known else "" for axis, (reader, least) in enumerate(zip(readers, finest[one.get("marked", False)]))]
                    if any(said):
                        into = sets.setdefault((one["name"], "boxes" in one, one.get("marked", False), along), [[] for _ in range(len(place) + 2)])
                        for column, value in zip(into, [*map(int, place), *said]):
                            column.append(value)
            named = [
                {"name": [title if name else "", name], "x": columns[0], "y": columns[1], "to": columns[2:4] if bars else [], "said": columns[-2:]}
                | ({"marked": True} if marked else {}) | ({"along": along, "ends": columns[2:4]} if along is not None else {})
                for (name, bars, marked, along), columns in sets.items()
            ]  # fmt: skip
            if named:
                by_form = {form: boxes[number] for form, boxes in self.forms.items()}
                words = {form: plots[number] for form, plots in self.words.items()}
                made.append({"panel": panel, "axes": [reader.title for reader in readers], "boxes": by_form, "words": words, "sets": named})
        return made

    @staticmethod
    def numbers(group, marked: bool, axis: int) -> np.ndarray:
        """All that may be said along an axis: of marked points, or of others."""
        alike = [(one, kept) for one, _, kept in group if one.get("marked", False) == marked]
        return np.hstack([[], *(one["points"][kept, axis] for one, kept in alike), *(one["around"][axis][kept].ravel() for one, kept in alike if axis in one["around"])])

    def within(self, ax, one: dict, corners) -> tuple[dict, np.ndarray, np.ndarray]:
        """The places of the points that can be seen (of bars those of both corners), and which these are."""
        begin, end = ax.transData.transform(corners)
        share = lambda points: (ax.transData.transform(points) - begin) / (end - begin)  # noqa: E731
        with np.errstate(all="ignore"):
            places = share(one["points"])
            if "boxes" in one:
                places = np.hstack([np.clip(share(one["boxes"][:, side]), 0, 1) for side in (0, 1)])
                inside = (places[:, :2] != places[:, 2:]).any(axis=1)
            else:
                inside = np.isfinite(one["points"]).all(axis=1) & (places > -0.002).all(axis=1) & (places < 1.002).all(axis=1)
                for axis, ends in one["around"].items():
                    for side in ends.T:
                        moved = one["points"].copy()
                        moved[:, axis] = side
                        places = np.column_stack([places, np.nan_to_num(np.clip(share(moved)[:, axis], 0, 1))])
        kept = np.flatnonzero(inside)
        return one, np.round(FINE * places[kept]), kept

    @staticmethod
    def said(reader: Reader, one: dict, index: int, axis: int, least: int) -> str:
        value = reader(one["points"][index, axis], least)
        if axis not in one["around"] or reader.names:
            return value
        low, high = sorted(one["around"][axis][index])
        if one.get("spans"):
            return f"{reader(low, least)} to {reader(high, least)}"
        first, last = reader.ends
        under = f"under {reader(first)}" if low <= first else reader(low, least)
        over = f"over {reader(last)}" if high >= last else reader(high, least)
        return f"{value} ({under} to {over})"
