"""Guess first: a question before a claim, at which the reader commits to a number or a side and then sees what the claim's cell printed.

Its Markdown cell has in its metadata `guess`: `{"min": 0, "max": 100, "step": 1, "unit": "%", "printed": "share (\\\\d+)%"}`, or `{"choices": ["fewer", "more"],
"printed": "it is (fewer|more)"}`. The first group of `printed` is found in what the next claim's cell printed: the answer is computed, never typed. In Colab and
without JavaScript the cell is a plain question.
"""

import html
import re

import nbformat

from ..files import BookError


def answer(name: str, number: int, notebook: nbformat.NotebookNode, expression: str) -> str:
    """What the next claim's cell printed for this question."""
    following = next((cell for cell in notebook.cells[number:] if "claim" in cell.metadata.get("tags", [])), None)
    printed = "".join(output.get("text", "") for output in following.outputs if output.output_type == "stream") if following else ""
    found = re.search(expression, printed)
    if not found or not found.groups():
        raise BookError(f"notebooks/{name}.ipynb, cell {number}: its guess looks for `{expression}` in what the next claim printed, which is not there: correct `printed`")
    return found[1]


def question(name: str, number: int, notebook: nbformat.NotebookNode) -> str:
    """The form that stands under the question, as HTML."""
    guess = notebook.cells[number - 1].metadata["guess"]
    value, unit = answer(name, number, notebook, guess["printed"]), guess.get("unit", "")
    if "choices" in guess:
        if value not in guess["choices"]:
            raise BookError(f"notebooks/{name}.ipynb, cell {number}: the claim printed '{value}', which is none of the choices of its guess: correct them")
        asked = "".join(f'<button type="button" value="{html.escape(c)}">{html.escape(c)}</button>' for c in guess["choices"])
    else:
        low, high = float(guess["min"]), float(guess["max"])
        if not low <= float(value.replace(",", "")) <= high:
            raise BookError(f"notebooks/{name}.ipynb, cell {number}: the claim printed {value}, outside the guess's {low:g} to {high:g}: widen it")
        step = float(guess.get("step", 1))
        # The slider does not begin near the answer.
        starts = [low + step * ((high - low) * share // step) for share in (0.25, 0.75)]
        start = next((one for one in starts if abs(one - float(value.replace(",", ""))) > (high - low) / 10), high)
        asked = (
            f'<label>Your guess: <span class="guess-scale"><input type="range" min="{low:g}" max="{high:g}" step="{step:g}" value="{start:g}"></span> '
            f'<output>{start:g}</output> {html.escape(unit)}</label><button type="button">That is my guess</button>'
        )
    return (
        f'<div class="guess pst-js-only" role="group" aria-label="Guess first" data-answer="{html.escape(value)}" data-unit="{html.escape(unit)}">{asked}'
        '<p class="guess-told" aria-live="polite"></p></div>'
    )


def put_questions(name: str, notebook: nbformat.NotebookNode) -> None:
    """Give each cell with a guess the form under its question."""
    for number, cell in enumerate(notebook.cells, start=1):
        if cell.cell_type == "markdown" and "guess" in cell.metadata:
            cell.source = cell.source.rstrip() + "\n\n" + question(name, number, notebook)
