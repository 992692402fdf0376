"""The server in the image. The token is left as it is: required."""

import signal

from jupyter_server.serverapp import ServerApp

c = get_config()  # noqa: F821 - traitlets provides it

c.ServerApp.open_browser = False
# Only the registered kernels. The default, python3, is the book's own.
c.KernelSpecManager.ensure_native_kernel = False

# The server's own handler of SIGTERM writes a log line before it stops. Where the
# signal comes while a log line is being written, that fails and the signal is
# lost. A handler of the event loop runs between two lines.
with_the_handler_that_logs = ServerApp.init_signal


def init_signal(self):
    with_the_handler_that_logs(self)
    self.io_loop.asyncio_loop.add_signal_handler(signal.SIGTERM, self.stop)


ServerApp.init_signal = init_signal
