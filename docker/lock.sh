#!/bin/sh
# Write the image's lock files: for each environment exactly the versions of requirements.lock, with their hashes.
# Run by `make lock` after requirements.lock is made: sh docker/lock.sh UV
set -e
uv=$1
torch_index=${TORCH_INDEX:-https://download.pytorch.org/whl/cpu}
compile="$uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate"
chapters=$(sed -n '/^# The chapters/,/^$/p' requirements.txt | grep -v -e '^#' -e '^jupyterlab' -e '^uv' -e '^websocket')
torch_requires="filelock fsspec jinja2 networkx setuptools sympy typing-extensions"

lock() { # NAME, requirements from standard input
    $compile --constraint requirements.lock --output-file "docker/$1.lock" -
}
echo uv | lock uv
echo jupyterlab | lock server
{ echo "$chapters" | grep -v '^torch'; echo ipykernel; } | lock tensorflow
{ echo "$chapters" | grep -v -e '^torch' -e '^tensorflow'; echo ipykernel; printf '%s\n' $torch_requires; } | lock pytorch

# PyTorch comes from an index of its own, which has CPU wheels; its hashes are that index's.
torch="$(sed -n "s/^torch~=/torch==/p" requirements.txt)+${torch_index##*/}" # ...+cpu
printf '%s\n' "$torch" | $compile --no-deps --default-index "$torch_index" --output-file docker/torch.lock - ||
    echo "docker/torch.lock is left as it was: $torch_index does not answer" >&2
