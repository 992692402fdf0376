"""What every chapter keeps to, whatever it says: a clean file, plain Markdown, described figures, claims that assert."""

import ast
import re

import pytest
from markdown_it import MarkdownIt

from builder import chapters as book
from builder import new
from builder.execute.key import imported
from builder.execute.store import executed
from builder.files import ROOT, BookError

CHAPTERS = book.chapters()
CELL_METADATA = {"tags", "mystnb", "slug", "guess", "live"}
# `library`, `ladder`, `pytorch` and `keras` mark the cells that the benchmark and the property tests take from a chapter.
TAGS = {"claim", "cover", "hide-cell", "hide-input", "hide-output", "timing", "library", "ladder", "pytorch", "keras"}
PICTURES = {"image/svg+xml", "image/png", "image/jpeg", "application/vnd.vegalite.v6+json"}


@pytest.fixture(params=CHAPTERS)
def chapter(request):
    return request.param


@pytest.fixture
def notebook(chapter):
    return book.load(chapter)


def test_table_of_contents_lists_exactly_the_chapters():
    assert sorted(CHAPTERS) == sorted(path.stem for path in (ROOT / "notebooks").glob("*.ipynb"))


def test_names_can_be_imported(chapter):
    assert re.fullmatch(r"[a-z][a-z0-9_]*", chapter)


def test_no_outputs_counts_or_stray_metadata(notebook):
    assert set(notebook.metadata) <= {"kernelspec", "language_info"}
    assert notebook.metadata.kernelspec.name == "python3"
    assert set(notebook.metadata.get("language_info", {})) <= {"name"}
    for cell in notebook.cells:
        assert set(cell.metadata) <= CELL_METADATA, cell.source[:60]
        assert set(cell.metadata.get("tags", [])) <= TAGS, cell.source[:60]
        if cell.cell_type == "code":
            assert not cell.outputs and cell.execution_count is None, cell.source[:60]
            assert cell.source.strip(), "an empty code cell"


def test_cell_ids_are_given_and_unique(notebook):
    ids = [cell.id for cell in notebook.cells]
    assert len(set(ids)) == len(ids)


def test_file_is_written_as_editors_write_it(chapter):
    text = book.source_path(chapter).read_text(encoding="utf-8")
    assert text.startswith('{\n "cells": [') and text.endswith("}\n"), "save it with one space of indentation and a last newline"


def test_begins_with_its_only_title_and_a_question(notebook):
    titles = [line for cell in notebook.cells if cell.cell_type == "markdown" for line in headings(cell.source) if line[0] == 1]
    assert len(titles) == 1 and notebook.cells[0].source.startswith("# ")
    assert len(book.question(notebook)) > 20


def headings(source):
    tokens = MarkdownIt().parse(source)
    return [(int(t.tag[1]), tokens[i + 1].content) for i, t in enumerate(tokens) if t.type == "heading_open"]


def test_markdown_is_common(notebook):
    """Colab and GitHub show MyST's directives, roles and targets as they are written."""
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            text = re.sub(r"```.*?```|`[^`\n]*`", "", cell.source, flags=re.S)
            assert not re.search(r"^:{3,}|\{[a-z:]+\}`|^\([\w-]+\)=$|^%{1,3} |\{\{", text, re.M), cell.source[:80]
            assert not re.search(r"^```\{", cell.source, re.M), cell.source[:80]


def test_imports_nothing_of_this_repository(notebook):
    own = {"builder", "benchmarks", "tests", *(path.stem for path in (ROOT / "notebooks").glob("*.*"))}
    assert not own & set(imported(notebook))
    code = "\n".join(cell.source for cell in book.code_cells(notebook))
    assert not re.search(r"%run|sys\s*\.\s*path", code)


def test_claims_are_numbered_and_followed_by_a_cell_that_asserts(chapter, notebook):
    claims = book.claims(notebook)
    assert [claim["number"] for claim in claims] == list(range(1, len(claims) + 1))
    assert len(claims) >= 8
    inside = [cell.source[:60] for cell in notebook.cells if re.search(r"(?<!^)\*\*Claim \d+\.\*\*", cell.source)]
    assert not inside, f"a claim begins its cell: {inside}"
    tagged = [cell for cell in book.code_cells(notebook) if "claim" in cell.metadata.get("tags", [])]
    assert [id(claim["cell"]) for claim in claims] == [id(cell) for cell in tagged], "a claim without its cell, or the reverse"
    for claim in claims:
        assert len(claim["text"]) > 20, claim
        assert asserts(claim["cell"].source), f"claim {claim['number']} asserts nothing"


def asserts(source):
    """Whether the code compares something that it computed (an assertion of constants cannot fail)."""
    tree = ast.parse(source)
    checks = [node for node in ast.walk(tree) if isinstance(node, ast.Assert) and any(isinstance(n, ast.Name | ast.Attribute) for n in ast.walk(node.test))]
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and "assert" in ast.unparse(node.func)]
    return bool(checks or calls)


def test_claims_print_their_values(chapter):
    for claim in book.claims(executed(chapter)):
        assert claim["value"], f"claim {claim['number']} prints no value"
        assert len(claim["value"].splitlines()) <= 12, f"claim {claim['number']} prints more than a ledger can show"


def test_every_picture_has_alt_text_and_a_caption(chapter):
    for number, cell in enumerate(book.code_cells(executed(chapter)), start=1):
        if any(PICTURES & set(output.get("data", {})) for output in cell.outputs):
            described = cell.metadata.get("mystnb", {})
            assert len(described.get("image", {}).get("alt", "")) > 20, f"cell {number} has no alt text"
            assert len(described.get("figure", {}).get("caption", "")) > 20, f"cell {number} has no caption"


def test_output_is_clean(chapter):
    """No warnings, no progress bars, no addresses of objects, no folders of the machine."""
    for number, cell in enumerate(book.code_cells(executed(chapter)), start=1):
        for output in cell.outputs:
            assert output.get("name") != "stderr", f"cell {number} writes to stderr: {output.text[:300]}"
            shown = output.get("text", "") or output.get("data", {}).get("text/plain", "") + output.get("data", {}).get("text/markdown", "")
            assert not re.search(r" at 0x[0-9a-f]{6,}|/home/|/tmp/|site-packages|Warning:", shown), f"cell {number}: {shown[:200]}"


def test_triton_is_loaded_before_tensorflow(notebook):
    """PyTorch's wheels for graphics cards import it with the first optimiser, and after TensorFlow that ends the process."""
    code = "\n".join(cell.source for cell in book.code_cells(notebook))
    tensorflow = re.search(r"^(import|from) (keras|tensorflow)\b", code, re.M)
    if tensorflow and "torch.optim" in code:
        triton = re.search(r"^\s+import triton\b", code, re.M)
        assert triton and triton.start() < tensorflow.start()


def test_code_fits_its_box(notebook):
    """At 1280 pixels the page shows 88 characters of a line, 84 in the frame of a claim."""
    for number, cell in enumerate(book.code_cells(notebook), start=1):
        room = 84 if "claim" in cell.metadata.get("tags", []) else 88
        assert max(map(len, cell.source.splitlines())) <= room, f"cell {number} has a line of more than {room} characters"


def test_exercises_have_folded_solutions(notebook):
    exercises = [h for cell in notebook.cells if cell.cell_type == "markdown" for h in headings(cell.source) if re.match(r"Exercise \d", h[1])]
    solutions = [cell for cell in book.code_cells(notebook) if cell.source.startswith("# @title Solution")]
    assert len(exercises) >= 3 and len(solutions) >= len(exercises)
    assert all("hide-cell" in cell.metadata.get("tags", []) for cell in solutions)


def test_a_new_chapter_has_the_form_of_one(tmp_path, monkeypatch):
    """`make new` lays out a chapter that is right in everything but what it says."""
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "_toc.yml").write_text((ROOT / "_toc.yml").read_text())
    for module in (book, new):
        monkeypatch.setattr(module, "ROOT", tmp_path)
    new.new("my_topic")
    assert "my_topic" in book.chapters()
    notebook = book.load("my_topic")
    test_file_is_written_as_editors_write_it("my_topic")
    test_no_outputs_counts_or_stray_metadata(notebook)
    test_cell_ids_are_given_and_unique(notebook)
    test_begins_with_its_only_title_and_a_question(notebook)
    test_markdown_is_common(notebook)
    test_claims_are_numbered_and_followed_by_a_cell_that_asserts("my_topic", notebook)
    test_exercises_have_folded_solutions(notebook)
    code = "\n".join(cell.source for cell in book.code_cells(notebook))
    exec(compile(code, "my_topic", "exec"), {})  # the example claims hold
    with pytest.raises(BookError, match="there already"):
        new.new("my_topic")
    with pytest.raises(BookError, match="lower case"):
        new.new("My topic")
