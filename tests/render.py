"""Render the executed chapters into a site, and put it in place in one step.

    python tests/render.py               the whole book, at `_build/html`; any warning is an error
    python tests/render.py CHAPTER       one chapter, at `_build/chapters/CHAPTER`, while it is being written

`_build/html` is a link to the last complete site; it is moved only when the next one is complete.
"""

import json
import os
import pathlib
import shutil
import subprocess
import sys

import book
import yaml

SITES = book.BUILD / "sites"
SITE = book.BUILD / "html"
# What of the tree a page can show, beside the executions.
SOURCES = ("_config.yml", "_toc.yml", "requirements.txt", "CITATION.cff", "book", "notebooks", "tests/book.py", "tests/render.py", "docker")
PLACE = ("GITHUB_REPOSITORY", "GITHUB_SERVER_URL", "GITHUB_REF_NAME", "GITHUB_REF_TYPE", "BOOK_URL")


def site_key() -> str:
    """Digest of everything that the site shows."""
    paths = [book.ROOT / name for name in SOURCES]
    files = sorted(p for path in paths for p in ([path] if path.is_file() else path.rglob("*")) if p.is_file() and "__pycache__" not in p.parts)
    contents = [part for path in files for part in (str(path.relative_to(book.ROOT)), path.read_bytes())]
    outputs = [json.dumps(book.current(name), sort_keys=True) for name in book.chapters()]
    packages = json.dumps(book.versions(["jupyter-book", "vl-convert-python", "sphinx-mathjax-offline"]))
    remote = subprocess.run(["git", "-C", book.ROOT, "remote", "get-url", "origin"], capture_output=True, text=True, check=False).stdout
    return book.digest(*contents, *outputs, packages, remote, *(os.environ.get(name, "") for name in PLACE))


def jupyter_book(output: pathlib.Path, *, strict: bool) -> int:
    """What `jupyter-book build --all` does, but on all cores: its command has no option for that. Returns Sphinx's exit code."""
    from jupyter_book.sphinx import build_sphinx
    from sphinx.util.console import nocolor

    nocolor()
    overrides = {"external_toc_path": os.environ.get("BOOK_TOC", str(book.ROOT / "_toc.yml")), "nitpicky": strict, "latex_individualpages": False}
    return build_sphinx(
        str(book.ROOT), str(output), path_config=book.ROOT / "_config.yml", noconfig=True, confoverrides=overrides, freshenv=True,
        force_all=True, warningiserror=strict, keep_going=strict, jobs=os.cpu_count(),
    )  # fmt: skip


def sphinx(output: pathlib.Path, *, strict: bool = False) -> pathlib.Path:
    """Run Jupyter Book in a process of its own; what it says goes to `log.txt` beside the pages, and to the terminal where it fails."""
    shutil.rmtree(output, ignore_errors=True)
    output.mkdir(parents=True)
    command = [sys.executable, __file__, "--pages" if strict else "--draft", str(output / "html")]
    environment = {**os.environ, "PYTHONHASHSEED": "0", "NO_COLOR": "1"}
    result = subprocess.run(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    (output / "log.txt").write_text(result.stdout, encoding="utf-8")
    if result.returncode:
        lines = result.stdout.splitlines()
        faults = [line for line in lines if "WARNING" in line or "ERROR" in line or "Error" in line] or lines[-15:]
        print("\n".join(faults[:20]), file=sys.stderr)
        raise book.BookError(f"Jupyter Book could not render the pages: {faults[0].strip()}; the site is left as it was")
    return output / "html"


def whole_book() -> pathlib.Path:
    lacking = [name for name in book.chapters() if (book.current(name) or {"error": True})["error"]]
    if lacking:
        raise book.BookError(f"{lacking[0]} has no complete execution of its present state: run `make`")
    target = SITES / site_key()[:16]
    if not target.is_dir():
        pages = sphinx(book.BUILD / "next", strict=True)
        SITES.mkdir(exist_ok=True)
        os.replace(pages, target)
    if not SITE.is_symlink() or os.readlink(SITE) != str(target.relative_to(book.BUILD)):
        link = book.BUILD / ".html"
        link.unlink(missing_ok=True)
        link.symlink_to(target.relative_to(book.BUILD))
        os.replace(link, SITE)
    for old in SITES.iterdir():
        if old != target:
            shutil.rmtree(old)
    return SITE / "index.html"


def one_chapter(name: str) -> pathlib.Path:
    contents = book.toc()
    contents["parts"] = [{**part, "chapters": [c for c in part["chapters"] if c["file"].endswith("/" + name)]} for part in contents["parts"]]
    contents["parts"] = [part for part in contents["parts"] if part["chapters"]]
    output = book.BUILD / "chapters" / name
    table = book.BUILD / f"toc-{name}.yml"
    table.write_text(yaml.safe_dump(contents, sort_keys=False), encoding="utf-8")
    os.environ["BOOK_TOC"] = str(table)
    return sphinx(output) / "notebooks" / f"{name}.html"


if __name__ == "__main__":
    if sys.argv[1:2] in (["--pages"], ["--draft"]):
        sys.exit(jupyter_book(pathlib.Path(sys.argv[2]), strict=sys.argv[1] == "--pages") != 0)
    try:
        with book.alone():
            page = one_chapter(*sys.argv[1:]) if sys.argv[1:] else whole_book()
        print(f"the site is complete: {page.relative_to(book.ROOT)}" if not sys.argv[1:] else f"the chapter is at {page.relative_to(book.ROOT)}")
    except book.BookError as error:
        sys.exit(f"book: {error}")
    except OSError as error:
        sys.exit(f"book: {error.strerror}: {error.filename or 'disk'}: free space or permissions, then run `make` again")
    except KeyboardInterrupt:
        sys.exit("book: interrupted: run `make` again; the last complete site is untouched")
