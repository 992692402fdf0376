"""Link the bytecode of the first environment into the others, wherever their source is the same file on disk.

Python checks bytecode against its source's time and size, which a link shares, and names the source that it was asked for.
"""

import pathlib
import sys

first, *others = map(pathlib.Path, sys.argv[1:])
for bytecode in first.rglob("__pycache__/*.pyc"):
    source = bytecode.parents[1] / f"{bytecode.name.split('.')[0]}.py"
    for other in others:
        twin = other / source.relative_to(first)
        if source.exists() and twin.exists() and twin.samefile(source):
            target = other / bytecode.relative_to(first)
            target.parent.mkdir(exist_ok=True)
            target.hardlink_to(bytecode)
