"""Guess first: a question before a claim, at which the reader commits to a number or a side and then sees what the claim's cell printed.

What stands before the question, or at the page's head, does not tell the answer: `told` looks for it. (What a picture tells it cannot see: no figure stands between
a question and the heading or claim above it, says builder/form.py. The list of claims at the head tells answers; it is folded.)

Its Markdown cell has in its metadata `guess`: `{"min": 0, "max": 100, "step": 1, "unit": "%", "printed": "share (\\\\d+)%"}`, or `{"choices": ["fewer", "more"],
"printed": "it is (fewer|more)"}`; with `"explained": 1`, the next Markdown cell after the claim speaks of the answer, and is folded with it. The first group of `printed` is found in what the next claim's cell printed: the answer is computed, never typed. In Colab and
without JavaScript the cell is a plain question.
"""

import html
import re

import nbformat

from ..files import BookError


COMMON = set("about been before each from have here into less many more most much only other same than that their them then there these they this what when where which will with would your".split())


def answer(name: str, number: int, notebook: nbformat.NotebookNode, expression: str) -> tuple[str, str]:
    """What the next claim's cell printed for this question, and the line in which it stands."""
    following = next((cell for cell in notebook.cells[number:] if "claim" in cell.metadata.get("tags", [])), None)
    printed = "".join(output.get("text", "") for output in following.outputs if output.output_type == "stream") if following else ""
    found = re.search(expression, printed)
    if not found or not found.groups():
        raise BookError(f"notebooks/{name}.ipynb, cell {number}: its guess looks for `{expression}` in what the next claim printed, which is not there: correct `printed`")
    return found[1], printed[printed.rfind("\n", 0, found.start()) + 1 :].partition("\n")[0]


def sentences(cell: nbformat.NotebookNode) -> list[str]:
    """What a reader reads of this cell: its prose, or its figure's caption and alt text."""
    shown = cell.metadata.get("mystnb", {})
    texts = [cell.source] if cell.cell_type == "markdown" else [shown.get("figure", {}).get("caption", ""), shown.get("image", {}).get("alt", "")]
    flat = (re.sub(r"[$*`\\]", "", text).replace("\xa0", " ") for text in texts)
    return [part for text in flat for part in re.split(r"\n\s*\n|\n(?=\s*(?:-|\d+\.|#+) )|(?<=[.!?:])\s+(?=[A-Z])", text) if part.strip()]


def words(text: str) -> set[str]:
    """The words that say what a sentence is about, without their endings."""
    return {word[:6] for word in re.findall(r"[a-z]{4,}", text.lower()) if word not in COMMON}


def tells(sentence: str, value: str, guess: dict, about: set[str]) -> bool:
    """Whether the sentence says the answer: the number with its unit, or, without one, two digits or more; else (a digit, a word) only together with three words
    of the question. A sentence that names all the choices tells nothing."""

    def named(text: str) -> str:
        return rf"(?<![\w.,]){re.escape(text)}(?!\w|[.,]\d)"

    if unit := guess.get("unit"):
        return bool(re.search(rf"{named(value)}\s*{'(?:%|per ?cent)' if unit == '%' else re.escape(unit)}", sentence))
    others = [choice for choice in guess.get("choices", []) if choice != value]
    if not re.search(named(value), sentence) or others and all(re.search(named(other), sentence) for other in others):
        return False
    return sum(map(str.isdigit, value)) > 1 or len((about - words(value)) & words(sentence)) > 2


def told(number: int, notebook: nbformat.NotebookNode, guess: dict, value: str, line: str) -> str:
    """Where the answer stands before the question is asked: in prose, headings and captions, or in what the cells directly above show; empty where nowhere."""
    about = words(notebook.cells[number - 1].source) | words(line)
    for place, cell in enumerate(notebook.cells, start=1):
        if place < number or "cover" in cell.metadata.get("tags", []):  # the page begins with the chart of that tag
            for sentence in sentences(cell):
                if tells(sentence, value, guess, about):
                    return f"cell {place}, '{' '.join(sentence.split())[:100]}'"
    if len(value) > 1 and "choices" not in guess:
        places = len(value.partition(".")[2])
        for place in range(number - 1, 0, -1):
            cell = notebook.cells[place - 1]
            if "claim" in cell.metadata.get("tags", []) or cell.cell_type == "markdown" and re.search(r"^#+ ", cell.source, re.M):
                break
            shown = " ".join(output.get("text", "") or output.get("data", {}).get("text/plain", "") for output in cell.get("outputs", []))
            for one in re.findall(r"(?<![\w.])\d{1,12}(?:\.\d+)?", shown.replace(",", "")):
                if f"{float(one):.{places}f}" == value.replace(",", ""):
                    return f"cell {place}, which shows {one}"
    return ""


def question(name: str, number: int, notebook: nbformat.NotebookNode) -> str:
    """The form that stands under the question, as HTML."""
    guess = notebook.cells[number - 1].metadata["guess"]
    value, line = answer(name, number, notebook, guess["printed"])
    unit = guess.get("unit", "")
    if where := told(number, notebook, guess, value, line):
        raise BookError(f"notebooks/{name}.ipynb, cell {number}: its guess asks for {value}{unit and ' ' + unit}, which is told before, in {where}: take it out there, or ask earlier, or for something else")
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
            f'<label>Your guess: <span class="guess-scale"><input type="range" min="{low:g}" max="{high:g}" step="{step:g}" value="{start:g}" autocomplete="off"></span> '
            f'<span><output>{start:g}</output>{beside(unit)}</span></label>'
            # Where the slider begins is nobody's guess: book.js lets the button act once it was moved.
            f'<button type="button" aria-disabled="true" aria-describedby="guess-{number}-first">That is my guess</button><small class="guess-first" id="guess-{number}-first">Move the slider first.</small>'
        )
    return (
        f'<div class="guess pst-js-only"{" data-explained" * ("explained" in guess)} role="group" aria-label="Guess first" data-answer="{html.escape(value)}" data-unit="{beside(unit)}">{asked}'
        '<p class="guess-told" role="status"></p></div>'
    )


def beside(unit: str) -> str:
    """The unit as it follows its number: a per cent sign at once, any other behind a space, in the same line."""
    return html.escape(unit if unit in ("", "%") else f"\N{NO-BREAK SPACE}{unit}")


def explanation(number: int, notebook: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    """The Markdown cells that follow this question's claim and speak of the answer, as many as its guess says."""
    claim = next(place for place, cell in enumerate(notebook.cells) if place >= number and "claim" in cell.metadata.get("tags", []))
    return [cell for cell in notebook.cells[claim + 1 :] if cell.cell_type == "markdown"][: notebook.cells[number - 1].metadata["guess"].get("explained", 0)]


def put_questions(name: str, notebook: nbformat.NotebookNode) -> None:
    """Give each cell with a guess the form under its question."""
    for number, cell in enumerate(notebook.cells, start=1):
        if cell.cell_type == "markdown" and "guess" in cell.metadata:
            if last := explanation(number, notebook):
                last[-1].source = last[-1].source.rstrip() + '\n\n<div class="guess-end" hidden></div>'
            cell.source = cell.source.rstrip() + "\n\n" + question(name, number, notebook)
