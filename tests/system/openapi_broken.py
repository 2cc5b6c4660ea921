# SPDX-License-Identifier: Apache-2.0
"""Broken requests made from an OpenAPI document, sent by everybody: openapi_broken.py https://HOST:PORT CA.pem WORLD.json SEED

Of each operation: bodies, members, parameters, ids, methods and headers that are wrong in one way each, all of them by an owner, and a few of
each by the others.  No answer is a server error; each is as documented; and what is refused for something that the request says names it.

WORLD.json: {"password", "accounts": {LABEL: NAME}, "tokens": {LABEL: TEXT}, "things": {NAME: VALUE}}; the things fill the bodies and paths of
roles_rest.py.  The same seed makes the same requests."""
import copy
import http.client
import json
import pathlib
import random
import sys
import time
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from openapi_plan import Document, kind_of  # noqa: E402
from roles_rest import OPERATIONS, TokenApi, filled  # noqa: E402

OTHERS = 6  # requests of each operation that each of the others sends
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "FOO")
TEXTS = ("", "x" * 5000, "\u202e<script>", "../../etc/passwd", "a\nb", "a\u0000b", "\ud800", "総" * 2000, "999999999999999999999", "-1", " ", "'", "%s%n")
PLACES = ("%00", "%0a", "%ff%fe", "%c3%28", "%zz", "%", "x" * 3000, "..%2f..", "%e2%80%ae", "e-none%20", "-", "99999999999999999999", "%3Cscript%3E")
QUERIES = {
    "limit": ("0", "-1", "1001", "abc", "1e3", "99999999999999999999", ""),
    "cursor": ("x", "%ff", "AAAA", "%00", "x" * 2000),
    "sort": ("colour", "-", "-colour", "%e2%80%ae"),
    "filter": ("((((", "host:", "colour:red", "last_seen<yesterday", "%22", "x" * 3000, "(" * 900),
    "in_group": ("a b", "%22", "x" * 3000, "office%20filter:", "総務"),
    "settings": ("colour", ",", "scan.method,,colour", "x" * 2000),
    "fields": ("colour", ",", "id,,colour", "x" * 2000),
    "format": ("xml", "CSV", ""),
    "selector": ("e-none", "@none", "@", ",,,", "%22", "x" * 3000),
    "days": ("0", "93", "-1", "abc", "1.5", "9" * 30, ""),
    "since": ("yesterday", "-1d", "9" * 30, "1 d"),
    "open": ("no", "", "1"),
    "account": ("nobody", "x" * 3000),
    "call": ("no such call", "x" * 3000),
}
ANY = {"filter", "account", "call", "cursor"}  # of lists that are not endpoints': a word finds nothing, which is no mistake
TYPES = ("text", 7, 1.5, True, None, [], ["text"], [7], {}, {"a": {"b": []}}, 10**30, -1)
CONTENT_TYPES = ("", "text/plain", "application/x-www-form-urlencoded", "application/jsonx", "application/xml", "multipart/form-data; boundary=x", "x" * 500)
KEYS = ("", "x" * 201, "a b", "\xe4\xe4")
MATCHES = ("", '"\xe4"', "1", '"', '""', '"x"', 'W/"1"', "*", '"1", "2"', '"' + "9" * 300 + '"')

# Where what the table of roles sends is refused as it is: bodies of which only what is broken here is wrong.
BASES = {
    "createSession": {"name": "nobody", "password": "correct horse battery"},
    "createToken": {"name": "made", "password": "{password}"},
    "createGroup": {"name": "made"},
    "createAccount": {"name": "made", "role": "auditor"},
    "createNotification": {"name": "made", "settings": {"to": "syslog:"}},
    "changeNotification": {"settings": {"to": "syslog:"}},
    "acknowledgeDetections": {"ids": ["d-1"]},
    "confirmCode": {"code": "123456", "password": "{password}"},
}
# Said of the whole body, where there are no members yet that could be named.
UNREAD = ("body.members", "json.depth", "json.end", "json.number", "json.syntax", "json.text", "json.twice")
# Of a value that is nothing, or cannot be shown: these sentences are about one member alone.
ALONE = {"name": ("token.what-for", "view.no-name", "display.long", "display.blank", "display.character"),
         "rings": ("rollout.no-ring", "rollout.ring"), "ids": ("detection.which", "detection.no-id"), "fields": ("list.field", "view.field"),
         "sort": ("list.column", "list.sort"), "cursor": ("address.text",)}


class Broken:
    """One request: what is wrong with it, and what its refusal has to name, or, from "=" on, how its sentence has to begin ("|": or); None: neither."""

    def __init__(self, what, name=None, path=None, query=None, data=None, headers=None):
        self.what, self.name, self.path, self.query, self.data = what, name, path, query, data
        self.headers = headers or {}


def type_of(value):
    return {bool: "boolean", int: "integer", float: "number", str: "string", list: "array", dict: "object", type(None): "null"}[type(value)]


def value_of(broken):
    """What was sent there, as far as a refusal shows it: it names by that too."""
    value = broken.data.get(broken.name) if isinstance(broken.data, dict) else None
    if broken.query:
        value = urllib.parse.unquote(broken.query.partition("=")[2])
    parts = value if isinstance(value, list) else list(value) if isinstance(value, dict) else [value]
    texts = ["".join(c if c.isprintable() else "\ufffd" for c in str(part)).strip("\ufffd") for part in parts]  # as a refusal shows it
    return [text[:12] for text in texts if text not in ("", "None")]


class Maker:
    def __init__(self, document, things, chance):
        self.document, self.things, self.chance = document, things, chance
        self.rows = {}
        for row in OPERATIONS:
            path, query, body = (row[2:5] + ({}, {}, None)[len(row) - 2:])[:3]
            self.rows.setdefault(row[0], (filled(path, things), filled(body, things)))
        for operation, body in BASES.items():
            self.rows[operation] = (self.rows.get(operation, ({}, None))[0], filled(body, things))

    def sample(self, schema):
        schema = self.document.resolve(schema)
        if "enum" in schema:
            return schema["enum"][0]
        kind = schema.get("type", "string")
        return {"string": "sample", "integer": 1, "boolean": True, "array": [], "object": {}}[kind if isinstance(kind, str) else kind[0]]

    def ordinary(self, operation, schema):
        """What is to be broken: only required members, or those that the operation is tried with elsewhere."""
        known = self.rows.get(operation, ({}, None))[1]
        required = {name: self.sample(schema["properties"][name]) for name in schema.get("required", [])}
        return {**required, **(known or {})}

    def members(self, operation, schema):
        ordinary = self.ordinary(operation, schema)
        required = schema.get("required", [])
        for name, part in schema["properties"].items():
            part = self.document.resolve(part)
            kinds = part.get("type", "string")
            kinds = [kinds] if isinstance(kinds, str) else kinds
            if name in required:
                yield Broken(f"without {name}", name, data={key: value for key, value in ordinary.items() if key != name})
            values = [value for value in TYPES if type_of(value) not in kinds and (value is not None or name in required)]
            if "enum" in part or "integer" in kinds:
                values += ["nonsense", -1, 0, 10**30, 2**63]
            else:
                values += [[text] for text in TEXTS] if "array" in kinds else list(TEXTS)
            if "object" in kinds:
                values += [{"no.such.key": "x"}, {"line.heartbeat": [1]}, {"line.heartbeat": "soon"}, {text: "x" for text in TEXTS if text}]
            for value in values:
                yield Broken(f"{name} = {value!r:.60}", name, data={**ordinary, name: value})
            yield Broken(f"{name} nested", name, data=json.dumps({**ordinary, name: "@"}).replace('"@"', "[" * 3000 + "]" * 3000).encode())

    def bodies(self, operation, schema):
        ordinary = self.ordinary(operation, schema)
        text = json.dumps(ordinary).encode()
        cut, at = self.chance.randrange(1, len(text)), self.chance.randrange(1, len(text))
        extra = self.chance.choice(("colour", "__proto__", "Name", "a b", "総務", "x" * 300))
        yield Broken("a member that is not there", extra, data={**ordinary, extra: 1})
        for value in ([], [ordinary], "text", 7, None, True):
            yield Broken(f"a body that is {value!r:.40}", "=body.|json.", data=json.dumps(value).encode())
        for what, data in (("cut", text[:cut]), ("bad UTF-8", text[:at] + self.chance.choice((b"\xff", b"\xc0\x80", b"\xed\xa0\x80")) + text[at:]),
                           ("NUL", text[:at] + b"\0" + text[at:]), ("two", text + text), ("nothing", b""), ("space", b"  "), ("deep", b"[" * 30000),
                           ("deep objects", b'{"a":' * 10000), ("UTF-16", text.decode().encode("utf-16")), ("a comment", b"/* */" + text)):
            yield Broken(f"a body: {what}", "=body.|json.", data=data)
        yield Broken("a body: too long", "too long", headers={"Content-Length": "70000"})  # and nothing of it is sent: nothing is waited for
        yield Broken("a body: many members", "=body.", data=json.dumps({f"m{i}": 1 for i in range(5000)}).encode())
        for kind in CONTENT_TYPES:
            yield Broken(f"content type {kind!r:.40}", "=body.type", data=ordinary, headers={"Content-Type": kind})

    def queries(self, parameters, is_of_endpoints):
        names = [entry["name"] for entry in parameters if entry["in"] == "query"]
        unknown = self.chance.choice(("colour", "Limit", "%E7%B7%8F", "limit%5B%5D"))
        yield Broken("a parameter that is not there", urllib.parse.unquote(unknown), query=f"{unknown}=1")
        yield Broken("many parameters", "=address.", query="&".join(f"p{i}=1" for i in range(200)))
        for name in names:
            yield Broken(f"{name} twice", name, query=f"{name}=1&{name}=2")
            for value in QUERIES[name]:
                must = None if name in ANY and not is_of_endpoints else name
                yield Broken(f"{name} = {value:.40}", must, query=f"{name}={value if '%' in value else urllib.parse.quote(value)}")

    def all(self, operation, row):
        parameters = [self.document.resolve(entry) for entry in row.get("parameters", [])]
        content = row.get("requestBody", {}).get("content", {}).get("application/json")
        schema = self.document.resolve(content["schema"]) if content else None
        ordinary = self.ordinary(operation, schema) if schema else None
        for place in [entry["name"] for entry in parameters if entry["in"] == "path"]:
            for value in PLACES:
                yield Broken(f"{place} = {value:.40}", path={place: value}, data=ordinary)
        yield from self.queries(parameters, operation == "listEndpoints")
        if schema:
            yield from self.members(operation, schema)
            yield from self.bodies(operation, schema)
        else:
            yield Broken("a body where there is none", "=body.", data=self.chance.choice((b"{", b'{"a": 1}', b"\xff", b"x" * 1000)))
        if any(entry["name"] == "Idempotency-Key" for entry in parameters):
            for key in KEYS:
                yield Broken(f"key {key!r:.40}", "Idempotency-Key", data=ordinary,
                             headers={"Idempotency-Key": key})
        if any(entry["name"] == "If-Match" for entry in parameters):
            for match in MATCHES:
                yield Broken(f"If-Match {match!r:.40}", data=ordinary, headers={"If-Match": match})


class Walk:
    def __init__(self, api, document, maker):
        self.api, self.document, self.maker = api, document, maker
        self.bad, self.sent, self.statuses = [], 0, {}

    def target(self, operation, path, broken):
        places = {name: urllib.parse.quote(value, safe="") for name, value in self.maker.rows.get(operation, ({}, None))[0].items()}
        for name, value in {**places, **(broken.path or {})}.items():
            path = path.replace("{" + name + "}", value)
        return path.replace("{", "").replace("}", "") + (f"?{broken.query}" if broken.query else "")

    def ask(self, method, target, data, headers):
        """Where the console passes on no more calls at the moment nothing was seen of it: once more.  Tries of passwords are another matter."""
        for _ in range(100):
            got = self.api.send(method, target, data, headers)
            if got[0] != 429 or json.loads(got[2]).get("sentence") == "signin.wait":
                break
            time.sleep(0.2)
        return got

    def note(self, label, method, target, what, problem, text):
        self.bad.append(f"{label}: {method} {target[:120]} ({what}): {problem}: {text[:300]}")

    @staticmethod
    def names(broken, said):
        name, sentence = broken.name, said.get("sentence", "")
        if name.startswith("="):
            return sentence.startswith(tuple(name[1:].split("|")))
        text = said["detail"] + sentence + json.dumps(said["args"], ensure_ascii=False)
        given = (name[:20], name.replace("_", "-"))  # the command line's word for it is as good
        return sentence in UNREAD + ALONE.get(name, ()) or any(word in text for word in given) or any(part in text for part in value_of(broken))

    def judge(self, label, method, target, row, broken, got):
        status, headers, text = got
        self.sent += 1
        self.statuses[status] = self.statuses.get(status, 0) + 1
        problem = self.document.problem(row, status, kind_of(headers), text)
        if problem:
            self.note(label, method, target, broken.what, f"{status} {problem}", text)
            return
        if status < 400:
            return
        said = json.loads(text)
        if status == 429 and headers.get("Retry-After") != said["args"].get("seconds", "5"):
            self.note(label, method, target, broken.what, f"Retry-After is {headers.get('Retry-After')}", text)
        if said["status"] != status or not said["detail"].strip():
            self.note(label, method, target, broken.what, f"{status} and its document do not agree", text)
        if status in (400, 413, 415, 422) and broken.name and not self.names(broken, said):
            self.note(label, method, target, broken.what, f"{status} does not name {broken.name!r:.30}", text)

    def send(self, label, who, operation, broken):
        method, path, row = self.document.operations[operation]
        target = self.target(operation, path, broken)
        headers = {"If-Match": '"1"', "Accept-Language": self.maker.chance.choice(("en", "ja", "de")), **who, **broken.headers}
        data = broken.data if isinstance(broken.data, bytes) or broken.data is None else json.dumps(broken.data).encode()
        try:
            got = self.ask(method, target, data, headers)
            if "Content-Length" in broken.headers:
                self.api.close()
        except (http.client.HTTPException, OSError) as error:
            self.note(label, method, target, broken.what, repr(error), "")
            return
        self.judge(label, method, target, row, broken, got)

    def methods(self, label, who, path, item):
        """What a path does not take is refused with what it takes."""
        for method in METHODS:
            if method.lower() in item:
                continue
            target = self.target("", path, Broken("", path={name: "x" for name in ("id", "name", "group", "version", "broker")}))
            status, headers, text = self.api.send(method, target, None, who)
            self.sent += 1
            allowed = set((headers.get("Allow") or "").replace(" ", "").split(","))
            if status != 405 or not {name.upper() for name in item} <= allowed:
                self.note(label, method, target, "a method that is not there", f"{status}, Allow: {headers.get('Allow')}", text)


def people(api, world):
    """Label -> headers; nobody, and who was somebody."""
    found = {}
    for label, name in world["accounts"].items():
        api.sign_in(name, world["password"])
        if api.send("POST", "/api/v1/session:prove", json.dumps({"password": world["password"]}))[0] != 204:  # else nothing else is refused
            sys.exit(f"the password of {name} proves nothing")
        found[label] = {"Cookie": api.cookie}
        api.cookie = ""
    api.sign_in(world["accounts"]["owner"], world["password"])
    found["ended"] = {"Cookie": api.cookie}
    if api.send("DELETE", "/api/v1/session")[0] != 204:
        sys.exit("the session that is to be over does not end")
    api.cookie = ""
    found.update({label: {"Cookie": "", "Authorization": f"Bearer {text}"} for label, text in world["tokens"].items()})
    found["nobody"] = {"Cookie": ""}
    return found


def main():
    address, ca, world, seed = sys.argv[1:]
    world = json.loads(pathlib.Path(world).read_text(encoding="utf-8"))
    print(f"seed {seed}")
    chance = random.Random(int(seed))
    api = TokenApi(address, ca)
    everybody = people(api, world)
    document = Document(json.loads(api.send("GET", "/api/v1/openapi.json")[2]))
    maker = Maker(document, world["things"], chance)
    walk = Walk(api, document, maker)
    for operation, (_, _, row) in document.operations.items():
        requests = list(maker.all(operation, row))
        for label, who in everybody.items():
            chosen = requests if label == "owner" else chance.sample(requests, min(OTHERS, len(requests)))
            for broken in chosen:
                walk.send(label, who, operation, copy.copy(broken))
    for path, item in document.document["paths"].items():
        for label in ("owner", "nobody"):
            walk.methods(label, everybody[label], path, item)
    for label, who in everybody.items():  # nobody was thrown out on the way, and nobody let in
        status = api.send("GET", "/api/v1/session", None, who)[0]
        if status != (401 if label in ("ended", "nobody") else 200):
            walk.bad.append(f"{label}: in the end {status}")
    print(*walk.bad, sep="\n")
    print(f"{walk.sent} requests, by status {dict(sorted(walk.statuses.items()))}, {len(walk.bad)} problems")
    sys.exit(1 if walk.bad else 0)


if __name__ == "__main__":
    main()
