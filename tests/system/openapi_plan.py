# SPDX-License-Identifier: Apache-2.0
"""Operations of an OpenAPI document as they should be sent: openapi_plan.py https://HOST:PORT CA.pem PLAN.json

Each step succeeds and is answered with what the document says, no member more; "rows": and with some.  A step keeps what later ones need.
No operation may be missing.  (openapi_requests.py sends what nobody should.)"""
import http.client
import json
import pathlib
import re
import ssl
import sys
import time
import urllib.parse

import jsonschema


class Api:
    def __init__(self, address, ca):
        self.at = urllib.parse.urlsplit(address)
        self.context = ssl.create_default_context(cafile=ca)
        self.cookie = ""
        self.line = None

    def sign_in(self, name, password):
        headers = self.send("POST", "/api/v1/session", json.dumps({"name": name, "password": password}))[1]
        self.cookie = headers["Set-Cookie"].partition(";")[0]

    def connect(self):
        return http.client.HTTPSConnection(self.at.hostname, self.at.port, timeout=60, context=self.context)

    def send(self, method, path, body=None, headers=None):
        """-> status, headers, body as text"""
        all_headers = {"Cookie": self.cookie, **(headers or {})}
        if body is not None:
            all_headers.setdefault("Content-Type", "application/json")
        for last in (False, True):  # a line that was kept may have been closed meanwhile
            self.line = self.line or self.connect()
            try:
                self.line.request(method, path, body=body, headers=all_headers)
                reply = self.line.getresponse()
                return reply.status, reply.headers, reply.read().decode()
            except (http.client.HTTPException, OSError):
                self.line.close()
                self.line = None
                if last:
                    raise


class Document:
    def __init__(self, document):
        self.document = document
        self.operations = {item["operationId"]: (method.upper(), path, item)
                           for path, methods in document["paths"].items() for method, item in methods.items()}
        self.validators = {}

    def resolve(self, value):
        while "$ref" in value:
            at = self.document
            for part in value["$ref"].split("/")[1:]:
                at = at[part]
            value = at
        return value

    def problem(self, operation, status, kind, text):
        """What is wrong with an answer; None: nothing."""
        responses = operation["responses"]
        if status >= 500:
            return "is a 5xx"
        if str(status) not in responses:
            return f"has a status that is not documented: {status}"
        content = self.resolve(responses[str(status)]).get("content")
        if content is None:
            return "has a body" if text else None
        if kind not in content:
            return f"has the type {kind}"
        if not kind.endswith("json"):
            return None
        try:
            self.validator(content[kind]["schema"]).validate(json.loads(text))
        except jsonschema.ValidationError as error:
            return f"is not as documented: {list(error.absolute_path)}: {error.message[:200]}"
        return None

    def validator(self, schema):
        key = json.dumps(schema)
        if key not in self.validators:
            self.validators[key] = jsonschema.Draft202012Validator({**schema, "components": self.document["components"]})
        return self.validators[key]


def kind_of(headers):
    return (headers.get("Content-Type") or "").partition(";")[0]


def fill(text, kept):
    return re.sub(r"\$\{(\w+)\}", lambda found: kept.get(found[1], "unknown"), text)


def play(api, document, plan, kept):
    """The operations as they should be sent; -> problems, and the ids of those that succeeded."""
    problems, done = [], set()
    for step in plan:
        method, path, operation = document.operations[step["do"]]
        headers = {"Cookie": ""} if step.get("anonymous") else {}  # who signs in over a session ends it
        target = fill(step.get("path", path), kept)
        if "match" in step:
            headers["If-Match"] = api.send("GET", target if step["match"] is True else step["match"])[1]["ETag"]
        body = fill(json.dumps(step["body"]), kept) if "body" in step else None
        for _ in range(step.get("tries", 1)):
            status, answer_headers, text = api.send(method, target, body, headers)
            problem = document.problem(operation, status, kind_of(answer_headers), text)
            rows = json.loads(text).get("rows") if not problem and kind_of(answer_headers) == "application/json" else None
            if status < 300 and (not step.get("rows") or rows):
                break
            time.sleep(0.2)
        if status >= 300 and not step.get("refused"):
            problem = problem or f"is {status}: {text[:200]}"
        if step.get("rows") and not rows:
            problem = problem or "has no rows: nothing was shown to be as documented"
        if problem:
            problems.append(f"{method} {target}: {problem}")
        done.add(step["do"])
        for name, expression in step.get("keep", {}).items() if status < 300 else ():
            kept[name] = str(eval(expression, {"d": json.loads(text)}))  # pylint: disable=eval-used
    return problems, done


def main():
    address, ca, plan = sys.argv[1:]
    given = json.loads(pathlib.Path(plan).read_text(encoding="utf-8"))
    api = Api(address, ca)
    api.sign_in("admin", given["kept"]["password"])
    document = Document(json.loads(api.send("GET", "/api/v1/openapi.json")[2]))
    problems, done = play(api, document, given["plan"], given["kept"])
    missing = set(document.operations) - done - set(given["not_planned"])
    problems += [f"{name}: no step of the plan has it" for name in sorted(missing)]
    for problem in problems:
        print(problem)
    print(f"{len(done)} operations, {len(problems)} problems")
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
