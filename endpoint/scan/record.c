/* SPDX-License-Identifier: Apache-2.0 */
#include "endpoint/scan/record.h"

#include <stddef.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/base/escape.h"
#include "lib/base/ident.h"
#include "lib/base/json.h"

#define NS_PER_SECOND G_GINT64_CONSTANT(1000000000)
#define SHA256_DIGITS 64

static const char *const states[EP_RECORD_N_STATES] = { "taking", "held", "restoring" };

/* One row per text. */
static const struct {
    const char *name;
    size_t offset;
} texts[] = {
    { "id", offsetof(EpRecord, id) },     { "directory", offsetof(EpRecord, directory) },
    { "name", offsetof(EpRecord, name) }, { "sha256", offsetof(EpRecord, sha256) },
    { "scan", offsetof(EpRecord, scan) }, { "signature", offsetof(EpRecord, signature) },
};

typedef enum { NUMBER_U64, NUMBER_U32, NUMBER_I64, NUMBER_TIMESPEC } NumberKind;

/* One row per number. */
static const struct {
    const char *name;
    NumberKind kind;
    size_t offset;
} numbers[] = {
    { "directory_dev", NUMBER_U64, offsetof(EpRecord, directory_dev) },
    { "directory_ino", NUMBER_U64, offsetof(EpRecord, directory_ino) },
    { "dev", NUMBER_U64, offsetof(EpRecord, dev) },
    { "ino", NUMBER_U64, offsetof(EpRecord, ino) },
    { "uid", NUMBER_U32, offsetof(EpRecord, uid) },
    { "gid", NUMBER_U32, offsetof(EpRecord, gid) },
    { "mode", NUMBER_U32, offsetof(EpRecord, mode) },
    { "size", NUMBER_I64, offsetof(EpRecord, size) },
    { "accessed", NUMBER_TIMESPEC, offsetof(EpRecord, accessed) },
    { "modified", NUMBER_TIMESPEC, offsetof(EpRecord, modified) },
    { "taken_ms", NUMBER_I64, offsetof(EpRecord, taken) },
};

void ep_record_free(EpRecord *record)
{
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++)
        g_free(G_STRUCT_MEMBER(char *, record, texts[i].offset));
    g_free(record);
}

/* A time before 1970, or after 2262 as ns, is two numbers: seconds and nanoseconds. */
static json_t *number_value(const EpRecord *record, gsize row)
{
    switch (numbers[row].kind) {
    case NUMBER_U64: /* inode numbers use all bits on some file systems; jansson's integers are signed */
        return json_integer((json_int_t)G_STRUCT_MEMBER(uint64_t, record, numbers[row].offset));
    case NUMBER_U32:
        return json_integer(G_STRUCT_MEMBER(uint32_t, record, numbers[row].offset));
    case NUMBER_I64:
        return json_integer(G_STRUCT_MEMBER(int64_t, record, numbers[row].offset));
    case NUMBER_TIMESPEC:
        break;
    }
    return json_pack("[I,I]", (json_int_t)G_STRUCT_MEMBER(struct timespec, record, numbers[row].offset).tv_sec,
                     (json_int_t)G_STRUCT_MEMBER(struct timespec, record, numbers[row].offset).tv_nsec);
}

char *ep_record_print(const EpRecord *record)
{
    g_autoptr(json_t) object = json_pack("{s:s}", "state", states[record->state]);

    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autofree char *text = hl_escape(G_STRUCT_MEMBER(char *, record, texts[i].offset));

        json_object_set_new(object, texts[i].name, json_string(text));
    }
    for (gsize i = 0; i < G_N_ELEMENTS(numbers); i++)
        json_object_set_new(object, numbers[i].name, number_value(record, i));
    return hl_json_print(object);
}

static bool take_state(EpRecord *record, const json_t *object, GError **error)
{
    const char *text = json_string_value(json_object_get(object, "state"));

    for (guint i = 0; text != NULL && i < EP_RECORD_N_STATES; i++) {
        if (strcmp(text, states[i]) == 0) {
            record->state = (EpRecordState)i;
            return true;
        }
    }
    return hl_fail(error, HL_ERROR_INVALID, "'state' is none that this version knows");
}

static bool take_texts(EpRecord *record, const json_t *object, GError **error)
{
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
        const char *text = json_string_value(json_object_get(object, texts[i].name));
        char *bytes = text == NULL ? NULL : hl_unescape(text);

        if (bytes == NULL)
            return hl_fail(error, HL_ERROR_INVALID, "'%s' is missing or malformed", texts[i].name);
        G_STRUCT_MEMBER(char *, record, texts[i].offset) = bytes;
    }
    return true;
}

static bool take_timespec(struct timespec *to, const json_t *value)
{
    const json_t *seconds = json_array_get(value, 0);
    const json_t *nanoseconds = json_array_get(value, 1);

    to->tv_sec = (time_t)json_integer_value(seconds);
    to->tv_nsec = (long)json_integer_value(nanoseconds);
    return json_array_size(value) == 2 && json_is_integer(seconds) && json_is_integer(nanoseconds) &&
           to->tv_nsec >= 0 && to->tv_nsec < NS_PER_SECOND;
}

static bool take_number(EpRecord *record, gsize row, const json_t *value)
{
    json_int_t number = json_integer_value(value);

    switch (numbers[row].kind) {
    case NUMBER_U64:
        G_STRUCT_MEMBER(uint64_t, record, numbers[row].offset) = (uint64_t)number;
        return json_is_integer(value);
    case NUMBER_U32:
        G_STRUCT_MEMBER(uint32_t, record, numbers[row].offset) = (uint32_t)number;
        return json_is_integer(value) && number >= 0 && number <= UINT32_MAX;
    case NUMBER_I64:
        G_STRUCT_MEMBER(int64_t, record, numbers[row].offset) = number;
        return json_is_integer(value) && number >= 0;
    case NUMBER_TIMESPEC:
        break;
    }
    return take_timespec(&G_STRUCT_MEMBER(struct timespec, record, numbers[row].offset), value);
}

/* What would lead somewhere else than into a directory and a quarantine. */
static bool check(const EpRecord *record, GError **error)
{
    if (!hl_ident_is_valid(record->id))
        return hl_fail(error, HL_ERROR_INVALID, "'id' is not an identifier");
    if (record->directory[0] != '/')
        return hl_fail(error, HL_ERROR_INVALID, "'directory' is not an absolute path");
    if (*record->name == '\0' || strchr(record->name, '/') != NULL || strcmp(record->name, ".") == 0 ||
        strcmp(record->name, "..") == 0)
        return hl_fail(error, HL_ERROR_INVALID, "'name' is not the name of a file");
    if (strlen(record->sha256) != SHA256_DIGITS || strspn(record->sha256, "0123456789abcdef") != SHA256_DIGITS)
        return hl_fail(error, HL_ERROR_INVALID, "'sha256' is not a SHA-256 in hexadecimal");
    if (record->mode > 07777)
        return hl_fail(error, HL_ERROR_INVALID, "'mode' is not a mode");
    return true;
}

EpRecord *ep_record_parse(const void *data, gsize size, GError **error)
{
    g_autoptr(json_t) object = hl_json_parse_bounded("record", data, size, 16 * (gsize)EP_RECORD_MAX_SIZE, error);
    g_autoptr(EpRecord) record = g_new0(EpRecord, 1);

    if (object == NULL || !take_state(record, object, error) || !take_texts(record, object, error))
        return NULL;
    for (gsize i = 0; i < G_N_ELEMENTS(numbers); i++) {
        if (!take_number(record, i, json_object_get(object, numbers[i].name))) {
            hl_fail(error, HL_ERROR_INVALID, "'%s' is missing or out of range", numbers[i].name);
            return NULL;
        }
    }
    return check(record, error) ? g_steal_pointer(&record) : NULL;
}
