# SPDX-License-Identifier: Apache-2.0
"""Sends requests made from an OpenAPI document: openapi_requests.py DOCUMENT HOST:PORT CA COOKIE DIRECTORY.

Of each operation: one with ordinary values, then one for each value that no ordinary caller sends, in each place.  No answer may be a server
error.  What came is left in DIRECTORY as openapi.py reads it."""
import http.client
import json
import pathlib
import ssl
import sys
import urllib.parse

document = json.loads(pathlib.Path(sys.argv[1]).read_text())
host, ca, cookie, directory = sys.argv[2], sys.argv[3], sys.argv[4], pathlib.Path(sys.argv[5])
HOSTILE = ["", "x" * 5000, "\u202e<script>", "../../etc/passwd", "%00\n", "999999999999999999999"]
HOSTILE_JSON = [None, -1, 10**30, [None], {"a": {"b": []}}, "x" * 5000, "a\u0000b"]
SKIPPED = {"deleteSession", "getEvents"}  # it would end the session; it has no end
sent = 0
problems = []
connection = None


def resolve(schema):
    while "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return schema


def sample(schema):
    """An ordinary value, with all members."""
    schema = resolve(schema)
    for key in ("oneOf", "anyOf"):
        if key in schema:
            return sample(schema[key][0])
    if "enum" in schema:
        return schema["enum"][0]
    kind = schema.get("type", "string")
    kind = kind[0] if isinstance(kind, list) else kind
    if kind == "object":
        return {name: sample(part) for name, part in schema.get("properties", {}).items()}
    if kind == "array":
        return [sample(schema.get("items", {}))]
    return {"string": "sample", "integer": 1, "number": 1, "boolean": True, "null": None}[kind]


def send(operation, method, path, body):
    global connection, sent
    headers = {"Cookie": "__Host-holdline=" + cookie, "If-Match": '"1"'}
    data = None
    if body is not None:
        headers["Content-Type"] = "application/json"
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
    if connection is None:
        connection = http.client.HTTPSConnection(host, context=ssl.create_default_context(cafile=ca), timeout=60)
    try:
        connection.request(method, path, data, headers)
        reply = connection.getresponse()
        content = reply.read()
        if reply.getheader("Connection", "").lower() == "close":
            connection.close()
            connection = None
    except (http.client.HTTPException, OSError) as error:
        problems.append(f"{operation}: {method} {path[:100]}: {error!r}")
        connection = None
        return
    sent += 1
    if reply.status >= 500 or b"requests a minute" in content:  # refused unseen is as bad: it shows nothing
        problems.append(f"{operation}: {method} {path[:100]} {str(data)[:200]}: {reply.status} {content[:200]}")
    if reply.status in (413, 414, 431) or "//" in path or path.endswith("/"):  # unread, or no path of the document
        return
    name = directory / f"generated-{sent}"
    name.with_suffix(".request").write_text(f"{method}\n{path.removeprefix('/api/v1')}\n{reply.status}\ncontent-type: {reply.getheader('Content-Type', '')}\n")
    name.with_suffix(".body").write_bytes(content)


def parameter(entry):
    if "$ref" in entry:
        return document["components"]["parameters"][entry["$ref"].rpartition("/")[2]]
    return entry


def fill(path, values, query):
    for name, value in values.items():
        path = path.replace("{" + name + "}", urllib.parse.quote(value, safe=""))
    return path + ("?" + urllib.parse.urlencode(query) if query else "")


def bodies(schema):
    """An ordinary one, and those that differ from it in one member, or are none at all."""
    ordinary = sample(schema)
    yield ordinary
    for value in HOSTILE_JSON:
        yield value
    yield b"{"
    yield b"\xff\xfe"
    yield b"[" * 10000
    for name in ordinary:
        for value in HOSTILE_JSON:
            yield {**ordinary, name: value}
        yield {key: value for key, value in ordinary.items() if key != name}


for path, item in document["paths"].items():
    for method, row in item.items():
        operation = row["operationId"]
        if operation in SKIPPED:
            continue
        parameters = [parameter(entry) for entry in row.get("parameters", [])]
        places = {p["name"]: "sample" for p in parameters if p["in"] == "path"}
        query = {p["name"]: str(sample(p["schema"])) for p in parameters if p["in"] == "query"}
        schema = row.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
        ordinary = sample(schema) if schema else None
        send(operation, method.upper(), fill(path, places, {}), ordinary)
        for name in places:
            for value in HOSTILE:
                send(operation, method.upper(), fill(path, {**places, name: value}, {}), ordinary)
        for name in query:
            for value in HOSTILE + [query[name]]:
                send(operation, method.upper(), fill(path, places, {name: value}), ordinary)
        for body in bodies(schema) if schema else ():
            send(operation, method.upper(), fill(path, places, {}), body)

if problems:
    print("\n".join(problems[:20]))
    sys.exit(f"{len(problems)} of {sent} requests were not refused in order")
print(f"{sent} requests")
