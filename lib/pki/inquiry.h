/* SPDX-License-Identifier: Apache-2.0 */
/* Why a TLS server and this machine do not come together: a handshake as a client, made to learn the cause and for
 * nothing else.  It judges the own certificate, the server's chain, its dates and its names one by one, and hears what
 * the server says of the own certificate.  Nothing is sent above TLS.
 *
 * The socket is borrowed and non-blocking: the caller makes, polls and closes it.  One thread. */
#ifndef LIB_PKI_INQUIRY_H
#define LIB_PKI_INQUIRY_H

#include "lib/base/clock.h"
#include "lib/pki/cert.h"

typedef struct {
    const char *ca_path, *cert_path, *key_path; /* PEM; cert_path NULL: without a certificate */
    const char *host;                           /* name or address that the server's certificate must be for */
} HlInquirySpec;

typedef enum {
    HL_INQUIRY_WANT_READ,   /* call again once the socket is readable */
    HL_INQUIRY_WANT_WRITE,  /* call again once it is writable */
    HL_INQUIRY_SETTLING,    /* the server was accepted, and has a moment to turn this machine away: call again once it
                               is readable; after a second of silence it means accepted */
    HL_INQUIRY_ACCEPTED,    /* nothing is wrong */
    HL_INQUIRY_UNUSABLE,    /* the own files; detail says which and why */
    HL_INQUIRY_OWN_ENDED,   /* the own certificate; date */
    HL_INQUIRY_OWN_NOT_YET, /* date is its beginning */
    HL_INQUIRY_OTHER_AUTHORITY,   /* not of the authority in ca_path; detail has its issuer */
    HL_INQUIRY_OTHER_NAMES,       /* the server's certificate is not for host; detail has its names */
    HL_INQUIRY_SERVER_ENDED,      /* the server's certificate or, as detail says, its authority's; date */
    HL_INQUIRY_SERVER_NOT_YET,    /* the same; date is the beginning */
    HL_INQUIRY_SERVER_INVALID,    /* anything else about it; detail */
    HL_INQUIRY_TURNED_AWAY,       /* the server does not accept the own certificate; detail is its word for it */
    HL_INQUIRY_UNKNOWN_AUTHORITY, /* of the own certificate, says the server */
    HL_INQUIRY_NO_AGREEMENT,      /* the handshake failed on either side; detail */
    HL_INQUIRY_NOT_TLS,           /* what answers speaks something else; detail */
    HL_INQUIRY_CLOSED,            /* the server closed the connection */
} HlInquiryOutcome;

typedef struct HlInquiry HlInquiry;

/* Copies the strings. */
HlInquiry *hl_inquiry_new(const HlInquirySpec *spec);
void hl_inquiry_free(HlInquiry *inquiry);

/* Reads the files and judges the own certificate by this machine's clock; to be called first, and once.  UNUSABLE,
 * OWN_ENDED, OWN_NOT_YET, or ACCEPTED: go on. */
HlInquiryOutcome hl_inquiry_check_own(HlInquiry *inquiry, HlTime now);

/* The handshake, again and again, with the same socket.  Anything after SETTLING is its end. */
HlInquiryOutcome hl_inquiry_step(HlInquiry *inquiry, int fd);

/* Of the last outcome; "" and 0 where it has none.  The text may be a stranger's; valid until the next call. */
const char *hl_inquiry_detail(const HlInquiry *inquiry);
HlTime hl_inquiry_date(const HlInquiry *inquiry);

/* What the server showed as its own certificate, good or not; NULL: it did not get so far.  Valid as long as the
 * inquiry. */
const HlCert *hl_inquiry_shown(const HlInquiry *inquiry);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(HlInquiry, hl_inquiry_free)

#endif
