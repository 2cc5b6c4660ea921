# SPDX-License-Identifier: Apache-2.0
"""Runs the commands of docs/json.md and compares what they print with the schemas that it names.

json_documents.py JSON.MD SCHEMAS.JSON WORD=TEXT...   WORD: a placeholder in the commands, as ENDPOINT

Rows with a placeholder that is not given are for another test, which gives it, and so are those of but:COMMAND; only:COMMAND takes those of that
command alone.  That some test takes each is looked at here as well.
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


def placeholders(command):
    return set(re.findall(r"(?<![^ ])(?:KEY=VALUE|[A-Z_]+)(?![^ ])", command))


def taken_by_no_test(rows, left):
    tests = pathlib.Path(__file__).parent.parent
    texts = [test.read_text() for test in [*(tests / "system").iterdir(), *(tests / "natlab").iterdir()] if test.is_file()]
    text = "".join(text for text in texts if "json_documents.py" in text)
    wanted = {f" {word}=" for command, _ in rows for word in placeholders(command)} | {f"only:{command}" for command in left}
    return [f"no test has '{word}'" for word in sorted(wanted) if word not in text]


def main(page, schemas, *words):
    components = {"schemas": json.loads(pathlib.Path(schemas).read_text())["schemas"]}
    only, left = (tuple(word.removeprefix(kind) for word in words if word.startswith(kind)) for kind in ("only:", "but:"))
    words = dict(re.fullmatch(r"(KEY=VALUE|[A-Z_]+)=(.*)", word).groups() for word in words if not word.startswith(("only:", "but:")))
    rows = re.findall(r"^\| `(holdline [^`]*)` \| `([^`]*)` \|$", pathlib.Path(page).read_text(), re.M)
    problems = taken_by_no_test(rows, left)
    rows = [row for row in rows if placeholders(row[0]) <= set(words) and (row[0].startswith(only) if only else not row[0].startswith(left))]
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
    sys.exit(1 if problems or len(rows) < (1 if only else 10) else 0)


main(*sys.argv[1:])
