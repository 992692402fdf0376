"""The small book's site: complete or not there, and the same each time."""

import base64
import hashlib
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import xml.etree.ElementTree as ET

import bs4
import nbformat
import pytest
from docutils import nodes
from sphinx.errors import SphinxParallelError
from sphinx.util.parallel import ParallelTasks

from small import ONE, SmallBook, edit, wait_until

from builder import chapters, compare, files, paper
from builder.files import ROOT, BookError, digest
from builder.pages import charts, claims, executed, guess, machines, repository, typography
from builder.render import covers, delivery, heights, palette, pictures
from builder.render.site import keep_faults, name_pages, where


def test_the_site_is_replaced_in_one_step_or_not_at_all(rendered):
    first = rendered.site
    page = (first / "notebooks" / "one.html").read_text()
    rendered.render()
    assert rendered.site == first, "an unchanged book is not rendered again"

    edit(rendered.root / "notebooks" / "one.ipynb", "1 + 1", "1 / 0")
    rendered.failing("ZeroDivisionError")
    rendered.failing("no complete execution", command=("render",))
    assert (rendered.site / "notebooks" / "one.html").read_text() == page

    edit(rendered.root / "notebooks" / "one.ipynb", "1 / 0", "1 + 3")
    edit(rendered.root / "book" / "running.md", "# How to run it", "# How to run it\n\n[a link](nowhere.md)")
    assert rendered.run().returncode == 0
    rendered.failing("nowhere.md", command=("render",))
    assert (rendered.site / "notebooks" / "one.html").read_text() == page

    edit(rendered.root / "book" / "running.md", "[a link](nowhere.md)", "")
    edit(rendered.root / "notebooks" / "one.ipynb", "still two", "ever two")
    rendered.render()
    text = (rendered.site / "notebooks" / "one.html").read_text()
    assert "sum 4" in text and "ever two" in text
    assert not first.exists()


def test_a_changed_chapter_gives_the_site_of_a_build_from_nothing(built):
    """Only its page and the book's own are made again, and nothing of its former state stays, in the search index or among the pictures."""
    draw = "import matplotlib.pyplot as plt\nplt.plot([1, {}])\nplt.show()"
    built.write("one", [*ONE, 'print("formerly")', draw.format(2)])
    for cells in ([*ONE, 'print("formerly")', draw.format(2)], [*ONE, 'print("lately")', draw.format(3)]):
        built.write("one", cells)
        assert built.run().returncode == 0
        built.render()
    read = (built.root / "_build" / "pages" / "log.txt").read_text()
    assert "notebooks/one" in read and "notebooks/two" not in read
    contents = {path.relative_to(built.site): path.read_bytes() for path in built.site.rglob("*") if path.is_file()}
    for folder in ("pages", "sites"):
        shutil.rmtree(built.root / "_build" / folder)
    built.render()
    assert contents == {path.relative_to(built.site): path.read_bytes() for path in built.site.rglob("*") if path.is_file()}


def test_a_page_and_its_download_show_the_present_prose_and_outputs(built):
    """Either changes without the other, and that page alone is read again."""
    prose = ONE[0] + "\n\nWritten {}."
    built.write("one", [prose.format("at first"), *ONE[1:]])
    for change, chapter, other, shown in (
        (lambda: None, "one", None, "Written at first"),
        (lambda: built.write("one", [prose.format("anew"), *ONE[1:]]), "one", "two", "Written anew"),
        (lambda: built.write_data("second"), "two", "one", "second"),
    ):
        change()
        assert built.run().returncode == 0
        built.render()
        assert other is None or f"notebooks/{other}" not in (built.root / "_build" / "pages" / "log.txt").read_text()
        for file in (f"notebooks/{chapter}.html", f"executed/{chapter}.ipynb"):
            assert shown in (built.site / file).read_text()


def test_a_site_that_cannot_be_delivered_does_not_replace_the_last(rendered):
    """Sphinx's pages are there, but what makes a site of them fails, as on a full disk."""
    first = rendered.site
    extension = rendered.root / "builder" / "render" / "delivery.py"
    extension.write_text(extension.read_text() + "\n\ndef spare_layout(script):\n    raise shutil.Error([('one', 'two', '[Errno 28] no space left')])\n")
    rendered.failing("pages: shutil.Error: [('one', 'two', '[Errno 28] no space left')]: free space", command=("render",))
    assert rendered.site == first and (first / "index.html").is_file()


def test_the_pdf_is_linked_to_where_its_file_is(rendered):
    page = rendered.site / "book" / "running.html"
    assert "one PDF" in page.read_text() and "small.pdf" not in page.read_text()
    paper.link_to(rendered.site, "small.pdf")
    assert 'href="../small.pdf">one PDF</a>' in page.read_text()


def test_a_changed_heading_or_extension_renders_all_pages(rendered):
    rendered.write("one", ["# Another one\n\nIs one and one still two, and nothing else?", *ONE[1:]])
    rendered.render()
    assert ">Another one<" in re.sub(r"\s", " ", (rendered.site / "notebooks" / "two.html").read_text()).replace("> ", ">").replace(" <", "<")
    extension = rendered.root / "builder" / "pages" / "claims.py"
    extension.write_text(extension.read_text() + "\n# changed\n")
    rendered.render()
    assert "notebooks/two" in (rendered.root / "_build" / "pages" / "log.txt").read_text()


def test_two_cold_builds_are_the_same(rendered, tmp_path_factory):
    other = SmallBook(tmp_path_factory.mktemp("again"))
    assert other.run().returncode == 0
    theirs = {"SOURCE_DATE_EPOCH": "0", "LC_ALL": "de_DE.UTF-8", "LANGUAGE": "de", "TZ": "Asia/Kathmandu", "FORCE_COLOR": "1", "SPHINXOPTS": "-D language=de"}
    another = {"GIT_DIR": str(ROOT / ".git"), "GIT_WORK_TREE": str(ROOT), "BOOK_TOC": "/nowhere"}
    result = other.run("render", **theirs, **another)
    assert result.returncode == 0, result.stderr
    assert compare.differences(rendered.site, other.site) == []
    site = rendered.site
    entries = (site / "vendor" / "search-entries.js").read_text()
    assert '"book/execution.html#two"' in entries, "the page of execution times is not searched"
    for path in (*site.glob("vendor/search-entries.js"), site / "llms.txt", *site.glob("notebooks/*.html")):
        assert "Slowest" not in path.read_text(), f"{path.name} tells what was measured, which differs in each build"


def test_a_changed_output_is_a_difference(rendered):
    first = compare.contents(rendered.site)
    edit(rendered.root / "notebooks" / "one.ipynb", "1 + 1", "1 + 2")
    assert rendered.run().returncode == 0
    rendered.render()
    second = compare.contents(rendered.site)
    changed = {name for name in first if first[name] != second[name]}
    assert {"notebooks/one.html", "executed/one.ipynb"} <= changed
    assert "notebooks/two.html" not in changed


def test_a_plain_build_is_usable_and_leaves_the_finished_site_as_it_is(rendered):
    site, page = rendered.site, (rendered.site / "notebooks" / "one.html").read_bytes()
    for _ in range(2):  # the second goes on with the first
        command = [pathlib.Path(sys.executable).parent / "jupyter-book", "build", "."]
        result = subprocess.run(command, cwd=rendered.root, env=os.environ | {"PYTHONHASHSEED": "0"}, capture_output=True, text=True, check=False)
        assert result.returncode == 0, result.stderr
        plain = rendered.root / "_build" / "html"
        assert not plain.is_symlink() and (site / "notebooks" / "one.html").read_bytes() == page
        text = (plain / "notebooks" / "one.html").read_text()
        assert "sum 2" in text and "Content-Security-Policy" in text and (plain / "_static" / "site.css").is_file()
    rendered.render()
    assert rendered.site == site and (rendered.root / "_build" / "html").is_symlink()


CLAIM = ["**Claim 1.** One and one are two, as everyone knows.", "x = 1 + 1\nprint('sum', x)\nassert x == 2, 'x is not two'"]


def test_links_to_claims_and_cells_work_between_chapters_in_both_modes(built):
    links = "[the claim](one.ipynb#claim-1), [its cell](one.ipynb#cell-2)"
    built.write("one", [*ONE, *CLAIM], tags=["claim"])
    built.write("two", ["# Two\n\nWhat is said elsewhere, and where exactly is it said?\n\n" + links, "print(1)"])
    assert built.run().returncode == 0
    text = (built.render() / "notebooks" / "two.html").read_text()
    assert 'href="one.html#claim-1"' in text and 'href="one.html#cell-2"' in text
    page = (built.site / "notebooks" / "one.html").read_text()
    assert 'id="claim-1"' in page and 'id="cell-2"' in page
    assert '"url":"notebooks/one.html#claim-1"' in (built.site / "vendor" / "search-entries.js").read_text()
    ledger = (built.site / "book" / "claims.html").read_text()
    assert 'href="../notebooks/one.html#claim-1"' in ledger
    edit(built.root / "notebooks" / "two.ipynb", "#claim-1", "#claim-7")
    built.failing("claim-7", command=("render",))
    assert built.run("render", "one").returncode == 0


def test_a_chart_or_a_claim_that_the_first_page_asks_for_in_vain_is_named(rendered):
    page = rendered.root / "book" / "intro.md"
    text = page.read_text()
    for asked, fault in (
        ("{hero} one\nMove it.", "notebooks/one.ipynb has no chart"),
        ("{hero} three\nMove it.", "there is no notebooks/three.ipynb"),
        ("{holds} one#no-such-claim", "notebooks/one.ipynb has no claim no-such-claim"),
    ):
        page.write_text(text + f"\n```{asked}\n```\n")
        rendered.failing("book/intro.md", fault, command=("render",))


def test_a_preview_shows_what_stands_there_now(built):
    """Also where only the other page changed. A claim's number in prose is a link too."""
    built.write("one", [*ONE, *CLAIM], tags=["claim"])
    built.write("two", ["# Two\n\nWhat is said elsewhere, and where exactly is it said?\n\n[the claim](one.ipynb#claim-1)", "print(1)"])
    assert built.run().returncode == 0
    page = built.render() / "notebooks" / "two.html"
    assert '<template id="previews"><div data-for="one.html#claim-1">' in page.read_text() and "as everyone knows" in page.read_text()
    built.write("one", [ONE[0] + "\n\nSee claim 1 below.", *ONE[1:], CLAIM[0].replace("everyone knows", "all know"), CLAIM[1]], tags=["claim"])
    built.render()
    assert "as all know" in (built.site / "notebooks" / "two.html").read_text()
    assert 'href="#claim-1">1</a>' in (built.site / "notebooks" / "one.html").read_text()


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_an_interrupted_rendering(built, how):
    """Also where SIGINT is ignored: nothing goes on, the lock is free, and the next rendering is right."""
    process = built.start("render", sigint=signal.SIG_IGN, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    wait_until((built.root / "_build" / "next" / "log.txt").exists, "Sphinx")
    process.send_signal(how)
    _, stderr = process.communicate()
    assert process.returncode != 0 and "Traceback" not in stderr
    wait_until(lambda: not built.processes(), "the end of Sphinx", seconds=60)
    assert not (built.root / "_build" / "html").exists()
    built.render()


def test_a_fault_of_a_page_names_chapter_and_cell(built):
    built.write("one", [*ONE, "from IPython.display import HTML\nHTML('<script>alert(9)</script>')"])
    assert built.run().returncode == 0
    built.failing("notebooks/one.ipynb, code cell 2: it displays a script", "tag `script`", command=("render",))
    chart = "import altair as alt\nalt.Chart(alt.Data(values=[{'a': 1}])).mark_point().encode(x=alt.X('a', type='nominal'))"
    built.write("one", [*ONE, chart])
    assert built.run().returncode == 0
    edit(built.root / "_build" / "executed" / "one.ipynb", '"type": "nominal"', '"type": "undefined"')
    outputs = (built.root / "_build" / "executed" / "one.ipynb").read_text()
    record = built.root / "_build" / "executed" / "one.json"
    found = json.loads(record.read_text())
    record.write_text(json.dumps(found | {"sha256": digest(outputs)}))
    built.failing("notebooks/one.ipynb, code cell 2: its chart cannot be drawn", command=("render",))
    built.write("one", ONE)
    extension = built.root / "builder" / "pages" / "typography.py"
    extension.write_text(extension.read_text() + "\n\ndef keep_together(app, doctree):\n    {}[app.env.docname]\n")
    assert built.run().returncode == 0
    built.failing("KeyError", "in builder.pages.typography", command=("render",))


def test_a_guess_that_is_answered_before_it_is_asked_stops_the_build(built):
    """In one line, with the file and both cells."""

    def asked(*before):
        built.write("one", [*ONE, *before, "> **Guess first.** Of a hundred, how many are even?", "**Claim 1.** Half of the first hundred numbers are even.", 'n = sum(i % 2 == 0 for i in range(100))\nprint(f"{n}% are even")\nassert n == 100 - 50'], tags=["claim"])
        path = built.root / "notebooks" / "one.ipynb"
        notebook = nbformat.read(path, as_version=4)
        notebook.cells[-3].metadata["guess"] = {"min": 0, "max": 100, "unit": "%", "printed": r"(\d+)% are"}
        nbformat.write(notebook, path)
        assert built.run().returncode == 0

    asked("## Even numbers\n\nSome say 40%, some 60%.")
    built.render()
    asked("## Even numbers\n\nIt is no secret: 50 % of them are.")
    built.failing("notebooks/one.ipynb, cell 4: its guess asks for 50 %, which is told before, in cell 3, 'It is no secret: 50 % of them are.'", command=("render",))


WITH_UNIT = {"min": 0, "max": 100, "unit": "%", "printed": r"share (\d+)%"}
BARE = {"min": 0, "max": 100, "printed": r"(\d+) of 20"}
SIDES = {"choices": ["refuses", "starts"], "printed": "it (refuses|starts)"}


@pytest.mark.parametrize(
    ("guess_of", "printed", "before", "is_told"),
    [
        (WITH_UNIT, "share 52%", "It said **52** %.", True),
        (WITH_UNIT, "share 52%", "It said 52 per cent.", True),
        (WITH_UNIT, "share 52%", "## A size of $52\\%$", True),
        (WITH_UNIT, "share 52%", "There are 52 kernels, 152%, 52.5% and 2%.", False),
        (WITH_UNIT, "share 52%", [("stream", "a share of 0.2\nand of 51.8")], True),
        (WITH_UNIT, "share 52%", [("stream", "a share of 51.4")], False),
        (WITH_UNIT, "share 52%", {"figure": {"caption": "A share of 52%."}}, True),
        (BARE, "17 of 20 lean", "In the end 17 lean.", True),
        (BARE, "17 of 20 lean", "In the end 17.5 or 1,017 lean.", False),
        (BARE, "7 of 20 lean", "Chapter 7 says it.", False),
        (BARE, "7 of 20 lean", "In the end 7 of the unlisted learners lean.", True),
        (SIDES, "the kernel: it starts", "An unlisted kernel still starts for its notebook.", True),
        (SIDES, "the kernel: it starts", "The day starts early.", False),
        (SIDES, "the kernel: it starts", "An unlisted kernel refuses or starts for its notebook.", False),
    ],
)  # fmt: skip
def test_what_tells_the_answer_of_a_guess(guess_of, printed, before, is_told):
    v4 = nbformat.v4
    if isinstance(before, str):
        cell = v4.new_markdown_cell(before)
    elif isinstance(before, dict):
        cell = v4.new_code_cell("1", metadata={"mystnb": before})
    else:
        cell = v4.new_code_cell("1", outputs=[v4.new_output("stream", text=text) for _, text in before])
    question = v4.new_markdown_cell("> **Guess first.** How many learners lean, or what does an unlisted kernel do when a notebook asks?", metadata={"guess": guess_of})
    claim = v4.new_code_cell("1", metadata={"tags": ["claim"]}, outputs=[v4.new_output("stream", text=f"first\n{printed}\n")])
    notebook = v4.new_notebook(cells=[v4.new_markdown_cell("# One"), cell, question, v4.new_markdown_cell("**Claim 1.** So it is."), claim])
    if is_told:
        with pytest.raises(BookError, match="cell 3: its guess asks for .*, which is told before, in cell 2"):
            guess.put_questions("one", notebook)
    else:
        guess.put_questions("one", notebook)
        assert "data-answer" in question.source


@pytest.mark.parametrize(
    ("data", "word"),
    [
        ({"application/javascript": "alert(9)"}, "a script"),
        ({"text/markdown": "<script>alert(9)</script>"}, "a script"),
        ({"text/html": '<b onclick="alert(9)">x</b>'}, "a script"),
        ({"text/html": '<img src="https://example.org/x.png">'}, "another host"),
        ({"text/html": "<iframe width=9 src=//example.org></iframe>"}, "another host"),
        ({"text/markdown": "![x](https://example.org/x.png)"}, "another host"),
        ({"text/html": "<svg/onload=alert(9)>"}, "a script"),
        ({"text/html": '<a href="java&#115;cript:alert(9)">x</a>'}, "a script"),
        ({"text/html": '<style>@import "//example.org/x.css";</style>'}, "another host"),
        ({"text/html": "<b style='background: url(https://example.org/x.png)'>x</b>"}, "another host"),
        ({"text/html": '<svg><image xlink:href="https://example.org/x.png"/></svg>'}, "another host"),
        ({"text/html": '<img srcset="x.png 1x, https://example.org/x.png 2x">'}, "another host"),
        ({"text/html": '<meta http-equiv="refresh" content="0; url=https://example.org">'}, "would change the whole page"),
        ({"text/html": "<base href=/elsewhere>"}, "would change the whole page"),
        *(({"text/html": html}, "HTML that does not end where it ends") for html in ("</div></article>", "<div>x", "x <!-- y", "<textarea>", "x <script")),
        ({"text/html": "<style>p { color: red }</style><p>The only = sign, &lt;script&gt; <ul><li>a<li>b</ul><br/><table><tr><td>c</table><!-- d -->"}, None),
        ({"text/markdown": "```html\n<script>alert(9)</script>\n```"}, None),
        ({"text/html": '<a href="https://example.org">x</a> <img src="data:image/png;base64,AA">'}, None),
    ],
)
def test_what_a_cell_may_display(data, word):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1", outputs=[nbformat.v4.new_output("display_data", data)])])
    if word is None:
        return executed.check_scripts("one", notebook)
    with pytest.raises(BookError, match=f"one.ipynb, code cell 1: it displays .*{word}"):
        executed.check_scripts("one", notebook)


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("if x:\n    assert x > 1, 'low'\nassert_allclose(\n    x, 2)", ["assert x > 1, 'low'", "assert_allclose(\n    x, 2)"]),
        ("%%time\n\nif x:\n    %time f()\n    assert x\n!true", ["assert x"]),
        ("y = (3\n     % 2)\nassert y == 1", ["assert y == 1"]),
        ("%%bash\ntest -n x | grep assert", []),
        ("%%writefile check.py\nassert x", []),
        ("said = !echo assert, it's\nassert said", ["assert said"]),
        ('assert said == """\n!true\n"""', ['assert said == """\n!true\n"""']),
    ],
)
def test_what_a_cell_asserts_is_listed_in_its_order(source, found):
    """Also between lines that are IPython's, with which a claim's cell executes."""
    assert machines.assertions(source) == found


def test_the_markdown_of_what_is_seen_alone_is_its_alt_text(monkeypatch):
    film = nbformat.v4.new_output("execute_result", {"text/html": "<canvas></canvas>", "text/plain": "<IPython.core.display.HTML object>"})
    cell = nbformat.v4.new_code_cell("HTML(film)", outputs=[film], metadata={"mystnb": {"image": {"alt": "A cart"}}})
    monkeypatch.setattr(executed, "chapter", lambda name: nbformat.v4.new_notebook(cells=[cell]))
    shown = machines.twin("one", "")
    assert "*Figure: A cart*" in shown and "object>" not in shown


def test_the_links_of_a_chapter_s_markdown_lead_to_what_is_there(monkeypatch):
    prose = nbformat.v4.new_markdown_cell("# One\n\nAs [two](two.ipynb#claim-1) says; see [how](../book/running.md#when-a-cell-fails), [Claims](../book/claims.md).")
    monkeypatch.setattr(executed, "chapter", lambda name: nbformat.v4.new_notebook(cells=[prose]))
    assert "As [two](two.md#claim-1) says; see [how](../book/running.html#when-a-cell-fails), [Claims](../book/claims.html)." in machines.twin("one", "")
    assert "As two says; see how, Claims." in machines.twin("one", "", {"notebooks/one"}), "in a build of this chapter alone"
    base = "https://host/book/"
    shown = f"As [two]({base}notebooks/two.md#claim-1) says; see [how](../book/running.html#when-a-cell-fails), [Claims]({base}book/claims.html)."
    assert shown in machines.twin("one", base, {"notebooks/one", "book/running"})


def test_the_list_for_language_models_has_no_markup_and_no_empty_part(built):
    """Nor has a page's description; a build of one chapter has that chapter alone."""
    listed = (built.render() / "llms.txt").read_text()
    assert "- [How to run it](book/running.html): With make, or as one PDF.\n" in listed and "<" not in listed
    assert '<meta content="With make, or as one PDF." name="description"' in (built.site / "book" / "running.html").read_text()
    assert built.run("render", "one").returncode == 0
    alone = (built.root / "_build" / "chapters" / "one" / "html" / "llms.txt").read_text()
    assert re.findall("^## .*", alone, re.M) == ["## Chapters", "## Data"] and alone.count("notebooks/") == 1


@pytest.mark.parametrize(("printed", "columns"), [("mean   0.1\nmedian 0.2  0.3\nmode  4", True), ("a sentence, then two numbers:  1\n  2", False), ("", False)])
def test_columns_are_told_from_sentences(printed, columns):
    assert claims.in_columns(printed) == columns


@pytest.mark.parametrize(("printed", "letters", "kinds"), [
    ("mean 0.1\nmedian 0.2", 100, ["noted"]),
    ("\n".join(["n = 10"] * 5), 80, []),  # higher than a sentence of one line
    ("\n".join(["n = 10"] * 5), 160, ["noted"]),
    (f"{'a' * 20} {'b' * 20}", 100, ["noted"]),  # one line, broken
    ("\n".join([f"{'a' * 30} {'b' * 30}"] * 2), 400, []),  # lines that are alike are not
    (f"{'a' * 30} {'b' * 30}\n  {'c' * 20}", 400, []),
    ("", 100, []),
])  # fmt: skip
def test_what_is_small_stands_in_the_margin(printed, letters, kinds):
    assert claims.place_in_margin(printed, "x" * letters) == kinds


@pytest.mark.parametrize(("displayed", "shown"), [
    ("a    0.995\nb    0.992\ndtype: float64", "a    0.995\nb    0.992"),
    ("a    1\nName: count, dtype: int64", "a    1"),
    ("0    1\nName: x, Length: 100, dtype: int64\n", "0    1"),
    ("array([1.], dtype=float32)", "array([1.], dtype=float32)"),
    ("dtype: float64", "dtype: float64"),
])  # fmt: skip
def test_the_page_leaves_out_what_pandas_says_of_a_series(displayed, shown):
    assert chapters.without_type(displayed) == shown


def test_whole_numbers_of_a_table_have_commas():
    """In a column that reaches thousands; years have none, and numbers with a point stay."""

    def table(*columns):
        return "<table><tr><th>10000</th>" + "".join(f"</tr>\n<tr>{''.join(f'<td>{cell}</td>' for cell in row)}" for row in zip(*columns)) + "</tr></table>"

    shown = table(("171,879", "2,020", "-10,034"), ("2020", "1999", "7"), ("1.5", "12345.5", "nan"))
    assert executed.with_commas(table(("171879", "2020", "-10034"), ("2020", "1999", "7"), ("1.5", "12345.5", "nan"))) == shown


def test_times_are_no_difference(tmp_path, monkeypatch):
    """Neither in what machines read, a chapter's Markdown and the list of claims: printed, and displayed as a table. A number that is like a time's is none."""

    def site(seconds, value):
        folder = tmp_path / f"{seconds}-{value}"
        printed = [nbformat.v4.new_output("stream", text=f"{one}\n") for one in (seconds, value)]
        table = nbformat.v4.new_output("execute_result", {"text/markdown": f"| {seconds} |", "text/plain": "<IPython.core.display.Markdown object>"})
        code = [("timing", [table]), ("timing", [printed[0]]), ("claim", [printed[1]])]
        cells = [nbformat.v4.new_code_cell(f"f{i}()", id=f"c{i}", metadata={"tags": [tag]}, outputs=outputs) for i, (tag, outputs) in enumerate(code)]
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("# One", id="title"), *cells])
        for name in ("executed", "notebooks"):
            (folder / name).mkdir(parents=True)
        nbformat.write(notebook, folder / "executed" / "one.ipynb")
        monkeypatch.setattr(executed, "chapter", lambda name: notebook)
        (folder / "notebooks" / "one.md").write_text(machines.twin("one", ""))
        (folder / "claims.json").write_text(json.dumps([{"chapter": "one", "cell": cell, "value": str(one)} for cell, one in ((2, seconds), (3, value))]))
        return folder

    first = site(1.2, 7)
    assert compare.differences(first, site(3.4, 7)) == []
    for one, other in ((first, site(1.2, 8)), (site(1, 1), site(1, 11))):
        assert compare.differences(one, other) == ["claims.json", "executed/one.ipynb", "notebooks/one.md"]


def test_a_copy_to_compare_with_has_the_history(tmp_path):
    """From which each page has its date and its version."""

    def git(root, *words):
        return subprocess.run(["git", "-C", root, *words], capture_output=True, text=True, check=True).stdout

    if refusal := files.asked_git(ROOT, "rev-parse", "--verify", "HEAD")[1]:
        pytest.skip(f"this copy of the book has no history: {refusal}")
    copy = compare.with_history(tmp_path)
    for words in (["status", "--porcelain", "--untracked-files=no"], ["log", "--format=%H %cI", "--", "notebooks"]):
        assert git(copy, *words) == git(ROOT, *words), words


def test_a_copy_has_the_files_as_they_stand_in_the_tree(tmp_path, monkeypatch):
    """Of any name, and without what was deleted."""
    root, copy = tmp_path / "book", tmp_path / "copy"
    root.mkdir()
    for name in ("gone", "größe.txt"):
        (root / name).write_text(name)
    for words in (["init"], ["add", "."]):
        subprocess.run(["git", "-C", root, *words], check=True, capture_output=True)
    (root / "gone").unlink()
    (root / "unknown").write_text("to git")
    monkeypatch.setattr(compare, "ROOT", root)
    assert [path.name for path in compare.copy_of_the_book(copy).iterdir()] == ["größe.txt"]


@pytest.mark.parametrize(("remote", "branch"), [("origin", "master"), ("upstream", "trunk")])
def test_a_copy_to_compare_with_has_the_same_addresses(remote, branch, tmp_path, monkeypatch):
    """Of a clone whose remote and its branch are called otherwise, on a branch that was not pushed."""
    monkeypatch.delenv("GITHUB_REPOSITORY", raising=False)
    for word in ("book", "clone", "copy"):
        (tmp_path / word).mkdir()

    def git(folder, *words):
        subprocess.run(["git", "-C", tmp_path / folder, "-c", "user.name=x", "-c", "user.email=x@y", *words], check=True, capture_output=True)

    git("book", "init", f"--initial-branch={branch}")
    (tmp_path / "book" / "one").write_text("one")
    git("book", "add", ".")
    git("book", "commit", "-m", "first")
    git("clone", "clone", "--origin", remote, tmp_path / "book", ".")
    git("clone", "remote", "set-url", remote, "https://github.com/small/book")
    git("clone", "switch", "-c", "mine")
    for module in (files, compare):
        monkeypatch.setattr(module, "ROOT", tmp_path / "clone")
    there = repository.found({})
    compare.with_history(tmp_path / "copy")
    monkeypatch.setattr(files, "ROOT", tmp_path / "copy")
    assert repository.found({}) == there == repository.Repository("github.com", "small/book", branch)


def test_what_may_not_be_read_stops_the_build(rendered, monkeypatch):
    """A folder of styles that is passed over would be missing on a site that looks whole."""
    without = ["setpriv", "--bounding-set", "-dac_override,-dac_read_search", "--inh-caps", "-dac_override,-dac_read_search"] if os.geteuid() == 0 else []
    if without and subprocess.run([*without, "true"], capture_output=True, check=False).returncode:
        pytest.skip("this user may read everything")
    monkeypatch.setattr(rendered, "command", lambda *arguments: [*without, sys.executable, "-m", "builder", *arguments])
    for place, words in (("book/_static", "Permission denied: {}"), ("notebooks/one.ipynb", "notebooks/one.ipynb cannot be read (Permission denied)")):
        path = rendered.root / place
        mode = path.stat().st_mode
        path.chmod(0)
        try:
            rendered.failing(words.format(path), command=("render",))
        finally:
            path.chmod(mode)


def test_where_git_refuses_this_is_said(rendered):
    """The site is there, but with the links of `_config.yml`, which may be another's; and a copy is not there."""
    assert "git does not tell" not in rendered.run("render").stderr, "a book that is no repository is none that git refuses"
    rendered.failing("not a git repository", "it takes git, and a repository in the book's folder", command=("compare",))
    (rendered.root / ".git").write_text("gitdir: /nowhere")  # as of a worktree whose repository was moved
    result = rendered.run("render")
    assert result.returncode == 0 and "git does not tell of this folder (fatal: not a git repository: /nowhere)" in result.stderr, result.stderr
    assert "(it cannot be run: No such file" in rendered.run("render", PATH="/nowhere").stderr


def test_what_lies_in_the_folder_and_is_not_listed_is_no_page(built):
    """Nor does it hinder the build, as what a Mac, an editor or a link to another folder leaves would."""
    notes = built.root.parent / "notes"
    for folder in (built.root / ".old", built.root / "notebooks" / ".virtual_documents", notes):
        folder.mkdir(exist_ok=True)
        (folder / "draft.md").write_text("no title, and {{ nothing }}\n\n```{nothing}\n```\n")
    (built.root / "notes").symlink_to(notes)
    (built.root / "book" / "intro.old.md").write_text("a copy, {{ nothing }}")
    for place in ("notebooks/._one.ipynb", "book/._intro.md", "data/._small.txt", "data/.DS_Store", "book/_static/.DS_Store"):
        (built.root / place).write_bytes(b"\0\5\x16\7 Mac OS X \xff")
    for place in ("book/.#intro.md", "notebooks/.#one.ipynb", "data/.#small.txt"):
        (built.root / place).symlink_to("someone@somewhere.1234:1")
    built.mended()
    assert not list(built.render().rglob("draft.html"))


def test_code_that_its_lexer_refuses_is_shown(built):
    built.write("one", ["# One\n\nIs a quote in a shell's words a fault of the page?", "if False:\n    !echo it's not"])
    assert built.run().returncode == 0
    page = bs4.BeautifulSoup((built.render() / "notebooks" / "one.html").read_text(), "html.parser")
    assert "!echo it's not" in page.select_one(".cell_input pre").text


def test_no_fault_of_a_page_is_swallowed():
    """Sphinx forgets what fails while it still adds tasks, so that the report depended on the machine."""

    class Tasks(ParallelTasks):
        pass

    keep_faults(Tasks)
    tasks = Tasks(2)
    tasks.add_task(lambda: 1 / 0)
    (failed,) = tasks._precvs.values()
    wait_until(failed.poll, "the fault")
    tasks.add_task(lambda: None)
    with pytest.raises(SphinxParallelError, match="division by zero"):
        tasks.join()


def test_a_fault_while_a_page_is_read_or_written_names_it():
    class Builder:
        def read_doc(self, docname):
            raise ValueError("bad picture\nmore")

        write_doc = read_doc

    name_pages(Builder)
    for act in ("read_doc", "write_doc"):
        with pytest.raises(BookError, match="^notebooks/one: ValueError: bad picture$"):
            getattr(Builder(), act)("notebooks/one")
    said = f"{ROOT}/notebooks/one.ipynb:120003: WARNING: skipping unknown output mime type"
    assert where(said) == "notebooks/one.ipynb, cell 12: WARNING: skipping unknown output mime type"


def test_sphinx_executes_nothing_and_a_missing_extension_is_named(built):
    """Whatever `_config.yml` says: the pages show the executions."""
    edit(built.root / "_config.yml", 'execute_notebooks: "off"', "execute_notebooks: force")
    built.render()
    assert "Executing notebook" not in (built.root / "_build" / "pages" / "log.txt").read_text()
    edit(built.root / "_config.yml", "sphinxext.opengraph", "sphinxext.nowhere")
    built.failing("could not render the pages: Could not import extension sphinxext.nowhere", command=("render",))


def test_only_scripts_of_templates_and_of_cells_that_say_so_are_allowed(built):
    script = "from IPython.display import HTML\nHTML('<p id=told></p><script>told.textContent = \"told\"</script>')"
    built.write("one", [*ONE, script], tags=["script"])
    assert built.run().returncode == 0
    page = (built.render() / "notebooks" / "one.html").read_text()
    policy = re.search(r'script-src ([^;]*);', page)[1]
    allowed = base64.b64encode(hashlib.sha256(b'told.textContent = "told"').digest()).decode()
    assert f"'sha256-{allowed}'" in policy
    other = re.search(r'script-src ([^;]*);', (built.site / "notebooks" / "two.html").read_text())[1]
    assert set(policy.split()) - set(other.split()) == {f"'sha256-{allowed}'"}


@pytest.mark.parametrize(
    ("address", "url"),
    [
        ("https://user:ghp_SECRET@github.com/o/n.git", "https://github.com/o/n"),
        ("https://oauth2:SECRET@gitlab.com/g/s/n.git", "https://gitlab.com/g/s/n"),
        ("https://user:SEC/RET@github.com/o/n.git", None),
        ("ssh://git@ssh.github.com:443/o/n.git", "https://github.com/o/n"),
        ("org-7@GitHub.com:o/n.git", "https://github.com/o/n"),
        ("http://www.github.com/o/n/", "https://github.com/o/n"),
        ("https://github.com/o/n/tree/main", None),
        ("https://github.com/o/..", None),
        ("https://gitlab.com/g/n/-/tree/main", None),
        ("https://github.com.example.org/o/n", None),
        ("https://github.com@example.org/o/n", None),
        ("git@example.org:github.com/o/n.git", None),
        ("https://example.org/github.com/o/n", None),
        ("git@bitbucket.org:o/n.git", None),
        ("file:///srv/git/n.git", None),
    ],
)
def test_what_a_remote_is_called(address, url):
    found = repository.parsed(address, "main")
    assert (found and found.url) == url and "SECRET" not in repr(found)


def test_whose_repository_it_is(tmp_path, monkeypatch):
    """A remote by another name, a branch once it is pushed, no branch; not the repository that lies around the book's folder."""
    for name in [name for name in os.environ if name.startswith("GITHUB_")]:
        monkeypatch.delenv(name)

    def git(folder, *words):
        subprocess.run(["git", "-C", folder, "-c", "user.name=x", "-c", "user.email=x@y", *words], check=True, capture_output=True)

    def found():
        return repr(repository.found({"repository_url": "https://github.com/small/book"}))

    root = tmp_path / "book"
    root.mkdir()
    monkeypatch.setattr("builder.files.ROOT", root)
    git(tmp_path, "init", "-q")
    git(tmp_path, "remote", "add", "origin", "https://github.com/stranger/around.git")
    assert "path='small/book'" in found()
    git(root, "init", "-q", "-b", "draft")
    git(root, "remote", "add", "theirs", "https://token:SECRET@github.com/someone/fork.git")
    git(root, "commit", "-q", "--allow-empty", "-m", "x")
    assert "path='someone/fork', branch='main'" in found()
    git(root, "update-ref", "refs/remotes/theirs/draft", "HEAD")
    assert "branch='draft'" in found()
    git(root, "symbolic-ref", "refs/remotes/theirs/HEAD", "refs/remotes/theirs/trunk")
    git(root, "checkout", "-q", "--detach")
    assert "branch='trunk'" in found() and "SECRET" not in found()


@pytest.mark.parametrize(
    ("remote", "expected", "canonical"),
    [
        ("git@github.com:Someone/Fork.git", "https://github.com/Someone/Fork", "https://someone.github.io/Fork/"),
        ("https://github.com/someone/someone.github.io", "https://github.com/someone/someone.github.io", "https://someone.github.io/"),
        ("https://gitlab.com/group/sub/book.git", "https://gitlab.com/group/sub/book", "https://group.gitlab.io/sub/book/"),
        ("/srv/git/book.git", "https://github.com/small/book", "https://small.github.io/book/"),
        ("git@git.example.org:a/b.git", None, None),
        ("https://git.example.org/a/b", None, None),
        (None, "https://github.com/small/book", "https://small.github.io/book/"),
    ],
)
def test_addresses(built, remote, expected, canonical, monkeypatch):
    """No link to a stranger; launch buttons only where they can work."""
    for name in [name for name in os.environ if name.startswith("GITHUB_")]:
        monkeypatch.delenv(name)
    if remote:
        subprocess.run(["git", "init", "-q", "-b", "draft", built.root], check=True)
        subprocess.run(["git", "-C", built.root, "remote", "add", "origin", remote], check=True)
    text = (built.render() / "notebooks" / "one.html").read_text()
    links = set(re.findall(r'href="(https://(?:github|gitlab|colab|mybinder)[^"]*)"', text))
    if expected is None:
        assert not links and 'rel="canonical"' not in text and "github.io" not in text and "feed.xml" not in text
        return
    assert 'href="../feed.xml"' in text and (built.site / "feed.xml").is_file()
    assert f'rel="canonical" href="{canonical}notebooks/one.html"' in text
    assert any(link.startswith(expected) for link in links)
    colab = [link for link in links if "colab.research" in link]
    if "gitlab" in expected:
        assert not colab and not any("github" in link for link in links)
    else:
        assert colab == [f"https://colab.research.google.com/github/{expected.removeprefix('https://github.com/')}/blob/main/notebooks/one.ipynb"]


def test_the_first_page_has_the_book_s_title_once_and_the_description_beside_it(built):
    """In the head alone: the logo and the feed are called as on every page."""
    edit(built.root / "_config.yml", "title: A small book", "title: Small & whole")
    edit(built.root / "_config.yml", "builder: {", "builder: {description: What it shows. And more., ")
    edit(built.root / "notebooks" / "one.ipynb", "# One", "# One_step of $x_1$")
    edit(built.root / "book" / "intro.md", "# A small book", "# Small & whole")
    page = (built.render() / "book" / "intro.html").read_text()
    assert "<title>Small &amp; whole &#8212; What it shows</title>" in page
    assert "What it shows" not in page.partition("</title>")[2]
    assert "<title>Claims &#8212; Small &amp; whole</title>" in (built.site / "book" / "claims.html").read_text()
    cited = (built.site / "notebooks" / "one.html").read_text()
    assert r"booktitle = {Small \&amp; whole}" in cited and "In Small &amp; whole." in cited and r"{One\_step of $x_1$}" in cited
    edit(built.root / "_config.yml", "What it shows. And more.,", "What it shows.,")
    assert "<title>Small &amp; whole &#8212; What it shows</title>" in (built.render() / "book" / "intro.html").read_text()


def test_the_version_to_cite_is_that_of_the_text_on_the_page(built):
    """None while the text is not committed, and the new one once it is, although the text is the same then."""

    def git(*words, when="2026-11-01T23:00:00-05:00"):
        command = ["git", "-C", built.root, "-c", "user.name=x", "-c", "user.email=x@y", *words]
        return subprocess.run(command, check=True, capture_output=True, text=True, env={**os.environ, "GIT_COMMITTER_DATE": when}).stdout.strip()

    def versions():
        pages = [(built.render() / "notebooks" / f"{name}.html").read_text() for name in ("one", "two")]
        return [re.findall(r"[Vv]ersion ([0-9a-f]{10})", page) for page in pages]

    git("init", "-q")
    git("add", "notebooks")
    git("commit", "-q", "-m", "first")
    first = git("rev-parse", "HEAD")[:10]
    assert versions() == [[first, first]] * 2
    edit(built.root / "notebooks" / "one.ipynb", "still two", "ever two")
    assert versions() == [[], [first, first]]
    git("commit", "-q", "-a", "-m", "second", when="2026-11-02T01:00:00+05:00")
    second = git("rev-parse", "HEAD")[:10]
    assert versions() == [[second, second], [first, first]]
    assert f"version {second}" in (built.site / "book" / "intro.html").read_text(), "the book's is the newest"
    assert '"/><updated>2026-11-01T23:00:00-05:00</updated><author>' in (built.site / "feed.xml").read_text(), "the second was committed earlier, by the sun"


def test_a_signature_that_git_shows_is_no_version(tmp_path, monkeypatch):
    """With `log.showSignature`, which some set for all their repositories, git writes it before what was asked for."""
    signer = tmp_path / "signer"
    signer.write_text('#!/bin/sh\ncat > /dev/null\ncase "$*" in *--verify*) echo "gpg: Good signature" >&2;; *) echo "[GNUPG:] SIG_CREATED " >&2; echo "-----BEGIN PGP SIGNATURE-----"; esac\n')
    signer.chmod(0o755)
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "notebooks" / "one.ipynb").write_text("{}")
    settings = {"user.name": "x", "user.email": "x@y", "gpg.program": str(signer), "log.showSignature": "true"}
    for words in (["init"], *(["config", *setting] for setting in settings.items()), ["add", "notebooks"], ["commit", "--gpg-sign=x", "-m", "first"]):
        subprocess.run(["git", "-C", tmp_path, *words], check=True, capture_output=True)
    monkeypatch.setattr(files, "ROOT", tmp_path)
    assert "Good signature" in files.git("log")
    assert re.fullmatch(r"[0-9a-f]{40} \d{4}-\d\d-\d\dT[\d:]{8}\S+", " ".join(chapters.committed("one")))


@pytest.mark.parametrize(
    ("source", "folded"),
    [
        ("import os\nos.environ.setdefault('A', '1')\nimport numpy as np\nrng = np.random.default_rng(1)\nTWO = {'a': [1, 2]}\nplt.rcParams.update(TWO)", True),
        ("import contextlib\nwith contextlib.suppress(ImportError):\n    import triton\nos.environ['A'] = '1'", True),
        ("import sys\nHAS_UV = importlib.util.find_spec('uv') is not None\nif 'google.colab' in sys.modules:\n    subprocess.run(['pip', 'install', 'uv'])", True),
        ("import sys\nif sys.version_info:\n    subprocess.run(['ls'])", False),
        ("import numpy as np\nlarge = np.mean(x) > 2", False),
        ("import numpy as np\nimage = np.array([1])", False),
        ("import numpy as np\ndef mean(x):\n    return x.mean()", False),
        ("import os\nprint(os.name)", False),
        ("import os\nassert os.name", False),
        ("two = 2", False),
        ("%matplotlib inline\nimport os", False),
        ("import json\ncounts = {}\ncounts.update(json.loads(text))", False),
        ("import numpy as np\nrng = np.random.default_rng(draw())", False),
        ("import os\ntry:\n    import triton\nexcept ImportError:\n    pass\nelse:\n    train()", False),
        ("import os\ntry:\n    import triton\nfinally:\n    train()", False),
    ],
)
def test_what_only_sets_up_is_folded(source, folded):
    """In the words that say so; a claim's cell never is."""
    cell = nbformat.v4.new_code_cell(source)
    executed.fold(cell)
    assert ("hide-input" in cell.metadata.get("tags", [])) == folded
    assert (cell.metadata.get("mystnb", {}).get("code_prompt_show") == "Show the imports and settings") == folded
    assert not executed.is_setup(nbformat.v4.new_code_cell(source, metadata={"tags": ["claim"]}))


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("def mean(x):\n    return x.mean()\n\n\nclass Box:\n    pass", "the code of mean and Box"),
        ("# Labels of one batch.\nlabels = [1]", "the code: labels of one batch"),
        ("# R0 by the formula\nr = 1", "the code: R0 by the formula"),
        ("for x in y:\n    assert x\nassert y", "further checks"),
        ("x = 1\nplt.plot(x)", "the code"),
        ("%%bash\nls", "the code"),
    ],
)
def test_a_fold_names_what_it_holds(source, words):
    cell = nbformat.v4.new_code_cell(source, metadata={"tags": ["hide-input"]})
    executed.fold(cell)
    assert cell.metadata["mystnb"]["code_prompt_show"] == f"Show {words}"


@pytest.mark.parametrize(("tag", "words"), [("hide-input", "the code"), ("hide-cell", "further checks")])
def test_a_fold_below_what_its_code_printed_holds_more_than_checks(tag, words):
    cell = nbformat.v4.new_code_cell("print(1)\nassert x", metadata={"tags": [tag]}, outputs=[nbformat.v4.new_output("stream", text="1")])
    executed.fold(cell)
    assert cell.metadata["mystnb"]["code_prompt_show"] == f"Show {words}"


@pytest.mark.parametrize(
    ("kinds", "said"),
    [
        ([("setup", []), ("names", ["start_server", "end"])], "the imports, settings, and the code of start_server and end"),
        ([("names", ["f"]), ("names", ["g"]), ("checks", [])], "the code of f and g, and further checks"),
        ([("plain", []), ("checks", []), ("draws", [])], "the code that computes and draws the figure, and further checks"),
        ([("names", ["f", "g"]), ("draws", [])], "the code that draws the figure, with f and g"),
        ([("told", ["labels of one batch"]), ("names", ["f"])], "the code of f and more"),
        ([("names", [f"function_with_a_long_name_{n}" for n in range(9)])], "the code of function_with_a_long_name_0, function_with_a_long_name_1 and 7 more"),
        ([("solution", []), ("solution", [])], "the solution"),
    ],
)
def test_a_fold_of_several_cells_names_what_each_holds(kinds, said):
    assert executed.words(kinds) == said


def test_the_sections_of_a_long_page_have_heights():
    """What is folded counts little, what a screen does not show nothing; a short page has none."""
    words, code = "<p>" + "word " * 400 + "</p>", "<pre>" + "line\n" * 100 + "</pre>"
    page = f"<section id='t'><h1>T</h1><section id='a'><h2>A</h2>{words}{code}</section><section id='b'><details><summary>S</summary>{code * 9}</details>{{}}</section></section>"
    assert heights.with_heights(page.format("")) == page.format("")
    shown = heights.with_heights(page.format(code * 6))
    (a, a_narrow), (b, b_narrow) = [[int(one) for one in two] for two in re.findall(r'--tall: (\d+)px; --tall-narrow: (\d+)px" id=', shown)]
    assert 2500 < a < 3000 < a_narrow < 3700 and 11_500 < b < 12_500 and b_narrow - b < 100
    for odd in ('width="50%" height="40%"', 'width="0" height="0"', "width height", 'width="auto" height="3"'):
        assert heights.estimated(f"<section><img {odd}></section>") == [0, 0]
    assert heights.estimated('<section><picture><source media="(max-width: 640px)" width="358" height="300"><img width="704" height="400"></picture></section>') == [416, 316]
    printed = '<section><div class="{}"><p>A</p><div class="cell"><div class="cell_output"><pre>1\n2\n3</pre></div></div></div><div class="cell_output"><pre>1\n</pre></div></section>'
    noted, below = (heights.estimated(printed.format(kind)) for kind in ("claim noted", "claim"))
    assert 0 < noted[0] < below[0] and noted[1] == below[1], "in the margin of a wide page"
    assert heights.estimated('<section><img width="30px" height="20px"></section>') == heights.estimated('<section><img width="30" height="20"></section>') != [0, 0]


def test_controls_are_those_that_vega_would_make():
    """A slider, and a choice whose values keep their kind; the chart itself has none then, but for what is not of the page."""
    legend = {"name": "of_legend", "select": "point", "bind": "legend"}
    slider = {"name": "n", "value": 3, "bind": {"input": "range", "min": 1, "max": 9, "step": 2, "name": "n < "}}
    choice = {"name": "k", "value": 2, "bind": {"input": "select", "options": [1, 2], "labels": ["one", "two"]}}
    specification = {"params": [legend, slider, choice]}
    told = {"n": {"label": "observations <", "shown": ["1", "9", "25", "49", "81"]}}
    assert '>Observations &lt;</span><input type="range" name="n" aria-describedby="view" min="1" max="9" step="2" value="3" aria-valuetext="9" data-shown="[&quot;1&quot;, ' in (said := charts.controls(specification, "view", told))
    assert '"><span>9</span>' in said and charts.controls({"params": [{**slider, "bind": {**slider["bind"], "name": "n: "}}]}, "view").count(">n</span>") == 1
    for wrong, fault in [({"m": {"label": "m"}}, "`m`, which is no control"), ({"n": {"shown": ["1"]}}, "1 texts for the steps of `n` from 1 to 9 by 2")]:
        with pytest.raises(files.BookError, match=fault):
            charts.controls(specification, "view", wrong)
    form = charts.controls(specification, "view")
    assert 'type="range" name="n" aria-describedby="view" min="1" max="9" step="2" value="3"><span>3</span>' in form and "n &lt;</span>" in form
    assert '<option value="1">one</option><option value="2" selected>two</option>' in form
    assert charts.unbound(specification)["params"] == [legend, {"name": "n", "value": 3}, {"name": "k", "value": 2}]
    assert charts.controls({"params": [legend]}, "view") == ""
    assert [charts.capitalised(label) for label in ("batch size", "n", "n hits", "batch_size", "F1", "95% of it")] == ["Batch size", "n", "n hits", "batch_size", "F1", "95% of it"]
    selection = {"name": "of_field", "value": "a", "select": {"type": "point", "fields": ["g"]}, "bind": {"input": "select", "options": ["a", "b"]}}
    assert charts.controls({"params": [selection]}, "view") == "" and charts.unbound({"params": [selection]})["params"] == [selection]


def test_axes_are_equal_by_the_domains_of_their_scales():
    """The plot of a picture is as high as its width wants, and no higher than its code says; a chart that does not tell is a fault."""
    ends = {"x": [-2, 8], "y": [4, -1]}
    encoding = {axis: {"field": axis, "type": "quantitative", "scale": {"domain": ends[axis]}} for axis in ends}
    chart = {"data": {"values": [{"x": 1, "y": 2}]}, "mark": "point", "width": "container", "height": 200, "encoding": encoding}
    equal = pictures.with_equal_axes(chart)
    assert pictures.steepness_of(equal) == 0.5 and pictures.steepness_of(chart) is None
    for width, high in ((704, 200), (358, 0)):
        svg = pictures.picture(json.dumps(equal), "light", width)
        across, up = map(float, re.search(r'class="background"[^>]* d="M0,0h([\d.]+)v([\d.]+)', svg).groups())
        assert abs(across / up - 2) < 0.01 and (abs(up - high) < 1 if high else up < 200)
    for change in ({"width": 300}, {"height": "container"}, {"encoding": {**encoding, "y": {"field": "y", "type": "quantitative"}}}):
        with pytest.raises(files.BookError, match="`equal_axes` want a chart"):
            pictures.with_equal_axes({**chart, **change})
    ends["y"][:] = [0.3, 4.6]
    encoding["y"]["scale"]["nice"] = True  # from 0 to 5
    assert pictures.steepness_of(pictures.with_equal_axes(chart)) == 0.5


def test_what_is_said_of_marks_is_of_layers_that_are_there():
    """Called as Vega-Lite calls their marks."""
    chart = {"hconcat": [{"layer": [{"mark": "point"}, {"layer": [{"mark": "rule"}]}]}, {"mark": "bar"}, {"name": "own", "layer": [{"mark": "tick"}]}]}
    assert pictures.layers_of(chart) == ["concat_0_layer_0", "concat_0_layer_1_layer_0", "concat_1", "own_layer_0"]
    assert pictures.valued(chart, {"concat_1": ["a"]})["usermeta"] == {"values": {"concat_1": ["a"]}}
    with pytest.raises(BookError, match="`layer_7`"):
        pictures.valued(chart, {"layer_7": ["a"]})


def test_what_a_chart_tells_is_computed_of_the_rows_of_a_layer():
    """By a layer that nobody sees, in the chart's pictures as on the page; it moves nothing. A layer that is not there is a fault."""
    rows = [{"x": x, "y": x**2, "what": "ab"[x % 2]} for x in range(5)]
    encoding = {axis: {"field": axis, "type": "quantitative"} for axis in "xy"}
    chart = {"data": {"values": rows}, "layer": [{"mark": "point", "encoding": encoding, "transform": [{"filter": "datum.x > 0"}]}], "width": 300, "height": 200}
    tells = [{"of": "layer_0", "transform": [{"filter": "datum.what == 'a'"}, {"aggregate": [{"op": "mean", "field": "y", "as": "m"}]}], "text": "format(datum.m, '.1f')", "words": "mean"}, {"title": "n", "words": "n"}]
    cell = nbformat.v4.new_code_cell(metadata={"tells": tells, "marks": [{"of": "layer_0", "mark": "tick"}]})
    plain, shown = (pictures.picture(json.dumps(one), "light") for one in (pictures.as_shown(nbformat.v4.new_code_cell(), chart), pictures.as_shown(cell, chart)))
    assert re.search(r'class="[^"]*told_0_marks"[^>]*><text[^>]*>10.0</text>', shown) and "told_1" not in shown
    assert re.search("<svg[^>]*>", plain)[0] == re.search("<svg[^>]*>", shown)[0]
    for of in ("layer_1", "concat_0", ""):
        with pytest.raises(BookError, match="which is no layer of it"):
            pictures.with_layer(chart, {"of": of, "mark": "point"})


def test_charts_have_the_book_s_form():
    """The theme's ticks, grid and line; a legend above; numbers that can be read. What a chart says itself goes before, and data are never touched."""
    rows = [{"x": x, "y": x**2 % 5, "mark": "line", "legend": {"orient": "bottom"}, "c": "ab"[x % 2]} for x in range(9)]
    legend = {"orient": "bottom", "columns": 1}
    encoding = {"x": {"field": "x", "type": "quantitative"}, "y": {"field": "y", "type": "quantitative"}, "color": {"field": "c", "type": "nominal", "legend": legend}}
    chart = {"data": {"values": rows}, "mark": {"type": "line", "strokeWidth": 1}, "encoding": encoding, "width": "container", "height": 200}
    plain, smooth = (pictures.refined(chart, smooth=one) for one in (False, True))
    assert plain["data"] == chart["data"] and plain["mark"] == {"type": "line", "strokeWidth": 2.5} and smooth["mark"]["interpolate"] == "monotone"
    assert pictures.refined(chart, smooth="n < 2 ? 'monotone' : 'cardinal'")["mark"]["interpolate"] == {"expr": "n < 2 ? 'monotone' : 'cardinal'"}
    titled = {**chart, "title": {"text": {"expr": "'n = ' + n"}}}
    assert "title" in pictures.as_shown(nbformat.v4.new_code_cell(), titled) and "title" not in pictures.as_shown(nbformat.v4.new_code_cell(metadata={"untitled": True}), titled)
    assert "orient" not in plain["encoding"]["color"]["legend"] and "clamp(floor(width / 95), 1, 1)" in plain["encoding"]["color"]["legend"]["columns"]["expr"]
    paths = [re.search(r'class="mark-line[^>]*>.*?d="([^"]*)"', pictures.picture(json.dumps(one), "light"), re.S)[1] for one in (plain, smooth)]
    assert "C" not in paths[0] and "C" in paths[1]
    ticks = lambda one, width: pictures.picture(json.dumps(one), "light", width).split('class="mark-text role-axis-label')[1].partition("</g>")[0].count("<text")  # noqa: E731
    assert ticks(plain, 704) > ticks(plain, 358) == 5
    labels = pictures.picture(json.dumps(plain), "light").split('class="mark-text role-axis-label')[1].partition("</g>")[0]
    assert set(re.findall(r'text-anchor="(\w+)"', labels)) == {"middle"}, "the first and the last number are not below their ticks"
    own = pictures.refined({**chart, "config": {"axisX": {"tickCount": 2}}})
    assert own["config"]["axisX"] == {"tickCount": 2} and ticks(own, 704) < 5
    outline = pictures.refined({**chart, "mark": {"type": "line", "filled": True}})
    assert outline["mark"] == {"type": "line", "filled": True}
    dashed = pictures.refined({**chart, "mark": {"type": "line", "strokeDash": [6, 4]}})
    assert dashed["mark"]["strokeCap"] == "butt"


def contrast(*colours: str) -> float:
    def light(colour):
        parts = [part / 255 for part in bytes.fromhex(colour[1:])]
        return sum(weight * (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4) for weight, part in zip((0.2126, 0.7152, 0.0722), parts))

    dark, bright = sorted(map(light, colours))
    return (bright + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_numbers_in_squares_can_be_read(theme):
    """On paper, on blue, and on the thin blue of the chosen window."""
    colours = palette.COLOURS[theme]
    number = {"mark": {"type": "text"}, "encoding": {"color": {"condition": {"test": "datum.a", "value": "white"}, "value": "#808080"}}}
    shown = json.loads(palette.in_dark(json.dumps(pictures.refined(number)))) if theme == "dark" else pictures.refined(number)
    plain, chosen = shown["encoding"]["color"]["value"], shown["encoding"]["color"]["condition"]["value"]
    paper, blue = colours["paper"], colours["chart-blue"]
    thin = "#" + bytes(round(0.65 * p + 0.35 * b) for p, b in zip(*(bytes.fromhex(one[1:]) for one in (paper, blue)))).hex()
    assert min(contrast(plain, paper), contrast(plain, thin), contrast(chosen, blue), contrast(colours["chart-soft"], paper)) > 4.5


def test_numbers_on_a_scheme_of_colours_keep_their_ink_in_the_dark():
    """For the squares keep theirs."""
    ink = {"condition": {"test": "datum.a > 35", "value": "white"}, "value": "black"}
    heat = {"layer": [{"mark": "rect", "encoding": {"color": {"field": "a", "scale": {"scheme": "blues"}}}}, {"mark": "text", "encoding": {"color": ink}}]}
    numbers = json.loads(palette.in_dark(json.dumps(pictures.refined(heat))))["layer"][1]["encoding"]["color"]
    assert contrast(numbers["value"], "#cfe1f2") > 12 and numbers["condition"]["value"] == "white"
    alone = json.loads(palette.in_dark(json.dumps(pictures.refined(heat["layer"][1]))))["encoding"]["color"]
    assert contrast(alone["value"], palette.COLOURS["dark"]["paper"]) > 4.5


def test_a_cover_has_the_marks_of_the_panels_that_are_chosen():
    """Moved and stretched into its format; a panel that is not there is a fault with its cure."""
    panel = (
        '<g id="axes_{0}"><g id="patch_2"><path d="M 10 {2} L 110 {2} L 110 {1} L 10 {1} z"/></g><g id="matplotlib.axis_1"><path d="M 0 0"/></g><g id="line2d_3"><path d="M 10 {2} L 60 {1}" style="fill: none; stroke: #262626; stroke-width: 2"/></g>'
        '<g id="line2d_4"><defs><path id="m" d="M -1 0 L 1 0"/></defs><g clip-path="url(#p)"><use xlink:href="#m" x="60" y="{2}"/></g></g><g id="patch_9"><path d="M 10 {2} L 10 {1}" style="stroke-linecap: square"/></g><g id="text_1"/></g>'
    )
    figure = f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink">{panel.format(1, 0, 50)}{panel.format(2, 60, 110)}</svg>'
    chart = {"data": {"values": [{"x": 1, "y": 2}]}, "mark": "bar", "encoding": {axis: {"field": axis, "type": "quantitative"} for axis in "xy"}}

    def drawn(picture, choice, theme="light"):
        return covers.reduced(picture, json.dumps(choice), "#eeeeee", theme, (400, 250))

    whole, lower = drawn(figure, {}), drawn(figure, {"panels": [2], "crop": [0, 0, 0.5, 1]})
    assert 'd="M 0.00 250.00 L 200.00 0.00"' in whole and "stroke-width: 3.20" in whole and "translate(200.00 250.00) scale(1.6)" in whole
    assert 'd="M 0.00 250.00 L 400.00 0.00"' in lower and not re.search("axis|text|patch_|clip-path", whole + lower)
    assert drawn(figure, {"panels": [1, 2]}).count('height="125.0"') == 2 and "#d9d9d9" in drawn(figure, {}, "dark")
    assert "<text" not in drawn(json.dumps(chart), None) and "mark-rect" in drawn(json.dumps({"vconcat": [{"mark": "point"}, chart]}), {"panels": [2]})
    assert drawn("<svg xmlns='http://www.w3.org/2000/svg'/>", None) == "", "a picture without panels, which nobody chose"
    for picture, choice, cure in ((figure, {"panels": [3]}, "panel 3 of a picture that has 2: name panels from 1 to 2"), (json.dumps(chart), {"panels": [0]}, "from 1 to 1"), ("null", {}, "has 0: give them to a cell that shows")):
        with pytest.raises(BookError, match=cure):
            drawn(picture, choice)


def test_only_the_full_stop_after_a_formula_moves_to_it():
    """An equal one stands before, after *emphasis*, and stays there."""
    paragraph = nodes.paragraph("", "", nodes.emphasis("", "One"), nodes.Text("."), nodes.Text(" Two: ("), nodes.math("", "x"), nodes.Text(".) "), nodes.math("", "y"), nodes.Text("."))
    typography.keep_together(None, paragraph)
    assert paragraph.astext() == "One. Two: (x.) y." and [kept.astext() for kept in paragraph.findall(nodes.inline)] == ["(x.)", "y."]


@pytest.mark.parametrize(
    ("bind", "limits"), [({"min": 0, "max": 1}, 'min="0" max="1" step="0.01"'), ({"min": 10, "max": 40}, 'min="10" max="40" step="0.2"'), ({}, 'min="0" max="100" step="1"'), ({"max": 3, "step": 0.5}, 'min="0" max="3" step="0.5"')]
)
def test_a_slider_that_names_no_step_has_that_of_vega(bind, limits):
    """The browser's own, 1, would reach but the ends of some."""
    assert f'{limits} value="0.4">' in charts.controls({"params": [{"name": "n", "value": 0.4, "bind": {"input": "range", **bind}}]}, "view")


def test_a_line_as_dark_as_the_page_is_lifted_on_the_dark_one():
    """As of a colour map, whose first colours are nearly black; what can be seen keeps its colour."""
    svg = '<g id="line2d_1"><path d="M 0 0 L 9 9" style="fill: none; stroke: {0}; stroke-linecap: round"/><use x="1" y="2" style="fill: {0}; stroke: {0}"/></g>'
    assert "#440154" not in pictures.dark(svg.format("#440154")) and pictures.dark(svg.format("#bddf26")) == pictures.compact(svg.format("#bddf26"))
    lifted = palette.seen("#440154")
    assert palette.seen(lifted) == lifted != "#ffffff"
    faint = '<defs><path id="m1" d="M 0 0 L 9 9" style="stroke: {0}"/></defs><use xlink:href="#m1" x="1" y="2" style="fill: {0}; fill-opacity: 0.5; stroke: {0}; stroke-opacity: 0.5"/>'
    assert pictures.dark(faint.format("#029e73")) == pictures.compact(faint.format("#029e73").replace("opacity: 0.5", "opacity: 0.7")), "less of the page is seen through it"
    assert "fill-opacity: 0;" in pictures.dark(faint.format("#808080").replace("fill-opacity: 0.5", "fill-opacity: 0")), "what is empty stays so"
    assert "#440154" not in pictures.dark(faint.format("#440154")), "the edge that its uses share"
    thin, thick = (pictures.dark(f'<path d="M 0 0 L 9 9" style="fill: none; stroke: #440154{width}"/>') for width in ("", "; stroke-width: 1.5"))
    assert thick != thin.replace('"/>', '; stroke-width: 1.5"/>') and lifted in thick, "a hairline is lighter"


def test_words_in_the_colour_of_a_line_can_be_read_on_both_pages():
    """The line keeps its colour; a figure's faint lines are as faint on the dark page."""
    svg = '<path style="fill: none; stroke: #de8f05"/><g style="fill: {}" transform="translate(1 2)"/>'
    assert pictures.light(svg.format("#de8f05")) == svg.format(palette.seen("#de8f05", "#ffffff", 4.5)) != svg.format("#de8f05")
    assert pictures.dark(svg.format("#de8f05")) == svg.format("#de8f05") and pictures.dark(svg.format("#666666")) != svg.format("#666666")
    assert pictures.light(svg.format("#ffffff")) == svg.format("#ffffff"), "on a mark"
    faint = '<path d="M 0 0 L 9 9" style="fill: none; stroke: {}"/>'
    assert pictures.dark(faint.format("#e6e6e6")) == pictures.compact(faint.format(palette.COLOURS["dark"]["chart-hair"]))


def test_a_figure_is_sent_without_what_is_not_drawn():
    """Each place is told from the one before; the outlines of letters are whole tenths, whatever is beside them."""
    assert pictures.steps("M 10 20 \nL 10.5 20 \nQ 11 19.25 11 -0.5 \nL 0 0 \nz\nM 1594 -77 \nL 1594.05 -77 \nL 1600 -77 \nz\n") == "M10 20l.5 0q.5-.75 .5-20.5l-11 .5zM1594-77l.05 0 5.95 0z"
    head = '<?xml version="1.0"?>\n<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN"\n  "x.dtd">\n<svg>\n <metadata>\n <a/>\n </metadata>\n'
    letter = '<path id="BookSans-9b" d="M 1594 -77 \nL 1604 -77 \nz\n" transform="scale(0.015625)"/>\n <use transform="translate(49.703125 0)"/><g transform="translate(1.23456 20.5) scale(0.11 -0.11)"/></svg>'
    made = '<path id="BookSans-9b" d="M159-8l1 0z" transform="scale(0.15625)"/><use transform="translate(49.7 0)"/><g transform="translate(1.23 20.5) scale(0.11 -0.11)"/></svg>'
    assert pictures.compact(head + letter) == f"<svg>{made}"


def test_the_stylesheet_has_what_a_page_can_use(tmp_path):
    """Of the theme the classes of pages, and those that a script may set; no variable that nothing reads, no motion that nothing makes."""
    (tmp_path / "charts").mkdir()
    (tmp_path / "charts" / "a-1.js").write_text('"five"')
    (tmp_path / "one.js").write_text("one.classList.add('two three'); e.four=/[\"']/; x=`<p class=\"six-a\">${six}`; find('.seven .eight')")
    (tmp_path / "one.html").write_text('<p class="nine ten" id="eleven">twelve')
    found = delivery.names(tmp_path)
    assert found >= {"two", "three", "six-a", "seven", "eight", "nine", "ten", "eleven"} and not found & {"five", "twelve", "six"}
    assert delivery.only_used(".nine, .five > a { top: 0 } .five { top: 1px }", *found) == ".nine{top:0}"
    styles = ".a { --x: 1px; --y: var(--x); --z: url(a;b); --n: 2 } .b { top: var(--y); content: 'a  b' } @keyframes m { to { top: 0 } } @keyframes n { to { top: 0 } } .c { animation: m 1s }"
    assert delivery.spare(styles, "--n") == ".a { --x: 1px; --y: var(--x); --n: 2 } .b { top: var(--y); content: 'a  b' } @keyframes m { to { top: 0 } } .c { animation: m 1s }"


def test_a_panel_s_places_go_with_it():
    """Those of the second of two panels that stand beside each other; of the first they are in the left half."""
    assert pictures.box_beside(PANELS, 2, 0, [0.2, 1 / 3, 0.9, 1 / 9]) == [0.1, 0.6, 0.45, 0.2]
    assert pictures.box_beside(PANELS, 2, 1, [0.2, 7 / 9, 0.9, 5 / 9]) == [0.6, 0.6, 0.95, 0.2]


PANELS = """
<svg xmlns="http://www.w3.org/2000/svg" width="100pt" height="90pt" viewBox="0 0 100 90"><g id="figure_1"><g id="patch_1"><path d="M 0 90 L 100 0"/></g>
<g id="axes_1"><g id="patch_2"><path d="M 20 30 L 90 10"/></g><g id="matplotlib.axis_1"/></g>
<g id="axes_2"><g id="patch_3"><path d="M 20 70 L 90 50"/></g><g id="matplotlib.axis_3"><g id="text_1"><g transform="translate(50 80)"><use transform="translate(60 0)"/></g></g></g></g>
<g id="text_2"><g transform="translate(5 40) rotate(-90) scale(1 -1)"/></g></g></svg>"""


def test_panels_stand_beside_each_other_where_a_figure_is_wide():
    """Each with the numbers of the axis that they share, and its name beside them, its letters as large as those of other figures; a figure is not torn into columns that it does not fill."""
    shown = pictures.beside(PANELS, 2)
    root = ET.fromstring(shown)
    assert root.get("viewBox") == "0 0 200.00 50.00"
    first, second = (next(one for one in root.iter() if one.get("id") == f"axes_{number}") for number in (1, 2))
    assert first.get("transform") == "translate(0.00 0.00)" and second.get("transform") == "translate(100.00 -40.00)"
    assert [one.get("transform") for one in first if one.get("id") is None] == ["translate(0 -40.00)"] and shown.count("text_1") == 2
    assert next(one for one in root.iter() if one.get("id") == "text_2").get("transform") == "translate(0 -20.00)"
    assert "scale(1." not in shown and "scale(1.179" in pictures.beside(PANELS.replace('"0 0 100 90"', '"0 0 500 90"'), 2)
    with pytest.raises(files.BookError, match="want 3 columns for 2 panels"):
        pictures.beside(PANELS, 3)


def test_a_chart_is_other_where_it_is_wide():
    """Higher, if it takes the page's width; otherwise as its cell says."""
    cell = nbformat.v4.new_code_cell()
    widened = lambda chart: pictures.widened(pictures.patch_of(cell, chart), chart)  # noqa: E731
    assert widened({"width": "container", "height": 200}) == {"width": "container", "height": 300}
    assert widened({"width": 200, "height": 200}) == {"width": 200, "height": 200}
    cell.metadata["wide"] = {"beside": True, "chart": {"hconcat": {"1": {"width": 300}}}}
    assert widened({"vconcat": [{"width": 1}, {"width": 2, "mark": "bar"}]}) == {"hconcat": [{"width": 1}, {"width": 300, "mark": "bar"}]}
