/* SPDX-License-Identifier: Apache-2.0 */
/* The table of resources. */
#include "manager/console/core/route.h"

#define LIST    "limit cursor sort filter"
#define VERSION CON_ROUTE_VERSION
#define MATCH   (CON_ROUTE_MATCH | CON_ROUTE_VERSION)
#define CSV     CON_ROUTE_CSV

/* method, flags, path, id, summary; call, its arguments, the list in its answer; parameters, body, reply.
 * A reply "[X]" is a page of X. */
static const ConRoute rows[] = {
    { CON_GET, CON_ROUTE_OPEN, "/health", "getHealth", "Whether the console, its broker and its manager work", NULL, "",
      NULL, "", NULL, "Health" },
    { CON_GET, CON_ROUTE_OPEN, "/openapi.json", "getOpenapi", "This document", NULL, "", NULL, "", NULL, "Openapi" },

    { CON_POST, CON_ROUTE_OPEN | CON_ROUTE_CREATED, "/session", "createSession", "Sign in", NULL, "", NULL, "",
      "SignIn", "Session" },
    { CON_GET, CON_ROUTE_PASSIVE, "/session", "getSession", "Who is signed in", NULL, "", NULL, "", NULL, "Session" },
    { CON_DELETE, CON_ROUTE_NOTHING, "/session", "deleteSession", "Sign out", NULL, "", NULL, "", NULL, NULL },
    { CON_GET, CON_ROUTE_PASSIVE, "/me", "getMe", "Who is signed in", NULL, "", NULL, "", NULL, "Session" },
    { CON_GET, 0, "/sessions", "listSessions", "Who is signed in where: oneself, or, for an owner, everybody",
      "session list", "", "sessions", LIST, NULL, "[SessionRow]" },
    { CON_DELETE, CON_ROUTE_NOTHING, "/sessions/{id}", "endSession", "End a session", "session end", "id=path.id", NULL,
      "", NULL, NULL },
    { CON_GET, 0, "/tokens", "listTokens", "Tokens of scripts: one's own, or, for an owner, all", "token list", "",
      "tokens", LIST, NULL, "[Token]" },
    { CON_POST, CON_ROUTE_CREATED, "/tokens", "createToken", "Make a token; its text is shown this once",
      "token create", "name=body.name role=body.role? groups=body.groups? lifetime=body.lifetime?", NULL, "",
      "TokenNew", "TokenMade" },
    { CON_DELETE, CON_ROUTE_NOTHING, "/tokens/{id}", "deleteToken", "Delete a token", "token delete", "id=path.id",
      NULL, "", NULL, NULL },

    { CON_GET, CON_ROUTE_PASSIVE, "/summary", "getSummary", "Counts of everything", NULL, "", NULL, "", NULL,
      "Summary" },
    { CON_GET, CON_ROUTE_STREAM | CON_ROUTE_PASSIVE, "/events", "getEvents", "What changes, as it changes", NULL, "",
      NULL, "", NULL, NULL },
    { CON_GET, CON_ROUTE_PASSIVE, "/events/recent", "listEvents", "The last events, the newest first", NULL, "", NULL,
      "", NULL, "[Event]" },
    { CON_GET, 0, "/settings", "listSettings", "Every setting of a group: type, range, default", NULL, "", NULL, LIST,
      NULL, "[Setting]" },

    { CON_GET, CSV, "/endpoints", "listEndpoints", "Endpoints that a filter takes, in an order, page by page", NULL, "",
      NULL, LIST " fields format", NULL, "Endpoints" },
    { CON_GET, 0, "/endpoints/{id}", "getEndpoint", "One endpoint, with the sentences that explain it", "endpoint show",
      "endpoint=path.id", NULL, "", NULL, "Endpoint" },
    { CON_DELETE, CON_ROUTE_NOTHING, "/endpoints/{id}", "removeEndpoint",
      "Revoke an endpoint's certificate and forget the endpoint", "endpoint remove", "endpoint=path.id", NULL, "", NULL,
      NULL },
    { CON_GET, CSV, "/endpoints/{id}/history", "getHistory", "What happened to an endpoint", "endpoint history",
      "endpoint=path.id", "history", LIST " format", NULL, "[HistoryRow]" },
    { CON_GET, CSV, "/endpoints/{id}/detections", "listDetectionsOf", "What was found on an endpoint", "detection list",
      "selector=path.id", "detections", LIST " format", NULL, "[Detection]" },
    { CON_POST, 0, "/endpoints/{id}/revocation", "revokeEndpoint", "Revoke an endpoint's certificate; its record stays",
      "endpoint revoke", "endpoint=path.id", NULL, "", NULL, "Revoked" },
    { CON_POST, 0, "/endpoints/{id}/clone", "settleClone",
      "Say which of two machines with one identity is the genuine one", "endpoint clone =action", "endpoint=path.id",
      NULL, "", "Clone", "EndpointStatus" },
    { CON_POST, 0, "/endpoints:move", "moveEndpoints", "Move endpoints to another group", "endpoint move",
      "selector=selector group=body.group", NULL, "", "Move", "Moved" },
    { CON_POST, 0, "/verifications", "verifyEndpoints", "Dial endpoints at their registered addresses now", "verify",
      "selector=selector", NULL, "", "Whom", "Verified" },

    { CON_GET, CSV, "/groups", "listGroups", "The groups", "group list", "", "groups", LIST " format", NULL,
      "[GroupRow]" },
    { CON_POST, CON_ROUTE_CREATED, "/groups", "createGroup", "Create a group", "group create",
      "name=body.name setting=settings", NULL, "", "GroupNew", "Group" },
    { CON_GET, VERSION, "/groups/{group}", "getGroup", "A group's settings, and who does not have them yet",
      "group show", "name=path.group", NULL, "", NULL, "Group" },
    { CON_PATCH, MATCH, "/groups/{group}", "changeGroup", "Change a group's settings", "group set",
      "name=path.group version=match setting=settings", NULL, "", "GroupChange", "Group" },
    { CON_DELETE, CON_ROUTE_NOTHING, "/groups/{group}", "deleteGroup", "Delete an empty group", "group delete",
      "name=path.group", NULL, "", NULL, NULL },

    { CON_GET, CSV, "/commands", "listCommands", "Commands, the latest first", "command list", "", "commands",
      LIST " format", NULL, "[CommandRow]" },
    { CON_POST, CON_ROUTE_ACCEPTED, "/commands", "createCommand", "Have endpoints do something", "=kind",
      "selector=selector scope=body.scope? expires=body.expires? window=body.window?", NULL, "", "CommandNew",
      "CommandRow" },
    { CON_GET, 0, "/commands/{id}", "getCommand", "One command", "command show", "command=path.id", NULL, "", NULL,
      "Command" },
    { CON_GET, CSV, "/commands/{id}/targets", "listTargets", "A command, endpoint by endpoint", "command show",
      "command=path.id", "targets", LIST " format", NULL, "[Target]" },
    { CON_POST, 0, "/commands/{id}/cancellation", "cancelCommand", "Cancel a command wherever it has not started",
      "command cancel", "command=path.id", NULL, "", NULL, "CommandRow" },

    { CON_GET, CSV, "/detections", "listDetections", "What scans found, the latest first", "detection list",
      "selector=query.selector? since=query.since? open=query.open?", "detections", LIST " selector since open format",
      NULL, "[Detection]" },
    { CON_POST, 0, "/detections:acknowledge", "acknowledgeDetections", "Say that detections have been dealt with",
      "detection acknowledge", "ids=body.ids note=body.note?", NULL, "", "Acknowledge", "Acknowledged" },
    { CON_GET, CSV, "/quarantine", "listQuarantine", "What endpoints have in quarantine, the latest first",
      "quarantine list", "selector=query.selector?", "files", LIST " selector format", NULL, "[QuarantinedFile]" },

    { CON_GET, 0, "/patterns", "getPatterns", "The server's patterns: version, age, size, who has them", "pattern list",
      "", NULL, "", NULL, "Patterns" },
    { CON_POST, 0, "/patterns/sync", "syncPatterns", "Have the server copy its public source now", "pattern sync", "",
      NULL, "", NULL, "Synced" },

    { CON_GET, 0, "/bundles", "listBundles", "The files with which PCs enrol", "bundle list", "", "bundles", LIST, NULL,
      "[Bundle]" },
    { CON_POST, CON_ROUTE_CREATED, "/bundles", "createBundle", "Make a file with which PCs enrol; it contains a secret",
      "bundle create", "group=body.group? endpoint=body.endpoint? uses=body.uses? expires=body.expires?", NULL, "",
      "BundleNew", "BundleMade" },
    { CON_DELETE, CON_ROUTE_NOTHING, "/bundles/{id}", "withdrawBundle", "Withdraw a bundle", "bundle withdraw",
      "bundle=path.id", NULL, "", NULL, NULL },

    { CON_GET, CSV, "/accounts", "listAccounts", "Who may do what", "account list", "", "accounts", LIST " format",
      NULL, "[Account]" },
    { CON_POST, CON_ROUTE_CREATED, "/accounts", "createAccount", "Create an account", "account create",
      "name=body.name role=body.role groups=body.groups? note=body.note?", NULL, "", "AccountNew", "Account" },
    { CON_GET, 0, "/accounts/{name}", "getAccount", "An account and its certificates", "account show", "name=path.name",
      NULL, "", NULL, "Account" },
    { CON_PATCH, 0, "/accounts/{name}", "changeAccount", "Change what an account may do; its sessions end",
      "account set", "name=path.name role=body.role? groups=body.groups? note=body.note?", NULL, "", "AccountChange",
      "Account" },
    { CON_DELETE, CON_ROUTE_NOTHING, "/accounts/{name}", "deleteAccount",
      "Delete an account and revoke its certificates", "account delete", "name=path.name", NULL, "", NULL, NULL },
    { CON_POST, 0, "/accounts/{name}/disabling", "disableAccount", "Deny an account everything", "account disable",
      "name=path.name", NULL, "", NULL, "Account" },
    { CON_POST, 0, "/accounts/{name}/enabling", "enableAccount", "Enable an account again", "account enable",
      "name=path.name", NULL, "", NULL, "Account" },
    { CON_POST, CON_ROUTE_NOTHING, "/accounts/{name}/password", "setPassword",
      "Another password; one's own with the old one", "account password",
      "name=path.name password=body.password old=body.old?", NULL, "", "PasswordNew", NULL },
    { CON_GET, CSV, "/certificates", "listCertificates", "Certificates of accounts, and when they end", "admin list",
      "", "certificates", LIST " format", NULL, "[Certificate]" },
    { CON_GET, CSV, "/audit", "listAudit", "Changes and refusals, the latest first", "audit list",
      "account=query.account? call=query.call? since=query.since? limit=text.1000", "rows",
      LIST " account call since format", NULL, "[AuditRow]" },
};

ConRoutes con_routes(void)
{
    return (ConRoutes){ rows, G_N_ELEMENTS(rows) };
}
