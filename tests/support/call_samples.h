/* SPDX-License-Identifier: Apache-2.0 */
/* A sample of every call of the manager. */
#ifndef TESTS_SUPPORT_CALL_SAMPLES_H
#define TESTS_SUPPORT_CALL_SAMPLES_H

#include <stddef.h>
#include <string.h>

#define MAX_WORDS 8

/* "CSR", "BUNDLE", "COMMAND" and "ROLLOUT" stand for what each case makes for itself. */
typedef struct {
    const char *name;
    const char *arguments[MAX_WORDS]; /* name, value, ..., NULL */
} Call;

/* Every call of the tables (test_complete), as it succeeds or fails by what it finds, not by its form. */
static const Call calls[] = {
    { "group create", { "name", "new" } },
    { "group set", { "name", "spare", "setting", "line.heartbeat=5m" } },
    { "group unset", { "name", "spare", "setting", "line.heartbeat" } },
    { "group rename", { "name", "spare", "display_name", "予備" } },
    { "group history", { "name", "spare" } },
    { "group version", { "name", "spare", "version", "1" } },
    { "group restore", { "name", "spare", "to", "1" } },
    { "group list", { NULL } },
    { "group show", { "name", "office" } },
    { "group delete", { "name", "spare" } },
    { "notification list", { NULL } },
    { "notification show", { "name", "it" } },
    { "notification set", { "name", "it", "setting", "to=syslog:" } },
    { "notification delete", { "name", "it" } },
    { "notification test", { "name", "it" } },
    { "notification outbox", { NULL } },
    { "endpoint list", { NULL } },
    { "endpoint show", { "endpoint", "e-one" } },
    { "endpoint history", { "endpoint", "e-one" } },
    { "endpoint move", { "selector", "e-one", "group", "spare" } },
    { "endpoint revoke", { "endpoint", "e-one" } },
    { "endpoint remove", { "endpoint", "e-one" } },
    { "endpoint clone keep", { "endpoint", "e-one" } },
    { "endpoint clone split", { "endpoint", "e-one" } },
    { "verify", { "selector", "e-one" } },
    { "summary", { NULL } },
    { "snapshot", { NULL } },
    { "update-now", { "selector", "e-one" } },
    { "rollback", { "selector", "e-one" } },
    { "synchronize", { "selector", "e-one" } },
    { "scan", { "selector", "e-one" } },
    { "scan stop", { "selector", "e-one" } },
    { "quarantine list", { NULL } },
    { "quarantine restore", { "selector", "e-one", "scope", "all" } },
    { "quarantine delete", { "selector", "e-one", "scope", "all" } },
    { "command list", { NULL } },
    { "command show", { "command", "COMMAND" } },
    { "command watch", { "command", "COMMAND" } },
    { "command cancel", { "command", "COMMAND" } },
    { "group rollout", { "name", "office", "setting", "line.heartbeat=7m" } },
    { "rollout start", { "selector", "e-two" } },
    { "rollout list", { NULL } },
    { "rollout show", { "rollout", "ROLLOUT" } },
    { "rollout pause", { "rollout", "ROLLOUT" } },
    { "rollout resume", { "rollout", "ROLLOUT" } },
    { "rollout abort", { "rollout", "ROLLOUT" } },
    { "rollout retry", { "rollout", "ROLLOUT" } },
    { "rollout rollback", { "rollout", "ROLLOUT" } },
    { "bundle create", { "group", "spare" } },
    { "bundle list", { NULL } },
    { "bundle withdraw", { "bundle", "BUNDLE" } },
    { "monitor create", { "name", "watcher", "csr", "CSR" } },
    { "monitor list", { NULL } },
    { "monitor revoke", { "name", "eye" } },
    { "console create", { "name", "desk", "csr", "CSR" } },
    { "console list", { NULL } },
    { "console renew", { "csr", "CSR" } },
    { "monitor renew", { "csr", "CSR" } },
    { "console revoke", { "name", "web" } },
    { "admin create", { "name", "carol", "csr", "CSR" } },
    { "admin list", { NULL } },
    { "admin revoke", { "name", "bob" } },
    { "account create", { "name", "dora", "role", "auditor" } },
    { "account list", { NULL } },
    { "account show", { "name", "bob" } },
    { "account set", { "name", "bob", "role", "operator" } },
    { "account disable", { "name", "bob" } },
    { "account enable", { "name", "bob" } },
    { "account delete", { "name", "bob" } },
    { "account certificate", { "name", "bob", "csr", "CSR" } },
    { "account password", { "password", "correct horse" } },
    { "session create", { "name", "bob", "password", "not his own one" } },
    { "session prove", { "password", "not his own one" } },
    { "session show", { NULL } },
    { "session list", { NULL } },
    { "session end", { "id", "s-none" } },
    { "code create", { NULL } },
    { "code confirm", { "code", "123456" } },
    { "code delete", { "name", "zoe" } },
    { "token create", { "name", "script" } },
    { "token list", { NULL } },
    { "token delete", { "id", "t-none" } },
    { "audit list", { NULL } },
    { "account renew", { "name", "admin", "csr", "CSR" } },
    { "detection list", { NULL } },
    { "detection show", { "detection", "d-1" } },
    { "detection acknowledge", { "ids", "d-1" } },
    { "trend", { NULL } },
    { "view list", { NULL } },
    { "view set", { "name", "mine" } },
    { "view delete", { "name", "mine" } },
    { "broker list", { NULL } },
    { "broker drain", { "broker", "1" } },
    { "broker undrain", { "broker", "1" } },
    { "server show", { NULL } },
    { "server certificate", { "hosts", "localhost" } },
    { "server set", { "brokers", "localhost:8883" } },
    { "server rollover start", { NULL } },
    { "server rollover status", { NULL } },
    { "server rollover finish", { NULL } },
    { "server rollover cancel", { NULL } },
    { "server authority start", { NULL } },
    { "server authority status", { NULL } },
    { "server authority finish", { NULL } },
    { "server authority cancel", { NULL } },
    { "pattern list", { NULL } },
    { "pattern sync", { NULL } },
};

/* How a sample ends; "": well. */
static inline const char *call_sample_end(const char *name)
{
    static const char *const ends[][2] = { { "clone", "conflict" },
                                           { "pattern sync", "invalid" },
                                           { "console renew", "exists" },
                                           { "monitor renew", "exists" },
                                           { "session create", "denied" },
                                           { "session end", "not-found" },
                                           { "session prove", "invalid" },
                                           { "token delete", "not-found" },
                                           { "code create", "invalid" },
                                           { "view delete", "not-found" },
                                           { "code confirm", "not-found" },
                                           { "code delete", "not-found" },
                                           { "broker drain", "invalid" },
                                           { "broker undrain", "invalid" },
                                           { "server set", "not-found" },
                                           { "rollover finish", "invalid" },
                                           { "rollover cancel", "invalid" },
                                           { "notification show", "not-found" },
                                           { "notification delete", "not-found" },
                                           { "notification test", "not-found" },
                                           { "rollout resume", "conflict" },
                                           { "rollout retry", "conflict" },
                                           { "authority start", "invalid" },
                                           { "authority finish", "invalid" },
                                           { "authority cancel", "invalid" } };

    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        if (strstr(name, ends[i][0]) != NULL)
            return ends[i][1];
    return "";
}

#endif
