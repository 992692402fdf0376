"""A Docker engine for the tests (the machine's, or one started here and stopped again), and what an image is built from."""

import contextlib
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
import uuid

import yaml

from builder.files import ROOT
from builder.serve import served

DOCKER = ROOT / "docker"


class NoEngine(Exception):
    """The reason why this machine cannot build or run the image, and what would help."""


def run(*command, **options) -> str:
    """Run a command to its end; its standard output, or an error with the end of what it said."""
    result = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False, **options)
    if result.returncode:
        raise RuntimeError(f"{command[0]} {command[1]} failed:\n{(result.stdout + result.stderr)[-4000:]}")
    return result.stdout


def answers(*command, **options) -> bool:
    try:
        return subprocess.run([str(part) for part in command], capture_output=True, check=False, timeout=60, **options).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


class Engine:
    """A client of one engine."""

    def __init__(self, client: str, host: str | None = None):
        self.client = client
        self.environment = {**os.environ, "DOCKER_BUILDKIT": "1"} | ({"DOCKER_HOST": host} if host else {})

    def __call__(self, *arguments) -> str:
        return run(self.client, *arguments, env=self.environment)

    @property
    def private(self) -> bool:
        """Whether containers have no network of their own, as in the engine that is started here, but the machine's."""
        return "bridge" not in self("network", "ls", "--format", "{{.Name}}").split()

    def logs(self, name: str) -> str:
        command = [self.client, "logs", name]
        return subprocess.run(command, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False).stdout

    def inspect(self, name: str, field: str):
        return json.loads(self("inspect", "--format", "{{json " + field + "}}", name))


def client() -> str:
    """A docker client that can build with secrets (BuildKit)."""
    for path in (shutil.which("docker"), "/usr/bin/docker"):
        if path and answers(path, "build", "--help", env={**os.environ, "DOCKER_BUILDKIT": "1"}):
            return path
    raise NoEngine("no docker client that can build with BuildKit: install Docker (on Debian, as root: apt-get install docker.io debootstrap)")


@contextlib.contextmanager
def engine(folder: pathlib.Path):
    """The machine's engine where one answers, else a private one in `folder`, stopped by its own process id."""
    path = client()
    if answers(path, "version", "--format", "{{.Server.Version}}"):
        yield Engine(path)
        return
    dockerd = shutil.which("dockerd") or shutil.which("dockerd", path="/usr/sbin:/sbin")
    if os.geteuid() != 0 or not dockerd:
        raise NoEngine("no Docker engine answers, and none can be started here (that takes root and dockerd): start Docker")
    host = f"unix://{folder}/docker.sock"
    command = [
        dockerd, "--data-root", folder / "data", "--exec-root", folder / "exec", "-H", host, "--pidfile", folder / "pid", "--bridge=none",
        "--iptables=false", "--ip6tables=false", "--ip-forward=false", "--ip-masq=false",
    ]  # fmt: skip
    with open(folder / "log", "wb") as log:
        process = subprocess.Popen([str(part) for part in command], stdout=log, stderr=log, start_new_session=True)
    try:
        found = Engine(path, host)
        deadline = time.monotonic() + 60
        while not answers(path, "version", env=found.environment):
            if process.poll() is not None or time.monotonic() > deadline:
                words = (folder / "log").read_text(errors="replace").strip().splitlines()
                raise NoEngine(f"a private Docker engine does not start here: {words[-1] if words else 'it says nothing'}")
            time.sleep(0.5)
        yield found
    finally:
        process.send_signal(signal.SIGTERM)  # it stops its containers and its containerd
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        # A daemon that was killed leaves its file systems mounted.
        for line in reversed(pathlib.Path("/proc/mounts").read_text(encoding="utf-8").splitlines()):
            if (place := line.split()[1]).startswith(f"{folder}/"):
                answers("umount", "--lazy", place)


def base_image(found: Engine, folder: pathlib.Path) -> str:
    """The Dockerfile's own base image, or one with the same packages made by debootstrap where no registry answers."""
    name = next(line for line in (DOCKER / "Dockerfile").read_text().splitlines() if line.startswith("FROM ")).split()[1]
    suite = name.split(":")[1].split("-")[0]
    made_here = f"debootstrap:{suite}"
    for image in (name, made_here):
        if answers(found.client, "image", "inspect", image, env=found.environment):
            return image
    if answers(found.client, "pull", "--quiet", name, env=found.environment):
        return name
    debootstrap = shutil.which("debootstrap") or shutil.which("debootstrap", path="/usr/sbin:/sbin")
    if os.geteuid() != 0 or not debootstrap:
        raise NoEngine(f"{name} cannot be pulled, and not be made here either (that takes root and debootstrap)")
    root = folder / "base"
    try:
        run(debootstrap, "--variant=minbase", suite, root)
    except RuntimeError as error:
        raise NoEngine(f"{name} cannot be pulled, and debootstrap cannot make it: {str(error).splitlines()[-1]}") from error
    run("tar", "--directory", root, "--create", "--file", folder / "base.tar", ".")
    shutil.rmtree(root)
    found("import", folder / "base.tar", made_here)
    (folder / "base.tar").unlink()
    return made_here


@contextlib.contextmanager
def torch_index(folder: pathlib.Path):
    """PyTorch's index of CPU wheels; where it cannot be reached, one on 127.0.0.1 with the wheel that pip finds.

    The lock has the hash of the wheel, so a stand-in can only serve the same file.
    """
    index = next(line for line in (DOCKER / "Dockerfile").read_text().splitlines() if line.startswith("ARG TORCH_INDEX=")).split("=", 1)[1]
    try:
        with urllib.request.urlopen(f"{index}/torch/", timeout=10):
            yield index
            return
    except OSError:
        pass
    place = folder / "simple" / "torch"
    place.mkdir(parents=True)
    pinned = (DOCKER / "torch.lock").read_text().split()[0]
    command = ["-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:", "--python-version=3.11", "--dest", place, pinned]
    if not answers(sys.executable, *command):
        raise NoEngine(f"neither {index} nor pip has {pinned}")
    with served(folder) as address:
        yield f"{address}simple"


def build(found: Engine, tag: str, folder: pathlib.Path, **arguments: str) -> None:
    """Build the image; certificates that this machine's network needs go in as a secret, never into a layer."""
    command = ["build", "--file", DOCKER / "Dockerfile", "--tag", tag]
    for name, value in arguments.items():
        command += ["--build-arg", f"{name}={value}"]
    if found.private or "127.0.0.1" in str(arguments):
        command += ["--network=host"]
    if os.environ.get("SSL_CERT_FILE"):
        command += ["--secret", f"id=ca,src={os.environ['SSL_CERT_FILE']}"]
    found(*command, ROOT)


def flags(notebooks: pathlib.Path) -> list[str]:
    """What compose.yaml asks for, as flags of `docker run`, with a copy of the notebooks in place of the book's own."""
    service = yaml.safe_load((DOCKER / "compose.yaml").read_text(encoding="utf-8"))["services"]["jupyter"]
    result = ["--user", service["user"].split(":-")[1].rstrip("}")]
    result += ["--read-only"] if service["read_only"] else []
    result += [part for place in service["tmpfs"] for part in ("--tmpfs", place)]
    result += [part for name in service["cap_drop"] for part in ("--cap-drop", name)]
    result += [part for option in service["security_opt"] for part in ("--security-opt", option)]
    result += ["--pids-limit", str(service["pids_limit"])]
    result += ["--memory", service["mem_limit"].split(":-")[1].rstrip("}")]
    for volume in service["volumes"]:
        source, rest = volume.split(":", 1)
        path = notebooks if source == "../notebooks" else (DOCKER / source).resolve()
        result += ["--volume", f"{path}:{rest}"]
    return result


class Jupyter:
    """A Jupyter server's REST and websocket interface."""

    def __init__(self, address: str, token: str):
        self.address, self.token = address, token

    def get(self, path: str, data: dict | None = None, method: str | None = None):
        """The answer to a request as an object; errors as `urllib.error.HTTPError`."""
        request = urllib.request.Request(
            f"http://{self.address}/{path}", headers={"Authorization": f"token {self.token}"}, method=method,
            data=None if data is None else json.dumps(data).encode(),
        )  # fmt: skip
        with urllib.request.urlopen(request, timeout=30) as answer:
            text = answer.read()
        return json.loads(text) if text else None

    @contextlib.contextmanager
    def kernel(self, name: str):
        """Start a kernel; yields a function that executes code in it and returns what it printed."""
        import websocket

        kernel = self.get("api/kernels", {"name": name})["id"]
        url = f"ws://{self.address}/api/kernels/{kernel}/channels"
        socket = websocket.create_connection(url, header=[f"Authorization: token {self.token}"], timeout=600)

        def execute(code: str) -> str:
            message = uuid.uuid4().hex
            header = {"msg_id": message, "msg_type": "execute_request", "username": "", "session": message, "version": "5.3"}
            content = {"code": code, "silent": False, "store_history": True, "allow_stdin": False, "stop_on_error": True}
            socket.send(json.dumps({"header": header, "parent_header": {}, "metadata": {}, "content": content, "channel": "shell"}))
            printed = []
            while True:
                answer = json.loads(socket.recv())
                if answer["parent_header"].get("msg_id") != message:
                    continue
                kind, content = answer["msg_type"], answer["content"]
                if kind == "stream" and content["name"] == "stdout":
                    printed.append(content["text"])
                elif kind == "error":
                    raise AssertionError(f"in kernel {name}:\n{code}\n" + "\n".join(content["traceback"]))
                elif kind == "status" and content["execution_state"] == "idle":
                    return "".join(printed)

        try:
            yield execute
        finally:
            socket.close()
            self.get(f"api/kernels/{kernel}", method="DELETE")
