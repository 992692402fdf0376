"""The workflows for whoever forks the book, and the containers' files: checked by their own linters."""

import pathlib
import re
import subprocess
import sys

import pytest
import yaml

from builder.files import ROOT

BIN = pathlib.Path(sys.executable).parent
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def run(*command):
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


def test_actionlint():
    assert WORKFLOWS
    run(BIN / "actionlint", "-shellcheck=", "-pyflakes=", *WORKFLOWS)


def test_schema():
    run(BIN / "check-jsonschema", "--builtin-schema", "vendor.github-workflows", *WORKFLOWS)


def test_the_pages_are_made_where_git_knows_when_each_chapter_changed():
    """Of a shallow clone it says of all of them the day of the last push."""
    jobs = [job["steps"] for path in WORKFLOWS for job in yaml.safe_load(path.read_text(encoding="utf-8"))["jobs"].values()]
    making = [steps for steps in jobs if any("upload-pages-artifact" in step.get("uses", "") for step in steps)]
    checkouts = [step for steps in making for step in steps if "actions/checkout" in step.get("uses", "")]
    assert checkouts and all(step["with"].get("fetch-depth") == 0 for step in checkouts)


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_actions_are_pinned_by_commit_and_permissions_are_given(path):
    text = path.read_text(encoding="utf-8")
    used = re.findall(r"uses: (\S+)", text)
    assert all(re.search(r"@[0-9a-f]{40}$", action) or action.startswith("./") for action in used), used
    assert re.search(r"^permissions:", text, re.M)
