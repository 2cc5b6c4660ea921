#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Makes of the console's pages what a browser loads: cmake/bundle.py PAGES CATALOGUE OUT

PAGES are ES modules, which a browser could load as they are, but one request each.  So esbuild makes one file of them, and leaves
comments and blanks behind.  No language is translated: what it is told of is the newest.  CATALOGUE, po/LANGUAGE.po, becomes
LANGUAGE.json with the texts that the pages use, in the order of hashes of the English ones, and the steps from hash to hash, each a
character: whole English texts would be half of what a browser loads for a language, and hashes among the words a fifth, as nothing
compresses worse."""
import functools
import gettext
import hashlib
import io
import json
import pathlib
import re
import subprocess
import sys

KEYWORDS = ("tr", "trn:1,2", "N_")


def esbuild(path, *options):
    """A script or a style sheet, with all that it imports, made small."""
    try:
        done = subprocess.run(["esbuild", str(path), "--bundle", "--minify", "--charset=utf8", "--target=esnext", "--log-level=warning", *options],
                              stdout=subprocess.PIPE, text=True, check=False)
    except FileNotFoundError:
        sys.exit("bundle: esbuild is not installed: script/bootstrap installs it")
    return done.stdout if done.returncode == 0 else sys.exit(f"bundle: {path.name}: esbuild refused it")


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


def character(step):
    """From the blank on, and past the surrogates, which no file can hold."""
    return chr(32 + step if 32 + step < 0xD800 else 32 + step + 0x800)


def translations(known, texts):
    found = {text: known.gettext(text) for text in texts}
    found.update({text: known.ngettext(text, text, 1) for text in texts if found[text] == text})
    salt = salt_for(found)
    words = sorted((key(text, salt), words) for text, words in found.items() if words != text)
    keys = [key for key, _ in words]
    return {"salt": salt, "steps": "".join(character(key - before) for key, before in zip(keys, [0, *keys])), "texts": [text for _, text in words]}


def main():
    pages, catalogue, out = (pathlib.Path(argument).resolve() for argument in sys.argv[1:])
    files = {"console.js": esbuild(pages / "main.js", "--format=esm"), "worker.js": esbuild(pages / "worker.js"),
             "console.css": esbuild(pages / "console.css"), "icon.svg": bare((pages / "icon.svg").read_text(encoding="utf-8"))}
    words = translations(read(catalogue), texts_of(sorted(pages.glob("**/*.js"))))
    files[f"{catalogue.stem}.json"] = json.dumps(words, ensure_ascii=False, separators=(",", ":"))
    build = hashlib.sha256("\0".join(files.values()).encode()).hexdigest()[:12]
    files["build.json"] = json.dumps({"build": build})
    files["index.html"] = bare((pages / "index.html").read_text(encoding="utf-8")).replace("@BUILD@", build)
    out.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (out / name).write_text(text, encoding="utf-8")


main()
