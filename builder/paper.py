"""The whole book as one PDF: `make pdf`.

The articles of the complete site become one document in the order of the contents, with links between them, and Chromium prints it.
Charts are the pictures that the build drew; the film of the cart stands at its first frame. What is folded is printed as of a page (book.css).
"""

import pathlib
import re
import urllib.parse

import bs4
from playwright.sync_api import sync_playwright

from . import browser
from .chapters import byline, configuration, option, toc
from .files import BookError, alone
from .render.delivery import PDF
from .render.site import complete_site
from .serve import served

STYLE = """
@page { size: A4; margin: 18mm 17mm 20mm; }
html { font-size: 12.5px; }
body { background: #fff; }
article { break-before: page; }
article section { content-visibility: visible !important; }
.cover { min-height: 80vh; padding-top: 30vh; }
.cover h1 { font-size: 3rem; }
.bd-content pre { white-space: pre-wrap; overflow-wrap: anywhere; break-inside: auto; orphans: 4; widows: 4; font-size: 0.78em; }
div.cell_input, div.highlight, .bd-content pre { overflow: visible !important; break-inside: auto !important; }
div.cell_input { break-inside: avoid !important; }
h2, h3, .claim > p { break-after: avoid; }
figure, .chart, div.cell_output, table { break-inside: avoid; }
.cell { break-inside: auto; }
.ledger, .ledger tr { break-inside: auto; }
.cards { display: none !important; }
"""
FOOTER = (
    '<div style="width:100%;font:8px sans-serif;color:#666;text-align:center">{title} · '
    '<span class="pageNumber"></span> of <span class="totalPages"></span></div>'
)


def pages() -> list[str]:
    contents = toc()
    return [contents["root"], *(c["file"] for part in contents["parts"] for c in part["chapters"])]


def moved(reference: str, page: str, names: list[str]) -> str:
    """A link or a source of `page`, as it is called in the one document: `#page--anchor`, or a path from the site's root."""
    url = urllib.parse.urlsplit(reference)
    if url.scheme or url.netloc:
        return reference
    path = urllib.parse.urljoin(f"/{page}.html", url.path)[1:] if url.path else f"{page}.html"
    if path.removesuffix(".html") in names:
        return "#" + anchor(path.removesuffix(".html"), url.fragment)
    return path + (f"?{url.query}" if url.query else "")


def anchor(page: str, name: str = "") -> str:
    return f"{page.replace('/', '-')}--{name or 'top'}"


def article(site: pathlib.Path, page: str, names: list[str]) -> bs4.Tag:
    """The text of one page, with anchors and addresses that hold in the one document."""
    found = bs4.BeautifulSoup((site / f"{page}.html").read_text(encoding="utf-8"), "html.parser").select_one("article.bd-article")
    for tag in found.select(".only-dark, button.copybtn, noscript, template, form.ledger-filter"):
        tag.decompose()
    for tag in found.find_all(id=True):
        # What a cell wrote as HTML has a script that knows its own names.
        if not tag.find_parent(class_="text_html") or tag.find_parent(class_="chart"):
            tag["id"] = anchor(page, tag["id"])
    for tag in found.find_all(href=True):
        tag["href"] = moved(tag["href"], page, names)
    for tag in found.find_all(src=True):
        tag["src"] = moved(tag["src"], page, names)
        tag.attrs.pop("loading", None)
    found["id"] = anchor(page)
    return found


def document(site: pathlib.Path) -> str:
    names, title = pages(), configuration()["title"]
    articles = [article(site, page, names) for page in names]
    entries = "".join(f'<li><a href="#{tag["id"]}">{tag.find("h1").get_text().rstrip("#")}</a></li>' for tag in articles)
    style = re.search(r'href="[^"]*_static/site\.css\?v=(\w+)"', (site / f"{names[0]}.html").read_text(encoding="utf-8"))[1]
    return (
        f'<!DOCTYPE html><html lang="en" data-theme="light" data-mode="light"><head><meta charset="utf-8"><title>{title}</title>'
        f'<link rel="stylesheet" href="_static/site.css?v={style}"><style>{STYLE}</style></head><body><div class="bd-content"><div>'
        f'<section class="cover"><h1>{title}</h1><p>{byline()}</p></section><article class="bd-article"><h1>Contents</h1><ol>{entries}</ol></article>'
        f'{"".join(map(str, articles))}</div></div></body></html>'
    )


def print_book(site: pathlib.Path, target: pathlib.Path) -> int:
    """Print to `target`; returns the number of figures. A picture or a place that is not there is a fault."""
    text = document(site)
    with served(site) as address, sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browser.installed(), args=browser.ARGUMENTS)
        page = chromium.new_page()
        page.route("**/book.html", lambda route: route.fulfill(body=text, content_type="text/html; charset=utf-8"))
        page.goto(address + "book.html", wait_until="load", timeout=120_000)
        page.evaluate("document.fonts.ready")
        faults = page.evaluate(
            "() => [...[...document.images].filter((i) => !(i.complete && i.naturalWidth)).map((i) => `no picture ${i.src}`),"
            " ...[...document.querySelectorAll('a[href^=\"#\"]')].filter((a) => !document.getElementById(a.hash.slice(1)))"
            ".map((a) => `no target ${a.hash}`)]"
        )
        if faults:
            raise BookError(f"the PDF would not be whole: {'; '.join(faults[:5])}: run `make` and `make test`, which name the page")
        figures = page.locator("figure, .chart").count()
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_name(f".{target.name}")
        page.pdf(path=part, prefer_css_page_size=True, display_header_footer=True, header_template="<span></span>", footer_template=FOOTER.format(title=configuration()["title"]),
                 outline=True, tagged=True, print_background=True)  # fmt: skip
        chromium.close()
    part.replace(target)
    return figures


def link_to(site: pathlib.Path, name: str) -> None:
    """Let the pages that speak of the PDF link to it, now that it is there."""
    for page in site.glob("*/*.html"):
        text = page.read_text(encoding="utf-8")
        if PDF in text:
            page.write_text(text.replace(PDF, f'<a class="pdf" href="../{name}">one PDF</a>'), encoding="utf-8")


def print_the_site() -> None:
    """Print the complete site's book beside its pages."""
    site = complete_site()
    with alone():
        name = option("pdf", "book.pdf")
        found = print_book(site, site / name)
        link_to(site, name)
    print(f"the book as a PDF: _build/html/{name} ({found} figures, {(site / name).stat().st_size / 1e6:.0f} MB)")
