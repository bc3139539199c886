"""Serves the Flask app of the folder EXAMPLE on a free port, which it prints."""

import os
import sys

from werkzeug.serving import make_server

sys.dont_write_bytecode = True
sys.path.insert(0, os.environ["EXAMPLE"])

from app import app  # noqa: E402

if os.environ.get("REDIS_URL"):
    import flask_session

    # Debian's Flask-Session is 0.3.2, which pickles: it gets the format of 0.8 as its serializer.
    if hasattr(flask_session, "sessions"):
        import msgpack

        class Msgpack:
            loads = staticmethod(lambda value: msgpack.unpackb(value, timestamp=3))
            dumps = staticmethod(lambda value: msgpack.packb(value, datetime=True))

        app.session_interface.serializer = Msgpack

server = make_server("127.0.0.1", 0, app, threaded=True)
print(server.port, flush=True)
server.serve_forever()
