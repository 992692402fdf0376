"""Render the executed chapters into a site, and put it in place in one step.

The whole book stands at `_build/html`, and any warning is an error; one chapter, while it is being written, at `_build/chapters/CHAPTER`.

`_build/html` is a link to the last complete site; it is moved only when the next one is complete. What Sphinx knew of it stays in
`_build/pages`, so that a chapter's change costs that chapter's page and the book's own pages; any other change, and a build that
was cut off, begin from nothing.
"""

import contextlib
import json
import multiprocessing
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import traceback
import typing

import yaml
from sphinx.errors import SphinxError

from ..chapters import chapters, committed, configuration, load, outline, title, toc
from ..execute.key import versions
from ..execute.store import current, executed
from ..files import BUILD, ROOT, BookError, alone, digest, end_with, git, let_go, point
from ..live import shown
from .covers import card_of, cover
from .delivery import deliver
from .drawn import drawn, forget_the_oldest
from .pictures import BETWEEN, NARROW, adapts, bundle, charts_of, picture

SITES = BUILD / "sites"
SITE = BUILD / "html"
KEPT = BUILD / "pages"
# What of the tree a page can show, beside the executions.
SOURCES = ("_config.yml", "_toc.yml", "requirements.txt", "CITATION.cff", "book", "notebooks", "builder/chapters.py", "builder/requirements.py", "builder/render", "builder/pages")
PLACE = ("GITHUB_REPOSITORY", "GITHUB_SERVER_URL", "GITHUB_REF_NAME", "GITHUB_BASE_REF", "BOOK_URL")


def below(folder: pathlib.Path) -> list[pathlib.Path]:
    """What lies below the folder, if there is one; an error where a part of it cannot be read, which `rglob` and Sphinx would pass over: the site would look whole and lack its styles."""

    def refuse(error):
        raise error

    return [pathlib.Path(place, name) for place, _, names in os.walk(folder, onerror=refuse) for name in names] if folder.is_dir() else []


def sources(*, with_chapters: bool) -> list[str | bytes]:
    """All that a page can show beside the executions: files, packages, the book's address; without the chapters' files, their outlines."""
    paths = [ROOT / name for name in SOURCES if with_chapters or name != "notebooks"]
    files = sorted(p for path in paths for p in ([path] if path.is_file() else below(path)) if p.is_file() and "__pycache__" not in p.parts)
    contents = [part for path in files for part in (str(path.relative_to(ROOT)), path.read_bytes())]
    packages = json.dumps(versions(["jupyter-book", "vl-convert-python", "docutils", "sphinxext-opengraph"]))
    remote = git("remote", "-v") + git("branch", "--show-current") + git("for-each-ref", "--format=%(refname) %(symref)", "refs/remotes")
    outlines = [json.dumps(outline(load(name))) for name in chapters()]
    return [*contents, *outlines, packages, sys.version, remote, *(os.environ.get(name, "") for name in PLACE)]


def site_key(executions: dict[str, dict]) -> str:
    """Digest of everything that the site shows."""
    return digest(*sources(with_chapters=True), json.dumps(executions, sort_keys=True), *map(shown.state, executions), *(part for name in executions for part in committed(name)))


def frame_key() -> str:
    """Digest of what shows on pages other than the changed chapter's: as long as it stays, their text does."""
    return digest(*sources(with_chapters=False))


def jupyter_book(output: pathlib.Path, parent: int, life: int, *, strict: bool) -> typing.NoReturn:
    """What `jupyter-book build` does, but in shares of the pages that keep all cores busy: its command has no option for that.

    Leaves the site in `output/html` and what was said in `output/log.txt`. Ends the process, with 0 or 1, at once: to take the
    pages' trees apart again costs a second.
    """
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    let_go()
    os.close(life)
    end_with(parent)
    os.register_at_fork(after_in_child=lambda: end_with(parent))  # Sphinx's own processes
    with open(output / "log.txt", "w", encoding="utf-8") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    sys.modules["matplotlib"] = None  # sphinxext-opengraph would import it, which takes a second, for cards that this book draws itself
    try:
        from jupyter_book.sphinx import build_sphinx
        from sphinx.builders.html import StandaloneHTMLBuilder
        from sphinx.util.console import nocolor
        from sphinx.util.parallel import ParallelTasks

        nocolor()
        keep_faults(ParallelTasks)
        name_pages(StandaloneHTMLBuilder)
        overrides = {"nb_execution_mode": "off", "external_toc_path": os.environ.get("BOOK_TOC", str(ROOT / "_toc.yml")), "nitpicky": strict, "latex_individualpages": False, "deliver_pages": False}
        code = build_sphinx(
            str(ROOT), str(output / "pages"), path_config=ROOT / "_config.yml", noconfig=True, confoverrides=overrides,
            warningiserror=strict, keep_going=strict, jobs=3 * os.cpu_count(),
        )  # fmt: skip
        if not code:
            shutil.copytree(output / "pages", output / "html")
            deliver(output / "html")
            forget_the_oldest()
        ended = int(code != 0)
    except BaseException:
        traceback.print_exc()
        ended = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(ended)


def keep_faults(tasks: type) -> None:
    """Have Sphinx's `ParallelTasks` raise at its end a fault that it met, and swallowed, while it was still adding tasks (so in 7.4.7).

    Which faults these are depends on the machine: with some pages unread, something else would be said, or nothing.
    """
    join_one, join = tasks._join_one, tasks.join

    def remembering(self):
        try:
            return join_one(self)
        except Exception as fault:
            self.fault = fault
            raise

    def join_or_raise(self):
        if found := getattr(self, "fault", None):
            raise found
        join(self)

    tasks._join_one, tasks.join = remembering, join_or_raise


def name_pages(builder: type) -> None:
    """Have what fails while a page is read or written name the page."""

    def naming(act):
        def named(self, docname, *rest, **options):
            try:
                return act(self, docname, *rest, **options)
            except (BookError, SphinxError):
                raise
            except Exception as error:
                raise BookError(f"{docname}: {type(error).__name__}: {str(error).partition(chr(10))[0]}") from error

        return named

    builder.read_doc, builder.write_doc = naming(builder.read_doc), naming(builder.write_doc)


def where(said: str) -> str:
    """What Sphinx said, with the cell where it has MyST-NB's line of a notebook, 10,000 a cell."""
    return re.sub(r"(?<=\.ipynb):(\d+)\d{4}(?=:)", r", cell \1", said.strip().removeprefix(f"{ROOT}/"))


def draw_ahead() -> None:
    """Draw what the pages will ask for (`drawn.py` keeps it) while Sphinx gets under way.

    The engine that draws takes a second to start, and would in each of Sphinx's processes.
    """
    notebooks = [executed(name) for name in chapters()]
    for _, specification in [chart for notebook in notebooks for chart in charts_of(notebook)]:
        for theme in ("light", "dark"):
            drawn(picture, json.dumps(specification), theme)
            if adapts(specification):
                for width in (NARROW, BETWEEN):
                    drawn(picture, json.dumps(specification), theme, width)
    drawn(bundle)
    for name, notebook in zip(chapters(), notebooks):
        card_of([name], title(notebook), configuration()["title"])
        for theme in ("light", "dark"):
            cover(name, theme)


def sphinx(output: pathlib.Path, *, strict: bool = False) -> pathlib.Path:
    """Run Jupyter Book in a child of this process, which knows the executions already; what it says is in `log.txt`, and on the terminal where it fails."""
    anew = not output.exists()
    output.mkdir(parents=True, exist_ok=True)
    lives, life = os.pipe()  # closes when this process ends
    child = multiprocessing.get_context("fork").Process(target=jupyter_book, args=(output, lives, life), kwargs={"strict": strict})
    child.start()
    try:
        if anew:
            with contextlib.suppress(Exception):  # Sphinx will meet it too, and name the page
                draw_ahead()
        child.join()
    finally:
        os.close(life)
        child.terminate()
        os.close(lives)
    if child.exitcode:
        lines = (output / "log.txt").read_text(encoding="utf-8").splitlines() or [f"it ended with {child.exitcode}"]
        # As Python ends a traceback with it, or as Sphinx puts it into its own.
        ours = [found[1] or found[2] for line in lines if (found := re.search(r"BookError: (.*)|threw an exception \(exception: (.*)\)$", line))]
        faults = [where(line)[:500] for line in lines if "WARNING" in line or "ERROR" in line or "Error" in line and not line.startswith(" ")]  # of a traceback its last line
        if not ours:
            print("\n".join(faults[:20] or lines[-15:]), file=sys.stderr)
        fault = ours[0].strip() if ours else f"Jupyter Book could not render the pages: {(faults or lines[-1:])[0].strip()}"
        cure = ": free space or permissions, then run `make` again" if "[Errno" in fault else ""
        raise BookError(f"{fault}{cure}; the site is left as it was")
    return output / "html"


def whole_book() -> pathlib.Path:
    executions = {name: current(name) for name in chapters()}
    lacking = [name for name, execution in executions.items() if not execution or execution["error"]]
    if lacking:
        raise BookError(f"{lacking[0]} has no complete execution of its present state: run `make`")
    target = SITES / site_key(executions)[:16]
    if not target.is_dir():
        frame, work = frame_key(), BUILD / "next"
        shutil.rmtree(work, ignore_errors=True)
        if (KEPT / "frame").is_file() and (KEPT / "frame").read_text() == frame:
            os.replace(KEPT, work)  # until this build is complete, there is nothing to go on with
        pages = sphinx(work, strict=True)
        SITES.mkdir(exist_ok=True)
        os.replace(pages, target)
        (work / "frame").write_text(frame)
        shutil.rmtree(KEPT, ignore_errors=True)
        if frame_key() == frame:
            os.replace(work, KEPT)
    if not SITE.is_symlink() or os.readlink(SITE) != str(target.relative_to(BUILD)):
        point(SITE, target)
    for old in SITES.iterdir():
        if old != target:
            shutil.rmtree(old)
    return SITE / "index.html"


def rendered(*chapter: str) -> None:
    """Render in a process of its own."""
    command = [sys.executable, "-m", "builder", "render", *chapter]
    result = subprocess.run(command, cwd=ROOT, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True, check=False)
    if result.returncode:
        raise BookError(result.stderr.strip().removeprefix("book: "))


def complete_site() -> pathlib.Path:
    """The folder of the complete site, rendered from the present executions if it is not there yet."""
    rendered()
    return SITE.resolve()


def chapters_site(name: str) -> pathlib.Path:
    """The folder of a site with this chapter alone, rendered anew where the book has changed since."""
    site = BUILD / "chapters" / name / "html"
    made = BUILD / "chapters" / name / "made"
    key = site_key({name: current(name)})
    if not (made.is_file() and made.read_text(encoding="ascii") == key):
        rendered(name)
        made.write_text(key, encoding="ascii")
    return site


def one_chapter(name: str) -> pathlib.Path:
    contents = toc()
    contents["parts"] = [{**part, "chapters": [c for c in part["chapters"] if c["file"].endswith("/" + name)]} for part in contents["parts"]]
    contents["parts"] = [part for part in contents["parts"] if part["chapters"]]
    output = BUILD / "chapters" / name
    shutil.rmtree(output, ignore_errors=True)
    table = BUILD / f"toc-{name}.yml"
    table.write_text(yaml.safe_dump(contents, sort_keys=False), encoding="utf-8")
    os.environ["BOOK_TOC"] = str(table)
    return sphinx(output) / "notebooks" / f"{name}.html"
