"""Is the book the same when it is built again? `make reproduce` builds it from nothing in a copy and compares.

Compared are all files of the site, the executed notebooks among them, but for the times that the build measured: those under the titles,
the outputs of cells tagged `timing` with their pictures and their lines in the ledger and in what machines read, and the page of execution
times. The copy has the book's history, from which dates and versions come.
"""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

import bs4
import nbformat

from .chapters import code_cells, in_markdown
from .files import BUILD, ROOT, BookError, asked_git, digest, git
from .render.site import complete_site

TIMED = ".tag_timing .cell_output"
MEASURED = ("book/execution.html", "_sources/book/execution.md", ".buildinfo")


def told(folder: pathlib.Path, *words: str | pathlib.Path) -> str:
    """What git says of this folder; a fault where it refuses."""
    said, refusal = asked_git(folder, *words)
    if refusal:
        raise BookError(f"git does not give a copy of the book ({refusal}): it takes git, and a repository in the book's folder with a commit, which git lets this user read")
    return said


def copy_of_the_book(folder: pathlib.Path) -> pathlib.Path:
    """The files that git knows, as they stand in the tree."""
    for name in filter(lambda name: (ROOT / name).is_file(), told(ROOT, "ls-files", "-z").split("\0")):  # one may have been deleted
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    return folder


def with_history(folder: pathlib.Path) -> pathlib.Path:
    """A copy of the book that is a repository too, with the same commits and remotes, and the tree's state as it is here."""

    def there(*words):
        told(folder, *words)

    told(ROOT, "rev-parse", "--verify", "HEAD")  # of a repository without commits the copy would be empty
    there("clone", "--quiet", "--shared", "--no-checkout", "--origin", "here", ROOT, ".")
    there("remote", "remove", "here")
    there("fetch", "--quiet", ROOT, "+refs/remotes/*:refs/remotes/*")
    for name in git("remote").split():
        there("remote", "add", name, git("remote", "get-url", name))
        if default := git("symbolic-ref", "--quiet", f"refs/remotes/{name}/HEAD"):
            there("symbolic-ref", f"refs/remotes/{name}/HEAD", default)
    copy_of_the_book(folder)
    there("reset", "--quiet")
    return folder


def seconds(*command, cwd: pathlib.Path, **environment) -> float:
    """How long the command takes; its failure ends the program."""
    start = time.monotonic()
    result = subprocess.run(command, cwd=cwd, env={**os.environ, **environment}, capture_output=True, text=True, check=False)
    if result.returncode:
        raise BookError(f"a build in a copy of the book failed: {(result.stdout + result.stderr)[-3000:]}")
    return time.monotonic() - start


def build(root: pathlib.Path) -> tuple[float, float]:
    """Seconds of executing and of rendering."""
    return seconds(sys.executable, "-m", "builder", "execute", cwd=root), seconds(sys.executable, "-m", "builder", "render", cwd=root)


def without_times(path: pathlib.Path) -> bytes | str:
    """The file's content without what the build measured."""
    if path.suffix == ".ipynb":
        notebook = json.loads(path.read_text(encoding="utf-8"))
        for cell in notebook["cells"]:
            if "timing" in cell["metadata"].get("tags", []):
                cell.pop("outputs", None)
        return json.dumps(notebook)
    if path.suffix == ".html":
        soup = bs4.BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")
        for tag in soup.select(f".measured, .ledger .timing, {TIMED}, meta[http-equiv=Content-Security-Policy]"):
            tag.decompose()
        for section in soup.select("section[style]"):  # its height, as expected
            del section["style"]
        return str(soup)
    if path.name == "claims.json":
        claims = json.loads(path.read_text(encoding="utf-8"))
        timed = {name: timed_cells(path.parent / "executed" / f"{name}.ipynb") for name in {claim["chapter"] for claim in claims}}
        return json.dumps([{**claim, "value": None} if claim["cell"] in timed[claim["chapter"]] else claim for claim in claims])
    if path.suffix == ".md" and (executed := path.parents[1] / "executed" / f"{path.stem}.ipynb").is_file():
        text = path.read_text(encoding="utf-8")
        for cell in timed_cells(executed).values():
            for shown in filter(None, map(in_markdown, cell.outputs)):
                text = text.replace(shown, "")
        return text
    return path.read_bytes()


def timed_cells(executed: pathlib.Path) -> dict[int, nbformat.NotebookNode]:
    """The code cells tagged `timing` of an executed notebook, by their numbers."""
    cells = code_cells(nbformat.read(executed, as_version=4))
    return {number: cell for number, cell in enumerate(cells, start=1) if "timing" in cell.metadata.get("tags", [])}


def pictures_of_times(site: pathlib.Path) -> set[str]:
    """Names of the pictures that show times: those of cells tagged `timing`, and the cards of chapters whose picture is one of them."""
    names = set()
    for page in (site / "notebooks").glob("*.html"):
        soup = bs4.BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser")
        timed = {image.get("src") or image["srcset"] for image in soup.select(f"{TIMED} :is(img, source)")}
        names.update(pathlib.PurePosixPath(source).name for source in timed)
        shown = soup.select_one(".tag_cover .cell_output img") or soup.select_one(".cell_output img")
        if shown and shown["src"] in timed:
            names.update(path.name for folder in ("covers", "_images") for path in (site / folder).glob(f"{page.stem}[.-]*"))
    return names


def contents(site: pathlib.Path) -> dict[str, str]:
    """Digest of each file of the site."""
    files = {str(path.relative_to(site)): path for path in sorted(site.rglob("*")) if path.is_file() and path.suffix != ".pdf"}
    left_out = pictures_of_times(site)
    return {name: digest(without_times(path)) for name, path in files.items() if name not in MEASURED and path.name not in left_out}


def differences(site: pathlib.Path, other: pathlib.Path) -> list[str]:
    """Names of the files that only one has, or that differ."""
    first, second = contents(site), contents(other)
    return sorted(name for name in first.keys() | second.keys() if first.get(name) != second.get(name))


def compare() -> None:
    """Build the book from nothing in a copy, and compare the two sites."""
    site = complete_site()
    with tempfile.TemporaryDirectory() as scratch:
        root = with_history(pathlib.Path(scratch))
        if (BUILD / "live").is_dir():  # what `make live` found and fetched
            shutil.copytree(BUILD / "live", root / "_build" / "live")
        took = sum(build(root))
        found = differences(site, (root / "_build" / "html").resolve())
    if found:
        raise BookError(f"a second build differs in {len(found)} files: {', '.join(found[:10])}")
    print(f"a second build from nothing ({took:.0f} s) gave the same site, {len(contents(site))} files")
