"""Opens every vector of test/fixtures/formats/vectors.json, written from docs/formats.md alone.

Needs the standard library and `cryptography` (Debian: python3-cryptography). Prints how many vectors of
each kind it checked, and what was wrong.
"""

import base64
import binascii
import hashlib
import hmac
import json
import re
import sys
import zlib

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

LAST_SECOND = 253402300799
MAX_TEXT = 65536
MAX_DEPTH = 64
MAX_SAFE = 2**53 - 1


class Refused(Exception):
    """A value that does not open; its text says why."""


# Words


def lp(*parts):
    joined = b""
    for part in parts:
        part = part.encode("utf-8") if isinstance(part, str) else part
        joined += len(part).to_bytes(4, "big") + part
    return joined


def b64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def from_b64url(text, why):
    try:
        data = base64.urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
    except (UnicodeEncodeError, binascii.Error) as error:
        raise Refused(why) from error
    if b64url(data) != text:
        raise Refused(why)
    return data


def from_utf8(data, why):
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Refused(why) from error


def mac(digest, key, message):
    return hmac.new(key, message, digest).digest()


# Secrets and keys


def secret_bytes(text):
    if text.startswith("base64:"):
        spelled = text[len("base64:"):].replace("-", "+").replace("_", "/")
        bare = re.sub("={1,2}$", "", spelled)
        try:
            data = base64.b64decode(bare + "=" * (-len(bare) % 4), validate=True)
        except binascii.Error as error:
            raise Refused("spelling") from error
        if base64.b64encode(data).decode("ascii").rstrip("=") != bare:
            raise Refused("spelling")
        return data
    if text.startswith("hex:"):
        if not re.fullmatch("(?:[0-9a-fA-F]{2})*", text[len("hex:"):]):
            raise Refused("spelling")
        return bytes.fromhex(text[len("hex:"):])
    return text.encode("utf-8")


def derive(secret, purpose, audience, cookie_name):
    return mac("sha256", secret, lp("sojourn/1", purpose, audience, cookie_name))


# The signed cookie


def sign(key, payload, seconds):
    timestamp = b64url(seconds.to_bytes(8, "big").lstrip(b"\0"))
    signed = f"{payload}.{timestamp}"
    return f"{signed}.{b64url(mac('sha256', key, signed.encode('utf-8')))}"


def open_signed(keys, value):
    signed, dot, signature = value.rpartition(".")
    if not dot or not signed:
        raise Refused("malformed")
    for index, key in enumerate(keys):
        expected = b64url(mac("sha256", key, signed.encode("utf-8")))
        if hmac.compare_digest(expected.encode(), signature.encode("utf-8")):
            break
    else:
        raise Refused("signature")
    payload, dot, timestamp = signed.rpartition(".")
    if not dot:
        raise Refused("malformed")
    data = from_b64url(timestamp, "malformed")
    seconds = int.from_bytes(data, "big")
    if len(data) > 8 or seconds > LAST_SECOND:
        raise Refused("malformed")
    if payload.startswith("."):
        body = inflate(from_b64url(payload[1:], "payload"))
    else:
        body = from_b64url(payload, "payload")
    return {"text": from_utf8(body, "payload"), "seconds": seconds, "key": index}


def inflate(data):
    stream = zlib.decompressobj()
    try:
        text = stream.decompress(data, MAX_TEXT + 1)
    except zlib.error as error:
        raise Refused("payload") from error
    if len(text) > MAX_TEXT or not stream.eof:
        raise Refused("payload")
    return text


# The encrypted envelope


def key_id(key):
    return mac("sha256", key, lp("key id"))[:2]


def message_key(key, scope, salt):
    labels = [scope["purpose"], scope["audience"], scope["cookieName"], scope["context"]]
    okm = mac("sha512", key, lp("sojourn/1/enc", b"\1", key_id(key), *labels, salt))
    return okm[:32], okm[32:44], okm[44:60]


def seal(key, scope, salt, text, seconds):
    aes, nonce, commitment = message_key(key, scope, salt)
    head = b"\1" + key_id(key)
    plain = seconds.to_bytes(5, "big") + text.encode("utf-8")
    return b64url(head + salt + commitment + AESGCM(aes).encrypt(nonce, plain, head))


def open_sealed(keys, scope, value):
    if len(value) < 86:
        raise Refused("malformed")
    data = from_b64url(value, "malformed")
    if data[0] != 1:
        raise Refused("malformed")
    head, salt, commitment, sealed = data[:3], data[3:27], data[27:43], data[43:]
    index = next((at for at, key in enumerate(keys) if key_id(key) == head[1:]), None)
    if index is None:
        raise Refused("unknown-key")
    aes, nonce, expected = message_key(keys[index], scope, salt)
    if not hmac.compare_digest(expected, commitment):
        raise Refused("signature")
    try:
        plain = AESGCM(aes).decrypt(nonce, sealed, head)
    except InvalidTag as error:
        raise Refused("signature") from error
    seconds = int.from_bytes(plain[:5], "big")
    if seconds > LAST_SECOND:
        raise Refused("malformed")
    return {"text": from_utf8(plain[5:], "malformed"), "seconds": seconds, "key": index}


# The record

STAMP = re.compile(r"(?:([0-9a-z]{1,9})(?:\.([0-9a-z]{6}))?)?")


def open_record(text):
    """The record in the notation of the vectors."""
    if not text.startswith('["'):
        raise Refused("payload")
    depth_of(text)
    try:
        parts = json.loads(text, object_pairs_hook=Members)
    except ValueError as error:
        raise Refused("payload") from error
    if not isinstance(parts, list) or not 2 <= len(parts) <= 3:
        raise Refused("payload")
    raw = text[2:text.index('"', 2)]
    stamp = STAMP.fullmatch(raw)
    if not stamp or not all(isinstance(part, Members) for part in parts[1:]):
        raise Refused("payload")
    created, nonce = stamp.groups()
    meta = [pair for pair in members(parts[2]) if pair[0] not in "cn"] if len(parts) > 2 else []
    return {
        "created": None if created is None else int(created, 36),
        "nonce": nonce,
        "data": members(parts[1]),
        "meta": meta,
    }


class Members(list):
    """The members of a JSON object, as pairs: of those with one name the last one, where the first stood."""

    def __init__(self, pairs):
        super().__init__(dict(pairs).items())


def depth_of(text):
    depth = 0
    for token in re.findall(r'"(?:[^"\\]|\\.)*"|[\[\]{}]', text, re.DOTALL):
        depth += (token in "[{") - (token in "]}")
        if depth > MAX_DEPTH:
            raise Refused("payload")


def members(pairs):
    return [[name, value_of(value)] for name, value in pairs]


def value_of(value):
    if isinstance(value, Members):
        return object_of(value)
    if isinstance(value, list):
        return [value_of(item) for item in value]
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > MAX_SAFE:
        return {"bigint": str(value)}
    if isinstance(value, float) and value != value:
        return {"number": "NaN"}
    if isinstance(value, float) and value in (float("inf"), float("-inf")):
        return {"number": "Infinity" if value > 0 else "-Infinity"}
    return value


def object_of(pairs):
    if len(pairs) != 1 or pairs[0][0] not in TAGS:
        return {"object": members(pairs)}
    [[tag, content]] = pairs
    return TAGS[tag](value_of(content))


def tuple_of(content):
    return {"tuple": checked(content, isinstance(content, list))}


def bytes_of(content):
    checked(content, isinstance(content, str))
    try:
        data = base64.b64decode(content.encode("ascii"))
    except (UnicodeEncodeError, binascii.Error) as error:
        raise Refused("payload") from error
    checked(content, base64.b64encode(data).decode("ascii") == content)
    return {"bytes": data.hex()}


def markup_of(content):
    return {"markup": checked(content, isinstance(content, str))}


def uuid_of(content):
    checked(content, isinstance(content, str) and re.fullmatch("[0-9a-f]{32}", content))
    return {"uuid": re.sub("(.{8})(.{4})(.{4})(.{4})", r"\1-\2-\3-\4-", content)}


def date_of(content):
    is_number = isinstance(content, int) and not isinstance(content, bool)
    return {"date": checked(content, is_number and abs(content) <= 8_640_000_000_000_000)}


def bigint_of(content):
    is_decimal = isinstance(content, str) and re.fullmatch("0|-?[1-9][0-9]{0,15}", content)
    return {"bigint": checked(content, is_decimal and abs(int(content)) <= MAX_SAFE)}


def escaped_of(content):
    is_single = isinstance(content, dict) and len(content.get("object", [])) == 1
    [[name, value]] = checked(content, is_single)["object"]
    checked(content, name.endswith("__") and name[:-2] in TAGS)
    return {"object": [[name[:-2], value]]}


def checked(content, is_right):
    if not is_right:
        raise Refused("payload")
    return content


TAGS = {
    " t": tuple_of,
    " b": bytes_of,
    " m": markup_of,
    " u": uuid_of,
    " D": date_of,
    " i": bigint_of,
    " di": escaped_of,
}


# Ids, rows, tokens


def open_id(keys, value):
    parts = re.fullmatch(r"([\w-]{22})\.([\w-]{43})\.([\w-]{16})", value, re.ASCII)
    if not parts:
        raise Refused("malformed")
    selector, verifier, given = parts.groups()
    for index, key in enumerate(keys):
        expected = b64url(mac("sha256", key, f"{selector}.{verifier}".encode()))[:16]
        if hmac.compare_digest(expected, given):
            hashed = b64url(hashlib.sha256(verifier.encode()).digest())[:22]
            return {"selector": selector, "verifier": verifier, "hash": hashed, "key": index}
    raise Refused("signature")


HEAD = re.compile(
    r"([\w-]{6})\.([\w-]{22})\.([0-9a-z]+)(?:_([0-9a-z]+))?"
    r"\.([0-9a-z]+)(?:_([0-9a-z]+))?\.([0-9a-z]+)"
    r"(?:\.([\w-]{22})\.([0-9a-z]+))?(?:\.([\w-]{4}))?",
    re.ASCII,
)


def open_row(selector, body):
    head, line_feed, record = body.partition("\n")
    parts = HEAD.fullmatch(head)
    if not line_feed or not parts or parts[1] != selector[:6]:
        raise Refused("row")
    row = {
        "hash": parts[2],
        "auth": int(parts[3], 36),
        "idle": int(parts[5], 36),
        "issued": int(parts[7], 36),
        "record": open_record(record),
    }
    if parts[4]:
        row["epoch"] = int(parts[4], 36)
    if parts[6]:
        row["lowered"] = int(parts[6], 36)
    if parts[8]:
        row["previous"] = {"hash": parts[8], "replaced": int(parts[9], 36)}
    if parts[10]:
        row["attributes"] = parts[10]
    return row


def csrf_token(key, record):
    user = dict(map(tuple, record["meta"])).get("u", "")
    created = "" if record["created"] is None else record["created"]
    return b64url(mac("sha256", key, f"{record['nonce']}.{created}.{user}".encode("utf-8")))


# The vectors


def unhex(texts):
    return [bytes.fromhex(text) for text in texts]


def check_secret(vector):
    return secret_bytes(vector["spelled"]).hex()


def check_key(vector):
    labels = [vector["purpose"], vector["audience"], vector["cookieName"]]
    return derive(bytes.fromhex(vector["secret"]), *labels).hex()


def check_signed(vector):
    keys = unhex(vector["keys"])
    opened = open_signed(keys, vector["value"])
    if vector.get("writes"):
        payload = b64url(opened["text"].encode("utf-8"))
        same(sign(keys[opened["key"]], payload, opened["seconds"]), vector["value"])
    return opened


def check_encrypted(vector):
    keys = unhex(vector["keys"])
    opened = open_sealed(keys, vector["scope"], vector["value"])
    key, salt = keys[opened["key"]], bytes.fromhex(vector["salt"])
    again = seal(key, vector["scope"], salt, opened["text"], opened["seconds"])
    same(again, vector["value"])
    return opened


def check_record(vector):
    return open_record(vector["text"])


def check_id(vector):
    return open_id(unhex(vector["keys"]), vector["value"])


def check_row(vector):
    return open_row(vector["selector"], vector["body"])


def check_session(vector):
    """A whole value, from the secret as it is configured to the record and its token."""
    secret = secret_bytes(vector["secret"])
    audience, name = vector["audience"], vector["cookieName"]
    scope = {"audience": audience, "cookieName": name, "purpose": "session", "context": ""}

    def key(purpose):
        return derive(secret, purpose, audience, name)

    if vector["kind"] == "signed":
        text = open_signed([key("session")], vector["value"])["text"]
    elif vector["kind"] == "encrypted":
        text = open_sealed([key("encrypted")], scope, vector["value"])["text"]
    else:
        identity = open_id([key("session id")], vector["value"])
        body = vector["body"]
        if "\n" not in body:
            scope.update(purpose="row", context=identity["selector"])
            body = open_sealed([key("row")], scope, body)["text"]
        row = open_row(identity["selector"], body)
        same(row["hash"], identity["hash"])
        return {"record": row["record"], "csrfToken": csrf_token(key("csrf"), row["record"])}
    record = open_record(text)
    return {"record": record, "csrfToken": csrf_token(key("csrf"), record)}


CHECKS = {
    "secrets": check_secret,
    "keys": check_key,
    "signed": check_signed,
    "encrypted": check_encrypted,
    "records": check_record,
    "ids": check_id,
    "rows": check_row,
    "sessions": check_session,
}


def same(found, expected):
    if found != expected:
        raise AssertionError(f"expected {expected!r}, found {found!r}")


def check(kind, vector):
    """Whether it is as it should be; if not, says so."""
    try:
        try:
            found = {"opens": CHECKS[kind](vector)}
        except Refused as refusal:
            found = {"refused": str(refusal)}
        same(found, {name: vector[name] for name in ("opens", "refused") if name in vector})
        return True
    except Exception as error:  # Whatever it is, the other vectors are checked as well.
        print(f"{kind}: {vector['name']}: {type(error).__name__}: {error}")
        return False


def main(path):
    with open(path, encoding="utf-8") as file:
        vectors = json.load(file)
    wrong = 0
    for kind in CHECKS:
        results = [check(kind, vector) for vector in vectors[kind]]
        wrong += results.count(False)
        print(f"{kind}: {len(results)} checked")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
