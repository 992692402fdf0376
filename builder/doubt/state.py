"""Whether a value is what it was: short digests of the values of a notebook's names.

A digest takes in the code of the notebook's own functions and classes, and says which other names that code mentions.
A value that cannot be read (a file, a figure, an iterator) has no digest: it counts as changed.
"""

import hashlib
import io
import os
import pickle
import random
import sys
import time
import types
import zlib

PLAIN = {"builtins", "collections", "datetime", "decimal", "fractions", "numpy", "pandas", "scipy", "random", "types", "functools", "operator", "copyreg", "pathlib"}


def made(*_arguments):
    """Stands in a pickle for how a value would be made again, which nobody does."""


class _Reader(pickle.Pickler):
    def __init__(self, sink):
        super().__init__(sink, protocol=5)
        self.mentions: set[str] = set()

    def reducer_override(self, value):
        kind = type(value)
        if kind is types.CodeType:
            self.mentions.update(value.co_names)
            return made, (value.co_code, value.co_consts, value.co_names, value.co_varnames, value.co_freevars, value.co_argcount)
        if kind is types.FunctionType and _own(value):
            return made, ("function", value.__qualname__), (value.__code__, value.__defaults__, value.__kwdefaults__, value.__closure__, value.__dict__)
        if kind is types.CellType:
            return made, ("cell",), (value.cell_contents,)
        if kind is types.ModuleType:
            return made, ("module", value.__name__)
        if isinstance(value, type) and _own(value):
            self.mentions.add(value.__name__)
            kept = {k: v for k, v in vars(value).items() if not isinstance(v, types.GetSetDescriptorType | types.MemberDescriptorType)}
            return made, ("class", value.__qualname__), (value.__bases__, kept)
        if isinstance(value, property | staticmethod | classmethod):
            parts = (value.fget, value.fset) if isinstance(value, property) else (value.__func__,)
            return made, (kind.__name__,), parts
        library = kind.__module__.split(".")[0]
        if library in {"keras", "tensorflow"} or any(k.__module__.startswith("keras.") for k in kind.__mro__):
            return self.keras(value)
        if library == "matplotlib":
            raise pickle.PicklingError("a figure has no digest")
        return NotImplemented

    def keras(self, value):
        if hasattr(value, "get_weights") and hasattr(value, "get_config"):
            optimizer = getattr(value, "optimizer", None)
            steps = [variable.numpy() for variable in optimizer.variables] if optimizer is not None else None
            compiled = value.get_compile_config() if getattr(value, "compiled", False) else None
            return made, ("model", type(value)), (value.get_weights(), repr(value.get_config()), steps, repr(compiled))
        if hasattr(value, "numpy"):
            return made, ("tensor",), (value.numpy(),)
        if isinstance(value, type) or isinstance(value, types.FunctionType):
            return NotImplemented
        raise pickle.PicklingError("no digest")


def _own(value) -> bool:
    return value.__module__ == "__main__" or "<locals>" in value.__qualname__ or "<lambda>" in value.__qualname__


class _Sink:
    def __init__(self):
        self.digest = hashlib.blake2b(digest_size=12)

    def write(self, data) -> int:
        self.digest.update(data)
        return memoryview(data).nbytes


def digest(value) -> tuple[str | None, frozenset[str]]:
    """A digest of the value, or None where it cannot be read, and the global names that its code mentions."""
    sink = _Sink()
    reader = _Reader(sink)
    try:
        reader.dump(value)
    except Exception:  # whatever a library raises where its objects cannot be pickled
        return None, frozenset(reader.mentions)
    return sink.digest.hexdigest(), frozenset(reader.mentions)


def world() -> dict[str, str | None]:
    """Digests of what no name of the notebook holds: global random numbers, environment, settings of figures, files."""
    found = {"$random": random.getstate(), "$environ": sorted(os.environ.items())}
    found["$files"] = sorted(_file(os.path.join(root, name)) for root, _, files in os.walk(".") for name in files)
    if "numpy" in sys.modules:
        found["$numpy"] = sys.modules["numpy"].random.get_state()
    if "torch" in sys.modules:
        found["$torch"] = sys.modules["torch"].get_rng_state().numpy()
    if "matplotlib" in sys.modules:
        found["$matplotlib"] = repr(dict(sys.modules["matplotlib"].rcParams))
    return {name: digest(value)[0] for name, value in found.items()}


_READ: dict[str, tuple] = {}  # of files that were read: their state then, and the checksum


def _file(path: str) -> tuple:
    try:
        status = os.stat(path)
        stamp = status.st_ino, status.st_size, status.st_mtime_ns
        if _READ.get(path, ())[:1] != (stamp,):
            with open(path, "rb") as file:
                checksum = zlib.crc32(file.read(2**24))
            if time.time_ns() - status.st_mtime_ns < 10**9:  # may be written to once more within one tick of the clock
                return path, checksum
            _READ[path] = stamp, checksum
        return path, _READ[path][1]
    except OSError:
        return path, None


class _Plain(pickle.Pickler):
    """Pickles plain data alone: numbers, text, arrays, tables, generators of random numbers, and what holds them."""

    def reducer_override(self, value):
        named = value if isinstance(value, type | types.FunctionType) else type(value)
        if (named.__module__ or "").split(".")[0] not in PLAIN or isinstance(value, types.ModuleType):
            raise pickle.PicklingError("not plain data")
        return NotImplemented


def kept(value, most: int) -> bytes | None:
    """The value as bytes from which `restore` makes it again; None where it is not plain data, or larger than `most` bytes."""
    sink = io.BytesIO()
    try:
        _Plain(sink, protocol=5).dump(value)
    except Exception:  # whatever a library raises where its objects cannot be pickled
        return None
    return sink.getvalue() if sink.tell() <= most else None


def restore(namespace: dict, name: str, data: bytes) -> None:
    """Give `name` its kept value; a generator of random numbers stays the same object, for others may hold it, too."""
    value = pickle.loads(data)
    here = namespace.get(name)
    if type(here) is type(value) and hasattr(value, "bit_generator"):
        here.bit_generator.state = value.bit_generator.state
    else:
        namespace[name] = value


def keep_world() -> dict:
    found = {"$random": random.getstate()}
    if "numpy" in sys.modules:
        found["$numpy"] = sys.modules["numpy"].random.get_state()
    if "torch" in sys.modules:
        found["$torch"] = sys.modules["torch"].get_rng_state().numpy()
    return found


def restore_world(_names: dict, name: str, value) -> None:
    if name == "$random":
        random.setstate(value)
    elif name == "$numpy":
        sys.modules["numpy"].random.set_state(value)
    elif name == "$torch" and "torch" in sys.modules:
        sys.modules["torch"].set_rng_state(sys.modules["torch"].from_numpy(value))
