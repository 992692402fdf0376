"""`make colab`: what a freeze says, which Python and PyTorch are taken, and what is said where there is none."""

import base64
import io
import pathlib
import sys

import nbformat
import PIL.Image
import pytest
from small import ONE

from builder import colab, versions
from builder.chapters import chapters
from builder.files import ROOT, BookError

FREEZE = (ROOT / "data" / "colab_versions" / "2026.08.txt").read_text(encoding="utf-8")


def test_a_freeze_names_the_version_of_each_package():
    versions = colab.frozen(FREEZE)
    assert {name: versions[name] for name in ("numpy", "keras", "ipykernel", "matplotlib-inline", "torch")} == {
        "numpy": "2.1.3", "keras": "3.13.2", "ipykernel": "6.17.1", "matplotlib-inline": "0.2.2", "torch": "2.11.0",
    }  # fmt: skip
    assert colab.python_of(FREEZE) == "3.13"


def test_past_runtimes_and_the_lock_are_states_too():
    past = (ROOT / "data" / "colab_versions" / "2026.01.txt").read_text(encoding="utf-8")
    assert colab.python_of(past) == "3.12" and colab.frozen(past)["torch"] == "2.9.0" and colab.frozen(past)["keras"] == "3.10.0"
    lock = 'numpy==2.4.6 ; python_full_version < "3.12" \\\n    --hash=sha256:00\nnumpy==2.5.5 ; python_full_version >= "3.12" \\\n' + "".join(f"p{i}==1\n" for i in range(50))
    assert colab.frozen(lock, "3.11")["numpy"] == "2.4.6" and colab.frozen(lock, "3.13")["numpy"] == "2.5.5"


def test_what_held_is_kept_for_this_code_alone(monkeypatch, tmp_path):
    monkeypatch.setattr(versions, "FOLDER", tmp_path / "kept")
    first, second, third, *_ = chapters()
    versions.keep("2026.08", "3.13.0", {"numpy": "2.1.3"}, {first: {"claims": 3, "error": None}})
    versions.keep("2026.08", "3.13.0", {"numpy": "2.1.3"}, {second: {"claims": 2, "error": {"cell": 7}}})
    (found,) = versions.records()
    assert [versions.outcome(found, name) for name in (first, second)] == ["all 3 claims hold", "cell 7 fails"]
    found["chapters"][first]["code"] = "of other code"
    assert versions.outcome(found, first) == "" and versions.outcome(found, third) == ""


@pytest.mark.parametrize("text", ["", "<html>not found</html>", "numpy\npandas\n"])
def test_what_is_no_freeze_is_refused(text):
    with pytest.raises(BookError, match="lists no packages"):
        colab.frozen(text)


def test_the_chapters_packages_are_wanted_in_its_versions():
    wanted = colab.wanted(colab.frozen(FREEZE))
    assert {"numpy==2.1.3", "tensorflow-cpu==2.20.0", "ipykernel==6.17.1", "ipython==7.34.0"} <= set(wanted)
    assert not [line for line in wanted if line.startswith(("torch", "uv="))]


def test_pictures_have_a_ground_for_dark_pages():
    def cell(colour):
        file = io.BytesIO()
        PIL.Image.new("RGBA", (3, 3), colour).save(file, "png")
        return nbformat.v4.new_code_cell("1", outputs=[nbformat.v4.new_output("display_data", {"image/png": base64.b64encode(file.getvalue()).decode()})])

    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("# One"), cell("#ffffff"), cell("#ffffff00"), nbformat.v4.new_code_cell("1")])
    assert colab.pictures_without_a_ground(notebook) == [2]


def test_a_python_that_is_not_there_is_said():
    with pytest.raises(BookError, match="Python 3.99 and this machine has none.*make colab PYTHON="):
        colab.find_python("3.99")


def test_a_python_is_the_same_by_any_name(tmp_path):
    (tmp_path / "link").symlink_to(sys.executable)
    assert colab.true_path(str(tmp_path / "link")) == colab.true_path(sys.executable) == str(pathlib.Path(sys.executable).resolve())


@pytest.mark.parametrize("name", ["/nowhere/python3", "true"])
def test_what_is_no_python_is_said(name):
    with pytest.raises(BookError, match=f"{name} is no Python that runs here"):
        colab.colab([], "", name, "")


@pytest.mark.parametrize(("graphics", "first"), [({"own"}, "exact"), ({"exact"}, "own"), ({"own", "exact"}, "exact"), (set(), "exact")])
def test_pytorch_without_graphics_libraries_goes_first(graphics, first, tmp_path):
    pip = tmp_path / "python"
    pip.write_text(
        "#!/bin/sh\nfor road; do :; done\n"
        + "".join(f'[ "$road" = {name} ] && echo \'{{"install": [{{"metadata": {{"name": "nvidia-x"}}}}]}}\' && exit\n' for name in sorted(graphics))
        + "echo '{\"install\": []}'\n"
    )
    pip.chmod(0o755)
    assert colab.without_graphics(pathlib.Path(pip), [["exact"], ["own"]])[0] == [first]


def test_a_freeze_that_cannot_be_read_is_said(small):
    small.write("one", ONE)
    small.failing("write `colab_freeze: FILE`", "make colab FREEZE=file", command=("colab",))
    small.failing("did you mean one?", command=("colab", "ona"))
    (small.root / "odd.txt").write_bytes(b"caf\xe9")
    small.failing("odd.txt cannot be read (it is not UTF-8 text)", command=("colab", "--freeze", "odd.txt"))
    small.failing("nowhere.txt cannot be read", "make colab FREEZE=file", command=("colab", "--freeze", "nowhere.txt"))
    small.failing("does not answer", "make colab FREEZE=file", command=("colab", "--freeze", "http://127.0.0.1:9/pip-freeze.txt"))
