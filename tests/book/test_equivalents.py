"""What is listed as making no difference: with a reason, still there, and not too much of it."""

import re

import pytest

from builder import chapters as book
from builder.doubt import house, results


@pytest.mark.parametrize("name", book.chapters())
def test_equivalent_mutants_are_few_and_of_the_present_code(name):
    chapter = house.chapter(name)
    assert not results.Score(name, results.stored(chapter)["mutants"]).too_many_equivalent, "more than a quarter: simplify the code, or assert what it does"
    code = re.sub(r"\s+", " ", "\n".join(chapter.cells))
    for (before, _), reason in results.equivalents(name).items():
        assert before in code, f"equivalent.yml lists a line that is no longer there: {before}"
        assert reason.strip() and "\n" not in reason.strip(), f"one line says why this makes no difference: {before}"
