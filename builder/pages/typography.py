"""What belongs together stays on one line: a number and its unit, a claim and its number, the two sides of a ratio. Where a name in code may be broken, and where a sentence ends."""

import re

from docutils import nodes
from docutils.utils.smartquotes import smartyPants

SPACES = (
    r"(?<=\d) (?=(?:°C|[kcmµ]?m|[mµ]?s|min|h|d|kg|[kKMG]i?B|GFLOP/s|Hz|rad|N|W)(?![\w-]))",
    r"(?<=\d) (?=%)",
    r"(?<=[Cc]laim) (?=\d)|(?<=[Cc]laims) (?=\d)",
    r"(?<=\d) (?=: \d)|(?<=\d :) (?=\d)",
    r"(?<=\d) (?=[x×] \d)|(?<=\d [x×]) (?=\d)",
)
TOGETHER = re.compile("|".join(SPACES))


def keep_together(app, doctree):
    """Also: no line begins with the full stop after a formula, and none ends with the parenthesis before it."""
    for formula in list(doctree.findall(nodes.math)):
        parent, place = formula.parent, formula.parent.index(formula)
        before, after = (parent[i] if 0 <= i < len(parent) and isinstance(parent[i], nodes.Text) else None for i in (place - 1, place + 1))
        opening = re.search(r"\(+$", before)[0] if before and re.search(r"\(+$", before) else ""
        closing = re.match(r"[.,;:!?)]+", after)[0] if after and re.match(r"[.,;:!?)]+", after) else ""
        if opening or closing:
            parts = [nodes.Text(opening), formula.deepcopy(), nodes.Text(closing)]
            kept = nodes.inline("", "", *[part for part in parts if part.astext()], classes=["together"])
            parent.replace(formula, kept)
            for neighbour, rest in ((before, before[: len(before) - len(opening)] if opening else None), (after, after[len(closing) :] if closing else None)):
                if rest is not None:  # found by what it is: another text may say the same
                    place = next(i for i, one in enumerate(parent.children) if one is neighbour)
                    parent[place : place + 1] = [nodes.Text(rest)] if rest else []
    for text in list(doctree.findall(nodes.Text)):
        if not isinstance(text.parent, (nodes.literal, nodes.math, nodes.math_block, nodes.FixedTextElement, nodes.raw)):
            if (joined := TOGETHER.sub("\N{NO-BREAK SPACE}", text)) != text:
                text.parent.replace(text, nodes.Text(joined))
    for link in doctree.findall(nodes.reference):
        if re.fullmatch(r"(?:doi|arXiv):\S{,36}", link.astext()):
            link["classes"] += ["together"]
    for raw in list(doctree.findall(nodes.raw)):
        if "<summary>" in raw.astext():
            raw.parent.replace(raw, nodes.raw("", re.sub(r"(?<=<summary>).*?(?=</summary>)", lambda found: with_quotes(found[0]), raw.astext(), flags=re.S), format=raw["format"]))


def with_quotes(text: str, kept: str = r"<code\b.*?</code>|<[^>]*>") -> str:
    """The text with typographic quotes and apostrophes, but in what is kept as it is: in HTML, which Sphinx leaves as it is written, code and tags."""
    parts = re.findall(kept, text, flags=re.S)
    shown = smartyPants(re.sub(kept, "\ue001", text, flags=re.S), "q")  # a sign for each, for the quote after it looks at what it follows
    return re.sub("\ue001", lambda found: parts.pop(0), shown)


PARTS = re.compile(r"(?<=\w{2}[_.(=,/:\[-])(?=\w{2})")
HUMPS = re.compile(rf"{PARTS.pattern}|(?<=[a-z]{{2}})(?=[A-Z][a-z])")
LONG = re.compile(r"\S{15,}")  # in a column of some 22 letters
WHOLE = 26  # letters of code that no line of text is too short for


def let_names_break(app, doctree, docname):
    """A long name in the text's code may be broken after what joins its parts, where a line is short (book.css); a short one only in headings and tables."""
    for literal in list(doctree.findall(nodes.literal)) if app.builder.format == "html" else ():
        if not all(isinstance(child, nodes.Text) for child in literal.children):
            continue
        literal["classes"] += ["option"] * bool(re.search(r"(?:^|\s)--?\w", literal.astext()))  # its hyphens end no line
        if len(literal.astext()) <= WHOLE and not stands_in(literal, (nodes.title, nodes.entry)):
            literal["classes"] += ["whole"]
        else:
            literal.children = breakable(PARTS.split(literal.astext()))


def stands_in(node: nodes.Node, kinds: tuple[type, ...]) -> bool:
    return node.parent is not None and (isinstance(node.parent, kinds) or stands_in(node.parent, kinds))


def let_headings_break(app, doctree):
    """In the contents of a page, a narrow column, long names also outside code, and between the humps of a CamelName."""
    contents = app.env.tocs.get(app.env.docname)
    for text in list(contents.findall(nodes.Text)) if contents is not None else ():
        parts = LONG.sub(lambda word: HUMPS.sub("\n", word[0]), text.replace("\n", " ")).split("\n")
        if len(parts) > 1 and not isinstance(text.parent, (nodes.math, nodes.raw)):
            text.parent.replace(text, breakable(parts))


def breakable(parts: list[str]) -> list[nodes.Node]:
    """The parts with places between them where a line may end."""
    return [one for part in parts for one in (nodes.raw("", "<wbr>", format="html"), nodes.Text(part))][1:]


# What ends a sentence: not before a small letter, not within a name of a person, not after an abbreviation; after some of them, not before a number.
END = re.compile(r"""[.!?]["')\]*_\N{RIGHT SINGLE QUOTATION MARK}\N{RIGHT DOUBLE QUOTATION MARK}]*(?=\s+(?![a-z]))""")
CLAUSE = re.compile(r"(?<=\S)[:;](?=\s)")
ABBREVIATED = re.compile(r"(?:(?:^|[\s(])(?:[A-Z]\.)*[A-Z]|\b(?:[Ee]\.g|[Ii]\.e|et al|vs|cf|Dr|Mrs?|Ms|Prof|St))\.\W*$")
NUMBERED = re.compile(r"\b(?:Figs?|Eqs?|Secs?|Chs?|Nos?|Vols?|pp?|[Aa]pprox|ca)\.\W*$")


def sentences(text: str, clauses: bool = False) -> list[str]:
    """The sentences of this text or Markdown, cut also at colons and semicolons where clauses are asked for. What stands in formulas and code ends none, but may be a number, or begin one."""
    whole = re.sub(r"`[^`]*`|\\\(.*?\\\)|(?<!\\)\$.+?(?<!\\)\$|\]\([^)\s]*\)", lambda found: "0" * len(found[0]), text)
    ends = [end.end() for end in END.finditer(whole)]
    ends = [end for end in ends if not ABBREVIATED.search(whole[:end]) and not (NUMBERED.search(whole[:end]) and re.match(r"\W+\d", whole[end:]))]
    ends += [end.end() for end in CLAUSE.finditer(whole)] if clauses else []
    places = [0, *sorted(ends), len(text)]
    return [part for one, other in zip(places, places[1:]) if (part := text[one:other].strip())] or [""]
