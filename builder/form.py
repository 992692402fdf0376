"""The form of the book, checked before anything is executed: `_toc.yml`, the notebooks, the data, requirements.txt against its lock.

`make`, `make CHAPTER=` and pytest all check here. A fault is one line that names the file, the cell and the cure; all faults are listed together.
`faults` break the build or mislead its readers and stop `make`; `rules` are what a finished chapter keeps to as well, and only `make test` asks for them; `make` names those of the outputs.
What can be mended without thinking, `make tidy` mends.
"""

import ast
import contextlib
import difflib
import functools
import importlib.util
import json
import os
import pathlib
import re
import sys
import uuid
from html import unescape
from html.parser import HTMLParser

import nbformat
import yaml
from docutils.nodes import make_id
from jsonschema import Draft7Validator
from jupyter_client.kernelspec import KernelSpecManager
from markdown_it import MarkdownIt
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from sphinx_external_toc.parsing import MalformedError, parse_toc_yaml

from . import recipes
from .chapters import OPTIONS, chapters, claims, code_cells, load, option, python, question, source_path
from .data import data_faults
from .execute.store import executed
from .files import ROOT, BookError, text_of, write_atomically
from .requirements import requirements

CELL_METADATA = {"tags", "mystnb", "slug", "main", "guess", "live", "controls", "values", "tells", "marks", "equal_axes", "smooth", "untitled", "cover", "card", "wide"}
TIDY = "run `make tidy`"
MAIN = 5  # claims of a chapter that may be main ones
FORM = {"claims": int, "exercises": int, "columns": int, "tags": list}  # what `form` in `_config.yml` may hold
KINDS = {list: "list, `[one, two]`", dict: "table, `{name: value}`", str: "text"}


# ---- _toc.yml


def read_yaml(file: str) -> tuple[object, list[str]]:
    """What the file holds, and what is wrong with it: also that a name stands twice in one table, of which only the last would count."""
    try:
        text = text_of(ROOT / file)
        contents, nodes = yaml.safe_load(text), [yaml.compose(text, yaml.SafeLoader)]
    except FileNotFoundError:
        return None, [f"{file} is missing: restore it with `git checkout {file}`"]
    except yaml.YAMLError as error:
        line = f", line {error.problem_mark.line + 1}" if getattr(error, "problem_mark", None) else ""
        return None, [f"{file}{line}: not YAML ({str(getattr(error, 'problem', error)).splitlines()[0]}): compare the indentation with the lines around it"]
    found, seen = [], set()
    while nodes:
        node = nodes.pop()
        if isinstance(node, yaml.CollectionNode) and id(node) not in seen:
            seen.add(id(node))
            pairs = node.value if isinstance(node, yaml.MappingNode) else [(None, value) for value in node.value]
            nodes += [value for _, value in pairs]
            names = [name.value for name, _ in pairs if name]
            found += [f"{file}, line {name.start_mark.line + 1}: `{name.value}` stands twice in one table: keep one of them" for i, (name, _) in enumerate(pairs) if name and name.value in names[:i]]
    return contents, found


def toc_faults() -> list[str]:
    """What Jupyter Book would meet as a traceback, or not at all."""
    contents, wrong = read_yaml("_toc.yml")
    if wrong:
        return wrong
    if not isinstance(contents, dict) or contents.get("format") != "jb-book" or not isinstance(contents.get("root"), str):
        return ["_toc.yml: it begins with `format: jb-book` and `root: book/intro`: compare with `git show HEAD:_toc.yml`"]

    def at(word: str) -> str:
        lines = [number for number, line in enumerate(text_of(ROOT / "_toc.yml").splitlines(), start=1) if word in line]
        return f"_toc.yml, line {lines[-1]}" if lines else "_toc.yml"

    found, listed = [], [contents["root"]]
    if contents["root"].startswith("notebooks/"):
        found.append(f"{at('root:')}: the book begins with a page, as `root: book/intro`, not with a chapter: list the chapter in a part")
    parts = contents.get("parts")
    if not isinstance(parts, list):
        return [f"{at('parts')}: `parts` is a list of parts, each with a caption and chapters: compare with `git show HEAD:_toc.yml`"]
    for part in parts:
        caption = part.get("caption") if isinstance(part, dict) else None
        if not caption or not isinstance(caption, str):
            found.append(f"{at('caption')}: a part lacks its caption, or it is no text (put a number in quotes): compare the indentation with the other parts")
            continue
        if not isinstance(part.get("chapters"), list):
            found.append(f"{at(str(caption))}: the part '{caption}' has no chapters: list one under it, or take the part out")
            continue
        for chapter in part["chapters"]:
            if not isinstance(chapter, dict) or not isinstance(chapter.get("file"), str):
                found.append(f"{at(str(caption))}: a chapter of '{caption}' is not written `- file: notebooks/name`")
            else:
                listed.append(chapter["file"])
    for name in dict.fromkeys(listed):
        if listed.count(name) > 1:
            found.append(f"{at(name)}: {name} is listed {listed.count(name)} times: keep one of them")
        if pathlib.PurePosixPath(name).suffix in (".ipynb", ".md"):
            found.append(f"{at(name)}: write {name.rsplit('.', 1)[0]}, without the ending")
        elif not re.fullmatch(r"notebooks/[^/]+|(?!notebooks/)(?:[^/.][^/]*/)*[^/.][^/]*", name):
            found.append(f"{at(name)}: {name} is written `notebooks/name` or `book/name`, from the book's folder on; chapters lie in notebooks/ itself: correct it")
        elif name.startswith("notebooks/") and (ROOT / f"{name}.md").exists():
            found.append(f"{name}.md: a chapter is a notebook, and Jupyter Book would take this file for it: rename or delete it")
        elif not any((ROOT / f"{name}{ending}").is_file() for ending in (".ipynb", ".md")):
            found.append(f"{at(name)}: there is no {name}: restore it with `git checkout`, correct the name, or take the line out")
    for path in sorted((ROOT / "notebooks").glob("[!.]*.ipynb")):
        if f"notebooks/{path.stem}" not in listed and f"notebooks/{path.name}" not in listed:
            found.append(f"notebooks/{path.name} is not in _toc.yml: list it there as `- file: notebooks/{path.stem}`, or delete it")
    if not any(name.startswith("notebooks/") for name in listed):
        found.append("_toc.yml lists no chapter: list one as `- file: notebooks/name`")
    if not found:
        try:
            parse_toc_yaml(ROOT / "_toc.yml")
        except MalformedError as error:
            found.append(f"_toc.yml: {error}: compare with `git show HEAD:_toc.yml`")
    return found


# ---- _config.yml


def configuration_faults() -> list[str]:
    """What Jupyter Book and the builder would meet as a traceback, or pass over in silence: a word that neither knows."""
    settings, wrong = read_yaml("_config.yml")
    if wrong:
        return wrong
    if not isinstance(settings, dict) or not settings.get("title") or not isinstance(settings.get("sphinx"), dict):
        return ["_config.yml: it has at least `title`, `sphinx` and `execute`: compare with `git show HEAD:_config.yml`"]
    schema = json.loads((pathlib.Path(importlib.util.find_spec("jupyter_book").origin).parent / "config_schema.json").read_text(encoding="utf-8"))
    found = [f"_config.yml, {'.'.join(map(str, error.path))}: {error.message}: correct it" for error in Draft7Validator(schema).iter_errors(settings)]
    if "builder.pages" not in (settings["sphinx"].get("local_extensions") or {}):
        found.append("_config.yml, sphinx: without `local_extensions: {builder.pages: .}` the pages show no outputs: write it there")
    shown = settings["sphinx"].get("config") or {}
    folders, *lists = [shown[kind] if isinstance(shown.get(kind), list) else [] for kind in ("html_static_path", "html_css_files", "html_js_files")]
    for file in [file for files in lists for file in files if isinstance(file, str) and "//" not in file]:
        if not any((ROOT / str(folder) / file).is_file() for folder in folders):  # Sphinx says nothing of it, and the site would look whole
            found.append(f"_config.yml, sphinx: there is no {file} in {' or '.join(map(str, folders)) or 'html_static_path'}: restore it with `git checkout`, or take it out")
    ours = settings.get("builder") or {}
    if not isinstance(ours, dict):
        return [*found, "_config.yml, builder: it is a table of options, each `name: value`: compare with `git show HEAD:_config.yml`"]
    for where, words, known in (("_config.yml", settings, {*schema["properties"], "builder", "only_build_toc_files"}), ("_config.yml, builder", ours, set(OPTIONS))):
        for word in words.keys() - known:
            near = difflib.get_close_matches(str(word), known, 1, 0)[0]
            found.append(f"{where}: `{word}` is no option: {near} is the nearest; correct it, or take it out")
    wrong = [name for name, value in ours.items() if name in OPTIONS and value is not None and not isinstance(value, OPTIONS[name])]
    found += [f"_config.yml, builder: `{name}` is a {KINDS[OPTIONS[name]]}: correct it" for name in wrong]
    paths = [*(ours.get("resources") or [] if "resources" not in wrong else []), *((ours.get("links") or {}).values() if "links" not in wrong else [])]
    places = list((ours.get("links") or {}) if "links" not in wrong else [])
    inside = [path for path in [*paths, *places] if re.fullmatch(r"(?!/)(?:(?!\.\.?(?:/|$))[^/]+/?)+", str(path))]
    found += [f"_config.yml, builder: {path} leads out of its folder: name one within, as `data`" for path in [*paths, *places] if path not in inside]
    paths += [f"{ours['glossary']}.md"] if ours.get("glossary") and "glossary" not in wrong else []
    found += [f"_config.yml, builder: there is no {path}: correct the name, or take it out" for path in paths if not (ROOT / str(path)).exists()]
    for name, value in (ours.get("environment") or {}).items() if "environment" not in wrong else ():
        if not re.fullmatch(r"[A-Za-z_]\w*", str(name)) or not isinstance(value, str) or re.search(r"[{}\0]", value.replace("{box}", "")):
            found.append(f"_config.yml, builder: `{name}` in `environment` is text, in quotes, in which {{box}} stands for the chapter's folder: correct it")
    for name, value in (ours.get("form") or {}).items() if "form" not in wrong else ():
        if not isinstance(value, FORM.get(name, ())):
            found.append(f"_config.yml, builder: `form` has `claims`, `exercises` and `columns`, numbers, and `tags`, a list, not `{name}: {value}`: correct it")
    for place, names in (ours.get("asked") or {}).items() if "asked" not in wrong else ():
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            found.append(f"_config.yml, builder: what is `asked` for at {place} is a list of texts: correct it")
    if not re.fullmatch(r"\d{4}-\d\d-\d\d|None", str(ours.get("first_day"))):
        found.append("_config.yml, builder: `first_day` is a day, as 2026-11-22: correct it")
    return found


# ---- notebooks

SCRIPTS = re.compile(r"<\s*script\b|<[^>]*[\s/\"']on\w+\s*=|<[^>]*=\s*[\"']?\s*javascript:|<\s*(?:iframe|object|embed|base|meta|form|style|link)\b", re.I)
DIRECTIVES = re.compile(r"^\s*(?:`{3,}|~{3,}|:{3,})\s*\{(?:raw|eval-rst|include|literalinclude|csv-table)\b", re.M)  # by which Markdown brings in what is not checked here
MARKDOWN = MarkdownIt().enable("table").disable("entity")
VOID = {"area", "br", "col", "hr", "img", "input", "source", "track", "wbr"}
HIDING = {"raises-exception", "skip-execution", "remove-cell", "remove-input", "remove-output"}  # a cell with one of them is not executed, fails unnoticed, or is not shown
NO_TEXT = re.compile("[\\x00-\\x08\\x0b\\x0e-\\x1f\\x7f\\ud800-\\udfff]")
LINK = re.compile(r"\]\(\s*<?\s*(?:javascript|data|vbscript):", re.I)
INSTALLS = re.compile(r"^[ \t]*(?:[\w, ]+=[ \t]*)?(?:!{1,2}|%)(?:(?:\S*[/; ])?(?:pip3?|conda|mamba|apt(?:-get)?|npm)\b|.*\b(?:pip3?|conda|mamba|apt(?:-get)?|npm)\s+(?:\S+ +)*?(?:install|add)\b)", re.M)
CELL_OF_SHELL = re.compile(r"%%(?:bash|sh|script|!)\b.*\n")


def place(name: str, cells: list, number: int) -> str:
    """Where a fault is: the cell's number among all, and for code that among the code cells too, which pages and reports of executions count."""
    cell = cells[number - 1] if number <= len(cells) else None
    code = f" (code cell {sum(c.cell_type == 'code' for c in cells[:number])})" if cell and cell.cell_type == "code" else ""
    return f"notebooks/{name}.ipynb, cell {number}{code}"


def notebook_faults(name: str) -> list[str]:
    """What stops this chapter from being executed, rendered or trusted."""
    try:
        notebook = load(name)
    except BookError as error:
        return [str(error)]
    found, cells = [], notebook.cells
    if odd := [(number, match[0]) for number, cell in enumerate(cells, start=1) if (match := NO_TEXT.search(cell.source))]:  # the rest would stumble over it
        return [f"{place(name, cells, number)}: it holds the character U+{ord(sign):04X}, which is no text: take it out, or write it as code does, `\\x1b`" for number, sign in odd]
    kernel = notebook.metadata.get("kernelspec", {}).get("name", "python3")
    if kernel != "python3" and kernel not in KernelSpecManager().find_kernel_specs():
        found.append(f"notebooks/{name}.ipynb: its kernel '{kernel}' is not installed: {TIDY}, which sets it to python3")

    def fault(number: int, what: str) -> None:
        found.append(f"{place(name, cells, number)}: {what}")

    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        found.append(f"notebooks/{name}.ipynb: a chapter's name is in lower case, words joined by underscores: rename it, and its line in _toc.yml")
    if not cells or cells[0].cell_type != "markdown" or not re.match(r"# \S", cells[0].source):
        fault(1, "begin with a Markdown cell `# Title`, and the chapter's question below it")
    elif not question(notebook):
        fault(1, "after the title stands one sentence with the chapter's question")
    seen = set()
    if not all(cell.get("id") for cell in cells):
        found.append(f"notebooks/{name}.ipynb has cells without an id: {TIDY}")
    for number, cell in enumerate(cells, start=1):
        if cell.get("id") and cell.id in seen:
            fault(number, f"its id {cell.id} is that of another cell: {TIDY}")
        seen.add(cell.get("id"))
        if cell.cell_type == "raw":
            fault(number, "a raw cell reaches the page as it is: make it a Markdown cell")
        elif cell.cell_type == "markdown":
            if scripted(cell.source):
                fault(number, "scripts, event attributes, frames, styles and `javascript:` links are not for Markdown: let a code cell display what it computes")
            if any(token.type == "image" and re.match(r"(?:https?:)?//", str(token.attrs["src"])) for token in (tokens(cell.source) if "![" in cell.source else ())):
                fault(number, "it shows a picture of another host, which the site does not ask: let a code cell draw it")
            missing = set(re.findall(r"\(attachment:([^)\s]+)\)", cell.source)) - set(cell.get("attachments", {}))
            if missing:
                fault(number, f"it shows the attachment {sorted(missing)[0]}, which the cell does not have: paste the picture again, or take it out")
        elif cell.cell_type == "code":
            for module in sorted(imported(cell.source)):
                if module not in sys.modules and importlib.util.find_spec(module) is None:
                    fault(number, f"it imports {module}, which is not installed: add its package to requirements.txt, run `make lock`, then `make`")
            if tags := HIDING & set(cell.metadata.get("tags", [])):
                fault(number, f"by the tag {sorted(tags)[0]} it would not be executed, fail unnoticed, or not be shown: take the tag away")
            shell = CELL_OF_SHELL.match(cell.source)
            code = re.sub("^", "!", cell.source, flags=re.M) if shell else cell.source
            for match in INSTALLS.finditer(code):
                line = code[: match.start()].count("\n") + 1
                if guarded(cell.source, line):
                    continue
                fault(number, f"line {line} installs something: add it to requirements.txt and run `make lock`; for Colab alone, write it under `if 'google.colab' in sys.modules:`")
    found += [f"{place(name, cells, number)}: {what}" for number, what in unbalanced(cells)]
    return found + metadata_faults(name, notebook) + claim_faults(name, notebook) + guess_faults(name, notebook) + link_faults(name, notebook)


def metadata_faults(name: str, notebook: nbformat.NotebookNode) -> list[str]:
    """Metadata of cells in which something else stands than what the builder reads there."""
    found = []
    for number, cell in enumerate(notebook.cells, start=1):
        read = cell.metadata.get("mystnb", {})
        described = [read.get("image", {}), read.get("figure", {})] if isinstance(read, dict) else [None]
        texts = [part.get(key, "") for part in described if isinstance(part, dict) for key in ("alt", "caption")]
        if not all(isinstance(part, dict) for part in described) or not all(isinstance(text, str) for text in texts):
            found.append(f'{place(name, notebook.cells, number)}: its metadata `mystnb` are written `{{"image": {{"alt": "..."}}, "figure": {{"caption": "..."}}}}`: correct them')
        if not isinstance(cell.metadata.get("slug", ""), str):
            found.append(f'{place(name, notebook.cells, number)}: its slug is text, in quotes: correct it')
        if not told_rightly(cell.metadata.get("controls", {})):
            found.append(f'{place(name, notebook.cells, number)}: its metadata `controls` are written `{{"k": {{"label": "observations n", "shown": ["1", "2", "4"]}}}}`: correct them')
        if "main" in cell.metadata and (cell.metadata["main"] is not True or not cell.source.startswith("**Claim ")):
            found.append(f"{place(name, notebook.cells, number)}: its metadata `main` are `true` in the Markdown cell of a claim that a reader takes home, and nowhere else: correct them, or take them out")
        if not valued_rightly(cell.metadata.get("values", {})):
            found.append(f'{place(name, notebook.cells, number)}: its metadata `values` are written `{{"layer_0": [{{"name": "fit"}}, "date", {{"field": "count", "title": "cases"}}]}}`: correct them')
        if not telling_rightly(cell.metadata.get("tells", [])):
            found.append(f'{place(name, notebook.cells, number)}: its metadata `tells` are written `[{{"of": "layer_0", "text": "format(datum.v, \'.2f\')", "words": "its mean", "colour": "#0173b2"}}]`, with a `title`, or `"line": true`, or a `claim` and what it `printed`, instead of a layer and a text: correct them')
        if not isinstance(marks := cell.metadata.get("marks", []), list) or not all(isinstance(one, dict) and isinstance(one.get("of"), str) and "mark" in one for one in marks):
            found.append(f'{place(name, notebook.cells, number)}: its metadata `marks` are written `[{{"of": "layer_0", "mark": "point"}}]`: correct them')
        for switch in ("equal_axes", "smooth", "untitled"):
            if cell.metadata.get(switch, True) is not True and not (switch == "smooth" and isinstance(cell.metadata[switch], str)):
                found.append(f"{place(name, notebook.cells, number)}: its metadata `{switch}` are `true`, or not there: correct them")
        if not chosen_rightly(cell.metadata.get("cover", {})):
            found.append(f'{place(name, notebook.cells, number)}: its metadata `cover` are written `{{"panels": [2], "crop": [0.1, 0, 0.9, 1]}}`, both of them or not: correct them')
        if not widened_rightly(cell.metadata.get("wide", True)):
            found.append(f'{place(name, notebook.cells, number)}: its metadata `wide` are `true`, `{{"columns": 2}}` of a figure of several panels, or of a chart `{{"beside": true, "chart": {{"height": 400}}}}`: correct them')
    return found


def widened_rightly(wide: object) -> bool:
    """Whether what is said of a wide figure (render/pictures.py) can be done."""
    if not isinstance(wide, dict) or not wide:
        return wide is True
    right = {"columns": lambda one: type(one) is int and one > 1, "beside": lambda one: one is True, "chart": lambda one: isinstance(one, dict)}
    return all(key in right and right[key](value) for key, value in wide.items())


def chosen_rightly(cover: object) -> bool:
    """Whether what a chapter's cover takes of a picture (render/covers.py) are panels, and a part of them."""
    if not isinstance(cover, dict) or not cover.keys() <= {"panels", "crop"}:
        return False
    panels, crop = cover.get("panels", [1]), cover.get("crop", [0, 0, 1, 1])
    numbers = isinstance(panels, list) and isinstance(crop, list) and all(type(one) is int for one in panels) and all(type(one) in (int, float) for one in crop)
    return numbers and panels != [] and len(crop) == 4 and crop[0] < crop[2] and crop[1] < crop[3]


def told_rightly(controls: object) -> bool:
    """Whether what is told of a chart's controls (pages/charts.py) are a label, texts, and places or fields."""
    if not isinstance(controls, dict) or not all(isinstance(one, dict) and one and one.keys() <= {"label", "shown", "along", "at"} for one in controls.values()):
        return False
    alongs = [one["along"] for one in controls.values() if "along" in one]
    if not all(isinstance(one["at"], str) for one in controls.values() if "at" in one) or any(isinstance(one, dict) and (len(one) != 1 or not one.keys() <= {"x", "y"}) for one in alongs):
        return False
    places = [ends for one in alongs for ends in (one.values() if isinstance(one, dict) else [one]) if not isinstance(one, str)]
    if not all(isinstance(ends, list) and len(ends) == 2 and isinstance(ends[0], str) == isinstance(ends[1], str) and all(isinstance(end, int | float | str) for end in ends) and ends[0] != ends[1] for ends in places):
        return False
    texts = [text for one in controls.values() for text in [one.get("label", ""), one.get("shown", [])]]
    return all(isinstance(text, str) or (isinstance(text, list) and all(isinstance(part, str) for part in text)) for text in texts)


def valued_rightly(values: object) -> bool:
    """Whether what is said of a chart's marks (render/pictures.py, `valued`) are lists of fields, names and spans."""

    def right(one: object) -> bool:
        if not isinstance(one, dict):
            return isinstance(one, str)
        of = [one[key] for key in ("name", "field", "span") if key in one]
        texts = [one.get("title", ""), one.get("format", ""), *(of[0] if of and isinstance(of[0], list) and "span" in one else of)]
        return len(of) == 1 and one.keys() <= {"name", "field", "span", "title", "format"} and all(isinstance(text, str) for text in texts)

    return isinstance(values, dict) and all(isinstance(lines, list) and all(map(right, lines)) for lines in values.values())


def telling_rightly(tells: object) -> bool:
    """Whether what a chart tells in large type (pages/charts.py, `tells`) are words, and where its number is found."""

    def right(one: object) -> bool:
        if not isinstance(one, dict) or not isinstance(one.get("words"), str):
            return False
        texts, kind = [one.get(key, "") for key in ("of", "text", "title", "colour", "claim", "printed")], one.keys() - {"words", "colour", "transform"}
        return kind in ({"of", "text"}, {"title"}, {"line"}, {"claim", "printed"}) and all(isinstance(text, str) for text in texts) and one.get("line", True) is True and isinstance(one.get("transform", []), list)

    return isinstance(tells, list) and all(map(right, tells))


@functools.cache
def tokens(source: str) -> list:
    """What this Markdown consists of, in its order."""
    return [part for token in MARKDOWN.parse(source) for part in (token, *(token.children or []))]


def raw_html(source: str) -> str:
    """The HTML in this Markdown."""
    if "<" not in source:
        return ""
    return "\n".join(token.content for token in tokens(source) if token.type in ("html_block", "html_inline"))


def scripted(source: str) -> bool:
    """Whether the Markdown holds what a browser would run, load, or take for the page's own looks; what it quotes as code is only shown."""
    if not re.search(r"<|\]\(|\{", source):
        return False
    text = "".join(token.content for token in tokens(source) if token.type == "text")
    html = raw_html(source)
    read = unescape(html)  # as a browser reads addresses: without entities, tabs and line breaks
    return bool(DIRECTIVES.search(source) or LINK.search(text) or any(map(SCRIPTS.search, (text, html, read, re.sub(r"[\t\r\n]", "", read)))))


class Balance(HTMLParser):
    """The elements that are open, each with the cell in which it began; and what is wrong with the order in which they end."""

    def __init__(self):
        super().__init__()
        self.open, self.wrong, self.cell = [], [], 0

    def handle_starttag(self, tag, attributes):
        if tag == "details" and any(tag == other for other, _ in self.open):
            self.wrong.append((self.cell, "a `<details>` stands inside another: end the first with a line `</details>`"))
        if tag not in VOID:
            self.open.append((tag, self.cell))

    def handle_startendtag(self, tag, attributes):
        pass

    def handle_endtag(self, tag):
        if self.open and self.open[-1][0] == tag:
            self.open.pop()
        else:
            self.wrong.append((self.cell, f"a `</{tag}>` ends nothing that is open there: take it out, or begin with `<{tag}>`"))


def unbalanced(cells: list) -> list[tuple[int, str]]:
    """HTML in the chapter's Markdown that would take the rest of the page with it, with the number of its cell: what is not closed, or closes more than it opened."""
    balance = Balance()
    for balance.cell, cell in enumerate(cells, start=1):
        html = raw_html(cell.source) if cell.cell_type == "markdown" else ""
        if html.count("<!--") != html.count("-->"):
            return [(balance.cell, "a comment `<!--` is not closed: end it with `-->`")]
        balance.feed(html)
    return (balance.wrong or [(number, f"a `<{tag}>` is not closed: end it with `</{tag}>`") for tag, number in balance.open])[:1]


def anchors(notebook: nbformat.NotebookNode) -> set[str]:
    """Where on the chapter's page a link can lead: slugs, claims and code cells by number, headings. Figures are counted only when it is executed."""
    slugs = {cell.metadata["slug"] for cell in notebook.cells if "slug" in cell.metadata}
    counted = {f"claim-{claim['number']}" for claim in claims(notebook)} | {f"cell-{number}" for number in range(1, len(code_cells(notebook)) + 1)}
    titles = [text for cell in notebook.cells if cell.cell_type == "markdown" for _, text in headings(cell.source)]
    return slugs | counted | {make_id(title) for title in titles} | {re.sub(r"[^\w\- ]", "", title.strip().lower()).replace(" ", "-") for title in titles}


def link_faults(name: str, notebook: nbformat.NotebookNode) -> list[str]:
    """Links to chapters, or to places on their pages, that are not there."""
    prose = [(number, cell.source) for number, cell in enumerate(notebook.cells, start=1) if cell.cell_type == "markdown"]
    return [fault for number, source in prose for fault in dead_links(place(name, notebook.cells, number), source, source_path(name))]


def page_faults() -> list[str]:
    """The same of the book's other pages."""
    pages = sorted((ROOT / "book").glob("[!.]*.md"))
    return [fault for path in pages for fault in dead_links(f"book/{path.name}", text_of(path), path)]


def dead_links(where: str, source: str, page: pathlib.Path) -> list[str]:
    """The links of this Markdown of `page` that lead to no notebook, or to no place in one."""
    found, prose = [], re.sub(r"```.*?```|``.*?``|`[^`]*`", "", source, flags=re.S)
    for target, anchor in re.findall(r"\]\((?:([\w./-]+)\.ipynb)?(?:#([^)\s]+))?\)", prose):
        if not target and page.suffix != ".ipynb":
            continue
        link = f"{where}: it links to {target + '.ipynb' if target else ''}{'#' + anchor if anchor else ''}"
        path = pathlib.Path(os.path.normpath(page.parent / f"{target}.ipynb")) if target else page  # not resolved: notebooks/ may be a link
        if not path.is_file():
            found.append(f"{link}, and there is no such notebook: correct the name, or take the link out")
        elif anchor and path.parent == ROOT / "notebooks" and not re.fullmatch(r"(?:figure|chart)-\d+", anchor):
            with contextlib.suppress(BookError):  # it has faults of its own
                there = anchors(load(path.stem))
                if anchor not in there:
                    near = difflib.get_close_matches(anchor, there, 1, 0)
                    found.append(f"{link}, and that page has no such place" + (f": {near[0]} is the nearest name" if near else ": take it out"))
    return found


def imported(source: str) -> set[str]:
    """The modules that the code imports come what may: not within a function, a condition or a `try`, where it may be prepared for their absence."""
    try:
        tree = ast.parse(python(source))
    except SyntaxError:
        return set()  # executing it will say more
    names = [alias.name for node in tree.body if isinstance(node, ast.Import) for alias in node.names]
    names += [node.module for node in tree.body if isinstance(node, ast.ImportFrom) if node.module and not node.level]
    return {name.partition(".")[0] for name in names}


def guess_faults(name: str, notebook: nbformat.NotebookNode) -> list[str]:
    """Questions before a claim whose metadata do not say what can be guessed, or where the answer is found."""
    found = []
    for number, cell in enumerate(notebook.cells, start=1):
        guess, where = cell.metadata.get("guess"), f"{place(name, notebook.cells, number)}: its guess"
        if guess is None:
            continue
        if not isinstance(guess, dict):
            found.append(f"{where} is a table, `{{\"min\": 0, \"max\": 100, \"printed\": ...}}`: correct it")
            continue
        if not any("claim" in later.metadata.get("tags", []) for later in notebook.cells[number:]):
            found.append(f"{where} is followed by no claim that could answer it: put it before one, or take it out")
        if figure := figure_above(notebook.cells, number):
            found.append(f"{where} stands below the figure of cell {figure}, which may show the answer: put it before that, and the page folds the figure until the reader has guessed")
        after = notebook.cells[number:]
        claimed = next((i for i, later in enumerate(after) if "claim" in later.metadata.get("tags", [])), len(after))
        explained = guess.get("explained", 1)
        told = [later for later in after[claimed + 1 :] if later.cell_type == "markdown"][: explained if type(explained) is int else 0]
        if "explained" in guess and (not told or any(headings(later.source) or "guess" in later.metadata or re.match(r"\*\*Claim ", later.source) or "<details" in later.source for later in told)):
            found.append(f"{where} has `explained`, the number of Markdown cells right after its claim that speak of the answer, none with a heading, a claim or a question: correct it")
        ends = guess.get("min"), guess.get("max")
        if "choices" in guess:
            if not isinstance(guess["choices"], list) or len(guess["choices"]) < 2:
                found.append(f"{where} has `choices`, a list of two or more")
        elif not all(isinstance(end, int | float) for end in ends) or ends[0] >= ends[1]:
            found.append(f"{where} needs `choices`, or `min` and a larger `max`")
        try:
            groups = re.compile(guess["printed"]).groups
        except (KeyError, TypeError, re.error):
            groups = 0
        if not groups:
            found.append(f"{where} needs `printed`, a regular expression with a group that finds the answer in what the next claim prints: `\"printed\": \"share (\\d+)%\"`")
    return found


def figure_above(cells: list, number: int) -> int:
    """The number of a cell with a figure between this one and the heading or claim above it; 0 where there is none."""
    for above in range(number - 1, 0, -1):
        cell = cells[above - 1]
        if "claim" in cell.metadata.get("tags", []) or cell.cell_type == "markdown" and headings(cell.source):
            break
        if "figure" in cell.metadata.get("mystnb", {}):
            return above
    return 0


def guarded(source: str, line: int) -> bool:
    """Whether this line stands under a condition on Colab."""
    before, here = source.splitlines()[: line - 1], source.splitlines()[line - 1]
    depth = len(here) - len(here.lstrip())
    for other in reversed([other for other in before if other.strip()]):
        if len(other) - len(other.lstrip()) < depth:
            return bool(re.match(r"\s*if\b.*google\.colab", other))
    return False


def claim_faults(name: str, notebook: nbformat.NotebookNode) -> list[str]:
    """Claims that are not numbered in order, or not followed by the cell that computes and asserts them."""
    found, numbers, slugs, cells = [], [], [], notebook.cells
    of_claims = set()
    for number, cell in enumerate(cells, start=1):
        match = cell.cell_type == "markdown" and re.match(r"\*\*Claim (\d+)\.\*\*\s*(.*)", cell.source, re.S)
        if not match:
            if cell.cell_type == "markdown" and re.search(r"^(?:\*\*|#+ *)Claim\b", cell.source, re.M):
                found.append(f"{place(name, cells, number)}: a claim begins its cell, in bold and not as a heading: `**Claim 3.** One falsifiable sentence.`")
            continue
        numbers.append(int(match[1]))
        slugs.append(slug if isinstance(slug := cell.metadata.get("slug"), str) else None)
        following = cells[number] if number < len(cells) else None
        where = f"notebooks/{name}.ipynb, cell {number} (claim {match[1]})"
        if re.search(r"^\*\*Claim\b", match[2], re.M) or headings(match[2]):
            found.append(f"{where}: a second claim, or a heading, stands in its cell: give it a cell of its own")
        if len(match[2]) <= 20:
            found.append(f"{where}: say what the claim is, in a sentence")
        if following is None or following.cell_type != "code" or "claim" not in following.metadata.get("tags", []):
            found.append(f"{where}: the next cell is code with the tag `claim`, which computes, prints and asserts it")
            continue
        of_claims.add(number)
        if not asserts(following.source):
            found.append(f"{where}: its code asserts nothing that it computed")
    if numbers != list(range(1, len(numbers) + 1)) and not found:
        found.append(f"notebooks/{name}.ipynb: the claims are numbered {', '.join(map(str, numbers))}: number them 1, 2, 3 ... in the order of the page")
    titles = {make_id(text) for cell in cells if cell.cell_type == "markdown" for _, text in headings(cell.source)}
    for slug, number in {slug: number for number, slug in reversed([*zip(numbers, slugs)]) if slug}.items():
        where = f"notebooks/{name}.ipynb, claim {number}"
        others = [f"claim {n}" for n, s in zip(numbers, slugs) if s == slug and n != number] + ["a heading"] * (slug in titles)
        if others:
            found.append(f"{where}: the slug {slug} is also that of {' and '.join(others)}: give each place its own")
        if not re.fullmatch(r"[a-z0-9]+(?:-[a-z0-9]+)*", slug) or re.fullmatch(r"(?:claim|cell|chart|figure)-\d+", slug):
            found.append(f"{where}: the slug {slug} is not lower-case words joined by hyphens that say what is claimed: correct it")
    for number, cell in enumerate(cells, start=1):
        if cell.cell_type == "code" and "claim" in cell.metadata.get("tags", []) and number - 1 not in of_claims:
            found.append(f"{place(name, cells, number)}: it has the tag `claim`, but the cell before it is no claim: take the tag away, or write the claim")
    return found


ALWAYS_TRUE = ast.Tuple | ast.List | ast.Set | ast.Dict | ast.JoinedStr | ast.Lambda | ast.GeneratorExp
CAUGHT = re.compile(r"\b(?:AssertionError|Exception|BaseException)\b")


def asserts(source: str) -> bool:
    """Whether the code compares something that it computed, where that can fail: an assertion of constants cannot, nor can one that nothing reaches."""
    try:
        tree = ast.parse(python(source))
    except SyntaxError:
        return True  # executing it will say more
    return any(isinstance(node, ast.Assert) and can_fail(node.test) or isinstance(node, ast.Call) and "assert" in ast.unparse(node.func) for node in reached(tree, tree))


def can_fail(test: ast.expr) -> bool:
    """Whether this can be false: it looks at something, and is not true whatever it finds, as `(x == 2, "not two")` and `x == 2 or "not two"` are."""
    ways = test.values if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.Or) else [test]
    return not any(isinstance(way, ALWAYS_TRUE) or isinstance(way, ast.Constant) and way.value for way in ways) and any(isinstance(n, ast.Name | ast.Attribute) for n in ast.walk(test))


def reached(node: ast.AST, tree: ast.Module):
    """The node and all within it, without what never runs (under `if False`, in a function that the cell does not mention again) and without what may fail unnoticed (in `try` or `suppress`)."""
    yield node
    within = list(ast.iter_child_nodes(node))
    if isinstance(node, ast.If | ast.While) and isinstance(node.test, ast.Constant) and not node.test.value:
        within = node.orelse
    elif isinstance(node, ast.Try) and any((handler.type is None or CAUGHT.search(ast.unparse(handler.type))) and not any(isinstance(n, ast.Raise | ast.Assert) for n in ast.walk(handler)) for handler in node.handlers):
        within = [*node.orelse, *node.finalbody]
    elif isinstance(node, ast.With) and any("suppress" in (called := ast.unparse(item.context_expr)) and CAUGHT.search(called) for item in node.items):
        within = []
    elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and not node.decorator_list:
        mine = set(ast.walk(node))
        if not any(getattr(n, "id", getattr(n, "attr", None)) == node.name for n in ast.walk(tree) if n not in mine) and not node.name.startswith("__"):
            within = []
    for child in within:
        yield from reached(child, tree)


# ---- what a finished chapter keeps to


def headings(source: str) -> list[tuple[int, str]]:
    tokens = MarkdownIt().parse(source)
    return [(int(t.tag[1]), tokens[i + 1].content) for i, t in enumerate(tokens) if t.type == "heading_open"]


def written_as_here(text: str) -> bool:
    return text.startswith('{\n "cells": [') and text.endswith("}\n")


def notebook_rules(name: str) -> list[str]:
    """What else a finished chapter keeps to: a clean file, plain Markdown, the least number of claims and exercises, lines that fit."""
    notebook, least = load(name), option("form", {})
    found, here = [], f"notebooks/{name}.ipynb"
    text = source_path(name).read_text(encoding="utf-8")
    if not written_as_here(text):
        found.append(f"{here} is not written with one space of indentation and a last newline: {TIDY}")
    if set(notebook.metadata) - {"kernelspec", "language_info"} or set(notebook.metadata.get("language_info", {})) - {"name"}:
        found.append(f"{here} has metadata of an editor: {TIDY}")
    if notebook.metadata.get("kernelspec", {}).get("name") != "python3":
        found.append(f"{here}: its kernel is not python3: {TIDY}")
    titles = [line for cell in notebook.cells if cell.cell_type == "markdown" for line in headings(cell.source) if line[0] == 1]
    if len(titles) != 1:
        found.append(f"{here} has {len(titles)} titles: one `# Title`, and `##` for sections")
    for number, cell in enumerate(notebook.cells, start=1):
        where = place(name, notebook.cells, number)
        unknown = set(cell.metadata) - CELL_METADATA
        if unknown:
            found.append(f"{where} has metadata of an editor ({', '.join(sorted(unknown))}): {TIDY}")
        tags = set(cell.metadata.get("tags", [])) - set(least.get("tags", cell.metadata.get("tags", [])))
        if tags:
            found.append(f"{where} has the unknown tag {', '.join(sorted(tags))}: correct it, or list it under `form` in _config.yml")
        if cell.cell_type == "code":
            if cell.outputs or cell.execution_count is not None:
                found.append(f"{where} has outputs or a count: {TIDY}")
            if not cell.source.strip():
                found.append(f"{where} is empty: {TIDY}")
            room = least.get("columns", 10**6) - (4 if "claim" in cell.metadata.get("tags", []) else 0)
            longest = max(map(len, cell.source.splitlines() or [""]))
            if longest > room:
                found.append(f"{where} has a line of {longest} characters: the page shows {room}: break it")
        elif cell.cell_type == "markdown":
            prose = re.sub(r"```.*?```|`[^`\n]*`", "", cell.source, flags=re.S)
            if re.search(r"^:{3,}|\{[a-z:]+\}`|^\([\w-]+\)=$|^%{1,3} |\{\{", prose, re.M) or re.search(r"^```\{", cell.source, re.M):
                found.append(f"{where} has MyST that Colab and GitHub show as it is written: use plain Markdown")
    if len(claims(notebook)) < least.get("claims", 0):
        found.append(f"{here} has {len(claims(notebook))} claims: a chapter has {least['claims']} at least (`form` in _config.yml)")
    found += main_faults(name, notebook)
    found += recipe_faults(name, notebook)
    exercises = [h for cell in notebook.cells if cell.cell_type == "markdown" for h in headings(cell.source) if re.match(r"Exercise \d", h[1])]
    solutions = [cell for cell in code_cells(notebook) if cell.source.startswith("# @title Solution")]
    if len(exercises) < least.get("exercises", 0) or len(solutions) < len(exercises):
        found.append(f"{here} has {len(exercises)} exercises and {len(solutions)} solutions: {least.get('exercises', 0)} at least, each `### Exercise 1` with a cell `# @title Solution`")
    if not all("hide-cell" in cell.metadata.get("tags", []) for cell in solutions):
        found.append(f"{here}: a solution is folded away by the tag `hide-cell`")
    return found


def recipe_faults(name: str, notebook: nbformat.NotebookNode) -> list[str]:
    """Whether a chapter with a recipe to copy marks it, and the code can be copied: with the tag `recipe`, open, and using nothing that the page could not copy with it."""
    cells = [(number, cell) for number, cell in enumerate(notebook.cells, start=1) if recipes.is_recipe(cell)]
    found = []
    if not cells and any(level == 2 and title.startswith("What to do") for cell in notebook.cells if cell.cell_type == "markdown" for level, title in headings(cell.source)):
        found.append(f"notebooks/{name}.ipynb has a section 'What to do' and no recipe: give the code that a reader shall copy the tag `recipe`")
    for number, cell in cells:
        where = f"{place(name, notebook.cells, number)}: a recipe"
        if {"claim", "hide-cell", "hide-output"} & set(cell.metadata["tags"]):
            found.append(f"{where} is neither a claim nor hidden: take that tag away")
        elif not recipes.prints(cell) and (missing := recipes.needed(notebook, cell)[2]):
            found.append(f"{where} uses {', '.join(sorted(missing))}, which no cell above imports, or defines as a function, a class or a value: give it what it needs, or define it so")
    return found


def main_faults(name: str, notebook: nbformat.NotebookNode) -> list[str]:
    """Whether some claims, and few, are marked as those that a reader takes home."""
    main = [claim["main"] for claim in claims(notebook)]
    if not main or 1 <= sum(main) <= MAIN:
        return []
    return [f'notebooks/{name}.ipynb has {sum(main) or "no"} main claims: mark by `"main": true` in the metadata of their Markdown cells the 1 to {MAIN} that a reader takes home']


PICTURES = {"image/svg+xml", "image/png", "image/jpeg", "application/vnd.vegalite.v6+json"}


def output_rules(name: str) -> list[str]:
    """What the outputs of a finished chapter keep to: claims print a value, pictures are described, and nothing of the machine is shown."""
    notebook, found = executed(name), []
    for claim in claims(notebook):
        lines = len((claim["value"] or "").splitlines())
        if not 1 <= lines <= 12:
            found.append(f"notebooks/{name}.ipynb, claim {claim['number']} prints {lines or 'no'} lines: print its value, in 12 lines at most")
    for number, cell in enumerate(notebook.cells, start=1):
        outputs, where = cell.get("outputs", []), place(name, notebook.cells, number)
        if any(PICTURES & set(output.get("data", {})) for output in outputs):
            described = cell.metadata.get("mystnb", {})
            for part, holder, key in (("alt text", "image", "alt"), ("caption", "figure", "caption")):
                if len(described.get(holder, {}).get(key, "")) <= 20:
                    found.append(f'{where} shows a picture without {part}: write it into the cell\'s metadata, `"mystnb": {{"{holder}": {{"{key}": "..."}}}}`')
        for output in outputs:
            if output.output_type == "error":  # of what IPython calls between cells, which does not stop the chapter
                found.append(f"{where} shows an error: mend it: {output.ename}: {output.evalue[:300]}")
                continue
            if output.get("name") == "stderr":
                found.append(f"{where} writes to stderr: mend what it warns of: {output.text[:300].strip()}")
                continue
            shown = output.get("text", "") or output.get("data", {}).get("text/plain", "") + output.get("data", {}).get("text/markdown", "")
            if match := re.search(r" at 0x[0-9a-f]{6,}|/home/|/tmp/|site-packages|Warning:", shown):
                found.append(f"{where} shows what is of this machine alone or a warning ({match[0].strip()}): print what the reader needs")
    return found


# ---- requirements


def requirement_faults() -> list[str]:
    """Requirements that their lock does not have, or has in a version that they do not allow."""
    locked = {}
    try:
        for line in text_of(ROOT / "requirements.lock").splitlines():
            if match := re.match(r"([A-Za-z0-9._-]+)==([^\s;\\]+)", line):
                locked.setdefault(canonicalize_name(match[1]), []).append(match[2])
    except FileNotFoundError:
        return []  # a book without a lock
    found = []
    for requirement in requirements():
        versions = locked.get(canonicalize_name(requirement.name), [])  # several, where they differ by Python or system
        if requirement.name != "torch" and not any(version in requirement.specifier for version in versions):
            has = f"has {' and '.join(versions)}" if versions else "does not have it"
            found.append(f"requirements.txt asks for {str(Requirement(str(requirement))).split(';')[0].strip()}, but requirements.lock {has}: run `make lock`")
    return found


def checked(file: str, faults, *arguments: str) -> list[str]:
    """The faults that this check finds. What it stumbles over, because nobody thought of it, is one too: it would be met in the middle of a build."""
    try:
        return faults(*arguments)
    except BookError as error:
        return [str(error)]
    except (ArithmeticError, AttributeError, LookupError, MemoryError, RecursionError, TypeError, ValueError) as error:
        return [f"{file}: what stands there cannot be read ({type(error).__name__}: {str(error).splitlines()[0][:100] if str(error) else ''}): compare with `git diff {file}`"]


def check(names: list[str]) -> None:
    """Stop at faults of form: those of the book, and of the named chapters (all where none is named)."""
    found = checked("_config.yml", configuration_faults) or checked("_toc.yml", toc_faults)
    if not found:
        there = [name for name in chapters() if not names or name in names]
        found = [fault for name in there for fault in checked(f"notebooks/{name}.ipynb", notebook_faults, name)]
        found += [*checked("book", page_faults), *checked("data/SHA256SUMS", data_faults), *checked("requirements.txt", requirement_faults)]
    stop_at(found)


def check_settings() -> None:
    """Stop at faults of `_config.yml` and `_toc.yml`, by which every command goes."""
    stop_at(checked("_config.yml", configuration_faults) or checked("_toc.yml", toc_faults))


def stop_at(found: list[str]) -> None:
    if len(found) == 1:
        raise BookError(found[0])
    if found:
        print("\n".join(found), file=sys.stderr)
        raise BookError(f"{len(found)} faults of form, named above: mend them, then run `make` again")


# ---- tidy


def tidy(names: list[str]) -> None:
    """Take out of the notebooks what an editor or a run left there: outputs, counts, metadata, empty cells; give each cell an id of its own."""
    for name in names:
        path = source_path(name)
        if not path.is_file():
            raise BookError(f"there is no notebooks/{name}.ipynb: name a chapter as its file is called, without the ending")
        before = text_of(path)
        try:
            notebook = nbformat.convert(nbformat.reader.reads(before), 4)
        except Exception as error:
            raise BookError(f"notebooks/{name}.ipynb is not a valid notebook ({str(error).partition(chr(10))[0]}): restore or repair it") from error
        notebook.metadata = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}, "language_info": {"name": "python"}}
        notebook.nbformat_minor = max(notebook.nbformat_minor, 5)
        notebook.cells = [cell for cell in notebook.cells if cell.source.strip()]
        seen = set()
        for cell in notebook.cells:
            cell.metadata = {key: value for key, value in cell.metadata.items() if key in CELL_METADATA}
            if not cell.get("id") or cell.id in seen:
                cell.id = uuid.uuid4().hex[:8]
            seen.add(cell.id)
            if cell.cell_type == "code":
                cell.outputs, cell.execution_count = [], None
        after = nbformat.writes(notebook) + "\n"
        if json.loads(after) != json.loads(before) or not written_as_here(before):
            write_atomically(path, after)
            print(f"notebooks/{name}.ipynb is tidy now")
