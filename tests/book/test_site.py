"""The built pages as files: every link and anchor resolves, nothing comes from elsewhere, every chapter can be opened."""

import copy
import io
import json
import re
import urllib.parse

import bs4
import jsonschema
import pandas as pd
import PIL.Image
import pytest
import tinycss2
import yaml

from builder import chapters as book
from builder.execute.store import executed
from builder.files import ROOT
from builder.pages import doubt, places, repository
from builder.pages.claims import told
from builder.pages.sharing import first_sentence, in_line, plain
from builder.pages.typography import PARTS, sentences
from builder.render import site as render
from builder.render.covers import cover
from builder.render.delivery import HEADS, one_head
from builder.render.pictures import thumbnail


def pages(site):
    return sorted(path for path in site.rglob("*.html") if "_static" not in path.parts and path.name != "404.html")


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
    """Where GitHub has them; else there is no such button."""
    known = book.configuration()["repository"]
    place = repository.found({"repository_url": known["url"], "repository_branch": known["branch"]})
    for name in book.chapters():
        links = [tag["href"] for tag in soups[site / "notebooks" / f"{name}.html"].find_all("a", href=True)]
        colab = [link for link in links if link.startswith("https://colab.research.google.com/github/")]
        if not place or place.host != "github.com":
            assert not colab and any(link.endswith(f"executed/{name}.ipynb") for link in links)
            continue
        assert len(set(colab)) == 1 and colab[0].endswith(f"/notebooks/{name}.ipynb") and "/blob/" in colab[0]
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
        (f"../notebooks/{name}.html#{claim['slug']}", claim["value"])
        for name in book.chapters()
        for claim in book.claims(executed(name))
    ]
    assert listed == expected


def test_a_claim_has_its_address_its_number_and_its_code_one_click_below(site, soups):
    for name in book.chapters():
        page = soups[site / "notebooks" / f"{name}.html"]
        for claim in book.claims(book.load(name)):
            frame = page.find(id=claim["slug"])
            assert "claim" in frame["class"] and (frame.find(id=f"claim-{claim['number']}") or frame["id"] == f"claim-{claim['number']}")
            assert frame.select_one("a.claim-link")["href"] == f"#{claim['slug']}"
            assert frame.select_one("details.claim-code .cell_input") and not frame.select_one(":scope details .cell_output")


def test_all_claims_have_their_parts_in_one_order(site, soups):
    """Number and that it holds, sentence, what its cell printed, its code, what was tried on it."""
    parts = ".claim-head > strong, .claim-head > .claim-holds, .claim-link, .cell_output pre, .claim-code > summary, .claim-code .cell_input, .claim-doubted"
    for name in book.chapters():
        for claim in book.claims(book.load(name)):
            frame = soups[site / "notebooks" / f"{name}.html"].find(id=claim["slug"])
            found = list(dict.fromkeys(next(iter(one.get("class", [])), one.name) for one in frame.select(parts)))
            assert found[:6] == ["strong", "claim-holds", "claim-link", "pre", "summary", "cell_input"] and found[6:] in ([], ["claim-doubted"]), (name, claim["number"], found)
            assert frame.select_one(".claim-head").get_text().split() == ["Claim", f"{claim['number']}.", "holds"]


def test_folded_code_says_what_it_holds(site, soups):
    """In a few words, nearly all of which are another's on no page; the whole of it is its name."""
    for name in book.chapters():
        page = soups[site / "notebooks" / f"{name}.html"]
        summaries = [one for one in page.select("article summary[data-short]") if one["data-short"] != "solution"]
        seen = [f"{one['data-short']} {one.get('data-names', '')}".strip() for one in summaries]
        assert len(seen) - len(set(seen)) <= 1 and "code" not in seen, sorted(seen)
        assert len({one["title"] for one in summaries}) >= len(summaries) - 1
        for words, one in zip(seen, summaries):
            assert re.fullmatch(r"imports|(asserts claim|draws figure) \d+|draws it|(defines|computes|checks|prints|runs)( \S.*)?", words), words
            assert len(words) <= 26 or len(words.removesuffix(", …").split()) == 2, "as many names as fit, one at least"
            assert all(first in one["title"] for first in re.findall(r"[\w]+$|\w+(?=,)", one.get("data-names", "").removesuffix(", …"))[:1])


def test_of_a_main_claim_what_follows_its_first_sentence_is_set_apart(site, soups):
    """Its text stays the same."""
    apart = 0
    for name in book.chapters():
        for claim in book.claims(book.load(name)):
            sentence = soups[site / "notebooks" / f"{name}.html"].find(id=claim["slug"]).p
            rest = sentence.select_one(".claim-rest")
            several = claim["main"] and len(sentences(" ".join(claim["text"].split()))) > 1
            assert bool(rest) == several and (not rest or rest.select_one("a.claim-link"))
            if rest:
                apart += 1
                assert re.search(r"[.!?][)”’]?$", sentence.get_text().removesuffix(rest.get_text()).rstrip())
    assert apart > 10


def test_pages_do_not_show_what_pandas_says_of_a_series(site, soups):
    """Neither does a page's twin."""
    for name in book.chapters():
        last = re.compile(r"^(?:Name: .*, )?dtype: \S+$", re.M)
        printed = "\n".join(out.get_text() for out in soups[site / "notebooks" / f"{name}.html"].select(".cell_output"))
        assert not last.search(printed) and not last.search((site / "notebooks" / f"{name}.md").read_text(encoding="utf-8"))


def test_the_head_of_a_chapter_lists_its_claims_with_previews(site, soups):
    for name in book.chapters():
        page = soups[site / "notebooks" / f"{name}.html"]
        links = [a["href"] for a in page.select("details.claims-of-chapter li a")]
        assert links == [f"#{claim['slug']}" for claim in book.claims(book.load(name))]
        previews = page.find("template", id="previews").find_all("div", recursive=False)
        assert set(links) <= {preview["data-for"] for preview in previews}, "a claim without what its cell printed beside it"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Roosa et al. expected 37,415 cases. Ours agrees.", "Roosa et al. expected 37,415 cases"),
        ("Roosa *et al.* (2020) expected fewer. Ours agrees.", "Roosa et al. (2020) expected fewer"),
        ("With weights 1 : 9 it is .5 at $p$: half. More.", r"With weights 1 : 9 it is .5 at \(p\)"),
        ("A map $f: A \\to B$ with `{0: 1}` is one; more. More.", r"A map \(f: A \to B\) with {0: 1} is one"),
        ("Nothing, e.g. Keras, i.e. TensorFlow, checks. More.", "Nothing, e.g. Keras, i.e. TensorFlow, checks"),
        ("Keras vs. PyTorch (cf. Smith 1900). More.", "Keras vs. PyTorch (cf. Smith 1900)"),
        ("See Fig. 3, Eq. (4), Sec. $n$ and No. 5 of it. More.", r"See Fig. 3, Eq. (4), Sec. \(n\) and No. 5 of it"),
        ("The answer is No. More.", "The answer is No"),
        ("A. B. Smith and J.W. Tukey counted the U.S. Census. More.", "A. B. Smith and J.W. Tukey counted the U.S. Census"),
        ("It begins at 3 p.m. More.", "It begins at 3 p.m"),
        ("It takes labels, masks etc. More.", "It takes labels, masks etc"),
        ("It holds for each image. `softmax` refuses others.", "It holds for each image"),
        ("Does it hold? It does.", "Does it hold?"),
        ("They say \u201cthirty is enough.\u201d It is not.", "They say \u201cthirty is enough.\u201d"),
    ],
)
def test_a_claim_is_shortened_where_a_clause_ends(text, shown):
    """Not within a ratio, a formula or code, not at a point within a number or after an abbreviation, not after an initial."""
    assert first_sentence(text) == shown


def test_what_is_made_of_markdown_has_typographic_quotes_but_in_its_code():
    assert in_line("Keras's `F1Score(average=\"macro\")` isn't *\"macro\"*, at $p'$").startswith("Keras\u2019s <code>F1Score(average=\"macro\")</code> isn\u2019t \u201cmacro\u201d, at <math")
    text = bs4.BeautifulSoup(in_line("`softmax`'s and $x$'s value"), "html.parser").get_text()
    assert text == "softmax\u2019s and x\u2019s value", text


def test_prose_has_none_of_the_signs_of_a_typewriter(soups):
    """Curly quotes, dashes, arrows, minus and multiplication signs, and no space before a per cent sign; code, what cells printed and tables apart."""
    typed = re.compile(r"""\d\s%|->|["']|\s--?\s|\w\^\w|\d\s?x\s?\d|(?<![\w.\d–-])[13-9]000(?= [a-z])""")
    slips = []
    for path, soup in soups.items():
        prose = copy.copy(soup.find("article") or soup.find("main"))
        for other in prose.select("pre, code, script, style, math, svg, table, textarea, .cell_output") if prose else ():
            other.replace_with("¤")
        for part in prose.select("p, li, h1, h2, h3, dt, dd, figcaption, summary, label, button") if prose else ():
            text = "" if part.find(["p", "li", "dd"]) else part.get_text()
            slips += [f"{path.stem}: {text[max(0, found.start() - 30):found.end() + 20]}" for found in typed.finditer(text)]
    assert not slips, slips


def test_a_name_in_code_may_be_broken_after_what_joins_its_parts():
    assert PARTS.split("model.fit(sample_weight=mask)") == ["model.", "fit(", "sample_", "weight=", "mask)"]
    assert PARTS.split("x.y_z") == ["x.y_z"] and PARTS.split("--sys-prefix") == ["--sys-", "prefix"]


def test_each_guess_has_the_answer_that_its_claim_printed(site, soups):
    for name in book.chapters():
        asked = [cell for cell in book.load(name).cells if "guess" in cell.metadata]
        forms = soups[site / "notebooks" / f"{name}.html"].select(".guess")
        assert len(forms) == len(asked) and all(form["data-answer"] for form in forms)
        for slider in [form.input for form in forms if form.input]:
            start, low, high = (float(slider[part]) for part in ("value", "min", "max"))
            assert abs(start - float(slider.find_parent(class_="guess")["data-answer"].replace(",", ""))) > (high - low) / 10, "it begins at its answer"


def test_what_machines_read_says_what_the_pages_say(site, soups):
    claims = json.loads((site / "claims.json").read_text(encoding="utf-8"))
    jsonschema.validate(claims, json.loads((site / "claims.schema.json").read_text(encoding="utf-8")))
    assert len(claims) == sum(len(book.claims(book.load(name))) for name in book.chapters())
    for claim in claims:
        path, _, anchor = claim["address"].partition("#")
        frame = soups[site / path].find(id=anchor)
        assert frame.select_one(".cell_output pre").get_text().strip("\n") == claim["value"]
        markdown = (site / path).with_suffix(".md").read_text(encoding="utf-8")
        assert claim["value"] in markdown and f'<a id="{claim["slug"]}"></a>**Claim {claim["number"]}.**' in markdown
        assert all("assert" in one and one in claim["code"] for one in claim["assertions"])
        said, found = frame.select_one(".claim-doubted"), claim["doubt"] or {"changes": 0, "seeds": 0}
        words = [f"{found['noticed']} of {found['changes']} changes noticed"] if found["changes"] else []
        words += [f"{found['held']} of {found['seeds']} seeds"] if found["seeds"] else []
        assert (said.get_text() if said else "") == " · ".join(words), "one wording; where nothing was tried, nothing is said"
        assert not said or [link.get_text() for link in said.select("a[href*='doubt.html'][title]")] == ["changes noticed" if found["changes"] else "seeds"]
        assert bool(said and "in-full" in said["class"]) == bool(said and found.get("noticed") == found["changes"] and found.get("held") == found["seeds"])
        led = said.select_one("a[href*='#']") if said else None
        assert bool(led) == bool(said)
        of_claim = soups[site / "book" / "doubt.html"].find(id=led["href"].partition("#")[2]) if led else None
        if led and found["changes"] == found.get("noticed", 0):
            assert of_claim.name == ("li" if found["changes"] else "tr") and of_claim.a["href"] == f"../{claim['address'] if found['changes'] else path}", "the claim's line, or else the chapter's"
            assert len(of_claim.find_parent("section").select(f".noticed [data-claims~='{claim['number']}']")) == found["noticed"], "and its changes"
        elif led:
            assert str(claim["number"]) in [one.get_text() for one in of_claim.select("a")] and of_claim.select_one("pre.change")


def test_every_link_of_what_machines_read_resolves(site):
    """Of `llms.txt`, which lists every page but the first, and of the chapters' Markdown, which says whence it is and how much a claim would notice."""
    found, texts = {}, {path: path.read_text(encoding="utf-8") for path in [site / "llms.txt", *site.glob("notebooks/*.md")]}
    for path, text in texts.items():
        prose = re.sub(r"^```.*?^```$|`[^`\n]*`|\$[^$]*\$", "", text, flags=re.S | re.M)
        found[path] = [link for link in re.findall(r"\]\(([^)\s]*)\)", prose) if not urllib.parse.urlsplit(link).scheme]
        for link in found[path]:
            target, _, anchor = link.partition("#")
            other = (path.parent / target).resolve() if target else path
            assert other.is_file() and other.suffix != ".ipynb", f"{path.name} -> {link}"
            there = other.read_text(encoding="utf-8")
            headings = [re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in re.findall(r"^#+ (.+)$", there, re.M)]
            assert not anchor or anchor in headings or f'<a id="{anchor}"></a>' in there, f"{path.name} -> {link}"
    toc = [page["file"] for part in book.toc()["parts"] for page in part["chapters"]]
    assert {f"{page}.md" if page.startswith("notebooks/") else f"{page}.html" for page in toc} <= set(found[site / "llms.txt"])
    for name in book.chapters():
        text, head = texts[site / "notebooks" / f"{name}.md"], texts[site / "notebooks" / f"{name}.md"].splitlines()[:4]
        assert head[0].startswith("# ") and f"{name}.html" in head[2] and re.search(r"(, version \w{10})?, changed \d{4}-", head[2])
        said = [line for line in text.splitlines() if re.match(r"\*(Broken on purpose|Other seeds): ", line)]
        assert said == [f"*{words}.*" for claim in book.claims(book.load(name)) if (words := told(name, claim["number"]))]


def test_pages_that_measure_the_book_open_with_their_numbers(site, soups):
    """As chapters open with theirs; of the ledger and of doubt those of `claims.json`, where all chapters have them."""
    claims = json.loads((site / "claims.json").read_text(encoding="utf-8"))
    for name in ("claims", "doubt", "benchmarks"):
        head = soups[site / "book" / f"{name}.html"].select_one("header.opening")
        assert head.select_one(".opening-part").get_text() == "The book" and head.h1 and len(head.find_all("p", recursive=False)) == 2
        numbers = [one.get_text() for one in head.select(".told-number")]
        assert len(numbers) == 3 and all(re.fullmatch(r"[\d.]+( of \d+)?", one) for one in numbers)
        if name == "claims":
            assert numbers[:2] == [str(len(claims)), str(sum(one["main"] for one in claims))]
        if name == "doubt":
            rows = [[cell.get_text() for cell in row.find_all("td")] for row in head.select("tbody tr")]
            assert numbers[0] == " of ".join(str(sum(int(row[1].split()[i]) for row in rows)) for i in (0, 2))
            assert numbers[2] == str(sum(int(row[4]) for row in rows if row[4].isdigit()))


def test_claims_that_use_a_line_are_told_in_ranges():
    assert [doubt.used(one) for one in ([], [3], [1, 2], [1, 2, 3, 5])] == ["No claim uses it.", "Used by claim 3.", "Used by claims 1, 2.", "Used by claims 1 to 3, 5."]


def test_a_change_that_was_tried_is_marked():
    assert doubt.marked("if a < b:", "if a <= b:") == '<pre class="change">\N{MINUS SIGN} if a &lt; b:\n+ if a &lt;<ins>=</ins> b:</pre>'
    assert doubt.marked("x = 2", "") == '<pre class="change">\N{MINUS SIGN} <del>x = 2</del>\n+ <ins>(nothing)</ins></pre>'


def test_each_change_that_was_not_noticed_is_listed_and_what_makes_no_difference_has_a_sentence(soups, site):
    page = soups[site / "book" / "doubt.html"]
    changes = page.select("pre.change")
    assert changes and all(one.find(["del", "ins"]) and len(one.get_text().splitlines()) == 2 for one in changes)
    reasons = [one.p.get_text().split(". ", 1)[1] for one in page.select("article details:not(.noticed) li")]
    assert reasons and all(one[-1] in ".!?" and not one[0].islower() for one in reasons)
    for row in page.select("table.doubts tbody tr"):  # a chapter's lists have what the table has, and say what they have beside it
        noticed = page.find(id=f"{row['id']}-noticed")
        _, of, _, equivalent, *_ = [cell.get_text() for cell in row.find_all("td")]
        for listed, count in ((noticed, of.split()[0]), (noticed.find_previous_sibling("details", class_="equivalent"), equivalent)):
            every, beside = map(int, re.match(r"\w+: (\d+)(?:, (\d+) of them drawn)?", listed.summary.get_text()).groups("0")) if listed else (0, 0)
            assert every - beside == int(count), (row["id"], listed and listed.summary)


def test_a_chapter_and_the_book_can_be_cited(site, soups):
    """With the authors whom `CITATION.cff` names for the whole, which says of it what the configuration does."""
    cited, known = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8")), book.configuration()
    (author,) = (one["name"] for one in cited["authors"])
    assert (cited["title"], cited["repository-code"]) == (known["title"], known["repository"]["url"])
    assert (cited["abstract"], cited["date-released"]) == (known["builder"]["description"], str(known["builder"]["first_day"]))
    based = f"Based on {known['builder']['based_on']}"
    (notes,) = cited["references"]
    assert notes["notes"] == based and all(based.endswith(f"{one['given-names']} {one['family-names']}") for one in notes["authors"])
    assert cited.keys().isdisjoint({"version", "commit"}), "which changes with each chapter: pages have it from git"
    first = soups[site / f"{book.toc()['root']}.html"]
    when = first.find("meta", attrs={"name": "citation_publication_date"})["content"].replace("/", "-")
    assert cited["date-released"][:4] == when[:4] and cited["date-released"] <= when, "the year that pages cite is another: bring CITATION.cff's `date-released` and `first_day` in _config.yml up to date"
    words, bibtex = (text.get_text() for text in first.select("details.cite pre"))
    assert f". {based}. " in words and re.search(rf"  note = .*{based}", bibtex)
    assert words.startswith(f"{author} ({when[:4]}). {cited['title']}") and cited["url"] in words and bibtex.startswith("@book{")
    assert f"title = {{{cited['title']}}}" in bibtex and f"author = {{{{{author}}}}}" in bibtex and f"year = {{{when[:4]}}}" in bibtex
    for name in book.chapters():
        page = soups[site / "notebooks" / f"{name}.html"]
        title = book.title(book.load(name))
        assert page.find("meta", attrs={"name": "citation_title"})["content"] == title
        assert page.find("meta", attrs={"name": "citation_author"})["content"] == author
        words, bibtex = (text.get_text() for text in page.select("details.cite pre"))
        canonical = page.find("link", rel="canonical")
        assert not canonical or page.find("meta", attrs={"name": "citation_public_url"})["content"] == canonical["href"]
        assert page.select_one(".facts a[href='#cite']") and page.select_one("details.cite")["id"] == "cite"
        assert f". {based}. " in words and re.search(rf"  note = .*{based}", bibtex)
        assert title in words and title in bibtex and words.startswith(author) and f"author = {{{{{author}}}}}" in bibtex


def test_the_root_and_the_404_page_lead_on(site):
    root, lost = ((site / name).read_text(encoding="utf-8") for name in ("index.html", "404.html"))
    assert "<title>" in root and 'property="og:title"' in root and "url=book/intro.html" in root
    assert 'action="' in lost and "search.html" in lost
    assert all("data:image/svg+xml;base64,PHN2Zy" in text for text in (root, lost))
    begins = re.search(r'class="book" href="(/.*)book/intro.html"', lost)[1]
    leads = {link.removeprefix(begins) for link in re.findall(r'href="(/[^"]*)"', lost)}
    assert leads == {str(path.relative_to(site)) for path in [*site.glob("book/*.html"), *site.glob("notebooks/*.html")]}, "whatever the depth is at which it is shown"
    robots = site / "robots.txt"
    assert robots.is_file() == (site / "sitemap.xml").is_file() and (not robots.is_file() or "/sitemap.xml\n" in robots.read_text(encoding="utf-8"))


def test_the_head_of_a_page_says_things_once_and_whole(site, soups):
    for name in book.chapters():
        page = soups[site / "notebooks" / f"{name}.html"]
        (described,) = page.find_all("meta", attrs={"name": "description"})
        assert described["content"] == page.find("meta", property="og:description")["content"] == plain(book.question(book.load(name)))
        twins = {link["type"]: link["href"] for link in page.find_all("link", rel="alternate")}
        assert (twins["text/markdown"], twins["application/json"], twins["text/plain"]) == (f"{name}.md", "../claims.json", "../llms.txt")
    for path, page in soups.items():
        assert len(page.find_all("meta", attrs={"name": "viewport"})) == 1, path
        if path.parent.name == "book":
            (described,) = page.find_all("meta", attrs={"name": "description"})
            assert described["content"] == page.find("meta", property="og:description")["content"], path
            assert 20 < len(described["content"]) <= 200 and described["content"][-1] in ".!?:", path
        assert len({*(parts := page.title.get_text().split(" \u2014 "))}) == len(parts), path


def test_the_theme_speaks_as_the_book_does(soups):
    for page in soups.values():
        assert "By The" not in page.get_text()
        assert ".pdf" not in [one.get_text(strip=True) for one in page.select(".dropdown-item")]


def test_a_fold_is_announced_by_the_words_that_it_shows(soups):
    assert not [str(one) for page in soups.values() for one in page.select("article summary[aria-label]")]


def test_the_text_has_the_live_numbers(site, soups):
    text = soups[site / "book" / "intro.html"].get_text()
    notebooks = [executed(name) for name in book.chapters()]
    assert f"{sum(len(book.claims(n)) for n in notebooks)} claims" in text
    assert f"{sum(len(book.code_cells(n)) for n in notebooks)} cells" in text


def test_the_first_page_says_which_chapter_builds_on_another(site, soups):
    """And each card what its chapter needs, and, as the chapter does, that the minutes are those to its recipe."""
    page = soups[site / "book" / "intro.html"]
    said = {}
    for name in book.chapters():
        text = "\n\n".join(cell.source for cell in executed(name).cells[:4] if cell.cell_type == "markdown")
        needed = re.search(r"\*\*What you need.*?(?:\n\s*\n|$)", text, re.S)[0]
        said |= {name: other for other in re.findall(r"\]\((\w+)\.ipynb", needed)}
    linked = [link["href"].removeprefix("../notebooks/").removesuffix(".html") for link in page.select("#the-chapters > p a")]
    assert said == {linked[0]: linked[1]} and len(linked) == 2
    for name, card in zip(book.chapters(), page.select(".card"), strict=True):
        minutes = soups[site / "notebooks" / f"{name}.html"].select_one(".facts").get_text().partition(", ")[0]
        assert re.fullmatch(r"\d+\xa0minutes to the recipe", minutes) and card.select_one(".card-facts").get_text() == f"{minutes} · {len(book.claims(book.load(name)))} claims"
    needs = [card.select_one(".card-needs").get_text() for card in page.select(".card")]
    assert len(needs) == len(book.chapters()) and all(one.startswith("You need: ") and one.endswith(".") and "(" not in one for one in needs)


def test_every_word_of_the_glossary_is_met_in_a_chapter(site, soups):
    terms = {dt["id"] for dt in soups[site / "book" / "glossary.html"].select("dl.glossary dt")}
    met = set()
    for name in book.chapters():
        page = soups[site / "notebooks" / f"{name}.html"]
        links = {link["href"] for link in page.select("a.term")}
        previews = page.find("template", id="previews").find_all("div", recursive=False)
        assert links <= {preview["data-for"] for preview in previews}, "a term without its definition beside it"
        assert not [preview for preview in previews if "Other seeds: " in preview.get_text()], "said to be printed by a cell"
        met |= {link.partition("#")[2] for link in links}
    assert terms == met


def test_each_page_has_a_card(site, soups):
    """1200 x 630, below 200 kB, at an absolute address; the root's too."""
    for path in [*soups, site / "index.html"]:
        page = bs4.BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")
        if path.name in ("search.html", "genindex.html"):
            continue
        address = page.find("meta", property="og:image")["content"]
        assert address.startswith("https://") and page.find("meta", attrs={"name": "twitter:card"})["content"] == "summary_large_image"
        card = site / "covers" / address.rpartition("/")[2]
        with PIL.Image.open(card) as picture:
            assert picture.size == (1200, 630) and card.stat().st_size < 200_000


@pytest.mark.parametrize("name", book.chapters())
def test_a_cover_is_a_picture_without_letters(site, name):
    """All have one format, and marks besides the ground."""
    for theme in ("light", "dark"):
        svg = cover(name, theme)
        assert not re.search(r'<text|<tspan|id="(?:text|legend|matplotlib\.axis)_|DejaVu', svg)
        with PIL.Image.open(site / "covers" / f"{name}-{theme}.webp") as picture:
            assert picture.size == (800, 500) and len(picture.convert("RGB").getcolors(800 * 500)) > 3


def test_a_translucent_legend_is_not_grey():
    svg = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 30" width="40" height="30"><rect width="40" height="30" style="fill: #ffffff; opacity: 0.8"/></svg>'
    with PIL.Image.open(io.BytesIO(thumbnail(svg, "#ffffff"))) as picture:
        assert min(low for low, _ in picture.convert("RGB").getextrema()) > 250


def test_the_ground_of_a_picture_is_the_paper():
    """Few colours are means of neighbours: 254 on white would be a box."""
    shades = "".join(f'<circle cx="{i % 8 * 5 + 2}" cy="{i // 8 * 3 + 2}" r="1.3" style="fill: hsl({i * 7}, 90%, 60%)"/>' for i in range(48))
    with PIL.Image.open(io.BytesIO(thumbnail(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 30" width="40" height="30">{shades}</svg>', "#ffffff"))) as picture:
        assert picture.convert("RGBA").getpixel((picture.width // 2, picture.height - 2)) == (255, 255, 255, 255)


def test_an_index_with_a_name_has_no_row_of_its_own():
    head = pd.DataFrame({"n": [1]}, index=pd.Index(["a"], name="region"))._repr_html_()
    assert re.findall("<th>(.*?)</th>", HEADS.sub(one_head, head)) == ["region", "n", "a"]
    both = head.replace("<th></th>", "<th>measured</th>", 1)
    assert HEADS.sub(one_head, both) == both, "a column with two names keeps them"


def test_what_pyplot_is_told_in_passing_is_not_searched():
    """Words and arrows of a drawing; what computes, and what is no Python, is."""
    drawing = 'x = f(1)\nplt.axis("off")\nfor word in x:\n    plt.text(\n        0, 0, word)\n# kept\nax = plt.subplots()'
    assert places.undrawn(drawing) == "x = f(1)\n# kept\nax = plt.subplots()" and places.undrawn("docker run (") == "docker run ("


def test_every_place_of_the_search_is_there(site, soups):
    """Each entry's address leads to something; claims, figures, questions of practice and words are entries of their own."""
    text = (site / "vendor" / "search-entries.js").read_text(encoding="utf-8")
    entries = json.loads(text.partition("window.searchEntries = ")[2].rstrip(";\n"))
    for entry in entries:
        path, _, anchor = entry["url"].partition("#")
        assert (site / path) in soups and (not anchor or soups[site / path].find(id=anchor)), entry["url"]
        assert entry["kind"] != "claim" or "Other seeds: " not in entry["text"], "no cell printed that"
    kinds = {kind: sum(entry["kind"] == kind for entry in entries) for kind in ("claim", "figure", "question", "term")}
    assert kinds["claim"] == sum(len(book.claims(book.load(name))) for name in book.chapters())
    assert kinds["figure"] == sum(len(soups[site / "notebooks" / f"{name}.html"].select("figcaption .figure-number")) for name in book.chapters())
    assert kinds["question"] >= 5 * len(book.chapters()) and kinds["term"] == len(soups[site / "book" / "glossary.html"].select("dl.glossary dt"))


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"GITHUB_REPOSITORY": "Someone/Fork", "GITHUB_REF_NAME": "draft"}, "draft"),
        ({"GITHUB_REPOSITORY": "Someone/Fork", "GITHUB_REF_NAME": "v1.0"}, "v1.0"),
        ({"GITHUB_REPOSITORY": "Someone/Fork", "GITHUB_REF_NAME": "feature/merge-x"}, "feature/merge-x"),
        ({"GITHUB_REPOSITORY": "Someone/Fork", "GITHUB_REF_NAME": "12/merge", "GITHUB_BASE_REF": "trunk"}, "trunk"),
    ],
)
def test_the_repository_is_found_in_the_environment(environment, expected, monkeypatch):
    for name in render.PLACE:
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert repository.from_actions() == ("github.com", "Someone/Fork", expected)
    assert repository.found({}) == repository.from_actions()


@pytest.mark.parametrize("remote", ["git@github.com:a/b.git", "https://github.com/a/b", "ssh://git@github.com/a/b.git", "https://token@github.com/a/b.git"])
def test_the_repository_is_found_in_the_git_remote(remote):
    assert repository.parsed(remote, "trunk") == ("github.com", "a/b", "trunk")


@pytest.mark.parametrize("name", ["book.css", "live.css"])
def test_the_stylesheet_has_no_faults(name):
    """A brace that is lost would end every rule after it."""
    rules = tinycss2.parse_stylesheet((ROOT / "book" / "_static" / name).read_text(encoding="utf-8"), skip_comments=True, skip_whitespace=True)
    assert len(rules) > 25
    while rules:
        rule = rules.pop()
        assert rule.type != "error", rule.message
        if rule.type == "at-rule" and rule.lower_at_keyword in ("media", "supports"):
            rules += tinycss2.parse_rule_list(rule.content, skip_comments=True, skip_whitespace=True)
        elif rule.type == "qualified-rule":
            content = tinycss2.parse_blocks_contents(rule.content, skip_comments=True, skip_whitespace=True)
            assert all(one.type == "declaration" for one in content), f"line {rule.source_line}"
