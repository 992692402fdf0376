"""The instrument of doubt: what it changes, what it executes, what it notices, and what it keeps."""

import ast
import os
import pathlib
import re
import resource
import subprocess
import sys

import psutil
import pytest
from small import edit, wait_until

from builder.doubt import command, results, seeds, state
from builder.doubt.dataflow import names
from builder.doubt.essence import essence
from builder.doubt.house import Chapter
from builder.doubt.mutants import sites
from builder.doubt.run import STEP, attempt, draw, places, reseed
from builder.files import ROOT, BookError

CELLS = [
    "import numpy as np\nrng = np.random.default_rng(3)",
    "def area(r):\n    return np.pi * r**2",
    "r = rng.uniform(1, 2, 1000)\nassert np.allclose(area(r), np.pi * r * r)",
    "unused = r * 3",
    "total = 0\nwhile total < 5:\n    total += 1\nassert total == 5",
    "last = area(2.0) + rng.random()\nassert 12 < last < 14",
]
SMALL = Chapter("small", CELLS, {3: 1, 6: 2})


def changed(source):
    """All that the cell may become."""
    return {mutant.source for place in sites(source) for mutant in place}


@pytest.mark.parametrize(
    ("source", "becomes"),
    [
        ("y = a - b", ["y = a + b", "y = (b - a)", "y = a", "y = -(a - b)", "y = 2 * (a - b)"]),
        ("y = x**2", ["y = x**3", "y = x**1", "y = x*2"]),
        ("y = x.mean(axis=0)", ["y = x.sum(axis=0)", "y = x.mean(axis=1)", "y = x.mean(axis=None)"]),
        ("y = x.std()", ["y = x.var()", "y = x.std(ddof=1)"]),
        ("y = x.std(ddof=1)", ["y = x.std()", "y = x.std(ddof=0)"]),
        ("y = x[1:n]", ["y = x[2:n]", "y = x[1:n + 1]", "y = x[1:n - 1]"]),
        ("y = list(range(n))", ["y = list(range(n - 1))", "y = list(range(1, n))"]),
        ("y = f(a, b)", ["y = f(b, a)"]),
        ("y = a <= b", ["y = a < b", "y = a >= b"]),
        ("y = a @ b", ["y = (b @ a)", "y = (a.T @ b)", "y = (a @ b.T)"]),
        ("x = 1\nx += 2", ["x = 1\nx -= 2", "x = 1\npass"]),
        ("y = rng.normal(0, s, 9)", ["y = rng.normal(0, 2 * (s), 9)", "y = rng.normal(1, s, 9)"]),
        ("y = np.sqrt(é)  # é", ["y = é  # é"]),
        ("%time pass\ny = -x", ["%time pass\ny = x"]),
        ("if a and b:\n    y = f(x)", ["if a or b:\n    y = f(x)", "if not (a and b):\n    y = f(x)"]),
    ],
)
def test_slips_that_a_person_makes(source, becomes):
    assert set(becomes) <= changed(source)


@pytest.mark.parametrize(
    "source",
    [
        "import numpy as np",
        "assert abs(a - b) < 0.1 * c, 'far'",
        "np.testing.assert_allclose(a, b, rtol=0.1)",
        "print(f'{a + b:.3f}', 2 * c)",
        "rng = np.random.default_rng(1853)",
        "keras.utils.set_random_seed(7)",
        "'''Text with 2 + 3.'''",
        "fig, ax = plt.subplots(2, 1, figsize=(6.4, 3))",
        "ax.set(xlim=(0, 1), xlabel='x')",
        "for n in [10, 20]:\n    pass",
        "for a, b in [(x, -3), (2, 'two')]:\n    pass",
        "chart.y_axis.scale(domain=[-1, 11])",
        "%%bash\necho $((1 + 2))",
    ],
)
def test_what_no_conclusion_rests_on_is_left_alone(source):
    assert not changed(source)


def test_looks_are_left_alone_and_what_is_drawn_is_not():
    assert changed("ax.plot(x, y + 1, lw=2, alpha=0.5, color='C1')") == {
        text.format("lw=2, alpha=0.5, color='C1'")
        for text in ("pass", "ax.plot(y + 1, x, {})", "ax.plot(x, y - 1, {})", "ax.plot(x, y, {})", "ax.plot(x, 1, {})", "ax.plot(x, y + 2, {})", "ax.plot(x, y + 0, {})")
    }


CODE = "def f(x):\n    return 2 * x\n\n", 'print("mean", y.mean())\nassert y.mean() > 0, "low"\n', 'ax.plot(x, f(x), label="a", color="C0")\nax.legend()\n'


@pytest.mark.parametrize(("old", "new"), [
    ("    return", '    """Twice."""\n    return'), ("2 * x", "2 * x  # twice"), ('print("mean", y.mean())', 'print(f"the mean is {y.mean():.2f}")'), ('print("mean", y.mean())\n', ""), ('"low"', '"the mean is not positive"'),
    ('label="a", ', ""), ("ax.legend()", 'ax.text(x[-1], 0, " f", color="C0")'), ("ax.legend()", 'for at, name in ((0, "a"), (1, "b")):\n    ax.annotate(name, (at, 0))'),
])  # fmt: skip
def test_results_stay_where_only_words_and_looks_have_changed(old, new):
    assert essence(tuple(cell.replace(old, new) for cell in CODE)) == essence(CODE)


def test_of_a_print_its_calls_count_and_its_words_do_not():
    said = lambda text: essence((*CODE, text))  # noqa: E731
    assert said('print("f is", f(x), end=" ")') == said('print(f"f\\n  {f(x):.2f} of {y.sum()}")') == said("print(f(x))\nprint()") == said("print('yes' if f(x) is None else 'no')")
    others = "print()", "print(f(y))", "print(f(x), f(x))", "print(f(x) if y else 0)", "print(*(f(x) for x in y))", "print(x := 1)"
    assert len({said(one) for one in ("print(f(x))", *others)}) == 7
    assert said("print(*(f(x) for x in y))") != said("print(*(f(x) for x in z))")


@pytest.mark.parametrize(("old", "new"), [
    ("2 * x", "-2 * x"), ("f(x), label", "x, label"), ("> 0", ">= 0"), ("y.mean() > 0", "y.std() > 0"), ('y.mean())\n', "f(y))\n"), ('y.mean())\n', "rng.normal())\n"),
    ("ax.legend()", "ax.text(next(x), 0, str())"), ("ax.legend()", "ax.plot(x, x)"), ("ax.legend()", "for at in f(x):\n    ax.annotate('a', (at, 0))"), ("ax.legend()", "for x in (1, 2):\n    ax.annotate('a', (x, 0))"), ("ax.legend()", "!rm data.csv"), ("def f(x)", "def f(x, mode='same')"),
])  # fmt: skip
def test_results_are_of_other_code_where_a_value_may_have_changed(old, new):
    changed = tuple(cell.replace(old, new) for cell in CODE)
    assert changed != CODE and essence(changed) != essence(CODE)


def test_a_cell_may_draw_words_before_the_one_that_imports_pyplot_for_data():
    drawn = "import matplotlib.pyplot as plt\nplt.plot(x, f(x))\n"
    assert essence(("y = 1", drawn)) == essence(("y = 1\nimport matplotlib.pyplot as plt\nplt.figure()\nplt.text(0, 0, str(y))\nplt.show()", drawn))
    assert essence(("y = 1", drawn)) != essence(("y = 1\nimport matplotlib.pyplot as plt\nplt.plot(y)", drawn))
    assert essence(("import y", "import y")) != essence(("", "import y"))


def test_a_sign_where_it_makes_no_difference_is_left_alone():
    assert changed("y = abs(a - b)") == {"y = (a - b)", "y = abs(a + b)", "y = abs(a)"}
    assert "y = (b - a)**2" not in changed("y = (a - b)**2")


def test_a_draw_is_told_by_its_seed_and_takes_no_site_twice():
    among = places(CELLS)
    assert draw(among, 10, 1) == draw(among, 10, 1) != draw(among, 10, 2)
    assert len(draw(among, 1000, 1)) == len(among)
    assert {cell for cell, _ in places(CELLS, {2, 4})} == {1, 3}


@pytest.mark.parametrize(
    ("source", "reads", "stores"),
    [
        ("x = y + f(z)", {"y", "f", "z"}, {"x"}),
        ("x = 1\ny = x", set(), {"x", "y"}),
        ("for x in y:\n    z = x\nz", {"y", "z"}, {"x", "z"}),
        ("def f(a):\n    b = a + c\n    return b", {"c"}, {"f"}),
        ("x[i] += y", {"x", "i", "y"}, set()),
        ("z = [x for x in y if x > w]", {"y", "w"}, {"z"}),
        ("if a:\n    x = 1\nx", {"a", "x"}, {"x"}),
        ("!echo {x}", {"x", "echo"}, {"x", "echo"}),
    ],
)
def test_the_names_of_a_cell(source, reads, stores):
    assert names(source).reads == reads and names(source).stores == stores


def tried(chapter, *changes):
    """What becomes of each change (cell from 1, what the cell becomes): its report."""
    mutants = []
    for cell, source in changes:
        mutants += [(cell - 1, mutant) for place in sites(chapter.cells[cell - 1]) for mutant in place if mutant.source == source]
    assert len(mutants) == len(changes), "each of these changes is one that the instrument makes"
    found = {report["mutant"]: report for report in attempt(chapter, mutants) if "mutant" in report}
    return [found[number] for number in range(len(mutants))]


def test_what_is_noticed_and_where_and_what_is_not():
    noticed, survived, endless = tried(
        SMALL,
        (2, "def area(r):\n    return np.pi * r**3"),
        (4, "unused = r * 4"),
        (5, "total = 0\nwhile total < 5:\n    pass\nassert total == 5"),
    )
    assert noticed["outcome"] == "noticed" and noticed["at"] == 3 and noticed["cause"].startswith("AssertionError")
    assert survived["outcome"] == "survived" and survived["ran"] == [4], "nothing uses it"
    assert endless["outcome"] == "noticed" and endless["endless"]


def test_only_cells_that_see_a_difference_are_executed():
    """The array is another, but its shape is the same: no more random numbers are drawn, and the last cell is as it was."""
    (found,) = tried(SMALL, (3, "r = rng.uniform(1, 1, 1000)\nassert np.allclose(area(r), np.pi * r * r)"))
    assert found["outcome"] == "survived" and found["ran"] == [3, 4]


def test_a_process_with_threads_is_not_forked():
    """From there on each mutant begins with the last state that could be, and makes again what its cell needs."""
    thread = "import threading\nstop = threading.Event()\nthreading.Thread(target=stop.wait, daemon=True).start()"
    chapter = Chapter("threads", [CELLS[0], thread, "class Box:\n    pass\nbox = Box()\nbox.n = 5", "m = box.n + 1\nassert m == 6", "k = m * 2\nassert k == 12"], {})
    noticed, elsewhere = tried(chapter, (4, "m = box.n - 1\nassert m == 6"), (5, "k = m / 2\nassert k == 12"))
    assert noticed["outcome"] == "noticed" and noticed["at"] == 4 and 3 in noticed["ran"] and 2 not in noticed["ran"]
    assert elsewhere["outcome"] == "noticed" and elsewhere["ran"] == [5], "a number is restored, not computed again"


def test_what_was_passed_over_is_made_where_a_difference_could_not_be_foreseen():
    """As it stands the cell leaves the random numbers alone; changed, it sets them, which every later cell may see: one needs a box that was not made. That it lacks it is no notice."""
    thread = "import threading\nstop = threading.Event()\nthreading.Thread(target=stop.wait, daemon=True).start()"
    setting = "if np.pi > 4:\n    np.random.seed(5)"
    chapter = Chapter("unforeseen", ["import numpy as np", thread, "class Box:\n    pass\nbox = Box()\nbox.n = 5", setting, "assert box.n == 5", "x = np.random.rand()"], {})
    (found,) = tried(chapter, (4, setting.replace("np.pi > 4", "not (np.pi > 4)")))
    assert found["outcome"] == "survived" and 3 in found["ran"], found


def test_a_changed_file_is_seen_and_one_that_stays_is_read_once(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    seen = []
    for text in ("1", "2"):
        pathlib.Path("file").write_text(text)
        seen.append(state.world()["$files"])
    os.utime("file", (1, 1))  # an old file
    seen.append(state.world()["$files"])
    monkeypatch.setattr(state.zlib, "crc32", lambda _: pytest.fail("read again"))
    assert state.world()["$files"] == seen[1] == seen[2] != seen[0]


def test_no_trial_meets_the_files_of_another():
    """Also where a name holds the path of the folder before anything is written."""
    making = ["from pathlib import Path\nplaces = {'lab': Path('lab').resolve()}", "places['lab'].mkdir()\nn = 3", "unused = n * 3", "assert not list(places['lab'].iterdir())\n(places['lab'] / 'x').touch()"]
    found = tried(Chapter("folders", making, {}), (2, "places['lab'].mkdir()\nn = 4"), (3, "unused = n / 3"), (3, "unused = n * 4"))
    assert [one["outcome"] for one in found] == 3 * ["survived"], found


def test_what_a_cell_starts_has_no_limit_of_its_own():
    """A server that a chapter starts serves through all later cells; only the trial itself is stopped where it does not end."""
    limit = resource.getrlimit(resource.RLIMIT_CPU)
    starting = ["import resource", f"n = 3\nassert resource.getrlimit(resource.RLIMIT_CPU) == {limit}"]
    (found,) = tried(Chapter("servers", starting, {}), (2, starting[1].replace("3", "4", 1)))
    assert found["outcome"] == "survived", found


def test_a_chapter_that_fails_as_it_stands_says_so():
    reports = list(attempt(Chapter("wrong", ["x = 1 + 1", "assert x == 3"], {}), draw(places(["x = 1 + 1"]), 1, 1)))
    assert "code cell 2 fails as it stands: AssertionError" in reports[-1]["fault"]


def test_an_interrupted_run_leaves_no_process():
    mutants = draw(places(CELLS), 20, 1)
    others = set(psutil.Process().children(recursive=True))  # browsers of other tests
    reports = attempt(SMALL, mutants)
    next(report for report in reports if "mutant" in report)
    workers = set(psutil.Process().children(recursive=True)) - others
    assert workers
    reports.close()
    wait_until(lambda: not any(one.is_running() and one.status() != psutil.STATUS_ZOMBIE for one in workers), "the children to end")


def test_results_are_kept_where_it_is_interrupted_and_shown_for_this_code_alone(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(results, "FOLDER", tmp_path)
    monkeypatch.setattr(results, "EQUIVALENT", tmp_path / "equivalent.yml")
    monkeypatch.setattr("builder.chapters.chapters", lambda: ["small"])
    monkeypatch.setattr(command.house, "chapter", lambda name: SMALL)

    def two_then_stop(chapter, mutants, jobs):
        yield {"depends": [[1, 3], [2, 3, 6], [3], [4], [5], [6]]}
        yield {"mutant": 0, "outcome": "noticed", "at": 3, "cause": "AssertionError"}
        yield {"mutant": 1, "outcome": "survived"}
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "attempt", two_then_stop)
    with pytest.raises(KeyboardInterrupt):
        command.doubt(["small"], 4, 0, 5, 1, "2", True)
    found = results.stored(SMALL)
    assert [one["noticed"] for one in found["mutants"]].count(True) == 1 and len(found["mutants"]) == 2
    assert "noticed 1 of 2" in capsys.readouterr().out
    score, held = results.of_claim(SMALL, found, 2)
    assert (score.noticed, score.counted, held) == (1, 2, (0, 0))

    survivor = next(one for one in found["mutants"] if not one["noticed"])
    results.EQUIVALENT.write_text(f"small:\n  - before: {survivor['before']!r}\n    after: {survivor['after']!r}\n    reason: nobody says so\n")
    score = results.Score("small", found["mutants"])
    assert (score.noticed, score.counted, score.survivors) == (1, 1, []) and score.equivalent[0]["reason"] == "nobody says so"
    assert score.too_many_equivalent
    assert results.stored(Chapter("small", [*CELLS, "x = 1"], {}))["mutants"] == []


def test_what_is_drawn_for_a_claim_alone_counts_for_it_alone(monkeypatch, tmp_path, capsys):
    """One whose code no change fell on gets some; a line that is no longer there is tried again as it is."""
    monkeypatch.setattr(results, "FOLDER", tmp_path)
    monkeypatch.setattr(command.house, "chapter", lambda name: SMALL)
    monkeypatch.setattr("builder.chapters.chapters", lambda: ["small"])
    old = {"cell": 3, "line": 1, "operator": "sign", "before": "an older line", "after": "-1", "claims": [1], "noticed": True}
    results.keep(SMALL, {"code": SMALL.code, "seed": 5, "mutants": [old], "seeds": []})
    command.doubt(["small"], 0, 0, None, 1, "", True)
    found = results.stored(SMALL)
    assert found["mutants"] == [old] and 0 < len(found["aimed"]) <= command.AIMED and all(2 in one["claims"] for one in found["aimed"])
    assert results.of_claim(SMALL, found, 2)[0].counted == len(found["aimed"]) and "mutants for claim 2" in capsys.readouterr().out
    command.doubt(["small"], 3, 0, None, 1, "", True)
    assert old not in results.stored(SMALL)["mutants"] and len(results.stored(SMALL)["mutants"]) == 3


@pytest.mark.parametrize(("text", "words"), [("small:\n- before: a\n  - after: b", "line 3: not YAML"), ("small:\n- before: a\n", "`before`, `after` and `reason`"), ("small: a", "complete it")])
def test_a_list_of_equivalents_that_cannot_be_read_is_said(monkeypatch, tmp_path, text, words):
    monkeypatch.setattr(results, "EQUIVALENT", tmp_path / "equivalent.yml")
    results.EQUIVALENT.write_text(text)
    with pytest.raises(BookError, match=words):
        results.equivalents("small")


def test_the_book_tries_itself_and_shows_what_it_did_not_notice(built):
    """By its own command: what is kept is shown below the claim, in the ledger and on the page, until the code is another."""
    built.write("one", ["# One\n\nIs one and one still two?", "total = 1 + 1\nspare = total - 1", "**Claim 1.** One and one are two, as everyone knows.", "assert total == 2"], tags=["claim"])
    assert built.run().returncode == 0
    result = built.run("doubt", "one", "-n", "9", "--seeds", "2", "--seed", "1", "--record")
    assert result.returncode == 0, result.stderr
    assert "one: noticed " in result.stdout and "one: 2 other seeds; cells that failed on some: none" in result.stdout
    built.render()
    texts = {name: (built.site / name).read_text() for name in ("notebooks/one.html", "book/claims.html", "book/doubt.html")}
    assert re.search(r"changes<span> noticed</span>(</a>)? · 2 of 2 seeds", texts["notebooks/one.html"])
    assert "<p>Seeds: 2 of 2</p>" in texts["book/claims.html"]
    assert "Not noticed:" in texts["book/doubt.html"] and "spare = total" in texts["book/doubt.html"]
    edit(built.root / "notebooks" / "one.ipynb", "assert total == 2", "assert total == 2 > 1")
    assert built.run().returncode == 0
    built.render()
    assert "changes<span>" not in (built.site / "notebooks" / "one.html").read_text()
    built.failing("no chapter 'three'", command=("doubt", "three"))


LIBRARIES = {
    "numpy": ("import numpy as np", "np.random.default_rng(5).random()"),
    "numpy, by a sequence": ("import numpy as np", "np.random.default_rng([5, 6]).random()"),
    "numpy's bit generators": ("import numpy as np", "np.random.Generator(np.random.PCG64(5)).random()"),
    "numpy's SeedSequence": ("import numpy as np", "np.random.default_rng(np.random.SeedSequence(5).spawn(2)[1]).random()"),
    "numpy, of old": ("import numpy as np", "np.random.RandomState(5).rand()"),
    "numpy, for all": ("import numpy as np", "(np.random.seed(5), np.random.rand())[1]"),
    "Python": ("import random", "(random.seed(5), random.random())[1]"),
    "Python's Random": ("import random", "random.Random(5).random()"),
    "SciPy": ("from scipy import stats", "float(stats.norm.rvs(random_state=5))"),
    "scikit-learn": ("from sklearn.utils import shuffle", "list(map(int, shuffle(range(99), random_state=5)))"),
    "pandas": ("import pandas as pd", "list(pd.Series(range(99)).sample(9, random_state=5))"),
    "Gymnasium": ("import gymnasium", "gymnasium.make('CartPole-v1').reset(seed=5)[0].tolist()"),
    "PyTorch": ("import torch", "(torch.manual_seed(5), torch.rand(1).item())[1]"),
    "PyTorch's Generator": ("import torch", "torch.rand(1, generator=torch.Generator().manual_seed(5)).item()"),
    "Keras": ("import keras", "(keras.utils.set_random_seed(5), float(keras.random.uniform((1,))[0]))[1]"),
    "Keras's layers": ("import keras", "keras.initializers.GlorotUniform(seed=5)((2, 2)).numpy().tolist()"),
    "TensorFlow": ("import tensorflow as tf", "(tf.random.set_seed(5), tf.random.uniform((1,)).numpy().tolist())[1]"),
}


@pytest.mark.parametrize(("cell", "draws"), [("import os\nx = 'seed'", False), ("%matplotlib inline\nx.sample(random_state=1)", True), ("from random import choice", True), ("rng = make()", True)])
def test_code_that_draws_nothing_has_no_other_seeds(cell, draws):
    assert seeds.drawing([cell]) == draws


def test_other_seeds_reach_each_library():
    """With the offset, seed 5 gives what seed 5 + offset gives without; in TensorFlow, which seeds Python's generator in turn, another value."""
    lines = [line for line, _ in LIBRARIES.values()]
    wanted = ", ".join(value.replace("5", str(5 + STEP)) for _, value in LIBRARIES.values())
    found = ", ".join(value for _, value in LIBRARIES.values())
    program = "\n".join([*lines, "from builder.doubt.seeds import shift", f"plain, wanted = [{found}], [{wanted}]", f"shift({STEP})", f"print(list(zip(plain, wanted, [{found}])))"])
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "OMP_NUM_THREADS": "1"}
    result = subprocess.run([sys.executable, "-c", program], cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    for library, (plain, same, other) in zip(LIBRARIES, ast.literal_eval(result.stdout.splitlines()[-1]), strict=True):
        assert plain != other and (other == same or library == "TensorFlow"), library


def test_libraries_that_a_chapter_imports_later_are_reached_too():
    line, value = LIBRARIES["PyTorch"]
    known = subprocess.run([sys.executable, "-c", f"{line}\nprint({value.replace('5', str(5 + STEP))})"], capture_output=True, text=True, check=True).stdout
    (found,) = reseed(Chapter("seeds", [line, f"assert {value} == {known}"], {}), [STEP])
    assert found["offset"] == STEP and found["failed"] == {}


def test_a_claim_that_fails_on_another_seed_does_not_stop_the_others():
    lucky = ["import numpy as np\nrng = np.random.default_rng(5)", "x = rng.integers(1000)\nassert x == 669", "assert 0 <= x < 1000"]
    reports = list(reseed(Chapter("lucky", lucky, {}), [STEP, 2 * STEP]))
    assert [report["failed"] for report in reports] == 2 * [{"2": "AssertionError:"}]
