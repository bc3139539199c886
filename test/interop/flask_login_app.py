"""A Flask app with Flask-Login that shares its session with a Sojourn app. Prints its port.

SESSION_PROTECTION names the mode: basic or strong.
"""

import os

from flask import Flask, jsonify
from flask_login import (
    LoginManager,
    UserMixin,
    confirm_login,
    current_user,
    fresh_login_required,
    login_fresh,
    login_required,
    login_user,
    logout_user,
)
from werkzeug.serving import make_server

app = Flask(__name__)
app.secret_key = os.environ["SECRET_KEY"]
app.config["SESSION_PROTECTION"] = os.environ["SESSION_PROTECTION"]
manager = LoginManager(app)


class User(UserMixin):
    def __init__(self, key):
        self.id = key

    def get_id(self):
        # An app with numeric keys often returns them as they are.
        return int(self.id) if str(self.id).isdigit() else self.id


@manager.user_loader
def load(key):
    return User(key)


@app.post("/login/<key>")
def login(key):
    login_user(User(key))
    return "in"


@app.post("/remember/<key>")
def remember(key):
    login_user(User(key), remember=True)
    return "in"


@app.post("/logout")
def logout():
    logout_user()
    return "out"


@app.post("/confirm")
def confirm():
    confirm_login()
    return "fresh"


@app.get("/me")
def me():
    user = current_user.id if current_user.is_authenticated else None
    return jsonify(user=user, fresh=login_fresh())


@app.get("/private")
@login_required
def private():
    return "private"


@app.get("/sensitive")
@fresh_login_required
def sensitive():
    return "sensitive"


server = make_server("127.0.0.1", 0, app, threaded=True)
print(server.port, flush=True)
server.serve_forever()
