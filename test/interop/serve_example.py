"""Serves the Flask app of the folder EXAMPLE on a free port, which it prints."""

import os
import sys

from werkzeug.serving import make_server

sys.dont_write_bytecode = True
sys.path.insert(0, os.environ["EXAMPLE"])

from app import app  # noqa: E402

server = make_server("127.0.0.1", 0, app, threaded=True)
print(server.port, flush=True)
server.serve_forever()
