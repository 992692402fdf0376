"""The pages as a reader meets them, in Chromium: light and dark, wide and narrow."""

import functools
import gzip
import io
import itertools
import json
import pathlib
import re
from collections import Counter

import bs4
import numpy as np
import PIL.Image
import pytest
import yaml
from axe_playwright_python.sync_playwright import Axe

from builder import chapters as book
from builder.execute.key import imported
from builder.execute.store import executed
from builder.files import ROOT
from builder.pages.recipes import copied
from builder.render.delivery import THEME
from builder.render.pictures import FIGURE, outputs_with_figures

FIRST_VIEW, WHOLE_PAGE = 300_000, 700_000  # bytes that a page may transfer, compressed
SIZES = {"wide": (1280, 900), "narrow": (390, 844)}


@pytest.fixture
def open_page(chromium, address, site):
    """A function that opens a page of the site, and knows what the last one `asked` for; afterwards nothing may have been asked of another host or logged."""
    contexts, faults, asked = [], [], []

    def open_one(path, *, theme="light", size="wide", moves=True, wait_until="load", **options):
        asked.clear()
        width, height = SIZES[size]
        context = chromium.browser.new_context(viewport={"width": width, "height": height}, color_scheme=theme, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda m: faults.append(f"{m.type}: {m.text}") if m.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: faults.append(f"error: {error}"))
        page.on("request", lambda r: faults.append(f"asks {r.url}") if not r.url.startswith((address, "data:", "blob:")) else None)
        page.on("request", lambda r: asked.append(r.url.removeprefix(address).split("?")[0]) if r.url.startswith(address) else None)
        page.goto(address + path, wait_until=wait_until)
        if moves and options.get("java_script_enabled", True):  # a reader moves, and what is far away is laid out
            page.mouse.move(9, 9)
            page.wait_for_function("() => !document.querySelector('.bd-article > section > section[style]:not([style*=visible])')", polling=200)
        return page

    def restart():
        contexts.clear()
        chromium.restart()

    open_one.restart, open_one.asked = restart, asked
    yield open_one
    for context in contexts:
        faults += [f"no style is sent for {name}" for page in context.pages if page.url.startswith(address) for name in page.evaluate(NAMED) if name in unsent(site)]
        context.close()
    assert not faults, faults[:10]


NAMED = "() => [...new Set([...document.querySelectorAll('[class]')].flatMap((one) => [...one.classList]))]"


@functools.cache
def unsent(site: pathlib.Path) -> set[str]:
    """Classes for which alone the theme has rules, and the site's one stylesheet has none."""
    folder = site / "_static"
    theme = {name for pattern in THEME for path in folder.glob(pattern) for name in re.findall(r"[{},]\s*\.([\w-]+)(?=\s*[,{])", path.read_text(encoding="utf-8"))}
    return theme - set(re.findall(r"\.([A-Za-z_-][\w-]*)", (folder / "site.css").read_text(encoding="utf-8")))


def names():
    contents = book.toc()
    return [contents["root"], *(c["file"] for part in contents["parts"] for c in part["chapters"])]


@functools.cache
def weight(path: pathlib.Path) -> int:
    """Bytes that a host sends for the file: text is compressed."""
    content = path.read_bytes()
    return len(content if path.suffix in (".png", ".webp", ".woff2") else gzip.compress(content))


def transferred(site: pathlib.Path, asked: list[str]) -> dict[str, int]:
    return {path: weight(site / path) for path in dict.fromkeys(asked)}


def light(site: pathlib.Path, asked: list[str]):
    """What a page transfers before anyone scrolls: at most 300 kB; one stylesheet, no script that evaluates a chart."""
    files = transferred(site, asked)
    assert sum(files.values()) <= FIRST_VIEW, sorted(files.items(), key=lambda item: -item[1])[:8]
    assert "vendor/vega.js" not in files
    assert [path for path in files if path.endswith(".css")] == ["_static/site.css"]


ALIVE = """() => !document.querySelector('.chart:not([data-ready=true])')
    && [...document.querySelectorAll('article img')].every((i) => (i.complete && i.naturalWidth) || !i.checkVisibility())"""


class StoppedDrawing(Exception):
    """Headless Chromium sometimes draws no more frames; who waits for one then waits for ever."""


def within(seconds: int, promise: str) -> str:
    """JavaScript that awaits the promise, true where it is kept in that time."""
    return f"Promise.race([({promise}).then(() => true), new Promise((next) => setTimeout(() => next(false), {1000 * seconds}))])"


FRAME = "new Promise((next) => requestAnimationFrame(() => setTimeout(next)))"


def see_everything(page) -> None:
    """Unfold everything and go down the page as a reader does, so that all of it is laid out and alive."""
    page.add_style_tag(content="article section { content-visibility: visible !important; }")
    for _ in range(3):  # what comes to life moves the rest
        drew = page.evaluate(f"""async () => {{
            document.querySelectorAll("details").forEach((folded) => (folded.open = true));
            document.querySelectorAll(".at-head:not(.shown) button").forEach((button) => button.click());
            for (let y = 0; y < document.documentElement.scrollHeight; y += 800) {{
                scrollTo({{ top: y, behavior: "instant" }});
                if (!(await {within(15, FRAME)})) return false;
            }}
            return true;
        }}""")
        if not drew:
            raise StoppedDrawing
        page.wait_for_timeout(300)
        if page.evaluate(ALIVE):
            return
    page.wait_for_function(ALIVE, polling=200)


# Contrast is slow to judge, and tens of thousands of words have some dozens of looks. Of all texts that look the same (colour, size, weight,
# and every background and opacity behind them) one is marked, in each theme; words of code that are not become plain text, and of the
# formulas within lines the first ten stay.
MARK_ONE_OF_EACH_LOOK = """() => {
  const behind = new Map(), seen = new Set();
  for (const element of document.querySelectorAll("body, body *")) {
    const style = getComputedStyle(element);
    const own = style.backgroundColor === "rgba(0, 0, 0, 0)" && style.backgroundImage === "none" && style.opacity === "1"
      ? "" : [style.backgroundColor, style.backgroundImage, style.opacity].join();
    behind.set(element, (behind.get(element.parentElement) ?? "") + own);
    if (![...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim()) || !element.checkVisibility()) continue;
    const look = [style.color, style.fontSize, style.fontWeight, behind.get(element)].join();
    if (!seen.has(look)) element.dataset.look = "";
    seen.add(look);
  }
}"""
THIN = """() => {
  for (const word of document.querySelectorAll(".highlight pre span:not([data-look])")) word.replaceWith(...word.childNodes);
  for (const code of document.querySelectorAll(".highlight pre")) code.normalize();
  for (const formula of [...document.querySelectorAll("math:not([display])")].slice(10)) formula.replaceChildren();
}"""
COLOURS_AND_PICTURES = ["color-contrast", "link-in-text-block", "image-alt", "role-img-alt", "svg-img-alt"]  # the other rules do not see the theme
JUDGE = """async (rules) => {
  axe.configure({ rules: [{ id: "color-contrast", selector: "[data-look]" }] });
  const runOnly = rules ? { runOnly: { type: "rule", values: rules } } : {};
  const { violations } = await axe.run(document, { resultTypes: ["violations"], ...runOnly });
  return violations.map((rule) => `${rule.id}: ${rule.nodes.length} x ${rule.nodes[0].html.slice(0, 200)}`);
}"""


def switch(page, theme):
    """To the other theme as the reader's system switches; charts and pictures follow."""
    page.emulate_media(color_scheme=theme)
    page.wait_for_function("theme => document.documentElement.dataset.theme === theme", arg=theme, polling=200)
    fades = "document.getAnimations().filter((fade) => fade.timeline === document.timeline && fade.effect.getComputedTiming().endTime < Infinity).map((fade) => fade.finished)"
    if not page.evaluate(within(30, f"{FRAME}.then(() => Promise.all({fades}))")):
        raise StoppedDrawing


LETTERS = """async () => {
  await Promise.all([...document.fonts].map((font) => font.load()));
  const pen = document.createElement("canvas").getContext("2d"), missing = {};
  const width = (style, family, other, letter) => ((pen.font = `${style} 40px "${family}", ${other}`), pen.measureText(letter).width);
  const walk = document.createTreeWalker(document.querySelector("article"), NodeFilter.SHOW_TEXT);
  const wanted = new Set();
  while (walk.nextNode()) {
    const parent = walk.currentNode.parentElement, { fontFamily, fontStyle } = getComputedStyle(parent);
    const family = fontFamily.split(",")[0].replaceAll('"', "");
    if (!family.startsWith("Book") || ["SCRIPT", "STYLE"].includes(parent.tagName)) continue;
    const italic = parent.tagName === "mi" && [...walk.currentNode.data].length === 1 && parent.getAttribute("mathvariant") !== "normal";
    for (const letter of walk.currentNode.data) wanted.add([family, fontStyle, italic ? slanted(letter) : letter].join("\\0"));
  }
  function slanted(letter) {  // which letter stands for a variable, as MathML says
    if (letter === "h") return "\\u210e";
    const code = letter.codePointAt(0), from = [[0x41, 0x1d434, 26], [0x61, 0x1d44e, 26], [0x391, 0x1d6e2, 25], [0x3b1, 0x1d6fc, 25]].find(([one, , n]) => one <= code && code < one + n);
    return from ? String.fromCodePoint(code - from[0] + from[1]) : letter;
  }
  for (const one of wanted) {
    const [family, style, letter] = one.split("\\0");
    if (letter.trim() && width(style, family, "monospace", letter) !== width(style, family, "serif", letter)) (missing[family] ??= []).push(letter);
  }
  return missing;
}"""
RARE = set("Żα₀⅛ˉ‾\N{FUNCTION APPLICATION}")  # these a reader's own fonts have to have


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", [*names(), "search", "genindex"])
def test_page(open_page, site, name, size):
    """The first view is light, and so is the whole page. Its fonts have its letters. Light and dark, every picture and chart appears; no accessibility rule is violated, nothing scrolls sideways or asks another host."""
    for _ in range(3):
        page = open_page(f"{name}.html", size=size, moves=False, wait_until="networkidle")
        light(site, open_page.asked)
        try:
            see_everything(page)
            files = transferred(site, open_page.asked)
            assert sum(files.values()) <= WHOLE_PAGE, sorted(files.items(), key=lambda item: -item[1])[:8]
            if size == "wide":
                missing = page.evaluate(LETTERS)
                assert not {letter for letters in missing.values() for letter in letters} - RARE, f"not in the book's fonts: {missing}"
            return in_both_themes(page, size)
        except StoppedDrawing:
            open_page.restart()
    pytest.fail("the browser stopped drawing three times")


CUT_OFF = """() => [...document.querySelectorAll("div.math")].filter((box) => box.checkVisibility()
    && [...box.querySelectorAll("mi, mn, mo, mtext")].some((part) => part.getBoundingClientRect().width > 0
        && part.getBoundingClientRect().left + box.scrollLeft < box.getBoundingClientRect().left - 2)).map((box) => box.textContent)"""  # no one can scroll to the left of the beginning


NO_LINE = """() => [...document.querySelectorAll(".bd-article :is(p, li, dd, td, figcaption) a[href]")].filter((link) => {
  const style = getComputedStyle(link), block = link.closest("p, li, dd, td, figcaption");
  return style.display === "inline" && link.checkVisibility() && block.textContent.trim() !== link.textContent.trim() && link.textContent !== "#" && style.textDecorationLine === "none";
}).map((link) => link.outerHTML)"""  # a link within text that is told from it by its colour alone, and is no sign; newer axe than the tests' finds some


def in_both_themes(page, size):
    assert not page.evaluate(CUT_OFF)
    assert not page.evaluate(NO_LINE)
    assert page.evaluate("document.documentElement.scrollWidth") <= SIZES[size][0]
    page.evaluate(MARK_ONE_OF_EACH_LOOK)
    switch(page, "dark")
    page.evaluate("document.querySelectorAll('img').forEach((image) => (image.loading = 'eager'))")
    page.wait_for_function(ALIVE, polling=200)
    assert page.evaluate("document.documentElement.scrollWidth") <= SIZES[size][0]
    page.evaluate(MARK_ONE_OF_EACH_LOOK)
    page.evaluate(THIN)
    page.evaluate(Axe().axe_script)
    assert not page.evaluate(JUDGE)
    switch(page, "light")
    assert not page.evaluate(JUDGE, COLOURS_AND_PICTURES)


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_the_reader_chooses_the_theme(open_page, mode):
    """Against the system's, by the button, and it stays on the next page."""
    page = open_page("book/intro.html", theme="dark" if mode == "light" else "light")
    button = page.locator(".theme-switch-button").first
    for _ in range(3):
        if page.locator("html").get_attribute("data-mode") == mode:
            break
        button.click()
    page.goto(page.url.replace("book/intro", "book/glossary"))
    assert page.locator("html").get_attribute("data-theme") == mode


@pytest.mark.parametrize("size", SIZES)
def test_the_pictures_of_cards_are_sharp_and_no_larger_than_that(open_page, size):
    """Of each two dots or somewhat more are shown as one pixel."""
    page = open_page("book/intro.html", size=size)
    see_everything(page)
    dots = page.evaluate("""[...document.querySelectorAll(".card img")].filter((one) => one.checkVisibility())
        .map((one) => [one.src, Math.max(one.naturalWidth / one.clientWidth, one.naturalHeight / one.clientHeight)])""")
    assert len(dots) == len(book.chapters()) and all(2 <= ratio <= 2.5 for _, ratio in dots), dots


WITH_CHARTS = [name for name in book.chapters() if "altair" in imported(book.load(name))]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", [*(f"notebooks/{name}" for name in WITH_CHARTS), "book/intro"])
def test_a_chapter_and_the_book_begin_with_what_the_reader_moves(open_page, name, size):
    """A chart on the first screen, a picture until the reader moves, below its controls; then its slider changes it. Nothing jumps, and nowhere is a hole."""
    page = open_page(f"{name}.html", size=size, moves=False)
    hero = page.locator("#chart-hero")
    assert hero.bounding_box()["y"] < SIZES[size][1] and "vendor/vega.js" not in open_page.asked
    drawn = page.locator("#chart-hero :is(img, svg):visible")
    question, controls = (page.locator(one).last.bounding_box() for one in ("article :is(.hero > p:has(+ #chart-hero), h1 + p)", "#chart-hero form"))
    chart = drawn.bounding_box()
    told = page.locator(".told").bounding_box() if page.locator(".told").count() else controls
    told = controls if told["x"] + told["width"] < chart["x"] else told  # beside it
    above_it = question if controls["x"] > chart["x"] + chart["width"] else told  # beside a tall one
    beside = controls["x"] + controls["width"] < chart["x"]  # where the book opens
    assert abs(question["y"] - chart["y"]) < 40 if beside else 0 <= chart["y"] - above_it["y"] - above_it["height"] < 40
    assert 0 <= controls["y"] - question["y"] - question["height"] < 40
    slider = hero.locator("input[type=range]").first
    places = ["#chart-hero input", "#chart-hero-view", ".hero-caption"]
    before = [page.locator(one).first.bounding_box() for one in places]
    assert all(slider.is_visible() and slider.is_enabled() for slider in hero.locator("input").all())
    page.mouse.move(9, 9)
    page.wait_for_selector("#chart-hero[data-ready=true]")
    page.wait_for_timeout(300)
    after = [page.locator(one).first.bounding_box() for one in places]
    assert all(abs(one["y"] - other["y"]) <= 2 for one, other in zip(before, after)), (before, after)
    assert abs(before[1]["height"] - after[1]["height"]) <= 2 and abs(chart["height"] - drawn.bounding_box()["height"]) <= 2
    before = hero.locator("svg").inner_html()
    slider.focus()
    page.keyboard.press("Home" if slider.input_value() == slider.get_attribute("max") else "End")
    page.wait_for_function("before => document.querySelector('#chart-hero svg').innerHTML !== before", arg=before, polling=200)


@pytest.mark.parametrize("name", [*(f"notebooks/{name}" for name in WITH_CHARTS), "book/intro"])
def test_the_first_chart_is_seen_whole_on_a_small_screen(open_page, name):
    """With its controls; and so it is once it lives."""
    page = open_page(f"{name}.html", moves=False)
    for width, height in ((1280, 800), (1440, 900)):
        page.set_viewport_size({"width": width, "height": height})
        parts = page.locator("#chart-hero form, #chart-hero-view :is(img, svg):visible")
        assert all(box["y"] >= 0 and box["y"] + box["height"] <= height for box in (part.bounding_box() for part in parts.all()))
        caption = page.locator(".hero-caption").bounding_box()
        assert caption["y"] + caption["height"] <= height
        page.mouse.move(9, 9)
        page.wait_for_selector("#chart-hero[data-ready=true]")
    page.set_viewport_size({"width": 390, "height": 844})
    page.wait_for_timeout(300)
    parts = [page.locator(one).last.bounding_box() for one in ("#chart-hero form", "#chart-hero-view")]
    if name == "book/intro":
        hero = page.locator(".first-hero").bounding_box()
        assert hero["height"] <= 844
    elif name != "notebooks/binary_metrics":  # of two panels the first
        assert all(box["y"] + box["height"] <= 844 for box in parts)


ROUND = """(drawing) => {
  const disc = drawing.querySelector(".mark-line path").getBoundingClientRect();
  return disc.width / disc.height;
}"""
OF_THE_PICTURE = """async (picture) => {
  const drawing = document.body.appendChild(document.createElement("div"));
  drawing.innerHTML = (await (await fetch(picture.currentSrc)).text()).replace(/<style>.*?<\/style>/s, "");  // its letters: the page has them
  const { width, height } = drawing.querySelector(".mark-line path").getBoundingClientRect();
  drawing.remove();
  return [width / height, getComputedStyle(picture).objectFit];
}"""
UNITS = "({ view }) => [['x', view.width()], ['y', view.height()]].map(([name, length]) => length / (view.scale(name).domain()[1] - view.scale(name).domain()[0]))"


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_the_disc_of_cauchy_is_round(open_page, size, theme):
    """At the head and where it stands, as a picture and alive, and when the page gets another width; it takes no more room alive."""
    page = open_page("notebooks/cauchy.html", size=size, theme=theme, moves=False)
    page.evaluate("document.querySelector('.at-head button').click()")
    see = lambda name: page.locator(f"#{name}-view :is(img, svg):visible")  # noqa: E731
    shape, fits = see("chart-hero").evaluate(OF_THE_PICTURE)
    assert abs(shape - 1) < 0.03 and fits == "contain"  # which keeps a shape
    before = see("chart-hero").bounding_box()
    page.mouse.move(9, 9)
    for name in ("chart-hero", "chart-1"):
        page.locator(f"#{name}").scroll_into_view_if_needed()
        page.wait_for_selector(f"#{name}[data-ready=true]")
    after = see("chart-hero").bounding_box()
    assert all(abs(before[one] - after[one]) <= 2 for one in ("width", "height"))
    for width in (SIZES[size][0], 620, 1100):
        page.set_viewport_size({"width": width, "height": 844})
        page.wait_for_timeout(1000)
        for name in ("chart-hero", "chart-1"):
            across, up = page.locator(f"#{name}").evaluate(UNITS)
            assert abs(across / up - 1) < 0.01 and abs(see(name).evaluate(ROUND) - 1) < 0.03, (name, width)


TEXTS = """(svg) => {
  const sheet = svg.getBoundingClientRect();
  const parts = "role-title-text, role-legend-title, role-legend-label, role-axis-label, role-axis-title".split(", ");
  return parts.flatMap((part) => [...svg.querySelectorAll(`.${part} text`)].map((one) => {
    const { left, top, right, bottom } = one.getBoundingClientRect();
    return [part, one.textContent, left - sheet.left, top - sheet.top, right - sheet.left, bottom - sheet.top];
  }));
}"""
DRAWN = f"""async (chart) => {{
  const img = [...chart.querySelectorAll(".chart-view img")].find((one) => one.checkVisibility());
  img.loading = "eager";
  await img.decode();
  const {{ width, height }} = img.getBoundingClientRect(), probe = document.createElement("div");
  probe.innerHTML = await (await fetch(img.currentSrc)).text().then((text) => text.replace(/<style.*?<\\/style>/gs, ""));
  document.body.append(probe);
  const svg = probe.querySelector("svg");
  svg.setAttribute("style", `width: ${{width}}px; height: ${{height}}px`);
  const texts = ({TEXTS})(svg);
  probe.remove();
  return texts;
}}"""


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", [*(f"notebooks/{name}" for name in WITH_CHARTS), "book/intro"])
def test_a_chart_that_comes_to_life_stays_as_it_is(open_page, name, size):
    """Its title, its legend and the numbers and names at its axes stand where they stood in its picture; further down the page, too."""
    page = open_page(f"{name}.html", size=size, moves=False)
    page.add_style_tag(content="article section { content-visibility: visible !important; }")
    page.evaluate("document.querySelectorAll('.at-head').forEach((one) => one.classList.add('shown'))")
    charts = [one for one in page.locator(".chart").all() if one.is_visible()]
    before = [one.evaluate(DRAWN) for one in charts]
    page.mouse.move(9, 9)
    for chart, drawn in zip(charts, before):
        chart.scroll_into_view_if_needed()
        page.wait_for_selector(f"#{chart.get_attribute('id')}[data-ready=true]")
        alive = chart.locator(".chart-live > svg").evaluate(TEXTS)
        assert [one[:2] for one in drawn] == [one[:2] for one in alive]
        off = [(a[:2], b[2:]) for a, b in zip(drawn, alive) if np.abs(np.subtract(a[2:], b[2:])).max() > 1]
        assert drawn and not off, (chart.get_attribute("id"), off[:3])


WRITTEN = """async ([address, across]) => {
  const probe = document.createElement("div");
  probe.innerHTML = (await (await fetch(address)).text()).replace(/<style.*?<\\/style>/gs, "");
  document.body.append(probe);
  const svg = probe.querySelector("svg");
  svg.setAttribute("style", `width: ${across}px; height: auto; max-width: none`);
  const sheet = svg.getBoundingClientRect();
  const texts = [...svg.querySelectorAll("[id^=text_]")].map((one) => {
    const { left, top, right, bottom } = one.getBoundingClientRect(), ways = [...one.querySelectorAll("g:not([id^=patch_])")].map((line) => line.getScreenCTM());
    return [one.innerHTML.match(/<!-- (.*?) -->/s)?.[1], 100 * Math.max(...ways.map((way) => Math.hypot(way.a, way.b))), left - sheet.left, top - sheet.top, right - sheet.left, bottom - sheet.top];
  }).filter((one) => one[4] > one[2]);
  const edge = [sheet.width, sheet.height];
  probe.remove();
  return [texts, edge];
}"""


@pytest.mark.parametrize("name", book.chapters())
def test_the_letters_of_a_figure_can_be_read_wherever_it_stands(open_page, name):
    """On a phone as on a wide page they have 10 to 15 pixels, none is cut off, and no two texts meet."""
    page = open_page(f"notebooks/{name}.html", size="narrow", moves=False)
    found = page.evaluate("""() => [...document.querySelectorAll("article picture:has(.only-light):not(.chart *)")].flatMap((one) => {
      const [phone, img] = [one.querySelector("source"), one.querySelector("img")];
      return [[phone.srcset, phone.width], [img.getAttribute("src"), +img.getAttribute("width")]];
    }).concat([...document.querySelectorAll("img.panels-beside.only-light")].map((one) => [one.getAttribute("src"), 984]))""")
    assert {across for file, across in found if file.endswith("-phone.svg")} <= {358}
    for file, across in found:
        texts, (width, height) = page.evaluate(WRITTEN, [file, across])
        off = [one for one in texts if not 9.9 < one[1] < 15 or min(one[2], one[3], width - one[4], height - one[5]) < -0.5]
        meeting = [(one[0], other[0]) for one, other in itertools.combinations(texts, 2) if min(one[4], other[4]) > max(one[2], other[2]) and min(one[5], other[5]) > max(one[3], other[3])]
        assert texts and not off and not meeting, (file, off[:3], meeting[:3])
    shown = page.evaluate("() => [document.documentElement.scrollWidth, ...[...document.querySelectorAll('article figure > picture')].map((one) => one.getBoundingClientRect().right)]")
    assert max(shown) <= 390


MOVE_EVERYTHING = """async (chart) => {
  const cut = {};
  const look = async (what) => {
    for (let i = 0; i < 3; i++) await chart.view.runAsync().then(() => new Promise((next) => setTimeout(next, 5)));
    const svg = chart.querySelector(".chart-live > svg"), sheet = svg.getBoundingClientRect();
    for (const text of svg.querySelectorAll("text")) {
      const { left, top, right, bottom } = text.getBoundingClientRect();
      if (text.textContent.trim() && Math.max(sheet.left - left, sheet.top - top, right - sheet.right, bottom - sheet.bottom) > 2.5) cut[text.textContent] ??= what;
    }
  };
  await look("at first");
  for (const input of chart.querySelectorAll(":scope > form [name]")) {
    const values = input.type === "range" ? [0, 1, 2, 3, 4, 5, 6].map((i) => +input.min + Math.round(((input.max - input.min) / input.step) * i / 6) * input.step) : [...(input.options ?? [input])].map((one) => one.value);
    for (const value of values) {
      input.type === "radio" || input.type === "checkbox" ? (input.checked = true) : (input.value = value);
      input.dispatchEvent(new Event("input", { bubbles: true }));
      await look(`${input.name} = ${value}`);
    }
  }
  return cut;
}"""


@pytest.mark.parametrize("width", [1280, 390, 360])
@pytest.mark.parametrize("name", [*(f"notebooks/{name}" for name in WITH_CHARTS), "book/intro"])
def test_no_word_of_a_chart_is_cut_whatever_it_is_set_to(open_page, name, width):
    """Numbers at an axis become longer with what is chosen; the name of the axis beside them then needs room."""
    page = open_page(f"{name}.html", moves=False)
    page.set_viewport_size({"width": width, "height": 900})
    page.mouse.move(9, 9)
    page.wait_for_selector("#chart-hero[data-ready=true]")
    assert page.locator("#chart-hero").evaluate(MOVE_EVERYTHING) == {}


INK = """() => {
  const still = document.querySelector(".film-still"), { width, height } = still;
  const pen = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  pen.drawImage(still, 0, 0);
  const { data } = pen.getImageData(0, 0, width, height);
  let red = 0, points = 0;
  for (let i = 0; i < data.length; i += 4) if (data[i + 3] === 255) [red, points] = [red + data[i], points + 1];
  return points && red / points;
}"""  # how bright what is drawn is

AS_RIDDEN = """() => {
  const still = document.querySelector(".film-still"), film = document.querySelector("#cartpole-canvas");
  const [time, box] = ["time", "ride"].map((name) => document.querySelector(`#cartpole-${name}`));
  const at = (value, ticked) => {
    film.dataset.shownAt = still.clientWidth;
    [time.value, box.checked] = [value, ticked];
    time.dispatchEvent(new Event("input"));
    return film.toDataURL();
  };
  const same = at(Math.round(time.max * 0.43), true) === still.toDataURL();
  at(0, false);
  delete film.dataset.shownAt;
  return same;
}"""


SHARES = """() => {
  const small = document.querySelector(".film-small"), { width, height } = small, pen = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  pen.drawImage(small, 0, 0);
  const { data } = pen.getImageData(0, 0, width, height);
  const drawn = [0, 0, 0];
  for (let i = 3; i < data.length; i += 4) if (data[i]) drawn[Math.floor((((i - 3) / 4) % width) * 3 / width)] += 3 / (width * height);
  return drawn;
}"""  # of the left, the middle and the right third that are drawn


def test_the_small_film_is_whole_on_a_sharp_screen(open_page):
    """Its canvas is not one of the film's own, which have twice the dots there."""
    plain, sharp = (open_page("notebooks/cartpole.html", device_scale_factor=ratio) for ratio in (1, 2))
    shares = []
    for page in (plain, sharp):
        page.wait_for_function(f"() => ({SHARES})().some(Boolean)", polling=200)
        page.wait_for_timeout(500)
        shares.append(page.evaluate(SHARES))
    assert all(abs(one - other) < 0.03 for one, other in zip(*shares)), shares


def test_a_film_is_lent_to_the_head(open_page):
    """A moment of it stands there, as seen from the cart, drawn in the page's colours; it begins by a button, seen so too, and is back in its place when the reader comes to it."""
    page = open_page("notebooks/cartpole.html", theme="dark")
    hero, film = page.locator(".hero"), page.locator("#cartpole-canvas")
    picture, button = hero.locator("canvas.film-still:visible"), hero.locator(".to-life")
    assert not film.is_visible() and page.locator(".film-small").is_visible()
    page.wait_for_function(INK, polling=200)
    dark = page.evaluate(INK)
    switch(page, "light")
    page.wait_for_function(f"dark => ({INK})() && ({INK})() < dark / 2", arg=dark, polling=200)
    assert film.get_attribute("data-frame") == "0" and film.get_attribute("data-ride") == "false", "the film itself stands at its beginning"
    assert page.evaluate(AS_RIDDEN), "the still is not seen from the cart"
    assert not hero.locator("img:visible").count() and not [one for one in open_page.asked if one.startswith("covers/")]
    assert picture.bounding_box()["y"] + picture.bounding_box()["height"] < SIZES["wide"][1] and "Ride with the cart" in hero.inner_text()
    plate, drawn = hero.locator(".still-view").bounding_box(), picture.bounding_box()
    button.click()
    page.wait_for_function("() => Number(document.querySelector('.hero #cartpole-canvas').dataset.frame) > 2", polling=200)
    assert film.bounding_box() == drawn and abs(hero.locator(".still-view").bounding_box()["height"] - plate["height"]) < 2, "nothing jumps"
    assert film.get_attribute("data-ride") == "true" and film.is_visible() and not picture.count() and not button.is_visible() and "Ride with the cart" in hero.inner_text() and "Three learners" not in hero.inner_text()
    assert page.evaluate("document.activeElement.textContent") == "Pause"
    caption = hero.locator(".of-the-motion").bounding_box()
    assert caption["y"] + caption["height"] < SIZES["wide"][1], "the caption of what moves is on the first screen"
    page.locator(f"#{button.get_attribute('data-from')}").scroll_into_view_if_needed()
    page.wait_for_timeout(500)
    assert page.locator(".hero #cartpole-canvas").count() == 1, "it was not asked for further down"
    page.locator(".at-head button:visible").click()
    page.wait_for_function("() => !document.querySelector('.hero #cartpole-canvas')", polling=200)
    assert film.is_visible() and page.locator(".cell_output canvas:visible").count() == 1
    button.scroll_into_view_if_needed()
    assert button.is_visible() and picture.is_visible()
    page = open_page("notebooks/cartpole.html", java_script_enabled=False)
    assert page.locator(".hero img:visible").count() == 1 and "Three learners" in page.locator(".hero").inner_text() and not page.locator(".film-still:visible").count()


def test_what_is_chosen_before_a_chart_lives_is_kept(open_page):
    """Also what was chosen among several, and in the other theme."""
    page = open_page("notebooks/keras_masking.html", moves=False)
    page.evaluate("""for (const [name, value] of [["[type=range]", "17"], ["[value*=after]", null]]) {
        const input = document.querySelector(`#chart-hero input${name}`);
        value ? (input.value = value) : (input.checked = true);
        input.dispatchEvent(new Event("input", { bubbles: true }));
    }""")
    assert page.locator("#chart-hero input + span").inner_text() == "17"
    page.mouse.move(9, 9)
    kept = "() => { const { view } = document.querySelector('#chart-hero[data-ready=true]') ?? {}; return view?.signal('padded_steps') === 17 && view.signal('stage') === 'after training'; }"
    page.wait_for_function(kept, polling=200)
    before = page.evaluate_handle("document.querySelector('#chart-hero').view")
    switch(page, "dark")
    page.wait_for_function("before => document.querySelector('#chart-hero').view !== before", arg=before, polling=200)
    page.wait_for_function(kept, polling=200)


def test_a_chart_at_the_head_and_further_down_is_one(open_page):
    """What is set in one is set in the other, alive or not, shown or not."""
    page = open_page("notebooks/class_weights.html")
    page.locator("#chart-hero [name=B]").fill("64")
    page.locator(".at-head button").click()
    assert page.locator("#chart-1 [name=B]").input_value() == "64" and page.locator("#chart-1 [name=B] + span").inner_text() == "64"
    page.locator("#chart-1").scroll_into_view_if_needed()
    page.wait_for_function("() => document.querySelector('#chart-1[data-ready=true]')?.view.signal('B') === 64", polling=200)
    page.locator("#chart-1 [name=w]").fill("20")
    page.wait_for_function("() => document.querySelector('#chart-hero[data-ready=true]')?.view.signal('w') === 20", polling=200)
    page = open_page("notebooks/keras_masking.html")
    page.locator("#chart-hero [value*=after]").check()
    assert page.locator("#chart-1 [value*=after]").is_checked()


def test_a_picture_at_the_head_takes_a_phones_width(open_page):
    """But for the sheet's margin, which is that of all heads."""
    page = open_page("notebooks/docker_kernels.html", size="narrow")
    picture = page.locator(".hero img:visible").bounding_box()
    assert picture["width"] >= 330 and 0.55 < picture["height"] / picture["width"] < 1 and page.evaluate("document.documentElement.scrollWidth") == 390


def test_the_ledgers_filter_stands_on_a_phones_first_screen(open_page):
    page = open_page("book/claims.html", size="narrow")
    said = page.locator(".opening > p:not(.opening-part)").bounding_box()
    assert said["height"] < 100 and page.locator(".ledger-filter").bounding_box()["y"] < 350
    fold = page.locator("article section > details").first
    assert "tinted ground" in fold.inner_text() or not fold.locator("p").first.is_visible()


SETTING = "() => document.querySelector('#chart-hero[data-ready=true]')?.view.signal"


def test_what_a_chart_is_set_to_stands_in_the_address(open_page):
    """Only what is set otherwise than at first; a link beside the caption has it too, a click copies it, and who opens it sees it set and drawn, without moving."""
    page = open_page("notebooks/hubei.html", permissions=["clipboard-read", "clipboard-write"])
    page.locator(".at-head button").click()
    link = page.locator("#chart-hero .chart-setting")
    start = page.locator("#chart-hero [name=known]").input_value()
    assert not link.count()
    page.locator("#chart-hero [name=known]").fill("47")
    page.locator("#chart-hero [value*=ompertz]").check()
    page.wait_for_url("**/hubei.html?known=47&family=Gompertz", timeout=5000)
    assert link.get_attribute("href").endswith("/hubei.html?known=47&family=Gompertz#chart-hero") and page.locator("figure .chart-setting").get_attribute("href").endswith("#a-growth-curve-fitted-on-each-day-to")
    link.click()
    assert page.locator(".copied").inner_text() == "Address copied"
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == page.url and copied.endswith("?known=47&family=Gompertz#chart-hero")
    page.locator("#chart-hero [value*=logistic]").check()
    page.locator("#chart-hero [name=known]").fill(start)
    page.wait_for_url("**/hubei.html#chart-hero", timeout=5000)
    assert not link.is_visible()
    page = open_page(copied[copied.index("notebooks/") :], moves=False)
    page.wait_for_function(f"{SETTING}('known') === 47 && {SETTING[6:]}('family') === 'Gompertz'", polling=200)
    assert page.locator("#chart-hero input + span").first.inner_text() == "47" and link.count() == 1


def test_a_name_that_is_singled_out_stands_in_the_address(open_page):
    """Also several, in the other theme, and in the same chart further down; what is no name is passed over."""
    pressed = "() => [...document.querySelectorAll('%s .chart-name[aria-pressed=true]')].map((one) => one.ariaLabel).join()"
    page = open_page("notebooks/central_limit_theorem.html")
    page.locator("#chart-hero .role-legend-label text", has_text="Pareto").click()
    page.wait_for_url("**/central_limit_theorem.html?law=Pareto", timeout=5000)
    page.locator("#chart-hero .role-legend-label text", has_text="Cauchy").click(modifiers=["Shift"])
    page.locator("#chart-hero [name=doublings]").fill("7")
    page.wait_for_url("**?doublings=7&law=Pareto&law=Cauchy", timeout=5000)
    link = page.locator("#chart-hero .chart-setting").get_attribute("href")
    assert link.endswith("?doublings=7&law=Pareto&law=Cauchy#chart-hero")
    page.locator(".at-head button").click()
    page.wait_for_function(f"() => ({pressed % '#chart-1'})() === 'Pareto,Cauchy'", polling=200)
    page = open_page(link[link.index("notebooks/") :].replace("law=Pareto", "law=Pareto&law=nobody"), moves=False)
    page.wait_for_function(f"() => ({pressed % '#chart-hero'})() === 'Pareto,Cauchy'", polling=200)
    before = page.evaluate_handle("document.querySelector('#chart-hero').view")
    switch(page, "dark")
    page.wait_for_function("before => document.querySelector('#chart-hero').view !== before", arg=before, polling=200)
    page.wait_for_function(f"() => ({pressed % '#chart-hero'})() === 'Pareto,Cauchy'", polling=200)
    assert page.locator("#chart-hero .chart-setting").get_attribute("href") == link


@pytest.mark.parametrize("size", SIZES)
def test_what_says_that_an_address_was_copied_covers_no_chart(open_page, size):
    """The caption with the link may stand in a margin, left or right; the words stand under it, in one line, within the window."""
    page = open_page("notebooks/central_limit_theorem.html?doublings=7", size=size, permissions=["clipboard-read", "clipboard-write"])
    page.wait_for_selector("#chart-hero[data-ready=true]")
    page.locator("#chart-hero .chart-setting").click()
    page.wait_for_selector(".copied:not(:empty)")
    said, drawn = page.locator(".copied").bounding_box(), page.locator("#chart-hero .chart-live").bounding_box()
    assert said["x"] >= 0 and said["x"] + said["width"] <= SIZES[size][0] and said["height"] < 50
    assert said["x"] + said["width"] <= drawn["x"] or said["y"] >= drawn["y"] + drawn["height"]


def test_the_first_page_s_slider_is_as_wide_as_a_phone(open_page):
    page = open_page("book/intro.html", size="narrow")
    row, slider = (page.locator(f"#chart-hero {one}").first.bounding_box() for one in (".vega-bind", "[type=range]"))
    assert row["width"] == 358 and slider["width"] > 310 and slider["height"] >= 44
    said, printed = page.locator(".hero-claim > p").last, page.locator(".hero-claim pre")
    inset = printed.evaluate("one => one.getBoundingClientRect().left + parseFloat(getComputedStyle(one).paddingLeft) + parseFloat(getComputedStyle(one).borderLeftWidth)")
    assert abs(said.bounding_box()["x"] - inset) <= 1


def test_what_a_film_is_set_to_stands_in_the_address(open_page):
    page = open_page("notebooks/cartpole.html")
    page.locator(".at-head button:visible").click()
    assert not page.locator(".chart-setting").count() and "?" not in page.url
    page.locator("#cartpole-set").fill("-2")
    page.locator("#cartpole-ride").check()
    page.locator("#cartpole-time").fill("120")
    page.wait_for_url("**/cartpole.html?ride=1&time=120&learnt=0&set=-2", timeout=5000)
    link = page.locator("figure .chart-setting").get_attribute("href")
    assert link.endswith("?ride=1&time=120&learnt=0&set=-2#ride-with-the-cart-2")
    shown = page.locator("#cartpole-canvas").get_attribute("data-shown")
    page = open_page(link[link.index("notebooks/") :])
    canvas = page.locator("#cartpole-canvas")
    assert canvas.get_attribute("data-shown") == shown and canvas.get_attribute("data-ride") == "true" and canvas.get_attribute("data-frame") == "120"
    assert not page.locator("#cartpole-learnt").is_checked() and page.locator("#cartpole-value").inner_text() and page.locator("figure .chart-setting").is_visible()
    page = open_page("notebooks/cartpole.html?set=99&ride=x&time=")
    assert page.locator("#cartpole-set").input_value() == "6" and not page.locator("#cartpole-ride").is_checked() and page.locator("#cartpole-time").input_value() == "0"


@pytest.mark.parametrize(("asked", "batch"), [("B=1e9", 8), ("B=9999", None), ("B=-5&w=<img src=x onerror=alert(1)>", 1), ("B=NaN&constructor=1&B.B=2", 8), ("B=", 8), ("%", 8), ("B=16&B=32", 16)])
def test_an_address_sets_no_chart_wrong(open_page, asked, batch):
    """A number beyond the slider is its end; what is no number, and what no control is called, is passed over."""
    page = open_page(f"notebooks/class_weights.html?{asked}")
    slider = page.locator("#chart-hero [name=B]")
    page.wait_for_function("() => document.querySelector('#chart-hero[data-ready=true]')", polling=200)
    value = float(slider.input_value())
    assert value == (float(slider.get_attribute("max")) if batch is None else batch) and page.evaluate("document.querySelector('#chart-hero').view.signal('B')") == value
    assert page.locator("#chart-hero [name=w]").input_value() == "9"
    assert page.locator("#chart-hero .chart-setting").count() == (batch != 8)


def test_charts_with_the_same_names_have_addresses_of_their_own(open_page):
    page = open_page("notebooks/numpy_cnn.html")
    page.locator("#chart-2 [name=number]").evaluate("one => (one.name = 'pixel')")
    page.locator("#chart-hero [name=pixel]").fill("3")
    page.wait_for_url("**?1.pixel=3", timeout=5000)


@pytest.mark.parametrize("name", book.chapters())
def test_what_stands_at_the_head_is_not_shown_twice(open_page, name):
    """At its own place it is a line with a small picture, until it is asked for, by a button or by a link to it; without scripts it is there, and on paper a line alone.
    The head leaves its number to the link at the caption's end; on paper the number stands before the caption."""
    page = open_page(f"notebooks/{name}.html", size="narrow")
    whole = ".at-head > :is(.chart, .output, picture)"
    note, caption, shown = page.locator(".at-head-note"), page.locator("figure:has(.at-head) > figcaption"), page.locator(f"{whole}:visible")
    assert note.count() == 1 and note.locator("button").get_attribute("aria-expanded") == "false" and note.bounding_box()["height"] < 180 and not shown.count() and not caption.is_visible()
    number = re.match(r"Figure (\d+) stands at the head", note.inner_text())[1]
    said = page.locator(".hero-caption:visible")
    assert not said.inner_text().startswith("Figure") and said.locator("a").last.inner_text() == f"See figure {number} in the chapter" and said.locator("a").last.get_attribute("href") == f"#figure-{number}"
    assert page.locator(note.locator("a").get_attribute("href")).is_visible() and note.locator(":is(img, canvas):visible").bounding_box()["height"] == 70
    page.emulate_media(media="print")
    assert note.is_visible() and not shown.count() and not caption.is_visible() and not note.locator("img:visible, button:visible").count()
    on_paper = page.locator(".hero-caption:visible").evaluate("one => getComputedStyle(one, '::before').content")
    assert on_paper == f'"Figure {number}. "' or name == "cartpole"
    page.emulate_media(media="screen")
    note.locator("button").click()
    assert shown.count() == 1 and caption.is_visible() and not note.locator(":is(img, canvas):visible").count()
    assert page.evaluate("document.activeElement.closest('.at-head > *, .at-head') !== null")
    back = note.get_by_role("button", name="Back to the head", expanded=True)
    back.press("Enter")
    assert not shown.count() and note.locator("a").is_visible() and note.locator("button").inner_text() == "Show it here"
    assert note.locator("button").evaluate("one => one === document.activeElement"), "the focus is kept"
    for _ in range(2):  # the link at the head shows it there, each time
        said.locator("a").last.click()
        page.wait_for_function("() => document.querySelector('.at-head').matches('.shown')", polling=200)
        back.click()
    for place in (page.locator("figure:has(.at-head)").get_attribute("id"), f"figure-{number}"):
        page = open_page(f"notebooks/{name}.html#{place}", size="narrow")
        assert page.locator("figure:has(.at-head) > figcaption").is_visible() and page.locator(f"{whole}:visible").bounding_box()["y"] < SIZES["narrow"][1]
    page = open_page(f"notebooks/{name}.html", java_script_enabled=False)
    assert page.locator(f"{whole}:visible").count() == 1 and not page.locator(".at-head-note").is_visible()


@pytest.mark.parametrize("width", [320, 390, 500, 768])
@pytest.mark.parametrize("name", WITH_CHARTS)
def test_a_slider_stands_between_its_name_and_its_value_on_one_line(open_page, name, width):
    """But for a name that is too long for a small window; nothing reaches beyond the window. All sliders look the same, and a finger has 44 pixels for them on a phone."""
    page = open_page(f"notebooks/{name}.html", moves=False)
    page.set_viewport_size({"width": width, "height": 844})
    for slider in page.locator("#chart-hero [type=range]").all():
        box, value = slider.bounding_box(), slider.locator("+ span").bounding_box()
        assert box["width"] >= 80 and value["x"] >= box["x"] + box["width"] and abs(box["y"] + box["height"] / 2 - value["y"] - value["height"] / 2) < 3, (name, width)
        assert value["x"] + value["width"] <= width and (width > 600 or box["height"] >= 44)
        assert slider.evaluate("one => getComputedStyle(one).appearance") == "none"
    page.emulate_media(forced_colors="active")
    assert page.locator("#chart-hero [type=range]").first.evaluate("one => getComputedStyle(one).appearance") == "auto"
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("name", ["keras_masking", "numpy_cnn", "keras_confusion_metrics"])
def test_a_long_name_stands_above_its_slider_on_a_phone(open_page, name):
    """Which has the width of the page then; what is chosen beside it does not narrow it."""
    page = open_page(f"notebooks/{name}.html", size="narrow", moves=False)
    form = page.locator("#chart-hero form").bounding_box()
    for row in page.locator("#chart-hero .vega-bind:has([type=range])").all():
        name, slider, value = (row.locator(one).bounding_box() for one in (".vega-bind-name", "input", "input + span"))
        assert name["height"] < 30 and name["y"] + name["height"] <= slider["y"] + 8 and slider["width"] > 0.75 * form["width"]
        assert abs(value["x"] + value["width"] - form["x"] - form["width"]) < 12


@pytest.mark.parametrize("name", ["cauchy", "numpy_cnn"])
def test_controls_stand_over_a_plot_that_is_not_as_wide_as_its_sheet(open_page, name):
    page = open_page(f"notebooks/{name}.html", moves=False)
    form, plot = (page.locator(one).bounding_box() for one in ("#chart-hero form", "#chart-hero-view img:visible"))
    assert abs(form["x"] - plot["x"]) < 2 and abs(form["width"] - plot["width"]) < 3


@pytest.mark.parametrize("name", ["hubei", "keras_confusion_metrics", "numpy_cnn"])
def test_the_minutes_lead_to_the_recipe(open_page, name):
    """To its box, also where that stands in a side road, or far above what is done with it."""
    page = open_page(f"notebooks/{name}.html")
    to_recipe = page.locator(".facts a", has_text="the recipe")
    box = page.locator(f"{to_recipe.get_attribute('href')}.recipe")
    to_recipe.click()
    box.locator(".recipe-copy").wait_for()
    page.wait_for_function("box => Math.abs(box.getBoundingClientRect().top) < innerHeight / 2", arg=box.element_handle(), polling=200)


def test_a_slider_says_what_the_chart_says(open_page):
    """Of a chart whose slider counts doublings, the sample size, in one place; before it lives, and after."""
    page = open_page("notebooks/central_limit_theorem.html", moves=False)
    slider = page.locator("#chart-hero input")
    for how, power in (("still", 4), ("moved", 7)):
        if how == "moved":
            page.mouse.move(9, 9)
            page.wait_for_selector("#chart-hero[data-ready=true]")
            slider.fill(str(power))
            page.wait_for_function("n => document.querySelector('#chart-hero input + span').innerText === n", arg=str(2**power), polling=200)
        assert page.locator("#chart-hero .vega-bind-name").inner_text() == "Observations n"
        assert page.locator("#chart-hero input + span").inner_text() == slider.get_attribute("aria-valuetext") == str(2**power)
        assert not page.locator("#chart-hero svg text", has_text="n = ").count()


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", ["book/intro", "book/claims", "notebooks/central_limit_theorem", "notebooks/docker_kernels"])
def test_the_first_move_moves_nothing(open_page, name, size):
    """Headings on the first screens stay where they are, and the page about as long as it was."""
    page = open_page(f"{name}.html", size=size, moves=False)
    tops = "[...document.querySelectorAll('article h2')].map((one) => one.getBoundingClientRect().top).filter((top) => 0 < top && top < 1.7 * innerHeight)"
    long = "document.documentElement.scrollHeight"
    before, height = page.evaluate(tops), page.evaluate(long)
    page.mouse.move(9, 9)
    page.wait_for_function("() => !document.querySelector('.bd-article > section > section[style]:not([style*=visible])') && !document.querySelector('#chart-hero:not([data-ready])')", polling=200)
    page.wait_for_timeout(300)
    after = page.evaluate(tops)
    assert len(before) == len(after) and all(abs(one - other) <= 2 for one, other in zip(before, after)), (before, after)
    assert abs(page.evaluate(long) / height - 1) < 0.25


@pytest.mark.parametrize("size", SIZES)
def test_a_claim_leads_to_its_own_changes(open_page, size):
    """Those of other claims are hidden, until one asks for all."""
    page = open_page("notebooks/cauchy.html#a-mean-is-as-wild-as-one-flash", size=size)
    claim = page.locator("#a-mean-is-as-wild-as-one-flash")
    number, noticed = (re.search(pattern, claim.text_content())[1] for pattern in (r"Claim\s(\d+)", r"(\d+) of \d+\schanges noticed"))
    claim.locator(".claim-doubted a").click()
    line, changes = page.locator(".noticed li:target"), page.locator(".noticed [data-claims]:visible")
    page.wait_for_function("() => document.querySelector('.noticed li:target')?.getBoundingClientRect().top < innerHeight / 2", polling=200)
    assert line.inner_text().startswith(f"Claim {number}: {noticed} of ") and changes.count() == int(noticed) and page.locator(".noticed [data-claim]:visible").count() == 1
    page.get_by_text("What was noticed in the whole chapter").locator("visible=true").click()
    page.wait_for_function("() => !document.querySelector('.noticed [hidden]:not(.all-noticed)')", polling=200)
    assert changes.count() > int(noticed)


def test_chapters_have_a_line_each_in_the_table_of_doubt(open_page):
    rows = open_page("book/doubt.html").locator(".doubts tbody tr").evaluate_all("all => all.map((one) => one.offsetHeight)")
    assert len(rows) == len(book.chapters()) and max(rows) < 50


def test_the_ledger_has_the_width_of_the_window(open_page):
    """No contents beside it, which its filter lists; on a phone they are in their drawer."""
    page = open_page("book/claims.html")
    assert page.locator("article").bounding_box()["width"] >= 1000 and page.locator("#pst-page-toc-nav").is_hidden()
    page.locator(".ledger-filter [name=all]").click()
    widths = [page.locator(f".ledger th:nth-child({column})").first.bounding_box()["width"] for column in (2, 3, 4)]
    assert widths[0] > 350 and widths[1] > 370 and page.locator(".ledger").first.locator("th").count() == 4
    page = open_page("book/claims.html", size="narrow")
    page.locator(".secondary-toggle").click()
    assert page.locator("dialog[open] #pst-page-toc-nav").is_visible()


def test_folds_in_a_row_are_one_below_what_they_draw(open_page):
    """A link to each of its cells opens it."""
    page = open_page("notebooks/central_limit_theorem.html")
    fold = page.locator("#move-n-yourself > .cell:has(.chart) > details.hide")
    assert fold.locator("summary").inner_text() == "Show the code that computes and draws figure 2, with cdf_of_sum and bin_density"
    cells = fold.locator(".cell").evaluate_all("all => all.map((one) => one.id)")
    figure, summary = page.locator("#move-n-yourself > .cell figure").first.bounding_box(), fold.locator("summary").bounding_box()
    assert len(cells) == 2 and abs(summary["x"] - figure["x"]) < 1 and 0 <= summary["y"] - figure["y"] - figure["height"] < 14, "below it, for it is wide"
    assert fold.locator("summary").evaluate("one => [one.title, getComputedStyle(one, '::before').content]") == ["Show the code that computes and draws figure 2, with cdf_of_sum and bin_density", '"draws figure 2" / ""']
    before = page.locator("#move-n-yourself > .cell:has(.chart)").bounding_box()
    fold.locator("summary").click()
    now, cell = fold.locator("summary").bounding_box(), page.locator("#move-n-yourself > .cell:has(.chart)").bounding_box()
    assert fold.locator("pre").first.is_visible() and cell["height"] > before["height"] + 300 and abs(now["y"] - cell["y"] - summary["y"] + before["y"]) < 1, "it stays under the pointer"
    page = open_page("notebooks/central_limit_theorem.html", size="narrow")
    figure, summary = page.locator("#move-n-yourself > .cell figure").first.bounding_box(), page.locator("#move-n-yourself > .cell:has(.chart) > details.hide > summary").bounding_box()
    assert -6 <= summary["y"] - figure["y"] - figure["height"] < 16 and summary["height"] >= 44, "where there is no margin, below it"
    page = open_page(f"notebooks/central_limit_theorem.html#{cells[0]}")
    assert all(page.locator(f"#{one} pre").is_visible() for one in cells)


@pytest.mark.parametrize("size", SIZES)
def test_the_code_of_a_figure_stands_below_its_caption(open_page, size):
    """On its left edge, in the margin too."""
    page = open_page("notebooks/cauchy.html", size=size)
    page.add_style_tag(content="article section { content-visibility: visible !important; }")
    cells = page.locator("article > section > section > .cell:has(> .cell_output > figure:only-child > figcaption) > details.below-output > summary")
    found = cells.evaluate_all("""all => all.filter((one) => one.closest(".cell").querySelector("figcaption").checkVisibility()).map((one) => {
        const [caption, label] = [one.closest(".cell").querySelector("figcaption p"), one].map((part) => part.getBoundingClientRect());
        return [one.dataset.short, label.left - caption.left, label.top - caption.bottom];
    })""")
    assert len(found) > 2 and all(re.fullmatch(r"draws figure \d", short) and abs(left) < 1 and -6 <= down <= 14 for short, left, down in found), found


def test_what_a_claim_needs_is_in_its_code(open_page):
    """What stood folded right before it, also for a link to that."""
    page = open_page("notebooks/cauchy.html")
    code = page.locator(".claim-code:has(> .cell)").first
    assert re.fullmatch(r"Code that asserts claim \d+, with ks_band", code.locator("summary").inner_text()) and code.locator(".cell_input").count() == 2
    page = open_page(f"notebooks/cauchy.html#{code.locator('> .cell').get_attribute('id')}")
    assert page.locator(".claim-code[open]").count() == 1 and page.locator(".claim-code[open] pre").first.is_visible()


@pytest.mark.parametrize("size", ["wide", "narrow"])
def test_main_claims_stand_out(open_page, size):
    """The few have a ground of their own; in all, what was printed is never wider than its place without being scrolled."""
    page = open_page("notebooks/cauchy.html", size=size)
    page.add_style_tag(content="article section { content-visibility: visible !important; }")
    grounds = page.locator(".claim").evaluate_all("all => all.map((one) => [one.matches('.minor'), getComputedStyle(one).backgroundColor === 'rgba(0, 0, 0, 0)'])")
    assert all(minor == bare for minor, bare in grounds) and 1 <= sum(not minor for minor, _ in grounds) <= 5
    page.locator(".claim-code").evaluate_all("all => all.forEach((one) => (one.open = true))")
    assert page.locator(".claim-code pre > span:not([class^=i])").evaluate_all("all => all.every((one) => getComputedStyle(one).display === 'inline')"), "its lines are those of the code"
    assert not page.locator(".claim .cell_output pre").evaluate_all("all => all.filter((one) => one.scrollWidth > one.clientWidth && !['auto', 'scroll'].includes(getComputedStyle(one).overflowX)).length")
    page = open_page("book/claims.html", size=size)
    page.get_by_label("main only").check()
    rows = page.locator(".ledger tbody tr:visible")
    assert page.url.endswith("?main=1") and rows.count() == page.locator(".ledger tr.main").count() and rows.count() < 60
    headings = page.locator(".ledger-chapter > summary > h2").evaluate_all("all => all.map((one) => parseFloat(getComputedStyle(one).fontSize))")
    assert max(headings) <= (20 if size == "narrow" else 32), "ten of them, some above a single row"


def test_the_switch_for_code_says_its_state_once(open_page):
    page = open_page("notebooks/cauchy.html", size="narrow", has_touch=True)
    switch = page.locator(".code-switch")
    for words, shown in (("Show all code", False), ("Hide all code", True), ("Show all code", False)):
        assert switch.inner_text() == f"{words} on every page" and switch.get_attribute("aria-pressed") is None and page.locator("#cell-1 pre").is_visible() == shown
        switch.click()
    assert all(link.bounding_box()["height"] >= 44 for link in page.locator(".facts a").all())


def test_imports_and_settings_are_folded(open_page):
    page = open_page("notebooks/central_limit_theorem.html")
    setup = page.locator("#cell-1")
    assert setup.locator("summary").inner_text().strip() == "Show the imports and settings" and setup.locator("pre").is_hidden()
    assert page.locator("#cell-2 pre").is_visible()


def test_the_book_s_first_chart_is_that_of_a_chapter(open_page):
    """With its controls and its caption, a picture without JavaScript too; below it is the claim to which it belongs."""
    page = open_page("book/intro.html", moves=False)
    claim = page.locator(".hero-claim a")
    path, _, slug = claim.get_attribute("href").removeprefix("../").partition("#")
    parts = ["#chart-hero form", "#chart-hero picture source"]
    shown = [page.locator(one).first.evaluate("one => one.outerHTML") for one in parts]
    caption = page.locator("#chart-hero .hero-caption").inner_text()
    claim.hover()
    page.locator("#preview").wait_for(state="visible")
    assert caption in open_page(path, moves=False).locator("#chart-hero .hero-caption").inner_text()
    page = open_page(path, java_script_enabled=False)
    assert [page.locator(one).first.evaluate("one => one.outerHTML") for one in parts] == shown
    assert page.locator(f".claim[id={slug}]").count() == 1


TOLD = "() => [...document.querySelectorAll('.told > p')].map((one) => one.innerText.replace(/\\s+/g, ' ').trim())"


@pytest.mark.parametrize("size", SIZES)
def test_the_book_opens_with_what_its_chart_tells(open_page, size):
    """In large type, as its title and its data have it; it follows the slider, and is there without JavaScript. Nothing else moves."""
    page = open_page("book/intro.html", size=size, moves=False)
    announced, counted = page.evaluate(TOLD)
    title = "document.querySelector('#chart-hero .role-title-text text').textContent"
    rows = (ROOT / "data" / "hubei.csv").read_text().split()
    said = "cases announced from data to"
    assert counted == f"{int(next(row.split(',')[1] for row in rows if row.startswith('2020-04-16'))):,} cases counted by 16 April"
    without = open_page("book/intro.html", size=size, java_script_enabled=False)
    assert without.locator(".told-value").inner_text().split()[0] == announced.split()[0] and not without.locator("#chart-hero form").is_visible()
    before, told, words = (page.locator(one).first.bounding_box() for one in ("#chart-hero-view", ".told", ".told-words"))
    page.mouse.move(9, 9)
    page.wait_for_selector("#chart-hero[data-ready=true]")
    slider = page.locator("#chart-hero input[type=range]")
    seen = set()
    for day in ("17", "28", "10", slider.get_attribute("max")):
        slider.fill(day)
        page.wait_for_function(f"() => {{ const [when, size] = {title}.match(/Data to (.+): final size (.+)/).slice(1); return ({TOLD})()[0] === `${{size}} {said} ${{when}}`; }}", polling=200)
        seen.add(page.evaluate(TOLD)[0])
        assert page.locator("#chart-hero-view").bounding_box() == before and page.locator(".told").bounding_box() == told
        assert page.locator(".told-words").first.bounding_box() == words and page.locator(".told-when").evaluate("one => one.scrollWidth <= one.clientWidth")
    assert announced in seen and len(seen) == 4 and f"without limit {said} 2 February" in seen
    assert page.locator("#chart-hero svg").bounding_box()["height"] > (350 if size == "wide" else 300)


ROWS = "chart => JSON.parse(chartSources[chart.dataset.source])"


def rows_of(whole: dict, has: str) -> list[dict]:
    """Those of the chart's data that have this field."""
    tables = [whole.get("data", {}), *(layer.get("data", {}) for layer in whole.get("layer", []))]
    return next(rows for rows in [*whole.get("datasets", {}).values(), *(one["values"] for one in tables if "values" in one)] if has in rows[0])


def told_by(name: str, whole: dict, at: dict) -> list[float]:
    """What the head of a chapter tells, from the chart's data alone, once more."""
    if name == "cauchy":
        here = {row["what"]: row["value"] for row in rows_of(whole, "value") if row["n"] == at["n_hits"]}
        return [here["mean"], here["median"], next(row["x"] for rows in whole["datasets"].values() for row in rows if row.get("what") == "lighthouse")]
    if name == "class_weights":
        batches = [row for row in rows_of(whole, "k") if row["B"] == at["B"]]
        share = sum(row["p"] * row["k"] for row in batches) / at["B"]  # of the minority
        return [sum(row["p"] * at["w"] * row["k"] / (at["w"] * row["k"] + at["B"] - row["k"]) for row in batches), at["w"] * share / (at["w"] * share + 1 - share)]
    if name == "central_limit_theorem":
        curves = [row for row in rows_of(whole, "Pareto") if row["k"] == at["doublings"]]
        return [*(max(row[law] for row in curves) for law in ("exponential", "Cauchy")), max(row["density"] for row in rows_of(whole, "law"))]
    if name == "binary_metrics":
        row = min(rows_of(whole, "TP"), key=lambda row: abs(row["threshold"] - at["threshold"]))
        return [100 * row["TP"] / (row["TP"] + row["FN"]), 100 * row["TP"] / (row["TP"] + row["FP"])]
    if name == "keras_confusion_metrics":
        diagonal = {row["true"]: row["percent"] for row in rows_of(whole, "called") if row["epoch"] == at["epoch"] and row["true"] == row["called"]}
        return [sum(diagonal.values()) / len(diagonal), diagonal["Shirt"]]
    if name == "keras_masking":
        clouds = [np.array([[row["x"], row["y"]] for row in rows_of(whole, "pad") if row["net"] == at["stage"] and row["pad"] == pad]) for pad in (0, at["padded_steps"])]
        return [np.sqrt(cloud.var(axis=0).sum()) for cloud in clouds]
    matrix = np.zeros((4, 4))
    for row in rows_of(whole, "column"):
        matrix[row["window"], row["column"]] = row["value"]
    weights = [row["value"] for row in sorted((row for row in rows_of(whole, "row")), key=lambda row: row["row"])]
    return [(matrix @ weights)[at["window"]], sum(row["pixel"] == at["pixel"] for row in rows_of(whole, "column"))]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", [name for name in WITH_CHARTS if name != "hubei"])
def test_a_chapter_s_head_tells_what_its_chart_shows(open_page, name, size):
    """In large type, without JavaScript too; the numbers follow the sliders, and nothing moves but them. They are those of the chart's data."""
    without = open_page(f"notebooks/{name}.html", size=size, java_script_enabled=False)
    still = without.locator(".told-number").all_inner_texts()
    page = open_page(f"notebooks/{name}.html", size=size, moves=False)
    numbers = page.locator(".opening .told-number")
    assert still and numbers.all_inner_texts() == still
    page.mouse.move(9, 9)
    page.wait_for_selector("#chart-hero[data-ready=true]")
    chart = page.locator("#chart-hero")
    whole, places = chart.evaluate(ROWS), [page.locator(one).first.bounding_box() for one in (".told", "#chart-hero-view", ".told-words")]
    state = "chart => Object.fromEntries([...chart.querySelectorAll('form [name]')].filter((one) => one.type !== 'radio' || one.checked).map((one) => [one.name, one.type === 'radio' ? JSON.parse(one.value) : Number(one.value)]))"
    seen = set()
    for keys in ("", "Home", "End"):
        for slider in chart.locator("input[type=range]").all() if keys else []:
            slider.press(keys)
        page.wait_for_timeout(300)
        shown = [float(re.sub("[,%]", "", one).replace("\N{MINUS SIGN}", "-")) for one in numbers.all_inner_texts()]
        steps = [10.0 ** -len(one.partition(".")[2].rstrip("%")) for one in numbers.all_inner_texts()]
        assert all(abs(one - other) <= 0.51 * step for one, other, step in zip(shown, told_by(name, whole, chart.evaluate(state)), steps, strict=True)), (keys, shown)
        assert [page.locator(one).first.bounding_box() for one in (".told", "#chart-hero-view", ".told-words")] == places
        seen.add(tuple(shown))
    assert len(seen) > 1


@pytest.mark.parametrize("name", [name for name in book.chapters() if name not in WITH_CHARTS])
def test_the_head_of_a_chapter_without_charts_tells_what_claims_printed(open_page, name):
    page, printed = open_page(f"notebooks/{name}.html"), [claim["value"] for claim in book.claims(executed(name))]
    shown = page.locator(".opening .told-number").all_inner_texts()
    assert shown and all(any(one.replace("\N{EN DASH}", " to ") in value for value in printed) for one in shown), shown


def test_a_wide_shore_shows_where_the_mean_is(open_page):
    """Upright where it is within the frame, which holds more of the shore than a narrow one; else outwards at its edge."""
    for size, side in (("wide", "mean"), ("narrow", "left")):
        page = open_page("notebooks/cauchy.html", size=size)
        page.wait_for_selector("#chart-hero[data-ready=true]")
        sides = page.evaluate("""() => {
          const found = (one) => (one.name === "layer_3_marks" ? one.items : (one.items ?? []).flatMap(found));
          return found(document.querySelector("#chart-hero").view.scenegraph().root).map((one) => one.datum.side);
        }""")
        assert sorted(sides) == sorted(["median", side]), sides


def test_an_interval_that_ends_above_the_axis_has_an_arrow(open_page):
    page = open_page("notebooks/hubei.html")
    page.wait_for_selector("#chart-hero[data-ready=true]")
    arrow, slider = page.locator("#chart-hero .layer_4_marks path"), page.locator("#chart-hero input[type=range]")
    seen = "() => document.querySelector('#chart-hero .layer_4_marks path').getAttribute('opacity') === '{}'".format
    page.wait_for_function(seen(0), polling=200)
    page.locator("#chart-hero input[type=radio]").last.check()
    slider.fill("28")
    page.wait_for_function(seen(1), polling=200)
    frame = page.locator("#chart-hero .role-frame path.background").first.bounding_box()
    assert abs(arrow.bounding_box()["y"] + arrow.bounding_box()["height"] - frame["y"]) < 8
    slider.fill("47")
    page.wait_for_function(seen(0), polling=200)


def test_what_a_chart_says_is_closed_when_it_shows_something_else(open_page):
    page = open_page("notebooks/cauchy.html")
    page.wait_for_selector("#chart-hero[data-ready=true]")
    star = page.locator("#chart-hero .layer_4_marks path").bounding_box()
    page.mouse.move(star["x"] + star["width"] / 2, star["y"] + star["height"] / 2)
    assert shown_at_pointer(page)[0][0] == "lighthouse"
    page.locator("#chart-hero input").press("ArrowRight")
    page.locator("#chart-hero .chart-values").wait_for(state="hidden")


def test_the_first_page_is_composed(open_page):
    """No contents beside it; four sentences struck out, each above what refutes it, a link to a claim, which is as large as its cell; three cards abreast, the first alone."""
    page = open_page("book/intro.html")
    assert not page.locator(".bd-sidebar-secondary, nav.bd-links").locator("visible=true").count()
    cells = page.locator(".refuted > li").all()
    false, true = (page.locator(f".refuted {one}").all() for one in ("del", "a"))
    assert len(cells) == len(false) == len(true) == 4 and all("line-through" in one.evaluate("one => getComputedStyle(one).textDecorationLine") for one in false)
    assert all(abs(one.bounding_box()["x"] - other.bounding_box()["x"]) < 1 and one.bounding_box()["y"] + one.bounding_box()["height"] <= other.bounding_box()["y"] + 1 for one, other in zip(false, true))
    corner = "cell => { const { left, bottom } = cell.getBoundingClientRect(); return document.elementFromPoint(left + 2, bottom - 3).tagName; }"
    assert all(one.evaluate(corner) == "A" for one in cells) and all("none" in one.evaluate("one => getComputedStyle(one).textDecorationLine") for one in true)
    true[0].focus()
    assert "underline" in true[0].evaluate("one => getComputedStyle(one).textDecorationLine")
    claims = {f"../notebooks/{name}.html#{claim['slug']}" for name in book.chapters() for claim in book.claims(executed(name))}
    assert all(one.get_attribute("href") in claims for one in true)
    rows = Counter(round(card.bounding_box()["y"]) for card in page.locator(".card").all())
    assert list(rows.values()) == [1, 3, 3, 3]
    assert all(one.bounding_box()["height"] < 60 for one in page.locator(".card-question").all()), "two lines"


@pytest.mark.parametrize("name", ["book/intro", "notebooks/cauchy", "book/claims", "search"])
def test_a_phone_s_bar_has_the_book_s_name(open_page, name):
    """On one line, between the drawer's button and few others; what is used once a page stands in the drawer. A wide page's drawer has the chapters alone."""
    page = open_page(f"{name}.html", size="narrow", has_touch=True)
    home, buttons = page.locator(".book-home").bounding_box(), page.locator(".article-header-buttons").bounding_box()
    assert page.locator(".book-home").inner_text() == "Every Claim Computed" and 44 <= home["height"] < 50 and home["x"] + home["width"] <= buttons["x"]
    assert not page.locator(".article-header-buttons .dropdown").locator("visible=true").count()
    page.locator(".primary-toggle").click()
    tools = page.locator("dialog[open] .page-tools a")
    assert tools.count() and all(one.is_visible() and one.bounding_box()["height"] >= 44 for one in tools.all())
    page = open_page(f"{name}.html")
    page.locator(".primary-toggle").click()
    drawer = page.locator("dialog[open]")
    assert not drawer.locator(":is(img, button, .page-tools)").locator("visible=true").count()
    assert drawer.get_by_text("Tools").bounding_box()["y"] < 700


def test_the_search_does_not_name_its_keys_once_it_is_open(open_page):
    page = open_page("book/intro.html")
    keys = page.locator(".search-button-field .search-button__kbd-shortcut")
    assert keys.is_visible()
    page.keyboard.press("Control+k")
    page.locator("#pst-search-dialog input").wait_for(state="visible")
    assert not page.locator("#pst-search-dialog .search-button__kbd-shortcut").is_visible()
    page.keyboard.press("Escape")
    page.locator(".search-button-field").focus()
    assert not keys.is_visible()


@pytest.mark.parametrize("name", [*(f"notebooks/{name}" for name in WITH_CHARTS), "book/intro"])
def test_charts_are_pictures_without_javascript(open_page, name):
    page = open_page(f"{name}.html", java_script_enabled=False)
    charts = page.query_selector_all(".chart")
    assert charts
    for chart in charts:
        assert chart.query_selector(".chart-still").is_visible(), "a caption that says what to move is not left alone"
        assert not [control for control in chart.query_selector_all("input, select") if control.is_visible()]
        assert [image for image in chart.query_selector_all("img") if image.is_visible()]


def test_without_javascript_a_page_can_be_read(open_page):
    """Formulas are set, code and claims have their colours."""
    page = open_page("notebooks/cauchy.html", java_script_enabled=False)
    fraction = page.locator("article math mfrac").first
    above, below = (fraction.locator("> *").nth(i).bounding_box() for i in (0, 1))
    assert above["y"] + above["height"] <= below["y"] + 2
    colours = {page.locator(f"article .highlight .{kind}").first.evaluate("word => getComputedStyle(word).color") for kind in ("k", "s1, article .highlight .s2", "mf")}
    assert len(colours) == 3
    assert page.locator(".claim:not(.minor)").first.evaluate("claim => getComputedStyle(claim).borderLeftColor") == "rgb(26, 127, 55)"
    assert all(claim.is_visible() for claim in page.locator(".claim:not(details *)").all()), "a guess folds it, which needs a script to be made"


def test_without_javascript_the_contents_and_films_can_be_read(open_page):
    """On a phone the drawer has no button; a film's controls would do nothing."""
    page = open_page("notebooks/cartpole.html", size="narrow", java_script_enabled=False, reduced_motion="reduce")
    link = page.locator("#pst-primary-sidebar a[href='cauchy.html']")
    page.locator(".to-contents").click()
    assert 0 <= link.bounding_box()["x"] and link.bounding_box()["y"] < 844 and not page.locator(".primary-toggle").is_visible()
    film = page.locator(".cell_output:has(#cartpole-film)")
    assert "Animation of a cart" in film.locator("noscript p").text_content()
    assert not [one for one in film.locator("canvas, button, input").all() if one.is_visible()]


@pytest.mark.parametrize("size", SIZES)
def test_without_javascript_the_search_says_where_to_look(open_page, size):
    """No field that does nothing, and no keys; three pages in which the browser finds words."""
    page = open_page("search.html", size=size, java_script_enabled=False)
    assert not page.locator("input:visible, .search-button__kbd-shortcut:visible").count()
    links = page.locator("article p:visible a").evaluate_all("all => all.map((one) => one.href)")
    for link, path in zip(links, ("book/claims.html", "book/glossary.html", "book/intro.html#the-chapters"), strict=True):
        assert link.endswith(path)
        page.goto(link)
    assert page.locator("#the-chapters").is_visible()


def test_without_javascript_a_question_has_a_box_of_four_edges(open_page):
    page = open_page("notebooks/binary_metrics.html", java_script_enabled=False)
    asked = page.locator("blockquote:has(+ .guess)").first
    assert page.locator(".guess").first.is_hidden()
    edges = asked.evaluate("one => ['Top', 'Right', 'Bottom', 'Left'].map((side) => getComputedStyle(one)[`border${side}Width`])")
    assert edges == ["1px"] * 4 and asked.evaluate("one => parseFloat(getComputedStyle(one).paddingBottom)") > 8


def first_chart(page):
    """The page's first interactive chart, live, and its slider."""
    page.evaluate("document.querySelector('.at-head button')?.click()")
    chart = page.query_selector("#chart-1")
    chart.scroll_into_view_if_needed()
    page.wait_for_selector("#chart-1[data-ready=true]")
    return chart, chart.query_selector("input[type=range]")


def embedded_table():
    """Metrics by threshold as Python computed them: the data of the chart in the executed notebook."""
    for cell in book.code_cells(executed("binary_metrics")):
        for output in cell.outputs:
            for rows in output.get("data", {}).get("application/vnd.vegalite.v6+json", {}).get("datasets", {}).values():
                if "threshold" in rows[0] and "sensitivity" in rows[0]:
                    return {row["threshold"]: row for row in rows}
    raise AssertionError("the chapter embeds no table of metrics by threshold")


@pytest.mark.parametrize("threshold", [0.2, 0.5, 0.86])
def test_the_threshold_slider_shows_what_python_computed(open_page, threshold):
    page = open_page("notebooks/binary_metrics.html")
    chart, slider = first_chart(page)
    move = "(input, value) => { input.value = value; input.dispatchEvent(new Event('input')) }"
    slider.evaluate(move, str(threshold))
    row = embedded_table()[threshold]
    for name in ("sensitivity", "specificity", "precision", "NPV", "accuracy", "F1", "MCC"):
        label = f"{name} {row[name]:.3f}"
        page.wait_for_function("label => [...document.querySelectorAll('#chart-1 svg text')].some(t => t.textContent === label)", arg=label, polling=200)
    shown = " ".join(chart.eval_on_selector_all("svg text", "all => all.map(text => text.textContent)"))
    for name in ("TP", "FN", "FP", "TN"):
        assert re.search(rf"\b{name} {row[name]}\b", shown)


@pytest.mark.parametrize("motion", ["no-preference", "reduce"])
def test_the_cart_rides_when_asked(open_page, motion):
    """The film plays and stops by its button, by keyboard too, and the switch changes the frame of reference."""
    page = open_page("notebooks/cartpole.html", reduced_motion=motion)
    page.locator(".at-head button:visible").click()
    page.locator("#cartpole-play").scroll_into_view_if_needed()
    canvas = page.locator("#cartpole-canvas")

    def frame():
        return int(canvas.get_attribute("data-frame"))

    if motion == "reduce":
        start = frame()
        page.wait_for_timeout(500)
        assert frame() == start, "it moves although the reader asked for less motion"
    page.locator("#cartpole-time").fill("10")
    start = frame()
    page.locator("#cartpole-play").focus()
    if page.locator("#cartpole-play").inner_text().strip().lower().startswith("play"):
        page.keyboard.press("Enter")
    page.wait_for_function("start => Number(document.querySelector('#cartpole-canvas').dataset.frame) > start", arg=start, polling=200)
    before = canvas.get_attribute("data-ride")
    page.locator("#cartpole-ride").focus()
    page.keyboard.press("Space")
    page.wait_for_function("before => document.querySelector('#cartpole-canvas').dataset.ride !== before", arg=before, polling=200)


def test_the_film_shows_the_ride_that_was_computed_for_the_acceleration(open_page):
    """Where the cart is, how far the pole leans and how fast it gains speed, at three times; to the left it is the mirror image."""
    page = open_page("notebooks/cartpole.html")
    page.locator(".at-head button:visible").click()
    page.locator("#cartpole-play").scroll_into_view_if_needed()
    film = page.evaluate("JSON.parse(document.getElementById('cartpole-data').textContent)")
    last = len(film["rides"][0]["x"]) - 1
    for wanted in (-6, -2, 0, 4):
        page.locator("#cartpole-set").fill(str(wanted))
        ride, way = film["rides"][1 + film["settings"].index(abs(wanted))], -1 if wanted < 0 else 1
        gained = way * sum(ride["a"]) / len(ride["a"])
        assert abs(gained - wanted) < 0.7, f"the ride at {wanted} m/s² gains {gained} m/s²"
        for frame in (0, last // 2, last):
            page.locator("#cartpole-time").fill(str(frame))
            shown = page.locator("#cartpole-canvas").get_attribute("data-shown")
            assert [float(value) for value in shown.split(",")] == [way * ride[name][frame] for name in ("x", "theta", "a")]


@pytest.mark.parametrize("size", SIZES)
def test_the_film_is_of_the_page(open_page, size):
    """As wide as the text, sharp, its letters the book's and about as large as the text's, its controls of the site's colour; each slider has its name at its left and what it is set to at its right."""
    page = open_page("notebooks/cartpole.html", size=size, device_scale_factor=2)
    page.locator(".at-head button:visible").click()
    page.locator("#cartpole-time").scroll_into_view_if_needed()
    canvas = page.locator("#cartpole-canvas")
    width = canvas.bounding_box()["width"]
    assert width > 0.95 * page.locator("article section section > p:visible").first.bounding_box()["width"] and canvas.evaluate("one => one.width") >= 2 * width
    page.locator("#cartpole-time").fill("100")
    letters = canvas.evaluate("one => one.getContext('2d').font")
    assert "Book Sans" in letters and 12 <= float(letters.partition("px")[0]) * width / 960 < 17
    assert "Book Sans" in page.locator("#cartpole-film label").first.evaluate("one => getComputedStyle(one).fontFamily")
    assert page.locator("#cartpole-time + output").inner_text() == page.locator("#cartpole-time").get_attribute("aria-valuetext").partition(",")[0]
    colour = page.locator(".cell_output > figure :is([type=range], [type=checkbox])").evaluate_all("all => all.map((one) => getComputedStyle(one).accentColor)")
    assert len(colour) == 4 and set(colour) == {page.locator(".code-switch").evaluate("one => { one.style.color = 'var(--pst-color-primary)'; return getComputedStyle(one).color; }")}
    page.locator("#cartpole-set").fill("-2")
    for name, said in (("time", "seconds"), ("set", "\N{MINUS SIGN}2 m/s²")):
        label, slider = page.locator(f"label:has(> #cartpole-{name})"), page.locator(f"#cartpole-{name}").bounding_box()
        box, value = label.bounding_box(), label.locator("output").bounding_box()
        assert box["height"] < 70 and said in label.inner_text() and slider["x"] > box["x"] + 20 and value["x"] >= slider["x"] + slider["width"]


def test_charts_work_by_keyboard(open_page):
    page = open_page("notebooks/binary_metrics.html")
    _, slider = first_chart(page)
    before = slider.input_value()
    slider.focus()
    page.keyboard.press("ArrowRight")
    assert slider.input_value() != before


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(("name", "value"), [("notebooks/binary_metrics", "0.7"), ("book/intro", "36")])
def test_what_stands_along_an_axis_is_pulled_in_the_plot(open_page, name, value, size):
    """To seven tenths of the axis: a threshold between 0 and 1, and a day from 21 January to 18 March."""
    page = open_page(f"{name}.html", size=size)
    page.wait_for_selector('#chart-hero[data-ready="true"]')
    plot = page.locator(f"#chart-hero {'[class*=concat_0_group]' if 'binary' in name else '.role-frame'} path.background").first
    plot.scroll_into_view_if_needed()
    box = plot.bounding_box()
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 0.2 * box["width"], middle)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.7 * box["width"], middle)
    page.mouse.up()
    page.mouse.move(box["x"] + 0.4 * box["width"], middle)
    assert page.locator("#chart-hero form [type=range]").first.input_value() == value
    page.wait_for_timeout(100)  # Vega says its own cursor somewhat later
    assert page.locator("#chart-hero .chart-live").evaluate("one => getComputedStyle(one).cursor") == "ew-resize"


@pytest.mark.parametrize("size", ["wide", "narrow"])
@pytest.mark.parametrize("name", ["notebooks/hubei", "book/intro", "notebooks/binary_metrics"])
def test_a_tap_asks_for_values_and_moves_nothing(open_page, name, size):
    """The one that woke the chart too, once it lives; a pull by the same hand moves the slider, and a finger that goes down the page scrolls it."""
    options = {"size": size, "has_touch": size == "narrow", "is_mobile": size == "narrow"}
    page = open_page(f"{name}.html", **options)
    page.wait_for_selector("#chart-hero[data-ready=true]")
    to_middle = "document.querySelector('#chart-hero .chart-view').scrollIntoView({ block: 'center', behavior: 'instant' })"
    page.evaluate(to_middle)
    view = page.locator("#chart-hero .chart-view")
    mark, corner = page.locator("#chart-hero .mark-symbol path").nth(12).bounding_box(), view.bounding_box()
    across, down = mark["x"] + mark["width"] / 2 - corner["x"], mark["y"] + mark["height"] / 2 - corner["y"]
    page = open_page(f"{name}.html", moves=False, **options)
    held = []
    page.route("**/vendor/vega.js*", lambda route: held.append(route))
    page.evaluate(to_middle)
    view, slider = page.locator("#chart-hero .chart-view"), page.locator("#chart-hero form [type=range]").first
    before = slider.input_value()
    for lives in (False, True):
        corner = view.bounding_box()
        x, y = corner["x"] + across, corner["y"] + down
        (page.touchscreen.tap if size == "narrow" else page.mouse.click)(x, y)
        if not lives:
            page.wait_for_timeout(300)
            assert held and not page.locator("#chart-hero[data-ready]").count()
            held[0].continue_()
        page.wait_for_selector("#chart-hero[data-ready=true]")
        page.wait_for_selector("#chart-hero .chart-values:visible")
        assert shown_at_pointer(page)[0] and slider.input_value() == before
        page.keyboard.press("Escape")
    if size == "wide":
        page.mouse.down()
        page.mouse.move(x + 4, y)
        assert slider.input_value() == before
        page.mouse.move(x + 30, y)
        page.mouse.up()
        assert slider.input_value() != before
        return
    hand = page.context.new_cdp_session(page)

    def draw(to, up):
        hand.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": x, "y": y}]})
        for part in range(1, 11):
            hand.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [{"x": x + to * part / 10, "y": y - up * part / 10}]})
        hand.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})

    high = page.evaluate("scrollY")
    draw(2, 120)
    page.wait_for_function("high => scrollY > high + 60", arg=high, polling=200)
    assert slider.input_value() == before
    page.wait_for_function("() => scrollY === (window.last ?? -1) || void (window.last = scrollY)", polling=200)  # a finger's swing goes on
    page.evaluate(to_middle)
    page.wait_for_timeout(300)
    corner = view.bounding_box()
    x, y = corner["x"] + across, corner["y"] + down
    draw(60, 0)
    assert slider.input_value() != before


def shown_at_pointer(page, chart="chart-hero"):
    """The lines of the label, and the middle of the ring."""
    lines = page.locator(f"#{chart} .chart-values p:visible").all_inner_texts()
    ring = page.locator(f"#{chart} .chart-datum:visible")
    box = ring.bounding_box() if ring.count() else None
    return lines, box and (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)


@pytest.mark.parametrize("size", ["wide", "narrow"])
def test_a_chart_says_the_values_at_the_pointer(open_page, size):
    """By mouse and finger: of the nearest mark, within the chart, until the pointer or Escape goes; at the head of the book too, in the dark, and as the slider moves."""
    page = open_page("book/intro.html", size=size, has_touch=size == "narrow", theme="dark")
    page.wait_for_selector("#chart-hero[data-ready=true]")
    page.locator("#chart-hero svg").scroll_into_view_if_needed()
    point = page.locator("#chart-hero .mark-symbol path").nth(40)
    box, count = point.bounding_box(), point.evaluate("one => one.__data__.datum.count")
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    go = page.mouse.move if size == "wide" else page.touchscreen.tap
    go(x + 1, y + 3)
    lines, (left, top) = shown_at_pointer(page)
    assert lines == ["counted", "date (2020) 2 Mar", f"cumulative cases (persons) {count:,}"] and abs(left - x) < 1.5 and abs(top - y) < 1.5
    label, chart = (page.locator(f"#chart-hero {one}").bounding_box() for one in (".chart-values", ".chart-live"))
    assert chart["x"] <= label["x"] and label["x"] + label["width"] <= chart["x"] + chart["width"] and chart["y"] <= label["y"] and label["y"] + label["height"] <= chart["y"] + chart["height"]
    assert page.locator(".chart-values[aria-hidden=true]").count() == page.locator(".chart-values").count()
    page.keyboard.press("Escape")
    assert shown_at_pointer(page) == ([], None)
    curve = page.locator("#chart-hero .mark-line path").first.bounding_box()
    go(curve["x"] + curve["width"] - 12, curve["y"] + 4)
    first = shown_at_pointer(page)[0]
    assert first[0] in ("fitted curve", "counted")
    page.mouse.move(2, 2) if size == "wide" else page.touchscreen.tap(2, chart["y"] - 4)
    assert shown_at_pointer(page) == ([], None)


@pytest.mark.parametrize(("name", "chart", "at", "lines"), [
    ("binary_metrics", "chart-2", ".mark-rect path >> nth=3", ["TP", "width 0.9", "height 0.3", "area 0.27"]),
    ("class_weights", "chart-hero", ".layer_1_marks line", ["PyTorch", "settles at 0.359"]),
    ("cauchy", "chart-hero", ".layer_2_marks path >> nth=2", ["hit", "n 3", "along the shore (km) 3.35"]),  # not the shore, of which nothing is to be said
    ("keras_confusion_metrics", "chart-hero", ".mark-rect path >> nth=2", ["true class T-shirt", "predicted class Pullover", None]),
])
def test_what_a_chart_says_has_the_titles_of_its_axes(open_page, name, chart, at, lines):
    """Names first, numbers of three digits."""
    page = open_page(f"notebooks/{name}.html")
    page.evaluate("document.querySelectorAll('details').forEach((one) => (one.open = true))")
    page.locator(f"#{chart}").scroll_into_view_if_needed()
    page.wait_for_selector(f"#{chart}[data-ready=true]")
    box = page.locator(f"#{chart} {at}").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    said = shown_at_pointer(page, chart)[0]
    assert len(said) == len(lines) and all(one in (None, other) for one, other in zip(lines, said)), said


def test_of_a_curve_the_nearest_datum_is_said(open_page):
    page = open_page("notebooks/central_limit_theorem.html")
    page.wait_for_selector("#chart-hero[data-ready=true]")
    curve = page.locator("#chart-hero .layer_1_marks path").nth(2)
    item = curve.evaluate("one => { const { x, y, datum } = (one.__data__.mark ?? one.__data__).items[37]; return [x, y, datum.law, datum.z, datum.density]; }")
    corner = page.locator("#chart-hero path.background").first.bounding_box()
    page.mouse.move(corner["x"] + item[0], corner["y"] + item[1] + 1)
    said, (x, y) = shown_at_pointer(page)
    assert said == [item[2], f"mean, centred and scaled by its quartiles {item[3]:.3g}", f"density {item[4]:.3g}"] and abs(x - corner["x"] - item[0]) < 2


@pytest.mark.parametrize("size", ["wide", "narrow"])
def test_a_figure_says_the_values_at_the_pointer(open_page, site, size):
    """What was written down of the mark when it was drawn, by mouse and finger, and the ring is on the mark; nothing of it is loaded before, and nothing moves."""
    output = next(one for cell in book.code_cells(executed("hubei")) for one in outputs_with_figures(cell))
    plot = output.metadata[FIGURE]["values"][0]
    cases = plot["sets"][0]
    index = cases["said"][0].index("13 Feb")
    page = open_page("notebooks/hubei.html", size=size, has_touch=size == "narrow")
    picture = page.locator("#the-counts-as-csse-dates-them img:visible")
    picture.scroll_into_view_if_needed()
    page.wait_for_function("one => one.complete && one.currentSrc", arg=picture.element_handle(), polling=200)
    box = picture.bounding_box()
    svg = (site / "_images" / pathlib.PurePath(picture.evaluate("one => one.currentSrc")).name).read_text(encoding="utf-8")
    scale = box["width"] / float(re.search(r'viewBox="0 0 ([\d.]+)', svg)[1])
    x0, y0, x1, y1 = plot["boxes"]["page" if size == "wide" else "phone"]
    wanted = box["x"] + box["width"] * (x0 + (x1 - x0) * cases["x"][index] / 2000), box["y"] + box["height"] * (y0 + (y1 - y0) * cases["y"][index] / 2000)
    marks = [(box["x"] + scale * float(x), box["y"] + scale * float(y)) for x, y in re.findall(r'<use [^>]*\bx="([\d.]+)" y="([\d.]+)"', svg)]
    x, y = min(marks, key=lambda mark: abs(mark[0] - wanted[0]) + abs(mark[1] - wanted[1]))
    assert abs(x - wanted[0]) + abs(y - wanted[1]) < 1
    height = page.evaluate("document.documentElement.scrollHeight")
    assert not [path for path in open_page.asked if "values-" in path]
    page.mouse.move(x, y - 1) if size == "wide" else page.touchscreen.tap(x, y - 1)
    figure = "the-counts-as-csse-dates-them"
    page.wait_for_selector(f"#{figure} .chart-values:visible")
    lines, (left, top) = shown_at_pointer(page, figure)
    assert lines == ["cases", "13 Feb", "cumulative count (persons) 48,206"] and cases["said"][1][index] == "48,206"
    assert abs(left - x) < 2 and abs(top - y) < 2
    label = page.locator(f"#{figure} .chart-values").bounding_box()
    assert box["x"] <= label["x"] and label["x"] + label["width"] <= box["x"] + box["width"] and box["y"] <= label["y"] and label["y"] + label["height"] <= box["y"] + box["height"]
    assert len({path for path in open_page.asked if "values-" in path}) == 1 and page.evaluate("document.documentElement.scrollHeight") == height
    page.keyboard.press("Escape")
    assert shown_at_pointer(page, figure) == ([], None)
    page.mouse.move(x, y + 1) if size == "wide" else page.touchscreen.tap(x, y + 1)
    assert shown_at_pointer(page, figure)[0] == lines
    page.mouse.move(2, 2) if size == "wide" else page.touchscreen.tap(2, box["y"] - 4)
    assert shown_at_pointer(page, figure) == ([], None)


def pointed(page, figure: str, name: str, index: int, *, up: float | None = None):
    """Points at a mark of the figure's first plot, or (`up`) so far up its plot at the mark's place: what is said."""
    picture = page.locator(f"#{figure} img:visible")
    picture.evaluate("one => one.scrollIntoView({ block: 'center', behavior: 'instant' })")
    page.wait_for_function("one => one.complete && one.currentSrc", arg=picture.element_handle(), polling=200)
    box = picture.bounding_box()
    page.mouse.move(box["x"] + 5, box["y"] + 5)
    page.wait_for_function("() => window.figureValues && document.querySelector('.figure-live')", polling=200)
    plot = page.evaluate("name => Object.values(figureValues).flat().find((plot) => plot.sets.some((one) => one.name[1] === name))", name)
    marks, (x0, y0, x1, y1) = next(one for one in plot["sets"] if one["name"][1] == name), plot["boxes"]["page"]
    height = marks["y"][index] / 2000 if up is None else up
    page.mouse.move(box["x"] + box["width"] * (x0 + (x1 - x0) * marks["x"][index] / 2000), box["y"] + box["height"] * (y0 + (y1 - y0) * height))
    return marks, shown_at_pointer(page, figure)[0]


def test_a_marker_goes_before_the_line_on_which_it_lies(open_page):
    """The trained model before the curve that foretold it; the label does not lie over a word of the figure."""
    page, figure = open_page("notebooks/class_weights.html"), "the-figure-to-remember"
    for index, batch in ((1, "2"), (3, "32")):
        trained, said = pointed(page, figure, "PyTorch, trained", index)
        assert said == ["PyTorch, trained", f"batch size {batch}", f"predicted probability of the minority {trained['said'][1][index]}"]
        assert trained["marked"] and len(trained["said"][1][index]) == len("0.464"), "as many decimals"
        covered = page.evaluate("""figure => {
            const label = document.querySelector(`#${figure} .chart-values`).getBoundingClientRect(), picture = [...document.querySelectorAll(`#${figure} img`)].find((one) => one.offsetWidth).getBoundingClientRect();
            const [{ boxes: { page: [x0, y0, x1, y1] }, words: { page: words } }] = Object.values(figureValues).find(([plot]) => plot.sets.some((one) => one.name[1] === "PyTorch, trained"));
            const across = (x) => picture.left + picture.width * (x0 + ((x1 - x0) * x) / 2000), down = (y) => picture.top + picture.height * (y0 + ((y1 - y0) * y) / 2000);
            return [words.length, words.filter(([left, low, right, high]) => across(left) < label.right && across(right) > label.left && down(high) < label.bottom && down(low) > label.top).length];
        }""", figure)
        assert covered[0] >= 5 and not covered[1], covered


def test_an_interval_is_said_at_its_line(open_page):
    page = open_page("notebooks/hubei.html")
    marks, said = pointed(page, "announced-over-actual-final-size-by-the-last", "logistic", 0)
    assert said[-1].endswith(f" {marks['said'][1][0]}") and re.search(r" \(under 0\.08 to 0\.\d+\)$", said[-1]), said
    marks, said = pointed(page, "announced-over-actual-final-size-by-the-last", "Gompertz", 20, up=(marks["y"][20] + 60) / 2000)
    assert said[0] == "Gompertz" and re.search(r"[\d.]+ \([\d.]+ to [\d.]+\)$", said[-1]), said


def test_a_formula_in_a_heading_is_no_larger_than_its_words(open_page):
    page = open_page("notebooks/cartpole.html", size="narrow")
    sizes = page.evaluate("[...document.querySelectorAll(':is(h1, h2, h3, h4) math')].map((one) => [one, one.closest('h1, h2, h3, h4')].map((it) => getComputedStyle(it).fontSize))")
    assert sizes and all(one == other for one, other in sizes), sizes


@pytest.mark.parametrize("size", ["wide", "narrow"])
@pytest.mark.parametrize(("name", "figure", "first", "last", "other"), [
    ("hubei", "the-counts-as-csse-dates-them", ["cases", "22 Jan", "444"], ["cases", "10 May", "68,134"], ["deaths", "10 May", "4,512"]),
    ("hubei", "chart-hero", ["counted", "22 Jan", "444"], [], ["fitted curve"]),
])
def test_values_are_said_to_the_keyboard_too(open_page, name, figure, first, last, other, size):
    """In the label that the pointer has, and aloud: along a series by arrows, Home and End, to the next one by arrows up and down; Escape ends it. The ring of the focus is within the picture, nothing of a figure is loaded before, and nothing moves."""
    page = open_page(f"notebooks/{name}.html", size=size)
    chart, keys = page.locator(f"#{figure}"), page.locator(f"#{figure} .by-keys")
    chart.scroll_into_view_if_needed()
    page.wait_for_selector(f"#{figure}[data-ready=true]") if figure == "chart-hero" else page.wait_for_timeout(300)
    before = page.evaluate("document.documentElement.scrollHeight")
    assert not [path for path in open_page.asked if "values-" in path] and keys.count() == 1
    page.keyboard.press("Shift")  # a reader at the keyboard
    keys.focus()
    if figure != "chart-hero":
        page.wait_for_function("() => window.figureValues", polling=200)
        assert keys.get_attribute("aria-label") == "Figure 1. Values by arrow keys"
    hint = "one => getComputedStyle(one, '::after').content"
    assert "arrow keys" in keys.evaluate(hint)

    def press(key):
        page.keyboard.press(key)
        lines, ring = shown_at_pointer(page, figure)
        assert chart.locator("[role=status].chart-heard").inner_text() == ", ".join(lines)
        return lines, ring

    for key, wanted in (("ArrowRight", first), ("End", last), ("ArrowDown", other), ("ArrowUp", []), ("Home", first)):
        lines, ring = press(key)
        assert all(any(line.endswith(one) for line in lines) for one in wanted), (key, lines)
        box, picture = keys.bounding_box(), chart.locator("img:visible, .chart-live").first.bounding_box()
        assert box["x"] <= ring[0] <= box["x"] + box["width"] and box["y"] <= ring[1] <= box["y"] + box["height"]
        assert all(abs(box[part] - picture[part]) < 1 for part in box)
    assert "arrow keys" not in keys.evaluate(hint)
    begun = press("ArrowRight")[1]
    assert press("ArrowRight")[1][0] > begun[0]
    assert page.evaluate("document.documentElement.scrollHeight") == before
    page.evaluate(Axe().axe_script)
    assert not chart.evaluate("one => axe.run(one).then(({ violations }) => violations.map((rule) => rule.id))")
    page.keyboard.press("Escape")
    assert shown_at_pointer(page, figure) == ([], None) and not chart.locator(".chart-heard").inner_text()
    press("ArrowRight")
    page.keyboard.press("Tab")
    assert shown_at_pointer(page, figure) == ([], None)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_on_a_phone_what_a_claim_rests_on_has_one_line(open_page, theme):
    """The fold and what was tried beside each other, in the same words for who listens; a fold keeps off a table."""
    page = open_page("notebooks/hubei.html", size="narrow", theme=theme)
    page.add_style_tag(content="article section { content-visibility: visible !important; }")
    feet = page.evaluate("""() => [...document.querySelectorAll(".claim")].filter((one) => one.checkVisibility() && one.querySelector(".claim-doubted")).map((one) => {
        const foot = one.querySelector(".claim-doubted"), [label, box] = [one.querySelector("summary"), foot].map((part) => part.getBoundingClientRect());
        return { words: foot.textContent, lower: Math.abs(box.top - label.top), high: box.height, apart: box.left - label.right, ends: one.getBoundingClientRect().right - box.right };
    })""")
    assert len(feet) > 5 and all("changes noticed" in one["words"] and one["lower"] < 1 and one["high"] < 44 and one["apart"] > 4 and one["ends"] >= 0 for one in feet), feet
    below = page.evaluate("""() => [...document.querySelectorAll(".cell_output:has(table) + .below-output > summary")].filter((one) => one.checkVisibility()).map((one) =>
        one.getBoundingClientRect().top + parseFloat(getComputedStyle(one).paddingTop) - one.closest(".cell").querySelector("table").getBoundingClientRect().bottom)""")
    assert below and all(8 <= one <= 14 for one in below), below


@pytest.mark.parametrize("size", ["narrow", "wide"])
@pytest.mark.parametrize("name", book.chapters())
def test_all_code_is_read_without_scrolling_sideways_and_copied_as_it_is(open_page, name, size):
    """On a phone a long line is broken, and its rest hangs below it, in the box; on a wide page no line of up to 88 letters is."""
    page = open_page(f"notebooks/{name}.html", size=size, moves=False)
    page.add_style_tag(content="article section { content-visibility: visible !important; }")
    boxes = page.evaluate("""() => {
        for (const one of document.querySelectorAll("article details, .recipe-long")) one.matches("details") ? (one.open = true) : one.classList.add("whole");
        return [...document.querySelectorAll("article .highlight:not(.cell_output *) > pre, .recipe > .cell_output pre")].filter((one) => one.checkVisibility()).map((one) => {
            getSelection().selectAllChildren(one);
            const line = parseFloat(getComputedStyle(one).lineHeight);
            return { code: one.textContent.slice(0, 60), fits: one.scrollWidth <= one.clientWidth, size: parseFloat(getComputedStyle(one).fontSize), fades: getComputedStyle(one).maskImage !== "none",
                copied: getSelection().toString().trimEnd() === one.textContent.trimEnd(), broken: [...one.querySelectorAll("[class^=i]")].filter((part) => part.offsetHeight > 1.5 * line).length };
        });
    }""")
    assert len(boxes) > 20 and not [one for one in boxes if not one["fits"] or one["fades"] or not one["copied"] or one["size"] < 12]
    assert (sum(one["broken"] for one in boxes) > 100) == (size == "narrow") and (size == "narrow" or not [one for one in boxes if one["broken"]])


def test_opened_code_has_its_label_as_its_head(open_page):
    """On a wide page too, where the label of folded code stands in the margin."""
    page = laid_out(open_page, "hubei")
    label = page.locator("#cell-14 > details.hide > summary")
    label.evaluate("one => (one.closest('.side-road').open = true)")
    code, prose = page.locator("#cell-14 .cell_input"), page.locator(".noted:has(#cell-14) > p")
    assert label.bounding_box()["x"] > prose.bounding_box()["x"] + prose.bounding_box()["width"]
    label.click()
    head, box, text = (one.bounding_box() for one in (label, code, prose.last))
    assert abs(head["x"] - box["x"]) < 2 and text["y"] + text["height"] + 4 < head["y"] and 0 <= box["y"] - head["y"] - head["height"] < 12
    label.click()
    assert label.bounding_box()["x"] > text["x"] + text["width"]


def test_panels_beside_each_other_say_their_values(open_page):
    """The ring is where the dot is, in the second panel too."""
    page = open_page("notebooks/central_limit_theorem.html")
    page.evaluate("document.querySelectorAll('details').forEach((one) => (one.open = true))")
    figure = page.locator("figure:has(.panels-beside)")
    picture = figure.locator("img:visible")
    picture.scroll_into_view_if_needed()
    page.wait_for_timeout(300)
    box = picture.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 2)
    page.wait_for_function("() => window.figureValues && document.querySelector('.figure-live')", polling=200)
    plot = page.evaluate("Object.values(figureValues)[0][1]")
    computed, (x0, y0, x1, y1) = plot["sets"][0], plot["boxes"]["wide"]
    assert computed["name"] == ["", "computed"] and x0 > 0.5
    x, y = box["x"] + box["width"] * (x0 + (x1 - x0) * computed["x"][2] / 2000), box["y"] + box["height"] * (y0 + (y1 - y0) * computed["y"][2] / 2000)
    dot = np.array(PIL.Image.open(io.BytesIO(page.screenshot(clip={"x": round(x) - 1, "y": round(y) - 1, "width": 2, "height": 2}))).convert("RGB"), int)
    assert abs(dot - [0xDE, 0x8F, 0x05]).max() < 12, f"no dot there: {dot}"
    page.mouse.move(x, y)
    said = figure.locator(".chart-values p:visible").all_inner_texts()
    assert said == ["computed", f"tail index α {computed['said'][0][2]}", f"rate to the Gaussian {computed['said'][1][2]}"]
    ring = figure.locator(".chart-datum:visible").bounding_box()
    assert abs(ring["x"] + ring["width"] / 2 - x) < 1 and abs(ring["y"] + ring["height"] / 2 - y) < 1


def test_cuts_dots_and_cells_are_taken_hold_of(open_page):
    """The nearest of several sliders is pulled, across or up; a dot along its curve; a click on a cell chooses it, and the window where the cell is of one."""
    page = open_page("notebooks/binary_metrics.html")

    def pull(chart, start, end, place):
        box = page.locator(f"#{chart} {place} path.background").first.bounding_box()
        (x, y), (to, up) = ((box["x"] + across * box["width"], box["y"] + (1 - high) * box["height"]) for across, high in (start, end))
        page.mouse.move(x, y)
        page.mouse.down()
        page.mouse.move(to, up)
        page.mouse.up()

    def values(chart):
        return [float(one.input_value()) for one in page.locator(f"#{chart} form [type=range]").all()]

    page.evaluate("document.querySelectorAll('details').forEach((one) => (one.open = true))")
    for chart in ("chart-2", "chart-3"):
        page.locator(f"#{chart}").scroll_into_view_if_needed()
        page.wait_for_selector(f"#{chart}[data-ready=true]")
        page.locator(f"#{chart} .chart-live").evaluate("one => one.scrollIntoView({ block: 'center', behavior: 'instant' })")
        if chart == "chart-2":
            pull(chart, (0.5, 0.3), (0.5, 0.5), "[class*=concat_0_group]")
            pull(chart, (0.8, 0.8), (0.6, 0.8), "[class*=concat_0_group]")
            pull(chart, (0.1, 0.2), (0.25, 0.2), "[class*=concat_0_group]")
            pull(chart, (0.4, 0.75), (0.5, 0.2), "[class*=concat_0_group]")
            assert values(chart) == pytest.approx([0.5, 0.75, 0.6], abs=0.011)
    dot = page.locator("#chart-3 .mark-symbol path").first
    before = dot.evaluate("one => one.__data__.datum")
    rows = page.evaluate("Object.values(JSON.parse(chartSources['binary_metrics-3.js']).datasets).find((rows) => 'threshold' in rows[0])")
    wanted = next(row for row in rows if row["threshold"] == 0.2)
    pull("chart-3", (before["FPR"], before["sensitivity"]), (wanted["FPR"], wanted["sensitivity"]), "[class*=concat_0_group]")
    assert values("chart-3") == [0.2]
    page = open_page("notebooks/numpy_cnn.html")
    page.wait_for_selector("#chart-hero[data-ready=true]")
    cell = page.locator("#chart-hero [class*=concat_0_group] .mark-rect path").nth(8)
    cell.hover(force=True)
    assert page.locator("#chart-hero .chart-live.picks .chart-datum:visible").count() == 1
    cell.click(force=True)
    assert values("chart-hero") == [0, 8]
    page.locator("#chart-hero [class*=concat_1_group] .mark-rect path").nth(9).click(force=True)
    assert values("chart-hero") == [2, 4]
    page.locator("#chart-hero [class*=concat_3_group] .mark-rect path").nth(3).click(force=True)
    assert values("chart-hero") == [3, 4]


def test_the_control_of_a_selection_is_vega_s(open_page):
    """It is no value of the page's form, and changes the chart."""
    page = open_page("notebooks/cauchy.html", size="narrow", moves=False)  # where it is not widened
    of_page = [{"name": one.get_attribute("name"), "value": 1} for one in page.locator("#chart-hero form [name]").all()]
    pick = {"name": "pick", "select": {"type": "point", "fields": ["g"]}, "bind": {"input": "select", "options": ["a", "b"]}, "value": "a"}
    shown = {"condition": {"param": "pick", "value": 1}, "value": 0.1}
    chart = {"data": {"values": [{"g": "a"}, {"g": "b"}]}, "mark": "point", "encoding": {"x": {"field": "g"}, "opacity": shown}, "params": [*of_page, pick]}
    source = f"(window.chartSources ??= {{}})['cauchy-1.js'] = {json.dumps(json.dumps(chart))}"
    page.route("**/charts/cauchy-1.js", lambda route: route.fulfill(body=source, content_type="text/javascript"))
    page.mouse.move(9, 9)
    page.wait_for_selector("#chart-hero[data-ready=true]")
    before = page.locator("#chart-hero svg").inner_html()
    page.locator("#chart-hero select").select_option(label="b")
    page.wait_for_function("before => document.querySelector('#chart-hero svg').innerHTML !== before", arg=before, polling=200)


def test_the_search_is_one_click_away_in_each_width(open_page):
    page = open_page("notebooks/hubei.html")
    for width in (320, 390, 700, 959, 960, 991, 992, 1100, 1199, 1200, 1600):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.locator(".search-button__button:visible").count() == 1, width


def test_a_legend_works_by_keyboard(open_page):
    """Tab goes from the slider to its names, Enter chooses one, Space lets it go; no rule of accessibility is violated."""
    page = open_page("notebooks/central_limit_theorem.html")
    page.wait_for_selector("#chart-hero[data-ready=true]")
    page.locator("#chart-hero input").first.focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    name = page.locator("#chart-hero .chart-name:focus")
    assert name.get_attribute("aria-label") == "exponential" and name.get_attribute("aria-pressed") == "false"
    label, ring = page.locator("#chart-hero .role-legend-label text", has_text="exponential").bounding_box(), name.bounding_box()
    assert ring["x"] <= label["x"] and label["x"] + label["width"] <= ring["x"] + ring["width"] + 2 and abs(ring["y"] - label["y"]) < 6
    before = page.locator("#chart-hero svg").inner_html()
    page.keyboard.press("Enter")
    page.wait_for_selector("#chart-hero .chart-name[aria-pressed=true]")
    assert page.locator("#chart-hero .chart-name[aria-pressed=true]").get_attribute("aria-label") == "exponential"
    assert page.locator("#chart-hero svg").inner_html() != before
    page.evaluate(Axe().axe_script)
    assert not page.evaluate("axe.run('#chart-hero').then(({ violations }) => violations.map((rule) => rule.id))")
    page.keyboard.press("Space")
    page.wait_for_selector("#chart-hero .chart-name[aria-pressed=true]", state="detached")
    page.wait_for_function("before => document.querySelector('#chart-hero svg').innerHTML === before", arg=before, polling=200)


def test_code_can_be_copied(open_page):
    """By a button that comes with the reader's first move; what claims printed has none in the ledger."""
    page = open_page("notebooks/binary_metrics.html", permissions=["clipboard-read", "clipboard-write"])
    button = page.locator(".cell_input button.copybtn").first
    button.click(force=True)
    page.wait_for_function("() => navigator.clipboard.readText().then((text) => text.includes('import'))")
    assert button.get_attribute("aria-label") == "Copy the code of cell 1"
    assert not page.evaluate("[...document.querySelectorAll('.copybtn')].filter((one) => !/^Copy (the (code|citation)|what was printed)/.test(one.ariaLabel)).length")
    assert page.locator(".cell_output .copybtn").count() and not page.evaluate("[...document.querySelectorAll('.copybtn svg')].map((icon) => icon.getBoundingClientRect().width).filter((width) => 0 < width && width < 20)")
    page = open_page("book/intro.html#cite", permissions=["clipboard-read", "clipboard-write"])
    page.locator(".cite button.copybtn").last.click()
    page.wait_for_function("() => navigator.clipboard.readText().then((text) => text.startsWith('@book{'))")
    page = open_page("book/claims.html")
    page.wait_for_timeout(1000)
    assert page.locator(".ledger .copybtn").count() == 0


@pytest.mark.parametrize("size", ["wide", "narrow"])
@pytest.mark.parametrize("name", ["cartpole", "keras_confusion_metrics", "docker_kernels"])
def test_a_recipe_is_open_and_copied_with_what_it_needs(open_page, name, size):
    """By mouse, finger and keyboard."""
    page = open_page(f"notebooks/{name}.html", size=size, has_touch=size == "narrow", permissions=["clipboard-read", "clipboard-write"])
    recipe = page.locator(".recipe").first
    assert recipe.locator(".recipe-head > p").first.inner_text().startswith("Recipe") and recipe.locator("pre").first.is_visible()
    button = recipe.get_by_role("button", name="Copy")
    assert button.bounding_box()["height"] >= 44 and recipe.locator(".copybtn").count() == 0
    button.press("Enter") if size == "wide" else button.tap()
    page.wait_for_function("() => document.querySelector('.recipe-told').textContent === 'Copied'")
    assert page.evaluate("navigator.clipboard.readText()") == copied(name)[0]


@pytest.mark.parametrize("size", ["wide", "narrow"])
def test_a_long_recipe_is_cut_and_says_so(open_page, size):
    """It fades above a button, for mouse, finger and keyboard, that shows all of its lines; without scripts, and on paper, it is whole. A short one has none."""
    cut = "one => one.getBoundingClientRect().bottom - one.closest('.cell_input').getBoundingClientRect().bottom > 20"
    page = open_page("notebooks/binary_metrics.html", size=size, has_touch=size == "narrow")
    recipe, code, button = page.locator(".recipe"), page.locator(".recipe pre").first, page.locator(".recipe-more")
    button.scroll_into_view_if_needed()
    lines = len(code.inner_text().rstrip().splitlines())
    assert lines > 30 and button.inner_text() == f"Show all {lines} lines" and button.bounding_box()["height"] >= 44
    assert code.evaluate(cut) and recipe.locator(".cell_input").evaluate("one => getComputedStyle(one, '::after').backgroundImage.startsWith('linear-gradient')")
    button.press("Enter") if size == "wide" else button.tap()
    assert not code.evaluate(cut) and button.inner_text() == "Show fewer lines" and button.get_attribute("aria-expanded") == "true"
    button.press("Enter") if size == "wide" else button.tap()
    assert code.evaluate(cut) and button.inner_text() == f"Show all {lines} lines" and button.get_attribute("aria-expanded") == "false"
    page.emulate_media(media="print")
    assert not code.evaluate(cut) and button.is_hidden()
    page = open_page("notebooks/binary_metrics.html", java_script_enabled=False)
    assert not page.locator(".recipe pre").first.evaluate(cut) and page.locator(".recipe-more").is_hidden()
    assert open_page("notebooks/docker_kernels.html").locator(".recipe-more").count() == 0


def test_a_side_road_opens_by_its_heading(open_page):
    """One element, with a line that says what it holds; a jump opens it."""
    path = "notebooks/central_limit_theorem.html"
    page = open_page(path)
    road = page.locator(".side-road").first
    heading, inside = road.locator("summary h3"), road.locator("> p").first
    assert heading.inner_text().startswith("Side road: ") and road.locator(".side-road-holds").is_visible() and inside.is_hidden()
    heading.click(position={"x": 60, "y": 8})
    assert inside.is_visible()
    section = page.locator("section:has(> .side-road)").first.get_attribute("id")
    page = open_page(f"{path}#{section}")
    assert page.locator(f"#{section} > .side-road > p").first.is_visible() and page.locator(".side-road[open]").count() == 1
    assert page.locator("article details:not([class])").count() == 0
    page = open_page(path)
    page.locator(f'#pst-page-toc-nav a[href="#{section}"]').evaluate("link => link.click()")
    page.wait_for_function("id => document.querySelector(`#${id} > .side-road`).open", arg=section)


def test_a_claim_can_be_linked_to(open_page):
    """By its old number too: it is marked, and so is a figure."""
    page = open_page("notebooks/binary_metrics.html#claim-3")
    claim = page.locator(".claim:has(#claim-3)")
    place = claim.bounding_box()["y"]
    named = open_page(f"notebooks/binary_metrics.html#{claim.get_attribute('id')}").locator(".claim:has(#claim-3)")
    assert 0 <= place < 200 and abs(named.bounding_box()["y"] - place) < 2, "its number and its name lead to the same place"
    assert page.locator(".claim:has(#claim-3)").evaluate("claim => getComputedStyle(claim).borderLeftWidth") == "8px"
    figure = open_page("notebooks/binary_metrics.html#figure-2").locator("figure:has(#figure-2)")
    assert figure.locator(".headerlink").get_attribute("title") == "Link to this figure"
    assert figure.evaluate("figure => getComputedStyle(figure).borderLeftWidth") == "4px"


def test_an_address_that_names_nothing_does_no_harm(open_page):
    page = open_page("notebooks/cauchy.html#%")
    assert page.locator(".code-switch").count() == 1


def test_the_address_of_a_place_is_copied(open_page):
    """By keyboard, without preventing the jump, and it is said."""
    page = open_page("notebooks/cauchy.html", permissions=["clipboard-read", "clipboard-write"])
    link = page.locator("article h2 .headerlink").first
    assert link.evaluate("link => getComputedStyle(link).opacity") == "0"
    page.locator(".code-switch").focus()
    for _ in range(20):
        page.keyboard.press("Tab")
        if link.evaluate("link => link === document.activeElement"):
            break
    assert link.evaluate("link => getComputedStyle(link).opacity") == "1"
    page.keyboard.press("Enter")
    page.wait_for_function("() => document.querySelector('.copied').textContent")
    said, at = page.locator(".copied").bounding_box(), link.bounding_box()
    assert 0 <= said["y"] - at["y"] - at["height"] < 20 and abs(said["x"] - at["x"]) < 100, "where the reader looks"
    assert page.url.endswith(link.get_attribute("href")) and page.evaluate("navigator.clipboard.readText()") == page.url


def test_a_guess_keeps_its_claim_until_it_is_made(open_page):
    """Or until a link leads to the claim."""
    path, claims = "notebooks/binary_metrics.html", [".claim#most-alarms-are-false", ".guessed:has(#claim-4) .claim"]
    page = open_page(path)
    assert all(page.locator(claim).is_hidden() for claim in claims)
    page.locator(".guess input").first.press("ArrowRight")
    page.locator(".guess").first.get_by_role("button").press("Enter")
    assert page.locator(claims[0]).is_visible() and page.locator(claims[1]).is_hidden()
    assert "printed" in page.locator(".guess-told").first.inner_text()
    assert open_page(f"{path}#claim-4").locator(claims[1]).is_visible()


@pytest.mark.parametrize("size", SIZES)
def test_a_question_and_what_it_folds_are_one_box(open_page, size):
    """Until it is opened."""
    page = open_page("notebooks/binary_metrics.html", size=size)
    guess, fold = page.locator(".guess").first, page.locator(".guess + .guessed").first
    box, below = guess.bounding_box(), fold.bounding_box()
    assert abs(box["y"] + box["height"] - below["y"]) < 1 and box["width"] == below["width"] and box["x"] == below["x"]
    fold.locator("> summary").click()
    assert guess.evaluate("one => getComputedStyle(one).borderBottomWidth") == "1px" and fold.evaluate("one => getComputedStyle(one).borderTopWidth") == "0px"


@pytest.mark.parametrize("way", ["keyboard", "mouse", "touch"])
def test_where_the_slider_stands_at_first_is_no_guess(open_page, way):
    """Its button says why it does not act, and leads to the slider; moved in whatever way, the slider frees it."""
    page = open_page("notebooks/cauchy.html", **({"size": "narrow", "has_touch": True, "is_mobile": True} if way == "touch" else {}))
    guess = page.locator(".guess:has(input)").first
    slider, button = guess.locator("input"), guess.get_by_role("button")
    assert button.get_attribute("aria-disabled") == "true"
    assert page.locator(f"#{button.get_attribute('aria-describedby')}").inner_text() == "Move the slider first."
    button.press("Enter")
    assert slider.evaluate("one => one === document.activeElement") and page.locator("#a-mean-is-as-wild-as-one-flash").is_hidden()
    page.evaluate(Axe().axe_script)
    assert not guess.locator(".guess-told").inner_text() and not guess.evaluate("one => axe.run(one).then(({ violations }) => violations.map((rule) => rule.id))")
    box, before = slider.bounding_box(), slider.input_value()
    at = box["x"] + box["width"] * 0.9, box["y"] + box["height"] / 2
    if way == "keyboard":
        page.keyboard.press("ArrowLeft")
    else:
        (page.mouse.click if way == "mouse" else page.touchscreen.tap)(*at)
    assert slider.input_value() != before and button.get_attribute("aria-disabled") is None and guess.locator(".guess-first").count() == 0
    button.press("Enter")
    assert page.locator("#a-mean-is-as-wild-as-one-flash").is_visible() and "You guessed" in guess.locator(".guess-told").inner_text()


@pytest.mark.parametrize(
    ("path", "held", "shown"),
    [
        ("notebooks/cauchy.html", "the claim", ".claim"),
        ("notebooks/central_limit_theorem.html", "the figure and the claim, and why", "figure"),
        ("notebooks/binary_metrics.html", "the way to the claim", ".chart"),
    ],
)
def test_a_fold_before_a_claim_says_what_it_holds(open_page, path, held, shown):
    """The figure that shows the answer is in it."""
    page = open_page(path)
    summary, inside = page.locator(".guessed > summary").first, page.locator(".guessed").first.locator(shown).first
    assert summary.inner_text() == f"Guess, or skip it and see {held}" and inside.is_hidden()
    summary.click()
    page.wait_for_function("words => document.querySelector('.guessed > summary').textContent === words", arg=held[0].upper() + held[1:])
    assert inside.is_visible()
    page.wait_for_timeout(100)
    sentence = page.locator(".guessed").first.locator(".claim > p").first.bounding_box()
    assert 0 <= sentence["y"] and sentence["y"] + sentence["height"] <= SIZES["wide"][1] + 1, "who skips sees the claim's sentence"


def test_what_explains_a_claim_is_not_told_before_the_guess(open_page):
    """What its guess says that it explains: no fold is followed by a paragraph that begins with why."""
    for name in book.chapters():
        page = open_page(f"notebooks/{name}.html", moves=False)
        page.add_style_tag(content="article section { content-visibility: visible !important; }")
        after = page.locator(".guessed + p").all_inner_texts()
        assert not [text for text in after if re.match("Why|So |That is why", text)], after
    page = open_page("notebooks/central_limit_theorem.html")
    why = page.get_by_text("Why too low?")
    assert why.is_hidden()
    page.locator(".guessed > summary").first.click()
    assert why.is_visible()


def test_a_guess_is_kept(open_page):
    """In this browser, with what was said of it and what it opened; the others stay folded."""
    page = open_page("notebooks/cauchy.html")
    page.locator(".guess:has(input)").first.locator("input").fill("90")
    page.locator(".guess:has(input)").first.get_by_role("button").click()
    page.locator(".guess:not(:has(input))").first.get_by_role("button").first.click()
    said = page.locator(".guess-told").all_text_contents()
    page.reload()
    page.wait_for_function("document.querySelectorAll('.guess-told:not(:empty)').length === 2")
    assert page.locator(".guess-told").all_text_contents() == said and sum(map(bool, said)) == 2
    assert page.locator(".guessed[open]").count() == 2 < page.locator(".guessed").count()
    assert page.locator(".guess input").first.input_value() == "90"


def test_a_guess_that_was_made_looks_so(open_page):
    """Its button is not to be pressed again, until the slider moves or another side is chosen; what is said of it is a status that was there before."""
    page = open_page("notebooks/cauchy.html")
    guess = page.locator(".guess:has(input)").first
    button, told = guess.get_by_role("button"), guess.locator(".guess-told[role=status]")
    assert told.evaluate("one => getComputedStyle(one).display") != "none", "an element that is not displayed is not announced when it appears"
    guess.locator("input").fill("90")
    ready = button.evaluate("one => getComputedStyle(one).borderTopColor")
    button.click()
    said = told.inner_text()
    assert said and button.inner_text() == "Guessed" and button.get_attribute("aria-disabled") == "true"
    assert button.evaluate("one => [getComputedStyle(one).borderTopColor, getComputedStyle(one).cursor, getComputedStyle(one, '::before').content]") == ["rgba(0, 0, 0, 0)", "default", '"●\u00a0" / ""'] and ready != "rgba(0, 0, 0, 0)"
    page.evaluate(Axe().axe_script)
    assert not guess.evaluate("one => axe.run(one).then(({ violations }) => violations.map((rule) => rule.id))")
    button.press("Enter")
    assert told.inner_text() == said
    guess.locator("input").fill("10")
    assert button.inner_text() == "Guess again" and button.get_attribute("aria-disabled") is None
    one, other = page.locator(".guess:not(:has(input))").first.get_by_role("button").all()[:2]
    one.click()
    assert one.get_attribute("aria-disabled") == "true" and other.get_attribute("aria-disabled") is None
    other.click()
    assert one.get_attribute("aria-disabled") is None and other.get_attribute("aria-disabled") == "true"
    sides = page.locator(".guess:not(:has(input))").first
    assert sides.locator("button.printed").evaluate_all("all => all.map((one) => one.value)") == [sides.get_attribute("data-answer")], "the check mark is at what the cell printed, whatever was guessed"


def test_a_guess_is_judged(open_page):
    """In words, and on the slider; the answer's box is as wide as the question's."""
    page = open_page("notebooks/cauchy.html")
    guess = page.locator(".guess:has(input)").first
    answer, told = int(guess.get_attribute("data-answer")), guess.locator(".guess-told")
    for off, verdict in ((3, "Too high by 3. "), (-3, "Too low by 3. "), (0, "Right. ")):
        guess.locator("input").fill(str(answer + off))
        guess.get_by_role("button").click()
        assert told.inner_text().startswith(verdict)
    mark = guess.locator(".guess-scale").evaluate("one => [getComputedStyle(one, '::after').left, one.clientWidth]")
    assert abs(float(mark[0].removesuffix("px")) - 8 - answer / 100 * (mark[1] - 16)) < 1
    boxes = [page.locator(one).first.bounding_box() for one in (".guess", "blockquote:has(+ .guess)")]
    assert boxes[0]["x"] + boxes[0]["width"] == boxes[1]["x"] + boxes[1]["width"]
    choices = page.locator(".guess:not(:has(input))").first
    for button in choices.get_by_role("button").all():
        button.click()
        right = button.get_attribute("value") == choices.get_attribute("data-answer")
        assert choices.locator(".guess-told").inner_text().startswith("Right. " if right else "Wrong. ")


@pytest.mark.parametrize("path", ["notebooks/cauchy.html", "book/claims.html"])
def test_a_link_to_a_place_stands_beside_its_last_word_and_under_a_finger(open_page, path):
    page = open_page(path, size="narrow", has_touch=True, is_mobile=True)
    page.add_style_tag(content="article section { content-visibility: visible !important; }")
    faults = page.evaluate("""() => [...document.querySelectorAll("article :is(.headerlink, .claim-link)")].filter((link) => link.checkVisibility()).flatMap((link) => {
        const { top, height, width } = link.getBoundingClientRect(), before = document.createRange();
        before.selectNodeContents(link.previousSibling);
        const alone = [...before.getClientRects()].at(-1).bottom < top + 16;  // 15 pixels of it are for the finger
        return alone || height < 44 || width < 44 ? [`${link.parentElement.textContent.slice(-60)}: ${alone} ${width} x ${height}`] : [];
    })""")
    assert not faults, faults[:10]
    assert page.evaluate("document.documentElement.scrollWidth") == SIZES["narrow"][0]


@pytest.mark.parametrize("scripts", [True, False])
def test_paper_has_all_text(open_page, scripts):
    """What is folded on the screen, once, and the code of claims, also without scripts; other code that is folded only where it is a solution or the text speaks of the folded cell. No label says that something could be opened."""
    page = open_page("notebooks/binary_metrics.html", java_script_enabled=scripts)
    folded = page.locator("article details:not([open])").count()
    page.emulate_media(media="print")
    page.evaluate("delete document.documentElement.dataset.code")  # the text alone: the next test
    assert folded and page.locator("article details > p:not(:visible, [class])").count() == 0
    assert page.locator("details.hide:not([open], .to-read) pre:visible").count() == 0 < page.locator("details.hide:not([open], .to-read)").count()
    assert page.locator("details.hide.to-read pre").count() == page.locator("details.hide.to-read pre:visible").count() > 4
    assert page.locator("#what-to-do details.to-read").count() == 1, "announced: 'What they refuse, and what they take, is asserted in the folded cell.'"
    recipe = page.locator(".recipe pre").first
    assert recipe.evaluate("one => one.scrollHeight === one.clientHeight && one.clientHeight > 900"), "a recipe is there, whole"
    assert not page.locator(".recipe-copy:visible, .copybtn:visible").count()
    labels = page.locator("summary:visible").all_inner_texts()
    assert labels and not [label for label in labels if re.match("Show|Hide|Code that|Guess|The claim", label)]
    assert page.locator(".claim-code pre:visible").count() == page.locator(".claim").count()
    assert page.locator(".claim").first.evaluate("one => [getComputedStyle(one).breakInside, getComputedStyle(one.querySelector('p')).breakAfter]") == ["auto", "avoid"]
    lines = "[...document.querySelectorAll('.claim')].filter((one) => { const first = [...one.children].find((part) => getComputedStyle(part).position !== 'absolute'); return !first.matches('p'); }).length"
    assert page.evaluate(lines) == 0, "an empty line before its sentence may end a sheet"
    breaks = "[...document.querySelectorAll('.cell_input, .cell_input *, details.to-read')].filter((one) => one.querySelector('pre') && one.checkVisibility()).map((one) => [getComputedStyle(one).breakInside, getComputedStyle(one).display].join())"
    assert {*page.evaluate(breaks)} == {"auto,block"}, "code that may not be broken leaves an empty box where the sheet ends"
    assert page.locator("#chart-hero .chart-view :is(img, svg.marks):visible").count() == 1 and page.locator("figure:has(.at-head) img:visible").count() == 0
    assert page.locator("figure:has(.at-head)").inner_text().strip() == "Figure 1 stands at the head of this chapter"
    assert not [page.locator(one).count() for one in (".to-contents:visible", "#pst-primary-sidebar:visible", "#jb-print-toc:visible") if page.locator(one).count()]
    asked = page.locator("blockquote:has(+ .guess)").first
    assert asked.inner_text().strip().startswith("A test is right") and page.locator(".guess:visible").count() == 0, "nobody can guess with the answer before their eyes"
    assert asked.locator("p").evaluate("one => getComputedStyle(one, '::before').content") == '"Question."'


def test_paper_is_the_text_until_all_code_is_shown(open_page):
    """Its figures, claims with what they printed, and recipes; no other code, and of a side road its name, but for what the reader has opened. It says so, and how to have all of it."""
    page = open_page("notebooks/binary_metrics.html")
    shown = lambda what: page.locator(what).locator("visible=true").count()  # noqa: E731
    road = page.locator(".side-road")
    road.first.locator("> summary h3").click(position={"x": 60, "y": 8})
    page.emulate_media(media="print")
    assert shown(".cell_input") == shown(".recipe .cell_input") == 1 and shown(".claim-code") == 0
    assert page.evaluate("[...document.querySelectorAll('.cell')].filter((one) => one.checkVisibility() && ![...one.children].some((part) => part.checkVisibility() && part.offsetHeight)).length") == 0, "no empty cell"
    assert shown(".side-road > summary") == road.count() > 2 and road.nth(1).locator(":scope > :visible").count() == 1 < road.first.locator(":scope > :visible").count()
    assert shown(".claim .cell_output") > 10 and shown("figure") > 3 and page.locator(".on-paper").inner_text().startswith("Printed without code and side roads")
    page.emulate_media(media="screen")
    assert page.locator(".on-paper").is_hidden()
    page.locator(".code-switch").click()
    page.emulate_media(media="print")
    assert shown(".claim-code pre") >= page.locator(".claim").count() and road.nth(1).locator(":scope > :visible").count() > 1 and shown(".on-paper") == 0


def test_paper_has_no_controls(open_page):
    """Neither a film's nor a chart's; and a figure is no higher than a third of a sheet."""
    page = open_page("notebooks/cartpole.html")
    page.emulate_media(media="print")
    assert page.locator("article :is(button, input, select):visible").count() == 0
    assert all(height <= 8.8 / 2.54 * 96 + 1 for height in page.locator("figure img:visible").evaluate_all("all => all.map((one) => one.clientHeight)"))


def test_paper_does_not_part_what_belongs_together(open_page):
    """The line of doubt stays with what a claim's cell printed, which a line of its own can, and a formula with the sentence that it ends."""
    page = open_page("notebooks/hubei.html")
    page.emulate_media(media="print")
    doubted, before = page.locator(".claim-doubted:visible"), page.locator("p:has(+ div.math):visible")
    assert doubted.count() and set(doubted.evaluate_all("all => all.map((one) => `${getComputedStyle(one).display} ${getComputedStyle(one).breakBefore}`)")) == {"block avoid"}
    assert before.count() and set(before.evaluate_all("all => all.map((one) => getComputedStyle(one).breakAfter)")) == {"avoid"}


def test_without_scripts_nothing_asks_for_the_hand(open_page):
    """Where nothing can be pointed at or moved, no caption says so; and there the text says what a recipe needs, which the button else takes along."""
    for scripts in (True, False):
        seen = lambda name, what: [one.is_visible() for one in open_page(f"notebooks/{name}.html", java_script_enabled=scripts).locator(what).all()]  # noqa: E731
        assert any(seen("class_weights", ".by-hand")) == scripts
        assert seen("cartpole", "span.recipe-needs") == [not scripts]


def test_paper_has_margins_of_its_own_and_no_hints_for_the_hand(open_page):
    """Also where a browser sets none; a caption's sentence on what can be pointed at or pulled is not printed, at the head and at its place."""
    page = open_page("notebooks/class_weights.html")
    hint = page.locator(".by-hand", has_text="Point at a bar")
    assert hint.first.is_visible()
    page.emulate_media(media="print")
    assert hint.count() and not page.locator(".by-hand:visible").count()
    page = open_page("notebooks/binary_metrics.html", moves=False)
    page.set_viewport_size({"width": 680, "height": 1000})  # a sheet between its margins
    page.emulate_media(media="print")
    chart, question = page.locator("#chart-hero img:visible").bounding_box(), page.locator("blockquote:has(+ .guess)").first
    assert chart["width"] > 600 and "Pull the line" not in page.locator(".hero-caption:visible").first.inner_text()
    assert question.evaluate("one => [getComputedStyle(one).borderBottomWidth, parseFloat(getComputedStyle(one).marginBottom) > 10]") == ["1px", True]
    margins = page.evaluate("[...document.styleSheets].flatMap((sheet) => [...sheet.cssRules]).filter((rule) => rule instanceof CSSPageRule).map((rule) => rule.style.margin)")
    assert margins == ["15mm"]


def test_paper_is_light(open_page):
    """Also where the page is dark; a chart that lives is drawn as it is set, and stands at the head alone; nobody is asked to move it."""
    page = open_page("notebooks/cauchy.html", theme="dark")
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.evaluate("document.documentElement.dataset.theme") == "light"
    assert page.locator("#chart-hero img.only-light, #chart-hero svg").first.is_visible() and page.locator(".only-dark:visible").count() == 0
    assert page.locator("figure .chart:visible").count() == 0 and page.get_by_text("stands at the head of this chapter").is_visible()
    assert page.get_by_text("Move the slider").count() and not page.get_by_text("Move the slider").locator("visible=true").count()
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"


def test_nobody_moves_what_is_printed(open_page):
    """Not on the first page either, nor in a whole paragraph."""
    for name, asked, left in (("book/intro", "Move the day", "How large would the epidemic"), ("notebooks/hubei", "Move the day", "For each day from")):
        page = open_page(f"{name}.html", moves=False)
        seen = lambda words: page.locator("article").get_by_text(words).locator("visible=true").count()  # noqa: E731
        assert seen(asked) and seen(left)
        page.emulate_media(media="print")
        assert not seen(asked) and seen(left)


def test_sheets_are_used(open_page):
    """What the reader has opened is on them, and all of the ledger; no sheet is left white for a long claim."""

    def sheets(page):
        return len(re.findall(rb"/Type\s*/Page\b", page.pdf(format="A4", margin={side: "12mm" for side in ("top", "bottom", "left", "right")})))

    page = open_page("notebooks/binary_metrics.html")
    few = sheets(page)
    page.locator(".code-switch").click()
    assert few < 0.9 * sheets(page), "who shows all code has it on paper too"
    page = open_page("book/claims.html", size="narrow")
    page.locator(".ledger-filter [name=words]").fill("batch size")
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    rows = page.locator(".ledger tbody tr")
    assert page.locator(".ledger tbody tr:visible").count() == rows.count() and page.locator(".ledger-filter").is_hidden()
    assert sheets(open_page("book/claims.html")) < rows.count() / 4.5, "sheets are nearly blank"
    assert sheets(open_page("book/doubt.html")) < 30, "the changes that were noticed, a thousand, are for who opens them"


def test_a_browser_that_keeps_nothing(open_page):
    """Where storage is blocked, even to ask for it throws; the theme can be chosen and the search opened nevertheless."""
    page = open_page("book/intro.html", moves=False)
    page.add_init_script("Object.defineProperty(window, 'localStorage', { configurable: true, get() { throw new DOMException('blocked', 'SecurityError'); } })")
    page.reload()
    mode = page.locator("html").get_attribute("data-mode")
    page.locator(".theme-switch-button").first.click()
    assert page.locator("html").get_attribute("data-mode") != mode
    page.keyboard.press("Control+k")
    assert page.locator("#pst-search-dialog input").is_visible()


def test_the_drawer_gives_the_focus_back(open_page):
    page = open_page("book/intro.html", size="narrow")
    page.locator(".primary-toggle").click()
    assert page.locator("#pst-primary-sidebar-modal").is_visible()
    page.keyboard.press("Escape")
    page.wait_for_function("() => document.activeElement.matches('.primary-toggle')", polling=200)


def test_the_drawer_lets_the_focus_go_where_a_link_leads(open_page):
    page = open_page("notebooks/binary_metrics.html", size="narrow")
    page.locator(".secondary-toggle").click()
    link = page.locator("dialog[open] #pst-page-toc-nav > ul > li > a").last
    section = page.locator(link.get_attribute("href"))
    page.evaluate("document.querySelector('dialog[open]').addEventListener('close', () => (window.left = true))")
    link.press("Enter")
    page.wait_for_function("() => window.left", polling=200)
    page.keyboard.press("Tab")
    assert section.evaluate("section => section.contains(document.activeElement)")


def test_what_a_jump_led_to_has_a_bar_and_no_slab(open_page):
    page = open_page("notebooks/binary_metrics.html#exercises")
    heading = page.locator(":target > h2")
    assert heading.evaluate("one => getComputedStyle(one).backgroundColor") == "rgba(0, 0, 0, 0)"


def test_icons_are_seen_in_forced_colours(open_page):
    page = open_page("notebooks/binary_metrics.html", forced_colors="active")
    colours = page.evaluate("[...document.querySelectorAll('button :is(.fa-solid, .fas), a .fab')].map((icon) => [icon, document.body].map((one) => getComputedStyle(one).backgroundColor))")
    assert colours and all(icon != ground for icon, ground in colours)


def test_what_is_printed_below_a_claim_stands_under_it(open_page):
    """All of it has one left edge and one right edge."""
    page = open_page("notebooks/central_limit_theorem.html")  # the only one whose print is too high for the margin
    boxes = page.evaluate("""['.minor:not(.noted, details *) > p', '.minor:not(.noted, details *) .cell_output pre', 'article > section > p', '.cell_input', '.minor:not(.noted, details *)', 'footer .footer-item p', '.prev-next-area .prev-next-info'].map((name) => {
        const one = document.querySelector(name), { left, right, top, bottom } = one.getBoundingClientRect();
        return { left: left + parseFloat(getComputedStyle(one).paddingLeft), right, top, bottom };
    })""")
    sentence, printed, text, code, claim, end, _ = boxes
    assert sentence["left"] == printed["left"] and 24 <= printed["top"] - sentence["bottom"] < 40, "its label between"
    assert sentence["right"] <= claim["right"] == text["right"] == code["right"] and end["left"] == text["left"]


@pytest.mark.parametrize("name", book.chapters())
def test_sections_and_what_stands_apart_have_the_same_white_around_them(open_page, name):
    """Whatever ends the section before: 72 pixels above a section's bar, 40 around main claims and recipes, 24 around other claims."""
    page = laid_out(open_page, name)
    edges = """all => all.map((one) => {
        const last = (part) => (part.matches("section, .guessed") && part.lastElementChild ? last(part.lastElementChild) : part.matches(".cell, .recipe-needs") && !part.getBoundingClientRect().height ? last(part.previousElementSibling) : part);
        const before = one.previousElementSibling ?? one.parentElement.previousElementSibling;
        return [last(before).matches("h2, h3, h4, summary, .noted"), Math.round(one.getBoundingClientRect().top - last(before).getBoundingClientRect().bottom)];
    })"""
    gaps = lambda which: {gap for skip, gap in page.locator(which).evaluate_all(edges) if not skip}  # noqa: E731
    assert gaps("article > section > section > h2") <= {72}
    assert gaps("article > section > section > .plate, article > section > section > .recipe") <= {40}
    assert gaps("article > section > section > .minor") <= {24, 40}


@pytest.mark.parametrize("size", SIZES)
def test_the_button_that_copies_a_citation_is_seen_and_covers_no_word(open_page, size):
    page = open_page("notebooks/class_weights.html", size=size)
    page.locator("details.cite").evaluate("one => { one.open = true; one.scrollIntoView(); }")
    page.wait_for_selector(".cite .copybtn svg")
    for block in page.locator(".cite .highlight").all():
        button, icon, drawn = (block.locator(one).first.bounding_box() for one in (".copybtn", ".copybtn svg", ".copybtn svg rect"))
        assert abs(icon["width"] - icon["height"]) < 1, "its picture has the form of a line of code"
        assert drawn["width"] > 5 and button["x"] <= drawn["x"] and drawn["x"] + drawn["width"] <= button["x"] + button["width"]
        words = block.locator("pre").evaluate("one => { const range = document.createRange(); range.selectNodeContents(one); return [...range.getClientRects()].map(({ left, right, top, bottom }) => [left, right, top, bottom]); }")
        assert not [one for one in words if one[1] > button["x"] and one[3] > button["y"] and one[2] < button["y"] + button["height"]], "it covers a word"


@pytest.mark.parametrize("size", SIZES)
def test_the_head_of_a_long_table_stays_while_its_rows_are_read(open_page, size):
    page = open_page("notebooks/keras_masking.html", size=size)
    page.add_style_tag(content="article section { content-visibility: visible !important; }")
    table = page.locator(".pst-scrollable-table-container table").first
    table.evaluate("one => one.scrollIntoView()")
    page.locator(".pst-scrollable-table-container.fits").first.wait_for(state="attached")
    assert table.evaluate("one => getComputedStyle(one.tHead.rows[0]).borderBottomWidth") == "0px", "two lines below it"
    page.evaluate("scrollBy(0, 200)")
    head, bar = table.locator("th").first.bounding_box(), page.locator(".bd-header-article").bounding_box()
    assert -2 <= head["y"] - bar["y"] - bar["height"] <= 1
    page.set_viewport_size({"width": 280, "height": 700})
    wide = page.locator(".pst-scrollable-table-container").first
    assert "fits" not in wide.get_attribute("class") and wide.get_attribute("tabindex") == "0", "it scrolls"
    wide.evaluate("one => (one.scrollLeft = 60)")
    assert abs(table.locator("th").first.bounding_box()["x"] - wide.bounding_box()["x"]) < 1 and page.evaluate("document.documentElement.scrollWidth") <= 280


@pytest.mark.parametrize("name", ["class_weights", "keras_confusion_metrics"])
def test_nothing_scrolls_sideways_on_the_narrowest_screen(open_page, name):
    page = open_page(f"notebooks/{name}.html", moves=False)
    page.set_viewport_size({"width": 320, "height": 700})
    page.add_style_tag(content="article section { content-visibility: visible !important; }")
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


def test_a_jump_lands_where_it_should_before_anything_far_away_is_laid_out(open_page):
    page = open_page("notebooks/central_limit_theorem.html", moves=False)
    link = page.locator("#pst-page-toc-nav > ul > li > a").last
    link.evaluate("link => link.click()")
    heading = page.locator(link.get_attribute("href"))
    at_once = heading.bounding_box()["y"]
    page.wait_for_timeout(1000)
    assert 0 <= at_once < 200 and abs(heading.bounding_box()["y"] - at_once) < 5


def test_the_contents_name_the_section_that_is_read(open_page):
    """Also after a jump over many headings, up or down; at first none, and the name stands in sight and is not cut off."""
    for name in ("hubei", "binary_metrics", "class_weights"):
        page = open_page(f"notebooks/{name}.html")
        page.wait_for_timeout(300)  # past the first mark
        assert page.locator("#pst-page-toc-nav a[aria-current]").count() == 0, "what is folded, or far away, has no place"
    cut = "[...document.querySelectorAll('#pst-page-toc-nav a')].filter((one) => one.scrollWidth > one.clientWidth).map((one) => one.textContent)"
    assert page.evaluate(cut) == []
    names = page.evaluate("[...document.querySelectorAll('#pst-page-toc-nav > ul > li > a')].map((link) => link.hash.slice(1))")
    for name in (names[-1], names[2], names[5]):
        page.evaluate("name => scrollTo({ top: document.getElementById(name).getBoundingClientRect().top + scrollY - 20, behavior: 'instant' })", name)
        page.wait_for_function("name => document.querySelector('#pst-page-toc-nav a[aria-current]')?.hash === `#${name}`", arg=name, timeout=5000, polling=200)
        inside = "() => { const [one, box] = ['#pst-page-toc-nav a[aria-current]', '.bd-sidebar-secondary'].map((name) => document.querySelector(name).getBoundingClientRect()); return box.top <= one.top && one.bottom <= Math.min(box.bottom, innerHeight); }"
        page.wait_for_function(inside, timeout=5000, polling=200)


def test_the_contents_name_a_side_road_only_to_who_is_in_it(open_page):
    """What follows a closed one is the section's around it; in an open one its own name is marked."""
    page = open_page("notebooks/hubei.html")
    road = "#side-road-the-same-was-published-and-why-9-february-was-so-sure"
    marked = lambda name: page.wait_for_function("name => document.querySelector('#pst-page-toc-nav a[aria-current]')?.hash === name", arg=name, polling=200)  # noqa: E731
    go = lambda offset: (page.evaluate(f"() => scrollTo({{ top: document.querySelector('{road} > details').getBoundingClientRect().{offset} + scrollY - 150, behavior: 'instant' }})"), page.wait_for_timeout(400))  # noqa: E731
    around = "#" + page.locator(f"section:has(> {road})").get_attribute("id")
    go("bottom")
    marked(around)
    page.evaluate(f"() => (document.querySelector('{road} > details').open = true)")
    go("top")
    marked(road)
    go("bottom")
    marked(around)


def test_the_contents_name_the_chapter_of_a_changes_list(open_page):
    """A link to what was noticed of a claim: the mark is at the claim's chapter, also where its section begins with a fold."""
    page = open_page("book/doubt.html")
    for claim in ("class_weights--pytorch-steps-not-calmer", "binary_metrics--precision-follows-bayes"):
        page.evaluate("id => (location.hash = id)", claim)
        chapter = page.locator(f"section:has(> details #{claim})").first.get_attribute("id")
        page.wait_for_function("id => document.querySelector('#pst-page-toc-nav a[aria-current]')?.hash === `#${id}`", arg=chapter, timeout=5000, polling=200)


def test_a_search_reaches_the_place_that_answers_it(open_page):
    """Questions and error messages as people type them. The engine and its entries are loaded by the first search, not before."""
    page = open_page("search.html")
    assert not {"_static/minisearch.js", "vendor/search-entries.js"} & set(open_page.asked)
    missed = []
    for asked in yaml.safe_load((ROOT / "tests/book/queries.yml").read_text(encoding="utf-8")):
        found = page.evaluate("query => bookSearch(query).then((places) => places.slice(0, 3).map((place) => place.url))", asked["query"])
        parts = [(place, *place.partition("#")) for place in asked["places"]]
        expected = {place if ".html" in place else f"notebooks/{chapter}.html{mark}{anchor}" for place, chapter, mark, anchor in parts}
        if not expected & set(found):
            missed.append(f"{asked['query']}: {found}")
    for name, url in page.evaluate("searchEntries.filter(({ kind }) => kind === 'chapter' || kind === 'term').map(({ title, url }) => [title, url])"):
        found = page.evaluate("name => bookSearch(name).then((places) => places.slice(0, 3).map((place) => place.url))", name)
        if url not in found:
            missed.append(f"{name}: {found}")
    assert not missed, missed


def test_what_the_book_does_not_explain_is_said(open_page):
    """Of messages and questions that it does not answer; of those that it does, but for a few, it is not said."""
    page = open_page("search.html")
    explained = lambda query: page.evaluate("query => bookSearch(query).then(({ explained }) => explained)", query)  # noqa: E731
    read = lambda name: yaml.safe_load((ROOT / "tests/book" / name).read_text(encoding="utf-8"))  # noqa: E731
    assert [query for query in read("unanswered.yml") if explained(query)] == []
    assert [asked["query"] for asked in read("queries.yml") if not explained(asked["query"])] == []


def test_what_comes_first_is_about_what_was_asked(open_page):
    """Not what has its words in a name of code, nor as a test and a *t*; and where the list is cut it is said."""
    page = open_page("search.html?q=sample size")
    first = lambda query: page.evaluate("query => bookSearch(query).then((places) => places.slice(0, 3).map((place) => `${place.url} ${place.title} ${place.text} ${place.code}`.toLowerCase()))", query)  # noqa: E731
    assert "central_limit_theorem" in first("sampel size")[0] and "nan" in first("why is my val_loss nan")[0]
    assert all("t-test" in place or "ttest" in place for place in first("t-test"))
    assert all("skew" in place for place in first("skewed"))
    page.wait_for_selector("#search-results li")
    said = re.match(r"The first 20 of (\d+) places", page.locator("#search-status").inner_text())
    assert int(said[1]) > 20 == page.locator("#search-results > li").count()


def test_the_search_shows_no_box_before_something_is_asked(open_page):
    page = open_page("notebooks/cauchy.html")
    page.keyboard.press("Control+k")
    page.wait_for_selector("#search-now", state="attached")
    assert page.locator("div.search-now").is_hidden()
    page.keyboard.type("mean")
    page.wait_for_selector("div.search-now [role=option]")
    page.locator("#pst-search-dialog input").fill("")
    page.wait_for_selector("div.search-now", state="hidden")


@pytest.mark.parametrize(
    ("query", "without"),
    [
        ("accuracy paradox imbalanced", "“paradox”"),
        ("base rate fallacy medical test", "“fallacy”"),
        ("roc curve misleading imbalanced fraud", "“fraud”"),
        ("gambler lighthouse puzzle cauchy", "“gambler” and “puzzle”"),
    ],
)
def test_a_word_that_the_book_does_not_have_is_left_out_and_named(open_page, query, without):
    page = open_page(f"search.html?q={query}")
    page.wait_for_selector("#search-results li")
    assert re.fullmatch(rf"Without {without}, which the book does not have: (the first 20 of )?\d+ places?(, (\d+|none) with all of the other words)?\.", page.locator("#search-status").inner_text())
    assert not page.locator(".search-cure a").count()


def test_a_softmax_as_in_the_formula_warns_in_the_words_for_which_its_place_is_asked():
    """`asked` in _config.yml: numpy says it of its own inf / inf."""
    with pytest.warns(RuntimeWarning, match="invalid value encountered in divide"), np.errstate(over="ignore"):
        np.exp([1000.0, 0.0]) / np.exp([1000.0, 0.0]).sum()


def test_numpy_refuses_a_window_in_the_words_for_which_its_place_is_asked():
    with pytest.raises(ValueError, match="window shape cannot be larger than input array shape"):
        np.lib.stride_tricks.sliding_window_view(np.zeros((3, 3)), (4, 4))


@pytest.mark.parametrize("width", [1200, 1280, 1600])
@pytest.mark.parametrize("name", book.chapters())
def test_a_chapter_opens_with_a_band(open_page, name, width):
    """From edge to edge, in its part's tint; its figure spans text and margin, with its caption below it, as wide as the text, and in the margin a link to its place; what it tells at the left. The contents begin below."""
    page = open_page(f"notebooks/{name}.html", moves=False)
    page.set_viewport_size({"width": width, "height": 800})
    box = lambda one: page.locator(one).first.bounding_box()  # noqa: E731
    page.wait_for_selector(".bd-sidebar-secondary[style*=opening]")
    band, title, caption = box(".opening"), box(".opening h1"), box(".hero-caption:visible")
    figure = box(".opening :is(.chart-view, .still-view)")
    assert page.locator(".opening").evaluate("one => getComputedStyle(one).boxShadow").startswith(page.locator(".opening").evaluate("one => getComputedStyle(one).backgroundColor"))
    assert title["width"] > 850 and -2 < figure["x"] - title["x"] < 60  # the plot; its sheet begins there
    assert caption["y"] >= figure["y"] + figure["height"] and abs(caption["x"] - title["x"]) < 2
    words, place, told = box(".hero-caption:visible > span"), box(".hero-caption:visible > a"), box(".opening .told")
    text = box("article > section > p:not(.facts)")
    assert words["width"] <= text["width"] and abs(place["x"] - text["x"] - text["width"] - 40) < 2 and place["height"] < 25 and abs(place["y"] - words["y"]) < 3
    top = box(".opening form")["y"] if page.locator(".opening form").count() else figure["y"]
    assert told["x"] + told["width"] < figure["x"] and abs(told["y"] - top) < 20 and told["y"] + told["height"] <= figure["y"] + figure["height"]
    assert band["y"] + band["height"] - max(one["y"] + one["height"] for one in (caption, figure)) < 32, "no blank strip"
    assert caption["y"] + caption["height"] <= band["y"] + band["height"] and figure["x"] + figure["width"] <= width
    assert box("#pst-page-toc-nav")["y"] > band["y"] + band["height"] and page.evaluate("document.documentElement.scrollWidth") <= width
    drawn = page.locator(".opening :is(img, canvas):visible").bounding_box()
    assert 650 < drawn["width"] <= figure["width"]
    assert drawn["y"] + drawn["height"] <= 800 and (width != 1280 or caption["y"] + caption["height"] <= 800)
    assert page.locator(".bd-sidebar-secondary").evaluate("one => getComputedStyle(one).backgroundColor") == "rgba(0, 0, 0, 0)", "the contents cover the band's last row"


def laid_out(open_page, name, width=1280):
    """The chapter's page on a wide screen, all of it laid out, and what its guesses fold opened."""
    page = open_page(f"notebooks/{name}.html", moves=False)
    page.set_viewport_size({"width": width, "height": 800})
    page.add_style_tag(content="article section { content-visibility: visible !important; }")
    page.evaluate("document.querySelectorAll('.guessed').forEach((fold) => (fold.open = true))")
    return page


WITH_WIDE = sorted(name for name in book.chapters() if any("wide" in cell.metadata for cell in book.code_cells(book.load(name))))


@pytest.mark.parametrize("name", WITH_WIDE)
def test_a_wide_figure_spans_text_and_margin(open_page, name):
    """Its caption below it, its letters as large as others; panels that stand below each other on a phone and on paper stand beside each other."""
    page = laid_out(open_page, name)
    text = page.locator("article > section > p:not(.facts)").first.bounding_box()
    notes = [one.bounding_box() for one in page.locator(".bd-article .claim-doubted").all() if one.is_visible()]
    for figure in page.locator(".cell.wide:not(details *) figure:not(:has(.at-head))").all():
        figure.scroll_into_view_if_needed()
        if figure.locator(".chart[data-source]").count():
            figure.locator(".chart[data-ready]").wait_for()  # its picture is gone then
        shown, caption = figure.locator(":is(img, svg):visible").first.bounding_box(), figure.locator("figcaption").bounding_box()
        assert text["x"] + text["width"] < shown["x"] + shown["width"] <= 1280 and abs(shown["x"] + shown["width"] - text["x"] - 984) < 4 or name == "cauchy"
        assert abs(caption["x"] - text["x"]) < 2 and caption["y"] >= shown["y"] + shown["height"]
        top = page.evaluate("scrollY")
        assert not [note for note in notes if shown["y"] + top < note["y"] < shown["y"] + top + shown["height"]]
    for how in ("narrow", "print"):
        page.set_viewport_size({"width": 390, "height": 844}) if how == "narrow" else page.emulate_media(media="print")
        assert not page.locator(".panels-beside:visible").count()


def test_a_caption_says_no_place_that_a_wide_figure_has_not():
    """Its panels stand below each other here and beside each other there."""
    for name in book.chapters():
        for cell in book.code_cells(book.load(name)):
            if isinstance(said := cell.metadata.get("wide"), dict) and {"columns", "beside"} & said.keys():
                words = f"{cell.metadata['mystnb']['figure']['caption']} {cell.metadata['mystnb']['image']['alt']}".lower()
                assert not re.findall(r"\b(?:upper|lower|on top|\(top\)|left|right) (?:panel|chart)|^(?:above|below)|[.:] (?:above|below)[,:]", words), f"{name}: {words}"


@pytest.mark.parametrize("name", book.chapters())
def test_what_stands_in_the_margin_is_within_the_window_and_covers_nothing(open_page, name):
    """Also where guesses and side roads have been opened: captions, what cells printed, what vouches for claims, and the labels of folded code, all on one left edge. With open code the others stay there."""
    page = laid_out(open_page, name)
    page.evaluate("document.querySelectorAll('.side-road').forEach((road) => (road.open = true))")
    for width in (1200, 1280, 1440, 1920):
        page.set_viewport_size({"width": width, "height": 800})
        for opened in (False, True):
            page.locator(".noted details").evaluate_all("(all, opened) => all.forEach((one) => (one.open = opened))", opened)
            text = page.locator("article > section > p").first.bounding_box()
            notes = page.evaluate("""[...document.querySelectorAll('.bd-article :is(figcaption, .hero-caption, .claim-doubted, summary[data-short], .noted .cell_output)')].filter((one) => one.checkVisibility())
                .map((one) => one.getBoundingClientRect()).map(({ left, right, top, bottom }) => ({ left, right, top, bottom }))""")
            beside = sorted((note for note in notes if note["right"] > text["x"] + text["width"] + 50 and note["bottom"] > note["top"]), key=lambda note: note["top"])
            assert len(beside) > (10 if width >= 1280 else 3) and all(note["right"] <= width for note in beside)
            margin = text["x"] + text["width"] + 40
            assert not [note for note in beside if abs(note["left"] - margin) > 1 and note["top"] > page.locator(".opening").bounding_box()["height"] and note["left"] > margin - 40 and note["left"] < margin + 60]
            assert all(one["bottom"] <= other["top"] for one, other in zip(beside, beside[1:])), width


@pytest.mark.parametrize("name", book.chapters())
def test_what_small_claims_printed_stands_beside_them(open_page, name):
    """In letters of 10.5 pixels or more, tables never broken, not far below the sentence, below which one line has the label of the code and what was tried; where a window is narrower it stands below, as without JavaScript."""
    page = laid_out(open_page, name)
    noted = page.locator(".noted:not(details:not(.guessed) *)")
    found = noted.evaluate_all("""all => all.map((one) => {
        const [frame, sentence, sheet] = [one, one.querySelector("p"), one.querySelector(".cell_output")].map((part) => part.getBoundingClientRect()), pre = one.querySelector(".cell_output pre");
        const { fontSize, lineHeight } = getComputedStyle(pre), lines = [...pre.children];
        return { apart: sheet.left - sentence.right, below: sheet.top - sentence.top, white: frame.bottom - sentence.bottom, letters: parseFloat(fontSize),
            most: Math.max(...lines.map((line) => line.textContent.trimEnd().length)), broken: lines.some((line) => line.offsetHeight > 1.5 * parseFloat(lineHeight)) };
    })""")
    assert len(found) > 3 and all(one["apart"] > -20 and abs(one["below"]) < 8 and one["white"] < 130 and one["letters"] >= 10.5 for one in found), found
    assert not [one for one in found if one["broken"] and one["most"] <= 35]
    lines = page.locator(".claim:is(.noted, .plate.beside):not(details:not(.guessed) *)").evaluate_all("""all => all.map((one) => {
        const [sentence, printed, label, tried] = ["p", ".cell_output", ".claim-code > summary", ".claim-doubted"].map((part) => one.querySelector(part)?.getBoundingClientRect());
        return { below: label.top - sentence.bottom, left: label.left - sentence.left, same: tried ? tried.bottom - label.bottom : 0, apart: tried ? parseFloat(getComputedStyle(one.querySelector(".claim-doubted")).paddingLeft) - label.width : 9, hole: printed.bottom - label.bottom };
    })""")
    assert all(0 <= one["below"] < 12 and abs(one["left"]) < 1 and abs(one["same"]) < 2 and one["apart"] > 4 and one["hole"] < 45 for one in lines), lines
    without = open_page(f"notebooks/{name}.html", java_script_enabled=False)
    page.set_viewport_size({"width": 1240, "height": 800})
    for one in (page, without):
        sentence, sheet = (one.locator(f".noted:not(details *) > {part}").first.bounding_box() for part in ("p", ".cell > .cell_output"))
        assert sheet["y"] >= sentence["y"] + sentence["height"] - 1


@pytest.mark.parametrize("width", [1200, 1280, 1600])
@pytest.mark.parametrize("name", book.chapters())
def test_main_claims_are_plates_on_a_wide_page(open_page, name, width):
    """From the text's left edge to the margin's right one: the sentence with what its cell printed beside it, or below; its code opens over the whole plate, and the margin's notes do not reach into it. What vouches for other claims is one line."""
    page = laid_out(open_page, name, width)
    text = page.locator("article > section > p:not(.facts)").first.bounding_box()
    notes = [one.bounding_box() for one in page.locator(".bd-article :is(figcaption, .noted .claim-doubted)").all() if one.is_visible()]
    lines = page.locator(".claim-doubted").evaluate_all("all => all.filter((one) => one.checkVisibility()).map((one) => one.offsetHeight / parseFloat(getComputedStyle(one).lineHeight))")
    assert lines and max(lines) < 1.5, "one line"
    assert page.locator(".plate").count() == sum(claim["main"] for claim in book.claims(book.load(name)))
    for plate in page.locator(".plate").all():
        frame, sentence, printed = (one.bounding_box() for one in (plate, plate.locator("> p").first, plate.locator(".cell_output")))
        right, foot = frame["x"] + frame["width"], frame["y"] + frame["height"]
        assert abs(plate.locator("> span[id]").evaluate("one => one.getBoundingClientRect().y") - frame["y"]) < 2, "a link to its number leads to its top"
        assert abs(frame["x"] - text["x"]) < 2 and text["x"] + text["width"] + 100 < right <= width
        if "beside" in plate.get_attribute("class") and width >= 1280:
            assert printed["x"] >= sentence["x"] + sentence["width"] - 1 and abs(printed["y"] - sentence["y"]) < 12  # its sheet is wider
        else:
            assert printed["y"] >= sentence["y"] + sentence["height"] - 1 and printed["width"] > frame["width"] - 80
        assert plate.locator("pre").first.evaluate("one => one.scrollWidth <= one.clientWidth + 1 && one.scrollHeight <= one.clientHeight + 1")
        assert not [note for note in notes if note["x"] + note["width"] > frame["x"] and note["x"] < right and note["y"] + note["height"] > frame["y"] and note["y"] < foot]
    plate = page.locator(".plate").first
    plate.locator("summary").click()
    assert plate.locator(".cell_input").last.bounding_box()["width"] > plate.bounding_box()["width"] - 90


@pytest.mark.parametrize("width", [360, 390])
@pytest.mark.parametrize("name", book.chapters())
def test_what_a_claim_printed_fits_a_phone(open_page, name, width):
    """Lines of up to 44 letters are not broken, and their letters are not too small to be read; those of longer ones that are broken are no smaller than others."""
    page = open_page(f"notebooks/{name}.html", moves=False)
    page.set_viewport_size({"width": width, "height": 844})
    page.add_style_tag(content="article section { content-visibility: visible !important; }")
    page.evaluate("document.querySelectorAll('article details').forEach((fold) => (fold.open = true))")
    found = page.locator(".claim .cell_output .highlight > pre").evaluate_all("""all => all.map((one) => {
        const { fontSize, lineHeight } = getComputedStyle(one), lines = [...one.children];
        return [Math.max(...lines.map((line) => line.textContent.trimEnd().length)), parseFloat(fontSize), lines.some((line) => line.offsetHeight > 1.5 * parseFloat(lineHeight))];
    })""")
    assert len(found) == len(book.claims(book.load(name)))
    assert not [one for one in found if one[0] <= 44 and one[2]] and min(size for _, size, _ in found) >= 10.5
    assert all(size >= 12.8 for _, size, broken in found if broken)


@pytest.mark.parametrize("size", SIZES)
def test_the_first_sentence_of_a_main_claim_is_large(open_page, size):
    """What follows it is set smaller, below it; on a phone the ground is that of the chapter's part, too."""
    page = open_page("notebooks/hubei.html", size=size)
    rest = page.locator(".plate .claim-rest").first
    large, small = (one.evaluate("one => parseFloat(getComputedStyle(one).fontSize)") for one in (rest.locator(".."), rest))
    assert rest.inner_text().startswith("With CSSE’s dates") and small in (16, 17) and large > small
    assert page.locator(".plate").first.evaluate("one => getComputedStyle(one).backgroundColor") == page.locator(".opening").evaluate("one => getComputedStyle(one).backgroundColor")


def test_heads_have_one_margin_on_a_phone(open_page):
    """Charts, a still picture, and the still of a film."""
    places = set()
    for name in book.chapters():
        sheet = open_page(f"notebooks/{name}.html", size="narrow", moves=False).locator(".opening :is(.chart-view, .still-view)").bounding_box()
        places.add((round(sheet["x"]), round(sheet["width"])))
    assert len(places) == 1


def test_the_page_of_results(open_page):
    """Each result leads to its place, which a jump unfolds; formulas are set; what no place has is said."""
    page = open_page("search.html?q=characteristic function Cauchy")
    page.wait_for_selector("#search-results math")
    assert r"\(" not in page.locator("#search-results").inner_text()
    page.locator("#search-results a").first.click()
    target = page.locator("article :target")
    assert 0 <= target.bounding_box()["y"] < 300 and target.is_visible()
    page.go_back()
    field = page.locator("article input[type=search]")
    assert field.input_value() == "characteristic function Cauchy"
    field.fill("qwertzuiop")
    page.wait_for_function("() => document.querySelector('#search-status').textContent.startsWith('Nothing has')")
    field.fill("senstivity")
    page.wait_for_function("() => document.querySelector('#search-status').textContent.includes('Did you mean “sensitivity”?')")
    assert page.locator("#search-results li").count() > 2
    field.fill("why is the refrigerator of my grandmother noisy")
    page.wait_for_function("() => document.querySelector('#search-status').textContent.startsWith('Nothing here explains this')")
    assert page.locator(".search-cure a").count() == 3
    field.fill("how to")
    page.wait_for_function("() => document.querySelector('#search-status').textContent.startsWith('Such words are everywhere')")
    assert not page.locator(".search-cure a, #search-results li").count()
    field.fill("???")
    page.wait_for_function("() => document.querySelector('#search-status').textContent.startsWith('No word is in this')")
    field.fill("sample_weight_mode")
    page.wait_for_function("() => document.querySelector('#search-status').textContent.startsWith('Without “sample_weight_mode”, which the book does not have')")
    field.fill("how to tune xgboost learning rate")
    page.wait_for_function("() => document.querySelector('#search-status').textContent === 'Nothing here explains this. The book has no “xgboost”.'")
    assert page.locator(".search-near").count() == 1 and 1 <= page.locator("#search-results li").count() <= 3
    for message in ("IndexError: list index out of range", "CUDA out of memory", "operands could not be broadcast together with shapes"):  # with the name of the error or without
        field.fill(message)
        page.wait_for_function("query => document.querySelector('#search-results').dataset.query === query && document.querySelector('#search-status').textContent === 'No page of this book has this message.'", arg=message)
        assert page.locator(".search-near").count() == 1 and page.locator("#search-results li").count() <= 3
    for message, status in {
        "F1 score 0 UndefinedMetricWarning: Precision is ill-defined": "One place quotes this message.",  # a part of it
        "InvalidArgumentError: The mask that was passed to cuDNN": "No place quotes this word for word. This may be it:",  # in other words
        "ModuleNotFoundError: No module named 'numpy'": "This may be the cause:",  # known to be asked for by it
    }.items():
        field.fill(message)
        page.wait_for_function("([query, status]) => document.querySelector('#search-results').dataset.query === query && document.querySelector('#search-status').textContent === status", arg=[message, status], polling=200)
        assert not page.locator(".search-cure a").count()
    field.fill("how do I compute the class weights for an imbalanced data set in keras")  # long, and no message
    page.wait_for_function("() => /^(The first \\d+ of )?\\d+ places, none with all of these words/.test(document.querySelector('#search-status').textContent)")
    assert page.evaluate("Promise.all(['constructor', '__proto__'].map(bookSearch)).then(() => true)"), "what any object has in JavaScript is no word's other name"
    for message in ("ValueError: Shapes (None, 1) and (None, 10) are incompatible", "Shapes (None, 1) and (None, 10) are incompatible"):  # its words are in the book, it is not
        field.fill(message)
        page.wait_for_function("query => document.querySelector('#search-results').dataset.query === query && document.querySelector('#search-status').textContent.startsWith('No page of this book has this message')", arg=message)
    field.fill("ValueError: FBetaScore expects 2D inputs with shape (batch_size, output_dim)")
    page.wait_for_function("() => document.querySelector('#search-status').textContent.match(/quotes? this message/)")
    field.fill("im2col")  # no word of it is missing
    page.wait_for_function("() => /^(The first \\d+ of )?\\d+ places\\.$/.test(document.querySelector('#search-status').textContent)")
    field.fill("recal vs precission")
    page.wait_for_function("() => document.querySelector('#search-status').textContent.includes('Did you mean “recall vs precision”?')")
    field.fill("gausian")
    page.wait_for_function("() => document.querySelector('#search-status').textContent.includes('Did you mean “gaussian”?')")
    for query in ("multiple conda env", "padded timesteps influence lstm output", "averaging doesn't help cauchy"):  # what it has not is no misspelling of what stands elsewhere, multiply or inference
        field.fill(query)
        page.wait_for_function("query => document.querySelector('#search-results').dataset.query === query && /(^|: |[Tt]he first \\d+ of )\\d+ places?/.test(document.querySelector('#search-status').textContent)", arg=query)
    field.fill("how to run it")
    page.wait_for_function("() => document.querySelector('#search-results a')?.textContent === 'How to run it'")
    field.fill("")
    page.wait_for_url("**/search.html")


def test_a_result_says_things_once(open_page):
    """Its excerpt is not its title again, and what a chapter promises is not run into its question."""
    page = open_page("search.html?q=confidence interval for the mean looks fine")
    page.wait_for_selector("#search-results li")
    for title, text in page.evaluate("[...document.querySelectorAll('#search-results li')].map((one) => [one.querySelector('a'), one.querySelector('.search-text')].map((part) => part.textContent))"):
        assert not text.startswith(title)
    chapters = page.evaluate("searchEntries.filter(({ kind }) => kind === 'chapter').map(({ text }) => text)")
    assert len(chapters) == len(book.chapters()) and all(text[-1] in "?.!" and "What you need" not in text for text in chapters)


TEX = re.compile(r"\\(?:begin|end|text|frac|[()\\])|&=")


def test_no_result_shows_tex(open_page):
    """Whatever part of a place is shown: for each of its words, and in its title."""
    page = open_page("search.html?q=winograd")
    page.wait_for_selector("#search-results li")
    assert not TEX.search(page.locator("#search-results").inner_text())
    shown = page.evaluate("""async () => {
        const found = [];
        for (const entry of searchEntries)
            for (const word of new Set(`${entry.title} ${entry.text}`.match(/\\p{L}{3,}/gu))) found.push(await bookExcerpt(entry, word));
        for (const { title } of searchEntries) found.push(await bookExcerpt({ text: title }, ""));
        return [...new Set(found)];
    }""")
    assert len(shown) > 2000 and not (faults := [text for text in shown if TEX.search(text)]), faults[:5]
    assert not (faults := [text for text in shown if re.match(r"[,;:.)\]|–—]", text)]), faults[:5]  # nor does any begin with what ends something


def test_an_excerpt_is_read_from_its_beginning(open_page):
    """It begins with the sentence of the word; within a long one with its clause, behind an ellipsis; and what a cell printed is no part of the prose before it."""
    page = open_page("search.html")
    excerpt = lambda text, word: page.evaluate("([text, word]) => bookExcerpt({ text }, word)", [text, word])  # noqa: E731
    long = "It has many words, " * 20
    assert excerpt(r"Nothing is here (e.g. this). What costs \(n = 1.5\) needles? Two.", "needle").startswith("What costs")
    assert excerpt(f"{long}and then: a needle in a clause, and {long}", "needle").startswith("… a needle in a clause, and It has")
    assert re.search(r"\w …$", excerpt(f"A needle. {long}", "needle")) and len(excerpt(f"A needle. {long}", "needle")) < 270
    assert excerpt("One is a needle.\nmean: 0.5", "needle") == "One is a needle." and excerpt("One is a hay.\nneedle: 0.5", "needle") == "needle: 0.5"


TRACEBACK = """Traceback (most recent call last):
  File "/home/a/mean_of_cauchy.py", line 41, in <module>
    model.fit(x, y, class_weight=weights)
    ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  File "/home/a/.venv/lib/python3.12/site-packages/keras/src/trainers/data_adapter_utils.py", line 91, in class_weight_to_sample_weights
    sample_weight[i] = class_weight.get(int(y[i]), 1.0)
                       ^^^^^^^^^^^^^^^^
"""


def test_a_traceback_finds_what_its_last_line_does(open_page):
    """However its lines are joined; a warning without the path and the code around it; and the name of any error's class does not bring what has nothing else of the message."""
    page = open_page("search.html")
    found = lambda query: page.evaluate("query => bookSearch(query).then((places) => [places.explained, ...places.map(({ url }) => url)])", query)  # noqa: E731
    last = "AttributeError: 'numpy.ndarray' object has no attribute 'get'"
    assert found(last) == found(TRACEBACK + last) == found((TRACEBACK + last).replace("\n", " ")) == found("INFO step 12 is done\n" * 500 + last)
    last = "RuntimeWarning: overflow encountered in exp"
    assert found(last) == found(f"/tmp/ipykernel_4711/1234.py:4: {last}\n  return np.exp(z) / np.exp(z).sum()")
    assert found("ValueError: Dimensions must be equal, but are 7 and 64") == found("TypeError: Dimensions must be equal, but are 7 and 64")
    assert found("<b>precision</b>&nbsp;") == found("precision")


def test_places_that_quote_a_message_stand_apart(open_page):
    """The others are below words that say so, on the page of results and in the dialog, whose arrows pass over them."""
    message = "InvalidArgumentError: Incompatible shapes: [64,5] vs. [64]"
    page = open_page(f"search.html?q={message}")
    page.wait_for_selector("#search-results li")
    said = page.locator("#search-results li").evaluate_all("all => all.map((one) => (one.matches('.search-near') ? one.textContent : ''))")
    assert page.locator("#search-status").inner_text() == "2 places quote this message." and said == ["", "", "Other places, with some of its words", "", "", ""]
    page = open_page("search.html?q=ValueError: FBetaScore expects 2D inputs with shape (batch_size, output_dim)")
    page.wait_for_selector("#search-results li")
    assert page.locator("#search-results li").count() == 1, "what has but the words of its batch is worth too little beside it"
    page = open_page("book/glossary.html")
    page.keyboard.press("Control+k")
    page.wait_for_function("() => document.querySelector('#pst-search-dialog input').role === 'combobox'")
    search_now(page, message)
    assert page.locator("#search-now > [role=group] > [role=option]").count() == 3
    for _ in range(3):
        page.keyboard.press("ArrowDown")
    assert page.locator("#search-now > [role=group] > [role=option]").first.get_attribute("aria-selected") == "true"
    page.evaluate(Axe().axe_script)
    assert not page.evaluate(JUDGE)


def test_no_preview_shows_tex(site):
    for name in names():
        page = bs4.BeautifulSoup((site / f"{name}.html").read_text(encoding="utf-8"), "html.parser")
        assert not (faults := [one for part in page.select("#previews [data-for] > :not(pre)") if TEX.search(one := part.get_text())]), (name, faults[:3])


def test_a_result_shows_two_lines_of_what_a_claim_printed(open_page):
    page = open_page("search.html?q=post-LN loses mask", size="narrow")
    claim = page.locator("#search-results li", has_text="claim in").first
    assert claim.locator(".search-text").evaluate("text => [text.textContent.split('\\n').length, getComputedStyle(text).whiteSpaceCollapse]") == [2, "preserve-breaks"]
    title = claim.locator("a")
    assert title.bounding_box()["height"] <= 3.2 * float(title.evaluate("one => parseFloat(getComputedStyle(one).lineHeight)"))


def test_the_search_works_from_a_folder(chromium, site):
    """As the site is opened by a double click, from any page."""
    page = chromium.browser.new_page()
    faults = []
    page.on("console", lambda m: faults.append(m.text) if m.type == "error" else None)
    page.goto((site / "notebooks" / "cauchy.html").as_uri())
    page.keyboard.press("Control+k")
    page.keyboard.type("sensitivity")
    page.wait_for_selector("#search-now [role=option]")
    page.keyboard.press("Enter")
    page.wait_for_selector("#search-results li")
    page.locator("#search-results a").first.click()
    page.wait_for_url("**/book/glossary.html*")
    page.close()
    assert not faults


SEARCHED = """(query) => document.querySelector("#search-now")?.dataset.query === query && document.querySelector("#search-status").textContent"""


def search_now(page, query: str) -> str:
    """Type it into the open dialog; what is said of it."""
    page.locator("#pst-search-dialog input").fill("")
    page.wait_for_function("() => document.querySelector('#search-now') && !document.querySelector('#search-status').textContent")
    page.locator("#pst-search-dialog input").fill(query)
    return page.wait_for_function(SEARCHED, arg=query).json_value()


ENGINE = {"_static/search.js", "_static/minisearch.js", "vendor/search-entries.js"}


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_results_while_one_types(open_page, size, theme):
    """Five of them in the dialog, chosen by arrows or touched; the engine comes with the dialog, and the page behind stays where it is."""
    page = open_page("book/glossary.html", size=size, theme=theme)
    assert not ENGINE & set(open_page.asked)
    page.keyboard.press("Control+k")
    page.wait_for_function("() => document.querySelector('#pst-search-dialog input').role === 'combobox'")
    before = page.evaluate("[scrollY, document.documentElement.scrollHeight]")
    assert re.fullmatch(r"\d+ places, \d+ with all of these words\.", search_now(page, "characteristic function Cauchy"))
    assert ENGINE <= set(open_page.asked)
    field, options = page.get_by_role("combobox", expanded=True), page.get_by_role("listbox").get_by_role("option")
    assert options.count() == 5 and options.locator("math").count() and r"\(" not in page.locator("#search-now").inner_text()
    assert any(re.search(r"\n(claim|section) in The Cauchy distribution$", text) for text in options.all_inner_texts())
    chosen = lambda: field.get_attribute("aria-activedescendant")  # noqa: E731
    ids = [one.get_attribute("id") for one in options.all()]
    moved = []
    for key in ["ArrowDown"] * 6 + ["ArrowUp"] * 2:
        page.keyboard.press(key)
        assert [one.get_attribute("id") for one in page.get_by_role("option", selected=True).all()] == [chosen()] * bool(chosen())
        moved.append(chosen())
    assert moved == [*ids, None, ids[4], ids[3]]
    dialog, box = (page.locator(one).bounding_box() for one in ("#pst-search-dialog", ".search-now"))
    assert 0 <= dialog["x"] <= box["x"] and box["x"] + box["width"] <= SIZES[size][0] and box["y"] + box["height"] <= SIZES[size][1]
    assert page.evaluate("[document.documentElement, document.querySelector('.search-now')].every((one) => one.scrollWidth <= one.clientWidth)")
    assert page.evaluate("[scrollY, document.documentElement.scrollHeight]") == before
    page.evaluate(MARK_ONE_OF_EACH_LOOK)
    page.evaluate(Axe().axe_script)
    assert not page.evaluate(JUDGE)
    assert search_now(page, "senstivity").startswith("Nothing has “senstivity”. Did you mean “sensitivity”?")
    assert search_now(page, "qwertzuiop").startswith("Nothing has these words.") and page.locator(".search-now .search-cure a").count() == 3 and page.get_by_role("combobox", expanded=False).count()
    assert not page.locator("#search-now, .search-all").filter(visible=True).count()
    page.keyboard.press("Escape")
    assert page.locator("#pst-search-dialog").is_hidden()


def test_results_that_do_not_fit_go_on_where_a_shadow_is(open_page):
    """As above a phone's keyboard."""
    page = open_page("book/glossary.html", size="narrow")
    page.set_viewport_size({"width": 390, "height": 500})
    page.keyboard.press("Control+k")
    page.wait_for_function("() => document.querySelector('#pst-search-dialog input').role === 'combobox'")
    search_now(page, "confidence interval for the mean")
    box = page.locator(".search-now")
    assert box.evaluate("one => one.scrollHeight > one.clientHeight + 20")

    def edges():
        """Whether the first and the last line of pixels are darker than the page."""
        at = box.bounding_box()
        strip = PIL.Image.open(io.BytesIO(page.screenshot(clip={"x": at["x"] + 4, "y": at["y"], "width": 4, "height": at["height"]}))).convert("L")
        return [strip.crop((0, y, 4, y + 3)).getextrema()[0] < 240 for y in (2, strip.height - 5)]

    box.evaluate("one => one.scrollTo(0, 0)")
    assert edges() == [False, True]
    box.evaluate("one => one.scrollTo(0, one.scrollHeight)")
    assert edges() == [True, False]


def test_where_the_results_while_one_types_lead(open_page):
    """Enter goes to the one that is chosen, to the page of results where none is; a click and a touch to what they hit, on this page too."""
    page = open_page("notebooks/cauchy.html")
    page.locator(".search-button-field:visible").click()
    search_now(page, "three sigma clipping")
    page.keyboard.press("ArrowDown")
    chosen = page.get_by_role("option", selected=True).get_attribute("href")
    page.keyboard.press("Enter")
    page.wait_for_url(chosen)
    assert page.locator("#pst-search-dialog").is_hidden()
    page.keyboard.press("Control+k")
    search_now(page, "senstivity")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search.html?q=senstivity")
    page.wait_for_selector("#search-results li")
    page = open_page("book/intro.html", size="narrow", has_touch=True)
    page.locator(".search-button:visible").tap()
    search_now(page, "sensitivity")
    page.get_by_role("option").first.tap()
    page.wait_for_url("**/book/glossary.html#term-sensitivity")
    page = open_page("book/intro.html", size="narrow", has_touch=True)
    page.locator(".search-button:visible").tap()
    search_now(page, "batch size")
    page.locator(".search-all").tap()
    page.wait_for_url("**/search.html?q=batch%20size")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_a_reader_who_is_lost_can_search(open_page, size, theme):
    """On a page that needs no other, in either theme."""
    page = open_page("404.html", size=size, theme=theme, moves=False)
    assert open_page.asked == ["404.html"]
    page.evaluate(Axe().axe_script)
    assert not page.evaluate(JUDGE.replace('"[data-look]"', '"*"'))
    assert page.evaluate("document.documentElement.scrollWidth") <= SIZES[size][0]
    assert all(one.bounding_box()["height"] >= 44 for one in page.locator("a, input, button").all())
    page.locator("input[name=q]").fill("no such kernel")
    assert page.locator("form").get_attribute("action").endswith("search.html")


@pytest.mark.parametrize("how", ["hover", "focus", "touch"])
def test_a_link_shows_what_it_leads_to(open_page, how):
    """By mouse, keyboard and touch; with set formulas, named by the link, and closed by Escape."""
    page = open_page("notebooks/cauchy.html", has_touch=how == "touch")
    link, preview = page.locator("article a.term[href$=CramerRao-bound], article a[href='#one-maximum-unless-h-is-known']:not(.claim-link)").last, page.locator("#preview")
    link.scroll_into_view_if_needed()
    {"hover": link.hover, "focus": link.focus, "touch": link.tap}[how]()
    if how == "focus":  # as the Tab key brings it
        page.keyboard.press("Shift+Tab")
        page.keyboard.press("Tab")
    preview.wait_for(state="visible")
    assert link.get_attribute("aria-describedby") == "preview" and preview.get_attribute("role") == "tooltip"
    assert preview.locator("math").count() and r"\(" not in preview.inner_text()
    if how == "hover":
        preview.hover()
        page.wait_for_timeout(600)
        assert preview.is_visible()
    page.keyboard.press("Escape")
    assert preview.is_hidden() and link.get_attribute("aria-describedby") is None
    if how == "touch":
        link.tap()
        assert preview.is_visible() and not page.url.partition("#")[2]
        link.tap()
        page.wait_for_url("**#one-maximum-unless-h-is-known")


def test_the_ledger_is_filtered_by_word_and_chapter(open_page):
    """Its chapters are folded first; a link to one of them opens it."""
    page = open_page("book/claims.html")
    assert page.evaluate("document.documentElement.scrollHeight") < 2000
    heads, rows = page.locator(".ledger-chapter > summary"), page.locator(".ledger tbody tr")
    assert heads.count() == len(book.chapters()) and sum(int(one.split()[0]) for one in page.locator(".ledger-count").all_inner_texts()) == rows.count()
    heads.nth(1).press("Enter")
    assert page.locator("#cauchy tbody tr:visible").count() == page.locator("#cauchy tbody tr").count() == page.locator(".ledger tbody tr:visible").count()
    page.evaluate("scrollTo({ top: 1500, behavior: 'instant' })")
    above, stuck = page.locator(".ledger-filter").bounding_box(), heads.nth(1).bounding_box()
    assert abs(above["y"] + above["height"] - stuck["y"]) < 8, "its name stays while it is read"
    page.get_by_role("button", name="Open all").click()
    assert page.locator(".ledger tbody tr:visible").count() == rows.count()
    page.get_by_role("button", name="Fold all").click()
    assert not page.locator(".ledger tbody tr:visible").count()
    without = open_page("book/claims.html", java_script_enabled=False)
    assert without.locator(".ledger tbody tr:visible").count() == rows.count()
    page = open_page("book/claims.html", size="narrow")
    assert page.evaluate("document.documentElement.scrollHeight") < 4000
    page.locator(".ledger-filter [name=words]").fill("batch size")
    shown = page.locator(".ledger tbody tr:visible")
    with_addresses = shown.evaluate_all("rows => rows.map((row) => row.innerHTML.toLowerCase())")  # the words of a claim's address find it, too
    assert with_addresses and all("batch" in row and "size" in row for row in with_addresses)
    page.locator(".ledger-filter [name=words]").fill("batch zyx")
    assert page.locator(".ledger-filter output").inner_text().startswith("No claim has these words.") and not shown.count()
    assert page.locator(".ledger-filter output a").get_attribute("href").endswith("/search.html?q=batch%20zyx")
    page.locator(".ledger-filter [name=words]").fill("batch size")
    page.locator(".ledger-filter [name=chapter]").select_option("class_weights")
    assert page.locator(".ledger-chapter:visible").count() == 1
    assert page.locator(".ledger-filter output").inner_text() == f"{shown.count()} of {page.locator('.ledger tbody tr').count()} claims"
    page.reload()
    assert page.locator(".ledger-filter [name=words]").input_value() == "batch size" and page.locator(".ledger-chapter:visible").count() == 1
    assert page.url.endswith("/claims.html?q=batch+size&chapter=class_weights")
    page.locator(".ledger-filter [name=words]").fill(" ")
    assert page.url.endswith("/claims.html?chapter=class_weights")
    page.locator(".ledger-filter [name=chapter]").select_option("")
    assert page.url.endswith("/claims.html"), "nothing is asked, and the address says nothing"
    for words in ("sigma", "σ=2", "γ²"):  # as one types what a formula shows
        page.locator(".ledger-filter [name=words]").fill(words)
        assert page.locator(".ledger tbody tr:visible:has(math)").count(), words
    page.locator(".ledger-filter [name=words]").fill("pi")
    assert shown.count() and all("π" in text for text in shown.all_text_contents()), "not those with pixels"
    page.locator(".ledger-filter [name=words]").fill("pix")
    assert shown.count() and all("pix" in text.lower() for text in shown.all_text_contents())
    page.locator(".ledger-filter [name=words]").fill("auc")
    assert shown.count() and all(re.search(r"(?<![A-Za-z])AUC", text) for text in shown.all_text_contents()), "not those of Cauchy"
    page.locator(".ledger-filter [name=words]").fill("most-alarms-are-false")
    assert [link.get_attribute("href").partition("#")[2] for link in shown.locator("a").all()] == ["most-alarms-are-false"]
    page.route("**/book/claims.html*", lambda route: route.fulfill(body=re.sub("<tbody>.*?</tbody>", "", route.fetch().text(), flags=re.S), content_type="text/html"))
    page.goto(page.url.partition("?")[0])
    assert page.locator(".ledger-filter[data-ready] output").inner_text() == "", "where there are no claims, nobody has asked for some"
    page = open_page("book/claims.html#hubei", size="narrow")
    below = page.locator(".ledger-filter").bounding_box()
    assert below["y"] + below["height"] <= page.locator("#hubei h2").bounding_box()["y"] + 1
    assert page.locator("#hubei .ledger tbody tr").first.is_visible() and not page.locator("#cauchy .ledger tbody tr").first.is_visible()


@pytest.mark.parametrize("size", SIZES)
def test_no_row_is_seen_between_the_bar_and_the_ledger_s_filter(open_page, size):
    page = open_page("book/claims.html", size=size)
    page.evaluate("document.querySelectorAll('.ledger-chapter').forEach((one) => (one.open = true))")
    page.evaluate("scrollTo({ top: 3000, behavior: 'instant' })")
    bar, stuck = page.locator(".bd-header-article").bounding_box(), page.locator(".ledger-filter").bounding_box()
    assert -2 <= stuck["y"] - bar["y"] - bar["height"] <= 0


@pytest.mark.parametrize("name", ["hubei", "class_weights", "keras_masking", "keras_confusion_metrics", "cauchy"])
def test_the_numbers_of_a_head_share_the_height_of_its_sheet(open_page, name):
    page = open_page(f"notebooks/{name}.html", size="wide")
    numbers = [one.bounding_box() for one in page.locator(".opening .told > p").all()]
    view = page.locator(".opening .chart-view").bounding_box()
    assert len(numbers) in (2, 3) and max(one["height"] for one in numbers) - min(one["height"] for one in numbers) < 1
    assert numbers[0]["y"] < view["y"] and abs(numbers[-1]["y"] + numbers[-1]["height"] - view["y"] - view["height"]) < 2


def test_the_facts_of_a_chapter_are_columns_of_two_lines(open_page):
    page = open_page("notebooks/hubei.html", size="wide")
    facts = [one.bounding_box() for one in page.locator(".facts > span").all()]
    switch = page.locator(".code-switch").bounding_box()
    assert len({one["y"] for one in facts}) == 1 and all(one["height"] < 62 for one in facts)
    assert switch["x"] > facts[-1]["x"] + facts[-1]["width"]


def test_what_a_chapter_ends_with_uses_its_margin(open_page):
    """Solutions and what advice rests on stand beside the text, sources in two columns; on a phone all is in the text."""
    page = open_page("notebooks/hubei.html", size="wide")
    page.add_style_tag(content="article section { content-visibility: visible !important; }")
    text = page.locator("#exercises > section > p").first.bounding_box()
    solution, rests = page.locator("#exercises summary").first, page.locator(".rests").first
    assert all(one.bounding_box()["x"] > text["x"] + text["width"] for one in (solution, rests)) and rests.inner_text() == "claims\N{NO-BREAK SPACE}2 and 3"
    before = solution.bounding_box()
    solution.click()
    assert solution.bounding_box()["x"] == before["x"] and page.locator("#exercises .solution pre").first.bounding_box()["x"] < text["x"] + 40
    sources = page.locator("#further-reading > ul > li")
    assert sources.last.bounding_box()["x"] > sources.first.bounding_box()["x"] + 300
    phone = open_page("notebooks/hubei.html", size="narrow")
    assert phone.locator(".rests").first.text_content() == " (claims\N{NO-BREAK SPACE}2 and 3)"


def test_on_touch_a_link_to_a_place_comes_with_a_tap(open_page):
    """On a title as on a claim; until then it takes none."""
    page = open_page("notebooks/cauchy.html", size="narrow", moves=False, has_touch=True, is_mobile=True)
    for place, link in (("article h2", ".headerlink"), (".claim", ".claim-link"), ("figure:has(figcaption .headerlink)", ".headerlink")):
        whole = page.locator(place).first
        assert whole.evaluate(f"one => (({{ opacity, pointerEvents }}) => [opacity, pointerEvents])(getComputedStyle(one.querySelector('{link}')))") == ["0", "none"]
        whole.scroll_into_view_if_needed()
        page.wait_for_timeout(500)  # two quick taps are one of another kind
        whole.tap(position={"x": 12, "y": 30})
        page.wait_for_function(f"() => (({{ opacity, pointerEvents }}) => opacity === '1' && pointerEvents === 'auto')(getComputedStyle(document.querySelector('{place}').querySelector('{link}')))", polling=200)


def test_repaired_counts_lead_to_their_side_road(open_page):
    page = open_page("notebooks/hubei.html")
    page.locator("#where-it-is-and-what-that-allows a", has_text="repaired").first.click()
    page.wait_for_function("() => document.querySelector('#side-road-a-repair-of-the-step-and-what-it-assumes')?.closest('details, section').querySelector('details[open], p') && location.hash.includes('repair')", polling=200)
    assert page.locator("details.side-road[open]", has_text="a repair of the step").count() == 1
