"""About how high each section of a long page will be: what is far away is laid out later (book.css), and neither the page nor its scrollbar shall jump then."""

import html.parser
import math
import re

LONG = 12_000  # pixels: a shorter page is laid out at once
# On a screen of 1280 pixels and on a phone: letters in a line of text, and the width of a picture at most.
LETTERS, ACROSS = (91, 44), (704, 358)
LINE, CODE = 30.4, 19.2  # pixels of a line
BESIDE = 0.6
NOTE = (110, 150)
AROUND = {"h2": (65, 85), "h3": (50, 60), "h4": (45, 50), "p": (18, 18), "li": (4, 4), "pre": (30, 34), "summary": (28, 44), "tr": (12, 12), "figcaption": (0, 18), "dd": (10, 10)}
ALONE = ("img", "br", "hr", "input", "source", "wbr", "meta", "link", "path", "col")


class Estimate(html.parser.HTMLParser):
    """Adds up what is seen of one section before anything is unfolded."""

    def __init__(self):
        super().__init__()
        self.open, self.heights, self.letters, self.narrow = [("", (True, True))], [0.0, 0.0], 0, None
        self.noted = 0  # how much is open around what has a place in the margin

    def add(self, *heights: float) -> None:
        around = [one for one, _ in self.open]
        if "tr" in around:  # on a screen what a claim's sentence and its cell printed stand beside each other
            heights = heights[0] * BESIDE, heights[1]
        elif "figcaption" in around:  # and a caption beside its figure
            heights = 0, heights[1]
        self.heights = [sum_ + own * seen for sum_, own, seen in zip(self.heights, heights, self.open[-1][1])]

    def end_lines(self) -> None:
        self.add(*(LINE * math.ceil(self.letters / one) for one in LETTERS))
        self.letters = 0

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        pixels = [re.fullmatch(r"([\d.]*\d)(?:px)?", attrs.get(one) or "0") for one in ("width", "height")]
        if tag == "source" and "max-width" in (attrs.get("media") or ""):  # what a phone shows instead
            self.narrow = pixels
        if tag == "img" and "only-dark" not in (attrs.get("class") or "") and all(one and float(one[1]) for one in pixels):
            sizes = [[float(one[1]) for one in found] for found in (pixels, self.narrow or pixels)]
            shown = [f"panels-{form}" not in (attrs.get("class") or "") for form in ("stacked", "beside")]  # on the wide page, on a phone
            self.add(*((height * min(1, one / width) + 16) * seen for (width, height), one, seen in zip(sizes, ACROSS, shown)))
        if tag == "img":
            self.narrow = None
        if tag in ALONE:
            return
        seen, classes = self.open[-1][1], (attrs.get("class") or "").split()
        if "noted" in classes:
            self.noted = len(self.open)
        if tag in ("script", "style", "template", "noscript"):
            seen = False, False
        elif "at-head" in classes:  # a line, until it is asked for
            self.add(*NOTE)
            seen = False, False
        elif "cell_output" in classes and 0 < self.noted < len(self.open):
            seen = False, seen[1]
        elif tag == "details":
            seen = seen[0] and "open" in attrs, False  # those of the ledger, which a phone folds
        elif tag == "summary":
            seen = self.open[-2][1]
        if tag in AROUND:
            self.end_lines()
        self.open.append((tag, seen))
        if not (tag == "p" and "tr" in [one for one, _ in self.open]):  # cells stand beside each other
            self.add(*AROUND.get(tag, (0, 0)))
        if tag == "span" and classes and re.fullmatch(r"i\d+", classes[0]):
            self.add(0, CODE)  # a long line of code, which a phone breaks
        if tag == "math" and attrs.get("display") == "block":
            self.add(55, 55)

    def handle_endtag(self, tag):
        if tag in AROUND:
            self.end_lines()
        if tag in [one for one, _ in self.open]:
            while self.open.pop()[0] != tag:
                pass
            self.noted *= self.noted < len(self.open)

    def handle_data(self, data):
        if "pre" in [one for one, _ in self.open[-3:]]:
            self.add(CODE * data.count("\n"), CODE * data.count("\n"))
        elif any(self.open[-1][1]):
            self.letters += len(" ".join(data.split()))


def estimated(section: str) -> list[float]:
    one = Estimate()
    one.feed(section)
    one.end_lines()
    return one.heights


def with_heights(page: str) -> str:
    """The page; where it is long, with the heights of its sections."""
    parts = re.split(r"(<section\b[^>]*>|</section>)", page)
    depth, found, start = 0, [], 0
    for i, part in enumerate(parts):
        if part.startswith("<section"):
            depth += 1
            start = i if depth == 2 else start
        elif part == "</section>":
            if depth == 2:
                found.append((start, estimated("".join(parts[start:i]))))
            depth -= 1
    if sum(wide for _, (wide, _) in found) > LONG:
        for start, (wide, narrow) in found:
            parts[start] = parts[start].replace("<section", f'<section style="--tall: {wide:.0f}px; --tall-narrow: {narrow:.0f}px"', 1)
    return "".join(parts)
