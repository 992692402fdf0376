"""Each chapter runs alone, as on Colab: in an empty folder, without the repository, with stand-ins for what it fetches."""

import contextlib
import json
import os
import subprocess
import sys

import book
import pytest

RUN = """
import json, sys
sys.path.insert(0, sys.argv[1])
import execute
found, _ = execute.run_chapter(sys.argv[2], [])
print(json.dumps(found["error"]))
"""


@pytest.mark.parametrize("chapter", book.chapters())
def test_chapter_runs_alone(chapter, tmp_path):
    found = book.current(chapter)
    assert found, f"{chapter} has no current execution: run `make`"
    if not found["visible"]:
        # The execution that the site shows was already one in an empty folder.
        assert found["error"] is None, found["error"]
        return
    with stand_ins(chapter, tmp_path) as environment:
        command = [sys.executable, "-c", RUN, str(book.ROOT / "tests"), chapter]
        result = subprocess.run(command, env={**os.environ, **environment}, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert result.returncode == 0, result.stderr[-2000:]
    error = json.loads(result.stdout.splitlines()[-1])
    assert error is None, error["traceback"]


@contextlib.contextmanager
def stand_ins(chapter, folder):
    """Servers on 127.0.0.1 for the addresses that the chapter reads on Colab; yields the variables that name them."""
    from conftest import served

    if chapter == "hubei":
        import csse_standin

        csse_standin.write(folder, book.ROOT / "data")
        with served(folder) as url:
            yield {"CSSE_BASE_URL": url}
    elif chapter == "docker_kernels":
        with served(book.ROOT / "docker") as url:
            yield {"DOCKER_BASE_URL": url}
    else:
        yield {}
