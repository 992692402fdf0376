"""The multi-kernel image: its files by linters, its locks against the book's, and (`make docker-test`) the running container."""

import ast
import contextlib
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import uuid

import engine
import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from builder.chapters import code_cells, load
from builder.files import ROOT
from builder.requirements import requirements

BIN = pathlib.Path(sys.executable).parent
KERNELS = {"tensorflow": "tensorflow", "pytorch": "pytorch", "python3": "book"}  # name, and folder of its environment
PYTHON = "3.11"  # of the image


@pytest.mark.parametrize("name", ["Dockerfile", "Dockerfile.conda"])
def test_hadolint(name):
    result = subprocess.run([BIN / "hadolint", engine.DOCKER / name], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize("name", ["Dockerfile", "Dockerfile.conda"])
def test_what_comes_from_elsewhere_is_held_by_a_digest(name):
    """In the FROM itself, with its tag, where Dependabot finds and renews it; the other FROMs are stages of the file."""
    text = (ROOT / "docker" / name).read_text(encoding="utf-8")
    images = re.findall(r"^(?:FROM |ARG BASE_IMAGE=)(\S+)", text, re.MULTILINE)
    stages = re.findall(r"^FROM \S+ AS (\S+)", text, re.MULTILINE)
    outside = [image for image in images if image not in {*stages, "${BASE_IMAGE}"}]
    assert outside and all(re.fullmatch(r"[\w./-]+:[\w.-]+@sha256:[0-9a-f]{64}", image) for image in outside), outside


def test_compose_schema():
    command = [BIN / "check-jsonschema", "--builtin-schema", "vendor.compose-spec", engine.DOCKER / "compose.yaml"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


def test_compose_gives_no_privilege_and_no_other_machine_a_way_in():
    service = yaml.safe_load((engine.DOCKER / "compose.yaml").read_text(encoding="utf-8"))["services"]["jupyter"]
    assert service["read_only"] is True and service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert all(port.startswith("127.0.0.1:") for port in service["ports"])
    assert "privileged" not in service and "network_mode" not in service


def locked(path: pathlib.Path, **environment: str) -> dict[str, str]:
    """Name and version of each package of a lock file for the image's Python on x86_64 Linux; each has a hash."""
    where = {"python_version": PYTHON, "python_full_version": f"{PYTHON}.2", "sys_platform": "linux", "platform_machine": "x86_64"}
    found = {}
    for block in re.split(r"\n(?=\S)", path.read_text(encoding="utf-8").strip()):
        line, *hashes = block.split(" \\\n")
        assert hashes and all(re.fullmatch(r"\s+--hash=sha256:[0-9a-f]{64}", h) for h in hashes), f"{path.name}: {line}"
        requirement = Requirement(line)
        if requirement.marker is None or requirement.marker.evaluate(where | environment):
            (specifier,) = requirement.specifier
            assert specifier.operator == "=="
            found[canonicalize_name(requirement.name)] = specifier.version
    return found


def required() -> dict[str, Requirement]:
    """What the chapters need, by requirements.txt."""
    found = requirements("The chapters")
    where = {"sys_platform": "linux", "platform_machine": "x86_64"}
    return {canonicalize_name(r.name): r for r in found if r.marker is None or r.marker.evaluate(where)}


@pytest.mark.parametrize("name", ["uv", "server", "tensorflow", "pytorch"])
def test_locks_have_the_versions_of_the_book(name):
    ours, of_the_book = locked(engine.DOCKER / f"{name}.lock"), locked(ROOT / "requirements.lock")
    assert ours
    assert {key: of_the_book.get(key) for key in ours} == ours, "run `make lock`"


def test_locks_have_what_the_chapters_need():
    frameworks = {"tensorflow-cpu", "torch"}
    needed = set(required()) - frameworks - {"jupyterlab", "uv", "websocket-client"} | {"ipykernel"}
    tensorflow, pytorch = (locked(engine.DOCKER / f"{name}.lock") for name in ("tensorflow", "pytorch"))
    assert needed | {"tensorflow-cpu"} <= set(tensorflow) and not {"torch", "jupyterlab"} & set(tensorflow)
    assert needed <= set(pytorch) and not {"tensorflow-cpu", "tensorflow", "keras", "jupyterlab"} & set(pytorch)
    assert "jupyterlab" in locked(engine.DOCKER / "server.lock")
    torch = locked(engine.DOCKER / "torch.lock")
    assert list(torch) == ["torch"] and torch["torch"].endswith("+cpu")
    assert required()["torch"].specifier.contains(torch["torch"])


# What follows needs an engine.

ASKED = os.environ.get("BOOK_DOCKER") == "1"


@pytest.fixture(scope="module")
def docker(tmp_path_factory):
    if not ASKED:
        pytest.skip("builds an image and runs it: make docker-test")
    folder = tmp_path_factory.mktemp("docker")
    try:
        with engine.engine(folder) as found:
            yield found
    except engine.NoEngine as reason:
        pytest.skip(str(reason))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


MEASURED = {}


@pytest.fixture(scope="module")
def image(docker, tmp_path_factory):
    """The image, built and taken away again; or the one that BOOK_IMAGE names, as it is."""
    if given := os.environ.get("BOOK_IMAGE"):
        yield given
        return
    tag = f"every-claim-computed-test:{uuid.uuid4().hex[:8]}"
    folder = tmp_path_factory.mktemp("image")
    try:
        with engine.torch_index(folder) as index:
            base = engine.base_image(docker, folder)
            start = time.monotonic()
            engine.build(docker, tag, folder, BASE_IMAGE=base, TORCH_INDEX=index)
        MEASURED["build"] = f"{time.monotonic() - start:.0f} s (base {base})"
        MEASURED["size"] = f"{docker.inspect(tag, '.Size') / 1e9:.2f} GB"
        yield tag
    except engine.NoEngine as reason:
        pytest.skip(str(reason))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        with contextlib.suppress(RuntimeError):
            docker("image", "rm", "--force", tag)


@pytest.fixture(scope="module")
def container(docker, image, tmp_path_factory):
    """The running container, as compose.yaml would start it: name, and a client with the token."""
    notebooks = tmp_path_factory.mktemp("notebooks")
    for path in (ROOT / "notebooks").glob("*.ipynb"):
        shutil.copy(path, notebooks)
    for place in (notebooks, *notebooks.iterdir()):
        os.chmod(place, 0o777)
    for parent in notebooks.parents[:2]:
        os.chmod(parent, 0o755)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    name, token = f"book-{uuid.uuid4().hex[:8]}", uuid.uuid4().hex
    command = ["run", "--detach", "--name", name, "--env", f"JUPYTER_TOKEN={token}", *engine.flags(notebooks)]
    if docker.private:
        command += ["--network=host", "--env", f"JUPYTER_PORT={port}", image, "--ip=127.0.0.1"]
    else:
        command += ["--publish", f"127.0.0.1:{port}:8888", image]
    start = time.monotonic()
    docker(*command)
    try:
        client = engine.Jupyter(f"127.0.0.1:{port}", token)
        while True:
            try:
                client.get("api")
                break
            except OSError:
                assert docker.inspect(name, ".State.Running") and time.monotonic() - start < 120, docker.logs(name)
                time.sleep(0.1)
        MEASURED["server answers"] = f"{time.monotonic() - start:.1f} s"
        yield name, client
    finally:
        docker("rm", "--force", name)


def test_becomes_healthy(docker, container):
    name, _ = container
    deadline = time.monotonic() + 60
    while (health := docker.inspect(name, ".State.Health.Status")) != "healthy":
        assert health == "starting" and time.monotonic() < deadline, docker.logs(name)
        time.sleep(0.5)


def test_runs_without_privilege_and_writes_nowhere_else(docker, container):
    name, _ = container
    assert docker("exec", name, "id", "-u").strip() == "1000"
    status = docker("exec", name, "cat", "/proc/1/status")
    assert re.search(r"CapEff:\s+0{16}\n", status) and re.search(r"CapBnd:\s+0{16}\n", status) and re.search(r"NoNewPrivs:\s+1\n", status)
    assert docker("exec", name, "cat", "/proc/1/comm").strip() == "tini"
    for place in ("/opt/jupyter/x", "/x", "/book/data/x"):
        with pytest.raises(RuntimeError, match="Read-only file system|Permission denied"):
            docker("exec", name, "touch", place)
    docker("exec", name, "touch", "/book/notebooks/written", "/tmp/written", "/book/home/written")


def test_the_token_is_required(container):
    _, client = container
    for token in ("", "wrong", client.token[:-1]):
        with pytest.raises(urllib.error.HTTPError) as refused:
            engine.Jupyter(client.address, token).get("api/kernelspecs")
        refused.value.close()
        assert refused.value.code == 403


def secret_traces(secret: str, history: str, settings: str, files: dict[str, str]) -> list[str]:
    """Where the build's secret, or a setting that points to it, is found in an image."""
    lines = [line for line in secret.splitlines() if line and not line.startswith("-----")]
    found = [name for name, text in files.items() if any(line in text for line in lines[:1])]
    found += [f"environment: {line}" for line in settings.splitlines() if re.match(r"(PIP_CERT|SSL_CERT_FILE|\w*CERT\w*)=", line)]
    return found + [f"history: {line}" for line in lines[:1] if line in history]


def test_a_trace_of_the_secret_is_noticed():
    secret = "-----BEGIN CERTIFICATE-----\nQUJD\n-----END CERTIFICATE-----\n"
    assert secret_traces(secret, "RUN x", "PATH=/bin", {"/run/secrets/ca": "", "/etc/x": "other"}) == []
    assert secret_traces(secret, "RUN echo QUJD", "PATH=/bin", {}) == ["history: QUJD"]
    assert secret_traces(secret, "", "PIP_CERT=/run/secrets/ca", {}) == ["environment: PIP_CERT=/run/secrets/ca"]
    assert secret_traces(secret, "", "", {"/run/secrets/ca": secret}) == ["/run/secrets/ca"]


def test_no_secret_of_the_build_stays(docker, image):
    """The certificates that the build was given are in no file that builds put there, no setting and no line of the history."""
    given = os.environ.get("SSL_CERT_FILE")
    if not given:
        pytest.skip("this machine gives the build no certificates")
    secret = pathlib.Path(given).read_text(encoding="utf-8", errors="replace")
    shell = ["run", "--rm", "--network=none", "--entrypoint", "/bin/sh", image, "-c"]
    places = ["/run/secrets", "/locks", "/opt", "/root", "/book", "/tmp", "/etc/pip.conf", "/etc/uv"]
    listing = docker(*shell, f"find {' '.join(places)} -type f -size -2048k \\( -path '/run/secrets/*' -o -name '*.crt' -o -name '*.conf' -o -name '*.toml' -o -name 'ca' \\) 2>/dev/null || true")
    files = {path: docker(*shell, f"cat '{path}'") for path in listing.split("\n") if path}
    assert not any(path.startswith("/run/secrets/") for path in files)
    settings = "\n".join(docker.inspect(image, ".Config.Env"))
    history = docker("history", "--no-trunc", "--format", "{{.CreatedBy}}", image)
    assert secret_traces(secret, history, settings, files) == []


def test_exactly_three_kernels_each_with_its_own_interpreter(container):
    _, client = container
    found = client.get("api/kernelspecs")
    assert set(found["kernelspecs"]) == set(KERNELS) and found["default"] == "python3"
    assert {path["name"] for path in client.get("api/contents")["content"] if path["name"].endswith(".ipynb")} == {
        path.name for path in (ROOT / "notebooks").glob("*.ipynb")
    }
    tell = "import json, subprocess, sys; print(json.dumps([sys.prefix, subprocess.check_output(['python', '-c', 'import sys; print(sys.prefix)'], text=True).strip()]))"
    for name in sorted(KERNELS):
        start = time.monotonic()
        with client.kernel(name) as execute:
            assert json.loads(execute(tell)) == [f"/opt/jupyter/{KERNELS[name]}"] * 2
        MEASURED[f"first reply, {name}"] = f"{time.monotonic() - start:.1f} s"


TRAIN = {
    "tensorflow": """
import importlib.util, keras, numpy as np
keras.utils.set_random_seed(0)
x = np.linspace(-1, 1, 64, dtype="float32")[:, None]
model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
model.compile(keras.optimizers.SGD(0.1), "mse")
print(model.evaluate(x, 3 * x, verbose=0), model.fit(x, 3 * x, epochs=20, verbose=0).history["loss"][-1])
print(keras.backend.backend(), importlib.util.find_spec("torch") is None)
""",
    "pytorch": """
import importlib.util, torch
torch.manual_seed(0)
x = torch.linspace(-1, 1, 64)[:, None]
model = torch.nn.Linear(1, 1)
optimizer = torch.optim.SGD(model.parameters(), 0.1)
losses = []
for _ in range(80):
    loss = torch.nn.functional.mse_loss(model(x), 3 * x)
    optimizer.zero_grad(); loss.backward(); optimizer.step(); losses.append(loss.item())
print(losses[0], losses[-1])
print("pytorch", importlib.util.find_spec("tensorflow") is None)
""",
}
TRAIN["python3"] = TRAIN["tensorflow"] + "import torch\n" + TRAIN["pytorch"]


@pytest.mark.parametrize("name", sorted(KERNELS))
def test_a_network_learns_in_each_kernel(container, name):
    _, client = container
    with client.kernel(name) as execute:
        lines = execute(TRAIN[name]).split("\n")[:-1]
    first, last = map(float, lines[0].split())
    assert last < first / 5
    assert lines[1] == {"tensorflow": "tensorflow True", "pytorch": "pytorch True", "python3": "tensorflow False"}[name]


def without(cells: list, module: str) -> list:
    """The cells that can run where `module` is not installed: neither they nor what they use needs it."""
    kept, tainted = [], {module}
    for cell in cells:
        nodes = list(ast.walk(ast.parse(cell.source)))
        used = {n.id for n in nodes if isinstance(n, ast.Name)}
        used |= {a.name.split(".")[0] for n in nodes if isinstance(n, ast.Import) for a in n.names}
        used |= {(n.module or "").split(".")[0] for n in nodes if isinstance(n, ast.ImportFrom)}
        if used & tainted:
            tainted |= {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
            tainted |= {n.name for n in nodes if isinstance(n, ast.FunctionDef | ast.ClassDef)}
        else:
            kept.append(cell)
    return kept


@pytest.mark.parametrize(
    ("kernel", "chapter", "absent"),
    [("tensorflow", "keras_masking", "torch"), ("pytorch", "cartpole", "tensorflow"), ("python3", "class_weights", None)],
)
def test_a_chapter_runs_in_each_kernel(container, kernel, chapter, absent):
    _, client = container
    cells = code_cells(load(chapter))
    kept = without(cells, absent) if absent else cells
    start = time.monotonic()
    with client.kernel(kernel) as execute:
        for cell in kept:
            execute(cell.source)
    assert len(kept) > len(cells) / 2
    MEASURED[f"chapter {chapter} in {kernel}"] = f"{len(kept)} of {len(cells)} cells in {time.monotonic() - start:.0f} s"


def test_stops_cleanly_and_leaves_no_orphan(docker, container):
    """The last test of the container: with a kernel at work, it ends by itself, within the grace period."""
    name, client = container
    kernel = client.get("api/kernels", {"name": "pytorch"})["id"]
    top = docker("top", name, "-eo", "pid,args").splitlines()[1:]
    inside = [int(line.split()[0]) for line in top]
    assert any("ipykernel_launcher" in line for line in top), (kernel, top)
    start = time.monotonic()
    docker("stop", "--time", "10", name)
    seconds = time.monotonic() - start
    MEASURED["stop"] = f"{seconds:.1f} s"
    assert seconds < 5
    assert docker.inspect(name, ".State.ExitCode") in (0, 143)
    if docker.private:  # the engine's processes are this machine's
        assert not [pid for pid in inside if pathlib.Path(f"/proc/{pid}").exists()]
    print("\n" + "\n".join(f"{key:>40}  {value}" for key, value in MEASURED.items()))
