"""Which names a cell needs from earlier cells, and which it makes: read off its text, cautiously.

A name counts as needed unless the cell has certainly given it a value of its own before.
"""

import ast
import dataclasses
import functools
import re

from .mutants import plain


@dataclasses.dataclass(frozen=True)
class Names:
    """`reads`: names whose earlier value the cell may use; `stores`: names that it certainly or possibly gives a value."""

    reads: frozenset[str]
    stores: frozenset[str]


class _Reader:
    def __init__(self):
        self.reads: set[str] = set()
        self.stores: set[str] = set()

    def load(self, name: str, own: set[str]) -> None:
        if name not in own:
            self.reads.add(name)

    def store(self, name: str, own: set[str]) -> None:
        own.add(name)
        self.stores.add(name)

    def expression(self, node: ast.AST | None, own: set[str]) -> None:
        if node is None:
            return
        if isinstance(node, ast.Name):
            if isinstance(node.ctx, ast.Load):
                self.load(node.id, own)
            elif isinstance(node.ctx, ast.Store):
                self.store(node.id, own)
            else:
                self.load(node.id, own)
                self.stores.add(node.id)
        elif isinstance(node, ast.Lambda):
            self.function(node, [node.body], own)
        elif isinstance(node, ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp):
            inner = set(own)
            for part in node.generators:
                self.expression(part.iter, inner)
                inner |= {n.id for n in ast.walk(part.target) if isinstance(n, ast.Name)}
                for condition in part.ifs:
                    self.expression(condition, inner)
            for result in [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]:
                self.expression(result, inner)
        elif isinstance(node, ast.NamedExpr):
            self.expression(node.value, own)
            self.store(node.target.id, own)
        else:
            for child in ast.iter_child_nodes(node):
                self.expression(child, own)

    def function(self, node: ast.AST, body: list[ast.AST], own: set[str]) -> None:
        """Free names of a function count where it is defined; a name that the cell has by then is its own."""
        arguments = node.args
        for default in [*arguments.defaults, *filter(None, arguments.kw_defaults)]:
            self.expression(default, own)
        every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, *filter(None, [arguments.vararg, arguments.kwarg])]
        inner = {a.arg for a in every}
        declared = set()
        for part in body:
            for one in ast.walk(part):
                if isinstance(one, ast.Global):
                    declared |= set(one.names)
                elif isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store):
                    inner.add(one.id)
                elif isinstance(one, ast.FunctionDef | ast.ClassDef):
                    inner.add(one.name)
                elif isinstance(one, ast.ExceptHandler) and one.name:
                    inner.add(one.name)
                elif isinstance(one, ast.Import | ast.ImportFrom):
                    inner |= {(a.asname or a.name).split(".")[0] for a in one.names}
                elif isinstance(one, ast.arg):
                    inner.add(one.arg)
        inner -= declared
        self.stores |= declared
        self.reads |= declared - own
        for part in body:
            for one in ast.walk(part):
                if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Load) and one.id not in inner:
                    self.load(one.id, own)

    def target(self, node: ast.AST, own: set[str]) -> None:
        """What is assigned to: of `x[i]` and `x.a` both `x` and `i` are read, and `x` is changed."""
        if isinstance(node, ast.Name):
            self.store(node.id, own)
        elif isinstance(node, ast.Tuple | ast.List):
            for one in node.elts:
                self.target(one, own)
        elif isinstance(node, ast.Starred):
            self.target(node.value, own)
        else:
            self.expression(node, own)

    def statements(self, body: list[ast.stmt], own: set[str]) -> set[str]:
        for one in body:
            own = self.statement(one, own)
        return own

    def statement(self, node: ast.stmt, own: set[str]) -> set[str]:
        """Read one statement; returns the names that the cell certainly has after it."""
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            for decorator in node.decorator_list:
                self.expression(decorator, own)
            self.stores.add(node.name)
            self.function(node, node.body, own | {node.name})
            return own | {node.name}
        if isinstance(node, ast.ClassDef):
            for part in [*node.decorator_list, *node.bases, *[k.value for k in node.keywords]]:
                self.expression(part, own)
            outer, self.stores = self.stores, set()
            self.statements(node.body, own | {node.name})
            self.stores = outer | {node.name}
            return own | {node.name}
        if isinstance(node, ast.Import | ast.ImportFrom):
            for alias in node.names:
                self.store((alias.asname or alias.name).split(".")[0], own)
            return own
        if isinstance(node, ast.Assign):
            self.expression(node.value, own)
            for target in node.targets:
                self.target(target, own)
            return own
        if isinstance(node, ast.AnnAssign):
            self.expression(node.value, own)
            self.target(node.target, own)
            return own
        if isinstance(node, ast.AugAssign):
            self.expression(node.value, own)
            if isinstance(node.target, ast.Name):
                self.load(node.target.id, own)
                self.store(node.target.id, own)
            else:
                self.expression(node.target, own)
            return own
        if isinstance(node, ast.For | ast.AsyncFor):
            self.expression(node.iter, own)
            inner = set(own)
            self.target(node.target, inner)
            self.statements(node.body, inner)
            self.statements(node.orelse, set(own))
            return own
        if isinstance(node, ast.While):
            self.expression(node.test, own)
            self.statements(node.body, set(own))
            self.statements(node.orelse, set(own))
            return own
        if isinstance(node, ast.If):
            self.expression(node.test, own)
            return own | (self.statements(node.body, set(own)) & self.statements(node.orelse, set(own)))
        if isinstance(node, ast.With | ast.AsyncWith):
            for item in node.items:
                self.expression(item.context_expr, own)
                if item.optional_vars is not None:
                    self.target(item.optional_vars, own)
            return own | self.statements(node.body, set(own))
        if isinstance(node, ast.Try | ast.TryStar):
            self.statements(node.body, set(own))
            for handler in node.handlers:
                self.expression(handler.type, own)
                self.statements(handler.body, own | ({handler.name} if handler.name else set()))
            self.statements(node.orelse, set(own))
            return self.statements(node.finalbody, own)
        if isinstance(node, ast.Match):
            self.expression(node.subject, own)
            for case in node.cases:
                inner = own | {n.name for n in ast.walk(case.pattern) if isinstance(n, ast.MatchAs | ast.MatchStar) and n.name}
                self.expression(case.guard, inner)
                self.statements(case.body, inner)
            return own
        self.expression(node, own)
        return own


@functools.lru_cache(maxsize=4096)
def names(source: str) -> Names:
    """The names that a cell reads and stores. What IPython's own lines (`%`, `!`) name is read, too."""
    reader = _Reader()
    try:
        reader.statements(ast.parse(plain(source)).body, set())
    except SyntaxError:
        words = frozenset(re.findall(r"[^\W\d]\w*", source))
        return Names(words, words)
    lines = source.splitlines() if source.lstrip().startswith("%%") else re.findall(r"^\s*[%!].*$", source, re.M)
    spoken = set(re.findall(r"[^\W\d]\w*", "\n".join(lines)))
    return Names(frozenset(reader.reads | spoken), frozenset(reader.stores | spoken))
