# SPDX-License-Identifier: Apache-2.0
"""What the tests of an endpoint's updates share: directories that are served, the programs, a place of its own for each test."""
import hashlib
import json
import os
import pty
import shutil
import subprocess
import sys
import tempfile
import unittest

from tuf_repository import Server

PROGRAM = sys.argv[1]
STATUS = {"io": 1, "full": 1, "invalid": 3, "not-found": 4, "unavailable": 7, "untrusted": 8}
ENVIRONMENT = {k: v for k, v in os.environ.items() if "proxy" not in k.lower()}


class Directory:
    """What Server wants of a repository, from the files of a directory."""

    def __init__(self, path):
        self.path = path
        self.faults = {}
        self.requests = []
        self.files = self

    def get(self, name):
        try:
            with open(os.path.join(self.path, name), "rb") as f:
                return f.read()
        except OSError:
            return None


def run(*words, check=True, **more):
    done = subprocess.run([PROGRAM, *words], capture_output=True, text=True, timeout=120, env=ENVIRONMENT, **more)
    if check and done.returncode != 0:
        raise AssertionError(f"{words}: status {done.returncode}: {done.stderr}")
    return done


class Case(unittest.TestCase):
    def setUp(self):
        self.top = tempfile.mkdtemp(prefix="holdline-update-")
        self.addCleanup(shutil.rmtree, self.top)
        self.repo = self.path("repo")
        self.state = self.path("state")
        self.suspect = self.path("suspect")
        with open(self.suspect, "w") as f:
            f.write("a harmless file that a signature names\n")
        run("repo", "init", self.repo, "--single-host", "--plain-keys")
        self.lines = [f"{i * 2654435761 % 2**128:032x}:{i + 1}:Test.Family-{i}" for i in range(2000)]
        self.directory, self.server = self.serve()

    def serve(self, path=None, tls=None):
        directory = Directory(path or self.repo)
        server = Server(directory, tls)
        self.addCleanup(server.close)
        return directory, server

    def path(self, *names):
        return os.path.join(self.top, *names)

    def publish(self, component="virus", text=None, name="main.hdb", words=()):
        with open(self.path(name), "w") as f:
            f.write("\n".join(self.lines) + "\n" if text is None else text)
        run("repo", "add", self.repo, component, self.path(name), *words)
        run("repo", "publish", self.repo)

    def add_suspect(self):
        with open(self.suspect, "rb") as f:
            data = f.read()
        self.lines.insert(700, f"{hashlib.md5(data).hexdigest()}:{len(data)}:Test.Suspect")

    def words(self, *more, sources=None, components="virus,rules"):
        words = ["update", "--state-dir", self.state, "--root", os.path.join(self.repo, "metadata/1.root.json"),
                 "--components", components]
        for name, url in sources or [("server", self.server.url)]:
            words += ["--source", f"{name}={url}"]
        return [*words, *more]

    def result(self, done):
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        self.lines_before = lines[:-1]
        self.assertTrue(all("progress" in line and "what" in line for line in lines[:-1]))
        return lines[-1]

    def judge(self, done, expect):
        """expect: a result, or the code of a failure."""
        result = self.result(done)
        expected = (expect, None, 0) if expect in ("updated", "current") else ("failed", expect, STATUS[expect])
        self.assertEqual((result["result"], result.get("code"), done.returncode), expected, done.stdout + done.stderr)
        return result

    def update(self, *more, expect="updated", **keywords):
        return self.judge(run(*self.words(*more, **keywords), check=False), expect)

    def rollback(self, expect="updated"):
        return self.judge(run("rollback", "--state-dir", self.state, check=False), expect)

    def versions(self):
        text = run("repo", "versions", self.repo).stdout
        self.assertTrue(text.endswith("\n") and text.count("\n") == 1)
        return {k: int(v) for k, v in (pair.split("=") for pair in text.split())}

    def active(self, name="virus.main.hdb"):
        with open(os.path.join(self.state, "active", name)) as f:
            return f.read()

    def detects(self):
        done = subprocess.run(["clamscan", "--no-summary", "-d", os.path.join(self.state, "active"), self.suspect],
                              capture_output=True, text=True, timeout=60)
        self.assertIn(done.returncode, (0, 1), done.stderr)
        return done.returncode == 1

    def show(self):
        return json.loads(run("show", "--state-dir", self.state).stdout)

    def on_terminal(self, *words):
        """What a person sees."""
        outer, inner = pty.openpty()
        child = subprocess.Popen([PROGRAM, *words], stdin=subprocess.DEVNULL, stdout=inner, stderr=inner, env=ENVIRONMENT)
        os.close(inner)
        text = b""
        try:
            while piece := os.read(outer, 4096):
                text += piece
        except OSError:  # the other side is closed
            pass
        os.close(outer)
        self.assertEqual(child.wait(timeout=60), 0, text)
        return text.decode()

    def target(self, kind):
        """The stored file of the newest full file or increment of virus."""
        names = [n for n in os.listdir(os.path.join(self.repo, "targets/virus")) if f".{kind}-" in n]
        newest = max(names, key=lambda n: n.split(f".{kind}-")[1])
        return os.path.join(self.repo, "targets/virus", newest)

    @staticmethod
    def tamper(path):
        with open(path, "r+b") as f:
            data = bytearray(f.read())
            data[len(data) // 2] ^= 1
            f.seek(0)
            f.write(data)
