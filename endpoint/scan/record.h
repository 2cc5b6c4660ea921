/* SPDX-License-Identifier: Apache-2.0 */
/* What a quarantine remembers of a file, and its form on the disk.  Pure.
 *
 * JSON, one object; texts are escaped (lib/base/escape.h), so that a name comes back to the byte. */
#ifndef ENDPOINT_SCAN_RECORD_H
#define ENDPOINT_SCAN_RECORD_H

#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "lib/base/clock.h"
#include "lib/base/error.h"

/* A path of the longest kind, each byte escaped, and the rest. */
#define EP_RECORD_MAX_SIZE (32 * 1024)

/* Where the file is.  Only HELD is at rest; the other two are put right when the quarantine is opened next. */
typedef enum {
    EP_RECORD_TAKING,    /* the content is in the quarantine; the original may still be at its place */
    EP_RECORD_HELD,      /* only in the quarantine */
    EP_RECORD_RESTORING, /* in the quarantine; may already be back at its place */
    EP_RECORD_N_STATES,
} EpRecordState;

typedef struct {
    EpRecordState state;
    char *id;
    char *directory; /* bytes of the absolute path */
    char *name;      /* bytes of the name in it */
    uint64_t directory_dev, directory_ino;
    uint64_t dev, ino; /* of the original */
    uint32_t uid, gid, mode;
    int64_t size;
    struct timespec accessed, modified;
    char *sha256; /* hexadecimal */
    char *signature;
    char *scan; /* ScanResult.id; "" if there is none */
    HlTime taken;
} EpRecord;

void ep_record_free(EpRecord *record);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(EpRecord, ep_record_free)

/* Caller frees. */
char *ep_record_print(const EpRecord *record);

/* Refuses what ep_record_print could not have made: a relative directory, a name with '/', an id that is no file name,
 * numbers out of range.  NULL on failure. */
EpRecord *ep_record_parse(const void *data, gsize size, GError **error);

#endif
