"""What every chapter keeps to, whatever it says: the form that `builder.form` checks, and what shows only once it is executed."""

import re

import pytest

from builder import chapters as book
from builder import form, new
from builder.execute.key import imported
from builder.execute.store import executed
from builder.files import ROOT, BookError
from builder.pages.executed import is_setup
from builder.pages.recipes import copied as recipes_of

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


def test_open_code_is_short_and_told(notebook):
    """What is read with the text is an idea of a few lines, and a sentence leads to it; the rest is folded, but for recipes, which stand in a box."""
    folding = {"claim", "hide-input", "hide-cell", "recipe"}
    is_open = [cell.cell_type == "code" and not folding & set(cell.metadata.get("tags", [])) and not is_setup(cell) for cell in notebook.cells]
    long = [cell.source for cell, one in zip(notebook.cells, is_open) if one and len(cell.source.splitlines()) > 15]
    assert not long, f"fold it by the tag `hide-input`:\n{long[0]}"
    in_a_row = [notebook.cells[i].source for i in range(1, len(is_open)) if is_open[i - 1] and is_open[i]]
    assert not in_a_row, f"write a sentence before it, or fold it by the tag `hide-input`:\n{in_a_row[0]}"


def seen_first(cells):
    """Whether something is seen before a closed fold, a heading or the next paragraph: a claim, code that is open, or what a folded cell shows."""
    for cell in cells:
        tags = set(cell.metadata.get("tags", []))
        if cell.cell_type == "markdown":
            return cell.source.startswith("**Claim ")
        if not {"hide-cell", "hide-input"} & tags:
            return cell is cells[0]
        if cell.get("outputs") and "hide-cell" not in tags:
            return True
    return False


def test_what_a_colon_announces_is_seen(chapter):
    """The page opens with code folded: a paragraph that ends with a colon and then a fold says nothing."""
    cells, unseen = executed(chapter).cells, []
    for place, cell in enumerate(cells):
        if cell.cell_type != "markdown":
            continue
        parts = [part.strip() for part in re.sub(r"```.*?```", "```", cell.source, flags=re.S).split("\n\n")]
        unseen += [part for part, after in zip(parts, parts[1:]) if part.endswith(":") and not re.match(r"[-*|>]\s|\||\d+\. |\$\$|```|\*\*Claim ", after)]
        unseen += [parts[-1]] * (parts[-1].endswith(":") and not seen_first(cells[place + 1 :]))
    assert not unseen, f"end the sentence, or show what it announces:\n{unseen[0]}"


def test_a_recipe_runs_in_an_empty_notebook(chapter):
    """As it is copied. Of those with TensorFlow or PyTorch, which take seconds to load, only the code is read."""
    for text in recipes_of(chapter):
        if text.startswith("uv "):
            continue
        code = compile(text, chapter, "exec")
        if not re.search(r"\b(keras|torch|gymnasium)\b", text):
            exec(code, {"__name__": "recipe"})
    assert recipes_of(chapter)


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
