# SPDX-License-Identifier: Apache-2.0
"""Runs the commands of docs/json.md and compares what they print with the schemas that it names.

json_documents.py JSON.MD SCHEMAS.JSON WORD=TEXT... COMMAND:WORD=TEXT...   WORD: a placeholder in the commands, as ENDPOINT, and what it is in
all of them, or in those that begin with COMMAND.  What is in brackets is tried with and without.

Rows of but:COMMAND, and with a placeholder that is not given, are for another test, which takes them by only:COMMAND.  That one does is looked
at here as well.
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


def variants(command):
    return sorted({re.sub(r" \[[^]]*\]", "", command), re.sub(r"[][]", "", command)})


def words_of(command, given):
    """What is said for all commands, and over it what is said for those like this one."""
    found = [re.fullmatch(r"(?:(holdline [^:]*):)?(KEY=VALUE|[A-Z_]+)=(.*)", word).groups(default="") for word in given]
    return {name: text for prefix, name, text in sorted(found, key=lambda word: len(word[0])) if command.startswith(prefix)}


def taken_by_no_test(commands):
    tests = pathlib.Path(__file__).parent.parent
    texts = [test.read_text() for test in [*(tests / "system").iterdir(), *(tests / "natlab").iterdir()] if test.is_file()]
    taken = tuple(re.findall(r'"only:([^"]+)"', "".join(text for text in texts if "json_documents.py" in text)))
    return [f"no test takes '{command}'" for command in commands if not command.startswith(taken)]


def main(page, schemas, *words):
    components = {"schemas": json.loads(pathlib.Path(schemas).read_text())["schemas"]}
    only, left = (tuple(word.removeprefix(kind) for word in words if word.startswith(kind)) for kind in ("only:", "but:"))
    given = [word for word in words if not word.startswith(("only:", "but:"))]
    told = re.findall(r"^\| `(holdline [^`]*)` \| `([^`]*)` \|$", pathlib.Path(page).read_text(), re.M)
    told = [(command, shape) for row, shape in told for command in variants(row)]
    rows = [row for row in told if placeholders(row[0]) <= set(words_of(row[0], given)) and not row[0].startswith(left)]
    problems = [] if only else taken_by_no_test([command for command, shape in told if (command, shape) not in rows])
    if only:
        rows = [row for row in rows if row[0].startswith(only)]
    for command, shape in rows:
        said = words_of(command, given)
        arguments = [said.get(word, word) for word in command.split()]
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
