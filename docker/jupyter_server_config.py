"""The server in the image. The token is left as it is: required."""

c = get_config()  # noqa: F821 - traitlets provides it

c.ServerApp.open_browser = False
c.ServerApp.root_dir = "/book/notebooks"
# Only the three registered kernels, and the one that can run every chapter first.
c.KernelSpecManager.ensure_native_kernel = False
c.MappingKernelManager.default_kernel_name = "book"
