"""What the theme and MyST-NB would do otherwise: scripts, code's colours, the words on folded cells, and plain builds."""

import html
import os
import pathlib
import re

from docutils import nodes
from myst_nb.sphinx_ import HideCodeCellNode, depart_HideCellInput, visit_HideCellInput
from pygments.formatters import HtmlFormatter
from pygments.token import Error, Name, Operator, Punctuation, Text, Token
from sphinx.highlighting import PygmentsBridge

from ..files import BUILD
from ..render.delivery import deliver

SCRIPTS = (
    "documentation_options.js", "doctools.js", "sphinx-book-theme.js", "book.js", "charts.js", "live.js",
)  # fmt: skip; book.js loads those that copy code
BROKEN = 32  # letters: a line of code that is longer may not fit a phone
DEEPEST = 24  # letters of indentation that the rest of a broken line keeps
PLAIN = (Name, Name.Namespace, Operator, Punctuation, Punctuation.Marker, Text.Whitespace, Error, Token)


class CalmFormatter(HtmlFormatter):
    """Names, operators, punctuation, space, and what the lexer does not know have the colour of all code: as elements of their own they would be most of a page's."""

    def _get_css_classes(self, ttype):
        return "" if ttype in PLAIN else super()._get_css_classes(ttype)

    def _format_lines(self, tokensource):
        """Each long line of code is an element, with its indentation as its class: where it is broken, its rest hangs (book.css). What has no language is a text, or a table, and keeps its lines."""
        tokens = list(tokensource)
        code = any(ttype not in Text for ttype, _ in tokens)
        for number, line in super()._format_lines(tokens):
            letters = html.unescape(re.sub(r"<[^>]*>", "", line)) if code else ""
            if len(letters.rstrip()) > BROKEN:
                indented = len(letters) - len(letters.lstrip(" "))
                line = f'<span class="i{min(indented, DEEPEST) // 2 * 2}">{line.removesuffix(chr(10))}</span>\n'
            yield number, line


def calm_code(app, config):
    """Code is shown in these colours also where its lexer refuses a part (the end of a `!command`, of another language): that is no fault of the page."""
    PygmentsBridge.html_formatter = CalmFormatter
    config.suppress_warnings = [*config.suppress_warnings, "misc.highlighting_failure"]


def read_on_all_cores(app, config):
    """Jupyter Book brings extensions that do nothing for these pages and do not say that they are safe; the rest are."""
    for name in ("sphinx_multitoc_numbering", "sphinx_jupyterbook_latex"):
        if name in app.extensions:
            app.extensions[name].parallel_read_safe = True


def plain_build_elsewhere(app, config):
    """`jupyter-book build .` writes where the link to the finished site may be: it gets a folder in its place, and the site stays as it is."""
    link = BUILD / "html"
    if config.deliver_pages and link.is_symlink() and pathlib.Path(app.outdir) == link.resolve():
        link.unlink()
        link.mkdir()
        app.outdir = type(app.outdir)(link)


def deliver_plain_build(app, exception):
    if not exception and app.config.deliver_pages:
        deliver(pathlib.Path(app.outdir))


def choose_scripts(app, pagename, templatename, context, doctree):
    """Only the scripts that the book uses, none of them before the text."""
    kept = []
    for script in context.get("script_files", []):
        name = pathlib.PurePosixPath(str(getattr(script, "filename", None) or "").split("?")[0]).name
        if name in SCRIPTS:
            script.attributes["defer"] = "defer"
            kept.append(script)
    context["script_files"] = kept


def name_links(app, pagename, templatename, context, doctree):
    """What Sphinx calls an image may be a chart, and is numbered as a figure."""
    body = context.get("body", "").replace('title="Link to this image"', 'title="Link to this figure"')
    # A heading that is pressed holds no link: it stands behind it, where what it opens is open.
    road = r'(<details class="(?:side-road"|ledger-chapter" open)><summary>\s*<h\d>(?:(?!</h\d>).)*?)(<a class="headerlink"[^>]*>[^<]*</a>)(</h\d>.*?</summary>)'
    context["body"] = re.sub(road, r"\1\3\2", body, flags=re.S)


def visit_folded(translator, node):
    """As MyST-NB does, but named by its words; what is seen is a few of them and names in code (naming.py, book.css)."""
    visit_HideCellInput(translator, node)
    summary = next(i for i in reversed(range(len(translator.body))) if translator.body[i].startswith("<summary"))
    short, names, words = map(html.escape, (*node.get("brief", ("code", "")), node["prompt_show"]))
    data = f' data-names="{names}"' if names else ""
    translator.body[summary] = f'<summary data-short="{short}"{data} title="{words}">\n'


def drop_thebe(app, doctree, docname):
    for raw in list(doctree.findall(nodes.raw)):
        if "kernelName" in raw.astext() or "x-thebe-config" in raw.astext():
            raw.parent.remove(raw)
