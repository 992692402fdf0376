"""The book's colours, by theme, in one place: the stylesheet's variables, the charts' theme, and the figures' twins are made from them."""

from .lettering import family

COLOURS = {
    "light": {
        "chart-ink": "#262626",  # seaborn's ink
        "chart-grid": "#cccccc",  # seaborn's grid
        "chart-blue": "#0173b2",  # the first of seaborn's palette `colorblind`
        "chart-sky": "#56b4e9",  # another of them, beside that blue
        "chart-number": "#4d4d4d",  # of numbers in the squares of a chart
        "chart-on-blue": "#fffffe",  # and of those on blue
        "chart-hair": "#e6e6e6",  # the faint lines of charts and figures: matplotlib's ".9"
        "chart-soft": "#50565d",  # what stands at its axes
        "claim": "#1a7f37",
        "claim-surface": "#f1f8f3",
        "pst-color-primary": "#0b5c8c",
        "pst-color-link": "#0b5c8c",
        "pst-color-link-hover": "#083f60",
        "pst-color-secondary": "#083f60",
        "pst-color-accent": "#0b5c8c",
        "pst-color-inline-code": "#7a1f4f",
        "paper": "#ffffff",
    },
    "dark": {
        "chart-ink": "#d9d9d9",
        "chart-grid": "#3a414b",
        "chart-blue": "#3d9be0",
        "chart-sky": "#a6dcfa",
        "chart-number": "#cbd0d6",
        "chart-on-blue": "#0c1015",
        "chart-hair": "#262d36",
        "chart-soft": "#b4bac1",
        "claim": "#57c274",
        "claim-surface": "#14211a",
        "pst-color-primary": "#6cb8e6",
        "pst-color-link": "#6cb8e6",
        "pst-color-link-hover": "#a9d7f2",
        "pst-color-secondary": "#a9d7f2",
        "pst-color-accent": "#6cb8e6",
        "pst-color-background": "#14181e",
        "paper": "#14181e",
    },
}
# What a picture drawn for the light page has in place of its own colours on the dark one.
TWINS = {COLOURS["light"][name]: COLOURS["dark"][name] for name in ("chart-ink", "chart-grid", "chart-blue", "chart-sky", "chart-number", "chart-on-blue", "chart-hair", "chart-soft")}
TWINS |= {"#e4e4e4": "#2a313b", "#b8b8b8": "#4d5663", '"black"': f'"{COLOURS["dark"]["chart-ink"]}"'}  # grounds in greys of a chart, and marks upon them

IN_DARK = {"#de8f05": "#ed964f"}  # of which the dark paper, a bluish one, makes no olive
TINTS = ("#0173b2", "#de8f05", "#029e73", "#cc78bc", "#56b4e9", "#949494")  # of seaborn's palette `colorblind`


def tint(number: int, theme: str) -> str:
    """A ground for pictures: paper with a seventh of one of these colours."""
    colour = TINTS[number % len(TINTS)]
    paper, colour = (bytes.fromhex(one[1:]) for one in (COLOURS[theme]["paper"], IN_DARK.get(colour, colour) if theme == "dark" else colour))
    return "#" + bytes(round((6 * p + c) / 7) for p, c in zip(paper, colour)).hex()


def styles() -> str:
    """The variables of the stylesheet: the colours, and of each part of the book its own and its tint."""
    return "".join(
        f'html[data-theme="{theme}"]{{color-scheme:{theme};'
        + "".join(f"--{name}:{value};" for name, value in colours.items())
        + "".join(f"--tint-{number}:{tint(number, theme)};--part-{number}:{colour};" for number, colour in enumerate(TINTS))
        + "}\n"
        for theme, colours in COLOURS.items()
    )


LINE = 2.5  # pixels of a line in a chart


def chart_theme(theme: str) -> dict:
    """Vega-Lite's configuration of every chart: what it says itself goes before (`merged` in pictures.py, and Vega-Lite on the page).

    Faint lines lead from a value to its number, and where they are no axis is drawn; the other axis is the ground on which the marks stand.
    """
    ink, soft, hair = (COLOURS[theme][f"chart-{name}"] for name in ("ink", "soft", "hair"))
    sizes = {"labelFontSize": 14, "titleFontSize": 14, "titleFontWeight": "normal"}
    colours = {"labelColor": soft, "titleColor": ink, "domainColor": soft, "tickColor": soft, "gridColor": hair}
    names = {"grid": False, "domain": False, "ticks": False}  # of things, no numbers
    return {
        "background": None, "font": family(), "padding": {"left": 1, "top": 2, "right": 4, "bottom": 2}, "view": {"stroke": None},
        "axis": {**sizes, **colours, "tickSize": 4, "labelPadding": 5, "titlePadding": 9},
        "axisX": {"grid": False, "tickCount": 5, "labelFlush": False, "labelPadding": 3, "titlePadding": 5}, "axisY": {"domain": False, "ticks": False, "tickCount": 5}, "axisBand": names, "axisPoint": names,
        "line": {"strokeWidth": LINE, "strokeCap": "round", "strokeJoin": "round"},
        "legend": {**sizes, "labelColor": ink, "titleColor": soft, "orient": "top", "titleOrient": "left", "titlePadding": 10, "columnPadding": 16, "symbolStrokeWidth": LINE, "offset": 8},
        "header": {**sizes, "labelColor": soft, "titleColor": ink}, "title": {"color": ink, "fontSize": 15, "fontWeight": "normal", "anchor": "start", "frame": "group"},
        "text": {"color": ink, "fontSize": 14}, "style": {"guide-label": {"fill": soft}, "guide-title": {"fill": ink}},
    }  # fmt: skip


def _contrast(rgb: list[float], ground: list[float]) -> float:
    """Of two colours (WCAG 2)."""
    luminance = lambda colour: sum(weight * (one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4) for weight, one in zip((0.2126, 0.7152, 0.0722), colour))  # noqa: E731
    less, more = sorted((luminance(rgb), luminance(ground)))
    return (more + 0.05) / (less + 0.05)


def _parts(*colours: str) -> list[list[float]]:
    return [[int(one[i : i + 2], 16) / 255 for i in (1, 3, 5)] for one in colours]


def seen(colour: str, ground: str = COLOURS["dark"]["paper"], contrast: float = 3) -> str:
    """The colour (#rrggbb), as much lighter on a dark ground, or darker on a light one, as this contrast with it asks (WCAG 2, 1.4.11)."""
    rgb, floor = _parts(colour, ground)
    end = _contrast(floor, [0, 0, 0]) < _contrast(floor, [1, 1, 1])
    mixed = ([one + (end - one) * part / 20 for one in rgb] for part in range(21))
    return "#" + bytes(round(255 * one) for one in next(one for one in mixed if _contrast(one, floor) >= contrast)).hex()


def opaque(opacity: float, colour: str, ground: str = COLOURS["dark"]["paper"]) -> float:
    """The opacity of a mark, as much higher as it must be to be seen on that ground."""
    rgb, floor = _parts(colour, ground)
    higher = (min(1, opacity + part / 20) for part in range(21))
    return next((one for one in higher if one == 1 or _contrast([one * ink + (1 - one) * below for ink, below in zip(rgb, floor)], floor) >= 3), 1)


def in_dark(picture: str) -> str:
    """The picture's source (SVG, or a chart's specification) with the dark page's colours for ours."""
    for light, dark in TWINS.items():
        picture = picture.replace(light, dark)
    return picture
