"""The house: imports go downwards only, and nothing reaches across folders by the path."""

import pathlib
import re
import subprocess
import sys

from builder.files import BUILD, ROOT


def test_imports_go_downwards_only():
    command = [pathlib.Path(sys.executable).parent / "lint-imports", "--no-logo", "--cache-dir", BUILD / "imports"]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


def test_what_pytest_keeps_lies_where_all_that_is_made_does(pytestconfig):
    """So that the book can be tested where nothing else may be written."""
    assert BUILD in pytestconfig.cache.mkdir("place").parents


def test_no_path_is_patched_and_the_pages_hold_no_python():
    patched = [path for folder in ("builder", "benchmarks", "tests") for path in (ROOT / folder).rglob("*.py") if re.search(r"sys\.path", path.read_text(encoding="utf-8"))]
    assert not patched
    assert not list((ROOT / "book").rglob("*.py"))
