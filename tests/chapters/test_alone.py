"""Each chapter runs alone: in an empty folder, without the repository, with stand-ins for what it fetches.

With Colab's versions `make colab` runs them in the same way.
"""

import json
import pathlib

import csse_standin
import pytest

from builder.chapters import chapters
from builder.execute.chapter import run_chapter
from builder.execute.pool import explain
from builder.execute.store import current
from builder.files import BUILD, digest, write_atomically
from builder.serve import stand_ins

KEPT = BUILD / "alone"


@pytest.mark.parametrize("chapter", chapters())
def test_chapter_runs_alone(chapter):
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
    with stand_ins() as variables:
        alone, _ = run_chapter(chapter, [], **variables)
    assert alone["error"] is None, f"in an empty folder, as on Colab, {explain(chapter, alone['error'])}\nWhat it reads it must fetch from its source there, at an address from the environment that a test can replace: as in hubei's first cells, with the variable's name under `stand_ins` in _config.yml"
    write_atomically(kept, json.dumps({"key": key}))
