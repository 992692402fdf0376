"""`make colab`: what a freeze says, which Python and PyTorch are taken, and what is said where there is none."""

import pathlib

import pytest
from small import ONE

from builder import colab
from builder.files import ROOT, BookError

FREEZE = (ROOT / "data" / "colab_freeze.txt").read_text(encoding="utf-8")


def test_a_freeze_names_the_version_of_each_package():
    versions = colab.frozen(FREEZE)
    assert {name: versions[name] for name in ("numpy", "keras", "ipykernel", "matplotlib-inline", "torch")} == {
        "numpy": "2.1.3", "keras": "3.13.2", "ipykernel": "6.17.1", "matplotlib-inline": "0.2.2", "torch": "2.11.0",
    }  # fmt: skip
    assert colab.python_of(FREEZE) == "3.13"


@pytest.mark.parametrize("text", ["", "<html>not found</html>", "numpy\npandas\n"])
def test_what_is_no_freeze_is_refused(text):
    with pytest.raises(BookError, match="lists no packages"):
        colab.frozen(text)


def test_the_chapters_packages_are_wanted_in_its_versions():
    wanted = colab.wanted(colab.frozen(FREEZE))
    assert {"numpy==2.1.3", "tensorflow-cpu==2.20.0", "ipykernel==6.17.1", "ipython==7.34.0"} <= set(wanted)
    assert not [line for line in wanted if line.startswith(("torch", "uv="))]


def test_a_python_that_is_not_there_is_said():
    with pytest.raises(BookError, match="Python 3.99 and this machine has none.*make colab PYTHON="):
        colab.find_python("3.99")


@pytest.mark.parametrize(("graphics", "first"), [({"own"}, "exact"), ({"exact"}, "own"), ({"own", "exact"}, "own"), (set(), "own")])
def test_pytorch_without_graphics_libraries_goes_first(graphics, first, tmp_path):
    pip = tmp_path / "python"
    pip.write_text(
        "#!/bin/sh\nfor road; do :; done\n"
        + "".join(f'[ "$road" = {name} ] && echo \'{{"install": [{{"metadata": {{"name": "nvidia-x"}}}}]}}\' && exit\n' for name in sorted(graphics))
        + "echo '{\"install\": []}'\n"
    )
    pip.chmod(0o755)
    assert colab.without_graphics(pathlib.Path(pip), [["own"], ["exact"]])[0] == [first]


def test_a_freeze_that_cannot_be_read_is_said(small):
    small.write("one", ONE)
    small.failing("nowhere.txt cannot be read", "make colab FREEZE=file", command=("colab", "--freeze", "nowhere.txt"))
    small.failing("does not answer", "make colab FREEZE=file", command=("colab", "--freeze", "http://127.0.0.1:9/pip-freeze.txt"))
