/* SPDX-License-Identifier: Apache-2.0 */
/* A sender (manager/daemon/ground/sender.h) that sends nothing: what it is given waits until the test ends it. */
#ifndef TESTS_SUPPORT_SENDER_FAKE_H
#define TESTS_SUPPORT_SENDER_FAKE_H

#include "manager/daemon/ground/sender.h"

/* What is sent from now on is refused with this code at once; HL_ERROR_N_CODES: is taken again. */
void sender_fake_refuse(HlErrorCode code);

/* Whether anything is at work. */
bool sender_fake_waits(void);

/* The oldest that is at work, of any sender: as text, "rule id subject"; NULL: none.  Caller frees. */
char *sender_fake_peek(void);

/* Ends it: answer NULL: it fails, and that is why. */
void sender_fake_end(const char *answer, const char *why);

/* To whom the oldest mail goes, with commas; NULL: it is none.  Caller frees. */
char *sender_fake_recipients(void);

/* As sender_fake_end, of a mail: what was said of each recipient. */
void sender_fake_end_mail(const char *answer, const char *why, const char *const *replies);

/* All that are at work are answered well. */
void sender_fake_end_all(void);

#endif
