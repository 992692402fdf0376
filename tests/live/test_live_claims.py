"""Every live claim in a browser: untouched it holds, and broken in two ways it fails. `make live-test`.

`BOOK_LIVE=full`: on the book's own site, with the runtime that `make live` made: each claim that has a button there. Where wheels could not be had, their claims have none,
and chapters without any are skipped by name. `BOOK_LIVE=old`: on pages rendered with an old
Pyodide whose npm package carries numpy 1.17, scipy 0.17, pandas 1.0 and scikit-learn 0.22 under Python 3.8, where the wheels cannot be had: claims that these
are too old for are told apart; ten of three chapters have to hold and to fail.
"""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import time

import pytest
from live_page import Panel

from builder import chapters as book
from builder.compare import copy_of_the_book
from builder.files import BUILD, ROOT, write_atomically
from builder.live import choose, runtime
from builder.serve import served

MODE = os.environ.get("BOOK_LIVE")
pytestmark = pytest.mark.skipif(MODE not in ("full", "old"), reason="executes every live claim in a browser: `make live-test`")
HERE = pathlib.Path(__file__).parent
CARRIED = {
    "numpy": ["numpy"], "scipy": ["scipy", "CLAPACK"], "pandas": ["pandas", "python-dateutil", "pytz", "six"], "scikit-learn": ["scikit-learn", "joblib"],
}  # fmt: skip
# What an untouched claim may end with where Python or a package is too old for it.
TOO_OLD = (
    "SyntaxError", "AttributeError", "TypeError", "ImportError", "ModuleNotFoundError", "NameError", "ValueError", "RecursionError", "Python ended",
)  # fmt: skip
BREAKS = 2
REPORT = BUILD / "live" / f"test-{MODE}.json"


def old_runtime(folder: pathlib.Path) -> None:
    """The old package as a runtime of ours: its scripts under our worker's eyes, the rest as it is."""
    npm = BUILD / "live" / "old"
    npm.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(HERE / name, npm / name)
    package = npm / "node_modules" / "@pyodide" / "pyodide" / "dist"
    if not package.exists():
        subprocess.run([*runtime.npm(), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"], cwd=npm, check=True)
    own = {"pyodide.mjs": (HERE / "pyodide.mjs").read_bytes(), "harness.py": (ROOT / "builder" / "live" / "harness.py").read_bytes()}
    runtime.write(folder, own, "0.17.0", {name: [] for name in CARRIED})
    core = ["pyodide.js", "pyodide.asm.js", "pyodide.asm.data", "pyodide.asm.wasm", "packages.json"]
    for name in core + [f"{part}.{kind}" for parts in CARRIED.values() for part in parts for kind in ("js", "data")]:
        os.link(package / name, folder / name)


@pytest.fixture(scope="session")
def old_book(tmp_path_factory):
    """A copy of the book with the executions and choices of this one, and the old runtime."""
    root = copy_of_the_book(tmp_path_factory.mktemp("old-book"))
    shutil.copytree(BUILD / "executed", root / "_build" / "executed")
    shutil.copytree(choose.FOLDER, root / "_build" / "live" / "claims")
    try:
        old_runtime(root / "_build" / "live" / "runtime")
    except OSError:  # another file system
        pytest.fail(f"{BUILD} and {root} have to be on one disk: set TMPDIR")
    return root


@pytest.fixture
def chapters_site(request, chapter):
    """The folder of a site with the chapter's page."""
    if MODE == "full":
        site = request.getfixturevalue("site")
        lacking = set(runtime.PACKAGES) & {p for one in choose.current(chapter).values() if one["live"] for p in one["packages"]} - runtime.manifest()["packages"].keys()
        if lacking and 'class="live-open"' not in (site / "notebooks" / f"{chapter}.html").read_text(encoding="utf-8"):
            pytest.skip(f"no claim has a button: the runtime has no {', '.join(sorted(lacking))}, and `make live` said why")
        return site
    root = request.getfixturevalue("old_book")
    subprocess.run([sys.executable, "-m", "builder", "render", chapter], cwd=root, check=True)
    return root / "_build" / "chapters" / chapter / "html"


def keep(chapter: str, found: list[dict]) -> None:
    known = json.loads(REPORT.read_text(encoding="utf-8")) if REPORT.exists() else {}
    write_atomically(REPORT, json.dumps(known | {chapter: found}, indent=1, ensure_ascii=False))


@pytest.fixture(scope="session", autouse=True)
def anew():
    if MODE:
        REPORT.unlink(missing_ok=True)


@pytest.mark.parametrize("chapter", book.chapters())
def test_each_live_claim_holds_untouched_and_fails_when_it_is_broken(chromium, chapters_site, chapter):
    found = []
    with served(chapters_site) as address:
        page = chromium.browser.new_page()
        page.goto(f"{address}notebooks/{chapter}.html")
        page.evaluate("document.querySelectorAll('details').forEach((folded) => (folded.open = true))")  # side roads
        for number in page.locator(".live-open").evaluate_all("all => all.map((one) => one.dataset.claim)"):
            panel, began = Panel(page, number), time.monotonic()
            verdict = panel.run()
            one = {"claim": int(number), "verdict": verdict, "seconds": round(time.monotonic() - began, 1), "printed": panel.printed(), "broken": []}
            one["as built"] = verdict == "holds"
            if verdict.startswith("holds"):
                for k in range(panel.suggestions().count()):
                    label = panel.suggestions().nth(k).inner_text()
                    one["broken"].append([label, panel.suggest(k)])
            print(f"{chapter} {number}: {verdict.splitlines()[-1][:120]} ({one['seconds']} s); broken: {[told[:5] for _, told in one['broken']]}", flush=True)
            panel.close()
            found.append(one)
            keep(chapter, found)
        page.close()
    wrong = [f"{one['claim']}: {one['verdict']}" for one in found if not one["verdict"].startswith("holds") and (MODE == "full" or not any(word in one["verdict"] for word in TOO_OLD))]
    assert not wrong, f"untouched, they do not hold: {wrong}"
    unharmed = [f"{one['claim']}: {one['broken']}" for one in found if one["verdict"].startswith("holds") and sum(told.startswith("fails") for _, told in one["broken"]) < BREAKS]
    assert not unharmed, f"broken, they do not fail: {unharmed}"


@pytest.mark.skipif(MODE != "old", reason="the full runtime runs all of them")
def test_ten_claims_of_three_chapters_hold_and_fail():
    known = json.loads(REPORT.read_text(encoding="utf-8"))
    held = {chapter: [one for one in found if one["verdict"].startswith("holds")] for chapter, found in known.items()}
    assert sum(map(len, held.values())) >= 10 and sum(bool(found) for found in held.values()) >= 3, {chapter: len(found) for chapter, found in held.items()}
