"""Formulas: TeX becomes MathML while the book is built, which browsers set themselves, without a script and on paper as on the screen.

Docutils converts them. What it reads otherwise than TeX is written for it in its own way first (AS_TEX_READS_IT), and what it does not know is an error that names the
formula, never something that looks like one. A test compares every formula of the book with what MathJax reads in it. Their font is Latin Modern Math
(GUST Font License), `book/_static/formulas.woff2`: renamed, cut by fontTools to letters, Greek, operators and brackets, with the font's own raised form of the prime,
and with the larger roots as narrow as the smallest, the larger brackets nearly so, because Chromium gives each of them the room of the widest: gaps stood around them.
"""

import functools
import html
import re
import xml.etree.ElementTree as ElementTree

from docutils import nodes
from docutils.utils.math import MathError, latex2mathml

from ..files import BookError

FORMULA = re.compile(r"\\\((.*?)\\\)", re.S)  # as texts of places have them
RELATIONS = tuple("=≤≥<>≈∝→")
SCRIPTS = {"msub", "msup", "msubsup", "munder", "munderover"}
FENCES = tuple("{}⟨⟩⌈⌉⌊⌋")
OPENING, CLOSING = tuple("([{⟨"), tuple(")]}⟩")
# How far a slanted letter leans over its own room, and a little more, in thousandths of an em: the italics correction of the font's MATH table, which no browser heeds.
LEANING = {
    "C": 73, "E": 54, "F": 134, "H": 78, "I": 85, "J": 106, "K": 68, "M": 102, "N": 106, "P": 140, "S": 60, "T": 148, "U": 105, "V": 214, "W": 132, "X": 51, "Y": 209, "Z": 68,
    "f": 90, "q": 34, "z": 30, "β": 36, "γ": 53, "δ": 36, "ζ": 64, "ν": 58, "ξ": 36, "ς": 74, "τ": 102, "∂": 63,
}  # fmt: skip
SMALLER = 0.7  # letters of an index: the font's ScriptPercentScaleDown
ROWS = {"math", "mrow", "mstyle", "mtd", "msqrt"}
DESCENDING = "gjpqyfJQβγζηµμξρςφϕϱχψ"
THIN = ElementTree.Element("mspace", width="0.1667em")
ARGUMENT = r"(\{[^{}]*\}|[A-Za-z]|\\[A-Za-z]+)"
AS_TEX_READS_IT = [
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        (r"(\\[td]?frac)\s*(\d)", r"\1{\2}"),  # a digit is an argument of its own
        (rf"(\\[td]?frac\s*{ARGUMENT})\s*(\d)", r"\1{\3}"),
        (r"([\^_]|\\sqrt)\s*(\d)(?=[\d.])", r"\1{\2}"),
        (r"\\dots(?![A-Za-z])(?=\s*[-+=<>])", r"\\cdots"),  # between operators; else between commas
        (r"\\dots(?![A-Za-z])", r"\\ldots"),
        (r"\\([bB]igg?)(?![A-Za-z])", r"\\\1l"),
        (r"\\middle\s*\|", r"\\mid "),
        (r"\{gathered\}", "{matrix}"),
        (r"(\\\\)\s*\[[^\]]*\]", r"\1"),  # more room between lines
        (r"'+", lambda primes: "^{" + r"\prime" * len(primes[0]) + "}"),
        (r"\*", r"{\\ast}"),
        (r"\{,\}", r"\\text{,}"),  # within a number
        (r"(?<=\d),(?=\d)", "{,}"),  # between numbers
        ("°", r"\\text{°}"),
    )
]


def as_tex_reads_it(tex: str) -> str:
    parts = re.split(r"(\\text\{[^{}]*\})", tex)  # words stay as they are
    for pattern, replacement in AS_TEX_READS_IT:
        parts[::2] = [pattern.sub(replacement, part) for part in parts[::2]]
    return "".join(parts)


@functools.cache
def mathml(tex: str, *, block: bool = False, room: bool = True) -> str:
    """The formula as MathML for a page; with or without room after a last letter that leans over what follows."""
    try:
        found = latex2mathml.tex2mathml(as_tex_reads_it(tex), as_block=block)
    except MathError as error:
        raise BookError(f"the formula `{tex.strip()}` cannot be set: {error} Write it with other commands, or add to AS_TEX_READS_IT in builder/pages/formulas.py") from error
    found = re.sub(r">\n\s*<", "><", found.replace("&ApplyFunction;", "\N{FUNCTION APPLICATION}"))
    tree = ElementTree.fromstring(found.replace(' xmlns="http://www.w3.org/1998/Math/MathML"', "", 1))
    set_as_tex_does(tree)
    with_room_for_leaning(tree)
    if len(tree) and tree[0].tag == "mo" and tree[0].text in RELATIONS:
        tree[0].set("lspace", "0")  # nothing is before it
    if not room and len(tree) > 1 and leaning(tree[-2]):
        del tree[-1]
    parts = [tree] if block else broken(tree)
    return "<wbr>".join(ElementTree.tostring(part, encoding="unicode", short_empty_elements=False) for part in parts)


def broken(tree: ElementTree.Element) -> list[ElementTree.Element]:
    """A long formula within a line as parts between which the line may break, as no browser breaks one formula: as in TeX after its relations, but not within parentheses."""
    if len("".join(tree.itertext())) < 20:
        return [tree]
    parts, depth = [ElementTree.Element("math")], 0
    for place, child in enumerate(tree):
        parts[-1].append(child)
        depth += (child.text in OPENING) - (child.text in CLOSING) if child.tag == "mo" else 0
        if child.tag == "mo" and child.text in RELATIONS and not depth and 0 < place < len(tree) - 1:
            child.set("form", "infix")  # else its room is that of a sign at the end
            parts.append(ElementTree.Element("math"))
    return parts


def set_as_tex_does(tree: ElementTree.Element) -> None:
    """What Docutils and the browsers' own spacing do otherwise."""
    for parent in tree.iter():
        if parent.get("class") == "capital-greek":
            parent.attrib = {"mathvariant": "normal"}
        if parent.tag in SCRIPTS:  # no room around operators there
            for operator in (found for script in parent[1:] for found in script.iter("mo")):
                operator.attrib |= {"lspace": "0", "rspace": "0"}
        for place, child in enumerate(list(parent)):
            if child.tag == "munderover" and child[0].get("movablelimits") is None and child[2].get("stretchy") == "false":
                parent[place] = indexed(child)
            elif child.tag == "mover" and child[-1].text == "_":
                child[-1].text = "\N{OVERLINE}"
            elif child.tag == "mo" and child.text == "∣" and parent.tag == "mrow" and parent[0].text in tuple("([{") and not parent[0].attrib:
                child.set("stretchy", "true")
            elif child.tag == "mo" and child.text in FENCES and not child.attrib and not (parent.tag == "mrow" and child in (parent[0], parent[-1])):
                child.set("stretchy", "false")
            elif child.tag == "mi" and child.text == "∇":
                child.set("mathvariant", "normal")
            elif child.tag == "mo" and child.text in ("|", "‖", "/"):
                child.attrib |= {"lspace": "0", "rspace": "0"}
                if not (parent.tag == "mrow" and child in (parent[0], parent[-1])):  # which \left and \right would stretch
                    child.set("stretchy", "false")
            elif place == 0 and parent.tag in ("msub", "msubsup") and (letter := child[0] if child.tag == "mover" else child).tag == "mi" and letter.text in tuple(DESCENDING):
                parent[0] = ElementTree.Element("mpadded", depth="0")  # the index of a single letter stands as high as under any other
                parent[0].append(child)
        with_room_around_functions(parent)


def with_room_around_functions(row: ElementTree.Element) -> None:
    """A thin space before and after `sin`, but not at a parenthesis."""
    result = []
    for child in row:
        if child.tag != "mo" or child.text != "\N{FUNCTION APPLICATION}":
            if result and result[-1] is THIN and child.tag == "mo" and child.text in tuple("([{|)]},."):
                result.pop()
            result.append(child)
            continue
        if len(result) > 1 and (result[-2].tag not in ("mo", "mspace") or result[-2].text in tuple(")]}")):
            result.insert(-1, THIN)
        result.append(THIN)
    if THIN in result:
        row[:] = result


def leaning(element: ElementTree.Element) -> float:
    """How much room (em) a letter wants after it, also one with an accent."""
    letter = element[0] if element.tag == "mover" else element
    return LEANING.get(letter.text, 0) / 1000 if letter.tag == "mi" and not letter.get("mathvariant") else 0


def room_for(em: float) -> ElementTree.Element:
    return ElementTree.Element("mspace", width=f"{em:.3f}em")


def with_room_for_leaning(tree: ElementTree.Element) -> None:
    """Room after letters that lean over what follows, but not before their indices; what is raised above the line begins after it."""
    for parent in list(tree.iter()):
        if parent.tag in ROWS:
            parent[:] = [part for child in parent for part in ([child, room_for(leaning(child))] if leaning(child) else [child])]
        elif parent.tag in ("msup", "msubsup") and (room := leaning(parent[0])):
            raised = ElementTree.Element("mrow")
            raised.extend([room_for(room / SMALLER), parent[-1]])
            parent[-1] = raised


def indexed(both: ElementTree.Element) -> ElementTree.Element:
    """A letter with an accent and an index, which Docutils takes for a sum with limits."""
    letter, index, accent = both
    below, above = ElementTree.Element("msub"), ElementTree.Element("mover", accent="true")
    above.extend([letter, accent])
    below.extend([above, index])
    return below


def wants_room(following: str) -> bool:
    """Whether what follows a formula would touch a letter that leans over it: all but what stands low."""
    return not following.startswith((".", ",", ";", ":"))


def after(node: nodes.Node) -> str:
    """What follows it within the paragraph."""
    while isinstance(node.parent, nodes.TextElement):
        if text := "".join(one.astext() for one in node.parent[node.parent.index(node) + 1 :]):
            return text
        node = node.parent
    return ""


def with_formulas(text: str) -> str:
    """A text with formulas between marks, `\\(x^2\\)`, as HTML."""
    parts = FORMULA.split(text)
    return "".join(html.escape(part, quote=False) if i % 2 == 0 else mathml(part, room=wants_room(parts[i + 1])) for i, part in enumerate(parts))


def outside_formulas(cut: str) -> str:
    """A text that was cut, without the beginning of a formula at its end."""
    return cut[: cut.rfind(r"\(")] if cut.rfind(r"\(") > cut.rfind(r"\)") else cut


def on_page(translator, node, **options) -> str:
    try:
        return mathml(node.astext(), **options)
    except BookError as error:
        raise BookError(f"{translator.builder.current_docname}: {error}") from error


def inline(translator, node):
    translator.body.append(on_page(translator, node, room=wants_room(after(node))))
    raise nodes.SkipNode


def block(translator, node):
    """In a box of its own, which scrolls where the formula is wider than a phone."""
    translator.body.append(translator.starttag(node, "div", CLASS="math") + on_page(translator, node, block=True) + "</div>\n")
    raise nodes.SkipNode


def choose(app, config):
    config.html_math_renderer = "mathml"
