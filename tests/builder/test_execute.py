"""Executing the small book: what is executed again and what is not, and what each fault leaves behind."""

import json
import os
import pathlib
import re
import resource
import shutil
import signal
import subprocess
import sys
import sysconfig
import venv

import nbformat
import numpy as np
import psutil
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from small import ONE, SmallBook, edit, wait_until

from benchmarks import build as bench
from builder import letters
from builder.chapters import chapters, load
from builder.execute import key as keys
from builder.execute.kernel import figures
from builder.files import ROOT
from builder.render.palette import COLOURS


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


def test_a_package_is_part_of_the_key_of_the_chapters_that_import_it(tmp_path, monkeypatch):
    def install(version):
        for old in tmp_path.glob("thing-*"):
            shutil.rmtree(old)
        info = tmp_path / f"thing-{version}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: thing\nVersion: {version}\n")
        (info / "top_level.txt").write_text("thing\n")
        (info / "RECORD").write_text("thing.py,,\n")

    def key(code):
        for found in (keys._modules, keys._requirements, keys._versions):
            found.cache_clear()
        return keys.key(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)]))

    (tmp_path / "thing.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    install("1.0")
    before = key("import thing"), key("import json")
    install("2.0")
    assert key("import thing") != before[0] and key("import json") == before[1]


def test_the_version_of_python_is_part_of_the_key(monkeypatch):
    notebook = load(chapters()[0])
    key = keys.key(notebook)
    monkeypatch.setattr(keys.platform, "python_version", lambda: "3.99.0")
    assert keys.key(notebook) != key


def test_how_a_cell_is_run_is_part_of_the_key_and_comments_and_the_scheduler_are_not(built):
    execute = built.root / "builder" / "execute"
    startup, scheduler = execute / "kernel" / "startup.py", execute / "pool.py"
    assert built.executed_by(lambda: scheduler.write_text(scheduler.read_text() + "\nchanged = True\n")) == set()
    assert built.executed_by(lambda: startup.write_text(startup.read_text() + "\n# changed\n")) == set()
    assert built.executed_by(lambda: startup.write_text(startup.read_text() + "\nchanged = True\n")) == {"one", "two"}


def test_a_chapter_sees_no_file_that_its_key_does_not_hold(small):
    (small.root / "data" / "other.txt").write_text("not named")
    assert small.run("checksums").returncode == 0
    small.write("one", [ONE[0], 'from pathlib import Path\nprint(Path("../data/ot" + "her.txt").exists())'])
    assert small.run().returncode == 0
    assert "False" in small.printed("one")


# --- faults: a clear cause, exit code not 0, nothing lost, and the next good build works


def test_a_cell_that_raises(small):
    small.write("one", [ONE[0], "x = 1\n\nassert x == 2, 'x is not two'\nprint('unreached')"])
    small.failing("one, code cell 1, line 3", "AssertionError: x is not two", ">   3  assert x == 2")
    assert small.printed("two")
    small.write("one", ONE)
    small.mended()


def test_a_failing_cell_fails_again(small):
    small.write("one", [ONE[0], "raise ValueError('bad')"])
    small.failing("ValueError: bad")
    small.failing("ValueError: bad")


def test_a_message_that_begins_with_an_empty_line_is_told(small):
    small.write("one", [ONE[0], "import numpy as np\nnp.testing.assert_allclose([1.0, 2.0], [1.0, 2.5], atol=0.1)"])
    small.failing("AssertionError: Not equal to tolerance rtol=1e-07, atol=0.1; Mismatched elements: 1 / 2 (50%)")


def test_a_cell_that_is_not_python(small):
    small.write("one", [ONE[0], "x = (1,\n"])
    small.failing("one, code cell 1", "SyntaxError")


def test_a_kernel_that_dies(small):
    small.write("one", [ONE[0], "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)"])
    small.failing("one, code cell 1", "the kernel died")
    small.write("one", ONE)
    small.mended()


@pytest.mark.skipif(not shutil.which("localedef"), reason="no other locale can be made here: it takes glibc's localedef")
def test_a_system_whose_letters_are_latin_alone(small, tmp_path):
    """A fault is said there too, in any letters."""
    made = subprocess.run(["localedef", "-i", "en_US", "-f", "ISO-8859-1", tmp_path / "en_US.ISO-8859-1"], capture_output=True, check=False)
    if not (tmp_path / "en_US.ISO-8859-1").exists():
        pytest.skip(f"the locale cannot be made here: {made.stderr.decode()}")
    small.write("one", ["# σ\n\nIs it said?", "raise ValueError('σ is no 日本')"])
    small.failing("σ is no 日本", LOCPATH=str(tmp_path), LANG="en_US.ISO-8859-1", LC_ALL="")


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_worker_that_is_stopped_says_who_may_have_done_it_and_what_to_do(small, number):
    small.write("one", ["# One\n\nWho stops it?", f"import os\nos.kill(os.getppid(), {int(number)})\nimport time\ntime.sleep(600)"])
    small.failing("one: its process", "in code cell 1", "by that cell, by someone else, or by the system", "run `make` again")
    small.write("one", ONE)
    small.mended()


def test_a_kernel_that_hangs(small):
    small.write("one", [ONE[0], "import time\ntime.sleep(1000)"])
    small.failing("one, code cell 1", "longer than 10 s", BOOK_TIMEOUT="10")
    small.write("one", ONE)
    small.mended()


def test_a_kernel_that_is_not_installed(small):
    small.write("one", ONE, kernel="no-such-kernel")
    small.failing("kernel 'no-such-kernel' is not installed")


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


WAITING = "from pathlib import Path\nimport time\nPath({!r}).touch()\nwhile not Path({!r}).exists():\n    time.sleep(0.05)\nprint('sum 2')"


@pytest.fixture
def gate(small, tmp_path):
    """`one` has a cell that says when it runs, and waits until it may go on: the two files."""
    runs, go = tmp_path / "runs", tmp_path / "go"
    small.write("one", [ONE[0], WAITING.format(str(runs), str(go))])
    return runs, go


def test_two_builds_at_once(small, gate):
    runs, go = gate
    first = small.start("execute", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_until(runs.exists, "the cell")
    small.failing("another build", str(first.pid))
    go.touch()
    assert first.wait() == 0
    small.mended()


def begun(small, gate):
    return True


def locked(small, gate):
    lock = small.root / "_build" / "lock"
    return lock.exists() and lock.read_text()


def prepared(small, gate):
    return list((small.root / "_build" / "scratch").glob("*/notebooks"))


def running(small, gate):
    return gate[0].exists()


@pytest.mark.parametrize(
    ("how", "sigint", "moment"),
    [
        *((signal.SIGINT, signal.SIG_DFL, moment) for moment in (begun, locked, running)),
        (signal.SIGTERM, signal.SIG_DFL, prepared),
        *((signal.SIGTERM, signal.SIG_IGN, moment) for moment in (locked, running)),
        *((signal.SIGKILL, signal.SIG_DFL, moment) for moment in (prepared, running)),
    ],
)
def test_an_interrupted_build(small, gate, moment, how, sigint):
    """At any moment, also where SIGINT is ignored, as in the background: it ends, nothing outlives it, and the next build is right."""
    process = small.start("execute", sigint=sigint, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    wait_until(lambda: moment(small, gate), moment.__name__)
    process.send_signal(how)
    _, stderr = process.communicate()
    assert process.returncode != 0
    assert "Traceback" not in stderr
    wait_until(lambda: not small.processes(), "the end of workers and kernels", seconds=60)
    small.write("one", ONE)
    small.mended()
    assert not list((small.root / "_build" / "scratch").glob("*"))


def test_make_again_ends_what_it_started(small, gate):
    """Ended by SIGTERM in the middle of a round: builder, kernels and the processes that keep the cores busy."""
    shutil.copytree(ROOT / "benchmarks", small.root / "benchmarks", ignore=shutil.ignore_patterns("__pycache__"))
    edit(small.root / "benchmarks" / "again.py", "LOADS = (0, 2, 6)", "LOADS = (2,)")
    for command in ("init", "add ."):
        subprocess.run(["git", *command.split()], cwd=small.root, capture_output=True, check=True)
    process = subprocess.Popen([sys.executable, "-m", "benchmarks.again", "1"], cwd=small.root)
    wait_until(gate[0].exists, "the cell")
    assert [one for one in small.processes() if "getppid" in " ".join(one.cmdline())]
    process.terminate()
    assert process.wait(timeout=300) == 128 + signal.SIGTERM
    wait_until(lambda: not small.processes(), "the end of what it started")


def test_a_part_of_the_benchmarks_takes_its_place_on_their_page(tmp_path, monkeypatch):
    """Also one that the page did not have before; the others stay as they are."""
    page = tmp_path / "benchmarks.md"
    page.write_text(bench.PAGE.format(parts=f"{bench.BUILD_PART}\n{bench.NETWORK_PART}"))
    monkeypatch.setattr(bench, "RESULT", page)
    monkeypatch.setattr(bench.again, "known", lambda: [{"busy": 2, "seconds": 8, "fault": None}, {"busy": 2, "seconds": 10, "fault": "book: no"}])
    for _ in range(2):
        bench.main(["again"])
        text = page.read_text()
        assert [text.count(form.partition("\n")[0]) for form in (bench.BUILD_PART, bench.AGAIN_PART, bench.NETWORK_PART)] == [1, 1, 1]
        assert bench.BUILD_PART.strip() in text and text.endswith(f"{bench.NETWORK_PART.strip()}\n")
        assert "**1 of 2 builds executed every chapter**" in text and "| 2 | 2 | 1 | 9 |" in text


def test_the_rest_of_a_killed_build_replaces_no_newer_result(small, gate):
    """The worker is stopped, so that it does not hear of the end of its parent, and goes on after the next build."""
    process = small.start("execute", "one", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_until(gate[0].exists, "the cell")
    (worker,) = [one for one in small.processes() if "builder.execute.chapter" in one.cmdline()]
    worker.suspend()
    process.kill()
    process.wait()
    small.write("one", ONE)
    small.mended()
    newer = small.times()["one"]
    worker.resume()
    gate[1].touch()
    psutil.wait_procs([worker], timeout=300)
    assert small.times()["one"] == newer and "sum 2" in small.printed("one")


def test_a_data_file_that_is_missing(built):
    (built.root / "data" / "small.txt").unlink()
    built.failing("data/small.txt is missing", "git checkout")
    assert built.printed("two")


def test_a_data_file_with_another_checksum(built):
    built.write_data("tampered", checksum=False)
    built.failing("data/small.txt differs from its checksum", "make checksums")


def test_a_notebook_that_is_not_json(built):
    (built.root / "notebooks" / "one.ipynb").write_text("{ not json")
    built.failing("notebooks/one.ipynb is not a valid notebook")
    built.write("one", ONE)
    built.mended()


def test_a_notebook_that_is_missing(built):
    (built.root / "notebooks" / "one.ipynb").unlink()
    built.failing("there is no notebooks/one", "git checkout")


def test_a_chapter_that_does_not_exist(built):
    result = built.run("execute", "three")
    assert result.returncode != 0 and "no chapter 'three'" in result.stderr


def test_an_output_folder_that_cannot_be_written(small):
    (small.root / "_build").write_text("a file in its place")
    small.failing("_build")


def test_a_full_disk(small):
    folder = small.root / "_build"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", folder], capture_output=True, check=False)
    if mounted.returncode:
        pytest.skip("a small disk cannot be mounted here: needs root")
    try:
        small.write("one", [ONE[0], "from IPython.display import HTML\nprint('sum 2')\nHTML('a long line' * 40_000)"])
        small.failing("o space left", "free space")
        small.write("one", ONE)
        small.mended()
        small.failing("o space left", "free space", "the site is left as it was", command=("render",))
        assert not small.site.exists()
    finally:
        subprocess.run(["umount", "-l", folder], check=True)
    small.mended()


def test_a_path_with_spaces_and_other_letters(tmp_path):
    root = tmp_path / "Bücher und mehr"
    root.mkdir()
    small = SmallBook(root)
    small.mended()
    assert (small.render() / "notebooks" / "one.html").is_file()


def test_an_unlisted_data_file(built):
    (built.root / "data" / "new file.txt").write_text("new")
    built.failing("data/new file.txt has no checksum", "make checksums")
    assert built.run("checksums").returncode == 0
    assert built.run().returncode == 0


def test_nothing_is_kept_of_a_deleted_chapter(built):
    (built.root / "notebooks" / "two.ipynb").unlink()
    edit(built.root / "_toc.yml", ", {file: notebooks/two}", "")
    assert built.run("execute", "one").returncode == 0 and "two" in built.times()
    assert built.run().returncode == 0 and set(built.times()) == {"one"}
    assert [path.name for path in sorted((built.root / "_build" / "executed").iterdir())] == ["one.ipynb", "one.json"]


@pytest.mark.parametrize("prints", ["print('x' * 100_000_000)", "'x' * 2_000_000", "while True:\n    print('x' * 1000)"])
def test_a_cell_that_prints_without_end(built, prints):
    built.write("one", [ONE[0], "x = 1", prints])
    built.failing("one, code cell 2", "it prints more than 100,000 characters: print less")
    built.write("one", ONE)
    built.mended()


def test_nothing_is_lost_that_a_cell_prints_faster_than_it_is_read(built):
    """The reader stands still meanwhile: at a thousand messages ZeroMQ would begin to drop them."""
    stop, go = (f"os.kill(os.getppid(), signal.{name})" for name in ("SIGSTOP", "SIGCONT"))
    built.write("one", [ONE[0], f"import os, signal\n{stop}\nfor i in range(4000):\n    print(i, flush=True)\n{go}", "print('sum', 2)"])
    assert built.run("execute", "one").returncode == 0
    assert built.printed("one").split("\n")[:4001] == [*map(str, range(4000)), "sum 2"]


def test_a_chapter_finds_no_names_that_it_did_not_import_and_may_use_any(built):
    built.write("one", [ONE[0], "print([name for name in ('os', 'sys', 'logging') if name in globals()])", "os = sys = logging = 5\nprint(os)", "%reset -f", "print('sum', 2)"])
    assert built.run("execute", "one").returncode == 0
    assert built.printed("one") == "[]\n5\nsum 2\n" and "Traceback" not in (built.root / "_build" / "executed" / "one.ipynb").read_text()


FIGURE = "import matplotlib.pyplot as plt\n{settings}\nplt.title('letters')\nplt.xticks([]), plt.yticks([])\nplt.show()"
IN_THE_BOOKS = 'href="#BookSans-'


@pytest.mark.parametrize(
    ("settings", "theirs"),
    [("", True), ("import seaborn\nseaborn.set_theme()", True), ("plt.rcParams['font.family'] = 'DejaVu Serif'", False), ("plt.rcParams['font.sans-serif'] = ['DejaVu Sans Mono']", False)],
    ids=["matplotlib", "seaborn", "another family", "another font"],
)
def test_figures_have_the_books_letters_where_the_chapter_asks_for_no_others(built, settings, theirs):
    """What stands above a figure and what it draws in the same cell, also the first one that imports matplotlib."""
    shutil.copy(ROOT / "book" / "fonts" / "sans.woff", built.root)
    edit(built.root / "_config.yml", "builder: {", "builder: {chart_font: sans.woff, ")
    built.write("one", [ONE[0], FIGURE.format(settings=settings)])
    assert built.run("execute", "one").returncode == 0
    drawn = (built.root / "_build" / "executed" / "one.ipynb").read_text()
    assert (IN_THE_BOOKS.replace('"', '\\"') in drawn) is theirs, "its letters are outlines"


def test_the_font_is_part_of_the_key(built):
    """And it may be given or taken away."""
    font, config = built.root / "sans.woff", built.root / "_config.yml"
    shutil.copy(ROOT / "book" / "fonts" / "sans.woff", font)
    assert built.executed_by(lambda: edit(config, "builder: {", "builder: {chart_font: sans.woff, ")) == {"one", "two"}
    assert built.executed_by(lambda: font.write_bytes(letters._instance(letters.source(), "bold")) and None) == {"one", "two"}
    font.write_bytes((ROOT / "book" / "_static" / "serif.woff2").read_bytes())
    built.failing("sans.woff as `chart_font`, which is no font", "name a WOFF or TrueType file, or none")


def test_too_few_open_files_are_named_with_the_cure(small):
    result = small.run("execute", "one", preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (20, 20)))
    assert result.returncode and "allow more with `ulimit -n 1024`" in result.stderr and "Traceback" not in result.stderr, result.stderr


def test_a_folder_for_temporary_files_may_have_a_long_name(built, tmp_path):
    (tmp_path / ("long" * 30)).mkdir()
    built.write("one", [ONE[0], "print('sum', 2, 2)"])
    assert built.run("execute", "one", TMPDIR=str(tmp_path / ("long" * 30))).returncode == 0


def test_a_long_message_is_cut_and_moves_no_cursor(built):
    built.write("one", [ONE[0], "raise ValueError('\\x1b[2Jwrong ' + 'x' * 5_000_000)"])
    result = built.failing("ValueError:  [2Jwrong x")
    assert len(result.stdout + result.stderr) < 10_000 and "\x1b" not in result.stdout + result.stderr
    assert (built.root / "_build" / "executed" / "one.json").stat().st_size < 300_000


def test_what_a_cell_started_and_left_ends_with_its_chapter(small):
    """And a worker that a cell ended is missed in that cell."""
    small.write("one", [ONE[0], 'import subprocess\nsubprocess.Popen(["sleep", "1000"])\nprint("sum", 2)'])
    small.mended()
    wait_until(lambda: not small.processes(), "the end of the cell's child", seconds=60)
    small.write("one", [ONE[0], "x = 1", "import os, signal\nos.kill(os.getppid(), signal.SIGKILL)", "import time\ntime.sleep(60)"])
    small.failing("one: its process was ended by signal")


DAEMON = """import subprocess
subprocess.Popen(["setsid", "--fork", "sleep", "1000"], start_new_session=True)
print("sum", 2)"""


def test_a_daemon_ends_with_its_chapter(small):
    """It left its session and its parent; also where the build is killed."""
    small.write("one", [ONE[0], DAEMON])
    small.mended()
    assert not small.processes()
    small.write("one", [ONE[0], DAEMON, "import time\ntime.sleep(1000)"])
    build = small.start("execute")
    wait_until(lambda: "sleep" in [process.name() for process in small.processes()], "the cell's daemon")
    build.kill()
    build.wait()
    wait_until(lambda: not small.processes(), "the end of all that the build had started", seconds=60)


def test_a_cell_that_forks_has_one_kernel_afterwards(small):
    small.write("one", [ONE[0], 'import os\nos.fork()\nprint("sum", 2, flush=True)', 'print("once")'])
    small.mended()
    assert small.printed("one") == "sum 2\nonce\n"


def test_a_chapter_that_installs_something_is_named(small, tmp_path):
    """In whatever disguise; what it showed is not kept. (Into an environment of its own, for other tests watch theirs.)"""
    venv.create(tmp_path / "venv", with_pip=False)
    own = sysconfig.get_path("purelib", vars={"base": str(tmp_path / "venv")})
    pathlib.Path(own, "ours.pth").write_text(sysconfig.get_path("purelib"))
    small.write("one", [ONE[0], "import pathlib, site\n(pathlib.Path(site.getsitepackages()[0]) / 'nobody_needs_this-1.0.dist-info').mkdir()\nprint('sum', 2)"])
    result = subprocess.run([tmp_path / "venv/bin/python", "-m", "builder", "execute", "one"], cwd=small.root, capture_output=True, text=True, check=False)
    assert result.returncode and "one: while it ran, this Python's packages changed (nobody_needs_this-1.0): list what a chapter needs in requirements.txt" in result.stderr
    assert not (small.root / "_build" / "executed" / "one.json").exists()


def test_no_kernel_outlives_its_chapter(built):
    """Also where several chapters are executed by one process, as `make colab` does."""
    program = "from builder.execute.chapter import run_chapter\nfor name in ('one', 'one'):\n    run_chapter(name, [])\nimport psutil\nprint(psutil.Process().children(recursive=True))"
    result = subprocess.run([sys.executable, "-c", program], cwd=built.root, capture_output=True, text=True, check=False)
    assert result.returncode == 0 and result.stdout.strip() == "[]", result.stdout + result.stderr


def test_the_record_names_everything_that_the_outputs_depend_on(built):
    record = json.loads((built.root / "_build" / "executed" / "two.json").read_text())
    assert set(record["depends"]["files"]) == {"data/small.txt"}
    assert record["visible"] == ["data/small.txt"]


# --- whoever starts it: the surroundings of a chapter are the builder's


DRAW = "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()"


def test_a_figure_is_drawn_for_a_page_and_a_phone_too(small):
    """In their widths, with letters of the same size, and with the ticks of charts; the chapter sees nothing of it, and what is downloaded has the figure as its cell drew it."""
    draw = "import matplotlib.pyplot as plt\nfig, ax = plt.subplots(figsize=(5, 3))\nax.plot([1, 2])\nax.set_xlabel('letters')\n{}\nplt.show()\nprint('sum', 2, *fig.get_size_inches(), plt.get_fignums(), ax.get_position())"
    cells = [draw.format(more) for more in ("", "ax.set_aspect('equal')", "fig.set_layout_engine('constrained')")]
    small.write("one", [ONE[0], *cells])
    small.mended()
    assert small.printed("one").count("sum 2 5.0 3.0 [] Bbox") == 3
    notebook = nbformat.read(small.root / "_build" / "executed" / "one.ipynb", as_version=4)
    for output in (one for cell in notebook.cells for one in cell.get("outputs", []) if "image/svg+xml" in one.get("data", {})):
        forms = output.metadata["image/svg+xml"]
        soft = f"stroke: {COLOURS['light']['chart-soft']}; stroke-width: 0.8"
        assert all(svg.count(soft) > 4 for form, svg in forms.items() if form != "values") and soft not in output.data["image/svg+xml"], "not the ticks of charts"
        sizes = {form: [float(one) for one in re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', svg).groups()] for form, svg in forms.items() if form != "values"}
        assert all(abs(across - width) < 2 or high > 0.95 * across for (across, high), width in ((sizes["phone"], 340), (sizes["page"], 607))), f"neither so wide nor a square: {sizes}"
        assert len({re.search(r"<!-- letters -->.*?scale\(([\d.]+)", svg, re.S)[1] for svg in [output.data["image/svg+xml"], *(forms[form] for form in sizes)]}) == 1


KNOWN = """import matplotlib.pyplot as plt, numpy as np, pandas as pd
fig, ((a, b), (c, d)) = plt.subplots(2, 2, figsize=(6.4, 5), layout="constrained")
a.loglog([1, 10, 1000], [0.02, 5, 48206], label="$x^2$")
a.axhline(3)
a.set(xlabel="size $n$", ylabel="cost (s)")
days = pd.date_range("2020-02-28", periods=4)
b.plot(days, [1200, 2400.4, 3000, -500], "o")
b.plot(days[:1], [3000], "^", color="C0")  # beyond the axis
b.plot(days, [0.5] * 4, "s")
b.xaxis.set_major_formatter(plt.matplotlib.dates.DateFormatter("%-d %b"))
b.set(ylabel="cases", xticks=pd.to_datetime(["2020-02-29"]))
c.barh(["one", "two"], [0.25, 0.5])
c.xaxis.set_major_formatter("{x:.0%}")
c.set(xticks=[0, 0.5])
d.errorbar([1, 2], [10, 20.5], [1, 2], fmt="s", color="C0")
d.scatter([1.5], [12], color="C1")
for place, name, colour in ((15, "tries", "C0"), (18, "guess", "C1")):
    d.text(1.2, place, name, color=colour)
d.set(xlabel="at", ylabel="seen", xlim=(0, 2.5))
plt.show()
plt.imshow([[1, 2], [3, 4]])
plt.colorbar()
plt.show()
print("sum", 2)"""


def test_what_the_marks_of_a_figure_stand_for_is_written_down_when_it_is_drawn(small):
    """In the words of its axes, with the name of its legend or of a label beside it, and where it is in each form; nothing of guides and of pictures."""
    small.write("one", [ONE[0], KNOWN])
    small.mended()
    notebook = nbformat.read(small.root / "_build" / "executed" / "one.ipynb", as_version=4)
    figure, picture = [one.metadata["image/svg+xml"] for one in notebook.cells[1].outputs if "image/svg+xml" in one.get("data", {})]
    assert "values" not in picture
    plots = figure["values"]
    assert [plot["axes"] for plot in plots] == [["size n", "cost (s)"], ["", "cases"], ["", ""], ["at", "seen"]]
    said = [[(one["name"], list(zip(*one["said"]))) for one in plot["sets"]] for plot in plots]
    assert said == [
        [(["", "x²"], [("1", "0.02"), ("10", "5"), ("1,000", "48,206")])],
        [(["", ""], [("28 Feb", "1,200"), ("29 Feb", "2,400"), ("1 Mar", "3,000"), ("2 Mar", "−500")])],
        [(["", ""], [("25%", "one"), ("50%", "two")])],
        [(["", "tries"], [("1.0", "10.0 (9.0 to 11.0)"), ("2.0", "20.5 (18.5 to 22.5)")]), (["", "guess"], [("1.5", "12.0")])],
    ]
    for form in ("page", "phone", "panels"):
        width, height = map(float, re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', figure[form]).groups())
        found = re.findall(r'<use xlink:href="[^"]*" x="([\d.]+)" y="([\d.]+)"|[ML] ([\d.]+) ([\d.]+)', figure[form])
        drawn = [(float(x or left), float(y or top)) for x, y, left, top in found]
        for plot in plots:
            x0, y0, x1, y1 = plot["boxes"][form]
            for one in plot["sets"]:
                for x, y in [*zip(one["x"], one["y"]), *zip(*one["to"])]:
                    here = width * (x0 + (x1 - x0) * x / 2000), height * (y0 + (y1 - y0) * y / 2000)
                    assert min(abs(here[0] - x) + abs(here[1] - y) for x, y in drawn) < 0.4, f"{form}, {one['name']}: nothing is drawn at {here}"


def test_intervals_and_words_of_a_figure_are_written_down_too():
    """Of lines or a band in the colour of its points, as far as they can be seen; beside each other, numbers have as many decimals; words lie where they are drawn."""
    figure = Figure(figsize=(4, 3), layout="constrained")
    across, up = figure.subplots(1, 2)
    across.plot(np.linspace(1, 3, 50), np.linspace(0.2, 0.9, 50), color="C1", label="theory")
    across.vlines([1, 2], [0.05, 0.3], [0.25, 2], color="C1", alpha=0.7)
    across.vlines([1, 2], 0, [0.3, 0.5], color="C0")  # stems
    for places, colour, name in (([0.2, 0.41], "C1", "trained"), ([0.3, 0.5], "C0", "other")):
        across.plot([1, 2], places, "o", color=colour, label=name)
    across.set(ylim=(0.1, 1), xlim=(0, 4), xticks=range(5))
    across.text(3, 0.3, "a word")
    up.fill_between([1, 10, 100], [0.02, 0.3, 2], [0.06, 0.5, 3], color="C2", alpha=0.3)
    up.loglog([1, 10, 100], [0.04, 0.425, 2.5], color="C2")
    values = figures.Values(figure)
    FigureCanvasAgg(figure).draw()
    values.keep("page")
    plots = values.noted()
    sets = {one["name"][1]: one for one in plots[0]["sets"]}
    assert {name: one.get("marked", False) for name, one in sets.items()} == {"theory": False, "trained": True, "other": True}
    assert sets["trained"]["said"] == [["1", "2"], ["0.20 (under 0.1 to 0.25)", "0.41 (0.30 to over 1)"]]
    assert sets["other"]["said"][1] == ["0.30", "0.50"] and "ends" not in sets["other"], "stems are no intervals"
    low, high = sets["trained"]["ends"]
    assert sets["trained"]["along"] == 1 and low[0] == 0 and high == [round(2000 * 0.15 / 0.9), 2000]
    (left, under, right, over), box = plots[0]["words"]["page"][0], plots[0]["boxes"]["page"]
    assert (left, under) == (pytest.approx(1500, abs=12), pytest.approx(2000 * 0.2 / 0.9, abs=60)) and right > left + 200 and over > under + 40 and len(box) == 4
    assert plots[1]["sets"][0]["said"][1] == ["0.0400 (0.0200 to 0.0600)", "0.425 (0.300 to 0.500)", "2.50 (2 to 3)"]


@pytest.mark.parametrize(("label", "found"), [("1,000", (1000, "")), ("−10⁶", (-1e6, "")), ("3×10⁻⁴", (3e-4, "")), ("4/5", (0.8, "")), ("30%", (30, "%")), ("5 s", (5, " s")), ("1st", None), ("two", None), ("", None)])
def test_the_label_of_a_tick_is_read(label, found):
    assert figures.number(label) == (found and (pytest.approx(found[0]), found[1]))


@pytest.mark.parametrize(("value", "step", "text"), [
    (48206, None, "48,206"), (88407334.2, None, "88,400,000"), (0.000123, None, "0.000123"), (3.2e-7, None, "3.2×10⁻⁷"), (1e-9, None, "10⁻⁹"), (94.6999, 0.2, "94.7"), (-2.815, 0.002, "−2.815"), (-1e-4, 0.002, "0"), (1234.5, 1, "1,234"), (0, 1, "0"),
])  # fmt: skip
def test_a_number_is_written_as_finely_as_it_is_drawn(value, step, text):
    assert figures.written(value, step) == text


@pytest.mark.parametrize(("values", "step", "texts"), [
    ([0.4, 0.41, 1], 0.002, ["0.40", "0.41", "1.00"]), ([1, 20, 0], 0.04, ["1", "20", "0"]), ([0.9996, 0.98, -0.0004], 0.002, ["1.00", "0.98", "0.00"]),
    ([0.4, 0.412, 64, 1000], None, ["0.400", "0.412", "64", "1,000"]), ([0.03, 0.3], None, ["0.03", "0.3"]), ([3e-7, 0.5], None, ["3×10⁻⁷", "0.5"]),
])  # fmt: skip
def test_numbers_beside_each_other_have_as_many_decimals(values, step, texts):
    assert [figures.written(one, step, figures.finest(values, step)) for one in values] == texts


def test_what_the_builder_takes_from_the_environment_is_in_form(small):
    small.failing("BOOK_TIMEOUT in the environment is 'soon', not a number of seconds", BOOK_TIMEOUT="soon")
    small.failing("BOOK_URL in the environment is 'example.org'", BOOK_URL="example.org", BOOK_TOC="/nowhere")
    assert small.run("execute", "three", BOOK_TOC="/nowhere").stderr.startswith("book: no chapter 'three'"), "another table of contents was taken"


def test_what_is_asked_of_a_command_is_in_form(small):
    assert small.run("execute", "three", BOOK_TIMEOUT="", BOOK_URL="").stderr.startswith("book: no chapter 'three'"), "empty is as unset"
    small.failing("no chapter '../x' in _toc.yml", command=("render", "../x"))
    small.failing("there is no notebooks/three.ipynb", command=("tidy", "three"))
    for command in (("execute", "--jobs", "0"), ("doubt", "-n", "-1"), ("serve", "--port", "65536")):
        result = small.run(*command)
        assert result.returncode and "is no whole number from" in result.stderr.splitlines()[-1], result.stderr


def test_whoever_starts_it_may_have_closed_and_ignored_everything(small):
    def surroundings():
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        os.closerange(0, 3)

    assert subprocess.Popen(small.command("execute"), cwd=small.root, preexec_fn=surroundings).wait() == 0
    assert "sum 2" in small.printed("one")


def test_nobody_reads_what_it_says(built):
    """As in `make | head -1`."""
    reads, writes = os.pipe()
    os.close(reads)
    result = subprocess.run(built.command("execute"), cwd=built.root, stdout=writes, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writes)
    assert result.returncode == 1 and result.stderr.count("\n") == 1 and "nobody reads what it says" in result.stderr, result.stderr


def test_what_the_user_has_set_changes_nothing(small, tmp_path):
    """Backends, settings of Python, a module that shadows the library's, another kernel of the same name, another home."""
    small.write("one", [ONE[0], DRAW, "import html, sys, os\nprint('sum 2', html.escape('<'), sys.flags.optimize, sorted(os.environ))"])
    small.mended()
    before = (small.root / "_build" / "executed" / "one.ipynb").read_text()
    shutil.rmtree(small.root / "_build" / "executed")
    (tmp_path / "html.py").write_text("raise ValueError('not the library')")
    (tmp_path / "start.py").write_text("raise ValueError('the user')")
    spec = tmp_path / "kernels" / "python3"
    spec.mkdir(parents=True)
    (spec / "kernel.json").write_text(json.dumps({"argv": ["false"], "display_name": "foreign", "language": "python"}))
    result = small.run(
        MPLBACKEND="Agg", PYTHONPATH=str(tmp_path), PYTHONSTARTUP=str(tmp_path / "start.py"), PYTHONWARNINGS="error", PYTHONOPTIMIZE="2",
        JUPYTER_PATH=str(tmp_path), JUPYTER_CONFIG_DIR=str(tmp_path), IPYTHONDIR=str(tmp_path), MPLCONFIGDIR=str(tmp_path), CUDA_VISIBLE_DEVICES="7",
        PYTHONVERBOSE="1", PYTHONDEVMODE="1", LC_ALL="xx", COLUMNS="20", FORCE_COLOR="1", SOURCE_DATE_EPOCH="0", TF_CPP_MIN_LOG_LEVEL="0", KERAS_BACKEND="torch", HOME="/nowhere", LANG="xx", TZ="Asia/Kathmandu", OMP_NUM_THREADS="7",
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    assert (small.root / "_build" / "executed" / "one.ipynb").read_text() == before
    assert "image/svg+xml" in before


@pytest.mark.parametrize(
    "code",
    [
        'import os\nos.system("echo [1, 1, 1]")',
        'import subprocess\nsubprocess.run(["echo", "1"])',
        'import os\nos.write(1, b"not json\\n")\nos.write(2, b"not json\\n")',
        'open("/dev/stdout", "w").write("{}")',
        'import sys\nsys.__stdout__.write("x" * 100_000)\nsys.__stdout__.flush()',
    ],
)
def test_a_cell_may_write_anything_anywhere(small, code):
    small.write("one", [ONE[0], f"{code}\nprint('sum', 2)"])
    small.mended()
    assert small.printed("one") == "sum 2\n", "what is written past Python's own output is dropped"


# --- the cells as tests


def test_the_failing_cell_is_named_and_later_ones_are_not_executed(small):
    claim = "**Claim 1.** One and one are two, as everyone knows."
    small.write("one", [ONE[0], "x = 1", "print(x)\nassert x == 2, 'x is not two'", claim, "print('unreached', x)\nassert x == 2, 'x is not two'"], tags=["claim"])
    small.run()
    shutil.copy(ROOT / "pytest.ini", small.root)
    command = [sys.executable, "-m", "pytest", "--numprocesses", "0", "notebooks"]
    report = subprocess.run(command, cwd=small.root, env=dict(os.environ), capture_output=True, text=True, check=False)
    assert report.returncode == 1, report.stdout + report.stderr
    assert "3 passed" in report.stdout and "2 failed" in report.stdout
    assert "one, code cell 2, line 2" in report.stdout and "AssertionError: x is not two" in report.stdout
    assert "not executed: cell 2 of one failed before it" in report.stdout
