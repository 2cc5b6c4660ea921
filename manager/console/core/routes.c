/* SPDX-License-Identifier: Apache-2.0 */
/* The table of resources. */
#include "manager/console/core/route.h"

#define LIST    "limit cursor sort filter"
#define VERSION CON_ROUTE_VERSION
#define MATCH   (CON_ROUTE_MATCH | CON_ROUTE_VERSION)
#define CSV     CON_ROUTE_CSV

/* method, path, id, summary; call, its arguments, the list in its answer; parameters, body, reply, flags */
static const ConRoute rows[] = {
    { CON_GET, "/health", "getHealth", "Whether the console, its broker and its manager work", NULL, "", NULL, "", NULL,
      "Health", CON_ROUTE_OPEN },
    { CON_GET, "/openapi.json", "getOpenapi", "This document", NULL, "", NULL, "", NULL, "Openapi", CON_ROUTE_OPEN },

    { CON_POST, "/session", "createSession", "Sign in", NULL, "", NULL, "", "SignIn", "Session",
      CON_ROUTE_OPEN | CON_ROUTE_CREATED },
    { CON_GET, "/session", "getSession", "Who is signed in", NULL, "", NULL, "", NULL, "Session", CON_ROUTE_PASSIVE },
    { CON_DELETE, "/session", "deleteSession", "Sign out", NULL, "", NULL, "", NULL, NULL, CON_ROUTE_NOTHING },
    { CON_GET, "/me", "getMe", "Who is signed in", NULL, "", NULL, "", NULL, "Session", CON_ROUTE_PASSIVE },
    { CON_GET, "/sessions", "listSessions", "Who is signed in where: oneself, or, for an owner, everybody",
      "session list", "", "sessions", LIST, NULL, "Rows", 0 },
    { CON_DELETE, "/sessions/{id}", "endSession", "End a session", "session end", "id=path.id", NULL, "", NULL, NULL,
      CON_ROUTE_NOTHING },
    { CON_GET, "/tokens", "listTokens", "Tokens of scripts: one's own, or, for an owner, all", "token list", "",
      "tokens", LIST, NULL, "Rows", 0 },
    { CON_POST, "/tokens", "createToken", "Make a token; its text is shown this once", "token create",
      "name=body.name role=body.role? groups=body.groups? lifetime=body.lifetime?", NULL, "", "TokenNew", "Object",
      CON_ROUTE_CREATED },
    { CON_DELETE, "/tokens/{id}", "deleteToken", "Delete a token", "token delete", "id=path.id", NULL, "", NULL, NULL,
      CON_ROUTE_NOTHING },

    { CON_GET, "/summary", "getSummary", "Counts of everything", NULL, "", NULL, "", NULL, "Object",
      CON_ROUTE_PASSIVE },
    { CON_GET, "/events", "getEvents", "What changes, as it changes", NULL, "", NULL, "", NULL, NULL,
      CON_ROUTE_STREAM | CON_ROUTE_PASSIVE },
    { CON_GET, "/events/recent", "listEvents", "The last events, the newest first", NULL, "", NULL, "", NULL, "Rows",
      CON_ROUTE_PASSIVE },
    { CON_GET, "/settings", "listSettings", "Every setting of a group: type, range, default", NULL, "", NULL, LIST,
      NULL, "Rows", 0 },

    { CON_GET, "/endpoints", "listEndpoints", "Endpoints that a filter takes, in an order, page by page", NULL, "",
      NULL, LIST " fields format", NULL, "Endpoints", CSV },
    { CON_GET, "/endpoints/{id}", "getEndpoint", "One endpoint, with the sentences that explain it", "endpoint show",
      "endpoint=path.id", NULL, "", NULL, "Object", 0 },
    { CON_DELETE, "/endpoints/{id}", "removeEndpoint", "Revoke an endpoint's certificate and forget the endpoint",
      "endpoint remove", "endpoint=path.id", NULL, "", NULL, NULL, CON_ROUTE_NOTHING },
    { CON_GET, "/endpoints/{id}/history", "getHistory", "What happened to an endpoint", "endpoint history",
      "endpoint=path.id", "history", LIST " format", NULL, "Rows", CSV },
    { CON_GET, "/endpoints/{id}/detections", "listDetectionsOf", "What was found on an endpoint", "detection list",
      "selector=path.id", "detections", LIST " format", NULL, "Rows", CSV },
    { CON_POST, "/endpoints/{id}/revocation", "revokeEndpoint", "Revoke an endpoint's certificate; its record stays",
      "endpoint revoke", "endpoint=path.id", NULL, "", NULL, "Object", 0 },
    { CON_POST, "/endpoints/{id}/clone", "settleClone",
      "Say which of two machines with one identity is the genuine one", "endpoint clone =action", "endpoint=path.id",
      NULL, "", "Clone", "Object", 0 },
    { CON_POST, "/endpoints:move", "moveEndpoints", "Move endpoints to another group", "endpoint move",
      "selector=selector group=body.group", NULL, "", "Move", "Object", 0 },
    { CON_POST, "/verifications", "verifyEndpoints", "Dial endpoints at their registered addresses now", "verify",
      "selector=selector", NULL, "", "Whom", "Object", 0 },

    { CON_GET, "/groups", "listGroups", "The groups", "group list", "", "groups", LIST " format", NULL, "Rows", CSV },
    { CON_POST, "/groups", "createGroup", "Create a group", "group create", "name=body.name setting=settings", NULL, "",
      "GroupNew", "Object", CON_ROUTE_CREATED },
    { CON_GET, "/groups/{group}", "getGroup", "A group's settings, and who does not have them yet", "group show",
      "name=path.group", NULL, "", NULL, "Object", VERSION },
    { CON_PATCH, "/groups/{group}", "changeGroup", "Change a group's settings", "group set",
      "name=path.group version=match setting=settings", NULL, "", "GroupChange", "Object", MATCH },
    { CON_DELETE, "/groups/{group}", "deleteGroup", "Delete an empty group", "group delete", "name=path.group", NULL,
      "", NULL, NULL, CON_ROUTE_NOTHING },

    { CON_GET, "/commands", "listCommands", "Commands, the latest first", "command list", "", "commands",
      LIST " format", NULL, "Rows", CSV },
    { CON_POST, "/commands", "createCommand", "Have endpoints do something", "=kind",
      "selector=selector scope=body.scope? expires=body.expires? window=body.window? paths=body.paths?", NULL, "",
      "CommandNew", "Object", CON_ROUTE_ACCEPTED },
    { CON_GET, "/commands/{id}", "getCommand", "One command", "command show", "command=path.id", NULL, "", NULL,
      "Object", 0 },
    { CON_GET, "/commands/{id}/targets", "listTargets", "A command, endpoint by endpoint", "command show",
      "command=path.id", "targets", LIST " format", NULL, "Rows", CSV },
    { CON_POST, "/commands/{id}/cancellation", "cancelCommand", "Cancel a command wherever it has not started",
      "command cancel", "command=path.id", NULL, "", NULL, "Object", 0 },

    { CON_GET, "/detections", "listDetections", "What scans found, the latest first", "detection list",
      "selector=query.selector? since=query.since? open=query.open?", "detections", LIST " selector since open format",
      NULL, "Rows", CSV },
    { CON_POST, "/detections:acknowledge", "acknowledgeDetections", "Say that detections have been dealt with",
      "detection acknowledge", "ids=body.ids note=body.note?", NULL, "", "Acknowledge", "Object", 0 },
    { CON_GET, "/quarantine", "listQuarantine", "What endpoints have in quarantine, the latest first",
      "quarantine list", "selector=query.selector?", "files", LIST " selector format", NULL, "Rows", CSV },

    { CON_GET, "/patterns", "getPatterns", "The server's patterns: version, age, size, who has them", "pattern list",
      "", NULL, "", NULL, "Object", 0 },
    { CON_POST, "/patterns/sync", "syncPatterns", "Have the server copy its public source now", "pattern sync", "",
      NULL, "", NULL, "Object", 0 },

    { CON_GET, "/bundles", "listBundles", "The files with which PCs enrol", "bundle list", "", "bundles", LIST, NULL,
      "Rows", 0 },
    { CON_POST, "/bundles", "createBundle", "Make a file with which PCs enrol; it contains a secret", "bundle create",
      "group=body.group? endpoint=body.endpoint? uses=body.uses? expires=body.expires?", NULL, "", "BundleNew",
      "Object", CON_ROUTE_CREATED },
    { CON_DELETE, "/bundles/{id}", "withdrawBundle", "Withdraw a bundle", "bundle withdraw", "bundle=path.id", NULL, "",
      NULL, NULL, CON_ROUTE_NOTHING },

    { CON_GET, "/accounts", "listAccounts", "Who may do what", "account list", "", "accounts", LIST " format", NULL,
      "Rows", CSV },
    { CON_POST, "/accounts", "createAccount", "Create an account", "account create",
      "name=body.name role=body.role groups=body.groups? note=body.note?", NULL, "", "AccountNew", "Object",
      CON_ROUTE_CREATED },
    { CON_GET, "/accounts/{name}", "getAccount", "An account and its certificates", "account show", "name=path.name",
      NULL, "", NULL, "Object", 0 },
    { CON_PATCH, "/accounts/{name}", "changeAccount", "Change what an account may do; its sessions end", "account set",
      "name=path.name role=body.role? groups=body.groups? note=body.note?", NULL, "", "AccountChange", "Object", 0 },
    { CON_DELETE, "/accounts/{name}", "deleteAccount", "Delete an account and revoke its certificates",
      "account delete", "name=path.name", NULL, "", NULL, NULL, CON_ROUTE_NOTHING },
    { CON_POST, "/accounts/{name}/disabling", "disableAccount", "Deny an account everything", "account disable",
      "name=path.name", NULL, "", NULL, "Object", 0 },
    { CON_POST, "/accounts/{name}/enabling", "enableAccount", "Enable an account again", "account enable",
      "name=path.name", NULL, "", NULL, "Object", 0 },
    { CON_POST, "/accounts/{name}/password", "setPassword", "Another password; one's own with the old one",
      "account password", "name=path.name password=body.password old=body.old?", NULL, "", "PasswordNew", NULL,
      CON_ROUTE_NOTHING },
    { CON_GET, "/certificates", "listCertificates", "Certificates of accounts, and when they end", "admin list", "",
      "certificates", LIST " format", NULL, "Rows", CSV },
    { CON_GET, "/audit", "listAudit", "Changes and refusals, the latest first", "audit list",
      "account=query.account? call=query.call? since=query.since? limit=text.1000", "rows",
      LIST " account call since format", NULL, "Rows", CSV },
};

ConRoutes con_routes(void)
{
    return (ConRoutes){ rows, G_N_ELEMENTS(rows) };
}
