"""The data sets are those that their README describes, byte for byte."""

import subprocess

from builder.data import DATA, checksums, data_faults
from builder.files import ROOT


def test_every_file_has_its_checksum_and_no_other():
    assert not data_faults()


def test_every_file_is_described():
    readme = (DATA / "README.md").read_text()
    assert all(name.split("/")[0] in readme for name in checksums())


def test_git_leaves_the_files_as_they_are(tmp_path):
    """Also for those whose git writes other ends of lines, which no checksum and no make would take."""

    def git(*words):
        subprocess.run(["git", "-C", tmp_path, "-c", "core.autocrlf=true", *words], check=True, capture_output=True)

    (tmp_path / ".gitattributes").write_bytes((ROOT / ".gitattributes").read_bytes())
    (tmp_path / "data").write_bytes(b"one\n")
    git("init")
    git("add", ".")
    (tmp_path / "data").unlink()
    git("checkout-index", "--all")
    assert (tmp_path / "data").read_bytes() == b"one\n"
