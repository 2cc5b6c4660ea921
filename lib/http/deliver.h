/* SPDX-License-Identifier: Apache-2.0 */
/* One message to a destination that somebody else chose: by mail (SMTP), POST, or a stream of records.  libcurl.
 *
 * Each call is one attempt, blocking, on any thread: connection, TLS, sending and answer within the deadline; no
 * redirects, no proxy, no second attempt.  Each address is judged after its name was resolved and before anything is
 * sent there, so a name that leads elsewhere tomorrow is judged again tomorrow.  Certificates are always verified.
 *
 * Errors: HL_ERROR_UNAVAILABLE (no connection, or it was answered with a refusal), HL_ERROR_TIMEOUT,
 * HL_ERROR_UNTRUSTED (TLS), HL_ERROR_INVALID (a URL or file), or the judge's own.  Programs ignore SIGPIPE. */
#ifndef LIB_HTTP_DELIVER_H
#define LIB_HTTP_DELIVER_H

#include "lib/base/clock.h"

typedef struct {
    /* false, with an error that names what allows it: not to this address.  On the calling thread; NULL: anywhere. */
    bool (*may)(const char *address, gpointer user, GError **error);
    gpointer user;
    const char *ca_file; /* authorities, PEM; NULL or "": the system's */
    HlTime deadline;     /* of the whole attempt */
    int *stop;           /* atomic; not 0: the attempt ends within a second; NULL: it does not */
} HlDelivery;

typedef struct {
    const char *url;             /* smtp://host:port, smtps://host:port */
    bool in_clear;               /* smtp without STARTTLS; else it is required */
    const char *user, *password; /* NULL or "": none */
    const char *from;
    const char *const *to; /* ends with NULL */
    const char *text;      /* RFC 5322, lines end with CRLF */
} HlMailing;

/* One transaction.  A server that takes the mail for some of the recipients has taken it: which ones, replies say.
 *
 * replies: what was answered to each recipient, in their order, printable ("250 ok", "450 4.2.0 later"), "" for one who
 * was not asked; ends with NULL; as many as mailing->to has, also after a failure, and then nobody has it.  answer:
 * what the server said last; NULL after a failure.  The caller frees both. */
bool hl_deliver_mail(const HlDelivery *delivery, const HlMailing *mailing, GStrv *replies, char **answer,
                     GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Success is a status of 2xx.  headers: "Name: value", ends with NULL. */
bool hl_deliver_post(const HlDelivery *delivery, const char *url, const char *const *headers, const char *body,
                     char **answer, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* All bytes over one connection, with or without TLS.  Nobody answers: what is sent may be lost behind the socket. */
bool hl_deliver_stream(const HlDelivery *delivery, bool tls, const char *host, uint16_t port, const char *bytes,
                       GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Each text as a datagram, in their order: over UDP, or to a socket of this system (path).  Where what sends them is
 * full, they wait. */
bool hl_deliver_datagrams(const HlDelivery *delivery, const char *host, uint16_t port, const char *const *texts,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool hl_deliver_local(const HlDelivery *delivery, const char *path, const char *const *texts,
                      GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* For the above: until the descriptor has one of these events of poll().  false: not before end (mono), or the attempt
 * is stopped. */
bool hl_delivery_wait(const HlDelivery *delivery, int descriptor, short events, HlTime end);
bool hl_delivery_is_stopped(const HlDelivery *delivery);
bool hl_delivery_fail_stopped(const char *name, GError **error) G_GNUC_WARN_UNUSED_RESULT;

#endif
