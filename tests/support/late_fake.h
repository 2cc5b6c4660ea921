/* SPDX-License-Identifier: Apache-2.0 */
/* In place of endpoint/identity/late_ask: no thread and no network.  The test sees what was asked, and answers. */
#ifndef TESTS_SUPPORT_LATE_FAKE_H
#define TESTS_SUPPORT_LATE_FAKE_H

#include "endpoint/identity/late_ask.h"

typedef struct {
    guint asked; /* since the start of the test */
    bool is_open;
    char **urls;
    char *certificate;
    GBytes *csr, *proof;
    HlTime ends;
} LateFake;

/* The last question. */
const LateFake *late_fake(void);

/* Answers it, through the loop; texts are copied, NULL is "". */
void late_fake_answer(EpLateAnswer answer);

/* The end of a test: no question is open. */
void late_fake_reset(void);

#endif
