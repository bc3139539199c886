"""A Flask app with Flask-Session and Flask-Login that shares its sessions with a Sojourn app.

REDIS_URL names the server, KEY_PREFIX the keys, FORMAT is msgpack or json. Prints its port.

Debian's Flask-Session is 0.3.2, which pickles: it gets the formats of 0.8 as its serializer. With
Flask-Session 0.8 itself the app runs as it is.
"""

import json
import os

import flask_session
from flask import Flask, flash, get_flashed_messages, jsonify, request, session
from flask_login import LoginManager, UserMixin, current_user, login_fresh, login_user, logout_user
from redis import Redis
from werkzeug.serving import make_server

app = Flask(__name__)
app.secret_key = os.environ["SECRET_KEY"]
app.config["SESSION_PROTECTION"] = "strong"
FORMAT = os.environ["FORMAT"]
PREFIX = os.environ["KEY_PREFIX"]
SIGNS = os.environ.get("USE_SIGNER") == "1"
client = Redis.from_url(os.environ["REDIS_URL"])

if hasattr(flask_session, "sessions"):
    from flask_session.sessions import RedisSessionInterface

    class Json:
        @staticmethod
        def loads(value):
            return json.loads(value)

        @staticmethod
        def dumps(value):
            return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()

    class Msgpack:
        @staticmethod
        def loads(value):
            import msgpack

            return msgpack.unpackb(value, timestamp=3)

        @staticmethod
        def dumps(value):
            import msgpack

            return msgpack.packb(value, datetime=True)

    class Interface(RedisSessionInterface):
        serializer = Json if FORMAT == "json" else Msgpack

    app.session_interface = Interface(client, PREFIX, SIGNS)
else:
    from flask_session.redis import RedisSessionInterface

    app.session_interface = RedisSessionInterface(
        app, client, PREFIX, SIGNS, serialization_format=FORMAT
    )

manager = LoginManager(app)


class User(UserMixin):
    def __init__(self, key):
        self.id = key


@manager.user_loader
def load(key):
    return User(key)


@app.post("/login/<key>")
def login(key):
    login_user(User(key))
    return "in"


@app.post("/logout")
def logout():
    logout_user()
    return "out"


@app.get("/me")
def me():
    user = current_user.id if current_user.is_authenticated else None
    return jsonify(user=user, fresh=login_fresh())


@app.post("/set")
def set_values():
    session.update(request.get_json())
    return "ok"


@app.post("/add/<key>")
def add(key):
    session[key] = session.get(key, 0) + 1
    return str(session[key])


@app.get("/types")
def types():
    """What each value is in Python."""
    return jsonify({key: repr(value) for key, value in session.items()})


@app.post("/python")
def python():
    """Values that JavaScript does not have."""
    session["float"] = 1.0
    session["big"] = 9007199254740993
    session["list"] = [1, None, True, {"1": 2.0, "a": -0.0}]
    session["name"] = "\u00e9\U0001f600"
    return "ok"


@app.post("/flash/<text>")
def say(text):
    flash(text, "info")
    return "ok"


@app.get("/flashed")
def flashed():
    return jsonify(get_flashed_messages(with_categories=True))


@app.post("/clear")
def clear():
    session.clear()
    return "ok"


server = make_server("127.0.0.1", 0, app, threaded=True)
print(server.port, flush=True)
server.serve_forever()
