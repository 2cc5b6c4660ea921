/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/ground/contact.h"

void mgr_contact_accept(MgrContact *contact, const MgrAccepted *accepted)
{
    const MgrAccepted none = { 0 };
    const MgrAccepted *kept = accepted != NULL ? accepted : &none;
    char *before = contact->accepted_spool;

    contact->accepted_spool = g_strdup(kept->spool); /* it may be the one of before */
    contact->accepted_seq = kept->seq;
    contact->accepted_mark = kept->mark;
    g_free(before);
}

void mgr_contact_free(MgrContact *contact)
{
    if (contact == NULL)
        return;
    g_free(contact->accepted_spool);
    g_free(contact->reach_detail);
    g_free(contact);
}
