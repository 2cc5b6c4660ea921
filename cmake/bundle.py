#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Makes of the console's pages what a browser loads: cmake/bundle.py PAGES CATALOGUE OUT

PAGES are ES modules, which a browser could load as they are, but one request each.  So they become one file, in
the order in which they need each other; comments, and blanks that mean nothing, stay behind.  What a module exports has its name in
the whole file, so that an import costs nothing; two modules cannot export the same name.  No language is translated and no name is
changed but those that a class keeps to itself.  CATALOGUE, po/LANGUAGE.po, becomes LANGUAGE.json with the texts that the pages use, in the order of hashes of the English ones,
and the steps from hash to hash: whole English texts would be half of what a browser loads for a language, and hashes among the words a
fifth, as nothing compresses worse."""
import collections
import functools
import gettext
import hashlib
import io
import itertools
import json
import pathlib
import re
import string
import subprocess
import sys

from rjsmin import jsmin  # of Debian: another Python than the system's may not have it

IMPORT = re.compile(r"^import\s+(\*\s+as\s+(?P<all>\w+)|\{(?P<names>[^}]*)\})\s+from\s+'(?P<path>[^']+)';\n", re.M)
EXPORT = re.compile(r"^export (?=(?:async function|function|class|const) (\w+))", re.M)
TOP = re.compile(r"^(?:async )?(?:function|class|const|let) (\w+)", re.M)
BROWSERS = set("close confirm document event fetch find focus history length location name open origin parent print screen self status stop top".split())
CSS_COMMENT = re.compile(r"/\*.*?\*/\s*", re.S)
CSS_BLANK = re.compile(r"\s*([{};])\s*|([:,])\s+")
MARKED = re.compile(r"\bN_\(('(?:[^'\\\n]|\\.)*')\)")  # which means nothing to a browser
LAST = re.compile(r"[,;]\n(\s*[\]}])")  # what nothing follows that it could part
CONTROL = re.compile(r"^(\s*(?:(?:} )?else )?(?:if|for|while) \(.*\)|\s*else)\n\s+(?=\S)", re.M)  # the statement of an if on its line
END = re.compile(r"([)}])\n(?=[#\w])")  # of a block or a condition: each statement has its semicolon, so the line's end parts nothing
BINDING = re.compile(r"\bconst(?=[ \[{])")  # one word fewer for the compressor; that nothing is bound twice the sources say
WORD = re.compile(r"\b(true|false)\b(?=[,;)}\]])")  # as a value
PARAMETER = re.compile(r"(?<![\w$])\((\w+)\)=>")  # one needs no brackets, where no word stands before them
PRIVATE = re.compile(r"(?<=\.)#(\w+)")
KEYWORDS = ("tr", "trn:1,2", "N_")


def slim(style):
    """Without comments, indentation, and blanks around what opens, parts or ends something."""
    return CSS_BLANK.sub(r"\1\2", CSS_COMMENT.sub("", style)).replace(";}", "}")


def shorten_private(script):
    """What no other class can name has a letter or two, the more often it is used the shorter."""
    uses = collections.Counter(PRIVATE.findall(script))
    letters = [*string.ascii_letters, *map("".join, itertools.product(string.ascii_letters, repeat=2))]
    short = {name: letter for (name, _), letter in zip(uses.most_common(), letters)}
    return re.sub(rf"(?<!['\"`])#({'|'.join(short)})\b", lambda found: "#" + short[found[1]], script)


def shorten(script):
    script = shorten_private(PARAMETER.sub(r"\1=>", BINDING.sub("let", END.sub(r"\1", script))))
    return WORD.sub(lambda found: "!0" if found[1] == "true" else "!1", script)


class Bundle:
    def __init__(self, pages):
        self.pages = pages
        self.done = []  # paths, each behind what it needs
        self.open = []
        self.modules = []  # (text, names that it exports)
        self.exports = {}  # path -> names

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
        self.modules.append(self.module(path, source))

    def module(self, path, source):
        def binding(found):
            names = self.exports[(path.parent / found["path"]).resolve()]
            return f"const {found['all']} = {{ {', '.join(names)} }};\n" if found["all"] else ""

        exports = self.exports[path] = EXPORT.findall(source)
        for name in exports:
            other = next((done for done, names in self.exports.items() if name in names and done != path), None)
            if other:
                sys.exit(f"bundle: {name} is exported by {other.name} and by {path.name}")
        source = CONTROL.sub(r"\1 ", LAST.sub(r"\n\1", source))
        body = MARKED.sub(r"\1", EXPORT.sub("", IMPORT.sub(binding, source)))
        stray = re.search(r"^(import|export)\b.*", body, re.M)
        if stray:
            sys.exit(f"bundle: {path.name}: not a form that is known here: {stray[0]}")
        return body, exports

    def script(self):
        """All of them in one scope; a module that has a name of another's, or of the browser's, is a function of its own."""
        taken = {name for names in self.exports.values() for name in names} | BROWSERS
        parts = []
        for body, exports in self.modules:
            own = set(TOP.findall(body)) - set(exports)
            if own & taken:
                names = ", ".join(exports)
                body = f"const {{ {names} }} = (() => {{\n{body}return {{ {names} }};\n}})();\n"
            else:
                taken |= own
            parts.append(body)
        return "".join(parts)


def texts_of(scripts):
    """What the pages say, as xgettext finds it."""
    keywords = [f"--keyword={keyword}" for keyword in KEYWORDS]
    done = subprocess.run(["xgettext", "--language=JavaScript", "--from-code=UTF-8", "--keyword", *keywords, "--no-location", "--no-wrap",
                           "--output=-", *map(str, scripts)], capture_output=True, text=True, check=True)
    return [json.loads(f'"{text}"') for text in re.findall(r'^msgid "(.+)"$', done.stdout, re.M)]


@functools.cache
def fnv(text):
    value = 2166136261
    for character in text:
        value = (value ^ ord(character)) * 16777619 & 0xFFFFFFFF
    return value


def key(text, salt):
    """What pages/i18n.js makes of a text too: FNV-1a with the salt at its end, of that the upper half."""
    return ((fnv(text) ^ salt) * 16777619 & 0xFFFFFFFF) >> 16


def bare(markup):
    """Without comments and indentation."""
    return re.sub(r"\n\s+", "\n", re.sub(r"<!--.*?-->", "", markup, flags=re.DOTALL))


def are_apart(texts, salt):
    seen = set()
    return all(not (one in seen or seen.add(one)) for one in (key(text, salt) for text in texts))


def salt_for(texts):
    """With which no two texts have one key: one of some hundred is such."""
    texts = sorted(set(texts))
    found = next((salt for salt in range(100000) if are_apart(texts, salt)), None)
    return found if found is not None else sys.exit("bundle: too many texts for keys of two bytes")


def read(catalogue):
    done = subprocess.run(["msgfmt", "-o", "-", str(catalogue)], capture_output=True, check=True)
    return gettext.GNUTranslations(io.BytesIO(done.stdout))


def translations(known, texts):
    found = {text: known.gettext(text) for text in texts}
    found.update({text: known.ngettext(text, text, 1) for text in texts if found[text] == text})
    salt = salt_for(found)
    words = sorted((key(text, salt), words) for text, words in found.items() if words != text)
    keys = [key for key, _ in words]
    return {"salt": salt, "steps": [key - before for key, before in zip(keys, [0, *keys])], "texts": [text for _, text in words]}


def main():
    pages, catalogue, out = (pathlib.Path(argument).resolve() for argument in sys.argv[1:])
    bundle = Bundle(pages)
    bundle.add(pages / "main.js")
    files = {"console.js": shorten(jsmin(bundle.script())), "worker.js": jsmin((pages / "worker.js").read_text(encoding="utf-8")),
             "console.css": slim((pages / "console.css").read_text(encoding="utf-8")),
             "icon.svg": bare((pages / "icon.svg").read_text(encoding="utf-8"))}
    words = translations(read(catalogue), texts_of(bundle.done))
    files[f"{catalogue.stem}.json"] = json.dumps(words, ensure_ascii=False, separators=(",", ":"))
    build = hashlib.sha256("\0".join(files.values()).encode()).hexdigest()[:12]
    files["build.json"] = json.dumps({"build": build})
    files["index.html"] = bare((pages / "index.html").read_text(encoding="utf-8")).replace("@BUILD@", build)
    out.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (out / name).write_text(text, encoding="utf-8")


main()
