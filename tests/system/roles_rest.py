# SPDX-License-Identifier: Apache-2.0
"""Every operation of openapi.json with tokens and sessions of every kind: roles_rest.py https://HOST:PORT CA.pem WORLD.json

WORLD.json: {"tokens": {NAME: {"token", "account", "role", "limited"}}, "dead": {NAME: TOKEN}, "ends": TOKEN, "in": {...}, "out": {...},
"none": {...}}; role and limits are those that the token has at most *and* its account has now.  "dead" are refused from the start, "ends" is
good and ends by itself.  A token that is no API token is the cookie of a session: its requests come with what a browser sends beside it.  Who
may make which call is in roles_table.py.  The refusals that the audit log must have are printed, a line each: account, call, how many."""
import collections
import json
import pathlib
import sys
import time
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from openapi_plan import Api, Document, kind_of  # noqa: E402
from roles_table import CALLS, CHANGES, LETTERS, LISTS  # noqa: E402

STATUSES = {"denied": 403, "not-found": 404, "invalid": 400, "exists": 409, "conflict": 409}
PASSWORD = "correct horse battery"
REVIEW = "review"  # what only who reviews who may do what is shown, of others
PEOPLE = "denied"  # what people do when they have signed in: no token does, whatever its role

# operation, the call that answers it, what its path names, query, body; and, where it ends otherwise than the call with its sample: that.
OPERATIONS = [
    ("listTrend", "trend"),
    ("listViews", "view list"),
    ("saveView", "view set", {}, {}, {"name": "mine"}),
    ("deleteView", "view delete", {"name": "mine"}),
    ("listSessions", "session list"),
    ("endSession", "session end", {"id": "s-none"}, {}, None, PEOPLE),
    ("listTokens", "token list"),
    ("createToken", "token create", {}, {}, {"name": "script"}, PEOPLE),
    ("deleteToken", "token delete", {"id": "t-none"}, {}, None, PEOPLE),
    ("getEndpoint", "endpoint show", {"id": "{endpoint}"}),
    ("removeEndpoint", "endpoint remove", {"id": "{endpoint}"}),
    ("getHistory", "endpoint history", {"id": "{endpoint}"}),
    ("listDetectionsOf", "detection list", {"id": "{endpoint}"}),
    ("revokeEndpoint", "endpoint revoke", {"id": "{endpoint}"}),
    ("settleClone", "endpoint clone keep", {"id": "{endpoint}"}, {}, {"action": "keep"}),
    ("settleClone", "endpoint clone split", {"id": "{endpoint}"}, {}, {"action": "split"}),
    ("moveEndpoints", "endpoint move", {}, {}, {"ids": ["{endpoint}"], "group": "{group}"}),
    ("verifyEndpoints", "verify", {}, {}, {"ids": ["{endpoint}"]}),
    ("listGroups", "group list"),
    ("createGroup", "group create", {}, {}, {"name": "no name"}),
    ("getGroup", "group show", {"group": "{group}"}),
    ("changeGroup", "group set", {"group": "{group}"}, {}, {"settings": {"line.heartbeat": "7m"}}),
    ("rollOutGroup", "group rollout", {"group": "{group}"}, {}, {"settings": {"line.heartbeat": "8m"}}),
    ("listGroupVersions", "group history", {"group": "{group}"}),
    ("getGroupVersion", "group version", {"group": "{group}", "version": "1"}),
    ("restoreGroupVersion", "group restore", {"group": "{group}", "version": "1"}),
    ("deleteGroup", "group delete", {"group": "{group}"}),
    ("listCommands", "command list"),
    ("createCommand", "update-now", {}, {}, {"kind": "update-now", "ids": ["{endpoint}"]}),
    ("createCommand", "rollback", {}, {}, {"kind": "rollback", "ids": ["{endpoint}"]}),
    ("createCommand", "synchronize", {}, {}, {"kind": "synchronize", "ids": ["{endpoint}"]}),
    ("createCommand", "scan", {}, {}, {"kind": "scan", "ids": ["{endpoint}"]}),
    ("createCommand", "scan stop", {}, {}, {"kind": "scan stop", "ids": ["{endpoint}"]}),
    ("createCommand", "quarantine restore", {}, {}, {"kind": "quarantine restore", "ids": ["{endpoint}"], "scope": "all"}),
    ("createCommand", "quarantine delete", {}, {}, {"kind": "quarantine delete", "ids": ["{endpoint}"], "scope": "all"}),
    ("getCommand", "command show", {"id": "{command}"}),
    ("listTargets", "command show", {"id": "{command}"}),
    ("cancelCommand", "command cancel", {"id": "{command}"}),
    ("listRollouts", "rollout list"),
    ("startRollout", "rollout start", {}, {}, {"ids": ["{endpoint}"]}),
    ("getRollout", "rollout show", {"id": "{rollout}"}),
    ("pauseRollout", "rollout pause", {"id": "{rollout}"}),
    ("resumeRollout", "rollout resume", {"id": "{rollout}"}),
    ("abortRollout", "rollout abort", {"id": "{rollout}"}),
    ("retryRollout", "rollout retry", {"id": "{rollout}"}),
    ("rollBackRollout", "rollout rollback", {"id": "{rollout}"}),
    ("listDetections", "detection list"),
    ("listDetections", "detection list", {}, {"selector": "{endpoint}"}),
    ("acknowledgeDetections", "detection acknowledge", {}, {}, {"ids": ["{detection}"]}),
    ("listQuarantine", "quarantine list"),
    ("listQuarantine", "quarantine list", {}, {"selector": "{endpoint}"}),
    ("getPatterns", "pattern list"),
    ("syncPatterns", "pattern sync"),
    ("listBundles", "bundle list"),
    ("createBundle", "bundle create", {}, {}, {"group": "{group}"}),
    ("withdrawBundle", "bundle withdraw", {"id": "{bundle}"}),
    ("listNotifications", "notification list"),
    ("createNotification", "notification set", {}, {}, {"name": "nothing", "settings": {"colour": "red"}}),
    ("getNotification", "notification show", {"name": "nothing"}),
    ("changeNotification", "notification set", {"name": "nothing"}, {}, {"settings": {"colour": "red"}}, "not-found"),
    ("deleteNotification", "notification delete", {"name": "nothing"}),
    ("testNotification", "notification test", {"name": "nothing"}),
    ("listMessages", "notification outbox", {"name": "nothing"}, {}, None, "not-found"),
    ("listBrokers", "broker list"),
    ("drainBroker", "broker drain", {"broker": "9"}),
    ("undrainBroker", "broker undrain", {"broker": "9"}),
    ("listAccounts", "account list"),
    ("createAccount", "account create", {}, {}, {"name": "no name", "role": "owner"}),
    ("getAccount", "account show", {"name": "{me}"}),
    ("getAccount", "account show", {"name": "admin"}, {}, None, REVIEW),
    ("changeAccount", "account set", {"name": "nobody"}, {}, {"role": "auditor"}),
    ("deleteAccount", "account delete", {"name": "nobody"}),
    ("disableAccount", "account disable", {"name": "nobody"}),
    ("enableAccount", "account enable", {"name": "nobody"}),
    ("setPassword", "account password", {"name": "{me}"}, {}, {"password": PASSWORD}, PEOPLE),
    ("createCode", "code create", {}, {}, None, PEOPLE),
    ("proveSession", "session prove", {}, {}, {"password": PASSWORD}, PEOPLE),
    ("confirmCode", "code confirm", {}, {}, {"code": "12"}, PEOPLE),
    ("deleteCode", "code delete", {}, {}, {"name": "{me}"}, PEOPLE),
    ("listCertificates", "admin list"),
    ("listMonitors", "monitor list"),
    ("listConsoles", "console list"),
    ("listEnds", "server show"),
    ("listAudit", "audit list"),
]

# The same by people, who have signed in; OTHERS: what is another one's, an owner's alone.
OTHERS = "others"
UNPROVEN = "unproven"  # an owner's too: before the password was given once more
BEFORE_PROOF = [
    ("createAccount", "account create", {}, {}, {"name": "dora", "role": "owner"}, UNPROVEN),
    ("changeAccount", "account set", {"name": "{me}"}, {}, {"role": "owner"}, UNPROVEN),
    ("deleteAccount", "account delete", {"name": "nobody"}, {}, None, UNPROVEN),
    ("disableAccount", "account disable", {"name": "nobody"}, {}, None, UNPROVEN),
    ("enableAccount", "account enable", {"name": "nobody"}, {}, None, UNPROVEN),
    ("setPassword", "account password", {"name": "nobody"}, {}, {"password": PASSWORD}, UNPROVEN),
    ("deleteCode", "code delete", {}, {}, {"name": "nobody"}, UNPROVEN),
    ("proveSession", "session prove", {}, {}, {"password": "a guess, no more"}, "denied"),
    ("proveSession", "session prove", {}, {}, {"password": PASSWORD}, ""),
]
BY_PEOPLE = [
    ("createToken", "token create", {}, {}, {"name": "more"}, "invalid"),  # the password once more
    ("createToken", "token create", {}, {}, {"name": "more", "password": PASSWORD}, ""),
    ("setPassword", "account password", {"name": "{me}"}, {}, {"password": PASSWORD}, "invalid"),  # the old one as well
    ("setPassword", "account password", {"name": "nobody"}, {}, {"password": PASSWORD}, OTHERS),
    ("endSession", "session end", {"id": "s-none"}, {}, None, "not-found"),
    ("deleteToken", "token delete", {"id": "t-none"}, {}, None, "not-found"),
    ("createCode", "code create", {}, {}, None, ""),
    ("confirmCode", "code confirm", {}, {}, {"code": "12"}, "invalid"),
    ("deleteCode", "code delete", {}, {}, {"name": "{me}"}, "not-found"),
    ("deleteCode", "code delete", {}, {}, {"name": "nobody"}, OTHERS),
]

# What the console answers itself: the status, and whether it takes anybody.
OWN = {
    "getHealth": (200, True),
    "getOpenapi": (200, True),
    "createSession": (400, True),  # half of what it takes: no try is counted
    "getSession": (200, False),
    "getMe": (200, False),
    "deleteSession": (400, False),  # a token has none; of a session it is the last that is asked
    "getSummary": (200, False),
    "getEvents": (200, False),
    "listEvents": (200, False),
    "listSettings": (200, False),
    "listEndpoints": (200, False),
}
BODIES = {"createSession": {"name": "nobody"}}
PARTS = {"listEnds"}  # of what the call answers: not what LISTS looks for

# By whether one has signed in.
ROWS = {False: OPERATIONS, True: BEFORE_PROOF + [row for row in OPERATIONS if row[5:] != (PEOPLE,)] + BY_PEOPLE}


def filled(value, things):
    if isinstance(value, dict):
        return {key: filled(item, things) for key, item in value.items()}
    if isinstance(value, list):
        return [filled(item, things) for item in value]
    return value.format(**things) if isinstance(value, str) else value


def patiently(ask):
    """-> status, ...  The console passes on so many calls a second; of one that it refuses for that (429) nothing was done."""
    for _ in range(60):
        got = ask()
        if got[0] != 429:
            break
        time.sleep(0.5)
    return got


def is_session(token):
    return not token.startswith("hlt_")


class Walk:
    def __init__(self, address, api, world, document):
        self.address, self.api, self.world, self.document = address, api, world, document
        self.bad, self.asked = [], 0
        self.refused = collections.Counter()  # (account, call): what the audit log has to have

    def credentials(self, token):
        if not is_session(token):
            return {"Authorization": f"Bearer {token}"}
        return {"Cookie": f"__Host-holdline={token}", "Origin": self.address, "Sec-Fetch-Site": "same-origin"}

    def send(self, token, operation, path=None, query=None, body=None, more=None):
        """-> status, text; what is not as documented is noted"""
        method, target, row = self.document.operations[operation]
        for name, value in (path or {}).items():
            target = target.replace("{" + name + "}", urllib.parse.quote(value, safe=""))
        target += "?" + urllib.parse.urlencode(query) if query else ""
        headers = {**self.credentials(token), "If-Match": '"1"', **(more or {})}
        sent = json.dumps(body) if body is not None else None
        status, answer, text = patiently(lambda: self.api.send(method, target, sent, headers))
        self.asked += 1
        problem = self.document.problem(row, status, kind_of(answer), text)
        if problem:
            self.bad.append(f"{method} {target}: {status} {problem}")
        return status, text

    def stream(self, token):
        """It has no end: only how it begins is of interest."""
        def begin():
            self.api.close()
            return (self.api.begin("GET", "/api/v1/events", self.credentials(token)),)

        status, = patiently(begin)
        self.api.close()
        return status, ""

    def expect(self, name, label, got, expected, hidden=()):
        status, text = got
        if status != expected and (expected != 200 or not 200 <= status < 300):
            self.bad.append(f"{name}: {label}: {status} instead of {expected}: {text[:300]}")
        for word in hidden:
            if word in text and word not in label:
                self.bad.append(f"{name}: {label} tells of '{word}': {text[:300]}")

    def code_of(self, token, row, where, is_of_something):
        """How it must end; CHANGES: it is not tried."""
        call, override = row[1], row[5] if len(row) > 5 else None
        known = next(entry for entry in CALLS if entry[0] == call)
        if LETTERS[token["role"]] not in known[1]:
            return "denied"
        if is_of_something and (where == "none" or where == "out" and token["limited"]):
            return "not-found"
        if override is OTHERS:
            return "not-found" if token["role"] == "owner" else "denied"
        if override == REVIEW:
            return "" if token["role"] in ("auditor", "owner") else "denied"
        if override == UNPROVEN:
            return "invalid" if token["role"] == "owner" else "denied"
        if override is not None:
            return override
        return known[4] if token["limited"] and len(known) > 4 else known[3]

    def one(self, name, token, row):
        operation, call = row[:2]
        path, query, body = (row[2:5] + ({}, {}, None)[len(row) - 2:])[:3]
        hidden = self.world["out"].values() if token["limited"] else ()
        is_of_something = any(f"{{{thing}}}" in json.dumps([path, query, body]) for thing in self.world["in"])
        for where in ("none", "out", "in") if is_of_something else ("none",):
            code = self.code_of(token, row, where, is_of_something)
            if code is CHANGES:
                continue
            things = {"me": token["account"], **self.world[where]}
            got = self.send(token["token"], operation, filled(path, things), filled(query, things), filled(body, things))
            self.expect(name, f"{operation} ({call}) {where} {things}", got, STATUSES.get(code, 200), hidden)
            if code == "denied":
                self.refused[token["account"], call] += 1
            if code == "" and call in LISTS and operation not in PARTS and not query and not path and not token["limited"] and self.world["out"][LISTS[call]] not in got[1]:
                self.bad.append(f"{name}: {operation} does not list {self.world['out'][LISTS[call]]}: {got[1][:300]}")

    def own(self, name, token):
        hidden = self.world["out"].values() if token["limited"] else ()
        for operation, (status, is_open) in OWN.items():
            if operation == "deleteSession" and is_session(token["token"]):
                continue
            got = self.stream(token["token"]) if operation == "getEvents" else self.send(token["token"], operation, body=BODIES.get(operation))
            self.expect(name, operation, got, status, () if is_open else hidden)
            if operation == "listEndpoints" and not token["limited"] and self.world["out"]["endpoint"] not in got[1]:
                self.bad.append(f"{name}: {operation} does not list everything: {got[1][:300]}")
            if operation == "getMe" and (json.loads(got[1])["account"], json.loads(got[1])["role"]) != (token["account"], token["role"]):
                self.bad.append(f"{name}: {operation}: {got[1]}")

    def foreign(self, name, token):
        """A page of another site has the browser send the cookie, and changes nothing by it: not even what the account may."""
        things = {"me": token["account"], **self.world["in"]}
        for row in ROWS[True] + [(operation, None) for operation in OWN]:
            path, query, body = (row[2:5] + ({}, {}, None)[len(row) - 2:])[:3]
            if self.document.operations[row[0]][0] == "GET":
                continue
            for sign in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
                got = self.send(token["token"], row[0], filled(path, things), filled(query, things), filled(body, things), sign)
                self.expect(name, f"{row[0]} from another site", got, 403)

    def leave(self, name, token):
        self.expect(name, "deleteSession", self.send(token["token"], "deleteSession"), 204)
        self.dead(f"{name}, signed out", token["token"])

    def dead(self, name, token):
        """Whatever it would ask, it is nobody's; what anybody may have it has too."""
        for row in OPERATIONS:
            path, query, body = (row[2:5] + ({}, {}, None)[len(row) - 2:])[:3]
            things = {"me": "nobody", **self.world["in"]}
            got = self.send(token, row[0], filled(path, things), filled(query, things), filled(body, things))
            self.expect(name, row[0], got, 401)
        for operation, (status, is_open) in OWN.items():
            got = self.stream(token) if operation == "getEvents" else self.send(token, operation, body=BODIES.get(operation))
            self.expect(name, operation, got, status if is_open else 204 if operation == "deleteSession" else 401)

    def ends(self, token):
        """Good, and no longer: it was made for a minute before all the others."""
        until = time.monotonic() + 300
        while self.send(token, "listGroups")[0] != 401:
            if time.monotonic() > until:
                self.bad.append("a token goes on after its end")
                return
            time.sleep(0.5)
        while self.send(token, "getMe")[0] != 401 and time.monotonic() < until:  # the console knows people for a few seconds
            time.sleep(0.5)
        self.dead("ended", token)

    def ready(self):
        """The console knows its endpoints by itself, and a moment later than it answers."""
        token, until = list(self.world["tokens"].values())[-1]["token"], time.monotonic() + 60  # an owner's
        while any(self.world[where]["endpoint"] not in self.send(token, "listEndpoints")[1] for where in ("in", "out")):
            if time.monotonic() > until:
                sys.exit("the console does not know the endpoints")
            time.sleep(0.2)

    def all(self):
        self.ready()
        for name, token in self.world["tokens"].items():
            if is_session(token["token"]):
                self.foreign(name, token)
            for row in ROWS[is_session(token["token"])]:
                self.one(name, token, row)
            self.own(name, token)
            if is_session(token["token"]):
                self.leave(name, token)
        for name, token in self.world["dead"].items():
            self.dead(name, token)
        if "ends" in self.world:
            self.ends(self.world["ends"])


class TokenApi(Api):
    """Without a cookie, and with answers that are not read to their end."""

    def close(self):
        if self.line is not None:
            self.line.close()
        self.line = None

    def begin(self, method, path, headers):
        self.line = self.connect()
        self.line.request(method, path, headers=headers)
        return self.line.getresponse().status


def main():
    address, ca = sys.argv[1:3]
    world = json.loads(pathlib.Path(sys.argv[3]).read_text(encoding="utf-8"))
    api = TokenApi(address, ca)
    document = Document(json.loads(api.send("GET", "/api/v1/openapi.json")[2]))
    walk = Walk(address, api, world, document)
    known, written = set(document.operations), {row[0] for row in OPERATIONS} | set(OWN)
    walk.bad += [f"'{name}' is not in the tables of {__file__}" for name in sorted(known - written)]
    walk.bad += [f"openapi.json has no operation '{name}'" for name in sorted(written - known)]
    kinds = set(document.resolve({"$ref": "#/components/schemas/CommandNew"})["properties"]["kind"]["enum"])
    walk.bad += [f"no command of the kind '{kind}' is tried" for kind in sorted(kinds - {row[1] for row in OPERATIONS})]
    walk.all()
    for (account, call), count in sorted(walk.refused.items()):
        print(f"{account}|{call}|{count}")
    print(f"   {walk.asked} requests with {len(world['tokens']) + len(world['dead'])} credentials, {len(walk.bad)} not as designed", file=sys.stderr)
    sys.exit("\n".join(walk.bad[:60]) if walk.bad else 0)


if __name__ == "__main__":
    main()
