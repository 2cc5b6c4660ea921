# SPDX-License-Identifier: Apache-2.0
"""Holds answers against an OpenAPI document: openapi.py DOCUMENT DIRECTORY, with N.request (method, path, status, type) and N.body."""
import json
import pathlib
import re
import sys

import jsonschema

document = json.loads(pathlib.Path(sys.argv[1]).read_text())
ROOT = "/api/v1"
problems = 0


def operation(method, path):
    """The one of a path, the longest pattern without a parameter first."""
    found = []
    for pattern, item in document["paths"].items():
        expression = re.sub(r"\\\{[^}]*\\\}", "[^/]+", re.escape(pattern))
        if re.fullmatch(expression, ROOT + path.partition("?")[0]) and method.lower() in item:
            found.append((pattern.count("{"), item[method.lower()]))
    return min(found, key=lambda row: row[0])[1] if found else None


def check(request, body):
    method, path, status, *rest = request.read_text().splitlines()
    kind = rest[0].partition(":")[2].strip().partition(";")[0] if rest else None
    row = operation(method, path)
    if row is None:
        return "is not in the document"
    answer = row["responses"].get(status)
    if answer is None:
        return f"status {status} is not in the document"
    if "$ref" in answer:
        answer = document["components"]["responses"][answer["$ref"].rpartition("/")[2]]
    content = answer.get("content")
    if content is None:
        return None if body.stat().st_size == 0 else "has a body"
    if kind not in content:
        return f"has the type {kind}"
    if kind.endswith("json"):
        schema = {**content[kind]["schema"], "components": document["components"]}
        jsonschema.validate(json.loads(body.read_text()), schema)
    return None


requests = sorted(pathlib.Path(sys.argv[2]).glob("*.request"))
for request in requests:
    try:
        problem = check(request, request.with_suffix(".body"))
    except jsonschema.ValidationError as error:
        problem = f"{list(error.absolute_path)}: {error.message[:200]}"
    if problem:
        problems += 1
        print(f"{' '.join(request.read_text().splitlines()[:3])}: {problem}")
sys.exit(f"{problems} of {len(requests)} answers are not as documented" if problems else 0)
