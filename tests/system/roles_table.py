# SPDX-License-Identifier: Apache-2.0
"""Who may make which call, written out from the design and not read from the program: a call that is in one of the two alone fails.  roles.py
holds the manager against it over MQTT, roles_rest.py the console over REST."""

LETTERS = {"auditor": "a", "operator": "p", "administrator": "m", "owner": "o"}
CHANGES = None  # instead of a code: it would change what the next one finds, so nobody who may is let do it

# name, who may (auditor, oPerator, adMinistrator, owner), arguments, how it ends where it is about something that is there, and, where
# a limited account is told something else: that.
CALLS = [
    # read
    ("summary", "apmo", {}, ""),
    ("trend", "apmo", {}, ""),
    ("snapshot", "apmo", {}, ""),
    ("endpoint list", "apmo", {}, ""),
    ("endpoint show", "apmo", {"endpoint": "{endpoint}"}, ""),
    ("endpoint history", "apmo", {"endpoint": "{endpoint}"}, ""),
    ("group list", "apmo", {}, ""),
    ("group show", "apmo", {"name": "{group}"}, ""),
    ("group history", "apmo", {"name": "{group}"}, ""),
    ("group version", "apmo", {"name": "{group}", "version": "1"}, ""),
    ("command list", "apmo", {}, ""),
    ("command show", "apmo", {"command": "{command}"}, ""),
    ("command watch", "apmo", {"command": "{command}"}, ""),
    ("rollout list", "apmo", {}, ""),
    ("rollout show", "apmo", {"rollout": "{rollout}"}, ""),
    ("pattern list", "apmo", {}, ""),
    ("detection list", "apmo", {}, ""),
    ("detection show", "apmo", {"detection": "{detection}"}, ""),
    ("quarantine list", "apmo", {}, ""),
    ("bundle list", "apmo", {}, ""),
    # of one's own
    ("account renew", "apmo", {"name": "{me}", "csr": "none"}, "exists"),  # not due yet
    ("account password", "apmo", {"password": "correct horse battery"}, ""),
    ("account show", "apmo", {"name": "{me}"}, ""),  # of another: "ao"
    ("session prove", "apmo", {"password": "correct horse battery"}, "invalid"),  # a certificate has nothing to prove
    ("session show", "apmo", {}, ""),
    ("session list", "apmo", {}, ""),
    ("session end", "apmo", {"id": "s-none"}, "not-found"),
    ("view list", "apmo", {}, ""),
    ("view set", "apmo", {"name": "mine"}, ""),
    ("view delete", "apmo", {"name": "mine"}, ""),
    ("code create", "apmo", {}, ""),
    ("code confirm", "apmo", {"code": "12"}, "invalid"),
    ("code delete", "apmo", {"name": "{me}"}, "not-found"),
    ("token create", "apmo", {"name": "script"}, ""),
    ("token list", "apmo", {}, ""),
    ("token delete", "apmo", {"id": "t-none"}, "not-found"),
    # has endpoints do what they do anyway
    ("verify", "pmo", {"selector": "{endpoint}"}, ""),
    ("update-now", "pmo", {"selector": "{endpoint}"}, ""),
    ("synchronize", "pmo", {"selector": "{endpoint}"}, ""),
    ("rollback", "pmo", {"selector": "{endpoint}"}, ""),
    ("scan", "pmo", {"selector": "{endpoint}"}, ""),
    ("scan stop", "pmo", {"selector": "{endpoint}"}, ""),
    ("command cancel", "pmo", {"command": "{command}"}, CHANGES),
    ("rollout start", "pmo", {"selector": "{endpoint}"}, "conflict"),  # it is a member of one
    ("rollout pause", "pmo", {"rollout": "{rollout}"}, CHANGES),
    ("rollout resume", "pmo", {"rollout": "{rollout}"}, CHANGES),
    ("rollout abort", "pmo", {"rollout": "{rollout}"}, CHANGES),
    ("rollout retry", "pmo", {"rollout": "{rollout}"}, CHANGES),
    ("rollout rollback", "pmo", {"rollout": "{rollout}"}, CHANGES),
    ("detection acknowledge", "pmo", {"ids": "{detection}"}, CHANGES),
    # moves, clones, quarantine
    ("endpoint move", "mo", {"selector": "{endpoint}", "group": "{group}"}, ""),
    ("endpoint clone keep", "mo", {"endpoint": "{endpoint}"}, "conflict"),
    ("endpoint clone split", "mo", {"endpoint": "{endpoint}"}, "conflict"),
    ("quarantine restore", "mo", {"selector": "{endpoint}", "scope": "all"}, ""),
    ("quarantine delete", "mo", {"selector": "{endpoint}", "scope": "all"}, ""),
    # settings, who comes in and goes
    ("group create", "mo", {"name": "no name"}, "invalid", "denied"),
    ("group set", "mo", {"name": "{group}", "setting": "line.heartbeat=7m"}, CHANGES),
    ("group rollout", "mo", {"name": "{group}", "setting": "line.heartbeat=8m"}, CHANGES),
    ("group unset", "mo", {"name": "{group}", "setting": "line.heartbeat"}, CHANGES),
    ("group rename", "mo", {"name": "{group}", "display_name": "x"}, CHANGES),
    ("group restore", "mo", {"name": "{group}", "to": "1"}, CHANGES),
    ("group delete", "mo", {"name": "{group}"}, CHANGES),
    ("bundle create", "mo", {"group": "{group}"}, ""),
    ("bundle withdraw", "mo", {"bundle": "{bundle}"}, CHANGES),
    ("endpoint revoke", "mo", {"endpoint": "{endpoint}"}, CHANGES),
    ("endpoint remove", "mo", {"endpoint": "{endpoint}"}, CHANGES),
    ("pattern sync", "mo", {}, "invalid"),
    ("notification list", "mo", {}, ""),
    ("notification show", "mo", {"name": "nothing"}, "not-found"),
    ("notification set", "mo", {"name": "nothing", "setting": "colour=red"}, "invalid"),
    ("notification delete", "mo", {"name": "nothing"}, "not-found"),
    ("notification test", "mo", {"name": "nothing"}, "not-found"),
    ("notification outbox", "mo", {}, ""),
    # accounts, certificates, the server's own identity
    ("account create", "o", {"name": "dora", "role": "king"}, "invalid"),
    ("account set", "o", {"name": "nobody", "role": "auditor"}, "not-found"),
    ("account disable", "o", {"name": "nobody"}, "not-found"),
    ("account enable", "o", {"name": "nobody"}, "not-found"),
    ("account delete", "o", {"name": "nobody"}, "not-found"),
    ("account certificate", "o", {"name": "nobody", "csr": "none"}, "not-found"),
    ("admin create", "o", {"name": "dora", "csr": "none"}, "invalid"),
    ("admin revoke", "o", {"name": "nobody"}, "not-found"),
    ("monitor create", "o", {"name": "dora", "csr": "none"}, "invalid"),
    ("monitor revoke", "o", {"name": "nobody"}, "not-found"),
    ("console create", "o", {"name": "dora", "csr": "none"}, "invalid"),
    ("console revoke", "o", {"name": "nobody"}, "not-found"),
    ("broker drain", "o", {"broker": "9"}, "not-found"),
    ("broker undrain", "o", {"broker": "9"}, "not-found"),
    ("server certificate", "o", {"hosts": "no host"}, "invalid"),
    ("server set", "o", {"brokers": "nowhere"}, "invalid"),
    ("server rollover start", "o", {}, ""),
    ("server rollover finish", "o", {}, "conflict"),
    ("server rollover cancel", "o", {}, ""),
    ("server authority start", "o", {}, ""),
    ("server authority finish", "o", {}, "conflict"),
    ("server authority cancel", "o", {}, ""),
    # a console's alone
    ("console renew", "", {"csr": "none"}, ""),
    ("session create", "", {"name": "{me}", "password": "correct horse battery"}, ""),
    # a monitor's alone
    ("monitor renew", "", {"csr": "none"}, ""),
    # who may do what, and who did
    ("account list", "ao", {}, ""),
    ("admin list", "ao", {}, ""),
    ("monitor list", "ao", {}, ""),
    ("console list", "ao", {}, ""),
    ("audit list", "ao", {}, "", "denied"),
    ("broker list", "ao", {}, ""),
    ("server show", "ao", {}, ""),
    ("server rollover status", "ao", {}, ""),
    ("server authority status", "ao", {}, ""),
]

# What certificates that are no account's may, which is nothing else than this: call -> how it ends.  The rest ends with the code in "".
MACHINES = {
    "monitor": {"": "denied", "snapshot": "", "monitor renew": "exists"},  # not due yet
    # of a console that speaks for nobody who has signed in
    "console": {"": "expired", "snapshot": "", "console renew": "exists", "session create": "denied"},  # no password was set
}

# What one who is not limited finds in each list, so that it means something if a limited one does not.
LISTS = {"endpoint list": "endpoint", "snapshot": "endpoint", "group list": "group", "command list": "command", "rollout list": "rollout",
         "detection list": "detection", "bundle list": "bundle", "server show": "endpoint", "server rollover status": "endpoint"}
