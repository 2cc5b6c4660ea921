/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/cli/answer.h"

#include <stdio.h>
#include <string.h>

#include "lib/base/i18n.h"
#include "lib/base/local_time.h"
#include "lib/base/said.h"
#include "lib/base/text.h"
#include "manager/core/ends.h"
#include "proto/phrase.h"
#include "proto/wire.h"

void cli_answer_begin(CliAnswer *answer, CliElements *elements, CliProgress progress, gpointer user)
{
    cli_answer_clear(answer);
    answer->result = json_object();
    answer->elements = elements;
    answer->came = answer->done = answer->again = false;
    answer->parts = (HlParts){ 0 };
    answer->progress = progress;
    answer->user = user;
    if (elements != NULL)
        cli_elements_forget(elements);
}

void cli_answer_begin_again(CliAnswer *answer)
{
    cli_answer_begin(answer, answer->elements, answer->progress, answer->user);
}

void cli_answer_clear(CliAnswer *answer)
{
    g_clear_pointer(&answer->result, json_decref);
    g_clear_pointer(&answer->share, hl_json_share_free);
    g_clear_pointer(&answer->tell, g_bytes_unref);
    g_clear_error(&answer->error);
}

static void share_rows(CliAnswer *answer, const json_t *rows)
{
    json_t *row;
    size_t i;

    if (answer->share == NULL)
        answer->share = hl_json_share_new();
    json_array_foreach(rows, i, row)
    {
        hl_json_share_row(answer->share, row);
    }
}

static void merge(CliAnswer *answer, json_t *part)
{
    json_t *into = answer->result;
    const char *name;
    json_t *value;

    json_object_foreach(part, name, value)
    {
        json_t *old = json_object_get(into, name);

        if (json_is_array(value))
            share_rows(answer, value);
        if (json_is_array(old) && json_is_array(value))
            json_array_extend(old, value);
        else
            json_object_set(into, name, value);
    }
}

/* Beside the result, never in it.  They name what the server's administrators called things. */
static void show_warnings(CliAnswer *answer, const HlMsgCallReply *reply)
{
    for (size_t i = 0; i < reply->n_warnings && !answer->warned; i++) {
        g_autofree char *text = hl_text_printable(reply->warnings[i]);
        g_autofree char *end = mgr_end_translate(text);
        g_autofree char *worded = end != NULL ? NULL : hl_phrase_translate(text);
        g_autofree char *timed = hl_local_beside(end != NULL ? end : worded);

        fprintf(stderr, _("warning: %s\n"), timed);
    }
    answer->warned = answer->warned || reply->n_warnings > 0;
}

static json_t *read_part(CliAnswer *answer, const char *text)
{
    g_autoptr(json_t) document = answer->elements != NULL
                                     ? cli_elements_take(answer->elements, text, &answer->error)
                                     : hl_json_parse(_("the server's answer"), text, strlen(text), &answer->error);

    if (document == NULL || answer->as_is || hl_text_is_plain(text))
        return g_steal_pointer(&document);
    return hl_json_printable(document);
}

/* A list with holes must not pass for a whole one. */
static bool follows(CliAnswer *answer, const HlMsgCallReply *reply)
{
    return hl_parts_take(&answer->parts, reply) ||
           hl_fail(&answer->error, HL_ERROR_TOO_LARGE,
                   _("a part of the server's answer was lost on the way: it is longer than the broker keeps for a line "
                     "that is slower than it; ask for less, with a selector or --limit"));
}

void cli_answer_take(CliAnswer *answer, GBytes *payload)
{
    g_autoptr(HlMsgCallReply) reply =
        hl_wire_decode_bytes(&holdline__v1__call_reply__descriptor, payload, &answer->error);
    g_autoptr(json_t) document = NULL;

    if (reply != NULL && *reply->code != '\0')
        hl_said_fail(&answer->error, hl_error_from_name(reply->code), reply->message, reply->json);
    if (reply != NULL && answer->error == NULL && follows(answer, reply))
        document = read_part(answer, reply->json);
    answer->came = true;
    answer->again = reply != NULL && reply->again;
    answer->done = reply == NULL || answer->error != NULL || !reply->more;
    g_clear_pointer(&answer->tell, g_bytes_unref);
    if (!answer->done)
        answer->tell = hl_parts_tell(&answer->parts, reply, hl_clock_mono());
    if (reply != NULL && answer->done)
        show_warnings(answer, reply);
    if (document == NULL)
        return;
    if (reply->more && answer->progress != NULL)
        answer->progress(document, answer->user);
    json_object_del(document, "failures"); /* progress, not part of the result */
    merge(answer, document);
}

json_t *cli_answer_steal(CliAnswer *answer, GError **error)
{
    if (answer->error == NULL)
        return g_steal_pointer(&answer->result);
    g_propagate_error(error, g_steal_pointer(&answer->error));
    return NULL;
}
