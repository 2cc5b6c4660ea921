/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/core/broker_life.h"

#include <stdio.h>
#include <string.h>

#define FORM "pid %d\nstarted %" G_GUINT64_FORMAT "\nboot %s\nplace %s\nfixed %s\n"

char *mgr_broker_note_print(const MgrBrokerNote *note)
{
    return g_strdup_printf(FORM, (int)note->id.pid, note->id.started, *note->id.boot != '\0' ? note->id.boot : "-",
                           note->place, note->fixed);
}

/* The value of the next line, which must begin with that word; it is cut out of the text.  NULL: another line. */
static char *take(char **at, const char *word)
{
    char *line = strsep(at, "\n");
    gsize length = strlen(word);

    return line != NULL && strncmp(line, word, length) == 0 && line[length] == ' ' ? line + length + 1 : NULL;
}

static bool is_digest(const char *text)
{
    return strlen(text) == MGR_BROKER_DIGEST - 1 && strspn(text, "0123456789abcdef") == MGR_BROKER_DIGEST - 1;
}

bool mgr_broker_note_parse(const char *text, MgrBrokerNote *note)
{
    g_autofree char *copy = g_strdup(text);
    MgrBrokerNote read = { 0 };
    guint64 pid = 0;
    char *at = copy;
    const char *pid_text = take(&at, "pid");
    const char *started = pid_text != NULL ? take(&at, "started") : NULL;
    const char *boot = started != NULL ? take(&at, "boot") : NULL;
    const char *place = boot != NULL ? take(&at, "place") : NULL;
    const char *fixed = place != NULL ? take(&at, "fixed") : NULL;

    if (fixed == NULL || at == NULL || *at != '\0' || strlen(boot) >= sizeof read.id.boot ||
        strlen(place) >= sizeof read.place || !is_digest(fixed) ||
        !g_ascii_string_to_unsigned(pid_text, 10, 2, G_MAXINT32, &pid, NULL) || /* 1 is no broker */
        !g_ascii_string_to_unsigned(started, 10, 0, G_MAXUINT64, &read.id.started, NULL))
        return false;
    read.id.pid = (pid_t)pid;
    if (strcmp(boot, "-") != 0)
        g_strlcpy(read.id.boot, boot, sizeof read.id.boot);
    g_strlcpy(read.place, place, sizeof read.place);
    g_strlcpy(read.fixed, fixed, sizeof read.fixed);
    *note = read;
    return true;
}

/* mosquitto 2.0 takes these over at a SIGHUP.  The lists and certificates are read again too, but their names are not:
 * those belong to the listener. */
static bool is_reloaded(const char *line)
{
    static const char *const keys[] = { "autosave_interval ", "connection_messages ", "log_timestamp_format ",
                                        "log_type " };

    for (gsize i = 0; i < G_N_ELEMENTS(keys); i++)
        if (g_str_has_prefix(line, keys[i]))
            return true;
    return false;
}

void mgr_broker_fixed_digest(const char *program, const char *conf, char digest[MGR_BROKER_DIGEST])
{
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
    g_auto(GStrv) lines = g_strsplit(conf, "\n", -1);

    g_checksum_update(sum, (const guchar *)program, (gssize)strlen(program) + 1);
    for (gsize i = 0; lines[i] != NULL; i++)
        if (*lines[i] != '\0' && *lines[i] != '#' && !is_reloaded(lines[i]))
            g_checksum_update(sum, (const guchar *)lines[i], (gssize)strlen(lines[i]) + 1);
    g_strlcpy(digest, g_checksum_get_string(sum), MGR_BROKER_DIGEST);
}

MgrBrokerStep mgr_broker_next(const MgrBrokerFinding *finding, const char **why)
{
    *why = NULL;
    if (!finding->lives)
        return finding->port_free ? MGR_BROKER_START : MGR_BROKER_WAIT;
    if (!finding->is_noted)
        *why = "with which configuration it runs is not known";
    else if (!finding->is_current)
        *why = "its program or its configuration is another now, by more than a reload brings";
    else if (!finding->answers)
        *why = "it does not answer at its port";
    return *why != NULL ? MGR_BROKER_REPLACE : MGR_BROKER_ADOPT;
}
