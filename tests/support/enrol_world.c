/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/enrol_world.h"

#include <string.h>

#include "lib/base/unconst.h"
#include "proto/enrolment.h"
#include "proto/envelope.h"

/* What a bundle's text says. */
static HlMsgBundle *open_bundle(const Parts *parts, const char *text)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    g_autoptr(GString) base64 = g_string_new(NULL);
    g_autoptr(HlMsgEnvelope) envelope = NULL;
    HlMsgBundle *bundle;
    g_autoptr(GError) error = NULL;
    gsize size;
    g_autofree guint8 *data = NULL;

    for (gsize i = 0; lines[i] != NULL; i++)
        if (!g_str_has_prefix(lines[i], "-----"))
            g_string_append(base64, lines[i]);
    data = g_base64_decode(base64->str, &size);
    envelope = hl_wire_decode(&holdline__v1__signed_envelope__descriptor, data, size, &error);
    g_assert_no_error(error);
    bundle = hl_envelope_open(envelope, hl_signing_key_public(parts->key), HL_ENVELOPE_BUNDLE,
                              &holdline__v1__bundle__descriptor, &error);
    g_assert_no_error(error);
    return bundle;
}

/* By what path the settings in it say that they come. */
static char *path_of(const Parts *parts, const HlMsgBundle *bundle)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(HlMsgSettingsDocument) settings =
        hl_envelope_open(bundle->settings, hl_signing_key_public(parts->key), HL_ENVELOPE_SETTINGS,
                         &holdline__v1__settings_document__descriptor, &error);

    g_assert_no_error(error);
    return g_strdup(settings->path);
}

static void machine_free(gpointer data)
{
    Machine *machine = data;

    hl_key_free(machine->key);
    g_bytes_unref(machine->csr);
    g_bytes_unref(machine->proof);
    g_free(machine->certificate);
    g_free(machine);
}

void world_take_bundle(World *world, const char *group, const char *endpoint, const char *uses)
{
    Parts *p = world->parts;
    g_autoptr(json_t) bundle = NULL;
    g_autoptr(HlMsgBundle) said = NULL;

    if (endpoint != NULL)
        parts_call(p, "bundle create", "endpoint", endpoint, "uses", uses, "expires", "7d", NULL);
    else
        parts_call(p, "bundle create", "group", group, "uses", uses, "expires", "7d", NULL);
    parts_commit(p);
    bundle = parts_expect_reply(p, "");
    g_free(world->bundle);
    g_free(world->token);
    g_free(world->path);
    world->bundle = g_strdup(json_string_value(json_object_get(bundle, "id")));
    said = open_bundle(p, json_string_value(json_object_get(bundle, "bundle")));
    world->token = g_strdup(said->token);
    world->path = path_of(p, said);
    bus_fake_forget(p->bus);
}

World *world_new(void)
{
    World *world = g_new0(World, 1);
    Parts *p = world->parts = parts_new();

    world->machines = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, machine_free);
    world->applicants = mgr_applicants_new(&p->conf, &(MgrApplicantsLog){ mgr_calls_note, mgr_calls_tell, p->calls });
    world->enrol = mgr_enrol_new(
        &(MgrEnrolOptions){ &p->conf, world->applicants, &p->fleet, p->record, p->status, p->delivery, p->pki });
    world->late_renewals = mgr_late_renewals_new(
        &(MgrLateRenewalsOptions){ &p->conf, world->applicants, &p->fleet, p->record, p->status, p->pki, p->location });
    world_take_bundle(world, "office", NULL, "2");
    return world;
}

void world_free(World *world)
{
    mgr_record_stop(world->parts->record); /* what is under way is answered */
    mgr_late_renewals_free(world->late_renewals);
    mgr_enrol_free(world->enrol);
    mgr_applicants_free(world->applicants);
    parts_free(world->parts);
    g_hash_table_unref(world->machines);
    g_free(world->bundle);
    g_free(world->token);
    g_free(world->path);
    g_free(world);
    http_fake_reset();
}

Machine *world_machine(World *world, const char *fingerprint)
{
    Machine *machine = g_hash_table_lookup(world->machines, fingerprint);

    if (machine != NULL)
        return machine;
    machine = g_new0(Machine, 1);
    machine->key = hl_key_generate(NULL);
    machine->csr = hl_csr_make(machine->key, "new", NULL);
    machine->proof = hl_key_sign(machine->key, HL_ENROL_PROOF, machine->csr);
    g_hash_table_insert(world->machines, g_strdup(fingerprint), machine);
    return machine;
}

void request_init(World *world, Request *request, const char *fingerprint, bool replace)
{
    const Machine *machine = world_machine(world, fingerprint);

    holdline__v1__enrol_request__init(&request->request);
    holdline__v1__registration__init(&request->registration);
    request->request.token = world->token;
    request->request.csr.data = hl_unconst(g_bytes_get_data(machine->csr, &request->request.csr.len));
    request->request.registration = &request->registration;
    request->request.clock_ms = hl_clock_wall();
    request->request.replace = replace;
    request->registration.host = hl_unconst("one");
    request->registration.fingerprint = hl_unconst(fingerprint);
    if (!replace || machine->certificate == NULL)
        return;
    request->request.certificate = machine->certificate;
    request->request.proof.data = hl_unconst(g_bytes_get_data(machine->proof, &request->request.proof.len));
}

void request_post(World *world, const Request *request)
{
    g_autoptr(GBytes) body = HL_WIRE_ENCODE(&request->request);

    mgr_enrol_handle(world->enrol, http_fake_request(PEER, body));
}

void ask(World *world, const char *fingerprint, bool replace)
{
    Request request;

    request_init(world, &request, fingerprint, replace);
    request_post(world, &request);
}

void late_init(World *world, Late *late, const char *fingerprint)
{
    const Machine *machine = world_machine(world, fingerprint);
    g_autoptr(HlKey) key = hl_key_generate(NULL);

    holdline__v1__renew_request__init(&late->request);
    late->csr = hl_csr_make(key, "new", NULL);
    late->proof = hl_key_sign(machine->key, HL_RENEW_PROOF, late->csr);
    late->certificate = g_strdup(machine->certificate);
    late->request.certificate = late->certificate;
    late->request.csr.data = hl_unconst(g_bytes_get_data(late->csr, &late->request.csr.len));
    late->request.proof.data = hl_unconst(g_bytes_get_data(late->proof, &late->request.proof.len));
    late->request.clock_ms = hl_clock_wall();
}

void late_clear(Late *late)
{
    g_bytes_unref(late->csr);
    g_bytes_unref(late->proof);
    g_free(late->certificate);
}

void late_post(World *world, const Late *late)
{
    g_autoptr(GBytes) body = HL_WIRE_ENCODE(&late->request);

    mgr_late_renewals_handle(world->late_renewals, http_fake_request(PEER, body));
}

HlMsgEnrolReply *expect(guint status, const char *code)
{
    g_autoptr(HttpFakeAnswer) answer = http_fake_take();
    g_autoptr(GError) error = NULL;
    HlMsgEnrolReply *reply;

    g_assert_nonnull(answer);
    reply = hl_wire_decode_bytes(&holdline__v1__enrol_reply__descriptor, answer->body, &error);
    g_assert_no_error(error);
    g_test_message("%u %s: %s", answer->status, reply->code, reply->message);
    g_assert_cmpuint(answer->status, ==, status);
    g_assert_cmpstr(reply->code, ==, code);
    g_assert_cmpint(reply->clock_ms, ==, hl_clock_wall());
    return reply;
}

void expect_none(void)
{
    g_assert_null(http_fake_take());
}

void expect_refusal(guint status, const char *code, const char *part)
{
    g_autoptr(HlMsgEnrolReply) reply = expect(status, code);

    if (strstr(reply->message, part) == NULL)
        g_error("'%s' does not say '%s'", reply->message, part);
}

char *enrol(World *world, const char *fingerprint, bool replace)
{
    g_autoptr(HlMsgEnrolReply) reply = NULL;
    Machine *machine = world_machine(world, fingerprint);

    ask(world, fingerprint, replace);
    parts_commit(world->parts);
    reply = expect(200, "");
    g_free(machine->certificate);
    machine->certificate = g_strdup(reply->certificate);
    return g_strdup(reply->endpoint);
}
