"""The search: every place of the book is an entry of its own, and a result leads to it.

MiniSearch (MIT, `book/_static/minisearch.js`, from npm as it is) ranks them in the reader's browser. Its entries are a script, for a page that was opened from a folder by double
click may load no data in another way: that is why it is not Pagefind, which loads modules, WebAssembly and data, and finds nothing there (its issue 202). Pages load neither
until somebody searches, on the page of results or in the dialog, which shows the first results while one types. Words are reduced to their stems by Sphinx's own stemmer. The policy of the pages stays as it is.
"""

import json
import pathlib
import re

from sphinx.search.en import SearchEnglish

from .. import chapters
from ..files import BookError
from .formulas import FORMULA, mathml, outside_formulas
from .places import Place, places

PAGE = "search"
LONGEST = 3000  # characters of a place's text and of its code: what comes later is found by the headings around it


def no_index_of_words(app):
    """Sphinx's own index is not made."""
    app.builder.search = False


def page(app):
    """The page of results: book/_templates/search.html."""
    return [(PAGE, {"title": "Search"}, "search.html")]


FORMULA_ALONE = r"(?:\\\([^\n]*\\\)|…)[.,;:]?"


def lines(place: Place) -> str:
    """Its paragraphs, with the formulas that stand below them, and the lines that its cells printed: each a line of its own, and an excerpt does not run them together."""
    text = "\n".join(filter(None, (" ".join(line.split()) for line in place.text)))
    text = re.sub(rf"\n({FORMULA_ALONE})$(\n(?=[a-z]))?", lambda formula: f" {formula[1]}{' ' * bool(formula[2])}", text, flags=re.M)
    return text if len(text) <= LONGEST else f"{outside_formulas(text[:LONGEST].rsplit(None, 1)[0])} …"


def entries(env, docname: str) -> list[dict]:
    found = places(env, docname)
    if not found:
        return []
    page = found[0].title
    return [
        {
            "url": f"{docname}.html{'#' * bool(place.anchor)}{place.anchor}", "kind": place.kind, "title": place.title, "page": page,
            "text": lines(place), "code": " ".join(dict.fromkeys(re.findall(r"[^\W\d]\w+", " ".join(place.code))))[:LONGEST],
        }
        for place in found
    ]  # fmt: skip


def asked(pages: set[str]) -> dict[str, str]:
    """By the address of a place, the other names by which people ask for it: `asked` in _config.yml."""
    found = {}
    for place, names in (chapters.option("asked") or {}).items():
        page, _, anchor = place.partition("#")
        page = page if "/" in page else f"notebooks/{page}"
        if page in pages:  # a build of one chapter has no others
            found[f"{page}.html{'#' * bool(anchor)}{anchor}"] = " ".join(names)
    return found


def write_entries(app, exception):
    if exception:
        return
    names = [f"notebooks/{name}" for name in chapters.chapters()]
    order = [name for name in [*names, *sorted(app.env.found_docs - set(names))] if name in app.env.found_docs]
    listed = [entry for name in order for entry in entries(app.env, name)]
    others = asked(app.env.found_docs)
    for entry in listed:
        if entry["url"] in others:
            entry["asked"] = others.pop(entry["url"])
    if others:
        raise BookError(f"_config.yml, builder: there is no {min(others)}, which `asked` names: correct its address")
    folder = pathlib.Path(app.outdir) / "vendor"
    folder.mkdir(exist_ok=True)
    formulas = {tex: mathml(tex) for entry in listed for tex in FORMULA.findall(f"{entry['title']} {entry['text']}")}
    # In the ASCII of JSON: a folder's page has no server that names its encoding.
    data, set_formulas = (json.dumps(part, separators=(",", ":")) for part in (listed, formulas))
    (folder / "search-entries.js").write_text(
        f"{SearchEnglish.js_stemmer_code}\nwindow.searchFormulas = {set_formulas};\nwindow.searchEntries = {data};\n", encoding="utf-8"
    )
