"""What others learn of a page: the facts under a chapter's title, its description and card, structured data, a feed, and a list of all pages."""

import base64
import datetime
import html
import json
import pathlib
import re
import urllib.parse

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.util.docutils import SphinxDirective

from .. import chapters, letters
from ..chapters import option
from ..recipes import is_recipe
from ..render.covers import card_of
from ..render.palette import COLOURS
from ..render.pictures import Broad, cover_cell, spanning
from . import executed
from .charts import chart_at_head, in_small, labelled, markup, tells, write
from .claims import printed
from .contents import HEAD_ENDS, plain, road
from .executed import chapter_of
from .figures import BY_HAND, at_head, called
from .formulas import FORMULA, with_formulas
from .links import link, note_anchor
from .typography import sentences, with_quotes

VIEWPORT = '<meta name="viewport" content="width=device-width, initial-scale=1" />'  # docutils' own; the theme has one
DESCRIPTION = 200  # characters: what search engines and previews show of one
ACROSS = 820  # pixels of the chart with which the book opens, on a wide screen (book.css)
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
    parts = [[re.sub("<[^>]*>", "", part) if isinstance(part.parent, nodes.raw) else part for part in one.findall(nodes.Text)] for one in told]
    text = " ".join(" ".join("".join(one).split()) for one in parts)
    taken = ""
    for sentence in sentences(text):
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
    section = next(iter(doctree.findall(nodes.title))).parent
    place = chapters.recipe(notebook)
    before = len([one for one in notebook.cells[:place] if one.cell_type == "code"])
    to_recipe = f'<a href="#cell-{before + 1}">the recipe</a>' if any(is_recipe(one) for one in notebook.cells[place : place + 1]) else "the recipe"
    seconds = f'<span class="measured">{found["seconds"]:.0f}&nbsp;s</span>'
    head = (
        f'<p class="facts"><span>{road(notebook, to_recipe)}, side roads apart.</span> <span>This build executed it in {seconds}: '
        f'<a href="../book/execution.html">{found["n_cells"]}&nbsp;cells</a>, <a href="../book/claims.html#{name}">{len(claims)}&nbsp;claims</a>, all hold.</span> '
        f'<span>Notebook: <a href="../_sources/notebooks/{name}.ipynb" download>clean</a>, <a href="../executed/{name}.ipynb" download>executed</a>, <a href="{name}.md">Markdown</a>. <a href="#cite">How to cite it</a></span></p>'
    )
    question = next((i for i, child in enumerate(section.children) if isinstance(child, nodes.paragraph)), 0)
    section.insert(question + 1, [nodes.raw("", hero(app, name, notebook) + head, format="html"), *list_of(claims)])


def compose(app, pagename, templatename, context, doctree):
    """A chapter opens with one band, in the tint of its part: the part, the title, the question, and what stands at the head (`.opening` in book.css); so does another page that has a head (contents.py)."""
    name, ends = chapter_of(pagename), '<p class="facts">' if chapter_of(pagename) else HEAD_ENDS
    if ends not in context.get("body", ""):
        return
    parts = [(part["caption"], [page["file"] for page in part["chapters"]]) for part in chapters.toc()["parts"]]
    number, part = next(((i, part) for i, (part, pages) in enumerate(parts) if pagename in pages), (0, ""))
    kind = "opening" if name else "opening of-page"
    opened = rf'<header class="{kind}"><p class="opening-part">{html.escape(part)}</p>\1</header>'
    body = re.sub(rf"(<h1>.*?)(?={ends})", opened, context["body"], count=1, flags=re.S).replace(HEAD_ENDS, "")
    context["body"] = body.replace("<section ", f'<section style="--ground: var(--tint-{number}); --part: var(--part-{number})" ', 1)


def list_of(claims: list[dict]) -> list[nodes.Node]:
    """A fold with the first sentence of each claim as a link, beside which its preview is shown; those of the main ones are bold."""
    items = nodes.enumerated_list()
    for claim in claims:
        shown = in_line(clause(claim["text"]))
        shown = nodes.raw("", f"<strong>{shown}</strong>" if claim["main"] else shown, format="html")
        reference = nodes.reference("", "", shown, internal=True, refid=claim["slug"])
        items += nodes.list_item("", nodes.paragraph("", "", reference))
    opened = f'<details class="claims-of-chapter"><summary>Its {len(claims)} claims{", the main ones bold" * any(claim["main"] for claim in claims)}</summary>'
    return [nodes.raw("", opened, format="html"), items, nodes.raw("", "</details>", format="html")] if claims else []


def live_head(app, name: str, chart: tuple, caption: str = "", below: str = "", broad: Broad | None = None) -> str:
    """A chapter's first chart with its controls, what it tells, and its caption."""
    number, cell, specification = chart
    caption = caption or f'<p class="hero-caption">{caption_of(cell)}</p>'
    told = tells(app, cell, specification, name, number)
    return markup(app, specification, labelled(cell), name, number, anchor="chart-hero", between=told, below=caption + below, told=cell.metadata.get("controls"), broad=broad)


def caption_at_head(cell, notebook, kind: str = "") -> str:
    """Without its number, for those before it are still to come, but on paper (book.css); at its end a link to its place, where the text speaks of it."""
    name = called(cell, notebook)
    place = name.lower().replace(" ", "-") or f"cell-{next(i for i, other in enumerate(chapters.code_cells(notebook), start=1) if other is cell)}"
    on_paper = f' data-called="{name}. "' if name else ""
    return f'<p class="hero-caption{kind}"{on_paper}><span>{caption_of(cell)}</span> <a href="#{place}">See {name.lower() or "it"} in the chapter</a></p>'


def caption_of(cell) -> str:
    caption = in_line(cell.metadata.get("mystnb", {}).get("figure", {}).get("caption", ""))
    return BY_HAND.sub(r'<span class="by-hand">\1</span>', caption)


def hero(app, name: str, notebook) -> str:
    """At the chapter's head what the reader can move; where it has no chart, the picture of the cell tagged `cover`, with what one tagged `cover` and `script` displays behind a button (`bringToLife` in book.js): of a film a still, where there are scripts.

    A picture that nobody chose for it may tell what the chapter asks its readers to guess.
    """
    cells = chapters.code_cells(notebook)
    place = lambda cell: next((i for i, other in enumerate(cells, start=1) if other is cell), 0)  # noqa: E731
    if chart := chart_at_head(notebook):
        return f'<div class="hero">{live_head(app, name, chart, caption_at_head(chart[1], notebook), broad=spanning(chart[1], chart[2]))}</div>'
    cell, film = still_at_head(notebook)
    if not cell:
        return ""
    moving = place(film)
    button = f'<button type="button" class="to-life" data-from="cell-{moving}">Set it in motion</button>' if moving else ""
    still = still_of(cells[moving - 1]) if moving else ""
    alt, loading = cell.metadata.get("mystnb", {}).get("image", {}).get("alt", chapters.title(notebook)), "lazy" if still else "eager"
    picture = at_head(app, name, cell, alt, loading)
    captions = "".join(caption_at_head(one, notebook, kind) for one, kind in ((cell, " of-the-picture"), (film, " of-the-motion")) if one)
    return f'<div class="hero still" id="hero">{tells(app, film or cell, {}, name, 0)}<div class="still-view">{still}{picture}{button}</div>{captions}</div>'


def still_at_head(notebook) -> tuple:
    """The cells whose picture, and whose film, stand at the head of a chapter without charts; None where there is no such."""
    cells, cell = chapters.code_cells(notebook), cover_cell(notebook)
    film = next((one for one in cells if {"cover", "script"} <= set(one.metadata.get("tags", []))), None)
    shown = cell and "cover" in cell.metadata.get("tags", []) and not chart_at_head(notebook) and (film or not any(one is cell for one in cells[:NEAR]))
    return (cell, film) if shown else (None, None)


def show_once(app, doctree):
    """What stands at the head of a chapter without charts, its film or else its picture, is small at its own place, as a chart is (`in_small`)."""
    name = chapter_of(app.env.docname)
    cell, film = still_at_head(notebook := executed.chapter(name)) if name else (None, None)
    drawn_by = [one for one in doctree.findall(nodes.container) if one.get("nb_element") == "cell_code"] if cell else []
    for container, one in zip(drawn_by, chapters.code_cells(notebook) if cell else ()):
        figure = next(iter(container.findall(nodes.figure)), None) if one is (film or cell) else None
        if figure:
            opened, closed = (nodes.raw("", part, format="html") for part in in_small(app, name, "film" if film else "picture", one, notebook, "hero"))
            caption = next((i for i, child in enumerate(figure.children) if isinstance(child, nodes.caption)), len(figure))
            figure.insert(caption, closed)
            figure.insert(0, opened)


def still_of(cell) -> str:
    """Where the page's script shows a moment of the film that the cell draws on a canvas: before it moves, and instead of the picture. Empty where it draws on none."""
    film = next((output.data["text/html"] for output in cell.outputs if "text/html" in output.get("data", {})), "")
    size = re.search(r'<canvas\b[^>]*\bwidth="(\d+)"\s+height="(\d+)"', film)
    alt = html.escape(cell.metadata.get("mystnb", {}).get("image", {}).get("alt", ""))
    return f'<canvas class="film-still" width="{size[1]}" height="{size[2]}" role="img" aria-label="{alt}"></canvas>' if size else ""


class Hero(SphinxDirective):
    """The chart at a chapter's head, with which the book opens: under words of one's own, and beside it in large type what it tells.

        ```{hero} chapter
        :high: 360
        What it is, and what to do with it.
        ```

    On a wide screen its plot is so `high`.
    """

    required_arguments, has_content = 1, True
    option_spec = {"high": int}

    def run(self):
        name = self.arguments[0]
        notebook = of_chapter(self, name)
        if not notebook:
            return []
        if not (chart := chart_at_head(notebook)):
            raise self.error(f"notebooks/{name}.ipynb has no chart")
        app, broad = self.env.app, Broad("front", ACROSS, {"chart": {"height": self.options["high"]}}) if "high" in self.options else None
        write(app, chart[2], name, chart[0], broad)  # the chapter may be read later, or beside this page
        shown = nodes.container("", classes=["hero", "first-hero"])
        self.state.nested_parse(self.content, self.content_offset, shown)
        source = f'<p class="hero-source">From <a href="../notebooks/{name}.html#chart-hero">{in_line(chapters.title(notebook))}</a></p>'
        shown += nodes.raw("", live_head(app, name, chart, below=source, broad=broad), format="html")
        return [shown]


class Holds(SphinxDirective):
    """One claim of a chapter, its first sentence, with what its cell printed: what a checked claim is.

        ```{holds} chapter#slug-of-the-claim
        ```
    """

    required_arguments = 1

    def run(self):
        name, _, slug = self.arguments[0].partition("#")
        notebook = of_chapter(self, name)
        if not notebook:
            return []
        claim = next((one for one in chapters.claims(notebook) if one["slug"] == slug), None)
        if not claim:
            raise self.error(f"notebooks/{name}.ipynb has no claim {slug}")
        title = f"Claim {claim['number']} of \N{LEFT DOUBLE QUOTATION MARK}{chapters.title(notebook)}\N{RIGHT DOUBLE QUOTATION MARK}"
        box = nodes.container("", classes=["claim", "hero-claim"])
        box += nodes.paragraph("", "", nodes.strong("", "", link(self.env, name, title, slug)), nodes.inline("", " holds", classes=["claim-holds"]), classes=["hero-claim-name"])
        self.state.nested_parse(StringList([sentences(" ".join(claim["text"].split()))[0]], "claim"), 0, box)
        box += nodes.raw("", f'<div class="cell_output">{printed(claim["value"])}</div>', format="html")
        return [box]


def of_chapter(directive, name: str):
    """The executed chapter that a directive names; None in a build of another chapter alone."""
    if not chapters.source_path(name).is_file():
        raise directive.error(f"there is no notebooks/{name}.ipynb")
    return executed.chapter(name) if f"notebooks/{name}" in directive.env.found_docs else None


def card_address(app, docname: str) -> str:
    return f"{app.config.html_baseurl}covers/{chapter_of(docname) or docname.replace('/', '-')}.png"


def name_card(app, doctree):
    """Each page names its card, by an absolute address, as those who show it want it."""
    metadata = app.env.metadata[app.env.docname]
    if app.config.html_baseurl and (title := next(iter(doctree.findall(nodes.title)), None)):
        metadata["og:image"] = card_address(app, app.env.docname)
        metadata["og:image:alt"] = f"{app.config.html_title}: {title.astext()}"


def cite(app, doctree):
    """At the end of a chapter, and of the first page for the whole book: how to cite it, as BibTeX and in words, ready to copy."""
    name, base, docname = chapter_of(app.env.docname), app.config.html_baseurl, app.env.docname
    if not name and docname != app.config.root_doc:
        return
    author, book, names = app.config.author, app.config.html_title, [name] if name else chapters.chapters()
    title = chapters.title(executed.chapter(name)) if name else book
    year, month, day = changed(*names)[:10].split("-")
    version, based = version_of(*names), option("based_on", "")
    notes = [f"Version {version}"] * bool(version) + [f"Based on {based}"] * bool(based)
    address = base and f"{base}{f'notebooks/{name}.html' if name else ''}"
    fields = {"title": for_bibtex(title), "author": f"{{{for_bibtex(author)}}}", **({"booktitle": for_bibtex(book)} if name else {}), "year": year}
    fields |= ({"note": for_bibtex(". ".join(notes))} if notes else {}) | ({"url": address} if base else {})
    kind, key = ("incollection", name) if name else ("book", re.sub(r"\W", "", title).lower())
    bibtex = f"@{kind}{{{key}{year},\n" + ",\n".join(f"  {field} = {{{value}}}" for field, value in fields.items()) + "\n}"
    words = f"{author} ({year}). {f'{title}. In ' if name else ''}{book}{f', version {version}' if version else ''}.{f' Based on {based}.' if based else ''}{' ' + address if base else ''}"
    app.env.metadata[docname]["citation"] = {
        "citation_title": title, "citation_author": author, **({"citation_inbook_title": book} if name else {}), "citation_publication_date": f"{year}/{month}/{day}",
        **({"citation_public_url": address} if base else {}),
    }  # fmt: skip
    blocks = [nodes.literal_block(text, text, language="none") for text in (words, bibtex)]
    opened = nodes.raw("", f'<details class="cite" id="cite"><summary>Cite this {"chapter" if name else "book"}</summary>', format="html")
    section = next(iter(doctree.findall(nodes.title))).parent
    section.extend([opened, *blocks, nodes.raw("", "</details>", format="html")])
    note_anchor(app.env, "cite", "How to cite it")


def for_bibtex(text: str) -> str:
    """With TeX's own signs escaped; formulas stay as they are."""
    return "".join(part if i % 2 else re.sub(r"[&%#_]", r"\\\g<0>", part) for i, part in enumerate(re.split(r"(\$[^$]+\$)", text)))


def unmarked(text: str) -> str:
    """Markdown without its marks but those around formulas."""
    flat = re.sub(r"(?<!\\)\$(.+?)(?<!\\)\$", r"\\(\1\\)", " ".join(text.split()))
    parts = FORMULA.split(flat)
    return "".join(plain(part) if i % 2 == 0 else rf"\({part}\)" for i, part in enumerate(parts))


def clause(text: str) -> str:
    """Of this Markdown, up to a full stop, colon or semicolon that ends a word: that of `1 : 9` does not."""
    return sentences(" ".join(text.split()), clauses=True)[0].rstrip(".:;")


def first_sentence(text: str) -> str:
    """The same without Markdown's marks."""
    return unmarked(clause(text)).rstrip(".:;")


def in_line(text: str) -> str:
    """This Markdown as HTML within a line: its code and formulas, and typographic quotes and apostrophes around them."""
    codes = re.findall(r"`([^`]+)`", text)
    words = unmarked(re.sub(r"`[^`]+`", "\ue000", text))
    shown = with_formulas(with_quotes(words, r"\\\(.*?\\\)"))
    return re.sub("\ue000", lambda found: f"<code>{html.escape(codes.pop(0), quote=False)}</code>", shown)


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
    context["byline"] = chapters.byline()
    context["citation"] = "".join(f'<meta name="{key}" content="{html.escape(value)}">' for key, value in cited.items())
    # Beside what people read, what machines do (machines.py).
    twins = [("text/markdown", "This chapter as Markdown", f"{pagename}.md")] if name else []
    twins += [("application/json", "All claims with their values", "claims.json"), ("text/plain", "The book for language models", "llms.txt")]
    context["citation"] += "".join(f'<link rel="alternate" type="{kind}" title="{what}" href="{context["pathto"](path, 1)}">' for kind, what, path in twins)
    context["metatags"] = context.get("metatags", "").replace(VIEWPORT, "")
    is_the_book = html.unescape(context.get("title") or "") == app.config.html_title
    context["title_ends"] = option("description", "").partition(". ")[0].rstrip(".") if is_the_book else app.config.html_title
    data = json.dumps(part, ensure_ascii=False).replace("<", "\\u003c")
    context["structured_data"] = f'<script type="application/ld+json">{data}</script>'


def version_of(*names: str) -> str:
    """The commit that last changed one of these chapters; empty where git does not tell, and where a text has changed since."""
    return chapters.committed(*names)[0][:10]


def changed(*names: str) -> str:
    """When one of these chapters was last changed, by git; the book's first day where git does not tell."""
    return chapters.committed(*names)[1] or f"{option('first_day', '1970-01-01')}T00:00:00+00:00"


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
    for docname in app.env.found_docs:
        shown = [chapter_of(docname)] if chapter_of(docname) else [name for name in chapters.chapters() if f"notebooks/{name}" in app.env.found_docs] if docname == app.config.root_doc else []
        path = site / "covers" / pathlib.PurePosixPath(card_address(app, docname)).name
        path.write_bytes(card_of(shown, app.env.titles[docname].astext(), app.config.html_title))
    entries = []
    for name in filter(None, map(chapter_of, sorted(app.env.found_docs))):
        notebook = executed.chapter(name)
        url = f"{base}notebooks/{name}.html"
        entries.append(
            f"<entry><title>{html.escape(chapters.title(notebook))}</title><id>{url}</id><link href=\"{url}\"/>"
            f"<updated>{changed(name)}</updated><summary>{html.escape(plain(chapters.question(notebook)))}</summary></entry>"
        )
    updated = max(map(changed, chapters.chapters()), key=datetime.datetime.fromisoformat)  # days begin earlier in the east
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
    drawing = pathlib.Path(app.srcdir, app.config.html_favicon).read_bytes() if str(app.config.html_favicon).endswith(".svg") else b""
    data = f"data:image/svg+xml;base64,{base64.b64encode(drawing).decode()}"
    (site / "index.html").write_text(
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="{data}"><title>{title}</title>'
        f'<meta name="description" content="{description}"><meta property="og:title" content="{title}">'
        f'<meta property="og:description" content="{description}">{shared}<meta http-equiv="Refresh" content="0; url={first}"></head>'
        f'<body><main><h1>{title}</h1><p>{description}</p><p><a href="{first}">Read the book</a></p></main></body></html>\n',
        encoding="utf-8",
    )
    parts = [(part["caption"], [(page["file"], app.env.titles[page["file"]].astext()) for page in part["chapters"] if page["file"] in app.env.titles]) for part in chapters.toc()["parts"]]
    own = base64.b64encode(letters.source()).decode()
    known = {"root": urllib.parse.urlsplit(base).path or "/", "first": first, "icon": data, "letters": own, "title": app.config.html_title, "parts": parts, **COLOURS}
    (site / "404.html").write_text(app.builder.templates.render("404.html", known) + "\n", encoding="utf-8")
