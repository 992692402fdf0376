"""What others learn of a page: the facts under a chapter's title, its description and card, structured data, a feed, and a list of all pages."""

import html
import json
import pathlib
import subprocess

from docutils import nodes

from .. import chapters
from ..chapters import option
from ..files import ROOT
from ..render.drawn import drawn
from ..render.pictures import card, cover
from . import executed
from .contents import plain
from .executed import chapter_of


def facts(app, doctree):
    """Under the title: how long the chapter ran in this build, its cells and claims, its downloads."""
    name = chapter_of(app.env.docname)
    if not name:
        return
    notebook = executed.chapter(name)
    metadata = app.env.metadata[app.env.docname]
    metadata["og:description"] = plain(chapters.question(notebook))
    metadata["og:image"] = f"{app.config.html_baseurl}covers/{name}.png"
    metadata["og:image:alt"] = f"A figure of the chapter: {chapters.title(notebook)}"
    found = executed.record(name)
    title = next(iter(doctree.findall(nodes.title)))
    seconds = f'<span class="measured">{found["seconds"]:.0f} s</span>'
    line = (
        f'<p class="facts">Executed by this build in {seconds}: <a href="../book/execution.html">{found["n_cells"]} cells</a>, '
        f'<a href="../book/claims.html#{name}">{len(chapters.claims(notebook))} claims</a>, all hold. '
        f'Notebook: <a href="../_sources/notebooks/{name}.ipynb" download>clean</a>, <a href="../executed/{name}.ipynb" download>executed</a></p>'
    )
    title.parent.insert(title.parent.index(title) + 1, nodes.raw("", line, format="html"))


def describe(app, pagename, templatename, context, doctree):
    """Structured data (schema.org) for a chapter; every other page belongs to the book."""
    name, base = chapter_of(pagename), app.config.html_baseurl
    part = {"@context": "https://schema.org", "@type": "Book", "name": app.config.html_title, "url": base}
    if name:
        notebook = executed.chapter(name)
        part = {
            "@context": "https://schema.org", "@type": "LearningResource", "name": chapters.title(notebook), "url": f"{base}{pagename}.html",
            "description": plain(chapters.question(notebook)), "image": f"{base}covers/{name}.png", "inLanguage": "en", "isPartOf": part,
            "license": option("licence"), "learningResourceType": "executable chapter",
        }  # fmt: skip
    data = json.dumps(part, ensure_ascii=False).replace("<", "\\u003c")
    context["structured_data"] = f'<script type="application/ld+json">{data}</script>'


def changed(name: str) -> str:
    """When the chapter was last changed, by git; the book's first day where git does not tell."""
    command = ["git", "-C", ROOT, "log", "-1", "--format=%cI", "--", f"notebooks/{name}.ipynb"]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip() or f"{option('first_day', '1970-01-01')}T00:00:00+00:00"


def write_cards_feed_and_sitemap(app, exception):
    if exception:
        return
    site, base = pathlib.Path(app.outdir), app.config.html_baseurl
    locations = "".join(f"<url><loc>{base}{name}.html</loc></url>" for name in sorted(app.env.found_docs))
    (site / "sitemap.xml").write_text(
        f'<?xml version="1.0" encoding="utf-8"?>\n<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{locations}</urlset>\n',
        encoding="utf-8",
    )
    entries = []
    for name in filter(None, map(chapter_of, sorted(app.env.found_docs))):
        notebook = executed.chapter(name)
        picture = cover(notebook)
        if picture:
            (site / "covers").mkdir(exist_ok=True)
            (site / "covers" / f"{name}.png").write_bytes(drawn(card, picture))
        url = f"{base}notebooks/{name}.html"
        entries.append(
            f"<entry><title>{html.escape(chapters.title(notebook))}</title><id>{url}</id><link href=\"{url}\"/>"
            f"<updated>{changed(name)}</updated><summary>{html.escape(plain(chapters.question(notebook)))}</summary></entry>"
        )
    updated = max(map(changed, chapters.chapters()))
    (site / "feed.xml").write_text(
        '<?xml version="1.0" encoding="utf-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom">'
        f"<title>{html.escape(app.config.html_title)}</title><id>{base}</id><link href=\"{base}\"/>"
        f'<link rel="self" href="{base}feed.xml"/><updated>{updated}</updated>'
        f"<author><name>{html.escape(app.config.author)}</name></author>{''.join(entries)}</feed>\n",
        encoding="utf-8",
    )
