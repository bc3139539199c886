"""The Flask half of with-flask.ts: flask --app with_flask run --port 5000"""

import os

from flask import Flask, get_flashed_messages, redirect, request, session

app = Flask(__name__)
app.secret_key = os.environ["SECRET_KEY"]


@app.post("/flask/login")
def login():
    session["username"] = request.form["username"]
    return redirect("/flask", 303)


@app.get("/flask")
def index():
    session["visits"] = session.get("visits", 0) + 1
    # As text: a name is a visitor's own words.
    text = f"Hello {session.get('username', 'stranger')}, visit {session['visits']}. "
    return text + " ".join(get_flashed_messages()), {"Content-Type": "text/plain; charset=utf-8"}
