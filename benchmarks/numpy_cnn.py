"""How fast is the chapter's convolutional network in numpy? Training steps and single layers, beside PyTorch and Keras.

    python benchmarks/numpy_cnn.py OUT.json [--rounds 30] [--steps 8]

Prints a Markdown table and writes the same numbers to OUT.json. Every contender is the notebook's own code (its tagged cells), in a
process of its own that waits for its turn; in each round everyone takes a few steps, in random order. (torch.compile needs a C++
compiler and minutes to start; without one it is left out.) What is compared are the ratios
within a round; the table has their median, the JSON the quartiles as well. The times are wall-clock; the JSON also has the ratios of
processor time, which a busy machine disturbs less (on two threads they lack the time of TwoCores' second process).
"""
import argparse
import json
import os
import pathlib
import platform
import random
import re
import statistics
import subprocess
import sys
import time

NOTEBOOK = pathlib.Path(__file__).resolve().parents[1] / "notebooks" / "numpy_cnn.ipynb"
BATCH = 64
NUMPY = ["numpy, fast", "numpy, readable"]
TORCH = {
    "PyTorch, default": {},
    "PyTorch, channels last": {"channels_last": True},
    "PyTorch, channels last, our order": {"channels_last": True, "pool_first": True},
    "PyTorch, channels last, our order, fused Adam": {"channels_last": True, "pool_first": True, "fused": True},
    "PyTorch, the same, torch.compile": {"channels_last": True, "pool_first": True, "fused": True, "compiled": True},
}
KERAS = ["Keras, train_on_batch", "Keras, fit", "Keras, fit, 32 steps at once"]
# the side of the images, channels in and out
LAYERS = {f"{size} x {size}, {C} to {O}": (size, C, O) for size, C, O in
          ((14, 16, 32), (14, 64, 64), (7, 128, 128), (14, 128, 128), (14, 256, 256))}
NUMPY_LAYERS, TORCH_LAYERS = ["no copies", "im2col per image", "Winograd"], ["PyTorch, default", "PyTorch, channels last"]
BOTH_WAYS = {f"{name}, forward and backward": LAYERS[name] for name in ("14 x 14, 64 to 64", "14 x 14, 128 to 128", "14 x 14, 256 to 256")}
NUMPY_BOTH = ["im2col per image", "Winograd"]
TARGETS = [  # issue's targets: contender, of, threads, at most
    ("numpy, fast", "PyTorch, default", 1, 0.55), ("numpy, fast", "PyTorch, channels last", 1, 0.75),
    ("numpy, fast", "Keras, fit", 2, 0.60), ("numpy, fast", "Keras, train_on_batch", 2, 0.60),
    ("numpy, readable", "PyTorch, channels last", 1, 2.5),
]
LAYER_TARGETS = [  # layer, forward and backward: contender, of, threads, at most
    ("14 x 14, 128 to 128, forward and backward", "Winograd", "PyTorch, channels last", 1, 1.0),
    ("14 x 14, 256 to 256, forward and backward", "Winograd", "PyTorch, channels last", 1, 0.80),
]


def contenders_for(shape):
    """-> numpy's ways for a layer (Winograd needs even sides), PyTorch's."""
    if shape in BOTH_WAYS:
        return NUMPY_BOTH, TORCH_LAYERS
    return [name for name in NUMPY_LAYERS if name != "Winograd" or LAYERS[shape][0] % 2 == 0], TORCH_LAYERS


# ---- in the worker ------------------------------------------------------------------------------------------------

def load_cells(*tags):
    """Execute the notebook's code cells that carry one of the tags -> their names."""
    names = {"__name__": "numpy_cnn"}
    for i, cell in enumerate(json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]):
        if cell["cell_type"] == "code" and set(tags) & set(cell["metadata"].get("tags", [])):
            exec(compile("".join(cell["source"]), f"{NOTEBOOK.name} cell {i}", "exec"), names)
    return names


def training_step(name, threads):
    """-> (function that takes some training steps, steps per call)."""
    tags = ["library"] + ["pytorch"] * (name in TORCH) + ["keras"] * (name in KERAS)
    chapter = load_cells(*tags)
    import numpy as np

    rng = np.random.default_rng(0)
    params = chapter["initial_params"](rng)
    images, labels = rng.random((BATCH, 28, 28), dtype=np.float32), rng.integers(0, 10, BATCH)
    if name == "numpy, fast":
        net = chapter["TwoCores" if threads == 2 else "FastCNN"](params)
        return lambda: net.step(images, labels), 1
    if name == "numpy, readable":
        net = chapter["small_cnn"](params)
        adam = chapter["Adam"](net.params)
        return lambda: adam.step(net.gradients(images[..., None], labels)[1]), 1
    if name in TORCH:
        import torch

        torch.set_num_threads(threads)
        step = chapter["torch_step"](params, **TORCH[name])
        return lambda: step(images, labels), 1
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(threads)
    model, images = chapter["keras_model"](params), images[..., None]
    if name == "Keras, train_on_batch":
        return lambda: model.train_on_batch(images, labels), 1
    if name.endswith("at once"):
        model.steps_per_execution = 32
    many, many_labels = np.tile(images, (32, 1, 1, 1)), np.tile(labels, 32)
    return lambda: model.fit(many, many_labels, BATCH, 1, verbose=0, shuffle=False), 32


def layer(name, shape, threads):
    """One convolution of 3 x 3 with padding 1, forward or both ways -> (function, 1). Padded input is at hand."""
    import numpy as np

    both = shape in BOTH_WAYS
    size, C, O = (LAYERS | BOTH_WAYS)[shape]
    rng = np.random.default_rng(0)
    x, dy = np.zeros((BATCH, size + 2, size + 2, C), np.float32), rng.normal(size=(BATCH, size, size, O)).astype(np.float32)
    x[:, 1:-1, 1:-1] = rng.normal(size=(BATCH, size, size, C))
    w = rng.normal(size=(3, 3, C, O)).astype(np.float32)
    if name in TORCH_LAYERS:
        return torch_layer(x, w, dy, threads, both, "last" in name), 1
    chapter = load_cells("library", "ladder")
    if name == "Winograd":
        net = chapter["Winograd"](w, (size, size), BATCH)
        by_chunks = lambda a: a.reshape(-1, 4, *a.shape[1:]).transpose(0, 2, 3, 1, 4)
        net.x[:], dy = by_chunks(x), np.ascontiguousarray(by_chunks(dy))
        return (lambda: (net.forward(), net.backward(dy))) if both else net.forward, 1
    if both:
        net = chapter["Conv2D"](w, np.zeros(O, np.float32), padding=1)
        x = np.ascontiguousarray(x[:, 1:-1, 1:-1])
        return lambda: (net.forward(x), net.backward(dy)), 1
    if name == "im2col per image":
        return lambda: chapter["im2col_per_image"](x, w), 1
    chunks = [np.ascontiguousarray(c.transpose(1, 0, 2, 3)) for c in np.split(x, 4)]
    out = np.empty((4, size * BATCH // 4, size, O), np.float32)
    tmp = np.empty_like(out[0])
    return lambda: chapter["no_copies"](chunks, w, out, tmp), 1


def torch_layer(x, w, dy, threads, both, channels_last):
    import torch

    torch.set_num_threads(threads)
    layout = torch.channels_last if channels_last else torch.contiguous_format
    x, w, dy = (torch.from_numpy(a).permute(axes).contiguous(memory_format=layout)
                for a, axes in ((x, (0, 3, 1, 2)), (w, (3, 2, 0, 1)), (dy, (0, 3, 1, 2))))
    if not both:
        return torch.no_grad()(lambda: torch.nn.functional.conv2d(x, w))
    x = x[:, :, 1:-1, 1:-1].contiguous(memory_format=layout)
    x.requires_grad_(), w.requires_grad_()

    def forward_and_backward():
        x.grad = w.grad = None
        torch.nn.functional.conv2d(x, w, padding=1).backward(dy)

    return forward_and_backward


def versions():
    import importlib.metadata as metadata

    found = {}
    for package in ("numpy", "torch", "tensorflow-cpu", "tensorflow", "keras"):
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            pass
    return found


def blas():
    """What numpy's BLAS says of itself, when threadpoolctl is there to ask."""
    try:
        import threadpoolctl
    except ImportError:
        return None
    return [{k: info.get(k) for k in ("internal_api", "version", "architecture", "num_threads")}
            for info in threadpoolctl.threadpool_info() if info["user_api"] == "blas"]


def worker(kind, name, threads):
    function, steps = training_step(name, threads) if kind == "step" else layer(name, kind, threads)
    for _ in range(3):
        function()
    print(json.dumps({"ready": name, "blas": blas()}), flush=True)
    for line in sys.stdin:
        calls = max(1, int(line) // steps)
        function()  # warm the caches after the others' turns
        wall, cpu = [], []
        for _ in range(calls):
            start, start_cpu = time.perf_counter(), time.process_time()
            function()
            wall.append((time.perf_counter() - start) / steps)
            cpu.append((time.process_time() - start_cpu) / steps)
        print(json.dumps([statistics.median(wall), statistics.median(cpu)]), flush=True)


# ---- in the parent ------------------------------------------------------------------------------------------------

def environment(threads, name):
    """numpy's products are small: one BLAS thread, and a second process for a second core (TwoCores).

    Memory that is freed stays with the process, as in one that has worked for a while. In a fresh one glibc hands it back and fetches it
    again in every call, which costs PyTorch's single layer as much time as the arithmetic.
    """
    own = "1" if name in ("numpy, fast",) else str(threads)
    return os.environ | {"OMP_NUM_THREADS": str(threads), "MKL_NUM_THREADS": str(threads), "OPENBLAS_NUM_THREADS": own,
                         "TF_CPP_MIN_LOG_LEVEL": "3", "MPLBACKEND": "agg", "CUDA_VISIBLE_DEVICES": "",
                         "MALLOC_TRIM_THRESHOLD_": str(2**30), "MALLOC_MMAP_THRESHOLD_": str(2**25), "MALLOC_TOP_PAD_": str(2**26)}


def measure(kind, names, threads, rounds, steps):
    """-> {name: [(wall, cpu) seconds of the median step in each round]}, what numpy's BLAS is."""
    workers, ready = {}, {}
    try:
        for name in names:
            command = [sys.executable, __file__, "--worker", kind, name, str(threads)]
            workers[name] = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                             text=True, env=environment(threads, name))
        for name in list(names):
            line = workers[name].stdout.readline()
            if line:
                ready[name] = json.loads(line)
            elif "compile" in name:  # there may be no compiler
                print(f"not measured, it did not start: {name}", file=sys.stderr)
                names = [other for other in names if other != name]
            else:
                raise RuntimeError(f"did not start: {name}")
        seconds, order = {name: [] for name in names}, random.Random(0)
        for _ in range(rounds):
            for name in order.sample(names, len(names)):
                time.sleep(0.01)  # the last contender's threads go to sleep
                workers[name].stdin.write(f"{steps}\n")
                workers[name].stdin.flush()
                seconds[name].append(json.loads(workers[name].stdout.readline()))
        return seconds, ready[names[0]]["blas"]
    finally:
        for process in workers.values():
            process.stdin.close()
            process.wait(timeout=30)


def ratio(seconds, name, other):
    """Quartiles of the ratios within rounds."""
    wall, cpu = ([a[k] / b[k] for a, b in zip(seconds[name], seconds[other])] for k in (0, 1))
    low, middle, high = statistics.quantiles(wall, n=4)
    return {"median": round(middle, 3), "quartiles": [round(low, 3), round(high, 3)], "cpu": round(statistics.median(cpu), 3)}


def processor():
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as f:
            return next(line.split(":")[1].strip() for line in f if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--steps", type=int, default=8)
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    args = parser.parse_args()
    result = {"machine": {"processor": processor(), "cores": os.cpu_count(), "system": platform.system(), "python": platform.python_version()},
              "versions": versions(), "batch": BATCH, "rounds": args.rounds, "steps": [], "layers": [], "targets": []}
    names = NUMPY + list(TORCH) + KERAS
    for threads in args.threads:
        seconds, result["blas"] = measure("step", names, threads, args.rounds, args.steps)
        for name in seconds:
            result["steps"].append({"contender": name, "threads": threads, "milliseconds": round(1000 * statistics.median(wall for wall, _ in seconds[name]), 2)}
                                   | {mine: ratio(seconds, mine, name) for mine in NUMPY})
        for mine, other, t, most in TARGETS:
            if t == threads:
                value = ratio(seconds, mine, other)["median"]
                result["targets"].append({"contender": mine, "of": other, "threads": t, "at_most": most, "measured": value, "met": value <= most})
        for shape in LAYERS | BOTH_WAYS if threads == 1 else ():  # the chapter's layers have one thread
            mine, theirs = contenders_for(shape)
            seconds, _ = measure(shape, mine + theirs, threads, max(3, args.rounds // 2), args.steps)
            for other in theirs:
                result["layers"].append({"layer": shape, "threads": threads, "of": other} | {name: ratio(seconds, name, other) for name in mine})
            for layer_, name, other, t, most in LAYER_TARGETS:
                if (layer_, t) == (shape, threads):
                    value = ratio(seconds, name, other)["median"]
                    result["targets"].append({"contender": f"{name} ({shape})", "of": other, "threads": t, "at_most": most, "measured": value, "met": value <= most})
    args.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(markdown(result))


def markdown(result):
    machine, blas_ = result["machine"], (result.get("blas") or [{}])[0]
    lines = [f"{machine['processor']}, {machine['cores']} cores; Python {machine['python']}, "
             + ", ".join(f"{k} {v}" for k, v in result["versions"].items())
             + f"; numpy's BLAS: {blas_.get('internal_api')} {blas_.get('version')} ({blas_.get('architecture')}).", "",
             f"A full training step, batch of {result['batch']}: numpy's time divided by the contender's (the median of the quotients of {result['rounds']} rounds,"
             " not the quotient of the median times). Below 1, numpy is faster.", "",
             "| contender | threads | its time, ms | fast numpy / it | readable numpy / it |", "|:---|---:|---:|---:|---:|"]
    for row in result["steps"]:
        lines.append(f"| {row['contender']} | {row['threads']} | {row['milliseconds']:.1f} | "
                     + " | ".join(f"{row[mine]['median']:.2f}" for mine in NUMPY) + " |")
    lines += ["", "One convolution of 3 x 3 alone (nothing to fuse), forward where nothing else is said: the time of the chapter's ways divided by PyTorch's. Below 1, numpy is faster.", "",
              "| layer | threads | against | " + " | ".join(f"{name} / it" for name in NUMPY_LAYERS) + " |", "|:---|---:|:---|---:|---:|---:|"]
    for row in result["layers"]:
        lines.append(f"| {row['layer'].replace(' ', chr(160))} | {row['threads']} | {row['of']} | "
                     + " | ".join(f"{row[mine]['median']:.2f}" if mine in row else "" for mine in NUMPY_LAYERS) + " |")
    lines += [""] + [f"- {t['contender']} / {t['of']}, {t['threads']} thread{'s' * (t['threads'] > 1)}: {t['measured']:.2f}, target at most {t['at_most']:.2f}: "
                     + ("met" if t["met"] else "**not met**") for t in result["targets"]]
    return re.sub(r"(?<=\d)(\s)x(\s)(?=\d)", r"\1×\2", "\n".join(lines))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--worker"]:
        worker(sys.argv[2], sys.argv[3], int(sys.argv[4]))
    else:
        main()
