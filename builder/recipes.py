"""Recipes: code that a reader copies, and what of the chapter it needs.

A code cell with the tag `recipe`. With `hide-input` as well, what it prints is the recipe, and its code stays folded.
"""

import ast
import builtins
import symtable

import nbformat

from .chapters import code_cells, python

def is_recipe(cell: nbformat.NotebookNode) -> bool:
    return cell.cell_type == "code" and "recipe" in cell.metadata.get("tags", [])


def prints(cell: nbformat.NotebookNode) -> bool:
    """Whether the recipe is what the cell prints, not its code."""
    return "hide-input" in cell.metadata.get("tags", [])


def unbound(source: str) -> set[str]:
    """The names that the code uses and does not define, without Python's own."""
    top = symtable.symtable(source, "recipe", "exec")
    here = {one.get_name() for one in top.get_symbols() if one.is_assigned() or one.is_imported()}
    found, scopes = set(), [top]
    while scopes:
        scope = scopes.pop()
        scopes += scope.get_children()
        found |= {one.get_name() for one in scope.get_symbols() if one.is_referenced() and (one.is_global() or scope is top)}
    return found - here - set(dir(builtins)) - {"__name__"}


def binds(statement: ast.stmt) -> list[str]:
    """The names that the statement defines, where it can be copied: a function, a class, or a value that no call computes."""
    if isinstance(statement, (ast.FunctionDef, ast.ClassDef)):
        return [statement.name]
    if isinstance(statement, ast.Assign) and not any(isinstance(part, ast.Call) for part in ast.walk(statement.value)):
        return [part.id for target in statement.targets for part in ast.walk(target) if isinstance(part, ast.Name)]
    return []


def defined(cells: list[nbformat.NotebookNode]) -> dict[str, tuple]:
    """Where each name comes from, the last time: ("import", module, name in it, name here) or ("code", place, source, name)."""
    found: dict[str, tuple] = {}
    for number, cell in enumerate(cells):
        source = python(cell.source)
        for statement in ast.parse(source).body:
            for part in ast.walk(statement) if isinstance(statement, (ast.Import, ast.ImportFrom, ast.With, ast.Try)) else ():
                if isinstance(part, (ast.Import, ast.ImportFrom)):
                    for one in part.names:
                        found[one.asname or one.name.partition(".")[0]] = ("import", getattr(part, "module", None), one.name, one.asname)
            lines = [statement.lineno, *(one.lineno for one in getattr(statement, "decorator_list", []))]
            for name in binds(statement):
                found[name] = ("code", (number, statement.lineno), "\n".join(source.splitlines()[min(lines) - 1 : statement.end_lineno]), name)
    return found


def imports(found: list[tuple]) -> str:
    """Lines that import these, those of one module together."""
    plain, of_modules = set(), {}
    for _, module, name, here in found:
        text = f"{name} as {here}" if here else name
        plain.add(f"import {text}") if module is None else of_modules.setdefault(module, set()).add(text)
    return "\n".join([*sorted(plain), *(f"from {module} import {', '.join(sorted(names))}" for module, names in sorted(of_modules.items()))])


def needed(notebook: nbformat.NotebookNode, cell: nbformat.NotebookNode) -> tuple[str, list[str], set[str]]:
    """What of the chapter is copied before the recipe's own code: its text, the names of the functions and classes in it, and the names that the chapter does not let one copy."""
    cells = code_cells(notebook)
    known = defined(cells[: next(i for i, one in enumerate(cells) if one is cell)])
    taken, missing, asked = {}, set(), unbound(python(cell.source))
    while asked:
        name = asked.pop()
        if name not in known:
            missing.add(name)
        elif known[name] not in taken.values():
            taken[name] = known[name]
            asked |= (unbound(known[name][2]) if known[name][0] == "code" else set()) - taken.keys()
    code = sorted({one[1:3] for one in taken.values() if one[0] == "code"})
    parts = [imports([one for one in taken.values() if one[0] == "import"]), *(source for _, source in code)]
    names = [name for name in (one[3] for one in sorted(one for one in taken.values() if one[0] == "code")) if not name.isupper()]
    return "".join(f"{part}\n\n\n" for part in parts if part), names, missing
