/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/cli/elements.h"

#include <string.h>

#include "lib/base/i18n.h"
#include "lib/base/json_skim.h"

typedef struct {
    const char *text; /* in one of the parts */
    gsize size;
    const char *id; /* "": it has none */
    guint place;    /* in which it came */
    bool is_removed;
} Element;

struct CliElements {
    char *member, *head; /* head: with which a part begins that is nothing but elements */
    GPtrArray *parts;    /* of char * */
    GArray *list;        /* of Element */
    GStringChunk *ids;
};

CliElements *cli_elements_new(const char *member)
{
    CliElements *elements = g_new0(CliElements, 1);

    elements->member = g_strdup(member);
    elements->head = g_strdup_printf("{\"%s\":[", member);
    elements->parts = g_ptr_array_new_with_free_func(g_free);
    elements->list = g_array_new(FALSE, FALSE, sizeof(Element));
    elements->ids = g_string_chunk_new(4096);
    return elements;
}

void cli_elements_free(CliElements *elements)
{
    if (elements == NULL)
        return;
    g_free(elements->member);
    g_free(elements->head);
    g_ptr_array_unref(elements->parts);
    g_array_unref(elements->list);
    g_string_chunk_free(elements->ids);
    g_free(elements);
}

static void add(CliElements *elements, const char *text, gsize size, const char *id, bool is_removed)
{
    Element element = { .text = text,
                        .size = size,
                        .id = g_string_chunk_insert(elements->ids, id != NULL ? id : ""),
                        .place = elements->list->len,
                        .is_removed = is_removed };

    g_array_append_val(elements->list, element);
}

static void add_tree(CliElements *elements, const json_t *value, const char *text, gsize size)
{
    add(elements, text, size, json_string_value(json_object_get(value, "id")),
        json_is_true(json_object_get(value, "removed")));
}

/* The element with which at begins; 0: it is not one that can be told without a tree. */
static gsize add_text(CliElements *elements, const char *at, gsize size)
{
    HlJsonMember members[] = { { .name = "id" }, { .name = "removed" } };
    const HlJsonMember *id = &members[0];
    const HlJsonMember *removed = &members[1];
    gsize used = hl_json_skim(at, size, members, G_N_ELEMENTS(members));
    g_autofree char *plain = NULL;

    if (used == 0 || (id->text != NULL && memchr(id->text, '\\', id->size) != NULL))
        return 0;
    if (id->text != NULL && *id->text == '"')
        plain = g_strndup(id->text + 1, id->size - 2);
    add(elements, at, used, plain, removed->text != NULL && *removed->text == 't');
    return used;
}

/* A part that is nothing but elements, printed without blanks; false: it is something else, and none was added. */
static bool take_texts(CliElements *elements, const char *part)
{
    guint before = elements->list->len;
    const char *at = part + strlen(elements->head);
    const char *end = part + strlen(part);
    gsize used;

    for (; g_str_has_prefix(part, elements->head); at += used + 1) {
        used = add_text(elements, at, (gsize)(end - at));
        if (used == 0)
            break;
        if (at[used] == ',')
            continue;
        if (strcmp(at + used, "]}") == 0)
            return true;
        break;
    }
    g_array_set_size(elements->list, before);
    return false;
}

static json_t *take_tree(CliElements *elements, const char *text, GError **error)
{
    json_t *document = hl_json_parse(_("the server's answer"), text, strlen(text), error);
    const json_t *list = json_object_get(document, elements->member);

    for (size_t i = 0; i < json_array_size(list); i++) {
        char *printed = hl_json_print(json_array_get(list, i));

        g_ptr_array_add(elements->parts, printed);
        add_tree(elements, json_array_get(list, i), printed, strlen(printed));
    }
    if (document != NULL)
        json_object_del(document, elements->member);
    return document;
}

json_t *cli_elements_take(CliElements *elements, const char *text, GError **error)
{
    char *part = hl_json_escape(text);

    if (!take_texts(elements, part)) {
        g_free(part);
        return take_tree(elements, text, error);
    }
    g_ptr_array_add(elements->parts, part);
    return json_object();
}

void cli_elements_forget(CliElements *elements)
{
    g_array_set_size(elements->list, 0);
    g_ptr_array_set_size(elements->parts, 0);
    g_string_chunk_clear(elements->ids);
}

static int compare(gconstpointer a, gconstpointer b)
{
    const Element *one = a;
    const Element *other = b;
    int order = strcmp(one->id, other->id);

    return order != 0 ? order : (one->place > other->place) - (one->place < other->place);
}

void cli_elements_sort(CliElements *elements)
{
    g_array_sort(elements->list, compare);
}

void cli_elements_leave_out_removed(CliElements *elements)
{
    guint kept = 0;

    for (guint i = 0; i < elements->list->len; i++)
        if (!g_array_index(elements->list, Element, i).is_removed)
            g_array_index(elements->list, Element, kept++) = g_array_index(elements->list, Element, i);
    g_array_set_size(elements->list, kept);
}

void cli_elements_print(const CliElements *elements, guint limit, const json_t *rest, FILE *out)
{
    g_autofree char *others = hl_json_print(rest);

    fputs(elements->head, out);
    for (guint i = 0; i < elements->list->len && (limit == 0 || i < limit); i++) {
        const Element *element = &g_array_index(elements->list, Element, i);

        if (i > 0)
            putc(',', out);
        fwrite(element->text, 1, element->size, out);
    }
    /* "{}" or "{"other":...}" */
    fprintf(out, strcmp(others, "{}") == 0 ? "]%s\n" : "],%s\n", others + 1);
}
