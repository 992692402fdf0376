"""Live claims: what is cut out of a chapter, what is tried, what is fetched, and what is refused."""

import hashlib
import json
import zipfile

import nbformat
import pytest

from builder.files import BookError
from builder.live import choose, harness, runtime, slices
from builder.serve import served

CELLS = [
    "import numpy as np\nimport seaborn as sns\nsns.set_theme()\nrng = np.random.default_rng(3)  # for all",
    "def area(r):\n    # of a disc\n    return np.pi * scale * r**2\n\n\nscale = 1.0",
    "fig = sns.histplot([1])\nfig.set_title('drawn')",
    "drawn = rng.uniform(size=5)\nunused = 7",
    "table = {}\ntable['a'] = 1\nother = {}",
    "table['b'] = area(2)\nprint('between')",
    "r = rng.uniform(1, 2, 1000)\nassert np.allclose(area(r), np.pi * r * r), table",
]


def cut(number=7, how=slices.CLOSE, cells=CELLS):
    return dict(slices.Chapter(cells).cut(number, how))


def test_a_claim_gets_the_statements_that_it_needs():
    found = cut()
    assert found[1] == "import numpy as np\nrng = np.random.default_rng(3)  # for all"
    assert found[2] == CELLS[1], "with what the function needs once it is called, and its comment"
    assert 3 not in found, "what is drawn is left out"
    assert found[4] == "drawn = rng.uniform(size=5)", "it draws from the same generator"
    assert found[5] == "table = {}\ntable['a'] = 1" and found[6] == "table['b'] = area(2)", "what changes an object in place counts"


def test_the_last_value_alone_counts():
    assert cut(3, cells=["x = 1", "x = 2", "assert x == 2"]) == {2: "x = 2"}
    assert cut(3, cells=["x = 1", "x += 2", "assert x == 3"]) == {1: "x = 1", 2: "x += 2"}
    assert cut(3, cells=["x = 1", "if x:\n    x = 2", "assert x == 2"]) == {1: "x = 1", 2: "if x:\n    x = 2"}


def test_wider_cuts_take_what_may_change_a_value_and_all_there_is():
    cells = ["def fill(box):\n    box.append(1)", "box = []", "n = fill(box)", "y = 1", "assert box"]
    assert 3 not in cut(5, cells=cells)
    assert cut(5, slices.THOROUGH, cells) == {1: cells[0], 2: cells[1], 3: cells[2]}
    assert len(cut(5, slices.WHOLE, cells)) == 4


def test_what_decides_how_numbers_are_printed_is_kept():
    assert "np.set_printoptions(precision=2)" in cut(2, cells=["import numpy as np\nnp.set_printoptions(precision=2)", "print(np.pi)"])[1]


@pytest.mark.parametrize(
    ("cells", "type", "line", "text"),
    [
        ([["cell 1", "x = 1"], ["cell 2", "\nassert x == 2, 'not two'"]], "AssertionError", 2, "assert x == 2, 'not two'"),
        ([["cell 1", "def f():\n    return 1 / 0"], ["cell 2", "f()"]], "ZeroDivisionError", 1, "f()"),
        ([["cell 2", "x = (1\n"]], "SyntaxError", 1, "x = (1"),
        ([["cell 2", "raise SystemExit(3)"]], "SystemExit", 1, "raise SystemExit(3)"),
    ],
)
def test_a_fault_names_its_places(cells, type, line, text, monkeypatch):
    fault = harness.run(cells, lambda *_: None, {})
    place = next(one for one in fault["places"] if one["label"] == "cell 2")
    assert (fault["type"], place["line"], place["text"]) == (type, line, text)
    json.dumps(fault)


def test_what_each_cell_printed_is_told_as_it_comes():
    told = []
    assert harness.run([["a", "print(1, end='')"], ["b", "print(2)"]], lambda *one: told.append(one), {}) is None
    assert told == [("a", "1"), ("b", "2"), ("b", "\n")]


@pytest.mark.parametrize(
    ("before", "after", "label"),
    [
        ("x, y = f(99, 100), 1", "x, y = f(99, 101), 1", ("f(99, 100)", "f(99, 101)")),
        ("z = x**2", "z = x**3", ("x**2", "x**3")),
        ("if a < b:\n    pass", "if a <= b:\n    pass", ("a < b", "a <= b")),
        ("y = x.std()", "y = x.std(ddof=1)", ("x.std()", "x.std(ddof=1)")),
        ("é = 1\nu = 0.5 * np.sqrt(n)", "é = 1\nu = 1.0 * np.sqrt(n)", ("0.5 * np.sqrt(n)", "1.0 * np.sqrt(n)")),
        ("z = x.mean(axis=0)", "z = x.mean(axis=1)", ("axis=0", "axis=1")),
        ("x[i] = 3", "pass", ("x[i] = 3", "nothing")),
    ],
)
def test_labels_of_suggestions(before, after, label):
    assert choose.label(before, after) == label


def test_of_a_long_expression_the_part_that_changes_is_shown():
    before, after = (f"y = f('a text that is long', 'and another', {number}, 'and a third one of them')" for number in (4, 5))
    old, new = choose.label(before, after)
    assert "4" in old and "5" in new and max(len(old), len(new)) <= 34 and old.startswith("…") and old.endswith("…")


OFFERED = choose.Runtime({"numpy": "numpy", "scipy": "scipy"}, "1")


def judged(source, before=(), printed="", tags=("claim",), **metadata):
    """What is said of a claim with this cell after these, whose cell printed that."""
    cell = nbformat.v4.new_code_cell(source, metadata={"tags": list(tags), **metadata})
    chapter = slices.Chapter([*before, source])
    with choose.Trial() as trial:
        return choose.judge(chapter, {"number": 1, "cell": cell, "value": printed}, len(before) + 1, OFFERED, trial)


def test_a_claim_that_holds_alone_and_prints_the_same_is_live_and_what_is_suggested_makes_it_fail():
    found = judged("y = f(3) - 1\nprint(y)\nassert y == 5, 'not five'", ["import numpy as np\nimport keras\nimport math\ndef f(x):\n    return np.sum([x, x])"], "5")
    assert found["live"] and found["packages"] == ["numpy"] and found["seconds"] <= choose.MOST_SECONDS
    assert [label for label, _ in found["cells"]] == ["cell 1", "cell 2"] and "keras" not in found["cells"][0][1]
    assert len(found["suggestions"]) >= 2
    for one in found["suggestions"]:
        cells = [cell.copy() for cell in found["cells"]]
        cells[one["cell"]][1] = one["source"]
        assert harness.run(cells, lambda *_: None, {})["type"] == one["fault"] == "AssertionError" and " → " in one["label"]


def test_where_the_closest_cut_is_too_close_a_wider_one_is_taken():
    before = ["def fill(box):\n    box.append(1)\n    return 1", "box = []", "n = fill(box)"]
    found = judged("print(len(box))\nassert box", before, "1")
    assert found["live"] and found["cut"] == slices.THOROUGH


@pytest.mark.parametrize(
    ("why", "words", "arguments"),
    [
        ("framework", "keras", {"source": "import keras"}),
        ("framework", "multiprocessing", {"source": "import multiprocessing"}),
        ("file", "file", {"source": "import os\nassert os.path.exists('..')\ntext = open(os.path.abspath(__import__('builder').__file__)).read()"}),
        ("file", "network", {"source": "import urllib.request\nurllib.request.urlopen('http://127.0.0.1:9')"}),
        ("machine", "starts a program", {"source": "import os\nassert os.system('true') == 0"}),
        ("time", "1 s", {"source": "import time\nbegan = time.process_time()\nwhile time.process_time() < began + 2:\n    pass"}),
        ("time", "1 s", {"source": "assert x", "before": ["x = 1\nwhile x:\n    x = x"]}),
        ("time", "measures", {"source": "assert 1", "tags": ("claim", "timing")}),
        ("author", "live: false", {"source": "assert 1", "live": False}),
        ("IPython", "IPython", {"source": "%time x = 1"}),
        ("IPython", "IPython", {"source": "display(3)"}),
        ("cut", "prints", {"source": "print(4)", "printed": "5"}),
        ("cut", "not three", {"source": "assert 2 == 3, 'not three'"}),
    ],
)
def test_what_is_not_live_says_why(why, words, arguments, monkeypatch):
    monkeypatch.setattr(choose, "MOST_SECONDS", 1)
    found = judged(**arguments)
    assert not found["live"] and found["why"] == why and words in found["detail"], found


# The runtime: a package like Pyodide's, and a server that stands in for the host of its wheels.


def wheel(path, module, text):
    """A wheel with one module."""
    with zipfile.ZipFile(path, "w") as file:
        file.writestr(f"{module}.py", text)
        file.writestr(f"{module}-1.dist-info/METADATA", f"Metadata-Version: 2.1\nName: {module}\nVersion: 1\n")
        file.writestr(f"{module}-1.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        file.writestr(f"{module}-1.dist-info/RECORD", "")
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture
def host(tmp_path, monkeypatch):
    """A host with two wheels, one of which needs the other, and a package whose lock names them."""
    package, there = tmp_path / "pyodide", tmp_path / "host"
    for folder in (package, there):
        folder.mkdir()
    for name in runtime.CORE:
        (package / name).write_text(name)
    (package / "package.json").write_text('{"version": "9.9"}')
    sums = {name: wheel(there / f"{name}-1-py3-none-any.whl", name, "x = 1\n") for name in ("numpy", "scipy")}
    lock = {name: {"file_name": f"{name}-1-py3-none-any.whl", "sha256": sums[name], "imports": [name], "depends": ["numpy"] if name == "scipy" else []} for name in sums}
    (package / "pyodide-lock.json").write_text(json.dumps({"packages": lock}))
    monkeypatch.setattr(runtime, "pyodide", lambda: package)
    monkeypatch.setattr(runtime, "FOLDER", tmp_path / "runtime")
    monkeypatch.setattr(runtime, "BUILD", tmp_path / "build")
    monkeypatch.setattr(runtime, "PACKAGES", ["numpy", "scipy"])
    with served(there) as address:
        monkeypatch.setenv("BOOK_LIVE_WHEELS", address)
        yield there


def test_the_runtime_is_assembled_of_files_that_were_checked(host, tmp_path):
    found = runtime.assemble(["scipy"])
    assert found["packages"] == {"scipy": ["numpy-1-py3-none-any.whl", "scipy-1-py3-none-any.whl"]}
    for name, known in found["files"].items():
        content = (tmp_path / "runtime" / name).read_bytes()
        assert (len(content), hashlib.sha256(content).hexdigest()) == (known["size"], known["sha256"])
    for path in host.iterdir():
        path.unlink()
    assert runtime.assemble(["scipy"]) == found, "what was fetched is kept"
    assert runtime.assemble([])["packages"] == {} and not list((tmp_path / "runtime").glob("*.whl")), "and what is not needed is not in the site"


def test_another_file_than_the_lock_names_is_refused(host):
    (host / "numpy-1-py3-none-any.whl").write_bytes(b"something else")
    with pytest.raises(BookError, match="not the file that Pyodide's lock names"):
        runtime.assemble(["numpy"])


def test_where_wheels_cannot_be_had_one_line_says_so(host, capsys):
    (host / "scipy-1-py3-none-any.whl").unlink()
    assert list(runtime.assemble(["numpy", "scipy"])["packages"]) == ["numpy"]
    told = capsys.readouterr().out.splitlines()
    assert len(told) == 1 and told[0].startswith("live: no wheels of scipy") and "no button" in told[0]


def test_the_host_of_the_wheels_is_that_of_pyodides_own_code(host, tmp_path, monkeypatch):
    monkeypatch.delenv("BOOK_LIVE_WHEELS")
    (tmp_path / "pyodide" / "pyodide.mjs").write_text("var J=`https://host.invalid/pyodide/v${U}/full/`;")
    assert runtime.host(tmp_path / "pyodide", "9.9") == "https://host.invalid/pyodide/v9.9/full/"


def test_the_runtime_offers_what_its_lock_says(host):
    packages, lacking = runtime.offered(runtime.pyodide()).packages({"numpy.linalg", "math", "threading", "keras"})
    assert packages == {"numpy"} and lacking == {"threading", "keras"}
