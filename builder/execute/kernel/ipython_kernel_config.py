"""How a chapter's kernel shows figures when the book executes it: vector images, the same bytes each time."""

import zmq

_socket = zmq.Context.socket


def _patient(*arguments, **options):
    """What a cell prints waits for its reader. By default, where a thousand messages wait, ZeroMQ drops the next ones in silence."""
    socket = _socket(*arguments, **options)
    socket.set_hwm(0)
    return socket


zmq.Context.socket = _patient

c = get_config()  # noqa: F821 - IPython provides it
c.HistoryManager.enabled = False
# What children and C code write to the descriptors would land between the words of a cell's own output, now here, now there: it is dropped.
c.IPKernelApp.capture_fd_output = False
c.InlineBackend.figure_formats = {"svg"}
c.InlineBackend.print_figure_kwargs = {"bbox_inches": "tight", "metadata": {"Date": None}}
