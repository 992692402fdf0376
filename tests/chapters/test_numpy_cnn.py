"""Property tests of the chapter on a convolutional network in numpy.

The functions under test are the notebook's own: its code cells tagged `library`, executed as they are, in order.
"""
import os
import pathlib
import subprocess
import sys

os.environ.setdefault("MPLBACKEND", "agg")

import nbformat
import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

NOTEBOOK = pathlib.Path(__file__).resolve().parents[2] / "notebooks" / "numpy_cnn.ipynb"


def load_cells(*tags):
    """Execute the notebook's code cells that carry one of the tags -> their names."""
    names = {"__name__": "numpy_cnn"}
    for i, cell in enumerate(nbformat.read(NOTEBOOK, 4).cells):
        if cell.cell_type == "code" and set(tags) & set(cell.metadata.get("tags", [])):
            exec(compile(cell.source, f"{NOTEBOOK.name} cell {i}", "exec"), names)
    return names


chapter = load_cells("library")
seeds = st.integers(0, 2**32 - 1)
quick = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@st.composite
def convolutions(draw, max_size=8):
    """Random x, w, stride, padding of a convolution that fits."""
    integer = lambda a, b: draw(st.integers(a, b))
    N, C, O, kh, kw = integer(1, 3), integer(1, 4), integer(1, 4), integer(1, 4), integer(1, 4)
    stride, padding = (integer(1, 3), integer(1, 3)), (integer(0, 2), integer(0, 2))
    H, W = (integer(max(1, k - 2 * p), max_size) for k, p in zip((kh, kw), padding))
    rng = np.random.default_rng(draw(seeds))
    return rng.normal(size=(N, H, W, C)), rng.normal(size=(kh, kw, C, O)), stride, padding


def torch_conv(x, w, stride, padding, dy=None):
    """-> y, and with dy also the gradients of x and w."""
    torch = pytest.importorskip("torch")

    def as_tensor(a, axes):
        # Into a fresh tensor: where an axis has one element, numpy leaves its stride arbitrary, and with such strides
        # PyTorch 2.13 (oneDNN, float32, one channel, unequal strides) computed wrong convolutions. Hypothesis found it.
        a = torch.from_numpy(np.ascontiguousarray(a.transpose(axes)))
        return torch.empty(a.shape, dtype=a.dtype).copy_(a)

    xt, wt = as_tensor(x, (0, 3, 1, 2)).requires_grad_(), as_tensor(w, (3, 2, 0, 1)).requires_grad_()
    yt = torch.nn.functional.conv2d(xt, wt, None, stride, padding)
    if dy is None:
        return yt.detach().numpy().transpose(0, 2, 3, 1)
    yt.backward(as_tensor(dy, (0, 3, 1, 2)))
    return yt.detach().numpy().transpose(0, 2, 3, 1), xt.grad.numpy().transpose(0, 2, 3, 1), wt.grad.numpy().transpose(2, 3, 1, 0)


@quick
@given(st.integers(1, 30), st.integers(1, 30), st.integers(1, 5), st.integers(0, 5))
def test_output_size_counts_the_positions(size, kernel, stride, padding):
    starts = range(0, size + 2 * padding - kernel + 1, stride)
    if len(starts):
        assert chapter["output_size"](size, kernel, stride, padding) == len(starts)
    else:
        with pytest.raises(ValueError):
            chapter["output_size"](size, kernel, stride, padding)


@pytest.mark.parametrize("shape", [(0, 1, 1, 0), (3, 0, 1, 0), (3, 1, 0, 0), (3, 1, 1, -1)])
def test_output_size_refuses_nonsense(shape):
    with pytest.raises(ValueError):
        chapter["output_size"](*shape)


@pytest.mark.parametrize("function", ["conv_loops", "conv2d"])
@pytest.mark.parametrize("x, w", [((1, 4, 4, 2), (3, 3, 3, 1)), ((4, 4, 2), (3, 3, 2, 1)), ((1, 2, 9, 1), (3, 3, 1, 1)), ((1, 4, 4, 1), (3, 3, 1))])
def test_shapes_that_do_not_fit_are_refused(function, x, w):
    with pytest.raises(ValueError):
        chapter[function](np.zeros(x), np.zeros(w))


@quick
@given(convolutions(max_size=6))
def test_one_matrix_product_equals_the_loops(case):
    x, w, stride, padding = case
    assert np.allclose(chapter["conv2d"](x, w, 0, stride, padding), chapter["conv_loops"](x, w, stride, padding), atol=1e-12)


@quick
@given(convolutions())
def test_layer_equals_pytorch_forwards_and_backwards(case):
    x, w, stride, padding = case
    b = np.arange(w.shape[3], dtype=float)
    layer = chapter["Conv2D"](w, b, stride, padding)
    y = layer.forward(x)
    dy = np.random.default_rng(0).normal(size=y.shape)
    dx = layer.backward(dy)
    yt, dxt, dwt = torch_conv(x, w, stride, padding, dy)
    assert np.allclose(y, yt + b, atol=1e-12) and np.allclose(dx, dxt, atol=1e-12)
    assert np.allclose(layer.grads[0], dwt, atol=1e-11) and np.allclose(layer.grads[1], dy.sum((0, 1, 2)), atol=1e-11)


@quick
@given(convolutions())
def test_layer_in_float32_stays_float32_and_close(case):
    x, w, stride, padding = case
    x, w = x.astype(np.float32), w.astype(np.float32)
    layer = chapter["Conv2D"](w, np.zeros(w.shape[3], np.float32), stride, padding)
    y = layer.forward(x)
    dx = layer.backward(np.ones_like(y))
    assert y.dtype == dx.dtype == layer.grads[0].dtype == np.float32
    assert np.abs(y - torch_conv(x, w, stride, padding)).max() <= 1e-5 * max(1, np.abs(y).max())


@quick
@given(convolutions())
def test_add_windows_is_the_transpose_of_windows(case):
    x, w, stride, padding = case
    kernel, padded = w.shape[:2], chapter["pad"](x, padding)
    view = chapter["windows"](padded, kernel, stride)
    cols = np.random.default_rng(1).normal(size=view.shape)
    assert np.shares_memory(view, padded)
    assert np.isclose(np.vdot(view, cols), np.vdot(padded, chapter["add_windows"](cols, padded.shape, stride)), atol=1e-10)


@quick
@given(st.integers(1, 3), st.integers(1, 4), st.integers(1, 4), st.integers(1, 3), st.integers(1, 4), st.integers(1, 3), seeds)
def test_pooling_with_many_ties_equals_pytorch(p, h, w, n, c, levels, seed):
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(seed)
    x = rng.integers(0, levels, (n, h * p, w * p, c)).astype(float)  # few levels: ties everywhere
    pool = chapter["MaxPool2D"](p)
    y = pool.forward(x)
    dy = rng.normal(size=y.shape)
    xt = torch.from_numpy(np.ascontiguousarray(x.transpose(0, 3, 1, 2))).requires_grad_()
    yt = torch.nn.functional.max_pool2d(xt, p)
    yt.backward(torch.from_numpy(np.ascontiguousarray(dy.transpose(0, 3, 1, 2))))
    assert np.array_equal(y, yt.detach().numpy().transpose(0, 2, 3, 1))
    assert np.array_equal(pool.backward(dy), xt.grad.numpy().transpose(0, 2, 3, 1))


@quick
@given(st.integers(1, 4), st.integers(1, 4), st.integers(1, 3), st.integers(1, 2), st.integers(1, 4), st.integers(1, 4), seeds)
def test_winograd_equals_the_loops_and_autograd(h, v, n, chunks, c, o, seed):
    """Whole numbers: the plain function is exact; and the class twice, for what its arrays might remember."""
    rng, (H, W), N = np.random.default_rng(seed), (2 * h, 2 * v), n * chunks
    x, w, dy = (rng.integers(-4, 5, shape).astype(np.float32) for shape in ((N, H, W, c), (3, 3, c, o), (N, H, W, o)))
    padded = chapter["pad"](x, 1)
    y, dx, dw = torch_conv(x.astype(float), w.astype(float), (1, 1), (1, 1), dy.astype(float))
    assert np.array_equal(chapter["winograd"](padded.transpose(1, 2, 0, 3), w).transpose(2, 0, 1, 3), y)
    layer = chapter["Winograd"](w, (H, W), N, n)
    by_chunks = lambda a: a.reshape(chunks, n, H, W, -1).transpose(0, 2, 3, 1, 4)
    layer.inputs[:] = by_chunks(x)
    for _ in range(2):
        out, (gradient, of_w) = layer.forward(), layer.backward(by_chunks(dy))
        assert np.array_equal(out, by_chunks(y))
        assert np.allclose(gradient, by_chunks(dx), atol=1e-3) and np.allclose(of_w, dw, atol=1e-2)


def test_columns_of_labels_are_refused():
    with pytest.raises(ValueError, match="labels"):
        chapter["softmax_cross_entropy"](np.zeros((4, 3)), np.zeros((4, 1), int))


@quick
@given(convolutions(max_size=5), st.sampled_from([np.uint8, np.int64, np.float16]))
def test_whole_numbers_and_halves_do_not_overflow(case, dtype):
    x, w, stride, padding = case
    x = (np.abs(x) * 50).astype(dtype)
    w = np.round(w * 4).astype(np.int8)
    expected = chapter["conv_loops"](x.astype(float), w.astype(float), stride, padding)
    for function, arguments in ((chapter["conv_loops"], (stride, padding)), (chapter["conv2d"], (0, stride, padding))):
        y = function(x, w, *arguments)
        assert y.dtype in (np.float32, np.float64) and np.allclose(y, expected, rtol=1e-4, atol=1e-2)


@pytest.mark.parametrize("shape", [(1, 5, 4, 1), (1, 4, 5, 1)])
def test_pooling_refuses_a_rest(shape):
    with pytest.raises(ValueError):
        chapter["MaxPool2D"](2).forward(np.zeros(shape))


@quick
@given(st.integers(1, 6), st.integers(2, 8), st.floats(0.01, 2000), seeds)
def test_cross_entropy_equals_pytorch(n, classes, scale, seed):
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(seed)
    logits, labels = rng.normal(size=(n, classes)) * scale, rng.integers(0, classes, n)
    loss, d = chapter["softmax_cross_entropy"](logits, labels)
    zt = torch.from_numpy(logits).requires_grad_()
    torch.nn.functional.cross_entropy(zt, torch.from_numpy(labels)).backward()
    expected = torch.nn.functional.cross_entropy(zt, torch.from_numpy(labels)).item()
    assert np.isclose(loss, expected, rtol=1e-12, atol=1e-12) and np.allclose(d, zt.grad.numpy(), atol=1e-12)


@quick
@given(st.integers(1, 4), st.integers(1, 4), st.integers(1, 3), st.integers(1, 4), st.integers(1, 4), seeds)
def test_row_windows_are_the_windows_without_a_copy(n, c, k, h, w, seed):
    padded = np.random.default_rng(seed).normal(size=(h + k - 1, n, w + k - 1, c))  # rows first
    rows = chapter["row_windows"](padded, k)
    usual = chapter["windows"](padded.transpose(1, 0, 2, 3), (k, k))  # (n, h, w, k, k, c)
    assert np.shares_memory(rows, padded) and not rows.flags.writeable
    assert np.array_equal(rows.reshape(k, w, h, n, k, c), usual.transpose(3, 2, 1, 0, 4, 5))


def random_network(seed, size, channels, levels=16):
    """Parameters of the small network for rectangular images, multiples of 1 / levels.

    Then the convolutions of images that are such multiples too are exact in float32, and no rounding decides which of two nearly equal
    pixels wins the pooling (which sends the gradient elsewhere). Few levels make exact ties common.
    """
    rng = np.random.default_rng(seed)
    params = chapter["initial_params"](rng, channels=channels)
    params[1][:], params[3][:] = rng.normal(size=channels[1]) / 4, rng.normal(size=channels[2]) / 4
    inputs = size[0] * size[1] // 16 * channels[2]
    params[4] = (rng.normal(size=(inputs, 10)) * np.sqrt(2 / inputs)).astype(np.float32)
    return [(np.round(p * levels) / levels).astype(np.float32) for p in params]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(1, 5), st.integers(1, 5), st.integers(1, 6), st.integers(1, 6), st.sampled_from([1, 2, 4]), st.integers(1, 3), st.sampled_from([1, 2, 16]), seeds)
def test_fast_network_equals_the_readable_one(h, w, o, p, chunk, n_chunks, levels, seed):
    size, batch, rng = (4 * h, 4 * w), chunk * n_chunks, np.random.default_rng(seed)
    params = random_network(seed, size, (1, o, p), levels)
    images = (rng.integers(0, levels + 1, (batch, *size)) / levels).astype(np.float32)
    labels = rng.integers(0, 10, batch)
    fast, readable = chapter["FastCNN"](params, size, batch, chunk), chapter["small_cnn"]([q.copy() for q in params])
    for _ in range(2):  # twice: buffers must not remember
        loss = fast.gradients(images, labels)
        expected, grads = readable.gradients(images[..., None], labels)
        assert np.isclose(loss, expected, rtol=1e-5)
        for mine, exact in zip(fast.grads, grads):
            assert np.abs(mine - exact).max() <= 2e-5 * max(np.abs(exact).max(), 1e-2)
    more = rng.random((2 * batch + 1, *size), dtype=np.float32)
    logits = readable.forward(more[..., None])
    best = np.sort(logits, 1)
    clear = best[:, -1] - best[:, -2] > 1e-4
    assert np.array_equal(fast.predict(more)[clear], logits.argmax(1)[clear])


@settings(max_examples=10, deadline=None)
@given(seeds)
def test_training_steps_agree(seed):
    """Adam on one vector, on separate arrays, and on two cores."""
    rng = np.random.default_rng(seed)
    params = random_network(seed, (8, 8), (1, 3, 4))
    images, labels = rng.random((8, 8, 8), dtype=np.float32), rng.integers(0, 10, 8)
    fast, readable = chapter["FastCNN"](params, (8, 8), 8, 4), chapter["small_cnn"]([p.copy() for p in params])
    adam = chapter["Adam"](readable.params)
    with chapter["TwoCores"](params, (8, 8), 8, 2) as two:
        for _ in range(3):
            expected, grads = readable.gradients(images[..., None], labels)
            adam.step(grads)
            assert np.isclose(fast.step(images, labels), expected, rtol=1e-4)
            assert np.isclose(two.step(images, labels), expected, rtol=1e-4)
            for mine, exact in zip(two.mine.grads, grads):  # Adam would not notice a factor
                assert np.abs(mine - exact).max() <= 1e-3 * max(np.abs(exact).max(), 1e-2)
    assert not two.worker.is_alive()


@pytest.mark.parametrize("place", [0, 7])
def test_a_wrong_label_in_either_half_is_refused_and_the_next_step_is_right(place):
    """Labels 0-3 are this process's half, 4-7 the worker's."""
    params = random_network(0, (8, 8), (1, 3, 4))
    images, labels = np.random.default_rng(0).random((8, 8, 8), dtype=np.float32), np.arange(8)
    wrong = labels.copy()
    wrong[place] = 99
    fast = chapter["FastCNN"](params, (8, 8), 8, 4)
    with chapter["TwoCores"](params, (8, 8), 8, 2) as two:
        with pytest.raises(ValueError, match="0 to 9"):
            two.step(images, wrong)
        assert np.isclose(two.step(images, labels), fast.step(images, labels), rtol=1e-5)


def test_an_error_of_our_own_half_does_not_disturb_the_next_step(monkeypatch):
    """The worker's answer to the failed step must not be taken for its answer to the next."""
    params = random_network(0, (8, 8), (1, 3, 4))
    images, labels = np.random.default_rng(0).random((8, 8, 8), dtype=np.float32), np.arange(8)
    fast = chapter["FastCNN"](params, (8, 8), 8, 4)
    with chapter["TwoCores"](params, (8, 8), 8, 2) as two:
        with monkeypatch.context() as patch:
            patch.setattr(two.mine, "gradients", lambda *batch: 1 / 0)
            with pytest.raises(ZeroDivisionError):
                two.step(images[::-1], labels)
        assert np.isclose(two.step(images, labels), fast.step(images, labels), rtol=1e-5)


@pytest.mark.skipif(sys.platform != "linux", reason="a thread elsewhere")
def test_the_second_process_ends_with_a_parent_that_is_killed():
    """Even by SIGKILL, which leaves no time to say goodbye, and with a second network's worker holding copies of the pipe."""
    code = """
import os, signal
import numpy as np
import test_numpy_cnn as tests
params = tests.random_network(0, (8, 8), (1, 3, 4))
nets = [tests.chapter["TwoCores"](params, (8, 8), 8, 2) for _ in range(2)]
print([net.step(np.zeros((8, 8, 8), np.float32), np.arange(8)) for net in nets], flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""
    # the workers have inherited the output: it ends when the last of them does, or never
    result = subprocess.run([sys.executable, "-c", code], cwd=pathlib.Path(__file__).parent, capture_output=True, text=True, timeout=120)
    assert result.returncode == -9 and result.stdout.startswith("["), result.stderr


def test_adam_is_the_published_algorithm():
    rng = np.random.default_rng(0)
    p = rng.normal(size=5)
    expected, m, v = p.copy(), 0.0, 0.0
    adam = chapter["Adam"]([p], lr=0.01)
    for t in range(1, 8):
        g = rng.normal(size=5)
        adam.step([g])
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
        expected -= 0.01 * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
    assert np.allclose(p, expected, rtol=1e-12)


@pytest.mark.parametrize("size, batch, chunk", [((10, 8), 8, 4), ((8, 8), 10, 4)])
def test_fast_network_refuses_what_it_cannot_do(size, batch, chunk):
    with pytest.raises(ValueError):
        chapter["FastCNN"](random_network(0, (8, 8), (1, 2, 2)), size, batch, chunk)


@quick
@given(st.integers(1, 300), st.integers(1, 64), seeds)
def test_batches_are_full_and_without_repetition(n, size, seed):
    if n < size:
        with pytest.raises(ValueError, match=f"{n} samples fill no batch of {size}"):
            chapter["batches"](np.random.default_rng(seed), n, size)
        return
    order = chapter["batches"](np.random.default_rng(seed), n, size)
    assert order.shape == (n // size, size)
    assert len(set(order.ravel())) == order.size and all(0 <= i < n for i in order.ravel())
