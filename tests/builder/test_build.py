"""The build itself, on a small copy of the book: what is executed again and what is not, and what each fault leaves behind."""

import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import time

import book
import nbformat
import pytest
import reproduce

ONE = ["# One\n\nIs one and one still two, and nothing else?", 'import json\nprint("sum", 1 + 1)']
TWO = [
    "# Two\n\nWhat stands in the file that lies beside the chapters?",
    'from pathlib import Path\ntext = Path("../data/small.txt").read_text()\nprint(text)',
    "print(len(text))",
]


class SmallBook:
    """A copy of the book's machinery with two tiny chapters; `two` reads a data file."""

    def __init__(self, root):
        self.root = root
        shutil.copytree(book.ROOT / "tests", root / "tests", ignore=shutil.ignore_patterns("__pycache__", "test_*"))
        shutil.copytree(book.ROOT / "book", root / "book", ignore=shutil.ignore_patterns("__pycache__"))
        for page in (root / "book").glob("*.md"):  # the book's own chapters are not there to be linked to
            page.write_text(re.sub(r"\[([^\]]*)\]\(\.\./notebooks/[^)]*\)", r"\1", page.read_text()))
        for name in ("_config.yml", "requirements.txt"):
            shutil.copy(book.ROOT / name, root)
        (root / "notebooks").mkdir()
        (root / "data").mkdir()
        self.write_data("first")
        self.write("one", ONE)
        self.write("two", TWO)
        own = [f"      - file: book/{name}" for name in ("claims", "running", "execution", "references")]
        (root / "_toc.yml").write_text(
            "format: jb-book\nroot: book/intro\nparts:\n  - caption: Small\n    chapters:\n      - file: notebooks/one\n"
            "      - file: notebooks/two\n  - caption: The book\n    chapters:\n" + "\n".join(own) + "\n"
        )

    def write(self, name, cells, kernel="python3"):
        notebook = nbformat.v4.new_notebook(metadata={"kernelspec": {"name": kernel, "display_name": kernel, "language": "python"}})
        for number, source in enumerate(cells):
            new = nbformat.v4.new_markdown_cell if number == 0 else nbformat.v4.new_code_cell
            notebook.cells.append(new(source, id=f"cell-{number}"))
        nbformat.write(notebook, self.root / "notebooks" / f"{name}.ipynb")

    def write_data(self, text, *, checksum=True):
        (self.root / "data" / "small.txt").write_text(text)
        if checksum:
            sums = subprocess.run(["sha256sum", "small.txt"], cwd=self.root / "data", capture_output=True, text=True, check=True)
            (self.root / "data" / "SHA256SUMS").write_text(sums.stdout)

    def command(self, script, *arguments):
        return [sys.executable, str(self.root / "tests" / script), *arguments]

    def run(self, script="execute.py", *arguments, **environment):
        return subprocess.run(
            self.command(script, *arguments), cwd=self.root, env={**os.environ, **environment}, capture_output=True, text=True, check=False
        )

    def times(self):
        """When each chapter was last executed."""
        return {p.stem: p.stat().st_mtime_ns for p in (self.root / "_build" / "executed").glob("*.json")}

    def executed_by(self, change, **environment):
        """The chapters that the next build executes after `change`."""
        before = self.times()
        change()
        result = self.run(**environment)
        assert result.returncode == 0, result.stderr
        return {name for name, when in self.times().items() if when != before.get(name)}

    def printed(self, name):
        notebook = nbformat.read(self.root / "_build" / "executed" / f"{name}.ipynb", as_version=4)
        return "".join(o.get("text", "") for c in notebook.cells if c.cell_type == "code" for o in c.outputs)


@pytest.fixture
def small(tmp_path):
    return SmallBook(tmp_path)


@pytest.fixture
def built(small):
    result = small.run()
    assert result.returncode == 0, result.stderr
    return small


def edit(path, old, new):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


# --- fresh: what changes is executed again, and nothing else


def test_an_unchanged_book_executes_nothing(built):
    assert built.executed_by(lambda: None) == set()


def test_prose_executes_nothing(built):
    assert built.executed_by(lambda: edit(built.root / "notebooks" / "one.ipynb", "still two", "ever two")) == set()


def test_code_executes_its_chapter(built):
    assert built.executed_by(lambda: edit(built.root / "notebooks" / "one.ipynb", "1 + 1", "1 + 2")) == {"one"}
    assert "sum 3" in built.printed("one")


def test_data_executes_the_chapters_that_name_the_file(built):
    assert built.executed_by(lambda: built.write_data("second")) == {"two"}
    assert "second" in built.printed("two")


def test_a_package_executes_the_chapters_that_import_it(small, tmp_path):
    packages = tmp_path / "packages"
    packages.mkdir()
    (packages / "thing.py").write_text("import importlib.metadata\nversion = importlib.metadata.version('thing')\n")

    def install(version):
        for old in packages.glob("thing-*"):
            shutil.rmtree(old)
        info = packages / f"thing-{version}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: thing\nVersion: {version}\n")
        (info / "top_level.txt").write_text("thing\n")
        (info / "RECORD").write_text("thing.py,,\n")

    install("1.0")
    small.write("one", [ONE[0], "import thing\nprint(thing.version)"])
    assert small.run(PYTHONPATH=str(packages)).returncode == 0
    assert small.executed_by(lambda: install("2.0"), PYTHONPATH=str(packages)) == {"one"}
    assert "2.0" in small.printed("one")


def test_the_version_of_python_is_part_of_the_key(monkeypatch):
    notebook = book.load(book.chapters()[0])
    key = book.key(notebook)
    monkeypatch.setattr(book.platform, "python_version", lambda: "3.99.0")
    assert book.key(notebook) != key


def test_the_executor_itself_is_part_of_the_key(built):
    path = built.root / "tests" / "kernel" / "startup.py"
    assert built.executed_by(lambda: path.write_text(path.read_text() + "\n# changed\n")) == {"one", "two"}


def test_a_chapter_sees_no_file_that_its_key_does_not_hold(small):
    (small.root / "data" / "other.txt").write_text("unlisted")
    small.write("one", [ONE[0], 'from pathlib import Path\nprint(Path("../data/ot" + "her.txt").exists())'])
    assert small.run().returncode == 0
    assert "False" in small.printed("one")


# --- faults: a clear cause, exit code not 0, nothing lost, and the next good build works


def failing(small, *words, script="execute.py", **environment):
    """The build fails, says these words in one line, and keeps what was executed."""
    result = small.run(script, **environment)
    assert result.returncode not in (0, None)
    last = result.stderr.strip().splitlines()[-1]
    assert last.startswith("book: ") and "Traceback" not in result.stderr, result.stderr
    for word in words:
        assert word in result.stderr, result.stderr
    return result


def mended(small):
    result = small.run()
    assert result.returncode == 0, result.stderr
    assert "sum 2" in small.printed("one") and small.printed("two")


def test_a_cell_that_raises(small):
    small.write("one", [ONE[0], "x = 1\n\nassert x == 2, 'x is not two'\nprint('unreached')"])
    failing(small, "one, code cell 1, line 3", "AssertionError: x is not two", ">   3  assert x == 2")
    assert small.printed("two")
    small.write("one", ONE)
    mended(small)


def test_a_failing_cell_fails_again(small):
    small.write("one", [ONE[0], "raise ValueError('bad')"])
    failing(small, "ValueError: bad")
    failing(small, "ValueError: bad")


def test_a_cell_that_is_not_python(small):
    small.write("one", [ONE[0], "x = (1,\n"])
    failing(small, "one, code cell 1", "SyntaxError")


def test_a_kernel_that_dies(small):
    small.write("one", [ONE[0], "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)"])
    failing(small, "one, code cell 1", "the kernel died")
    small.write("one", ONE)
    mended(small)


def test_a_kernel_that_hangs(small):
    small.write("one", [ONE[0], "import time\ntime.sleep(1000)"])
    start = time.monotonic()
    failing(small, "one, code cell 1", "longer than 10 s", BOOK_TIMEOUT="10")
    assert time.monotonic() - start < 120
    small.write("one", ONE)
    mended(small)


def test_a_kernel_that_is_not_installed(small):
    small.write("one", ONE, kernel="no-such-kernel")
    failing(small, "kernel 'no-such-kernel' is not installed")


@pytest.mark.parametrize("damage", ["truncated", "emptied", "changed", "record"])
def test_a_damaged_cache(built, damage):
    outputs, record = (built.root / "_build" / "executed" / f"one.{ending}" for ending in ("ipynb", "json"))

    def harm():
        if damage == "truncated":
            outputs.write_bytes(outputs.read_bytes()[:-40])
        elif damage == "emptied":
            outputs.write_bytes(b"")
        elif damage == "changed":
            edit(outputs, "sum 2", "sum 5")
        else:
            record.write_text('{"key": ')

    assert built.executed_by(harm) == {"one"}
    assert "sum 2" in built.printed("one")


def test_two_builds_at_once(small):
    small.write("one", [ONE[0], "import time\ntime.sleep(8)\nprint('sum 2')"])
    first = subprocess.Popen(small.command("execute.py"), cwd=small.root, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        lock = small.root / "_build" / "lock"
        deadline = time.monotonic() + 60
        while not (lock.exists() and lock.read_text()) and time.monotonic() < deadline:
            time.sleep(0.1)
        failing(small, "another build", str(first.pid))
    finally:
        assert first.wait(120) == 0
    mended(small)


@pytest.mark.parametrize("seconds", [0.5, 2, 4])
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_build(small, seconds, how):
    small.write("one", [ONE[0], "import time\ntime.sleep(60)"])
    process = subprocess.Popen(small.command("execute.py"), cwd=small.root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    time.sleep(seconds)
    process.send_signal(how)
    _, stderr = process.communicate(timeout=60)
    assert process.returncode != 0
    assert "Traceback" not in stderr
    assert not processes_under(small.root), "a kernel or a worker outlives the build"
    small.write("one", ONE)
    mended(small)
    assert not list((small.root / "_build" / "scratch").glob("*"))


def processes_under(root):
    time.sleep(2)
    found = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    return [line for line in found.splitlines() if f"{root}/" in line and "--worker" in line]


def test_a_data_file_that_is_missing(built):
    (built.root / "data" / "small.txt").unlink()
    failing(built, "data/small.txt is missing", "git checkout")
    assert built.printed("two")


def test_a_data_file_with_another_checksum(built):
    built.write_data("tampered", checksum=False)
    failing(built, "data/small.txt differs from its checksum", "make checksums")


def test_a_notebook_that_is_not_json(built):
    (built.root / "notebooks" / "one.ipynb").write_text("{ not json")
    failing(built, "notebooks/one.ipynb is not a valid notebook")
    built.write("one", ONE)
    mended(built)


def test_a_notebook_that_is_missing(built):
    (built.root / "notebooks" / "one.ipynb").unlink()
    failing(built, "notebooks/one.ipynb is missing")


def test_a_chapter_that_does_not_exist(built):
    result = built.run("execute.py", "three")
    assert result.returncode != 0 and "no chapter 'three'" in result.stderr


def test_an_output_folder_that_cannot_be_written(small):
    (small.root / "_build").write_text("a file in its place")
    failing(small, "_build")


def test_a_full_disk(small):
    folder = small.root / "_build"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", folder], capture_output=True, check=False)
    if mounted.returncode:
        pytest.skip("a small disk cannot be mounted here: needs root")
    try:
        small.write("one", [ONE[0], "print('long line\\n' * 40_000)\nprint('sum 2')"])
        failing(small, "o space left", "free space")
    finally:
        subprocess.run(["umount", "-l", folder], check=True)
    mended(small)


def test_a_path_with_spaces_and_other_letters(tmp_path):
    root = tmp_path / "Bücher und mehr"
    root.mkdir()
    small = SmallBook(root)
    mended(small)
    result = small.run("render.py")
    assert result.returncode == 0, result.stderr
    assert (root / "_build" / "html" / "notebooks" / "one.html").is_file()


# --- the site: complete or not there, and the same each time


def site_of(small):
    return (small.root / "_build" / "html").resolve()


def test_the_site_is_replaced_in_one_step_or_not_at_all(built):
    assert built.run("render.py").returncode == 0
    first = site_of(built)
    page = (first / "notebooks" / "one.html").read_text()
    assert built.run("render.py").returncode == 0
    assert site_of(built) == first, "an unchanged book is not rendered again"

    edit(built.root / "notebooks" / "one.ipynb", "1 + 1", "1 / 0")
    failing(built, "ZeroDivisionError")
    failing(built, "no complete execution", script="render.py")
    assert (site_of(built) / "notebooks" / "one.html").read_text() == page

    edit(built.root / "notebooks" / "one.ipynb", "1 / 0", "1 + 3")
    edit(built.root / "book" / "running.md", "# How to run it", "# How to run it\n\n[a link](nowhere.md)")
    assert built.run().returncode == 0
    failing(built, "nowhere.md", script="render.py")
    assert (site_of(built) / "notebooks" / "one.html").read_text() == page

    edit(built.root / "book" / "running.md", "[a link](nowhere.md)", "")
    edit(built.root / "notebooks" / "one.ipynb", "still two", "ever two")
    assert built.run("render.py").returncode == 0
    text = (site_of(built) / "notebooks" / "one.html").read_text()
    assert "sum 4" in text and "ever two" in text
    assert not first.exists()


def test_a_changed_chapter_gives_the_site_of_a_build_from_nothing(built):
    """Only its page and the book's own are made again, and nothing of its former state stays, in the search index or among the pictures."""
    draw = "import matplotlib.pyplot as plt\nplt.plot([1, {}])\nplt.show()"
    built.write("one", [*ONE, 'print("formerly")', draw.format(2)])
    for cells in ([*ONE, 'print("formerly")', draw.format(2)], [*ONE, 'print("lately")', draw.format(3)]):
        built.write("one", cells)
        assert built.run().returncode == 0
        assert built.run("render.py").returncode == 0
    read = (built.root / "_build" / "pages" / "log.txt").read_text()
    assert "notebooks/one" in read and "notebooks/two" not in read
    contents = {path.relative_to(site_of(built)): path.read_bytes() for path in site_of(built).rglob("*") if path.is_file()}
    for folder in ("pages", "sites"):
        shutil.rmtree(built.root / "_build" / folder)
    assert built.run("render.py").returncode == 0
    assert contents == {path.relative_to(site_of(built)): path.read_bytes() for path in site_of(built).rglob("*") if path.is_file()}


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
        assert built.run("render.py").returncode == 0
        assert other is None or f"notebooks/{other}" not in (built.root / "_build" / "pages" / "log.txt").read_text()
        for file in (f"notebooks/{chapter}.html", f"executed/{chapter}.ipynb"):
            assert shown in (site_of(built) / file).read_text()


def test_a_site_that_cannot_be_delivered_does_not_replace_the_last(built):
    """Sphinx's pages are there, but what makes a site of them fails, as on a full disk."""
    assert built.run("render.py").returncode == 0
    first = site_of(built)
    extension = built.root / "book" / "_ext" / "delivery.py"
    extension.write_text(extension.read_text() + "\n\ndef copy_mathjax(static):\n    raise OSError('no space left')\n")
    failing(built, "no space left", script="render.py")
    assert site_of(built) == first and (first / "index.html").is_file()


def test_a_changed_heading_or_extension_renders_all_pages(built):
    assert built.run("render.py").returncode == 0
    built.write("one", ["# Another one\n\nIs one and one still two, and nothing else?", *ONE[1:]])
    assert built.run("render.py").returncode == 0
    assert ">Another one<" in re.sub(r"\s", " ", (site_of(built) / "notebooks" / "two.html").read_text()).replace("> ", ">").replace(" <", "<")
    extension = built.root / "book" / "_ext" / "claims.py"
    extension.write_text(extension.read_text() + "\n# changed\n")
    assert built.run("render.py").returncode == 0
    assert "notebooks/two" in (built.root / "_build" / "pages" / "log.txt").read_text()


def test_two_cold_builds_are_the_same(built, tmp_path_factory):
    assert built.run("render.py").returncode == 0
    other = SmallBook(tmp_path_factory.mktemp("again"))
    assert other.run().returncode == 0
    assert other.run("render.py").returncode == 0
    assert reproduce.differences(site_of(built), site_of(other)) == []


def test_a_changed_output_is_a_difference(built):
    assert built.run("render.py").returncode == 0
    first = reproduce.contents(site_of(built))
    edit(built.root / "notebooks" / "one.ipynb", "1 + 1", "1 + 2")
    assert built.run().returncode == 0
    assert built.run("render.py").returncode == 0
    second = reproduce.contents(site_of(built))
    changed = {name for name in first if first[name] != second[name]}
    assert {"notebooks/one.html", "executed/one.ipynb"} <= changed
    assert "notebooks/two.html" not in changed


def test_the_record_names_everything_that_the_outputs_depend_on(built):
    record = json.loads((built.root / "_build" / "executed" / "two.json").read_text())
    assert set(record["depends"]["files"]) == {"data/small.txt"}
    assert record["visible"] == ["data/small.txt"]
