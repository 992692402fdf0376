"""The book for machines: `claims.json` with its schema, `llms.txt`, and a Markdown twin of each chapter with what its cells printed."""

import ast
import json
import pathlib
import re

from .. import chapters
from ..doubt import results
from . import executed
from .claims import doubts, told
from .sharing import changed, plain, version_of

SCHEMA = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "The claims of the book, each computed and asserted by a cell when the site was built",
    "type": "array",
    "items": {
        "type": "object",
        "properties": {
            "chapter": {"type": "string", "description": "the chapter's name, as in its address"},
            "title": {"type": "string", "description": "the chapter's title"},
            "number": {"type": "integer", "minimum": 1, "description": "for people; it changes when claims are inserted"},
            "slug": {"type": "string", "description": "the part of the address that stays"},
            "main": {"type": "boolean", "description": "one of the few that a reader takes home from the chapter"},
            "address": {"type": "string", "description": "relative to the site's root"},
            "sentence": {"type": "string", "description": "the claim, in Markdown"},
            "value": {"type": "string", "description": "what its cell printed"},
            "cell": {"type": "integer", "minimum": 1, "description": "the code cell that computes and asserts it, counted in the chapter"},
            "code": {"type": "string", "description": "that cell"},
            "assertions": {"type": "array", "items": {"type": "string"}, "description": "what that cell asserts itself, beside what the functions do that it calls; empty where Python alone cannot read it"},
            "doubt": {
                "type": ["object", "null"],
                "description": "how much the claim would notice, measured by `make doubt`; null where the chapter's present code was not tried",
                "properties": {
                    "noticed": {"type": "integer", "minimum": 0, "description": "of the changes of the code that it uses, how many made something fail"},
                    "changes": {"type": "integer", "minimum": 0, "description": "how many were made, without those that make no difference"},
                    "held": {"type": "integer", "minimum": 0, "description": "on how many other seeds it held"},
                    "seeds": {"type": "integer", "minimum": 0, "description": "how many were tried"},
                },
                "required": ["noticed", "changes", "held", "seeds"],
                "additionalProperties": False,
            },
            "packages": {"type": "object", "additionalProperties": {"type": "string"}, "description": "what the chapter imports, with versions"},
            "changed": {"type": "string", "format": "date-time", "description": "when the chapter was last changed"},
        },
        "required": ["chapter", "title", "number", "slug", "main", "address", "sentence", "value", "cell", "code", "assertions", "doubt", "packages", "changed"],
        "additionalProperties": False,
    },
}


def claims_of(name: str) -> list[dict]:
    notebook, packages = executed.chapter(name), executed.record(name)["depends"]["packages"]
    cells = chapters.code_cells(notebook)
    direct, when = {package: packages[package] for package in executed.distributions(name) if package in packages}, changed(name)
    return [
        {
            "chapter": name, "title": chapters.title(notebook), "number": claim["number"], "slug": claim["slug"], "main": claim["main"],
            "address": f"notebooks/{name}.html#{claim['slug']}", "sentence": claim["text"], "value": claim["value"],
            "cell": next(i for i, cell in enumerate(cells, start=1) if cell is claim["cell"]), "code": claim["cell"].source,
            "assertions": assertions(claim["cell"].source), "doubt": doubt(name, claim["number"]), "packages": direct, "changed": when,
        }
        for claim in chapters.claims(notebook)
    ]  # fmt: skip


def assertions(source: str) -> list[str]:
    """The cell's `assert` statements and its calls of functions named so, as numpy's, in their order. A line of IPython's own asserts nothing; empty where the rest is not Python."""
    code = chapters.python(source)
    try:
        tree = ast.parse(code)
    except SyntaxError:
        return []
    named = lambda call: getattr(call.func, "attr", getattr(call.func, "id", "")).startswith("assert")  # noqa: E731
    found = [node for node in ast.walk(tree) if isinstance(node, ast.Assert) or isinstance(node, ast.Call) and named(node)]
    return [ast.get_source_segment(code, node) for node in sorted(found, key=lambda node: (node.lineno, node.col_offset))]


def doubt(chapter: str, claim: int) -> dict | None:
    """What `make doubt` found of the claim with this number, as the schema has it; None where nothing was tried on the chapter's present code."""
    score, (held, tried) = results.of_claim(*doubts(chapter), claim)
    return {"noticed": score.noticed, "changes": score.counted, "held": held, "seeds": tried} if score.counted or tried else None


LINK = re.compile(r"\[((?:[^\[\]]|\[[^\[\]]*\])*)\]\((?:(\w+)\.ipynb|\.\./([\w/-]+)\.md)(#[^)\s]*)?\)")


def led(found: re.Match, base: str, there: set[str] | None) -> str:
    """A link of a chapter in its twin: to another's twin, or to a page; to where the book is published, if this build, of one chapter, does not have it; if it is not, the words alone."""
    words, chapter, page, anchor = found.groups()
    file = f"notebooks/{chapter}.md" if chapter else f"{page}.html"
    if there is None or file.rpartition(".")[0] in there:
        return f"[{words}]({f'{chapter}.md' if chapter else f'../{file}'}{anchor or ''})"
    return f"[{words}]({base}{file}{anchor or ''})" if base else words


def twin(name: str, base: str, there: set[str] | None = None) -> str:
    """The chapter as Markdown: whence it is, prose, code, and what the code printed; a figure by its alt text. `there` are the build's pages, if not all."""
    notebook, parts, claims = executed.chapter(name), [], chapters.claims(executed.chapter(name))
    slugs = {f"**Claim {claim['number']}.**": claim["slug"] for claim in claims}
    doubts_of = {id(claim["cell"]): told(name, claim["number"]) for claim in claims}
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            begins = next((sign for sign in slugs if cell.source.startswith(sign)), None)
            source = LINK.sub(lambda found: led(found, base, there), cell.source)
            parts.append(f'<a id="{slugs[begins]}"></a>{source}' if begins else source)
            continue
        parts.append(f"```python\n{cell.source}\n```")
        for output in cell.outputs:
            if text := chapters.in_markdown(output):
                parts.append(text)
            elif alt := cell.metadata.get("mystnb", {}).get("image", {}).get("alt"):
                parts.append(f"*Figure: {alt}*")
        if doubt := doubts_of.get(id(cell)):
            parts.append(f"*{doubt}.*")
    title, _, rest = "\n\n".join(parts).partition("\n")
    version = f", version {version_of(name)}" if version_of(name) else ""
    address = f"<{base}notebooks/{name}.html>" if base else f"[{name}.html]({name}.html)"
    return f"{title}\n\n> From {address}{version}, changed {changed(name)[:10]}. [The rest of the book](../llms.txt)\n{rest}\n"


def write_for_machines(app, exception):
    if exception:
        return
    site = pathlib.Path(app.outdir)
    names = [name for name in chapters.chapters() if f"notebooks/{name}" in app.env.found_docs]
    (site / "claims.json").write_text(json.dumps([claim for name in names for claim in claims_of(name)], indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    (site / "claims.schema.json").write_text(json.dumps(SCHEMA, indent=1) + "\n", encoding="utf-8")
    lines = [f"# {app.config.html_title}", "", "> Each claim of this book is computed and asserted by a cell of the page on which it stands.", "", "## Chapters", ""]
    for name in names:
        notebook = executed.chapter(name)
        (site / "notebooks" / f"{name}.md").write_text(twin(name, app.config.html_baseurl, app.env.found_docs), encoding="utf-8")
        lines.append(f"- [{chapters.title(notebook)}](notebooks/{name}.md): {plain(chapters.question(notebook))}")
    pages = [page["file"] for part in chapters.toc()["parts"] for page in part["chapters"] if page["file"] in app.env.found_docs]
    about = [page for page in pages if not executed.chapter_of(page)]
    lines += ["", "## About the book", ""] if about else []
    lines += [f"- [{app.env.titles[page].astext()}]({page}.html): {app.env.metadata[page].get('og:description', '')}".rstrip(": ") for page in about]
    lines += ["", "## Data", "", "- [All claims with their values](claims.json), by [this schema](claims.schema.json)"]
    (site / "llms.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
