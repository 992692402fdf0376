"""The data sets are those that their README describes, byte for byte."""

import book


def test_files_match_their_checksums():
    book.check_data()


def test_every_file_has_a_checksum_and_a_description():
    files = {str(p.relative_to(book.ROOT / "data")) for p in (book.ROOT / "data").rglob("*") if p.is_file()}
    files -= {"README.md", "SHA256SUMS"}
    listed = {line.split()[1] for line in (book.ROOT / "data" / "SHA256SUMS").read_text().splitlines()}
    assert files == listed
    readme = (book.ROOT / "data" / "README.md").read_text()
    assert all(name.split("/")[0] in readme for name in files)
