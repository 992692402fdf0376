"""The health check: does the server answer? /api needs no token; /api/status would."""

import os
import urllib.request

urllib.request.urlopen(f"http://127.0.0.1:{os.environ['JUPYTER_PORT']}/api", timeout=3)
