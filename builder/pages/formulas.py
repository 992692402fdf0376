"""Formulas: TeX becomes MathML while the book is built, which browsers set themselves, without a script and on paper as on the screen.

Docutils converts them. What it reads otherwise than TeX is written for it in its own way first (AS_TEX_READS_IT), and what it does not know is an error that names the
formula, never something that looks like one. A test compares every formula of the book with what MathJax reads in it. Their font is Latin Modern Math
(GUST Font License), `book/_static/formulas.woff2`: renamed, cut by fontTools to letters, Greek, operators and brackets, with the font's own raised form of the prime.
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
        ("°", r"\\text{°}"),
    )
]


def as_tex_reads_it(tex: str) -> str:
    parts = re.split(r"(\\text\{[^{}]*\})", tex)  # words stay as they are
    for pattern, replacement in AS_TEX_READS_IT:
        parts[::2] = [pattern.sub(replacement, part) for part in parts[::2]]
    return "".join(parts)


@functools.cache
def mathml(tex: str, *, block: bool = False) -> str:
    """The formula as MathML for a page."""
    try:
        found = latex2mathml.tex2mathml(as_tex_reads_it(tex), as_block=block)
    except MathError as error:
        raise BookError(f"the formula `{tex.strip()}` cannot be set: {error} Write it with other commands, or add to AS_TEX_READS_IT in builder/pages/formulas.py") from error
    found = re.sub(r">\n\s*<", "><", found.replace("&ApplyFunction;", "\N{FUNCTION APPLICATION}"))
    tree = ElementTree.fromstring(found.replace(' xmlns="http://www.w3.org/1998/Math/MathML"', "", 1))
    set_as_tex_does(tree)
    parts = [tree] if block else broken(tree)
    return "<wbr>".join(ElementTree.tostring(part, encoding="unicode", short_empty_elements=False) for part in parts)


def broken(tree: ElementTree.Element) -> list[ElementTree.Element]:
    """A long formula within a line as parts between which the line may break: before its relations, as no browser breaks one formula."""
    if len("".join(tree.itertext())) < 20:
        return [tree]
    parts = [ElementTree.Element("math")]
    for child in tree:
        if child.tag == "mo" and child.text in RELATIONS and len(parts[-1]):
            child.set("form", "infix")
            parts.append(ElementTree.Element("math"))
        parts[-1].append(child)
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


def indexed(both: ElementTree.Element) -> ElementTree.Element:
    """A letter with an accent and an index, which Docutils takes for a sum with limits."""
    letter, index, accent = both
    below, above = ElementTree.Element("msub"), ElementTree.Element("mover", accent="true")
    above.extend([letter, accent])
    below.extend([above, index])
    return below


def with_formulas(text: str) -> str:
    """A text with formulas between marks, `\\(x^2\\)`, as HTML."""
    parts = FORMULA.split(text)
    return "".join(html.escape(part, quote=False) if i % 2 == 0 else mathml(part) for i, part in enumerate(parts))


def outside_formulas(cut: str) -> str:
    """A text that was cut, without the beginning of a formula at its end."""
    return cut[: cut.rfind(r"\(")] if cut.rfind(r"\(") > cut.rfind(r"\)") else cut


def on_page(translator, node, **options) -> str:
    try:
        return mathml(node.astext(), **options)
    except BookError as error:
        raise BookError(f"{translator.builder.current_docname}: {error}") from error


def inline(translator, node):
    translator.body.append(on_page(translator, node))
    raise nodes.SkipNode


def block(translator, node):
    """In a box of its own, which scrolls where the formula is wider than a phone."""
    translator.body.append(translator.starttag(node, "div", CLASS="math") + on_page(translator, node, block=True) + "</div>\n")
    raise nodes.SkipNode


def choose(app, config):
    config.html_math_renderer = "mathml"
