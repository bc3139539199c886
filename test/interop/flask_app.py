"""A Flask app that shares its session with a Sojourn app, and a bench to seal and open cookies.

    python3 flask_app.py serve           prints the port it listens on
    python3 flask_app.py seal  < typed   one typed value a line in, one cookie a line out
    python3 flask_app.py open  < pairs   {"cookie": ..., "value": typed} a line in; "ok" or why not out
"""

import json
import os
import sys
import uuid
from datetime import datetime, timezone

from flask import Flask, flash, get_flashed_messages, jsonify, request, session
from markupsafe import Markup

app = Flask(__name__)
app.secret_key = os.environ["SECRET_KEY"]


@app.post("/login")
def login():
    session["_user_id"] = request.form["user"]
    session["roles"] = ("admin", "staff")
    session["since"] = datetime(2024, 2, 29, 12, 34, 56, tzinfo=timezone.utc)
    session["ratio"] = 1.0
    return "in"


@app.get("/me")
def me():
    return jsonify(
        user=session.get("_user_id"),
        permanent=session.permanent,
        roles=isinstance(session.get("roles"), tuple) and list(session["roles"]),
        since=session["since"].isoformat() if "since" in session else None,
        ratio=repr(session.get("ratio")),
    )


@app.post("/permanent")
def permanent():
    session.permanent = True
    return "kept"


@app.post("/flash")
def leave_flash():
    flash("from Flask", "info")
    flash(Markup("<b>bold</b>"), "html")
    return "left"


@app.get("/flashes")
def flashes():
    return jsonify(get_flashed_messages(with_categories=True))


@app.post("/logout")
def logout():
    session.clear()
    return "out"


def build(typed):
    kind = typed["t"]
    if kind == "null":
        return None
    if kind == "bool":
        return typed["v"]
    if kind == "int":
        return int(typed["v"])
    if kind == "float":
        return float(typed["v"])
    if kind == "str":
        return typed["v"]
    if kind == "bytes":
        return bytes.fromhex(typed["hex"])
    if kind == "markup":
        return Markup(typed["v"])
    if kind == "uuid":
        return uuid.UUID(typed["v"])
    if kind == "datetime":
        return datetime.fromtimestamp(typed["epoch"], timezone.utc)
    if kind == "list":
        return [build(item) for item in typed["v"]]
    if kind == "tuple":
        return tuple(build(item) for item in typed["v"])
    return {key: build(value) for key, value in typed["v"]}


def same(a, b):
    if type(a) is not type(b):
        return False
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if isinstance(a, float):
        return repr(a) == repr(b)
    return a == b


def main(verb):
    if verb == "serve":
        from werkzeug.serving import make_server

        server = make_server("127.0.0.1", 0, app, threaded=True)
        print(server.port, flush=True)
        server.serve_forever()
    with app.app_context():
        serializer = app.session_interface.get_signing_serializer(app)
        for line in sys.stdin:
            case = json.loads(line)
            if verb == "seal":
                print(serializer.dumps(build(case)))
                continue
            try:
                value = serializer.loads(case["cookie"])
                print("ok" if same(value, build(case["value"])) else f"differs: {value!r}")
            except Exception as error:
                print(f"{type(error).__name__}: {error}")


main(sys.argv[1])
