/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/ground/certificates.h"

#include <string.h>

#include "lib/base/common.h"

MgrCertificateRecord *mgr_certificate_keep(MgrCertificateRecord *record)
{
    gsize serial = strlen(record->serial) + 1;
    gsize name = strlen(record->name) + 1;
    MgrCertificateRecord *kept = g_malloc(sizeof *kept + serial + name);
    char *texts = (char *)(kept + 1);

    *kept = *record;
    kept->next = NULL;
    kept->serial = memcpy(texts, record->serial, serial);
    kept->name = memcpy(texts + serial, record->name, name);
    kept->kind = hl_common_dup(record->kind);
    kept->authority = hl_common_dup(record->authority);
    kept->replaces = g_steal_pointer(&record->replaces);
    kept->key = g_steal_pointer(&record->key);
    mgr_certificate_record_clear(record);
    return kept;
}

void mgr_certificate_free(gpointer kept)
{
    MgrCertificateRecord *certificate = kept;

    hl_common_free(certificate->kind);
    hl_common_free(certificate->authority);
    g_free(certificate->replaces);
    g_free(certificate->key);
    g_free(certificate);
}
