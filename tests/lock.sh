#!/bin/sh
# Write the two lock files: exact versions with hashes, for every Python from 3.11 and every platform.
# PyTorch's own line stays out: its hash depends on the index that the user takes it from (make TORCH_INDEX=...).
set -e
uv=$1
compile="$uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-header --no-annotate"
torch_requires="filelock fsspec jinja2 networkx setuptools sympy typing-extensions"
{ grep -v '^torch' requirements.txt; printf '%s\n' $torch_requires; } | $compile --output-file requirements.lock -
$compile --constraint requirements.lock --output-file tests/requirements.lock tests/requirements.txt
