/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/ground/sender.h"

#include <pthread.h>
#include <string.h>

#include "lib/base/file.h"
#include "lib/base/i18n.h"
#include "lib/base/local_time.h"
#include "lib/base/mailbox.h"
#include "lib/base/network.h"
#include "lib/base/unconst.h"
#include "lib/http/deliver.h"
#include "manager/core/refusal.h"

#define DEADLINE     (30 * HL_SECOND)
#define MAX_RECORD   8192 /* bytes of a record of syslog: what RFC 5425 wants receivers to take */
#define MAX_DATAGRAM 2048 /* RFC 5426: what they should take */
#define MAX_SECRET   1024
#define SOCKET       "/dev/log"

struct MgrSender {
    const MgrConf *conf;
    const char *dir;
    GDestroyNotify drop;
    HlMailbox *results;
    GPtrArray *jobs; /* at work */
    int stop;        /* atomic */
};

/* All that the thread needs, copied: the configuration may be read again meanwhile. */
typedef struct {
    MgrSender *sender;
    pthread_t thread;
    MgrDestination destination;
    char *url, *text, *from, *user, *password_file, *ca_file;
    char **headers, **records, **networks;
    char **to, **replies;         /* of a mail */
    bool in_clear, is_configured; /* the second: by who may edit manager.conf, and not by an administrator */
    bool is_test;
    char *answer;
    GError *error;
    MgrSent done;
    gpointer done_user;
} Job;

static void job_free(Job *job)
{
    mgr_destination_clear(&job->destination);
    g_free(job->url);
    g_free(job->text);
    g_free(job->from);
    g_free(job->user);
    g_free(job->password_file);
    g_free(job->ca_file);
    g_strfreev(job->headers);
    g_strfreev(job->records);
    g_strfreev(job->networks);
    g_strfreev(job->to);
    g_strfreev(job->replies);
    g_free(job->answer);
    g_clear_error(&job->error);
    g_free(job);
}

/* ---------------------------------------------------------------------------------------------------- on its thread */

static bool is_named(char *const *networks, const char *address)
{
    for (gsize i = 0; networks[i] != NULL; i++) {
        HlNetwork network;

        if (hl_network_parse(networks[i], &network, NULL) && hl_network_has(&network, address))
            return true;
    }
    return false;
}

static bool is_loopback(const char *address)
{
    return g_str_has_prefix(address, "127.") || strcmp(address, "::1") == 0;
}

/* HlDelivery.may */
static bool may_tell(const char *address, gpointer user, GError **error)
{
    const Job *job = user;

    if (is_named(job->networks, address) || (job->is_configured && (!job->in_clear || is_loopback(address))))
        return true;
    if (job->in_clear && (job->is_configured || hl_address_is_public(address)))
        return mgr_refuse(error, MGR_REFUSE_SENDER_PLAIN, address, NULL);
    return hl_address_is_public(address) || mgr_refuse(error, MGR_REFUSE_SENDER_PRIVATE, address, NULL);
}

static bool send_mail(Job *job, const HlDelivery *delivery, GError **error)
{
    g_autofree char *password = NULL;
    HlMailing mailing = { .url = job->url,
                          .in_clear = job->in_clear,
                          .user = job->user,
                          .from = job->from,
                          .to = (const char *const *)job->to,
                          .text = job->text };
    bool sent;

    if (*job->password_file != '\0') {
        password = hl_file_read_text(job->password_file, MAX_SECRET, error);
        if (password == NULL)
            return hl_error_prefix(error, "mail.password-file");
        mailing.password = g_strchomp(password);
    }
    sent = hl_deliver_mail(delivery, &mailing, &job->replies, &job->answer, error);
    if (password != NULL)
        explicit_bzero(password, strlen(password));
    return sent;
}

/* RFC 6587, 3.4.1: each record with its length before it. */
static bool send_stream(const Job *job, const HlDelivery *delivery, GError **error)
{
    g_autoptr(GString) bytes = g_string_new(NULL);

    for (gsize i = 0; job->records[i] != NULL; i++)
        g_string_append_printf(bytes, "%zu %s", strlen(job->records[i]), job->records[i]);
    return hl_deliver_stream(delivery, job->destination.way == MGR_WAY_TLS, job->destination.host,
                             job->destination.port, bytes->str, error);
}

static bool send_by(Job *job, const HlDelivery *delivery, GError **error)
{
    const char *const *records = (const char *const *)job->records;

    switch (job->destination.way) {
    case MGR_WAY_MAIL:
        return send_mail(job, delivery, error);
    case MGR_WAY_WEBHOOK:
        return hl_deliver_post(delivery, job->url, (const char *const *)job->headers, job->text, &job->answer, error);
    case MGR_WAY_UDP:
        return hl_deliver_datagrams(delivery, job->destination.host, job->destination.port, records, error);
    case MGR_WAY_TCP:
    case MGR_WAY_TLS:
        return send_stream(job, delivery, error);
    case MGR_WAY_LOCAL:
        return hl_deliver_local(delivery, SOCKET, records, error);
    }
    g_assert_not_reached();
}

static void *run(void *user)
{
    Job *job = user;
    HlDelivery delivery = {
        .may = may_tell, .user = job, .ca_file = job->ca_file, .deadline = DEADLINE, .stop = &job->sender->stop
    };

    if (!send_by(job, &delivery, &job->error))
        g_clear_pointer(&job->answer, g_free);
    else if (job->answer == NULL)
        job->answer = g_strdup("");
    hl_mailbox_post(job->sender->results, job); /* has room for all that are at work */
    return NULL;
}

/* ------------------------------------------------------------------------------------------------------ on the loop */

static void on_result(gpointer item, gpointer user)
{
    MgrSender *sender = user;
    Job *job = item;

    pthread_join(job->thread, NULL);
    g_ptr_array_remove_fast(sender->jobs, job);
    job->done(&(MgrSendEnd){ .answer = job->answer,
                             .error = job->error,
                             .to = job->replies != NULL ? (const char *const *)job->to : NULL,
                             .replies = (const char *const *)job->replies },
              job->done_user);
    job_free(job);
}

MgrSender *mgr_sender_new(const MgrConf *conf, const char *dir, GDestroyNotify drop)
{
    MgrSender *sender = g_new0(MgrSender, 1);

    sender->conf = conf;
    sender->dir = dir;
    sender->drop = drop;
    sender->jobs = g_ptr_array_new();
    sender->results = hl_mailbox_new("notifications", MGR_SENDER_MOST, NULL, on_result, sender, NULL);
    return sender;
}

void mgr_sender_free(MgrSender *sender)
{
    if (sender == NULL)
        return;
    g_atomic_int_set(&sender->stop, 1);
    for (guint i = 0; i < sender->jobs->len; i++)
        pthread_join(((Job *)sender->jobs->pdata[i])->thread, NULL);
    hl_mailbox_free(sender->results);
    for (guint i = 0; i < sender->jobs->len; i++) {
        Job *job = sender->jobs->pdata[i];

        sender->drop(job->done_user);
        job_free(job);
    }
    g_ptr_array_unref(sender->jobs);
    g_free(sender);
}

MgrSentenceLanguage mgr_sender_language(MgrLanguage language)
{
    return language == MGR_LANGUAGE_JA ? hl_tr_japanese : NULL;
}

static char *path_of(const MgrSender *sender, const char *path)
{
    return *path == '\0' ? g_strdup("") : g_canonicalize_filename(path, sender->dir);
}

static bool fill_mail(const MgrSender *sender, const MgrSending *sending, Job *job, GError **error)
{
    const MgrConf *conf = sender->conf;
    g_autofree char *subject = mgr_message_subject(sending->message, sending->notes);
    g_autofree char *said = mgr_message_text(sending->message, sending->notes);
    g_autofree char *text = hl_local_beside(said); /* the server's zone: who reads it looks after that server */

    if (*conf->mail_server == '\0' || *conf->mail_from == '\0')
        return mgr_refuse(error, MGR_REFUSE_SENDER_NO_MAIL, NULL);
    job->to = g_strdupv(sending->to != NULL ? hl_unconst(sending->to) : job->destination.recipients);
    job->url = g_strdup(conf->mail_server);
    job->from = g_strdup(conf->mail_from);
    job->user = g_strdup(conf->mail_user);
    job->password_file = path_of(sender, conf->mail_password_file);
    g_free(job->ca_file);
    job->ca_file = path_of(sender, conf->mail_ca_file);
    job->is_configured = true;
    job->in_clear = !conf->mail_tls && g_str_has_prefix(conf->mail_server, "smtp://");
    job->text = mgr_mail_print(&(MgrMail){ .from = conf->mail_from,
                                           .to = (const char *const *)job->destination.recipients,
                                           .subject = subject,
                                           .text = text,
                                           .id = sending->message->id,
                                           .server = sending->message->server,
                                           .date = hl_clock_wall() });
    return true;
}

static void fill_webhook(const MgrSending *sending, Job *job)
{
    g_autoptr(json_t) document = mgr_message_json(sending->message, sending->notes);
    g_autofree char *timestamp = g_strdup_printf("%" G_GINT64_FORMAT, (gint64)(hl_clock_wall() / HL_SECOND));
    g_autofree char *signature = NULL;
    GPtrArray *headers = g_ptr_array_new();

    job->url = g_strdup(sending->rule->to);
    job->in_clear = g_str_has_prefix(job->url, "http://");
    job->text = hl_json_print(document);
    g_ptr_array_add(headers, g_strdup("Content-Type: application/json"));
    g_ptr_array_add(headers, g_strdup_printf("X-Holdline-Id: %s", sending->message->id));
    g_ptr_array_add(headers, g_strdup_printf("X-Holdline-Timestamp: %s", timestamp));
    if (*sending->secret != '\0') {
        signature = mgr_webhook_sign(sending->secret, timestamp, job->text);
        g_ptr_array_add(headers, g_strdup_printf("X-Holdline-Signature: %s", signature));
    }
    g_ptr_array_add(headers, NULL);
    job->headers = (char **)g_ptr_array_free(headers, FALSE);
}

static bool fill(const MgrSender *sender, const MgrSending *sending, Job *job, GError **error)
{
    MgrWay way;

    job->ca_file = path_of(sender, sender->conf->notification_ca_file);
    job->networks = g_strdupv(sender->conf->notification_private);
    if (!mgr_destination_parse(sending->rule->to, &job->destination, error))
        return false;
    way = job->destination.way;
    if (way == MGR_WAY_MAIL)
        return fill_mail(sender, sending, job, error);
    if (way == MGR_WAY_WEBHOOK) {
        fill_webhook(sending, job);
        return true;
    }
    job->in_clear = way != MGR_WAY_TLS;
    job->records = mgr_message_syslog(sending->message, sending->notes, hl_clock_wall(),
                                      way == MGR_WAY_TCP || way == MGR_WAY_TLS ? MAX_RECORD : MAX_DATAGRAM,
                                      way == MGR_WAY_LOCAL ? MGR_SYSLOG_LOCAL : MGR_SYSLOG_NETWORK);
    return true;
}

static bool has_room(const MgrSender *sender, bool is_test)
{
    guint alike = 0;

    for (guint i = 0; i < sender->jobs->len; i++)
        alike += ((const Job *)sender->jobs->pdata[i])->is_test == is_test;
    return alike < (is_test ? MGR_SENDER_TESTS : MGR_RULES_MAX);
}

bool mgr_sender_send(MgrSender *sender, const MgrSending *sending, MgrSent done, gpointer user, GError **error)
{
    Job *job = g_new0(Job, 1);

    job->sender = sender;
    job->done = done;
    job->done_user = user;
    job->is_test = sending->is_test;
    if (!has_room(sender, job->is_test))
        mgr_refuse(error, MGR_REFUSE_SENDER_BUSY, NULL);
    else if (fill(sender, sending, job, error)) {
        if (pthread_create(&job->thread, NULL, run, job) == 0) {
            g_ptr_array_add(sender->jobs, job);
            return true;
        }
        mgr_refuse(error, MGR_REFUSE_SENDER_THREAD, NULL);
    }
    job_free(job);
    return false;
}
