"""The shop, in Flask: it shares login, cart and flashes with the account pages in server.ts."""

import os

from flask import Flask, flash, redirect, render_template_string, request, session
from flask_login import (
    LoginManager,
    UserMixin,
    current_user,
    login_fresh,
    login_user,
    logout_user,
)
from werkzeug.security import check_password_hash, generate_password_hash

app = Flask(__name__)
app.config.update(
    SECRET_KEY=os.environ["SECRET_KEY"],
    SESSION_COOKIE_SAMESITE="Lax",
    SESSION_PROTECTION="basic",
)
if os.environ.get("REDIS_URL"):
    from flask_session import Session
    from redis import Redis

    app.config.update(
        SESSION_TYPE="redis", SESSION_REDIS=Redis.from_url(os.environ["REDIS_URL"])
    )
    Session(app)
manager = LoginManager(app)

# One user. Both apps read the same table of users in a real project.
USERS = {"ada": generate_password_hash("engine-1843", method="pbkdf2:sha256")}
PRODUCTS = ["tea", "bread"]


class User(UserMixin):
    def __init__(self, name):
        self.id = name


@manager.user_loader
def load(name):
    return User(name) if name in USERS else None


PAGE = """<!doctype html><title>Shop</title>
{% for message in get_flashed_messages() %}<p role="status">{{ message }}</p>{% endfor %}
<p id="user">{{ user }}</p>
<ul id="cart">{% for name, count in cart.items() %}<li>{{ name }} {{ count }}</li>{% endfor %}</ul>
{% for name in products %}
<form method="post" action="/shop/add"><button name="product" value="{{ name }}">Add {{ name }}</button></form>
{% endfor %}
<form method="post" action="/shop/check-out"><button>Check out</button></form>
<form method="post" action="/shop/login">
  <label>Name <input name="name"></label>
  <label>Password <input name="password" type="password"></label>
  <label><input name="remember" type="checkbox"> Remember me</label>
  <button>Sign in</button>
</form>
<form method="post" action="/shop/logout"><button>Sign out</button></form>
<a href="/account">Your account</a>
"""


def who():
    if not current_user.is_authenticated:
        return "Nobody is signed in."
    return f"{current_user.id} is signed in, {'fresh' if login_fresh() else 'not fresh'}."


@app.get("/shop")
def shop():
    return render_template_string(
        PAGE, user=who(), cart=session.get("cart", {}), products=PRODUCTS
    )


@app.post("/shop/add")
def add():
    product = request.form["product"]
    if product not in PRODUCTS:
        return "No such product.", 404
    # A new dictionary: Flask does not see a change inside the old one.
    cart = session.get("cart", {})
    session["cart"] = {**cart, product: cart.get(product, 0) + 1}
    flash(f"The shop added {product}.")
    return redirect("/shop", 303)


@app.post("/shop/check-out")
def check_out():
    session.pop("cart", None)
    flash("The shop thanks you.")
    return redirect("/account", 303)


@app.post("/shop/login")
def login():
    name = request.form["name"]
    known = USERS.get(name)
    if known is None or not check_password_hash(known, request.form["password"]):
        return "Wrong name or password.", 401
    login_user(User(name), remember="remember" in request.form)
    flash("You signed in at the shop.")
    return redirect("/account", 303)


@app.post("/shop/logout")
def logout():
    logout_user()
    return redirect("/account", 303)
