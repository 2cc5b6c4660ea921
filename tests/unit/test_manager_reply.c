/* SPDX-License-Identifier: Apache-2.0 */
/* manager/daemon/calls/reply: what a list of texts becomes in an answer. */
#include <string.h>

#include "lib/base/unconst.h"
#include "manager/daemon/calls/reply.h"
#include "proto/wire.h"

static void expect_json(const MgrReply *reply, const char *expected)
{
    g_autoptr(GBytes) payload = mgr_reply_encode(reply, MGR_REPLY_WIRE, NULL);
    HlMsgCallReply *told = hl_wire_decode_bytes(&holdline__v1__call_reply__descriptor, payload, NULL);

    g_assert_cmpstr(told->json, ==, expected);
    hl_wire_free(told);
}

/* The last member, beside whatever is in the document; for tools that know nothing but JSON, too. */
static void test_list(void)
{
    g_autoptr(GPtrArray) texts = g_ptr_array_new();
    g_autoptr(json_t) empty = json_object();
    g_autoptr(json_t) rest = json_pack("{s:i}", "count", 3);
    g_autoptr(json_t) whole = NULL, plain = NULL;
    g_autoptr(GBytes) payload = NULL;
    MgrReply reply = { .code = "", .message = "", .list = { "rows", texts, 1, 3 }, .max = 1000 };

    g_ptr_array_add(texts, hl_unconst("{\"a\":1}"));
    g_ptr_array_add(texts, hl_unconst("{\"a\":\"x,]}\"}"));
    g_ptr_array_add(texts, hl_unconst("{}"));
    expect_json(&reply, "{\"rows\":[{\"a\":\"x,]}\"},{}]}");
    reply.document = empty;
    expect_json(&reply, "{\"rows\":[{\"a\":\"x,]}\"},{}]}");
    reply.document = rest;
    expect_json(&reply, "{\"count\":3,\"rows\":[{\"a\":\"x,]}\"},{}]}");
    whole = mgr_reply_document(rest, &reply.list);
    g_assert_cmpint(json_array_size(json_object_get(whole, "rows")), ==, 2);
    payload = mgr_reply_encode(&reply, MGR_REPLY_JSON, NULL);
    plain = hl_json_parse("answer", g_bytes_get_data(payload, NULL), g_bytes_get_size(payload), NULL);
    g_assert_true(json_equal(json_object_get(plain, "rows"), json_object_get(whole, "rows")));
    g_assert_true(json_is_false(json_object_get(plain, "more")));
    reply.list.to = 1;
    expect_json(&reply, "{\"count\":3,\"rows\":[]}");
    reply.list.name = NULL;
    expect_json(&reply, "{\"count\":3}");
}

/* Too large: nothing of it. */
static void test_bound(void)
{
    g_autoptr(GPtrArray) texts = g_ptr_array_new();
    MgrReply reply = { .code = "", .message = "", .list = { "rows", texts, 0, 2 }, .max = 40 };

    g_ptr_array_add(texts, hl_unconst("{\"a\":\"12345678901\"}"));
    g_ptr_array_add(texts, hl_unconst("{\"a\":\"12345678901\"}"));
    g_assert_null(mgr_reply_encode(&reply, MGR_REPLY_WIRE, NULL));
    reply.list.to = 1;
    expect_json(&reply, "{\"rows\":[{\"a\":\"12345678901\"}]}");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/manager/reply/list", test_list);
    g_test_add_func("/manager/reply/bound", test_bound);
    return g_test_run();
}
