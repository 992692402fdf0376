"""What others learn of a page: the facts under a chapter's title, its description and card, structured data, a feed, and a list of all pages."""

import base64
import html
import json
import pathlib
import re
import urllib.parse

from docutils import nodes

from .. import chapters
from ..chapters import option
from ..render.drawn import drawn
from ..render.pictures import card, charts_of, cover, cover_cell
from . import executed
from .charts import labelled, markup
from .contents import minutes, pictured, plain
from .executed import chapter_of
from .formulas import FORMULA, with_formulas

VIEWPORT = '<meta name="viewport" content="width=device-width, initial-scale=1" />'  # docutils' own; the theme has one
DESCRIPTION = 200  # characters: what search engines and previews show of one
NEAR = 5  # code cells: a figure within them stands on the first screens


def introduce(app, doctree):
    """The page's description for search engines and previews: a chapter's question, the book's own for its first page, another's first sentences, whole."""
    name = chapter_of(app.env.docname)
    text = option("description") if app.env.docname == app.config.root_doc else plain(chapters.question(executed.chapter(name))) if name else opening(doctree)
    if text:
        app.env.metadata[app.env.docname]["og:description"] = text
        doctree.insert(0, nodes.meta("", name="description", content=text))  # else the extension for og: cuts one from the text


def opening(doctree) -> str:
    """The sentences before the first section that fit into a description, but for what was measured; where there are none, those after it."""
    told = [one for one in doctree.findall(nodes.paragraph) if isinstance(one.parent, nodes.section) and "measured" not in one["classes"]]
    text = " ".join(" ".join(one.astext().split()) for one in told)
    taken = ""
    for sentence in re.split(r"(?<=[.!?:])\s(?![a-z])", text):
        if len(taken) + len(sentence) > DESCRIPTION:
            break
        taken = f"{taken} {sentence}".strip()
    return taken


def facts(app, doctree):
    """Under the title: how long the chapter ran in this build, its cells and claims, its downloads."""
    name = chapter_of(app.env.docname)
    if not name:
        return
    notebook = executed.chapter(name)
    found, claims = executed.record(name), chapters.claims(notebook)
    seconds = f'<span class="measured">{found["seconds"]:.0f} s</span>'
    listed = "".join(f'<li><a href="#{claim["slug"]}">{with_formulas(first_sentence(claim["text"]))}</a></li>' for claim in claims)
    head = (
        f'<p class="facts">{minutes(notebook)} minutes to read, side roads apart. This build executed it in {seconds}: '
        f'<a href="../book/execution.html">{found["n_cells"]} cells</a>, <a href="../book/claims.html#{name}">{len(claims)} claims</a>, all hold. '
        f'Notebook: <a href="../_sources/notebooks/{name}.ipynb" download>clean</a>, <a href="../executed/{name}.ipynb" download>executed</a>, <a href="{name}.md">Markdown</a>. <a href="#cite">How to cite it</a></p>'
        f'<details class="claims-of-chapter"><summary>Its {len(claims)} claims</summary><ol>{listed}</ol></details>'
    )
    section = next(iter(doctree.findall(nodes.title))).parent
    question = next((i for i, child in enumerate(section.children) if isinstance(child, nodes.paragraph)), 0)
    section.insert(question + 1, nodes.raw("", hero(app, name, notebook) + (head if claims else head.partition("<details")[0]), format="html"))


def hero(app, name: str, notebook) -> str:
    """At the chapter's head what the reader can move, the chart tagged `cover` or else its first; where it has none, the picture of that tag, as a link to where it stands.

    A picture that nobody chose for it may tell what the chapter asks its readers to guess.
    """
    cells, found = chapters.code_cells(notebook), charts_of(notebook)
    if found:
        number, (cell, _, specification) = min(enumerate(found, start=1), key=lambda chart: "cover" not in chart[1][0].metadata.get("tags", []))
        caption = with_formulas(unmarked(cell.metadata.get("mystnb", {}).get("figure", {}).get("caption", "")))
        place = next(i for i, other in enumerate(cells, start=1) if other is cell)
        return (
            f'<div class="hero">{markup(app, specification, labelled(cell), name, number, anchor="chart-hero")}'
            f'<p class="hero-caption">{caption} <a href="#cell-{place}">Where it stands</a></p></div>'
        )
    cell = cover_cell(notebook)
    number = next((i for i, other in enumerate(cells, start=1) if other is cell), 0)
    if number <= NEAR or "cover" not in cell.metadata.get("tags", []):
        return ""
    alt = cell.metadata.get("mystnb", {}).get("image", {}).get("alt", chapters.title(notebook))
    return f'<a class="hero" href="#cell-{number}" title="Where this picture stands">{pictured(app, name, alt)}</a>'


def card_address(app, docname: str) -> str:
    return f"{app.config.html_baseurl}covers/{chapter_of(docname) or docname.replace('/', '-')}.png"


def name_card(app, doctree):
    """Each page names its card, by an absolute address, as those who show it want it."""
    metadata = app.env.metadata[app.env.docname]
    if app.config.html_baseurl and (title := next(iter(doctree.findall(nodes.title)), None)):
        metadata["og:image"] = card_address(app, app.env.docname)
        metadata["og:image:alt"] = f"{app.config.html_title}: {title.astext()}"


def cite(app, doctree):
    """At the chapter's end: how to cite it, as BibTeX and in words, ready to copy."""
    name, base = chapter_of(app.env.docname), app.config.html_baseurl
    if not name:
        return
    title, author, book = chapters.title(executed.chapter(name)), app.config.author, app.config.html_title
    year, month, day = changed(name)[:10].split("-")
    version = version_of(name)
    address = f"{base}notebooks/{name}.html" if base else ""
    url = f",\n  url = {{{address}}}" if base else ""
    note = f",\n  note = {{Version {version}}}" if version else ""
    bibtex = f"@incollection{{{name}{year},\n  title = {{{for_bibtex(title)}}},\n  author = {{{{{for_bibtex(author)}}}}},\n  booktitle = {{{for_bibtex(book)}}},\n  year = {{{year}}}{note}{url}\n}}"
    words = f"{author} ({year}). {title}. In {book}{f', version {version}' if version else ''}.{' ' + address if base else ''}"
    app.env.metadata[app.env.docname]["citation"] = {
        "citation_title": title, "citation_author": author, "citation_inbook_title": book, "citation_publication_date": f"{year}/{month}/{day}",
        **({"citation_public_url": address} if base else {}),
    }  # fmt: skip
    blocks = [nodes.literal_block(text, text, language="none") for text in (words, bibtex)]
    opened = nodes.raw("", '<details class="cite" id="cite"><summary>Cite this chapter</summary>', format="html")
    section = next(iter(doctree.findall(nodes.title))).parent
    section.extend([opened, *blocks, nodes.raw("", "</details>", format="html")])


def for_bibtex(text: str) -> str:
    """With TeX's own signs escaped; formulas stay as they are."""
    return re.sub(r"[&%#]", r"\\\g<0>", text)


def unmarked(text: str) -> str:
    """Markdown without its marks but those around formulas."""
    flat = re.sub(r"(?<!\\)\$(.+?)(?<!\\)\$", r"\\(\1\\)", " ".join(text.split()))
    parts = FORMULA.split(flat)
    return "".join(plain(part) if i % 2 == 0 else rf"\({part}\)" for i, part in enumerate(parts))


def first_sentence(text: str) -> str:
    """Up to a full stop, colon or semicolon that ends a word: that of `1 : 9` does not, nor does that of `et al. expected` end a sentence."""
    return re.split(r"(?<=\S[:;])\s|(?<=\S\.)\s(?![a-z])", unmarked(text))[0].rstrip(".:;")


def describe(app, pagename, templatename, context, doctree):
    """Structured data (schema.org) for a chapter; every other page belongs to the book."""
    name, base = chapter_of(pagename), app.config.html_baseurl
    part = {"@context": "https://schema.org", "@type": "Book", "name": app.config.html_title, "url": base}
    if name:
        notebook = executed.chapter(name)
        part = {
            "@context": "https://schema.org", "@type": "LearningResource", "name": chapters.title(notebook), "url": f"{base}{pagename}.html",
            "description": plain(chapters.question(notebook)), "image": f"{base}covers/{name}.png", "inLanguage": "en", "isPartOf": part,
            "license": option("licence"), "learningResourceType": "executable chapter", "dateModified": changed(name)[:10],
            "author": {"@type": "Organization", "name": app.config.author},
        }  # fmt: skip
    cited = app.env.metadata.get(pagename, {}).get("citation", {})
    context["citation"] = "".join(f'<meta name="{key}" content="{html.escape(value)}">' for key, value in cited.items())
    # Beside what people read, what machines do (machines.py).
    twins = [("text/markdown", "This chapter as Markdown", f"{pagename}.md")] if name else []
    twins += [("application/json", "All claims with their values", "claims.json"), ("text/plain", "The book for language models", "llms.txt")]
    context["citation"] += "".join(f'<link rel="alternate" type="{kind}" title="{what}" href="{context["pathto"](path, 1)}">' for kind, what, path in twins)
    context["metatags"] = context.get("metatags", "").replace(VIEWPORT, "")
    is_the_book = html.unescape(context.get("title") or "") == app.config.html_title
    context["title_ends"] = option("description", "").partition(". ")[0] if is_the_book else app.config.html_title
    data = json.dumps(part, ensure_ascii=False).replace("<", "\\u003c")
    context["structured_data"] = f'<script type="application/ld+json">{data}</script>'


def version_of(name: str) -> str:
    """The commit that last changed the chapter; empty where git does not tell, and where the text has changed since."""
    return chapters.committed(name)[0][:10]


def changed(name: str) -> str:
    """When the chapter was last changed, by git; the book's first day where git does not tell."""
    return chapters.committed(name)[1] or f"{option('first_day', '1970-01-01')}T00:00:00+00:00"


def write_cards_feed_and_sitemap(app, exception):
    if exception:
        return
    site, base = pathlib.Path(app.outdir), app.config.html_baseurl
    if not base:  # neither a sitemap nor a feed is possible without addresses
        return
    # When the book's own pages changed git does not tell: they show what the chapters say.
    dates = {name: f"<lastmod>{changed(chapter_of(name))}</lastmod>" if chapter_of(name) else "" for name in sorted(app.env.found_docs)}
    locations = "".join(f"<url><loc>{base}{name}.html</loc>{date}</url>" for name, date in dates.items())
    (site / "robots.txt").write_text(f"User-agent: *\nAllow: /\nSitemap: {base}sitemap.xml\n", encoding="utf-8")
    (site / "sitemap.xml").write_text(
        f'<?xml version="1.0" encoding="utf-8"?>\n<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{locations}</urlset>\n',
        encoding="utf-8",
    )
    (site / "covers").mkdir(exist_ok=True)
    first = executed.chapter(chapters.chapters()[0])
    for docname in app.env.found_docs:
        picture = cover(executed.chapter(chapter_of(docname))) if chapter_of(docname) else cover(first) if docname == app.config.root_doc else None
        path = site / "covers" / pathlib.PurePosixPath(card_address(app, docname)).name
        path.write_bytes(drawn(card, picture, app.env.titles[docname].astext(), app.config.html_title))
    entries = []
    for name in filter(None, map(chapter_of, sorted(app.env.found_docs))):
        notebook = executed.chapter(name)
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


def write_root_and_404(app, exception):
    """The root leads to the first page, with a title and a card for those who share it; a lost reader finds the search."""
    if exception:
        return
    site, base, title = pathlib.Path(app.outdir), app.config.html_baseurl, html.escape(app.config.html_title)
    first = f"{app.config.root_doc}.html"
    description = html.escape(option("description", app.config.html_title))
    shared = f'<link rel="canonical" href="{base}{first}"><meta property="og:url" content="{base}">' if base else ""
    shared += f'<meta property="og:image" content="{card_address(app, app.config.root_doc)}"><meta name="twitter:card" content="summary_large_image">' if base else ""
    head = f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">{{icon}}<title>{{title}}</title>'
    drawing = pathlib.Path(app.srcdir, app.config.html_favicon).read_bytes() if str(app.config.html_favicon).endswith(".svg") else b""
    icon = f'<link rel="icon" href="data:image/svg+xml;base64,{base64.b64encode(drawing).decode()}">'
    (site / "index.html").write_text(
        head.format(title=title, icon=icon) + f'<meta name="description" content="{description}"><meta property="og:title" content="{title}">'
        f'<meta property="og:description" content="{description}">{shared}<meta http-equiv="Refresh" content="0; url={first}"></head>'
        f'<body><main><h1>{title}</h1><p>{description}</p><p><a href="{first}">Read the book</a></p></main></body></html>\n',
        encoding="utf-8",
    )
    root = urllib.parse.urlsplit(base).path or "/"  # a page that is not there may have been asked for at any depth
    (site / "404.html").write_text(
        head.format(title=f"Not found: {title}", icon=icon) + "<style>:root{color-scheme:light dark}body{font:1.1rem/1.6 system-ui,sans-serif;max-width:40rem;margin:15vh auto;padding:0 1rem}"
        "input,button{font:inherit;min-height:44px}</style></head>"
        f'<body><main><h1>This page is not there</h1><p>Perhaps it was renamed. Search the book, or <a href="{root}{first}">begin at its first page</a>.</p>'
        f'<form action="{root}search.html"><label>Words: <input name="q" type="search"></label> <button>Search</button></form></main></body></html>\n',
        encoding="utf-8",
    )
