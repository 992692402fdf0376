"""Slips that a person makes in numerical code, as small changes of a cell's text.

`sites(source)` lists the places of one cell; each place has one or more mutants. A mutant changes the text of one
expression or statement, still parses, and parses to something else than before.

What no reader's conclusion rests on is left alone: imports, assertions and their tolerances, prints and f-strings,
text, seeds, and the looks of figures (colours, widths, labels, ticks, limits, sizes).
"""

import ast
import dataclasses
import re
import typing

ARITHMETIC = {
    ast.Add: ("+", ["-"]), ast.Sub: ("-", ["+"]), ast.Mult: ("*", ["/"]), ast.Div: ("/", ["*"]),
    ast.FloorDiv: ("//", ["/"]), ast.Mod: ("%", ["*"]), ast.Pow: ("**", ["*"]),
    ast.BitAnd: ("&", ["|"]), ast.BitOr: ("|", ["&"]), ast.BitXor: ("^", ["&"]),
}  # fmt: skip
COMPARISONS = {
    ast.Lt: ("<", ["<=", ">"]), ast.LtE: ("<=", ["<", ">="]), ast.Gt: (">", [">=", "<"]), ast.GtE: (">=", [">", "<="]),
    ast.Eq: ("==", ["!="]), ast.NotEq: ("!=", ["=="]),
    ast.In: ("in", ["not in"]), ast.NotIn: ("not in", ["in"]), ast.Is: ("is", ["is not"]), ast.IsNot: ("is not", ["is"]),
}  # fmt: skip
# One function in place of another: each name may become any other of its row that stands after an arrow.
FUNCTIONS = {
    "mean": ["sum", "median"], "sum": ["mean"], "median": ["mean"], "average": ["sum"], "prod": ["sum"], "max": ["min"], "min": ["max"],
    "nanmean": ["nansum"], "amax": ["amin"], "amin": ["amax"], "maximum": ["minimum"], "minimum": ["maximum"],
    "argmax": ["argmin"], "argmin": ["argmax"], "std": ["var"], "var": ["std"], "any": ["all"], "all": ["any"],
    "cumsum": ["cumprod"], "cumprod": ["cumsum"], "floor": ["ceil"], "ceil": ["floor"], "round": ["floor"],
    "sin": ["cos"], "cos": ["sin"], "sinh": ["cosh"], "cosh": ["sinh"], "tan": ["sin"], "arctan": ["arcsin"],
    "exp": ["expm1"], "log": ["log2", "log1p"], "log2": ["log"], "log10": ["log"], "log1p": ["log"], "expm1": ["exp"],
    "zeros": ["ones"], "ones": ["zeros"], "zeros_like": ["ones_like"], "ones_like": ["zeros_like"],
    "real": ["imag"], "imag": ["real"], "cdf": ["sf"], "sf": ["cdf"], "logcdf": ["logsf"], "greater": ["less"], "less": ["greater"],
    "reduce_mean": ["reduce_sum"], "reduce_sum": ["reduce_mean"], "reduce_max": ["reduce_min"], "reduce_min": ["reduce_max"],
    "sigmoid": ["tanh"], "tanh": ["sigmoid"],
}  # fmt: skip
# Functions of one argument that a person forgets.
FORGOTTEN = {"sqrt", "abs", "fabs", "square", "log", "exp", "sort", "sorted", "cumsum", "flip", "ravel", "squeeze", "transpose", "conj", "unique", "round"}
# The numbers of a distribution's parameters that stand before its size.
DISTRIBUTIONS = {
    "normal": 2, "uniform": 2, "exponential": 1, "gamma": 2, "beta": 2, "poisson": 1, "binomial": 2, "laplace": 2, "lognormal": 2,
    "standard_t": 1, "chisquare": 1, "geometric": 1, "logistic": 2, "pareto": 1, "weibull": 1, "multinomial": 1, "dirichlet": 1,
}  # fmt: skip
PARAMETERS = {"loc", "scale", "df", "lam", "mean", "stddev", "low", "high", "minval", "maxval", "rate", "probability"}
# Swapping the arguments of these changes nothing.
SYMMETRIC = {"maximum", "minimum", "hypot", "logaddexp", "allclose", "isclose", "array_equal", "max", "min", "gcd", "lcm", "add", "multiply", "equal", "set", "zip"}
# The sign of their arguments makes no difference.
EVEN = {"abs", "fabs", "absolute", "square", "hypot", "norm", "cos", "cosh"}
SEEDS = {"default_rng", "SeedSequence", "RandomState", "seed", "manual_seed", "set_random_seed", "set_seed", "Random", "PRNGKey", "spawn", "PCG64"}
SEED_NAMES = {"seed", "seeds", "random_state", "key"}
TOLERANCES = {"tol", "atol", "rtol", "xtol", "ftol", "gtol", "fatol", "xatol", "epsabs", "epsrel", "eps", "limit", "maxiter", "err_msg", "verbose", "msg"}
# Keywords and calls that decide only how a figure looks.
LOOKS = {
    "color", "colors", "c", "cmap", "lw", "linewidth", "linewidths", "ls", "linestyle", "linestyles", "alpha", "marker", "ms", "markersize", "s", "mec", "mfc", "mew",
    "markeredgecolor", "markerfacecolor", "ec", "fc", "edgecolor", "facecolor", "edgecolors", "zorder", "label", "labels", "fontsize", "size", "figsize", "dpi",
    "layout", "ha", "va", "rotation", "xlabel", "ylabel", "title", "xlim", "ylim", "xticks", "yticks", "xticklabels", "yticklabels", "xscale", "yscale", "loc",
    "ncol", "ncols", "ncolumns", "frameon", "bbox_to_anchor", "capsize", "elinewidth", "rasterized", "interpolation", "aspect", "origin", "vmin", "vmax", "fill", "baseline", "width_ratios",
    "height_ratios", "hspace", "wspace", "sharex", "sharey", "squeeze", "constrained_layout", "arrowprops", "textcoords", "xytext", "bbox", "pad", "shrink", "fraction",
    "opacity", "strokeWidth", "strokeDash", "width", "height", "thickness", "filled", "clip", "interpolate", "legend", "axis", "format", "fillOpacity", "fmt", "annot", "cbar",
    "linecolor", "square", "palette", "style", "rc", "font_scale", "hue_order", "drawstyle", "hatch", "clip_on", "transform", "levels", "extend", "whis", "showfliers",
}  # fmt: skip
LOOKS_ALWAYS = LOOKS - {"size", "loc", "s", "c", "style", "axis", "width", "height", "squeeze", "format", "labels", "label", "levels", "square", "fill", "layout", "transform", "pad", "origin", "vmin", "vmax", "baseline", "extend", "clip", "fraction", "key"}
DRAWN = {
    "plot", "bar", "barh", "scatter", "stairs", "step", "fill_between", "fill_betweenx", "imshow", "hist", "errorbar", "semilogx", "semilogy", "loglog", "contour",
    "contourf", "pcolormesh", "axhline", "axvline", "axhspan", "axvspan", "hlines", "vlines", "boxplot", "violinplot", "heatmap", "lineplot", "add_collection",
    "add_patch", "stem", "eventplot", "quiver", "matshow", "axline", "fill", "hexbin", "ecdf", "stackplot", "rect",
}  # fmt: skip
LOOKING = {
    "set", "set_theme", "set_style", "set_palette", "set_title", "set_xlabel", "set_ylabel", "set_xlim", "set_ylim", "set_xticks", "set_yticks", "set_xticklabels", "set_yticklabels",
    "set_xscale", "set_yscale", "set_visible", "set_axis_off", "set_aspect", "set_facecolor", "set_edgecolor", "set_color", "set_position", "set_major_formatter", "set_minor_formatter", "set_major_locator",
    "legend", "title", "suptitle", "supxlabel", "supylabel", "xlabel", "ylabel", "xlim", "ylim", "xticks", "yticks", "grid", "tick_params", "annotate", "text", "subplots", "subplot_mosaic", "add_subplot",
    "add_gridspec", "GridSpec", "figure", "subplots_adjust", "tight_layout", "align_ylabels", "align_xlabels", "align_labels", "show", "colorbar", "despine", "color_palette", "husl_palette", "get_legend", "bar_label", "clabel", "margins",
    "autoscale", "label_outer", "invert_xaxis", "invert_yaxis", "savefig", "close", "filterwarnings", "simplefilter", "Axis", "Legend", "Scale", "Title", "Color",
    "properties", "configure_view", "configure_axis", "configure_legend", "configure", "value", "set_printoptions", "set_option", "set_loglevel", "format", "style", "twinx", "twiny", "secondary_yaxis", "secondary_xaxis", "axis",
}  # fmt: skip
SPOKEN = {"print", "display", "Markdown", "HTML", "warn", "tqdm", "repr", "input"}
ATOMS = (ast.Name, ast.Constant, ast.Call, ast.Attribute, ast.Subscript, ast.Tuple, ast.List, ast.Dict, ast.ListComp)


@dataclasses.dataclass(frozen=True)
class Mutant:
    """One change of one cell: `before` at `line` became `after`, and the whole cell became `source`."""

    line: int
    operator: str
    before: str
    after: str
    source: str


class Change(typing.NamedTuple):
    start: int
    end: int
    text: str
    operator: str


def _called(node: ast.AST) -> str:
    """The last part of the name of what is called or referred to: `log` of `np.log`."""
    if isinstance(node, ast.Call):
        node = node.func
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def plain(source: str) -> str:
    """The cell without IPython's own lines, each of which becomes `pass`; a `%%` cell is empty."""
    if source.lstrip().startswith("%%"):
        return ""
    return re.sub(r"^(\s*)[%!].*$", r"\1pass", source, flags=re.M)


class _Finder:
    """Walks one cell and collects its sites: lists of changes that start at one node."""

    def __init__(self, source: str):
        self.source = source
        self.data = source.encode()
        starts = [0]
        for line in self.data.splitlines(keepends=True):
            starts.append(starts[-1] + len(line))
        self.starts = starts
        self.found: list[list[Change]] = []
        self.stored: set[str] = set()
        self.even: set[ast.AST] = set()  # where a sign makes no difference

    def span(self, node: ast.AST) -> tuple[int, int]:
        return self.starts[node.lineno - 1] + node.col_offset, self.starts[node.end_lineno - 1] + node.end_col_offset

    def text(self, node: ast.AST) -> str:
        start, end = self.span(node)
        return self.data[start:end].decode()

    def atom(self, node: ast.AST) -> str:
        return self.text(node) if isinstance(node, ATOMS) else f"({self.text(node)})"

    def site(self, node: ast.AST, *changes: tuple[str, str]) -> None:
        """A place whose node may become each of the texts; (operator, text) each."""
        start, end = self.span(node)
        self.found.append([Change(start, end, text, operator) for operator, text in changes])

    def between(self, left: ast.AST, right: ast.AST, old: str, new: str, operator: str) -> Change | None:
        start, end = self.span(left)[1], self.span(right)[0]
        gap = self.data[start:end].decode()
        if old not in gap:
            return None
        return Change(start, end, gap.replace(old, new, 1), operator)

    def walk(self, node: ast.AST) -> None:
        method = getattr(self, type(node).__name__, None)
        if method is None or method(node) is not False:
            for child in ast.iter_child_nodes(node):
                self.walk(child)

    def body(self, statements: list[ast.stmt], names: set[str]) -> None:
        """Statements whose absence would still run: each is a site of its own."""
        for number, one in enumerate(statements):
            called = _called(one.value) if isinstance(one, ast.Expr) and isinstance(one.value, ast.Call) else None
            if called is not None:
                droppable = called not in SPOKEN | SEEDS and "assert" not in called and not self.looks(one.value, called)
            elif isinstance(one, ast.Assign):
                targets = [n for t in one.targets for n in ast.walk(t)]
                droppable = any(isinstance(t, ast.Subscript | ast.Attribute) for t in one.targets) or all(
                    t.id in names for t in targets if isinstance(t, ast.Name)
                )
                droppable &= not (isinstance(one.value, ast.Constant) and isinstance(one.value.value, str))
                droppable &= not self.seeded(one)
                names |= {n.id for n in targets if isinstance(n, ast.Name)}
            else:
                droppable = isinstance(one, ast.AugAssign | ast.Break | ast.Continue)
                droppable |= isinstance(one, ast.If) and not one.orelse
            if droppable:
                self.site(one, ("dropped statement", "pass"))

    def seeded(self, one: ast.Assign) -> bool:
        return any(isinstance(n, ast.Name) and n.id.lower() in SEED_NAMES for t in one.targets for n in ast.walk(t))

    @staticmethod
    def chosen(name: str, value: ast.expr) -> bool:
        """An argument that is a seed, a tolerance, a look, or how many to draw: another value is no slip."""
        many = isinstance(value, ast.Constant) and isinstance(value.value, int) and value.value >= 10
        return name in TOLERANCES | SEED_NAMES | LOOKS_ALWAYS or (many and bool(re.match(r"n_|(n|num|size|bins|epochs|batch_size|repeats)$", name)))

    # Statements

    def Module(self, node):
        self.body(node.body, self.stored)

    def FunctionDef(self, node):
        arguments = node.args
        names = {a.arg for a in [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]}
        self.body(node.body, names)
        positional = [*arguments.posonlyargs, *arguments.args]
        given = [*zip(positional[::-1], arguments.defaults[::-1]), *zip(arguments.kwonlyargs, arguments.kw_defaults)]
        for argument, default in given:
            if default is not None and not self.chosen(argument.arg, default):
                self.walk(default)
        for one in node.body:
            self.walk(one)
        return False

    def For(self, node):
        self.body(node.body, {n.id for n in ast.walk(node.target) if isinstance(n, ast.Name)})
        self.walk(node.target)
        self.cases(node.iter)
        for one in [*node.body, *node.orelse]:
            self.walk(one)
        return False

    def comprehension(self, node):
        self.cases(node.iter)
        for one in node.ifs:
            self.walk(one)
        return False

    def cases(self, node):
        """What a loop goes through: which numbers are tried is a choice, no slip."""
        if isinstance(node, ast.List | ast.Tuple):
            for one in node.elts:
                self.cases(one)
        elif not isinstance(node.operand if isinstance(node, ast.UnaryOp) else node, ast.Constant):
            self.walk(node)

    def While(self, node):
        self.body(node.body, set())

    def With(self, node):
        self.body(node.body, set())

    def If(self, node):
        self.body(node.body, set())
        self.site(node.test, ("negated condition", f"not ({self.text(node.test)})"))

    def IfExp(self, node):
        self.site(node, ("swapped branches", f"{self.atom(node.orelse)} if {self.text(node.test)} else {self.atom(node.body)}"))

    def Assert(self, node):
        return False

    def Import(self, node):
        return False

    ImportFrom = Import

    def Raise(self, node):
        return False

    def Assign(self, node):
        if self.seeded(node):
            return False
        if isinstance(node.value, ast.BinOp):
            self.site(node.value, ("sign", f"-({self.text(node.value)})"), ("factor", f"2 * ({self.text(node.value)})"))
        self.walk(node.value)
        for target in node.targets:
            self.walk(target)
        return False

    def Return(self, node):
        if isinstance(node.value, ast.BinOp | ast.Call | ast.Name):
            self.site(node.value, ("sign", f"-({self.text(node.value)})"), ("factor", f"2 * ({self.text(node.value)})"))

    def AugAssign(self, node):
        symbol, others = ARITHMETIC.get(type(node.op), ("", []))
        changes = [self.between(node.target, node.value, f"{symbol}=", f"{new}=", "operator") for new in others]
        changes.append(self.between(node.target, node.value, f"{symbol}=", "=", "operator"))
        self.found.append([c for c in changes if c])

    def Expr(self, node):
        if isinstance(node.value, ast.Constant):
            return False

    def JoinedStr(self, node):
        return False

    # Expressions

    def BinOp(self, node):
        if any(isinstance(side, ast.JoinedStr) or isinstance(getattr(side, "value", None), str) for side in (node.left, node.right)):
            return False
        symbol, others = ARITHMETIC.get(type(node.op), ("", []))
        changes = [self.between(node.left, node.right, symbol, new, "operator") for new in others if symbol]
        left, right = self.atom(node.left), self.atom(node.right)
        start, end = self.span(node)
        if isinstance(node.op, ast.Pow) and isinstance(node.right, ast.Constant) and node.right.value in (2, 4):
            self.even.add(node.left)
        if node in self.even and isinstance(node.op, ast.Sub):
            pass  # the other way round it is the same
        elif isinstance(node.op, ast.Sub | ast.Div | ast.Pow | ast.FloorDiv | ast.MatMult):
            sign = {ast.Sub: "-", ast.Div: "/", ast.Pow: "**", ast.FloorDiv: "//", ast.MatMult: "@"}[type(node.op)]
            changes.append(Change(start, end, f"({right} {sign} {left})", "swapped operands"))
        if isinstance(node.op, ast.MatMult):
            changes += [Change(start, end, f"({left}.T @ {right})", "transposed"), Change(start, end, f"({left} @ {right}.T)", "transposed")]
        if isinstance(node.op, ast.Add | ast.Sub | ast.Mult | ast.Div | ast.Pow | ast.Mod):
            changes.append(Change(start, end, left, "dropped operand"))
        if isinstance(node.op, ast.Add | ast.Mult):
            changes.append(Change(start, end, right, "dropped operand"))
        self.found.append([c for c in changes if c])

    def UnaryOp(self, node):
        if isinstance(node.op, ast.USub | ast.Not | ast.Invert) and not (node in self.even and isinstance(node.op, ast.USub)):
            self.site(node, ("sign" if isinstance(node.op, ast.USub) else "negation", self.atom(node.operand)))

    def BoolOp(self, node):
        old, new = ("and", "or") if isinstance(node.op, ast.And) else ("or", "and")
        first, second = node.values[:2]
        changes = [self.between(first, second, f"{old}", f"{new}", "and/or")] if len(node.values) == 2 else []
        for dropped in range(len(node.values)):
            kept = [self.atom(v) for i, v in enumerate(node.values) if i != dropped]
            changes.append(Change(*self.span(node), f" {old} ".join(kept), "dropped condition"))
        self.found.append([c for c in changes if c])

    def Compare(self, node):
        sides = [node.left, *node.comparators]
        for left, right, operator in zip(sides, sides[1:], node.ops):
            symbol, others = COMPARISONS[type(operator)]
            self.found.append([c for new in others if (c := self.between(left, right, symbol, new, "comparison"))])

    def Constant(self, node):
        value = node.value
        if isinstance(value, bool):
            self.site(node, ("constant", str(not value)))
        elif isinstance(value, int):
            if value >= 1000 and value % 100 == 0:
                return  # how many to draw or to show: more or fewer is no slip
            self.site(node, *[("constant", str(new)) for new in (value + 1, value - 1) if new >= 0])
        elif isinstance(value, float) and value != 0 and abs(value) > 1e-5:
            self.site(node, *[("constant", repr(float(f"{new:.6g}"))) for new in (2 * value, value / 2)])
        elif value == 0.0 and isinstance(value, float):
            self.site(node, ("constant", "1.0"))
        elif isinstance(value, complex):
            self.site(node, ("constant", f"-{self.text(node)}" if not value.real else self.text(node)), ("constant", repr(2 * value)))

    def Attribute(self, node):
        changes = [("another function", f"{self.text(node.value)}.{new}") for new in FUNCTIONS.get(node.attr, [])]
        if node.attr == "T":
            changes.append(("not transposed", self.text(node.value)))
        self.site(node, *changes)

    def Subscript(self, node):
        """An index or the ends of a slice, one off; numbers are left to `Constant`."""
        for one in node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]:
            ends = [one.lower, one.upper] if isinstance(one, ast.Slice) else []
            for end in ends:
                if end is not None and not isinstance(end, ast.Constant) and not isinstance(end, ast.UnaryOp):
                    self.site(end, ("one off", f"{self.atom(end)} + 1"), ("one off", f"{self.atom(end)} - 1"))
            if isinstance(one, ast.Slice) and one.step is None and one.lower is None and one.upper is not None:
                self.site(one, ("slice", ":"))
            elif isinstance(one, ast.Slice) and one.step is None and one.upper is None and one.lower is not None:
                self.site(one, ("slice", ":"))

    def Call(self, node):
        name = _called(node)
        if name in SPOKEN | SEEDS or "assert" in name or self.looks(node, name):
            # What stands before the call, as in `np.sort(x).set(...)`, still counts.
            if isinstance(node.func, ast.Attribute):
                self.walk(node.func.value)
            return False
        if name in EVEN:
            self.even.update(node.args)
        start, end = self.span(node)
        changes = []
        if isinstance(node.func, ast.Name):
            changes += [Change(*self.span(node.func), new, "another function") for new in FUNCTIONS.get(name, []) if new in {"max", "min", "any", "all"}]
        arguments = [a for a in node.args if not isinstance(a, ast.Starred)]
        if name in FORGOTTEN and len(node.args) == 1 and arguments and not node.keywords:
            changes.append(Change(start, end, self.atom(node.args[0]), "forgotten function"))
        for left, right in zip(node.args, node.args[1:]):
            alike = type(left) is type(right) or all(isinstance(a, ast.Name | ast.Attribute | ast.BinOp | ast.Subscript) for a in (left, right))
            if alike and name not in SYMMETRIC and not isinstance(left, ast.Starred | ast.Lambda) and self.text(left) != self.text(right):
                gap = self.data[self.span(left)[1] : self.span(right)[0]].decode()
                changes.append(Change(self.span(left)[0], self.span(right)[1], self.text(right) + gap + self.text(left), "swapped arguments"))
        if changes:
            self.found.append(changes)
        if name in {"range", "arange"} and arguments:
            last = arguments[0] if len(arguments) == 1 else arguments[1]
            if not isinstance(last, ast.Constant):
                self.site(last, ("one off", f"{self.text(last)} - 1"), ("one off", f"{self.text(last)} + 1"))
            if len(arguments) == 1 and not node.keywords:
                self.site(arguments[0], ("one off", f"1, {self.text(arguments[0])}"))
        if name in {"std", "var"} and not any(k.arg == "ddof" for k in node.keywords):
            inside = self.data[self.span(node.func)[1] : end - 1].decode()
            comma = ", " if node.args or node.keywords else ""
            self.found.append([Change(self.span(node.func)[1], end, f"{inside.rstrip().rstrip(',')}{comma}ddof=1)", "ddof")])
        for argument in arguments[: DISTRIBUTIONS.get(name, 0)]:
            if not isinstance(argument, ast.Constant):
                self.site(argument, ("distribution", f"2 * ({self.text(argument)})"))
        drawing = name in DRAWN or name.startswith(("mark_", "alt"))
        self.walk(node.func)
        for position, argument in enumerate(node.args):
            if not (position == 2 and name in {"linspace", "logspace", "geomspace"}):  # the number of points
                self.walk(argument)
        for keyword in node.keywords:
            value = keyword.value
            if (keyword.arg and self.chosen(keyword.arg, value)) or (drawing and keyword.arg in LOOKS):
                continue
            if keyword.arg in PARAMETERS and not isinstance(value, ast.Constant):
                self.site(value, ("distribution", f"2 * ({self.text(value)})"))
            if keyword.arg == "axis" and isinstance(value, ast.Constant | ast.UnaryOp):
                old = self.text(value)
                self.site(value, *[("axis", new) for new in ("0", "1", "-1", "None") if new != old and {new, old} != {"1", "-1"}])
                continue
            if keyword.arg and not drawing and keyword.arg not in {"size", "dtype"} and name != "dict":
                self.dropped_keyword(node, keyword)
            self.walk(value)
        return False

    @staticmethod
    def looks(node: ast.Call, name: str) -> bool:
        """A call that decides how a figure looks; not Python's own `set`, and `scale` only as Altair's, with keywords alone."""
        if name == "scale":
            return isinstance(node.func, ast.Attribute) and not node.args
        return name in LOOKING and not (name == "set" and isinstance(node.func, ast.Name))

    def dropped_keyword(self, call: ast.Call, keyword: ast.keyword) -> None:
        start, end = self.span(keyword)
        following = re.match(rb"\s*,[ ]?", self.data[end:])
        if following:
            end += following.end()
        else:
            start = len(self.data[:start].rstrip().rstrip(b",").rstrip())
        self.found.append([Change(start, end, "", "dropped argument")])


def sites(source: str) -> list[list[Mutant]]:
    """The places of a cell where a slip can be, in the order of the text, each with its mutants."""
    code = plain(source)
    try:
        tree = ast.parse(code)
    except SyntaxError:
        return []
    finder = _Finder(source)
    finder.walk(tree)
    unchanged = ast.dump(tree)
    result, seen = [], {source}
    for changes in sorted(filter(None, finder.found), key=lambda c: (c[0].start, -c[0].end)):
        mutants = []
        for change in changes:
            changed = (finder.data[: change.start] + change.text.encode() + finder.data[change.end :]).decode()
            try:
                different = ast.dump(ast.parse(plain(changed))) != unchanged
            except SyntaxError:
                continue
            if different and changed not in seen:
                seen.add(changed)
                mutants.append(_mutant(finder, change, changed))
        if mutants:
            result.append(mutants)
    return result


def _mutant(finder: _Finder, change: Change, changed: str) -> Mutant:
    """The change with as much of its surroundings as a reader needs to recognise it: its lines."""
    data = finder.data
    first = data.rfind(b"\n", 0, change.start) + 1
    last = data.find(b"\n", change.end)
    last = len(data) if last < 0 else last
    before = data[first:last].decode()
    after = (data[first : change.start] + change.text.encode() + data[change.end : last]).decode()
    squeeze = lambda text: re.sub(r"\s+", " ", text).strip()  # noqa: E731
    return Mutant(data[:first].count(b"\n") + 1, change.operator, squeeze(before), squeeze(after), changed)
