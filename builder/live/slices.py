"""The part of a chapter that one claim needs: statements of its cells, by the names that they read and store.

What a statement changes in place cannot be read off its text for certain. So there are several cuts, from the closest to the whole of what stands
before the claim; `choose.py` executes them, and takes the first that holds and prints what the build printed.
"""

import ast
import dataclasses
import functools
import re

from ..doubt.dataflow import names
from ..doubt.mutants import SPOKEN, plain

CLOSE, THOROUGH, WHOLE = CUTS = range(3)
GENERATORS = re.compile(r"\b(default_rng|RandomState|Generator|Random|SeedSequence)\(")
SETTINGS = {"set_printoptions", "set_option", "seterr", "filterwarnings", "simplefilter"}  # they act on what is printed
DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


@dataclasses.dataclass(frozen=True, eq=False)
class Statement:
    """One statement at the top of code cell `cell` (from 1), with the comments above it.

    `reads` and `stores` are names; `binds` those that it certainly gives a new value; `mentions` those that a function defined here uses once it is called;
    `changes` those whose value it changes in place by what stands there; `may_change` those that it hands to other code; `modules` those it imports.
    """

    cell: int
    text: str
    reads: frozenset[str]
    stores: frozenset[str]
    binds: frozenset[str]
    mentions: frozenset[str]
    changes: frozenset[str]
    may_change: frozenset[str]
    modules: frozenset[str]
    settings: bool
    generates: bool


def statements(cell: int, source: str) -> list[Statement]:
    """The statements of a cell; SyntaxError where it is not Python."""
    code = plain(source)
    lines, found, above = source.splitlines(), [], 0
    body = ast.parse(code).body
    for node, following in zip(body, [*body[1:], None]):
        if following is not None and following.lineno <= node.end_lineno:
            raise SyntaxError("two statements on a line")
        text = "\n".join(lines[above : node.end_lineno])
        above = node.end_lineno
        found.append(_read(cell, text, node))
    return found


def _read(cell: int, text: str, node: ast.stmt) -> Statement:
    its = names(text)
    defines = isinstance(node, DEFINITIONS)
    called_later = defines or (isinstance(node, ast.Assign) and isinstance(node.value, ast.Lambda))
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    certain = defines or isinstance(node, ast.Import | ast.ImportFrom) or (targets and all(_plain_target(one) for one in targets))
    changes, may_change = _changed(node) if not defines else (set(), set())
    calls = {_last(one.func) for one in ast.walk(node) if isinstance(one, ast.Call)} if isinstance(node, ast.Expr) else set()
    return Statement(
        cell, text, its.reads, its.stores, its.stores if certain else frozenset(), its.reads if called_later else frozenset(),
        frozenset(changes), frozenset(may_change), frozenset(imports(node)), bool(calls & SETTINGS), bool(GENERATORS.search(text)) and not defines,
    )  # fmt: skip


def imports(node: ast.AST) -> set[str]:
    """The modules that are imported there."""
    found = set()
    for one in ast.walk(node):
        if isinstance(one, ast.Import):
            found |= {alias.name for alias in one.names}
        elif isinstance(one, ast.ImportFrom) and one.module:
            found.add(one.module)
    return found


def _plain_target(node: ast.AST) -> bool:
    if isinstance(node, ast.Tuple | ast.List):
        return all(map(_plain_target, node.elts))
    return isinstance(node, ast.Name) or (isinstance(node, ast.Starred) and _plain_target(node.value))


def _base(node: ast.AST) -> str | None:
    """The name that `x` of `x.a[i].b` is."""
    while isinstance(node, ast.Attribute | ast.Subscript | ast.Starred | ast.Call):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else None


def _last(node: ast.AST) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _changed(node: ast.stmt) -> tuple[set[str], set[str]]:
    """The names changed by what stands there (`x[i] = ...`, `x += ...`, `x.append(...)`), and those handed to other code."""
    changes, may = set(), set()
    for one in ast.walk(node):
        if isinstance(one, ast.Subscript | ast.Attribute) and isinstance(one.ctx, ast.Store | ast.Del):
            changes.add(_base(one))
        elif isinstance(one, ast.AugAssign):
            changes.add(_base(one.target))
        elif isinstance(one, ast.Expr) and isinstance(one.value, ast.Call) and _last(one.value.func) not in SPOKEN:
            changes.add(_base(one.value.func) if isinstance(one.value.func, ast.Attribute) else None)
            if _last(one.value.func) in {"shuffle", "fill_diagonal", "put", "put_along_axis", "place", "copyto", "at"} and one.value.args:
                changes.add(_base(one.value.args[0]))
        if isinstance(one, ast.Call):
            given = [*one.args, *(keyword.value for keyword in one.keywords)]
            may |= {inner.id for part in [one.func, *given] for inner in ast.walk(part) if isinstance(inner, ast.Name)}
    return changes - {None}, may


class Chapter:
    """The cells of a chapter, for its claims to be cut out of."""

    def __init__(self, cells: list[str]):
        self.cells = cells
        self.read: dict[int, list[Statement] | None] = {}
        for number, source in enumerate(cells, start=1):
            try:
                self.read[number] = statements(number, source)
            except SyntaxError:
                self.read[number] = None

    @functools.cached_property
    def known(self) -> list[Statement]:
        return [one for found in self.read.values() for one in found or []]

    @functools.cached_property
    def mentions(self) -> dict[str, frozenset[str]]:
        found: dict[str, frozenset[str]] = {}
        for one in self.known:
            if one.mentions:
                for name in one.stores:
                    found[name] = found.get(name, frozenset()) | one.mentions
        return found

    @functools.cached_property
    def fixed(self) -> frozenset[str]:
        """Names of modules, functions and classes."""
        return frozenset(name for one in self.known if one.modules or one.mentions for name in one.stores)

    @functools.cached_property
    def generators(self) -> frozenset[str]:
        """Names of generators of random numbers: to draw changes them."""
        return frozenset(name for one in self.known if one.generates for name in one.stores)

    def followed(self, reads: frozenset[str]) -> set[str]:
        """The names, with those that the functions among them use."""
        found, queue = set(), list(reads)
        while queue:
            name = queue.pop()
            if name not in found:
                found.add(name)
                queue.extend(self.mentions.get(name, ()))
        return found

    def cut(self, claim: int, how: int) -> list[tuple[int, str]]:
        """What the claim in code cell `claim` needs: (cell, text) of each cell that is part of it, without the claim's own."""
        before = [one for number in range(1, claim) for one in self.read[number] or []]
        if how == WHOLE:
            return _by_cell(before)
        live = self.followed(names(self.cells[claim - 1]).reads)
        taken = []
        for one in reversed(before):
            if one.stores & live or self.changes(one, how) & live or (one.settings and one.reads & live):
                taken.append(one)
                live = (live - (one.binds - one.reads)) | self.followed(one.reads)
        return _by_cell(taken[::-1])

    def changes(self, one: Statement, how: int) -> frozenset[str]:
        """The names whose value the statement changes, or may change."""
        if one.binds and one.mentions and not one.may_change:  # a definition
            return frozenset()
        drawn = self.followed(one.reads) & self.generators
        if how == THOROUGH:
            return frozenset((self.followed(one.may_change) - self.fixed) | one.changes | drawn)
        return frozenset(one.changes - self.fixed) | drawn


def _by_cell(taken: list[Statement]) -> list[tuple[int, str]]:
    found: dict[int, list[str]] = {}
    for one in taken:
        found.setdefault(one.cell, []).append(one.text)
    return [(number, "\n".join(texts).strip("\n")) for number, texts in found.items()]
