"""What every chapter keeps to, whatever it says: the form that `builder.form` checks, and what shows only once it is executed."""

import re

import pytest

from builder import chapters as book
from builder import form, new
from builder.execute.key import imported
from builder.files import ROOT, BookError

CHAPTERS = book.chapters()


@pytest.fixture(params=CHAPTERS)
def chapter(request):
    return request.param


@pytest.fixture
def notebook(chapter):
    return book.load(chapter)


def test_the_table_of_contents_and_the_requirements_have_no_faults():
    assert not form.toc_faults() + form.requirement_faults()


def test_the_form_is_right(chapter):
    faults = form.notebook_faults(chapter) + form.notebook_rules(chapter)
    assert not faults, "\n".join(faults)


def test_imports_nothing_of_this_repository(notebook):
    own = {"builder", "benchmarks", "tests", *(path.stem for path in (ROOT / "notebooks").glob("*.*"))}
    assert not own & set(imported(notebook))
    code = "\n".join(cell.source for cell in book.code_cells(notebook))
    assert not re.search(r"%run|sys\s*\.\s*path", code)


def test_the_outputs_are_those_of_a_finished_chapter(chapter):
    faults = form.output_rules(chapter)
    assert not faults, "\n".join(faults)


def test_triton_is_loaded_before_tensorflow(notebook):
    """PyTorch's wheels for graphics cards import it with the first optimiser, and after TensorFlow that ends the process."""
    code = "\n".join(cell.source for cell in book.code_cells(notebook))
    tensorflow = re.search(r"^(import|from) (keras|tensorflow)\b", code, re.M)
    if tensorflow and "torch.optim" in code:
        triton = re.search(r"^\s+import triton\b", code, re.M)
        assert triton and triton.start() < tensorflow.start()


def test_a_new_chapter_has_the_form_of_one(tmp_path, monkeypatch):
    """`make new` lays out a chapter that is right in everything but what it says."""
    (tmp_path / "notebooks").mkdir()
    for name in ("_toc.yml", "_config.yml"):
        (tmp_path / name).write_text((ROOT / name).read_text())
    for module in (book, new):
        monkeypatch.setattr(module, "ROOT", tmp_path)
    new.new("my_topic")
    assert "my_topic" in book.chapters()
    assert not form.notebook_faults("my_topic") + form.notebook_rules("my_topic")
    code = "\n".join(cell.source for cell in book.code_cells(book.load("my_topic")))
    exec(compile(code, "my_topic", "exec"), {})  # the example claims hold
    with pytest.raises(BookError, match="there already"):
        new.new("my_topic")
    with pytest.raises(BookError, match="lower case"):
        new.new("My topic")
