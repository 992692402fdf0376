"""Claims: their frame and anchor on the chapter's page, and the ledger that lists them all.

    ```{claims-ledger}
    ```
"""

import functools
import html
import math
import re

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.util.docutils import SphinxDirective

from .. import chapters
from ..doubt import house, results, seeds
from ..execute.store import EXECUTED
from . import executed, live
from .contents import head
from .executed import chapter_of
from .links import link, note_anchor
from .typography import sentences

# book.js shows the rows that have the words.
FILTER = (
    '<form class="ledger-filter pst-js-only" role="search" aria-label="Claims"><label>Words <input type="search" name="words" autocomplete="off"></label>{main} '
    '<label>Chapter <select name="chapter"><option value="">all</option>{options}</select></label> <button type="button" name="all">Open all</button> <output></output></form>'
)
LETTERS_BESIDE = 45  # of a line beside a main claim's sentence
MARGIN = 35  # letters of a line in the margin of a window of 1280 pixels
MOST_IN_MARGIN, MOST_BROKEN = 9, 3  # lines, and lines that may be broken there
LETTERS_OF_TEXT = 88  # in a line of a minor claim's sentence
REST_ENDS = "</span>"
EXPONENT = re.compile(r"\d[\d.]*e-\d+")  # a browser would break the number after the hyphen
CODE = '<details class="claim-code"><summary data-short="asserts claim {0}" title="Code that asserts claim {0}{1}"><span>Code that asserts claim {0}{1}</span></summary>'
DOUBT = "book/doubt"  # the page that lists the changes
TRIED = "How that was tried, and the numbers of the whole chapter"  # what the status line of each claim leads to
LEDGER_OPENS = '<details class="ledger-chapter" open><summary>'
MAIN = ' <label class="ledger-main"><input type="checkbox" name="main" value="1" autocomplete="off"> main only</label>'


def frame(app, doctree):
    """Put each claim into a frame: its sentence, what its cell printed, and the cell one click below. Number the cells' anchors.

    Where some are main ones, the others are quieter.

    The frame's address is the claim's slug; `claim-3` leads to it as well.
    """
    name = chapter_of(app.env.docname)
    if not name:
        return
    cells = [n for n in doctree.findall(nodes.container) if n.get("nb_element") == "cell_code"]
    for number, cell in enumerate(cells, start=1):
        cell["ids"].append(f"cell-{number}")
        note_anchor(app.env, f"cell-{number}", f"Cell {number}")
    slugs, main = ({claim["number"]: claim[one] for claim in chapters.claims(executed.chapter(name))} for one in ("slug", "main"))
    for paragraph in list(doctree.findall(nodes.paragraph)):
        first = next((child for child in paragraph.children if child.astext()), None)
        match = isinstance(first, nodes.strong) and re.fullmatch(r"Claim (\d+)\.", first.astext())
        if not match:
            continue
        number, slug = int(match[1]), slugs[int(match[1])]
        if main[number]:
            set_apart(paragraph, first)
        paragraph.insert(paragraph.index(first) + 1, nodes.inline("", " holds", classes=["claim-holds"]))
        link_here = f'<a class="claim-link" href="#{slug}" aria-label="Link to claim {number}" title="Link to this claim">#</a>'
        paragraph.insert(len(paragraph) - (paragraph[-1].astext() == REST_ENDS), nodes.raw("", link_here, format="html"))
        parent = paragraph.parent
        start = parent.index(paragraph)
        end = next(i for i in range(start, len(parent)) if "tag_claim" in parent[i].get("classes", []))
        inside = parent[start : end + 1]
        del parent[start : end + 1]
        shown = fold_code(inside[-1], number)
        inside[-1] += doubted(app.env, name, number, slug)
        inside += live.button(name, number)
        if main[number]:
            kind = ["plate", *["beside"] * fits_beside(shown)]
        else:
            kind = ["minor"] * any(main.values()) + (place_in_margin(shown, paragraph.astext()) if len(inside) == 2 else [])  # no second paragraph
        classes = ["claim", *["in-columns"] * in_columns(shown), *kind]
        anchors = list(dict.fromkeys([slug, f"claim-{number}"]))
        parent.insert(start, nodes.container("", *inside, classes=classes, ids=anchors))
        for anchor in anchors:
            note_anchor(app.env, anchor, f"Claim {number}")


def in_columns(printed: str) -> bool:
    """Whether two or more of the lines have columns, set apart by spaces."""
    return len(re.findall(r"^.*\S {2,}\S.*$", printed, re.M)) > 1


def longest(printed: str) -> int:
    """Letters of its longest line."""
    return max(map(len, printed.splitlines()), default=0)


def fits_beside(printed: str) -> bool:
    """Whether it has room beside a main claim's sentence, on a wide page; else it stands below."""
    return longest(printed) <= LETTERS_BESIDE


def put_beside(app, doctree, docname):
    """What a folded cell printed, where it is small and the sentence before it does not announce it, has the same place in the margin, beside the paragraph. Once folds are made (folds.py)."""
    for cell in list(doctree.findall(nodes.container)) if chapter_of(docname) and app.builder.format == "html" else ():
        if cell.get("nb_element") != "cell_code" or not isinstance(cell.parent, nodes.Element) or "claim" in cell.parent.get("classes", []):
            continue
        parent, place = cell.parent, cell.parent.index(cell)
        before = parent[place - 1] if place else None
        fold = cell[1].get("classes", []) if len(cell) == 2 else []
        if "below-output" not in fold or "solution" in fold or not isinstance(before, nodes.paragraph):
            continue
        said = [part for part in cell[0].findall() if isinstance(part, (nodes.literal_block, nodes.raw, nodes.image, nodes.table, nodes.paragraph))]
        text = before.astext().rstrip()
        classes = place_in_margin(said[0].astext(), text) if len(said) == 1 and isinstance(said[0], nodes.literal_block) and not text.endswith(":") else []
        if classes:
            parent[place - 1 : place + 1] = [nodes.container("", before, cell, classes=classes)]


def place_in_margin(printed: str, sentence: str) -> list[str]:
    """The classes of a claim whose cell printed what has room in the margin beside its sentence, on a wide page, and is not much higher; none where it stands below."""
    lines = printed.strip("\n").splitlines()
    broken = longest(printed) > MARGIN
    if not lines or broken and (len(lines) > MOST_BROKEN or is_table(lines)):
        return []
    height = sum(math.ceil(len(line) / (MARGIN - 2)) for line in lines) if broken else len(lines)
    room = min(2 * math.ceil(len(sentence) / LETTERS_OF_TEXT) + 2, MOST_IN_MARGIN)
    return ["noted"] if height <= room else []


def is_table(lines: list[str]) -> bool:
    """Whether two or more of the lines are alike, by their columns or by their lengths, or one is set in."""
    return in_columns("\n".join(lines)) or len(set(map(len, lines))) < len(lines) or any(line.startswith(" ") for line in lines)


def set_apart(paragraph: nodes.paragraph, first: nodes.Node) -> None:
    """What follows the first sentence of a claim stands between two pieces of HTML: the stylesheet sets it smaller. `first` is its number."""
    parts = paragraph[paragraph.index(first) + 1 :]
    texts = ["0" * len(part.astext()) if isinstance(part, (nodes.math, nodes.literal)) else part.astext() for part in parts]
    text = "".join(texts)
    left = text.index(sentence := sentences(text)[0]) + len(sentence)
    if not text[left:].strip():
        return
    for part, its in zip(parts, texts):
        if left <= len(its):
            break
        left -= len(its)
    place = paragraph.index(part)
    if isinstance(part, nodes.Text):
        paragraph[place : place + 1] = [nodes.Text(one) for one in (its[:left], its[left:]) if one]
    paragraph.insert(place + 1, nodes.raw("", '<span class="claim-rest">', format="html"))
    paragraph += nodes.raw("", REST_ENDS, format="html")


def fold_code(cell: nodes.container, claim: int) -> str:
    """What the cell printed comes first, its code one click below; returns what it printed."""
    code = [child for child in cell.children if "cell_input" in child.get("classes", [])]
    outputs = [child for child in cell.children if child not in code]
    opened = nodes.raw("", CODE.format(claim, ""), format="html")
    cell.children = []
    cell.extend([*outputs, opened, *code, nodes.raw("", "</details>", format="html")])
    return "\n".join(output.astext() for output in outputs)


@functools.cache
def doubts(chapter: str) -> tuple[house.Chapter, dict]:
    """The chapter and what `make doubt` found of its present code."""
    found = house.chapter(chapter)
    return found, results.stored(found)


def numbers(chapter: str, claim: int) -> tuple[str, str]:
    """How many of the changes of the code that it uses were noticed, or why there is no such number, and on how many other seeds it held; empty where that was not tried."""
    its, found = doubts(chapter)
    score, (held, tried) = results.of_claim(its, found, claim)
    without = "made no difference" if score.equivalent else f"none of {len(found['mutants'])} on its code" if found["mutants"] else ""
    return f"{score.noticed} of {score.counted}" if score.counted else without, f"{held} of {tried}" if tried else ""


def without_seeds(chapter: str) -> str:
    """Why there is no number of other seeds."""
    return "not tried" if seeds.drawing(doubts(chapter)[0].cells) else "no random numbers"


def told(chapter: str, claim: int) -> str:
    """The same in words."""
    broken, held = numbers(chapter, claim)
    score, mutants = results.of_claim(*doubts(chapter), claim)[0], len(doubts(chapter)[1]["mutants"])
    changes = f"{broken} changes noticed" if score.counted else "what was changed made no difference" if score.equivalent else f"none of {mutants} changes fell on code that it uses"
    parts = [f"Broken on purpose: {changes}" if broken else "", f"Other seeds: holds on {held}" if held else ""]
    return " · ".join(filter(None, parts))


def hang_lines(app, doctree, docname):
    """A claim's number and that it holds are its head. Of what its cell printed, or what stands in the margin, each line is an element: where it is broken, its rest is indented."""
    for frame_ in doctree.findall(nodes.container) if app.builder.format == "html" else ():
        if {"claim", "noted"} & set(frame_["classes"]):
            for block in [block for block in frame_.findall(nodes.literal_block) if "stream" in block["classes"]]:
                block.parent.replace(block, nodes.raw("", f'<div class="output stream">{printed(block.astext())}</div>', format="html"))
            for holds in [one for one in frame_.findall(nodes.inline) if "claim-holds" in one["classes"] and "hero-claim" not in frame_["classes"]]:
                paragraph, place = holds.parent, holds.parent.index(holds)
                head = paragraph[: place + 1]
                paragraph[: place + 1] = [nodes.inline("", "", *head, classes=["claim-head"])]


def doubted(env, chapter: str, claim: int, slug: str) -> list[nodes.Node]:
    """A quiet line below the fold of the claim's code: what was noticed, and on how many other seeds it held; nothing where neither was tried.

    Its link leads to the claim's changes on the page on that; where one was not noticed, to that one; where none was tried, to the chapter's numbers.
    """
    score, (held, tried) = results.of_claim(*doubts(chapter), claim)
    place, title = chapter, TRIED
    if score.survivors:
        place, title = place_of(chapter, score.survivors[0]), "What was not noticed"
    elif score.counted:
        place, title = place_of_claim(chapter, slug), "Which changes, each noticed"

    def linked(words: str) -> str:
        return f'<a href="../{DOUBT}.html#{place}" title="{title}">{words}</a>' if DOUBT in env.found_docs else words

    parts = [f"{score.noticed} of {score.counted} {linked('changes<span> noticed</span>')}"] if score.counted else []
    parts += [f"{held} of {tried} {'seeds' if parts else linked('seeds')}"] if tried else []
    classes = ["claim-doubted", *["in-full"] * (score.noticed == score.counted and held == tried)]
    return [nodes.paragraph("", "", nodes.raw("", " · ".join(parts), format="html"), classes=classes)] if parts else []


def place_of(chapter: str, mutant: dict) -> str:
    """The address of a change on the page that lists what was not noticed."""
    return f"{chapter}-cell-{mutant['cell']}-line-{mutant['line']}"


def place_of_claim(chapter: str, slug: str) -> str:
    """The address of a claim's changes there."""
    return f"{chapter}--{slug}"


class ClaimsLedger(SphinxDirective):
    """A table a chapter: number and sentence of each claim, linked to it, the value its cell printed, and how much it would notice."""

    def run(self):
        result, options, main, counted, tried = [], "", "", [0, 0], [0, 0]
        for chapter in filter(None, map(chapter_of, sorted(self.env.found_docs, key=order))):
            self.env.note_dependency(str(EXECUTED / f"{chapter}.json"))
            notebook = executed.chapter(chapter)
            section = nodes.section("", ids=[f"{chapter}"], names=[chapter])
            section += nodes.title("", chapters.title(notebook))
            claims, name = chapters.claims(notebook), html.escape(chapters.title(notebook))
            score = results.Score(chapter, doubts(chapter)[1]["mutants"])
            tried = [tried[0] + score.noticed, tried[1] + score.counted]
            counted = [counted[0] + len(claims), counted[1] + sum(claim["main"] for claim in claims)]
            main = MAIN if any(claim["main"] for claim in claims) else main
            opened = nodes.raw("", f'{LEDGER_OPENS}<span class="ledger-count">{len(claims)} claims</span></summary>', format="html")
            section += [opened, self.table(chapter, claims), nodes.raw("", "</details>", format="html")]
            result.append(section)
            options += f'<option value="{chapter}">{name} ({len(claims)})</option>'
        told = [(str(counted[0]), "claims, all of which hold")] + [(str(counted[1]), "main ones, to take home")] * bool(counted[1])
        told += [(f"{tried[0]} of {tried[1]}", "changes of the code noticed")] * bool(tried[1])
        return [head(told), nodes.raw("", FILTER.format(options=options, main=main), format="html"), *result]

    def table(self, chapter, claims):
        widths = (8, 40, 36, 16, *([10] if live.asked() else []))
        group = nodes.tgroup("", *(nodes.colspec(colwidth=w) for w in widths), cols=len(widths))
        heads = ("Claim", "Sentence", "Its cell printed", "How much it would notice", "In your browser")[: len(widths)]
        head = nodes.row("", *(nodes.entry("", nodes.paragraph("", t)) for t in heads))
        group += nodes.thead("", head)
        body = nodes.tbody()
        for claim in claims:
            sentence = nodes.entry()
            self.state.nested_parse(StringList(claim["text"].splitlines(), "claim"), 0, sentence)
            timed = ["timing"] if "timing" in claim["cell"].metadata.get("tags", []) else []
            value = nodes.entry("", nodes.raw("", printed(claim["value"]), format="html"), classes=timed)
            body += nodes.row("", classes=["main"] * claim["main"])
            body[-1].extend([nodes.entry("", nodes.paragraph("", "", link(self.env, chapter, str(claim["number"]), claim["slug"]))), sentence, value])
            broken, held = numbers(chapter, claim["number"])
            body[-1] += nodes.entry("", *(nodes.paragraph("", line) for line in (f"Changes: {broken or 'not tried'}", f"Seeds: {held or without_seeds(chapter)}")))
            body[-1] += [live.cell(self.env, chapter, claim)] if live.asked() else []
        group += body
        return nodes.table("", group, classes=["ledger"])


def fold_ledger(app, doctree, docname):
    """A chapter of the ledger is folded below its heading, which opens it. The heading stays where Sphinx looks for it, between two pieces of HTML (as `join_side_roads` in folds.py)."""
    for title in list(doctree.findall(nodes.title)) if app.builder.format == "html" else ():
        section, place = title.parent, title.parent.index(title)
        following = section[place + 1] if len(section) > place + 1 else None
        if isinstance(following, nodes.raw) and following.astext().startswith(LEDGER_OPENS):
            section.replace(following, nodes.raw("", following.astext().removeprefix(LEDGER_OPENS), format="html"))
            section.insert(place, nodes.raw("", LEDGER_OPENS, format="html"))


def printed(value: str) -> str:
    """What the cell printed, each line an element: where it is broken, its rest is indented. The stylesheet makes the longest line fit."""
    lines = "".join(f"<span>{html.escape(line)}</span>" for line in value.splitlines(keepends=True))
    lines = EXPONENT.sub(r"<b>\g<0></b>", lines)
    return f'<div class="highlight" style="--letters: {longest(value)}"><pre>{lines}</pre></div>'


def order(docname: str) -> tuple:
    """Chapters in the order of the book."""
    names = chapters.chapters()
    name = chapter_of(docname)
    return (names.index(name) if name in names else len(names), docname)
