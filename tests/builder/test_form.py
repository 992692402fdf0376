"""Faults of form on the small book: each is one line with file, cell and cure, before anything is executed."""

import ast
import json
import re
import subprocess
import sys

import nbformat
import pytest
from small import CONFIG, ONE, TOC, TWO, edit

from builder import chapters, form
from builder.files import digest

CLAIM = ["**Claim 1.** One and one are two, as everyone knows.", "x = 1 + 1\nprint(x)\nassert x == 2, 'x is not two'"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("notebooks/two}", "notebooks/one}"), ("listed 2 times", "notebooks/two.ipynb is not in _toc.yml")),
        (("notebooks/one}", "notebooks/one.ipynb}"), ("write notebooks/one, without the ending", "line 6")),
        (("notebooks/one}", "notebooks/three}"), ("there is no notebooks/three", "notebooks/one.ipynb is not in _toc.yml")),
        (("    chapters: [{file: notebooks/one}", "  chapters: [{file: notebooks/one}"), ("_toc.yml, line", "indentation")),
        (("    chapters: [{file: notebooks/one}, {file: notebooks/two}]\n", ""), ("the part 'Small' has no chapters", "line 5")),
        (("format: jb-book", "format jb-book"), ("_toc.yml",)),
        (("parts:", "part:"), ("`parts` is a list of parts",)),
    ],
)
def test_the_table_of_contents(small, change, words):
    assert change[0] in TOC
    edit(small.root / "_toc.yml", *change)
    small.failing(*words)
    assert not small.times(), "something was executed"


def test_no_table_of_contents(small):
    (small.root / "_toc.yml").unlink()
    small.failing("_toc.yml is missing", "git checkout")


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        (["No title here, but a sentence.", "print(1)"], ("cell 1", "begin with a Markdown cell `# Title`")),
        (["# One", "print(1)"], ("cell 1", "the chapter's question")),
        ([*ONE, CLAIM[0], "print(2)"], ("cell 3 (claim 1)", "with the tag `claim`")),
        ([*ONE, "## A claim\n\n**Claim 1.** Not at the beginning of its cell."], ("cell 3", "a claim begins its cell")),
        ([*ONE, "!pip install numpy"], ("cell 3", "line 1 installs something", "make lock")),
        ([*ONE, "x = 1\n%pip install --quiet numpy"], ("cell 3", "line 2 installs something")),
        ([*ONE, "!conda install numpy"], ("cell 3", "installs something")),
        ([*ONE, "import numpy\nfrom nowhere.at_all import thing"], ("cell 3", "imports nowhere, which is not installed", "make lock")),
        ([*ONE, "[x](three.ipynb)"], ("cell 3", "links to three.ipynb", "no such notebook")),
        ([*ONE, "## Here\n\n[x](two.ipynb#claim-3), [y](#here)"], ("cell 3", "links to two.ipynb#claim-3", "no such place", "is the nearest name")),
        ([*ONE, "## A\n\n<script>alert(9)</script>"], ("cell 3", "scripts, event attributes")),
        ([*ONE, '## A\n\n<img src="x" onerror="alert(9)">'], ("cell 3", "scripts, event attributes")),
        ([*ONE, '## A\n\n<a href="javascript:alert(9)">x</a>'], ("cell 3", "scripts, event attributes")),
        ([*ONE, "## A\n\n[x](javascript:alert%289%29)"], ("cell 3", "scripts, event attributes")),
        ([*ONE, '## A\n\n<svg/onload="alert(9)">'], ("cell 3", "scripts, event attributes")),
        ([*ONE, '## A\n\n<iframe src="https://example.org"></iframe>'], ("cell 3", "scripts, event attributes")),
        ([*ONE, "## A\n\n<details>\n<summary>More</summary>\n\nnever closed"], ("`<details>` is not closed",)),
    ],
)
def test_a_notebook(small, cells, words):
    small.write("one", cells)
    small.failing("notebooks/one.ipynb", *words)
    assert not small.times(), "something was executed"
    small.failing(*words, command=("execute", "one"))


def test_what_is_quoted_is_no_script_and_what_is_guarded_is_for_colab(small):
    quoted = "## A\n\nThe tag `<script>` and\n\n```\n<script>alert(9)</script>\n```\n"
    small.write("one", [*ONE, quoted, "import sys\nif 'google.colab' in sys.modules:\n    %pip install --quiet uv\nprint('there')"])
    small.mended()


def test_claims_are_numbered_in_order(small):
    small.write("one", [*ONE, CLAIM[0].replace("1.", "2.", 1), CLAIM[1]], tags=["claim"])
    small.failing("numbered 2", "in the order of the page")
    small.write("one", [*ONE, CLAIM[0], "print(2)\nassert 2 == 2"], tags=["claim"])
    small.failing("claim 1", "asserts nothing that it computed")
    small.write("one", [*ONE, "print(3)\nx = 3\nassert x == 3, 'not three'"], tags=["claim"])
    small.failing("cell 3", "the cell before it is no claim")
    small.write("one", [*ONE, "## Claim 1\n\nIt is so.", "x = 3\nassert x == 3, 'not three'"])
    small.failing("cell 3: a claim begins its cell, in bold and not as a heading")
    small.failing("no chapter 'tow' in _toc.yml: did you mean two?", command=("execute", "tow"))


@pytest.mark.parametrize(("slug", "word"), [("one", "of a heading"), ("Not a slug", "lower-case words"), ("claim-7", "lower-case words")])
def test_slugs(small, slug, word):
    path = small.root / "notebooks" / "one.ipynb"
    small.write("one", [*ONE, *CLAIM], tags=["claim"])
    notebook = nbformat.read(path, as_version=4)
    notebook.cells[2].metadata["slug"] = slug
    nbformat.write(notebook, path)
    small.failing(word)


def test_a_finished_chapter_says_which_claims_are_its_main_ones():
    """One to five of them."""

    def faults(*main):
        source = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(f"**Claim {n}.** So.", metadata={"main": True} if n in main else {}) for n in range(1, 8)])
        return form.main_faults("one", source)

    assert not faults(2) and not faults(1, 2, 3, 4, 7) and not form.main_faults("one", nbformat.v4.new_notebook())
    assert "has no main claims" in faults()[0] and "has 6 main claims" in faults(*range(1, 7))[0] and "the 1 to 5 that a reader takes home" in faults()[0]


def test_many_faults_are_listed_together(small):
    small.write("one", ["# One", "!pip install numpy"])
    small.write("two", [TWO[0], "print(1)", "print(2)"], tags=["claim"])
    (small.root / "data" / "other.txt").write_text("new")
    small.failing("notebooks/one.ipynb, cell 1", "notebooks/one.ipynb, cell 2", "notebooks/two.ipynb, cell 3", "data/other.txt", "4 faults of form")


def test_a_requirement_without_its_lock(small):
    (small.root / "requirements.lock").write_text("numpy==1.26.0 \\\n    --hash=sha256:00\n")
    (small.root / "requirements.txt").write_text("# The chapters\nnumpy~=2.4\npolars~=1.0\n")
    small.failing("numpy~=2.4, but requirements.lock has 1.26.0: run `make lock`", "polars~=1.0, but requirements.lock does not have it: run `make lock`")


def test_what_jupyterlab_leaves_is_tidied(small):
    path = small.root / "notebooks" / "one.ipynb"
    small.write("one", [*ONE, *CLAIM], tags=["claim"])
    assert small.run("tidy").returncode == 0
    clean = path.read_text()
    notebook = nbformat.read(path, as_version=4)
    notebook.metadata.language_info = {"name": "python", "version": "3.13.1", "file_extension": ".py"}
    notebook.metadata.widgets = {}
    for cell in notebook.cells:
        cell.metadata["collapsed"] = False
        if cell.cell_type == "code":
            cell.execution_count = 7
            cell.outputs = [nbformat.v4.new_output("stream", text="2\n")]
    notebook.cells.append(nbformat.v4.new_code_cell(""))
    path.write_text(json.dumps(notebook, indent=4))
    result = small.run("tidy")
    assert result.returncode == 0 and "one.ipynb is tidy now" in result.stdout and "two" not in result.stdout
    assert path.read_text() == clean


def test_cells_without_ids_get_some(small):
    path = small.root / "notebooks" / "one.ipynb"
    notebook = json.loads(path.read_text())
    for cell in notebook["cells"]:
        cell.pop("id")
    notebook["nbformat_minor"] = 4
    path.write_text(json.dumps(notebook))
    other = (small.root / "notebooks" / "two.ipynb").read_bytes()
    small.failing("notebooks/one.ipynb has cells without an id", "make tidy")
    assert small.run("tidy").returncode == 0
    ids = [cell.id for cell in nbformat.read(path, as_version=4).cells]
    assert len(set(ids)) == len(ids) == 2
    small.mended()
    text = (small.root / "notebooks" / "one.ipynb").read_text()
    notebook = json.loads(text)
    path.write_text(json.dumps({name: notebook[name] for name in reversed(notebook)}, indent=1) + "\n")
    assert small.run("tidy").returncode == 0 and path.read_text() == text, "not written as here"


def test_a_new_chapter_is_in_form_and_shows_every_part_of_one(built):
    assert "list it in _toc.yml as `- file: notebooks/birthday`" in built.run("new", "birthday").stdout
    edit(built.root / "_toc.yml", "{file: notebooks/two}", "{file: notebooks/two}, {file: notebooks/birthday}")
    notebook = nbformat.read(built.root / "notebooks" / "birthday.ipynb", as_version=4)
    assert max(len(line) for cell in notebook.cells if cell.cell_type == "code" for line in cell.source.splitlines()) <= 84
    before = (built.root / "notebooks" / "birthday.ipynb").read_text()
    result = built.run("execute", "birthday")
    assert result.returncode == 0, result.stderr
    result = built.run("render", "birthday")
    assert result.returncode == 0 and "will fail" not in result.stdout, result.stderr + result.stdout
    page = (built.root / "_build" / "chapters" / "birthday" / "html" / "notebooks" / "birthday.html").read_text()
    for part in ('class="guess', 'id="what-claim-8-says"', 'class="chart', "<figure", "<details"):
        assert part in page, part
    assert built.run("tidy", "birthday").returncode == 0
    assert (built.root / "notebooks" / "birthday.ipynb").read_text() == before
    built.failing("notebooks/birthday.ipynb is there already", command=("new", "birthday"))


@pytest.mark.parametrize(
    "source",
    [
        "def check():\n    assert x == 2", "class A:\n    def check(self):\n        assert x == 2", "if False:\n    assert x == 2", "while 0:\n    assert x == 2",
        "try:\n    assert x == 2\nexcept (AssertionError, KeyError):\n    pass", "try:\n    assert x == 2\nexcept:\n    print(x)", "with contextlib.suppress(Exception):\n    assert x == 2",
        "assert x == 2 or 'not two'", "assert [x == 2, 'not two']", "assert f'{x} is two'", "assert lambda: x == 2", "assert (y == 2 for y in x)", "%%bash\nassert x == 2",
    ],
)  # fmt: skip
def test_an_assertion_that_cannot_fail_asserts_nothing(source):
    assert not form.asserts(source)
    assert form.asserts(f"%%time\nassert x == 2 or x is None\n{source}" if source[0] != "%" else f"{source[2:]}".replace("bash", ""))


@pytest.mark.parametrize(
    "source",
    [
        "def check():\n    assert x == 2\ncheck()", "@given(floats())\ndef check(x):\n    assert x == 2", "class A:\n    def check(self):\n        assert x == 2\nA().check()",
        "try:\n    f(x)\nexcept ValueError as error:\n    assert 'x' in str(error)\nelse:\n    raise AssertionError", "try:\n    assert x == 2\nexcept AssertionError:\n    print(x)\n    raise",
        "with warnings.catch_warnings():\n    assert x == 2", "np.testing.assert_allclose(x, 2)", "if x:\n    assert x == 2", "try:\n    f(x)\nfinally:\n    assert x == 2",
    ],
)  # fmt: skip
def test_an_assertion_that_is_reached_asserts(source):
    assert form.asserts(source)


@pytest.mark.parametrize(
    ("source", "read"),
    [
        ("x = 1", "x = 1"),
        ("if x:\n    %pip install y\n    !ls it's\nx", "if x:\n    get_ipython()\n    get_ipython()\nx"),
        ("x = !ls\ny = %who", "x = get_ipython()\ny = get_ipython()"),
        ("!ls \\\n  -l\nx", "get_ipython()\nx"),
        ("x?\ny", "get_ipython()\ny"),
        ("x = (y\n  % z)\nx = \"\"\"\n%a\n!b\n\"\"\"", "x = (y\n  % z)\nx = '\\n%a\\n!b\\n'"),
        ("%%time\nimport x", "import x"),
        ("\n%%capture x\n%%time\n%time x\ny", "get_ipython()\ny"),
        ("%%bash\nimport x", "get_ipython()"),
        ("%%time\n%%writefile x.py\nassert x", "get_ipython()"),
    ],
)
def test_a_cell_is_read_as_ipython_reads_it(source, read):
    """Its own lines are calls, wherever they stand; what only begins as one, within a string or an expression, stays."""
    tree = ast.parse(chapters.python(source))
    assert re.sub(r"get_ipython\(\)\.\w+\(.*\)", "get_ipython()", ast.unparse(tree)) == ast.unparse(ast.parse(read))
    assert form.imported(source) == ({"x"} if "import" in read else set()) and not form.asserts(source)


def test_what_a_chapter_shows_is_described_and_clean(monkeypatch):
    v4 = nbformat.v4
    picture = v4.new_output("display_data", {"image/png": "", "text/plain": "<Figure>"})
    shown = [[picture], [v4.new_output("stream", name="stderr", text="FutureWarning: soon")], [v4.new_output("stream", text="<x at 0x7f0011223344>"), v4.new_output("error", ename="NameError", evalue="no os", traceback=[])], []]
    cells = [v4.new_markdown_cell("# One"), *(v4.new_code_cell("1", outputs=outputs) for outputs in shown)]
    cells[-1:] = [v4.new_markdown_cell("**Claim 1.** Two and two are four."), v4.new_code_cell("assert 2 + 2 == 4", metadata={"tags": ["claim"]})]
    monkeypatch.setattr(form, "executed", lambda name: v4.new_notebook(cells=cells))
    found = "\n".join(form.output_rules("one"))
    for words in (
        "one.ipynb, cell 2 (code cell 1) shows a picture without alt text", "cell 2 (code cell 1) shows a picture without caption",
        "cell 3 (code cell 2) writes to stderr", "FutureWarning: soon", "cell 4 (code cell 3) shows what is of this machine alone", "shows an error: mend it: NameError: no os", "claim 1 prints no lines",
    ):  # fmt: skip
        assert words in found, found
    assert found.count("\n") == 5
    cells[1].metadata["mystnb"] = {"image": {"alt": "A line that rises from left to right"}, "figure": {"caption": "A line that rises from left to right"}}
    assert "picture" not in "\n".join(form.output_rules("one"))


@pytest.mark.parametrize(
    ("guess", "words"),
    [
        ({"min": 0, "max": 9}, "needs `printed`"),
        ({"min": 9, "max": 0, "printed": "(x)"}, "a larger `max`"),
        ({"choices": ["one"], "printed": "(x)"}, "a list of two or more"),
        ({"choices": ["one", "two"], "printed": "x"}, "with a group"),
        ({"choices": ["one", "two"], "printed": "(x"}, "needs `printed`"),
    ],
)
def test_a_guess_says_what_can_be_guessed(small, guess, words):
    small.write("one", [*ONE, "> **Guess first.** How many?", *CLAIM], tags=["claim"])
    path = small.root / "notebooks" / "one.ipynb"
    notebook = nbformat.read(path, as_version=4)
    notebook.cells[2].metadata["guess"] = guess
    nbformat.write(notebook, path)
    small.failing("notebooks/one.ipynb, cell 3", words)


def test_no_figure_stands_between_a_guess_and_what_is_above_it(small):
    """For it may show the answer; above a heading or a claim it is another matter's."""

    def asked(*cells, figure):
        small.write("one", [*ONE, *cells, "> **Guess first.** How many?", *CLAIM], tags=["claim"])
        path = small.root / "notebooks" / "one.ipynb"
        notebook = nbformat.read(path, as_version=4)
        notebook.cells[figure - 1].metadata["mystnb"] = {"image": {"alt": "Two lines that cross"}, "figure": {"caption": "Two lines that cross."}}
        notebook.cells[-3].metadata["guess"] = {"min": 0, "max": 9, "printed": "(2)"}
        nbformat.write(notebook, path)

    asked("## A figure", "1 + 1", "x = 3", figure=4)
    small.failing("notebooks/one.ipynb, cell 6: its guess stands below the figure of cell 4, which may show the answer")
    asked("1 + 1", "## Another matter", figure=3)
    assert small.run().returncode == 0


def test_links_of_other_pages_and_kernels(small):
    page = small.root / "book" / "running.md"
    page.write_text(page.read_text() + "\n[x](../notebooks/three.ipynb#claim-1) and [y](../notebooks/one.ipynb)\n")
    small.write("one", ONE, kernel="nowhere")
    small.failing("book/running.md: it links to ../notebooks/three.ipynb#claim-1", "its kernel 'nowhere' is not installed: run `make tidy`")
    assert not small.times(), "something was executed"


def test_each_command_says_what_is_wrong_with_the_settings(small):
    """Also those that execute nothing before."""
    (small.root / "notebooks" / "one.ipynb").write_text("{")
    small.failing("notebooks/one.ipynb is not a valid notebook", command=("tidy", "one"))
    (small.root / "_toc.yml").write_text("parts: [\n")
    small.failing("_toc.yml, line 2: not YAML", command=("doubt", "one"))
    (small.root / "_config.yml").unlink()
    (small.root / "_config.yml").mkdir()
    small.failing("Is a directory", "_config.yml: put away what stands there", command=("colab",))


def test_digests_take_any_name():
    assert digest("odd\udcff.md") != digest("odd.md")


def test_a_data_file_is_described(small):
    (small.root / "data" / "README.md").write_text("Nothing about it.")
    small.failing("data/README.md does not name small.txt", "licence")
    (small.root / "data" / "README.md").write_text("`small.txt` is ours.")
    small.mended()


# --- what nobody meant to write: each is one line with its file, and nothing passes in silence or ends in a traceback

CHECKED_ONE_BY_ONE = """
import contextlib, io, json, pathlib, sys
from builder import form
from builder.files import BookError
for name, text in json.load(sys.stdin):
    path, told = pathlib.Path(name), io.StringIO()
    before = path.read_bytes() if path.is_file() else None
    path.write_bytes(text.encode("latin-1"))
    with contextlib.redirect_stderr(told):
        try:
            form.check([])
        except BookError as error:
            told.write(str(error))
    print(json.dumps(told.getvalue()))
    path.write_bytes(before) if before is not None else path.unlink()
"""


def told(small, cases):
    """What is said of each of these contents of a file: (file, its text as Latin-1), in one process."""
    result = subprocess.run([sys.executable, "-c", CHECKED_ONE_BY_ONE], cwd=small.root, input=json.dumps(cases), capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    return [json.loads(line) for line in result.stdout.splitlines()]


def as_told(small, cases):
    """Each case is a file, its text, and words that are to be said of it; without words, it is in order."""
    for (name, text, *words), said in zip(cases, told(small, [case[:2] for case in cases]), strict=True):
        assert bool(words) == bool(said), (name, text, said)
        assert all(word in said for word in words), (name, text, words, said)


def test_files_of_the_book_that_are_not_what_they_should_be(small):
    """Settings, contents, requirements and checksums: wrong encodings, wrong kinds, words that nobody knows, what an editor or a merge leaves."""
    sums = (small.root / "data" / "SHA256SUMS").read_text()
    asks, option = "# The chapters\nnumpy~=2.4\n", "builder: {resources: [data]}"
    (small.root / "requirements.lock").write_text("numpy==2.3.0 ; python_version < '3.12'\nnumpy==2.4.1\n")
    as_told(
        small,
        [
            ("_config.yml", "\xef\xbb\xbf" + CONFIG),
            ("_config.yml", CONFIG + "\nfoo: [\n", "_config.yml, line", "not YAML"),
            ("_config.yml", "- a list\n", "_config.yml", "compare with `git show"),
            ("_config.yml", CONFIG + "lauch_buttons: {}\n", "`lauch_buttons` is no option: launch_buttons is the nearest"),
            ("_config.yml", CONFIG.replace("title: A small book", "title: 7"), "_config.yml, title: 7 is not of type 'string'"),
            ("_config.yml", CONFIG.replace(option, "builder: {resorces: [data]}"), "builder: `resorces` is no option: resources"),
            ("_config.yml", CONFIG.replace(option, "builder: {resources: data}"), "`resources` is a list"),
            ("_config.yml", CONFIG.replace(option, "builder: {resources: [dta]}"), "there is no dta"),
            ("_config.yml", CONFIG.replace(option, "builder: [data]"), "a table of options"),
            ("_config.yml", CONFIG.replace("[book.css]", "[looks.css]"), "there is no looks.css in book/_static: restore it"),
            ("_config.yml", CONFIG.replace("charts.js]", "/gone.js, 'https://other.org/x.js']"), "there is no /gone.js in book/_static"),
            ("_config.yml", CONFIG.replace(option, "builder: {environment: {A: 1}}"), "`A` in `environment` is text"),
            ("_config.yml", CONFIG.replace(option, 'builder: {environment: {A: "{home}"}}'), "`A` in `environment` is text"),
            ("_config.yml", CONFIG + "builder: {}\n", "_config.yml, line 27: `builder` stands twice in one table"),
            ("_config.yml", CONFIG.replace("{builder.pages: .}", "{}"), "the pages show no outputs"),
            ("_config.yml", CONFIG[: CONFIG.index("sphinx:")], "at least `title`, `sphinx`"),
            ("_config.yml", CONFIG.replace("resources: [data]", "resources: [/etc, ..]"), "/etc leads out of its folder", ".. leads out of its folder"),
            ("_config.yml", CONFIG.replace(option, "builder: {links: {../x: data, /x: data, 5: data, a/../../b: ./data}}"), *(f"{path} leads out" for path in ("../x", "/x", "a/../../b", "./data"))),
            ("_config.yml", CONFIG.replace(option, "builder: {resources: [data/], links: {a/.b..c: data}, form: {claims: 1, tags: [claim]}, first_day: 2026-01-02, glossary: book/running}")),
            ("_config.yml", CONFIG.replace(option, "builder: {environment: {A=B: x, '': x, 5: x, A: \"\\0\"}}"), *(f"`{name}` in `environment` is text" for name in ("A=B", "", "5", "A"))),
            ("_config.yml", CONFIG.replace(option, "builder: {form: {clams: 3, tags: claim}}"), "not `clams: 3`", "not `tags: claim`"),
            ("_config.yml", CONFIG.replace(option, "builder: {asked: {one#two: three}}"), "asked` for at one#two is a list"),
            ("_config.yml", CONFIG.replace(option, "builder: {first_day: soon, glossary: book/words}"), "`first_day` is a day", "there is no book/words.md"),
            ("_toc.yml", TOC + "root: book/claims\n", "_toc.yml, line 9: `root` stands twice in one table"),
            ("_toc.yml", TOC + "\0", "_toc.yml: not YAML (unacceptable character #x0000: special characters are not allowed)"),
            ("_toc.yml", "a: &a [*a]\n" + TOC, "Unknown keys found: {'a'}"),
            ("_toc.yml", TOC.replace("root: book/intro", "root: notebooks/one").replace("notebooks/one}", "book/intro}"), "_toc.yml, line 3: the book begins with a page"),
            ("_toc.yml", "\xff\xfe", "_toc.yml is not UTF-8 text"),
            ("_toc.yml", TOC.replace("caption: Small", "caption: 2024"), "put a number in quotes"),
            ("_toc.yml", TOC.replace("notebooks/one", "./notebooks/one"), "from the book's folder on"),
            ("_toc.yml", TOC.replace("notebooks/one", "notebooks/../notebooks/one"), "from the book's folder on"),
            ("_toc.yml", TOC.replace("notebooks/one", f"{small.root}/notebooks/one"), "from the book's folder on"),
            ("_toc.yml", TOC.replace("{file: notebooks/one}", "{file: notebooks/one, titel: x}"), "Unknown keys found: {'titel'}"),
            ("notebooks/one.md", "# One", "notebooks/one.md: a chapter is a notebook"),
            ("requirements.txt", asks + "\n\n\nnumpy>=2  # whatever\n  # a remark\n"),
            ("requirements.txt", "\xef\xbb\xbf" + asks),
            ("requirements.txt", ""),
            ("requirements.txt", asks + "\npolars~=1.0\n", "polars~=1.0, but requirements.lock does not have it: run `make lock`"),
            ("requirements.txt", "numpy~=2.5\n", "requirements.lock has 2.3.0 and 2.4.1"),
            ("requirements.txt", asks + "-r other.txt\n", "requirements.txt, line 3: `-r other.txt`"),
            ("requirements.txt", asks + "polars=1.0\n", "requirements.txt, line 3: `polars=1.0`"),
            ("data/SHA256SUMS", sums.replace("  ", " *").replace("\n", "\r\n") + "\n"),
            ("data/SHA256SUMS", "<<<<<<< HEAD\n" + sums, "data/SHA256SUMS, line 1", "git checkout"),
            ("data/SHA256SUMS", sums + "\xff\n", "data/SHA256SUMS is not UTF-8 text"),
            ("data/ outer", "", "outer spaces", "rename it"),
            ("data/two\nlines", "", "line breaks", "rename it"),
            ("book/running.md", "\xff", "book/running.md is not UTF-8 text"),
        ],
    )
    (small.root / "data" / "link.txt").symlink_to("/etc/hostname")
    small.failing("data/link.txt is a link", command=("checksums",))


def test_cells_that_would_hide_run_or_break_something(small):
    """Tags that let a claim fail unnoticed, scripts in disguise, HTML that takes the rest of the page with it, installers in disguise, metadata of the wrong kind."""

    def chapter(*sources, **metadata):
        small.write("two", [*TWO, *sources])
        notebook = nbformat.read(small.root / "notebooks" / "two.ipynb", as_version=4)
        notebook.cells[-1].metadata.update(metadata)
        if metadata.pop("raw", None):
            notebook.cells[-1].cell_type = "raw"
        return "notebooks/two.ipynb", nbformat.writes(notebook).encode().decode("latin-1")

    colab = "if 'google.colab' in sys.modules:\n    %pip install uv\nelse:\n    print(1)"
    cases = [
        (*chapter(*CLAIM, tags=["claim", "raises-exception"]), "cell 5 (code cell 3)", "by the tag raises-exception"),
        (*chapter("print(1)", tags=["skip-execution"]), "by the tag skip-execution"),
        (*chapter(*CLAIM, tags=["claim", "remove-output"]), "by the tag remove-output"),
        (*chapter(CLAIM[0], "x = 1\nassert (x == 2, 'never false')", tags=["claim"]), "asserts nothing that it computed"),
        (*chapter(CLAIM[0] + "\n\n**Claim 2.** Another one, of the same cell.", CLAIM[1], tags=["claim"]), "a second claim, or a heading"),
        (*chapter(CLAIM[0] + "\n\n## Aside", CLAIM[1], tags=["claim"]), "a second claim, or a heading"),
        (*chapter("## <b>raw</b>", raw=True), "a raw cell reaches the page"),
        (*chapter("## A\n\n`\n\n<script>alert(9)</script>\n\n`"), "cell 4", "scripts, event attributes"),
        (*chapter("## A\n\n\\` <script>alert(9)</script> \\`"), "scripts, event attributes"),
        (*chapter('## A\n\n<a href="java&#115;cript:alert(9)">x</a>'), "scripts, event attributes"),
        (*chapter('## A\n\n<a href="java\tscript:alert(9)">x</a>'), "scripts, event attributes"),
        (*chapter('## A\n\n<svg><animate attributeName="href" to="javascript:alert(9)"></animate></svg>'), "scripts, event attributes"),
        (*chapter("## A\n\n<style>.claim { display: none }</style>"), "scripts, event attributes"),
        (*chapter("## A\n\n```{raw} html\n<script>alert(9)</script>\n```"), "scripts, event attributes"),
        chapter("## A\n\nThe tags `<style>` and &lt;script&gt;, a < b, and\n\n~~~\n<script>alert(9)</script>\n~~~"),
        (*chapter("## A\n\n</article></div>"), "cell 4: a `</article>` ends nothing"),
        (*chapter('## A\n\n<div class="x">\n\nnever closed'), "cell 4: a `<div>` is not closed"),
        (*chapter("## A\n\n<!-- never closed"), "cell 4: a comment"),
        (*chapter("## A\n\n<details><summary>A</summary>\n\n<details><summary>B</summary>\n\n</details></details>"), "stands inside another"),
        chapter("## A\n\n<details>\n<summary>A</summary>", "x = 1", "## B\n\nLine<br>break\n\n</details>"),
        (*chapter("## A\n\n![x](attachment:lost.png)"), "attachment lost.png"),
        (*chapter("## A\n\n![x](https://example.org/x.png)"), "a picture of another host"),
        (*chapter("x = !pip install uv"), "installs something"),
        (*chapter("!{sys.executable} -m pip install uv"), "installs something"),
        (*chapter("!cd .; uv pip install uv"), "installs something"),
        (*chapter("%%bash\necho\npip install uv"), "line 3 installs something"),
        chapter("import sys\n" + colab),
        (*chapter(f"import sys\n{colab}\n%pip install uv"), "line 6 installs something"),
        chapter("import __main__"),
        (*chapter("## A", slug=5), "its slug is text"),
        (*chapter("## A", guess="many"), "its guess is a table"),
        (*chapter("## A", guess={"choices": ["a", "b"], "printed": "(a)"}), "followed by no claim"),
        (*chapter("print(1)", mystnb={"figure": "A caption"}), "its metadata `mystnb`"),
        (*chapter("## A", main=True), "cell 4: its metadata `main` are `true` in the Markdown cell of a claim that a reader takes home, and nowhere else"),
        (*chapter("print(1)", equal_axes="yes"), "cell 4 (code cell 3): its metadata `equal_axes` are `true`, or not there: correct them"),
        (*chapter("print(1)", tells=[{"of": "layer_0"}]), "cell 4 (code cell 3): its metadata `tells` are written"),
        (*chapter("print(1)", marks={"of": "layer_0"}), "cell 4 (code cell 3): its metadata `marks` are written"),
        (*chapter("print(1)", smooth=1), "cell 4 (code cell 3): its metadata `smooth` are `true`, or not there: correct them"),
        (*chapter("print(1)", cover={"panels": []}), "cell 4 (code cell 3): its metadata `cover` are written"),
        (*chapter("print(1)", cover={"crop": [1, 0, 0, 1]}), "cell 4 (code cell 3): its metadata `cover` are written"),
        (*chapter("print(1)", wide={"columns": 1}), "cell 4 (code cell 3): its metadata `wide` are `true`"),
        (*chapter("- A list\n\n```{csv-table}\n:file: /etc/passwd\n```".replace("- A", "## A")), "scripts, event attributes"),
        ("notebooks/two.ipynb", chapter("x = 'half'")[1].replace("half", "\\ud800"), "cell 4 (code cell 3): it holds the character U+D800, which is no text"),
        (*chapter("## A\0"), "cell 4: it holds the character U+0000"),
        (*chapter("## A \x1b[31m"), "cell 4: it holds the character U+001B"),
        chapter("x = 'a\\0b\\x1b'\r\n# \x0c\ty"),
        (*chapter("x = " + "-" * 9000 + "1"), "notebooks/two.ipynb: what stands there cannot be read"),
        ("notebooks/two.ipynb", "\xef\xbb\xbf" + chapter("print(1)")[1]),
    ]
    small.write("two", TWO)
    as_told(small, cases)


def test_where_a_slider_stands_along_the_plot_is_two_places():
    assert form.told_rightly({"n": {"along": [1, 9]}, "d": {"along": ["2020-01-31", "2020-03-10"]}})
    assert form.told_rightly({"n": {"along": {"y": [0.5, 0]}}, "d": {"along": "threshold", "at": "pixel"}})
    assert not any(form.told_rightly({"n": {"along": ends}}) for ends in (3, [1], [1, 1], [1, "2020-01-31"], [None, None], {"z": [0, 1]}, {"x": 1}))
    assert not form.told_rightly({"n": {"at": 3}})


def test_what_a_chart_says_of_its_marks_are_fields_names_and_spans():
    assert form.telling_rightly([{"of": "layer_0", "text": "datum.v", "words": "its mean", "transform": []}, {"title": "n = (.+)", "words": "n"}, {"line": True, "words": "goal"}, {"claim": "slug", "printed": "= (.+)", "words": "w"}])
    assert not any(form.telling_rightly([one]) for one in ({"of": "layer_0", "words": "w"}, {"title": "a"}, {"line": False, "words": "w"}, {"title": "a", "line": True, "words": "w"}, {"of": 1, "text": "t", "words": "w"}, {"claim": "slug", "words": "w"}))
    assert form.valued_rightly({"layer_0": [{"name": "fit"}, "date", {"field": "count", "title": "cases"}, {"span": ["x", "y"], "title": "area"}], "layer_1": []})
    assert not any(form.valued_rightly({"layer_0": lines}) for lines in ("date", [3], [{"title": "cases"}], [{"name": "a", "field": "b"}], [{"field": 3}]))
