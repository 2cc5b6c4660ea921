# SPDX-License-Identifier: Apache-2.0
"""A TUF repository in memory, served over HTTP on loopback, for tests of the standalone client.

Independent of our C code: canonical form by python3-securesystemslib, signatures by python3-cryptography.  A request is
noted as the path below the repository; faults are functions from a path to what is done with the request.
"""
import copy
import datetime
import hashlib
import http.server
import json
import threading
import urllib.parse

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from securesystemslib.formats import encode_canonical

UTC = datetime.timezone.utc


def canonical(value):
    return encode_canonical(value).encode()


def sha256(data):
    return hashlib.sha256(data).hexdigest()


class Key:
    """A key pair; kind is one of the rows below."""

    KINDS = {
        "ed25519": ("ed25519", "ed25519"),
        "ecdsa": ("ecdsa", "ecdsa-sha2-nistp256"),
        "ecdsa-sha2-nistp256": ("ecdsa-sha2-nistp256", "ecdsa-sha2-nistp256"),
        "rsa-pss": ("rsa", "rsassa-pss-sha256"),
        "rsa-pss-max-salt": ("rsa", "rsassa-pss-sha256"),
        "rsa-pkcs1v15": ("rsa", "rsa-pkcs1v15-sha256"),
        "unknown": ("future", "future-1"),
    }

    def __init__(self, kind="ed25519", extra=None, bits=2048):
        self.kind = kind
        keytype, scheme = self.KINDS[kind]
        if kind in ("ed25519", "unknown"):
            self.private = ed25519.Ed25519PrivateKey.generate()
            public = self.private.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw).hex()
        else:
            self.private = (ec.generate_private_key(ec.SECP256R1()) if kind.startswith("ecdsa")
                            else rsa.generate_private_key(65537, bits))
            public = self.private.public_key().public_bytes(
                serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()
        self.object = {"keytype": keytype, "scheme": scheme, "keyval": {"public": public}, **(extra or {})}
        self.keyid = sha256(canonical(self.object))

    def sign(self, data):
        if self.kind in ("ed25519", "unknown"):
            return self.private.sign(data).hex()
        if self.kind.startswith("ecdsa"):
            return self.private.sign(data, ec.ECDSA(hashes.SHA256())).hex()
        if self.kind == "rsa-pkcs1v15":
            return self.private.sign(data, padding.PKCS1v15(), hashes.SHA256()).hex()
        salt = padding.PSS.MAX_LENGTH if self.kind == "rsa-pss-max-salt" else padding.PSS.DIGEST_LENGTH
        return self.private.sign(data, padding.PSS(padding.MGF1(hashes.SHA256()), salt), hashes.SHA256()).hex()


class Repository:
    """Bodies are changed at will; publish() raises the version, signs, and serves."""

    def __init__(self, kind="ed25519"):
        self.now = datetime.datetime.now(UTC).replace(microsecond=0)
        self.kind = kind
        self.files = {}
        self.requests = []
        self.faults = {}  # path -> function(handler) that answers instead
        self.bodies = {role: self.body(role) for role in ("root", "timestamp", "snapshot", "targets")}
        self.signers = {role: [] for role in self.bodies}
        self.bodies["root"].update(consistent_snapshot=True, keys={}, roles={})
        self.bodies["targets"]["targets"] = {}
        self.bodies["snapshot"]["meta"] = {}
        self.bodies["timestamp"]["meta"] = {}
        self.list_hashes = False
        for role in self.bodies:
            self.bodies["root"]["roles"][role] = {"keyids": [], "threshold": 1}
            self.add_key(role, Key(kind))
        self.publish("root", "targets", "snapshot", "timestamp")

    def body(self, kind, days=30):
        return {"_type": kind, "spec_version": "1.0.34", "version": 0, "expires": self.date(days)}

    def date(self, days):
        return (self.now + datetime.timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")

    def add_key(self, role, key, delegator="root"):
        holder = self.bodies["root"] if delegator == "root" else self.bodies[delegator]["delegations"]
        holder["keys"][key.keyid] = key.object
        roles = holder["roles"]
        entry = roles[role] if delegator == "root" else next(r for r in roles if r["name"] == role)
        entry["keyids"].append(key.keyid)
        self.signers.setdefault(role, []).append(key)

    def rotate(self, role):
        self.bodies["root"]["roles"][role]["keyids"].clear()
        self.signers[role].clear()
        self.add_key(role, Key(self.kind))

    def delegate(self, delegator, role, paths=("*",), terminating=False, key=None):
        delegations = self.bodies[delegator].setdefault("delegations", {"keys": {}, "roles": []})
        delegations["roles"].append({"name": role, "keyids": [], "threshold": 1, "paths": list(paths),
                                     "terminating": terminating})
        self.bodies.setdefault(role, {**self.body("targets"), "targets": {}})
        self.add_key(role, key or Key(self.kind), delegator)

    def signed(self, role):
        body = copy.deepcopy(self.bodies[role])
        data = canonical(body)
        return json.dumps({"signatures": [{"keyid": k.keyid, "sig": k.sign(data)} for k in self.signers[role]],
                           "signed": body}, indent=1).encode()

    def publish(self, *roles):
        for role in roles:
            self.bodies[role]["version"] += 1
            data = self.signed(role)
            version = self.bodies[role]["version"]
            name = urllib.parse.quote(role, "") + ".json"
            consistent = role == "root" or (self.bodies["root"]["consistent_snapshot"] and role != "timestamp")
            self.files["metadata/" + (f"{version}.{name}" if consistent else name)] = data
            if role not in ("root", "timestamp"):
                meta = {"version": version}
                if self.list_hashes:
                    meta.update(length=len(data), hashes={"sha256": sha256(data)})
                self.bodies["timestamp" if role == "snapshot" else "snapshot"]["meta"][role + ".json"] = meta

    def publish_chain(self, *roles):
        self.publish(*roles, "targets", "snapshot", "timestamp")

    def add_target(self, path, data, role="targets"):
        self.bodies[role]["targets"][path] = {"length": len(data), "hashes": {"sha256": sha256(data)}}
        self.files[self.target_file(path, data)] = data

    def target_file(self, path, data):
        directory, slash, name = path.rpartition("/")
        return urllib.parse.quote(f"targets/{directory}{slash}{sha256(data)}.{name}", "/!$&'()*+,;=:@")

    def take_requests(self):
        taken, self.requests = self.requests, []
        return [r.removeprefix("metadata/").removesuffix(".json") for r in taken]


class Server:
    """Serves one repository on an ephemeral loopback port; tls: an ssl.SSLContext."""

    def __init__(self, repository, tls=None):
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                path = self.path.removeprefix("/repo/")
                outer.repository.requests.append(path)
                outer.headers.append(dict(self.headers))
                if path in outer.repository.faults:
                    outer.repository.faults[path](self)
                    return
                data = outer.repository.files.get(path)
                if data is None:
                    self.reply(404, b"no such file")
                elif "Range" in self.headers:
                    start = int(self.headers["Range"].removeprefix("bytes=").split("-")[0])
                    if start >= len(data):
                        self.reply(416, b"")
                        return
                    self.reply(206, data[start:], {"Content-Range": f"bytes {start}-{len(data) - 1}/{len(data)}"})
                else:
                    self.reply(200, data)

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.posts.append((self.path, dict(self.headers), body))
                self.reply(200, b"posted: " + body)

            def reply(self, status, data, headers=None):
                self.send_response(status)
                for name, text in (headers or {}).items():
                    self.send_header(name, text)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_):
                pass

        self.repository = repository
        self.headers = []
        self.posts = []
        self.httpd = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.httpd.daemon_threads = True
        self.httpd.handle_error = lambda *_: None  # clients that hang up are part of the tests
        scheme = "http"
        if tls is not None:
            self.httpd.socket = tls.wrap_socket(self.httpd.socket, server_side=True)
            scheme = "https"
        self.url = f"{scheme}://127.0.0.1:{self.httpd.server_address[1]}/repo/"
        self.thread = threading.Thread(target=self.httpd.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self.thread.start()

    def close(self):
        self.httpd.shutdown()
        self.httpd.server_close()
