"""Break it here, on the pages of a small book: the real core of Pyodide by npm, and a stand-in for the host of its wheels."""

import json
import shutil

import nbformat
import pytest
from axe_playwright_python.sync_playwright import Axe
from live_page import Panel
from small import SmallBook
from test_live import wheel

from builder.serve import served

pytestmark = pytest.mark.skipif(not shutil.which("npm"), reason="no npm: Python for the browser cannot be had")

CHAPTER = [
    "# One\n\nIs one and one still two?",
    "import numpy as np\n\n\ndef double(x):\n    return 2 * x",
    "**Claim 1.** Twice three is six, as everybody knows.",
    "y = double(3)\nprint('twice', y)\nassert y == 6, 'not six'",
    "**Claim 2.** The mean of one, two and three is two.",
    "m = np.mean([1.0, 2.0, 3.0])\nprint('mean', float(m))\nassert m == 2, 'another mean'",
    "**Claim 3.** The version of numpy is written as a text.",
    "print('version', np.__version__)\nassert isinstance(np.__version__, str)",
]
STAND_IN = "__version__ = '0.1'\n\n\ndef mean(x):\n    return sum(x) / len(x)\n\n\ndef sum_(x):\n    return sum(x)\n"
NOWHERE = "http://127.0.0.1:9/"


@pytest.fixture(scope="module")
def books(tmp_path_factory):
    """The site without and with numpy's wheel, which is a stand-in's, and what was said while they were made."""
    folder = tmp_path_factory.mktemp("live")
    (folder / "book").mkdir()
    (folder / "host").mkdir()
    small = SmallBook(folder / "book")
    small.write("one", CHAPTER)
    path = small.root / "notebooks" / "one.ipynb"
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells[3::2]:
        cell.metadata["tags"] = ["claim"]
    nbformat.write(notebook, path)
    assert small.run().returncode == 0
    said = small.run("live", BOOK_LIVE_WHEELS=NOWHERE)
    assert said.returncode == 0, said.stderr
    without = shutil.copytree(small.render(), folder / "without")
    lock = small.root / "_build" / "live" / "npm" / "node_modules" / "pyodide" / "pyodide-lock.json"
    names = json.loads(lock.read_text())
    sha256 = wheel(folder / "host" / "numpy-0.1-py3-none-any.whl", "numpy", STAND_IN)
    names["packages"]["numpy"] |= {"file_name": "numpy-0.1-py3-none-any.whl", "sha256": sha256, "version": "0.1"}
    lock.write_text(json.dumps(names))
    with served(folder / "host") as host:
        again = small.run("live", BOOK_LIVE_WHEELS=host)
    assert again.returncode == 0, again.stderr
    return {"without": without, "with": small.render(), "said": said.stdout, "book": small}


@pytest.fixture
def open_site(chromium, books):
    """A function that opens the chapter's page of one of the sites; afterwards nothing may have been asked of another host, or logged."""
    closing, faults = [], []

    def open_one(name="with", theme="light", size=(1280, 900), folder=None, **options):
        server = served(folder or books[name])
        address = server.__enter__()
        context = chromium.browser.new_context(viewport=dict(zip(("width", "height"), size)), color_scheme=theme, **options)
        closing.append((context, server))
        page = context.new_page()
        page.asked = []
        page.on("console", lambda m: faults.append(f"{m.type}: {m.text}") if m.type in ("error", "warning") and "favicon" not in str(m.location) else None)
        page.on("pageerror", lambda error: faults.append(f"error: {error}"))
        page.on("request", lambda r: page.asked.append(r.url.removeprefix(address).split("?")[0]))
        page.goto(f"{address}notebooks/one.html")
        return page

    open_one.faults = faults
    yield open_one
    for context, server in closing:
        context.close()
        server.__exit__(None, None, None)
    assert not faults, faults[:5]


def test_where_wheels_cannot_be_had_the_claims_that_need_none_are_live(books, open_site):
    assert "no wheels of numpy" in books["said"] and "3 of 3 claims are live" in books["said"]
    page = open_site("without")
    assert page.locator(".live-open:visible").evaluate_all("all => all.map((one) => one.dataset.claim)") == ["1"]
    ledger = (books["without"] / "book" / "claims.html").read_text()
    assert ledger.count(">break it<") == 1 and ledger.count("needs numpy") == 2
    assert open_site().locator(".live-open:visible").count() == 3


def test_nothing_is_loaded_before_a_reader_asks_and_progress_is_told(open_site):
    page = open_site()
    assert not [name for name in page.asked if name.startswith("live/") or "worker" in name]
    panel = Panel(page, 1)
    assert [name for name in page.asked if name.startswith("live/")] == ["live/one.json"]
    page.evaluate("window.clocks = []; new MutationObserver(() => clocks.push(document.querySelector('.live-clock').textContent)).observe(document.querySelector('.live-clock'), { childList: true })")
    assert panel.run() == "holds" and panel.printed() == "twice 6"
    assert [text for text in page.evaluate("clocks") if text.endswith("MB") and " of 1" in text]
    assert "live/pyodide.asm.wasm" in page.asked and not [name for name in page.asked if "numpy" in name]
    assert not [name for name in page.asked if name.startswith("http")], "another host was asked"
    seen = len(page.asked)
    assert panel.run() == "holds"
    assert len(page.asked) == seen, "Python stays"


def test_what_is_suggested_and_what_is_typed_make_the_claim_fail(open_site):
    page = open_site()
    panel = Panel(page, 1)
    assert panel.suggestions().count() >= 2
    for number in range(panel.suggestions().count()):
        verdict = panel.suggest(number)
        assert verdict.startswith("fails") and "line 3" in verdict and "not six" in verdict, verdict
        assert panel.printed().startswith("twice") and panel.printed() != "twice 6"
    panel.button("Reset").click()
    assert panel.editor().input_value() == CHAPTER[3] and panel.panel.locator(".live-status").inner_text() == ""
    panel.editor().focus()
    page.keyboard.press("Control+Home")
    page.keyboard.type("def f(x):")
    page.keyboard.press("Enter")
    page.keyboard.type("return x")
    page.keyboard.press("Enter")
    assert panel.editor().input_value().startswith("def f(x):\n    return x\n    y = double"), "indentation is kept"
    page.keyboard.press("Control+Enter")
    assert panel.verdict().startswith("fails") and "IndentationError" in panel.panel.locator(".live-status").inner_text() or "NameError" in panel.panel.locator(".live-status").inner_text()
    panel.write("print('twice', 6)\nassert True")
    assert panel.run() == "still holds" and panel.printed() == "twice 6"


def test_what_a_claim_depends_on_can_be_changed_too(open_site):
    panel = Panel(open_site(), 1)
    panel.panel.locator("summary").click()
    first = panel.panel.locator(".live-code").first
    assert "numpy" not in first.input_value(), "what the claim does not need is left out"
    first.fill("def double(x):\n    return 3 * x")
    assert panel.run().startswith("fails, line 3") and panel.printed() == "twice 9"
    first.fill("def double(x):\n    raise ValueError('never')")
    verdict = panel.run()
    assert "line 1" in verdict and "ValueError: never" in verdict and "cell 1, line 2" in verdict


def test_a_package_is_loaded_and_another_value_is_shown_as_such(open_site):
    page = open_site()
    assert Panel(page, 2).run() == "holds"
    panel = Panel(page, 3)
    verdict = panel.run()
    assert verdict.startswith("holds") and "something else than the build" in verdict
    assert panel.panel.locator("mark").all_inner_texts() == ["version 0.1"]


def test_a_file_that_is_not_the_builds_is_refused(open_site, books, tmp_path):
    site = shutil.copytree(books["with"], tmp_path / "site")
    path = next((site / "live").glob("numpy*.whl"))
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    page = open_site(folder=site)
    verdict = Panel(page, 2).run()
    assert verdict.startswith("Python ended") and "not the file" in verdict, verdict
    assert Panel(page, 1).run() == "holds"
    open_site.faults.clear()


def test_an_endless_loop_and_too_much_memory_leave_the_page_alive(open_site):
    page = open_site()
    panel = Panel(page, 1)
    panel.write("while True:\n    pass")
    panel.run(wait=False)
    page.wait_for_function("() => document.querySelector('.live-clock').textContent.includes('the build took')", timeout=300_000)
    page.locator(".theme-switch-button").first.click()
    panel.button("Stop").click()
    assert panel.verdict().startswith("Stopped") and panel.button("Stop").is_disabled()
    panel.write("print('x' * 100)\nwhile True:\n    print('x' * 100)")
    panel.run(wait=False)
    page.wait_for_function("() => document.querySelector('.live-result pre').textContent.includes('not shown')", timeout=300_000)
    panel.button("Stop").click()
    panel.write("kept = []\nwhile True:\n    kept.append(bytearray(2**26))")
    verdict = panel.run()
    assert verdict.startswith("fails") and "MemoryError" in verdict
    panel.button("Reset").click()
    assert panel.run() == "holds"


def test_one_claim_at_a_time(open_site):
    page = open_site()
    first, second = Panel(page, 1), Panel(page, 2)
    first.write("while True:\n    pass")
    first.run(wait=False)
    assert second.run() == "holds"
    assert "another claim" in first.verdict()


@pytest.mark.parametrize("size", [(1280, 900), (390, 844)])
def test_no_accessibility_rule_is_violated(open_site, size):
    page = open_site(size=size, has_touch=size[0] < 400, reduced_motion="reduce")
    panel = Panel(page, 1)
    panel.panel.locator("summary").click()
    panel.suggest(0)
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
    page.evaluate(Axe().axe_script)
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)
        page.wait_for_function("theme => document.documentElement.dataset.theme === theme", arg=theme)
        found = page.evaluate("async () => (await axe.run('.live-offer, .live')).violations.map((rule) => `${rule.id}: ${rule.nodes[0].html}`)")
        assert not found, theme
    if size[0] < 400:
        low = page.evaluate("[...document.querySelectorAll('.live-open, .live button, .live summary')].filter((one) => one.getBoundingClientRect().height < 44).length")
        assert low == 0, "a finger needs 44 px"
    assert panel.panel.locator("[role=status]").inner_text().startswith("fails")


def test_the_keyboard_reaches_every_control_and_leaves_the_editor(open_site):
    page = open_site()
    page.locator(".live-open").first.focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("#live-1")
    reached = []
    for _ in range(8):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.tagName + ' ' + (document.activeElement.className || document.activeElement.textContent)"))
    assert reached[0].startswith("SUMMARY") and reached[1].startswith("TEXTAREA") and reached[2].startswith("BUTTON live-suggestion"), reached
    assert any("live-run" in one for one in reached) and any("Reset" in one for one in reached)


def test_the_policy_is_that_of_every_page(books):
    policies = {name: (books["with"] / "notebooks" / f"{name}.html").read_text().split('Content-Security-Policy" content="')[1].split('"')[0] for name in ("one", "two")}
    assert policies["one"] == policies["two"] and "unsafe-eval" not in policies["one"] and "blob:" not in policies["one"]


def test_no_button_where_it_could_do_nothing(chromium, books, open_site):
    page = chromium.browser.new_page()
    page.goto((books["with"] / "notebooks" / "one.html").as_uri())
    assert page.locator(".live-open").count() == 3 and page.locator(".live-open:visible").count() == 0
    page.close()
    assert open_site(java_script_enabled=False).locator(".live-open:visible").count() == 0
    assert "live.js" not in (books["with"] / "notebooks" / "two.html").read_text(), "and no script where there is no live claim"


def test_the_book_without_make_live_is_as_it_was(books):
    """Once what was found and fetched is gone, or the chapter has other code, there are no buttons."""
    small = books["book"]
    shutil.move(small.root / "_build" / "live", small.root / "_build" / "away")
    small.render()
    for name in ("notebooks/one", "book/claims"):
        text = (small.site / f"{name}.html").read_text()
        assert "live-open" not in text and "In your browser" not in text
    assert not (small.site / "live").exists()
    shutil.move(small.root / "_build" / "away", small.root / "_build" / "live")
    small.render()
    assert "live-open" in (small.site / "notebooks" / "one.html").read_text() and (small.site / "live" / "manifest.json").exists()
