"""Formulas: what the build makes of their TeX means what MathJax, which the pages do not use, reads in it; and what cannot be set is an error."""

import base64
import importlib.metadata
import pathlib
import re
import xml.etree.ElementTree as ElementTree

import pytest
from markdown_it import MarkdownIt
from mdit_py_plugins.amsmath import amsmath_plugin
from mdit_py_plugins.dollarmath import dollarmath_plugin

from builder import chapters as book
from builder.files import ROOT, BookError
from builder.pages.formulas import LEANING, mathml, with_formulas

ALIKE = str.maketrans({"ˆ": "^", "\N{MODIFIER LETTER MACRON}": "\N{MACRON}", "˜": "~", "―": "\N{OVERLINE}", "∣": "|", "∥": "‖", "\N{FUNCTION APPLICATION}": None, " ": None, "\N{NO-BREAK SPACE}": None})
ALPHABETS = {"double-struck": {"E": "𝔼", "R": "ℝ", "P": "ℙ", "N": "ℕ", "1": "𝟙"}, "script": {"N": "𝒩", "L": "ℒ", "O": "𝒪"}, "bold": {"1": "𝟏", "x": "𝐱", "w": "𝐰"}}


def found(tokens):
    for token in tokens:
        if token.type.startswith("math") or token.type == "amsmath":
            yield token.content.strip(), token.type != "math_inline"
        yield from found(token.children or [])


def formulas() -> list[tuple[str, bool]]:
    """Each formula of the book, and whether it stands on a line of its own."""
    reader = MarkdownIt("commonmark").enable("table").use(dollarmath_plugin).use(amsmath_plugin)
    texts = [cell.source for name in book.chapters() for cell in book.load(name).cells if cell.cell_type == "markdown"]
    texts += [path.read_text(encoding="utf-8") for path in sorted((ROOT / "book").glob("*.md"))]
    return list(dict.fromkeys(formula for text in texts for formula in found(reader.parse(text))))


def meaning(element: ElementTree.Element) -> list:
    """What stands in, over and under what; letters side by side are one text, and space is nothing."""
    tag = element.tag.rpartition("}")[2]
    if tag in ("mi", "mn", "mo", "mtext"):
        text = (element.text or "").translate(ALIKE)
        return [ALPHABETS.get(element.get("mathvariant"), {}).get(text, text)] if text else []
    inside = [meaning(child) for child in element]
    if tag in ("math", "mrow", "mstyle", "mpadded", "mtd", "msqrt"):
        flat = []
        for part in sum(inside, []):
            if flat and isinstance(part, str) and isinstance(flat[-1], str):
                flat[-1] += part
            else:
                flat.append(part)
        return [("root", flat)] if tag == "msqrt" else flat
    return [] if tag in ("mspace", "mphantom") else [(tag.replace("under", "sub").replace("over", "sup"), inside)]


def read(mathml: str) -> list:
    return meaning(ElementTree.fromstring(mathml))


def test_every_formula_means_what_mathjax_reads_in_it(chromium):
    package = next(path for path in importlib.metadata.files("sphinx-mathjax-offline") if path.name == "tex-chtml.js")
    page = chromium.browser.new_page()
    page.set_content("<script>window.MathJax = { startup: { typeset: false } }</script>")
    page.add_script_tag(path=pathlib.Path(package.locate()))
    page.evaluate("MathJax.startup.promise")
    asked = formulas()
    expected = page.evaluate("all => all.map(([tex, display]) => MathJax.tex2mml(tex, { display }))", asked)
    page.close()
    others = [tex for (tex, block), theirs in zip(asked, expected) if read(f"<math>{mathml(tex, block=block).replace('<wbr>', '')}</math>") != read(re.sub(r"&(?!#|amp;|lt;|gt;)", "&amp;", theirs))]
    assert len(asked) > 100 and not others, others[:5]


@pytest.mark.parametrize(
    ("tex", "expected"),
    [
        (r"\frac12", "<mfrac><mn>1</mn><mn>2</mn></mfrac>"),
        (r"\frac\pi2", "<mfrac><mi>π</mi><mn>2</mn></mfrac>"),
        ("x^12", "<msup><mi>x</mi><mn>1</mn></msup><mn>2</mn>"),
        (r"\hat x_0", '<msub><mover accent="true"><mi>x</mi>'),
        ("g'", "<msup><mi>g</mi><mi>′</mi></msup>"),
        (r"\text{Bayes' 90° *}", "<mtext>Bayes' 90° *</mtext>"),
        ("0,1", "<mn>0</mn><mo>,</mo><mn>1</mn>"),
        ("16{,}777", "<mn>16</mn><mtext>,</mtext><mn>777</mn>"),
        (r"\{0\}", '<mo stretchy="false">{</mo>'),
    ],
)
def test_a_formula_is_read_as_tex_reads_it(tex, expected):
    assert expected in mathml(tex)


def test_a_norm_is_as_high_as_its_letters_and_indices_are_level():
    """Unless \\left and \\right ask for more, bars do not stretch; under p an index would hang lower than under w."""
    assert mathml(r"\|x\|^2").count('stretchy="false">‖') == 2 and "stretchy" not in mathml(r"\left\|x\right\|")
    assert '<msub><mpadded depth="0"><mi>p</mi></mpadded><mi>k</mi></msub>' in mathml("p_k") and "mpadded" not in mathml("w_k")


def test_a_leaning_letter_has_room():
    """Not before what stands low, nor before an index; what is raised stands beside it."""
    assert mathml("F").endswith('<mi>F</mi><mspace width="0.134em"></mspace></math>') and "mspace" not in mathml("F", room=False) + mathml("F_1") + mathml("n")
    assert mathml("J^2") == '<math><msup><mi>J</mi><mrow><mspace width="0.151em"></mspace><mn>2</mn></mrow></msup></math>'
    assert "mspace" in with_formulas(r"\(F\) and") and "mspace" not in with_formulas(r"\(F\), and")


def test_a_formula_is_broken_after_its_relations():
    """Not within parentheses; nor does one begin with the room before a relation."""
    parts = mathml(r"P(t < T) = 1 + 2 + 3 + 4 + 5 + 6 + 7").split("<wbr>")
    assert len(parts) == 2 and parts[0].endswith('<mo form="infix">=</mo></math>')
    assert mathml(r"\propto x").startswith('<math><mo lspace="0">∝</mo>')


def test_the_font_leaves_no_gaps(chromium):
    """Chromium gives a root, or a bracket that grows, the room of its widest form; and letters lean as far as the builder thinks."""
    page = chromium.browser.new_page()
    font = base64.b64encode((ROOT / "book/_static/formulas.woff2").read_bytes()).decode()
    formulas = [r"\sqrt n", r"\sqrt{\frac12}", r"\sqrt{(1)}", r"\left(\frac12\right)", r"\left[\frac12\right]"]
    page.set_content(f"<style>@font-face {{ font-family: M; src: url(data:font/woff2;base64,{font}) }} math {{ font: 100px M }}</style>" + "".join(f"<p>{mathml(tex)}</p>" for tex in formulas))
    page.evaluate("document.fonts.load('100px M')")
    gaps = page.evaluate("[...document.querySelectorAll('msqrt')].map((one) => one.getBoundingClientRect().right - one.lastElementChild.getBoundingClientRect().right)")
    assert len(gaps) == 3 and max(map(abs, gaps)) < 1
    assert all(width < 50 for width in page.evaluate("[...document.querySelectorAll('mrow > mo')].map((one) => one.getBoundingClientRect().width)"))
    slanted = {letter: chr(0x1D434 + ord(letter) - ord("A")) for letter in LEANING if letter.isascii() and letter.isupper()}
    over = page.evaluate("""letters => { const pen = document.createElement("canvas").getContext("2d"); pen.font = "1000px M";
        return letters.map((one) => { const found = pen.measureText(one); return found.actualBoundingBoxRight - found.width; }); }""", list(slanted.values()))
    page.close()
    assert {letter: LEANING[letter] for letter in slanted} == pytest.approx({letter: 28 + far for letter, far in zip(slanted, over)}, abs=20)  # it counts the curves' control points


def test_a_formula_that_cannot_be_set_is_an_error():
    with pytest.raises(BookError, match=r"the formula `\\nonsense x` cannot be set"):
        mathml(r"\nonsense x")
