"""The data sets are those that their README describes, byte for byte."""

from builder.data import DATA, check_data, checksums


def test_every_file_has_its_checksum_and_no_other():
    check_data()


def test_every_file_is_described():
    readme = (DATA / "README.md").read_text()
    assert all(name.split("/")[0] in readme for name in checksums())
