/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/core/enrolment.h"

#include <stddef.h>
#include <string.h>

static bool is_same(const MgrEnrolRecord *a, const MgrEnrolRecord *b)
{
    return a != NULL && b != NULL && strcmp(a->id, b->id) == 0;
}

/* An administrator named the endpoint: it may be revoked, disputed, or on new hardware. */
static MgrEnrolOutcome decide_intended(const MgrEnrolFacts *facts)
{
    if (facts->intended == NULL)
        return MGR_ENROL_REMOVED;
    if (facts->machine != NULL && !is_same(facts->machine, facts->intended))
        return MGR_ENROL_MADE_FOR_OTHER;
    return MGR_ENROL_AGAIN;
}

/* The key alone: it does not undo what an administrator decided, and a copy of the disk has it too. */
static MgrEnrolOutcome decide_proven(const MgrEnrolFacts *facts)
{
    const MgrEnrolRecord *record = facts->proven;

    if (record->revoked)
        return MGR_ENROL_REVOKED;
    if (record->disputed)
        return MGR_ENROL_DISPUTED;
    return strcmp(record->group, facts->group) == 0 ? MGR_ENROL_AGAIN : MGR_ENROL_OTHER_GROUP;
}

MgrEnrolOutcome mgr_enrol_decide(const MgrEnrolFacts *facts)
{
    if (*facts->made_for != '\0')
        return decide_intended(facts);
    /* whatever it proves: with a machine id of its own it is another machine, and puts nobody out */
    if (facts->machine == NULL)
        return MGR_ENROL_FRESH;
    return is_same(facts->machine, facts->proven) ? decide_proven(facts) : MGR_ENROL_KNOWN;
}

const MgrEnrolRecord *mgr_enrol_record(const MgrEnrolFacts *facts)
{
    switch (mgr_enrol_decide(facts)) {
    case MGR_ENROL_FRESH:
    case MGR_ENROL_REMOVED:
    case MGR_ENROL_N:
        return NULL;
    case MGR_ENROL_AGAIN:
        return *facts->made_for != '\0' ? facts->intended : facts->machine;
    case MGR_ENROL_KNOWN:
    case MGR_ENROL_REVOKED:
    case MGR_ENROL_DISPUTED:
    case MGR_ENROL_OTHER_GROUP:
    case MGR_ENROL_MADE_FOR_OTHER:
        return facts->machine;
    }
    return NULL;
}
