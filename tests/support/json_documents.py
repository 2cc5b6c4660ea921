# SPDX-License-Identifier: Apache-2.0
"""Runs the commands of docs/json.md and compares what they print with the schemas that it names.

json_documents.py JSON.MD SCHEMAS.JSON WORD=TEXT...   WORD: a placeholder in the commands, as ENDPOINT
"""

import json
import pathlib
import re
import subprocess
import sys

import jsonschema


SIMPLE = {"text": {"type": "string"}, "number": {"type": "integer"}, "flag": {"type": "boolean"}, "any": {}}


def schema_of(shape):
    if isinstance(shape, dict):
        return {"type": "object", "required": list(shape), "properties": {name: schema_of(of) for name, of in shape.items()}}
    if isinstance(shape, list):
        return {"type": "array", "items": schema_of(shape[0])}
    return SIMPLE.get(shape, {"$ref": f"#/components/schemas/{shape}"})


def parse(shape):
    """Bare words are names of schemas."""
    return json.loads(re.sub(r'(?<!["\w])(\w+)(?!["\w])', r'"\1"', shape))


def main(page, schemas, *words):
    components = {"schemas": json.loads(pathlib.Path(schemas).read_text())["schemas"]}
    words = dict(re.fullmatch(r"(KEY=VALUE|[A-Z]+)=(.*)", word).groups() for word in words)
    rows = re.findall(r"^\| `(holdline [^`]*)` \| `([^`]*)` \|$", pathlib.Path(page).read_text(), re.M)
    problems = []
    for command, shape in rows:
        arguments = [words.get(word, word) for word in command.split()]
        done = subprocess.run([*arguments, "--json"], capture_output=True, text=True)
        try:
            assert done.returncode == 0, done.stderr
            assert done.stdout.count("\n") == 1, "it is not one line"
            jsonschema.validate(json.loads(done.stdout), {**schema_of(parse(shape)), "components": components})
        except (AssertionError, ValueError) as error:
            problems.append(f"{command}: {error}")
        except jsonschema.ValidationError as error:
            problems.append(f"{command}: {list(error.absolute_path)}: {error.message[:200]}")
    print("\n".join(problems))
    sys.exit(1 if problems or len(rows) < 10 else 0)


main(*sys.argv[1:])
