"""Another seed wherever a chapter gives one: an offset is added to each number that seeds random numbers.

It reaches Python's own, numpy's (and through them SciPy's, scikit-learn's, pandas' and Gymnasium's), PyTorch's, Keras's and TensorFlow's,
which gets it twice, for it draws its seeds by Python's generator.
"""

import ast
import importlib.abc
import importlib.util
import random
import re
import sys

import numpy

from .mutants import plain


def drawing(cells: list[str]) -> bool:
    """Whether the code has a name of something that seeds or draws random numbers; where it has none, other seeds could change nothing."""
    nodes = [node for cell in cells for node in ast.walk(ast.parse(plain(cell)))]
    names = [name for node in nodes for part in ("id", "attr", "name", "module", "arg") if isinstance(name := getattr(node, part, None), str)]
    return any(re.search("random|rng|seed|shuffle", name, re.I) for name in names)


def shifted(seed, offset: int):
    """The seed with the offset added; a sequence has it added to its first number. What is no number is left as it is."""
    if isinstance(seed, int | numpy.integer) and not isinstance(seed, bool):
        return int(seed) + offset
    if isinstance(seed, list | tuple) and seed and all(isinstance(one, int | numpy.integer) for one in seed):
        return [shifted(seed[0], offset), *seed[1:]]
    return seed


def _function(holder, name: str, offset: int) -> None:
    """Let a function whose first argument, or argument `seed`, is a seed get another."""
    original = getattr(holder, name)

    def replaced(*arguments, **named):
        if arguments:
            arguments = (shifted(arguments[0], offset), *arguments[1:])
        for given in ("seed", "a") & named.keys():
            named[given] = shifted(named[given], offset)
        return original(*arguments, **named)

    setattr(holder, name, replaced)


def _class(holder, name: str, offset: int) -> None:
    """The same for a class; what the library itself makes still counts as of this class."""
    original = getattr(holder, name)

    class Meta(type(original)):
        def __instancecheck__(self, instance):
            return isinstance(instance, original)

        def __call__(self, *arguments, **named):
            if arguments:
                arguments = (shifted(arguments[0], offset), *arguments[1:])
            for given in ("seed", "entropy") & named.keys():
                named[given] = shifted(named[given], offset)
            return original(*arguments, **named)

    setattr(holder, name, Meta(name, (original,), {}))


def _torch(torch, offset: int) -> None:
    _function(torch, "manual_seed", offset)
    _function(torch.random, "manual_seed", offset)
    original = torch.Generator

    class Generator(original):
        def manual_seed(self, seed):
            return super().manual_seed(shifted(seed, offset))

    torch.Generator = Generator


def _tensorflow(tensorflow, offset: int) -> None:
    _function(tensorflow.random, "set_seed", offset)


def _keras(keras, offset: int) -> None:
    original = keras.random.SeedGenerator.__init__

    def replaced(self, seed=None, **named):
        original(self, shifted(seed, offset), **named)

    keras.random.SeedGenerator.__init__ = replaced
    # A seed that is a number and not a generator, as of an initializer, arrives here.
    _function(sys.modules[f"keras.src.backend.{keras.backend.backend()}.random"], "draw_seed", offset)


LATER = {"torch": _torch, "tensorflow": _tensorflow, "keras": _keras}


class _AfterImport(importlib.abc.MetaPathFinder):
    """Changes a library once it has been imported."""

    def __init__(self, offset: int):
        self.offset = offset
        self.due = {name: change for name, change in LATER.items() if name not in sys.modules}

    def find_spec(self, name, path=None, target=None):
        change = self.due.pop(name, None)
        if change is None:
            return None
        spec = importlib.util.find_spec(name)
        if spec is None:
            return None
        execute = spec.loader.exec_module

        def then_change(module):
            execute(module)
            change(module, self.offset)

        spec.loader.exec_module = then_change
        return spec


def shift(offset: int) -> None:
    """From now on, in this process, every seed is another by `offset`."""
    _function(random, "seed", offset)
    _class(random, "Random", offset)
    for name in ("default_rng", "seed"):
        _function(numpy.random, name, offset)
    for name in ("SeedSequence", "RandomState", "PCG64", "PCG64DXSM", "MT19937", "Philox", "SFC64"):
        _class(numpy.random, name, offset)
    for name in LATER.keys() & sys.modules.keys():
        LATER[name](sys.modules[name], offset)
    sys.meta_path.insert(0, _AfterImport(offset))
