"""Give Sphinx each chapter with the outputs of its current execution, and offer that notebook for download."""

import ast
import copy
import functools
import html
import pathlib
import re

import nbformat

from ..chapters import code_cells, committed, source_path, without_type
from ..doubt import results
from ..execute import key, store
from ..files import BookError, digest
from ..form import Balance, raw_html
from ..live import shown
from ..render.pictures import FIGURE, outputs_with_figures
from .guess import put_questions
from .typography import with_quotes


def chapter_of(docname: str) -> str | None:
    """The chapter's name, or None for the other pages."""
    return docname.removeprefix("notebooks/") if docname.startswith("notebooks/") else None


@functools.cache
def chapter(name: str) -> nbformat.NotebookNode:
    """The chapter with the outputs that this build shows; not to be changed."""
    return store.executed(name)


@functools.cache
def record(name: str) -> dict | None:
    """The record of the chapter's current execution."""
    return store.current(name)


def distributions(name: str) -> list[str]:
    """The packages that the chapter itself imports."""
    return key.distributions(chapter(name))


def plain(name: str) -> nbformat.NotebookNode:
    """The same notebook, to be changed: each figure once, as its cell drew it."""
    notebook = copy.deepcopy(chapter(name))
    for output in (one for cell in notebook.cells for one in outputs_with_figures(cell)):
        output.metadata.pop(FIGURE, None)
    return notebook


@functools.cache
def text(name: str) -> str:
    """The same notebook as it is downloaded."""
    return nbformat.writes(plain(name)) + "\n"


@functools.cache
def version(name: str) -> str:
    """Digest of all that this text is made of."""
    doubts = [path.read_bytes() for path in (results.path(name), results.EQUIVALENT) if path.exists()]
    return digest(source_path(name).read_bytes(), (record(name) or {"sha256": ""})["sha256"], *doubts, shown.state(name), *committed(name))


class Displayed(Balance):
    """What the HTML of an output would do to its page: it runs a script, asks another host, changes the page itself, or does not end where it ends."""

    BLOCKS = {"div", "section", "article", "main", "details", "table", "style", "title", "textarea"}  # the others browsers close themselves

    def __init__(self, html: str):
        super().__init__()
        self.scripts = self.others = self.changes = False
        self.feed(html)
        self.cut = re.search(r"<!--(?!.*?-->)|<[a-z/!][^<>]*$", html, re.I | re.S) is not None

    def handle_starttag(self, tag, attributes):
        self.handle_startendtag(tag, attributes)
        if tag in self.BLOCKS:
            self.open.append((tag, 0))

    def handle_startendtag(self, tag, attributes):
        values = {name: re.sub(r"[\0-\x20]", "", value or "") for name, value in attributes}
        self.scripts |= tag == "script" or any(name.startswith("on") or re.match("javascript:", value, re.I) for name, value in values.items())
        loaded = [value for name, value in values.items() if name in ("src", "srcset", "poster", "data") or name.endswith("href") and tag not in ("a", "area")]
        self.others |= any(re.search(r"(?:^|,)(?:https?:)?//", value, re.I) for value in loaded)
        self.handle_data(values.get("style", ""))
        self.changes |= tag in ("base", "meta", "link")

    def handle_endtag(self, tag):
        if tag in self.BLOCKS:
            super().handle_endtag(tag)

    def handle_data(self, data):
        self.others |= re.search(r"(?:url\(|@import)\s*[\"']?\s*(?:https?:)?//", data, re.I) is not None


def check_scripts(name: str, notebook: nbformat.NotebookNode) -> None:
    """Only a cell that says so, by the tag `script`, may put a script of its own on the page; none what another host would have to send, for the page does not ask it, or what reaches beyond its place."""
    for number, cell in enumerate(code_cells(notebook), start=1):
        where = f"notebooks/{name}.ipynb, code cell {number}: it displays"
        for data in [output.get("data", {}) for output in cell.outputs]:
            for kind in ("text/html", "text/markdown"):
                text = data.get(kind, "")
                shown = Displayed(text if kind == "text/html" else raw_html(text))
                if shown.others or kind == "text/markdown" and re.search(r"!\[[^\]]*\]\(https?://", text):
                    raise BookError(f"{where} what another host would have to send, which the page does not ask: display what the cell itself holds")
                if (shown.scripts or "application/javascript" in data) and "script" not in cell.metadata.get("tags", []):
                    raise BookError(f"{where} a script, which the page would not run: give the cell the tag `script`, if that is meant")
                if shown.changes:
                    raise BookError(f"{where} `<base>`, `<meta>` or `<link>`, which would change the whole page: display it without them")
                if shown.cut or shown.wrong or shown.open:
                    raise BookError(f"{where} HTML that does not end where it ends, and would take the rest of the page with it: close each `<div>` once, and so its like")


def tell_without_script(cell: nbformat.NotebookNode) -> None:
    """What a cell's script would draw, in the words that the cell has for those who do not see it; and its own words with the page's apostrophes."""
    alt = cell.metadata.get("mystnb", {}).get("image", {}).get("alt")
    for output in cell.get("outputs", []) if alt and "script" in cell.metadata.get("tags", []) else []:
        if "text/html" in output.get("data", {}):
            shown = output.data["text/html"] + f"<noscript><p>{html.escape(alt, quote=False)}</p></noscript>"
            output.data["text/html"] = with_quotes(shown, r"<script\b.*?</script>|<[^>]*>")


# What a call does that sets something up, by the last part of its name.
SETTINGS = ("set_theme", "setdefault", "update", "set_option", "set_num_threads", "setLevel", "enable_op_determinism", "filterwarnings", "simplefilter", "use", "seed", "set_random_seed")


def sets_up(statement: ast.stmt) -> bool:
    """Whether the statement only imports or sets something: a constant, a seed, an option of a package."""
    if isinstance(statement, (ast.Import, ast.ImportFrom, ast.Pass)):
        return True
    if isinstance(statement, ast.If) and "google.colab" in ast.unparse(statement.test):  # what Colab lacks
        return True
    if isinstance(statement, (ast.With, ast.Try)):
        return all(sets_up(part) for part in ast.walk(statement) if isinstance(part, ast.stmt) and part is not statement)
    if not isinstance(statement, (ast.Expr, ast.Assign)):
        return False
    value = statement.value.left if isinstance(statement.value, ast.Compare) else statement.value  # found, or not
    if not isinstance(value, ast.Call):
        return isinstance(statement, ast.Assign) and not any(isinstance(part, (ast.Name, ast.Call)) for part in ast.walk(value))
    called, *arguments = ast.iter_child_nodes(value)
    if any(isinstance(part, ast.Call) for argument in arguments for part in ast.walk(argument)):  # what it sets is computed
        return False
    return getattr(called, "attr", getattr(called, "id", None)) in (SETTINGS if isinstance(statement, ast.Expr) else ("default_rng", "find_spec"))


def is_setup(cell: nbformat.NotebookNode) -> bool:
    """Whether the cell imports and sets up, and does nothing else."""
    if cell.cell_type != "code" or "claim" in cell.metadata.get("tags", []):
        return False
    try:
        body = ast.parse(cell.source).body
    except SyntaxError:  # a cell of IPython
        return False
    return any(isinstance(one, (ast.Import, ast.ImportFrom)) for one in body) and all(map(sets_up, body))


LONGEST = 92  # characters of a fold's words: more names than fit in a line are counted


def contents(source: str) -> tuple[str, list[str]]:
    """What folded code is, for its fold: the functions and classes that it defines, the comment that it begins with, or that it checks something."""
    if comment := re.match(r"# (?!@)(\w.{0,60}\w)[.:]?\n(?!#)", source):
        return "told", [f"{comment[1][0].lower() + comment[1][1:] if comment[1][1:2].islower() else comment[1]}"]
    try:
        body = ast.parse(source).body
    except SyntaxError:  # a cell of IPython
        return "plain", []
    if names := [one.name for one in body if isinstance(one, (ast.FunctionDef, ast.ClassDef))]:
        return "names", names
    return "checks" if any(isinstance(one, ast.Assert) for one in body) else "plain", []


def kind(cell: nbformat.NotebookNode) -> tuple[str, list[str]]:
    """The same of a cell that is folded, with what its tags and metadata say of it."""
    if is_setup(cell):
        return "setup", []
    if cell.source.startswith("# @title Solution"):
        return "solution", []
    if "hide-input" in cell.metadata.get("tags", []) and "figure" in cell.metadata.get("mystnb", {}):
        return "draws", []
    what, names = contents(cell.source)
    seen = cell.get("outputs") and "hide-cell" not in cell.metadata.get("tags", [])
    return ("plain" if what == "checks" and seen else what), names  # what prints is the code of that, and not checks alone


def listed(names: list[str], last: str = " and ") -> str:
    return f"{', '.join(names[:-1])}{last if names[:-1] else ''}{names[-1]}"


def named(names: list[str], room: int) -> str:
    """The names, in at most so many letters: those that are left are counted."""
    few = len(names)
    while few > 1 and len(listed(names[:few])) > room:
        few -= 1
    return listed(names if few == len(names) else [*names[:few], f"{len(names) - few} more"])


def words(kinds: list[tuple[str, list[str]]]) -> str:
    """What one fold holds, in one line: of several cells what each kind of them is, once."""
    found: dict[str, list[str]] = {}
    for one, names in kinds:
        found.setdefault(one, []).extend(names)
    if "solution" in found:
        return "the solution"
    parts = [] if "setup" not in found else ["the imports and settings"] if len(found) == 1 else ["the imports", "settings"]
    if "draws" in found:
        computes = "computes and " if {"told", "plain"} & set(found) else ""
        with_names = f", with {named(found['names'], LONGEST - 30)}" if "names" in found else ""
        parts.append(f"the code that {computes}draws the figure{with_names}")
    elif "names" in found:
        more = ["more"] if {"told", "plain"} & set(found) else []
        parts.append(f"the code of {named(found['names'] + more, LONGEST - 12)}")
    elif "told" in found:
        parts.append(f"the code: {'; '.join(found['told'])}")
    elif "plain" in found:
        parts.append("the code")
    parts += ["further checks"] if "checks" in found else []
    return listed(parts, ", and " if len(parts) > 2 or re.search(", | and ", parts[0]) else " and ")


def fold(cell: nbformat.NotebookNode) -> None:
    """What a folded cell holds, in the words on its fold (folds.py makes one of neighbours). Imports and settings are folded too, on the page alone."""
    tags = cell.metadata.get("tags", [])
    if is_setup(cell):
        cell.metadata["tags"] = [*(tag for tag in tags if tag != "hide-cell"), "hide-input"]
    elif not {"hide-cell", "hide-input"} & set(tags):
        return
    what = words([kind(cell)])
    cell.metadata.setdefault("mystnb", {}).update(code_prompt_show=f"Show {what}", code_prompt_hide=f"Hide {what}")


def calm(cell: nbformat.NotebookNode) -> None:
    """What a cell displays, in the words of the page; the notebook for download keeps all."""
    for output in cell.get("outputs", []):
        data = output.get("data", {})
        if "text/plain" in data:
            data["text/plain"] = without_type(data["text/plain"])
        if 'class="dataframe"' in data.get("text/html", ""):
            data["text/html"] = with_commas(data["text/html"])


def with_commas(table: str) -> str:
    """The table of pandas (HTML) with commas in columns of whole numbers that reach thousands, unless all that do may be years."""
    rows = [re.split(r"(?<=<td>)([^<]*)(?=</td>)", row) for row in re.split(r"(?=<tr)", table)]
    whole = [[int(cell) if re.fullmatch(r"-?\d{1,15}", cell) else 0 for cell in row[1::2]] for row in rows]
    large = {place for row in whole for place, number in enumerate(row) if abs(number) >= 1000 and not 1900 <= number < 2100}
    for row, numbers in zip(rows, whole):
        for place in large & set(range(len(numbers))):
            if numbers[place]:
                row[2 * place + 1] = f"{numbers[place]:,}"
    return "".join(part for row in rows for part in row)


def put_outputs(app, docname, source):
    """The page's source is the executed notebook; its folded cells say what they hold."""
    if chapter_of(docname):
        notebook = plain(chapter_of(docname))
        check_scripts(chapter_of(docname), notebook)
        put_questions(chapter_of(docname), notebook)
        for cell in notebook.cells:
            tell_without_script(cell)
            calm(cell)
            fold(cell)
        source[0] = nbformat.writes(notebook)


def note_execution(app, doctree):
    """Which executed notebook the page shows, and that notebook for download."""
    name = chapter_of(app.env.docname)
    if name:
        app.env.metadata[app.env.docname]["executed"] = version(name)
        folder = pathlib.Path(app.outdir) / "executed"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.ipynb").write_text(text(name), encoding="utf-8")


def find_outdated(app, env, added, changed, removed):
    """Chapters whose executed notebook is another than the one last read, and the book's own pages, which tell of all chapters."""
    shown = {docname: env.metadata[docname].get("executed") for docname in env.found_docs - added}
    return [docname for docname, seen in shown.items() if not chapter_of(docname) or seen != version(chapter_of(docname))]
