"""Each chapter runs alone, as on Colab: in an empty folder, without the repository, with stand-ins for what it fetches."""

import contextlib
import json
import pathlib

import csse_standin
import pytest

from builder import chapters as book
from builder.execute.chapter import run_chapter
from builder.execute.store import current
from builder.files import BUILD, ROOT, digest, write_atomically
from builder.serve import served

KEPT = BUILD / "alone"


@pytest.mark.parametrize("chapter", book.chapters())
def test_chapter_runs_alone(chapter, tmp_path):
    found = current(chapter)
    assert found, f"{chapter} has no current execution: run `make`"
    if not found["visible"]:
        # The execution that the site shows was already one in an empty folder.
        assert found["error"] is None, found["error"]
        return
    kept = KEPT / f"{chapter}.json"
    key = digest(found["key"], pathlib.Path(__file__).read_bytes(), pathlib.Path(csse_standin.__file__).read_bytes())
    if kept.is_file() and json.loads(kept.read_text())["key"] == key:
        return
    with stand_ins(chapter, tmp_path) as environment:
        alone, _ = run_chapter(chapter, [], **environment)
    assert alone["error"] is None, alone["error"]["traceback"]
    write_atomically(kept, json.dumps({"key": key}))


@contextlib.contextmanager
def stand_ins(chapter, folder):
    """Servers on 127.0.0.1 for the addresses that the chapter reads on Colab; yields the variables that name them."""
    if chapter == "hubei":
        csse_standin.write(folder, ROOT / "data")
        with served(folder) as url:
            yield {"CSSE_BASE_URL": url}
    elif chapter == "docker_kernels":
        with served(ROOT / "docker") as url:
            yield {"DOCKER_BASE_URL": url}
    else:
        yield {}
