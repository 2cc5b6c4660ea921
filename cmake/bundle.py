#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes of the console's pages what a browser loads: cmake/bundle.py PAGES CATALOGUE OUT.

PAGES are ES modules, which a browser could load as they are, but one request each.  So they become one file, each module a function
of its own, in the order in which they need each other; lines that are only comments stay behind.  No language is translated and no
name is changed.  CATALOGUE, po/LANGUAGE.po, becomes LANGUAGE.json with the texts that the pages use."""
import gettext
import hashlib
import io
import json
import pathlib
import re
import subprocess
import sys

IMPORT = re.compile(r"^import\s+(\*\s+as\s+(?P<all>\w+)|\{(?P<names>[^}]*)\})\s+from\s+'(?P<path>[^']+)';\n", re.M)
EXPORT = re.compile(r"^export (?=(?:async function|function|class|const) (\w+))", re.M)
COMMENT = re.compile(r"^[ \t]*//.*\n", re.M)
INDENT = re.compile(r"^[ \t]+", re.M)
COPIED = ("console.css", "worker.js", "icon.svg")
KEYWORDS = ("tr", "trn:1,2", "trNodes", "N_")


def variable(path, pages):
    return "m_" + re.sub(r"\W", "_", str(path.relative_to(pages).with_suffix("")))


def slim(script):
    """Without lines of comment and indentation."""
    if any(line.count("`") % 2 for line in script.splitlines()):
        sys.exit("bundle: a template goes over several lines, whose blanks would be lost")
    return INDENT.sub("", COMMENT.sub("", script))


class Bundle:
    def __init__(self, pages):
        self.pages = pages
        self.done = []  # paths, each behind what it needs
        self.open = []
        self.text = []

    def add(self, path):
        if path in self.done:
            return
        if path in self.open:
            sys.exit(f"bundle: modules need each other in a circle: {' '.join(p.name for p in self.open)} {path.name}")
        self.open.append(path)
        source = path.read_text(encoding="utf-8")
        for needed in IMPORT.finditer(source):
            self.add((path.parent / needed["path"]).resolve())
        self.open.pop()
        self.done.append(path)
        self.text.append(self.module(path, source))

    def module(self, path, source):
        def binding(found):
            module = variable((path.parent / found["path"]).resolve(), self.pages)
            names = " ".join((found["names"] or "").split())
            return f"const {found['all']} = {module};\n" if found["all"] else f"const {{ {names} }} = {module};\n"

        exports = EXPORT.findall(source)
        body = slim(EXPORT.sub("", IMPORT.sub(binding, source)))
        stray = re.search(r"^(import|export)\b.*", body, re.M)
        if stray:
            sys.exit(f"bundle: {path.name}: not a form that is known here: {stray[0]}")
        return f"const {variable(path, self.pages)} = (() => {{\n{body}return {{ {', '.join(exports)} }};\n}})();\n"


def texts_of(scripts):
    """What the pages say, as xgettext finds it."""
    keywords = [f"--keyword={keyword}" for keyword in KEYWORDS]
    done = subprocess.run(["xgettext", "--language=JavaScript", "--from-code=UTF-8", "--keyword", *keywords, "--no-location", "--no-wrap",
                           "--output=-", *map(str, scripts)], capture_output=True, text=True, check=True)
    return [json.loads(f'"{text}"') for text in re.findall(r'^msgid "(.+)"$', done.stdout, re.M)]


def translations(catalogue, texts):
    done = subprocess.run(["msgfmt", "-o", "-", str(catalogue)], capture_output=True, check=True)
    known = gettext.GNUTranslations(io.BytesIO(done.stdout))
    found = {text: known.gettext(text) for text in texts}
    return {text: words for text, words in found.items() if words != text}


def main():
    pages, catalogue, out = (pathlib.Path(argument).resolve() for argument in sys.argv[1:])
    bundle = Bundle(pages)
    bundle.add(pages / "main.js")
    files = {"console.js": "".join(bundle.text)}
    for name in COPIED:
        files[name] = (pages / name).read_text(encoding="utf-8")
    files["worker.js"] = slim(files["worker.js"])
    words = translations(catalogue, texts_of(bundle.done))
    files[f"{catalogue.stem}.json"] = json.dumps(words, ensure_ascii=False, separators=(",", ":"))
    build = hashlib.sha256("\0".join(files.values()).encode()).hexdigest()[:12]
    files["build.json"] = json.dumps({"build": build})
    files["index.html"] = (pages / "index.html").read_text(encoding="utf-8").replace("@BUILD@", build)
    out.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (out / name).write_text(text, encoding="utf-8")


main()
