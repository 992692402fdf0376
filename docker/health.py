"""The health check: does the server answer? /api needs no token; /api/status would. No proxy is asked, whatever the environment names."""

import os
import urllib.request

direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
direct.open(f"http://127.0.0.1:{os.environ['JUPYTER_PORT']}/api", timeout=3)
