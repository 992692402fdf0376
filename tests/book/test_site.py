"""The built pages as files: every link and anchor resolves, nothing comes from elsewhere, every chapter can be opened."""

import json
import re
import subprocess
import urllib.parse

import bs4
import pytest

from builder import chapters as book
from builder.execute.store import executed
from builder.pages import repository
from builder.render import site as render


def pages(site):
    return sorted(path for path in site.rglob("*.html") if "_static" not in path.parts)


@pytest.fixture(scope="session")
def soups(site):
    return {path: bs4.BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser") for path in pages(site)}


def test_every_chapter_has_a_page(site):
    assert all((site / "notebooks" / f"{name}.html").is_file() for name in book.chapters())


def test_every_internal_link_and_anchor_resolves(site, soups):
    ids = {path: {tag["id"] for tag in soup.find_all(id=True)} for path, soup in soups.items()}
    broken = []
    for path, soup in soups.items():
        for tag in soup.find_all(href=True):
            url = urllib.parse.urlsplit(tag["href"])
            if url.scheme or url.netloc:
                continue
            target = (path.parent / urllib.parse.unquote(url.path)).resolve() if url.path else path
            if target.is_dir():
                target /= "index.html"
            anchor = urllib.parse.unquote(url.fragment)
            if not target.is_file() or (anchor and target in ids and anchor not in ids[target]):
                broken.append(f"{path.relative_to(site)} -> {tag['href']}")
    assert not broken, broken[:20]


def test_pages_load_nothing_from_another_host(soups):
    foreign = []
    for path, soup in soups.items():
        for tag in soup.find_all(["script", "img", "link", "iframe", "source", "video"]):
            address = tag.get("src") or tag.get("href") or ""
            if re.match(r"(https?:)?//", address) and tag.get("rel") not in (["canonical"], ["alternate"]):
                foreign.append(f"{path.name}: {address}")
    assert not foreign, foreign[:20]


def test_the_sitemap_lists_every_page(site):
    listed = re.findall(r"/((?:book|notebooks)/[^/<]*)</loc>", (site / "sitemap.xml").read_text(encoding="utf-8"))
    assert listed == sorted(str(path.relative_to(site)) for path in [*site.glob("book/*.html"), *site.glob("notebooks/*.html")])


def test_every_image_has_alt_text(soups):
    assert not [str(img)[:100] for soup in soups.values() for img in soup.find_all("img") if not img.has_attr("alt")]


def test_figures_are_counted_in_each_chapter(site, soups):
    for name in book.chapters():
        numbers = [tag.get_text() for tag in soups[site / "notebooks" / f"{name}.html"].select("figcaption .figure-number")]
        assert numbers == [f"Figure {i}. " for i in range(1, len(numbers) + 1)] and len(numbers) >= 1


def test_chapters_open_in_colab_and_binder_and_can_be_downloaded(site, soups):
    for name in book.chapters():
        links = [tag["href"] for tag in soups[site / "notebooks" / f"{name}.html"].find_all("a", href=True)]
        colab = [link for link in links if link.startswith("https://colab.research.google.com/github/")]
        assert len(colab) == 1 and colab[0].endswith(f"/notebooks/{name}.ipynb") and "/blob/" in colab[0]
        assert any(link.startswith("https://mybinder.org/v2/gh/") and f"{name}.ipynb" in link for link in links)
        assert any(link.endswith(f"executed/{name}.ipynb") for link in links)


def test_downloads_are_the_clean_and_the_executed_notebook(site):
    for name in book.chapters():
        assert (site / "_sources" / "notebooks" / f"{name}.ipynb").read_bytes() == book.source_path(name).read_bytes()
        cells = json.loads((site / "executed" / f"{name}.ipynb").read_text(encoding="utf-8"))["cells"]
        assert any(cell.get("outputs") for cell in cells)


def test_the_ledger_lists_every_claim_with_its_value_and_a_link_that_lands_on_it(site, soups):
    ledger = soups[site / "book" / "claims.html"]
    rows = [row for table in ledger.select("table.ledger") for row in table.select("tbody tr")]
    listed = [(row.a["href"], row.pre.get_text().strip("\n")) for row in rows]
    expected = [
        (f"../notebooks/{name}.html#claim-{claim['number']}", claim["value"])
        for name in book.chapters()
        for claim in book.claims(executed(name))
    ]
    assert listed == expected


def test_the_text_has_the_live_numbers(site, soups):
    text = soups[site / "book" / "intro.html"].get_text()
    notebooks = [executed(name) for name in book.chapters()]
    assert f"{sum(len(book.claims(n)) for n in notebooks)} claims" in text
    assert f"{sum(len(book.code_cells(n)) for n in notebooks)} cells" in text


def test_every_word_of_the_glossary_is_met_in_a_chapter(site, soups):
    terms = {dt["id"] for dt in soups[site / "book" / "glossary.html"].select("dl.glossary dt")}
    links = [a for name in book.chapters() for a in soups[site / "notebooks" / f"{name}.html"].select("a.term")]
    assert terms == {link["href"].partition("#")[2] for link in links}
    assert all(link["title"] for link in links)


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"GITHUB_REPOSITORY": "Someone/Fork", "GITHUB_REF_TYPE": "branch", "GITHUB_REF_NAME": "draft"}, "github.com/Someone/Fork/blob/draft"),
        ({"GITHUB_REPOSITORY": "Someone/Fork", "GITHUB_REF_TYPE": "branch", "GITHUB_REF_NAME": "12/merge"}, "github.com/Someone/Fork/blob/main"),
    ],
)
def test_the_repository_is_found_in_the_environment(environment, expected, monkeypatch):
    for name in render.PLACE:
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    url, branch = repository.from_actions()
    assert f"{url}/blob/{branch}".endswith(expected)


@pytest.mark.parametrize("remote", ["git@github.com:a/b.git", "https://github.com/a/b", "ssh://git@github.com/a/b.git"])
def test_the_repository_is_found_in_the_git_remote(remote, monkeypatch, tmp_path):
    subprocess.run(["git", "init", "-q", "-b", "trunk", tmp_path], check=True)
    subprocess.run(["git", "-C", tmp_path, "remote", "add", "origin", remote], check=True)
    monkeypatch.setattr(repository, "ROOT", tmp_path)
    assert repository.from_remote() == ("https://github.com/a/b", "trunk")
