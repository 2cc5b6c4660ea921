/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/sender_fake.h"

#include "lib/base/unconst.h"

struct MgrSender {
    GDestroyNotify drop;
};

typedef struct {
    MgrSender *sender;
    char *text;
    GStrv to;
    MgrSent done;
    gpointer user;
} Job;

static GQueue jobs = G_QUEUE_INIT;
static HlErrorCode refusal = HL_ERROR_N_CODES;

MgrSender *mgr_sender_new(const MgrConf *conf G_GNUC_UNUSED, const char *dir G_GNUC_UNUSED, GDestroyNotify drop)
{
    MgrSender *sender = g_new0(MgrSender, 1);

    sender->drop = drop;
    return sender;
}

static void job_free(Job *job)
{
    g_free(job->text);
    g_strfreev(job->to);
    g_free(job);
}

void mgr_sender_free(MgrSender *sender)
{
    for (GList *at = jobs.head, *next; at != NULL; at = next) {
        Job *job = at->data;

        next = at->next;
        if (job->sender != sender)
            continue;
        sender->drop(job->user);
        job_free(job);
        g_queue_delete_link(&jobs, at);
    }
    g_free(sender);
}

MgrSentenceLanguage mgr_sender_language(MgrLanguage language G_GNUC_UNUSED)
{
    return NULL;
}

bool mgr_sender_send(MgrSender *sender, const MgrSending *sending, MgrSent done, gpointer user, GError **error)
{
    g_autofree char *subject = mgr_message_subject(sending->message, sending->notes);
    Job *job;

    if (refusal != HL_ERROR_N_CODES)
        return hl_fail(error, refusal, "refused");
    job = g_new0(Job, 1);
    *job = (Job){ .sender = sender,
                  .text = g_strdup_printf("%s %s %s", sending->message->rule, sending->message->id, subject),
                  .to = g_strdupv(hl_unconst(sending->to)),
                  .done = done,
                  .user = user };
    g_queue_push_tail(&jobs, job);
    return true;
}

void sender_fake_refuse(HlErrorCode code)
{
    refusal = code;
}

bool sender_fake_waits(void)
{
    return !g_queue_is_empty(&jobs);
}

char *sender_fake_peek(void)
{
    const Job *job = g_queue_peek_head(&jobs);

    return job != NULL ? g_strdup(job->text) : NULL;
}

char *sender_fake_recipients(void)
{
    const Job *job = g_queue_peek_head(&jobs);

    g_assert_nonnull(job);
    return job->to != NULL ? g_strjoinv(",", job->to) : NULL;
}

static void end(const char *answer, const char *why, const char *const *replies)
{
    Job *job = g_queue_pop_head(&jobs);
    g_autoptr(GError) error = NULL;

    g_assert_nonnull(job);
    if (answer == NULL)
        hl_fail(&error, HL_ERROR_UNAVAILABLE, "%s", why);
    job->done(&(MgrSendEnd){ .answer = answer,
                             .error = error,
                             .to = replies != NULL ? (const char *const *)job->to : NULL,
                             .replies = replies },
              job->user);
    job_free(job);
}

void sender_fake_end(const char *answer, const char *why)
{
    end(answer, why, NULL);
}

void sender_fake_end_mail(const char *answer, const char *why, const char *const *replies)
{
    end(answer, why, replies);
}

void sender_fake_end_all(void)
{
    while (!g_queue_is_empty(&jobs))
        sender_fake_end("ok", NULL);
}
