"""What of a chapter's code the instrument's results depend on.

Results of doubt are kept by a digest of this. Left out is what no change touches and no assertion can see: comments,
docstrings, what is printed, the messages of assertions, and how a figure looks (`mutants.LOOKS`, `mutants.LOOKING`).
So a label of a figure may become clearer without hours of doubt anew, and a sign may not.
An import of pyplot that a later cell makes again does not count either: what it draws until then counts itself, or is words.
Where a print calls a function of the chapter, or may draw, these calls count and the words around them do not.
"""

import ast
import functools
import re

from ..files import digest
from .mutants import DRAWN, LOOKS, LOOKS_ALWAYS, _called, _Finder, plain

PYPLOT = "import matplotlib.pyplot as plt"
STATEFUL = {"next", "iter", "input", "exec", "eval", "open"}


class _Reduced(ast.NodeTransformer):
    """Takes the looks out of one cell; `own` are the functions that the chapter defines: calling one may change something. `read`: names whose value a loop may leave to what comes after. `again`: imports that come again."""

    def __init__(self, own: set[str], read: set[str], again: list[ast.stmt]):
        self.own, self.read, self.again = own, read, again

    def harmless(self, *nodes: ast.AST) -> bool:
        """Whether evaluating these can change nothing: no value is stored, and nothing is called that may draw or count."""
        for one in (inner for node in nodes for inner in ast.walk(node)):
            if isinstance(one, ast.NamedExpr | ast.Yield | ast.YieldFrom | ast.Await):
                return False
            if isinstance(one, ast.Call):
                names = {n.id for n in ast.walk(one.func) if isinstance(n, ast.Name)} | {n.attr for n in ast.walk(one.func) if isinstance(n, ast.Attribute)}
                if names & (self.own | STATEFUL) or any(re.search("rng|random|generator|pop$|append|sample|rvs", name.lower()) for name in names):
                    return False
        return True

    def acting(self, node: ast.AST) -> list[ast.AST]:
        """The parts of what is printed that are not harmless, as small as they can be, in order; whole where it depends on something how often they are evaluated."""
        if self.harmless(node):
            return []
        if isinstance(node, ast.Call):
            found = [part for child in ast.iter_child_nodes(node) for part in self.acting(child)]
            alone = ast.Call(node.func, [], [])
            return found if self.harmless(alone) else [node]
        if isinstance(node, ast.IfExp) and self.harmless(node.body, node.orelse):
            return self.acting(node.test)
        if isinstance(node, ast.Compare) and len(node.ops) == 1 or isinstance(node, ast.JoinedStr | ast.FormattedValue | ast.BinOp | ast.UnaryOp | ast.Subscript | ast.Attribute | ast.Starred | ast.keyword | ast.Tuple | ast.List):
            return [part for child in ast.iter_child_nodes(node) for part in self.acting(child)]
        return [node]

    def generic_visit(self, node):
        super().generic_visit(node)
        if getattr(node, "body", None) == [] and not isinstance(node, ast.Module):  # what has lost its statements still stands
            node.body = [ast.Pass()]
        return node

    def visit_Expr(self, node):
        value = node.value
        if isinstance(value, ast.Constant):
            return None
        if isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id == "print":
            return [self.generic_visit(ast.Expr(part)) for one in (*value.args, *value.keywords) for part in self.acting(one)] or None
        if isinstance(value, ast.Call) and self.harmless(*value.args, *value.keywords):
            name = _called(value)
            if _Finder.looks(value, name) and isinstance(value.func, ast.Attribute):
                before = value.func.value  # `sns.ecdfplot(…).set(…)`: what stands before still counts
                if not any(isinstance(one, ast.Call) for one in ast.walk(before)):
                    return None
                node.value = before
        return self.generic_visit(node)

    def visit_Call(self, node):
        drawing = (name := _called(node)) in DRAWN or name.startswith(("mark_", "alt"))
        node.keywords = [k for k in node.keywords if not (k.arg in (LOOKS if drawing else LOOKS_ALWAYS) and self.harmless(k.value))]
        return self.generic_visit(node)

    def visit_Assert(self, node):
        node.msg = None
        return self.generic_visit(node)

    def visit_Import(self, node):
        return None if node in self.again else node

    def visit_For(self, node):
        """A loop that only writes labels is looks itself."""
        return self._block(node, node.iter)

    def visit_If(self, node):
        return self._block(node, node.test)

    def _block(self, node, head):
        had = not all(isinstance(one, ast.Pass) for one in node.body)
        rebinds = isinstance(node, ast.For) and _names(node.target) & self.read  # what comes after may see another value
        self.generic_visit(node)
        empty = all(isinstance(one, ast.Pass) for one in node.body) and not node.orelse
        return None if had and empty and self.harmless(head) and not rebinds else node


def _names(*many: ast.AST) -> set[str]:
    return {one.id for node in many for one in ast.walk(node) if isinstance(one, ast.Name)}


def _free(node: ast.AST, bound: frozenset[str] = frozenset()) -> set[str]:
    """The names that are read where no loop, comprehension or function around them has given them their value."""
    if isinstance(node, ast.Name):
        return {node.id} - bound if isinstance(node.ctx, ast.Load) else set()
    if isinstance(node, ast.For):
        return _free(node.iter, bound) | _union(node.body, bound | _names(node.target)) | _union(node.orelse, bound)
    if isinstance(node, ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp):
        bound |= _names(*(one.target for one in node.generators))
    elif isinstance(node, ast.FunctionDef | ast.Lambda):
        own = {one.arg for one in ast.walk(node.args) if isinstance(one, ast.arg)}
        stored = {one.id for one in ast.walk(node) if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)}
        bound |= own | (stored if isinstance(node, ast.FunctionDef) else set())
    return _union(ast.iter_child_nodes(node), bound)


def _union(many, bound) -> set[str]:
    return set().union(*(_free(one, bound) for one in many))


def _shape(node) -> object:
    """The tree as nested lists, the same from each version of Python: fields that hold nothing are left out."""
    if isinstance(node, ast.AST):
        fields = [(name, value) for name, value in ast.iter_fields(node) if value is not None and value != [] and name not in ("ctx", "kind")]
        return [type(node).__name__, *[[name, _shape(value)] for name, value in fields]]
    return [_shape(one) for one in node] if isinstance(node, list) else f"{type(node).__name__} {node!r}"


@functools.lru_cache(maxsize=32)
def essence(cells: tuple[str, ...]) -> str:
    """Digest of what the results of doubt on these code cells depend on."""
    trees, found = {}, []
    for number, source in enumerate(cells):
        try:
            trees[number] = ast.parse(plain(source)) if plain(source) else None
        except SyntaxError:
            trees[number] = None
    own = set()
    for node in (node for tree in trees.values() if tree for node in ast.walk(tree)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            own.add(node.name)
        elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Lambda):
            own |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    drawing = [node for tree in trees.values() if tree for node in tree.body if isinstance(node, ast.Import) and ast.unparse(node) == PYPLOT]
    read = _union(filter(None, trees.values()), frozenset())
    for number, source in enumerate(cells):
        if trees[number] is None:
            found.append(source)  # another program's, or not Python: all of it counts
        else:
            lines = [line.strip() for line in source.splitlines() if re.match(r"\s*[%!]", line)]
            found.append(repr([lines, _shape(_Reduced(own, read, drawing[:-1]).visit(trees[number]))]))
    return digest(*found)
