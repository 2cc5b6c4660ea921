/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/topics.h"

#include <string.h>

#include "lib/base/ident.h"

static const HlTopicRow rows[HL_N_TOPICS] = {
    [HL_TOPIC_LINK] = { "endpoint/%/link", HL_SENDER_ENDPOINT, 1, true, .to_manager = true },
    [HL_TOPIC_HEARTBEAT] = { "endpoint/%/heartbeat", HL_SENDER_ENDPOINT, 0, false, .to_manager = true },
    [HL_TOPIC_REPORT] = { "endpoint/%/report", HL_SENDER_ENDPOINT, 0, false, .to_manager = true },
    [HL_TOPIC_ECHO] = { "endpoint/%/echo", HL_SENDER_ENDPOINT, 0, false, .to_manager = true },
    [HL_TOPIC_ACK] = { "endpoint/%/ack", HL_SENDER_MANAGER, 1, false, .to_endpoint = true },
    [HL_TOPIC_SETTINGS] = { "endpoint/%/settings", HL_SENDER_MANAGER, 1, true, .to_endpoint = true },
    [HL_TOPIC_SERVER] = { "endpoint/%/server", HL_SENDER_MANAGER, 1, true, .to_endpoint = true },
    [HL_TOPIC_COMMAND] = { "endpoint/%/command", HL_SENDER_MANAGER, 1, false, .to_endpoint = true },
    [HL_TOPIC_PROBE] = { "endpoint/%/probe", HL_SENDER_MANAGER, 0, false, .to_endpoint = true },
    [HL_TOPIC_ADMIN_REQUEST] = { "admin/request/%", HL_SENDER_ADMIN, 1, .to_manager = true, .urgent = true },
    [HL_TOPIC_ADMIN_REPLY] = { "admin/reply/%", HL_SENDER_MANAGER, 1, .urgent = true },
    [HL_TOPIC_MONITOR_REQUEST] = { "monitor/request/%", HL_SENDER_MONITOR, 1, .to_manager = true, .urgent = true },
    [HL_TOPIC_MONITOR_REPLY] = { "monitor/reply/%", HL_SENDER_MANAGER, 1, .urgent = true },
    [HL_TOPIC_MANAGER_STATE] = { "manager/state", HL_SENDER_MANAGER, 1, true, .to_endpoint = true },
    [HL_TOPIC_MANAGER_ALIVE] = { "manager/alive", HL_SENDER_MANAGER, 0, .retained = false },
    [HL_TOPIC_MANAGER_ECHO] = { "manager/echo", HL_SENDER_MANAGER, 0, false, .to_manager = true },
    [HL_TOPIC_STATUS_ENDPOINT] = { "status/endpoint/%", HL_SENDER_MANAGER, 1, .retained = true },
    [HL_TOPIC_STATUS_SUMMARY] = { "status/summary", HL_SENDER_MANAGER, 1, .retained = true },
    [HL_TOPIC_STATUS_EVENT] = { "status/event", HL_SENDER_MANAGER, 1, .retained = false },
};

const HlTopicRow *hl_topic_row(HlTopic topic)
{
    g_assert(topic < HL_N_TOPICS);
    return &rows[topic];
}

char *hl_topic_name(HlTopic topic, const char *id)
{
    const char *pattern = hl_topic_row(topic)->pattern;
    const char *hole = strchr(pattern, '%');
    GString *name; /* not printed: there is one for each message */

    if (hole == NULL)
        return g_strconcat(HL_TOPIC_ROOT, pattern, NULL);
    name = g_string_sized_new(sizeof HL_TOPIC_ROOT + strlen(pattern) + strlen(id));
    g_string_append(name, HL_TOPIC_ROOT);
    g_string_append_len(name, pattern, hole - pattern);
    g_string_append(name, id);
    g_string_append(name, hole + 1);
    return g_string_free(name, FALSE);
}

/* Whether name (below the root) matches the pattern; *id is what takes the place of '%'. */
static bool matches(const char *pattern, const char *name, char **id)
{
    const char *hole = strchr(pattern, '%');
    gsize before = hole == NULL ? 0 : (gsize)(hole - pattern);
    gsize after = hole == NULL ? 0 : strlen(hole + 1);
    gsize length = strlen(name);

    if (hole == NULL) {
        *id = g_strdup("");
        return strcmp(pattern, name) == 0;
    }
    *id = NULL;
    if (length <= before + after || strncmp(pattern, name, before) != 0 || strcmp(hole + 1, name + length - after) != 0)
        return false;
    *id = g_strndup(name + before, length - before - after);
    return hl_ident_is_valid(*id);
}

bool hl_topic_parse(const char *name, HlTopic *topic, char **id)
{
    *id = NULL;
    if (!g_str_has_prefix(name, HL_TOPIC_ROOT))
        return false;
    for (int i = 0; i < HL_N_TOPICS; i++) {
        if (matches(rows[i].pattern, name + strlen(HL_TOPIC_ROOT), id)) {
            *topic = (HlTopic)i;
            return true;
        }
        g_clear_pointer(id, g_free);
    }
    return false;
}
