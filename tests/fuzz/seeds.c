/* SPDX-License-Identifier: Apache-2.0 */
/* Writes the inputs of the corpora that only a program can make, into DIR/delta and so on: after a change of their
 * format, `corpus-seeds tests/fuzz/corpus`. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/file.h"
#include "lib/base/unconst.h"
#include "lib/pki/cert.h"
#include "proto/enrolment.h"
#include "proto/envelope.h"
#include "proto/settings.h"
#include "tests/fuzz/delta_base.h"
#include "updater/delta/patch.h"

static const char *top;

static void put(const char *corpus, const char *name, const void *data, gsize size)
{
    g_autofree char *path = g_build_filename(top, corpus, name, NULL);
    g_autofree char *directory = g_path_get_dirname(path);
    g_autoptr(GError) error = NULL;

    g_mkdir_with_parents(directory, 0755);
    g_file_set_contents(path, data, (gssize)size, &error);
    g_assert_no_error(error);
}

/* --------------------------------------------------------------------------------------------------------- delta */

static void put_delta(const char *name, const char *target, gsize size)
{
    GString *text = delta_base();
    g_autoptr(GBytes) base = g_string_free_to_bytes(text);
    g_autoptr(GBytes) wanted = g_bytes_new(target, size);
    g_autoptr(GBytes) delta = upd_delta_encode(base, wanted, NULL);

    g_assert_cmpuint(size, <=, DELTA_OUT_MAX);
    put("delta", name, g_bytes_get_data(delta, NULL), g_bytes_get_size(delta));
}

/* A patch, whether it is the smallest increment or not. */
static void put_patch(const char *name, const char *target, gsize size)
{
    GString *base = delta_base();
    UpdDeltaInfo info = { UPD_DELTA_VERSION, UPD_DELTA_PATCH, base->len, size };
    GByteArray *out = g_byte_array_new();

    g_assert_cmpuint(size, <=, DELTA_OUT_MAX);
    upd_put_header(out, &info);
    upd_patch_encode(out, (const guint8 *)base->str, (guint32)base->len, (const guint8 *)target, (guint32)size,
                     G_MAXUINT32);
    put("delta", name, out->data, out->len);
    g_byte_array_unref(out);
    g_string_free(base, TRUE);
}

static void put_full(const char *name, const char *content, gsize size)
{
    g_autoptr(GBytes) bytes = g_bytes_new(content, size);
    g_autoptr(GBytes) packed = upd_full_pack(bytes, NULL);
    g_autoptr(GByteArray) out = g_byte_array_new();
    const guint8 head[] = { 'F', (guint8)(size >> 8), (guint8)size };

    g_byte_array_append(out, head, sizeof head);
    g_byte_array_append(out, g_bytes_get_data(packed, NULL), (guint)g_bytes_get_size(packed));
    put("delta", name, out->data, out->len);
}

static void write_delta(void)
{
    GString *base = delta_base();
    GString *text = g_string_new(base->str);
    char noise[300];

    put_delta("same", base->str, base->len);
    put_patch("patch-same", base->str, base->len);
    put_delta("empty", "", 0);
    put_patch("patch-empty", "", 0);
    put_full("full", base->str, base->len);
    put_full("full-empty", "", 0);
    g_string_append(text, "\n9d37:99:Family-7\n9d38:98:Family-7\n9d39:97:Family-7\n9d40:96:Family-8\n");
    put_delta("append", text->str, text->len);
    put_patch("patch-append", text->str, text->len);
    g_string_erase(text, 20, 130);
    put_delta("delete-and-append", text->str, text->len);
    g_string_append_len(text, base->str, 100);
    put_delta("move", text->str, text->len);
    put_patch("patch-move", text->str, text->len);
    g_string_append_len(g_string_assign(text, base->str + 120), base->str, 120);
    put_delta("swap", text->str, text->len);
    put_patch("patch-swap", text->str, text->len);
    for (gsize i = 0; i < text->len; i += 3)
        text->str[i] = (char)(text->str[i] ^ 1);
    put_delta("similar", text->str, text->len);
    put_patch("patch-similar", text->str, text->len);
    for (gsize i = 0; i < sizeof noise; i++)
        noise[i] = (char)((i * 2654435761u) >> 13);
    put_delta("noise", noise, sizeof noise);
    put_patch("patch-noise", noise, sizeof noise);
    memcpy(noise + 40, base->str, 200);
    put_delta("half-noise", noise, sizeof noise);
    put_patch("patch-half-noise", noise, sizeof noise);
    g_string_free(base, TRUE);
    g_string_free(text, TRUE);
}

/* --------------------------------------------------------------------------------------------------------- enrol */

static void put_message(const char *corpus, const char *name, const char *head, const ProtobufCMessage *message)
{
    g_autoptr(GBytes) bytes = hl_wire_encode(message);
    g_autoptr(GByteArray) out = g_byte_array_new();

    g_byte_array_append(out, (const guint8 *)head, (guint)strlen(head));
    g_byte_array_append(out, g_bytes_get_data(bytes, NULL), (guint)g_bytes_get_size(bytes));
    put(corpus, name, out->data, out->len);
}

static void write_request(const char *name, GBytes *csr, const char *given_up, GBytes *proof)
{
    HlMsgRegistration registration = HOLDLINE__V1__REGISTRATION__INIT;
    HlMsgEnrolRequest request = HOLDLINE__V1__ENROL_REQUEST__INIT;
    char *addresses[] = { (char[]){ "10.0.0.5" }, (char[]){ "fd00::5" } };
    g_autofree char *fingerprint = g_strnfill(64, 'a');

    registration.host = (char[]){ "pc-5" };
    registration.addresses = addresses;
    registration.n_addresses = G_N_ELEMENTS(addresses);
    registration.fingerprint = fingerprint;
    registration.os = (char[]){ "Debian 12" };
    registration.program_version = (char[]){ "0.1.0" };
    registration.direct_port = 21112;
    request.token = (char[]){ "0123456789abcdef" };
    request.csr.data = g_memdup2(g_bytes_get_data(csr, NULL), g_bytes_get_size(csr));
    request.csr.len = g_bytes_get_size(csr);
    request.registration = &registration;
    request.certificate = hl_unconst(given_up);
    if (proof != NULL)
        request.proof.data = hl_unconst(g_bytes_get_data(proof, &request.proof.len));
    request.replace = true;
    request.clock_ms = 1795385700000;
    put_message("enrol", name, "", &request.base);
    g_free(request.csr.data);
}

static void write_enrol(void)
{
    g_autoptr(HlKey) key = hl_key_generate(NULL);
    g_autoptr(HlCert) ca = hl_cert_make_ca(key, "seeds", 1795385600000, 1795385600000 + 900 * HL_DAY, NULL);
    g_autoptr(GBytes) csr = hl_csr_make(key, "e-seed", NULL);
    g_autoptr(GBytes) cut = g_bytes_new_from_bytes(csr, 0, g_bytes_get_size(csr) - 1);
    g_autoptr(GBytes) proof = hl_key_sign(key, HL_ENROL_PROOF, csr);
    const HlCertSpec spec = {
        .cn = "e-seed", .kind = HL_CERT_ENDPOINT, .not_before = 1795385600000, .not_after = 1795385600000 + HL_DAY
    };
    g_autoptr(HlCert) cert = hl_cert_issue(ca, key, csr, &spec, NULL);
    g_autoptr(HlSigningKey) signing_key = hl_signing_key_generate(NULL);
    g_autofree char *pem = hl_cert_print(cert);
    const char *begin = strchr(pem, '\n');
    g_autofree char *base64 = g_strndup(begin, (gsize)(strstr(begin, "-----END") - begin));
    gsize size;
    g_autofree guchar *der = g_base64_decode(base64, &size);
    g_autoptr(GByteArray) out = g_byte_array_new();
    HlMsgSettingsDocument document = HOLDLINE__V1__SETTINGS_DOCUMENT__INIT;
    HlMsgEnrolReply reply = HOLDLINE__V1__ENROL_REPLY__INIT;
    g_autoptr(HlMsgEnvelope) settings = hl_envelope_sign(signing_key, HL_ENVELOPE_SETTINGS, &document.base);

    write_request("request", csr, "", NULL);
    write_request("request-cut", cut, "", NULL);
    write_request("request-proof", csr, pem, proof);
    reply.endpoint = (char[]){ "e-seed" };
    reply.certificate = pem;
    reply.settings = settings;
    put_message("enrol", "reply", "A", &reply.base);
    reply = (HlMsgEnrolReply)HOLDLINE__V1__ENROL_REPLY__INIT;
    reply.code = (char[]){ "denied" };
    reply.message = (char[]){ "the bundle's token is not known to this server" };
    put_message("enrol", "refusal", "A", &reply.base);
    g_byte_array_append(out, (const guint8 *)"X", 1);
    g_byte_array_append(out, der, (guint)size);
    put("enrol", "certificate", out->data, out->len);
}

/* -------------------------------------------------------------------------------------------------------- signed */

static void add_message(GByteArray *out, char type, const ProtobufCMessage *message)
{
    g_autoptr(GBytes) bytes = hl_wire_encode(message);
    gsize size = g_bytes_get_size(bytes);
    const guint8 head[] = { (guint8)type, (guint8)(size >> 8), (guint8)size };

    g_byte_array_append(out, head, sizeof head);
    g_byte_array_append(out, g_bytes_get_data(bytes, NULL), (guint)size);
}

static void add_settings(GByteArray *out, char type, const char *text, guint64 counter, HlTime expires)
{
    HlMsgSettingsDocument document = HOLDLINE__V1__SETTINGS_DOCUMENT__INIT;
    size_t n;
    HlMsgSetting **entries = hl_settings_entries(text, &n);

    document.endpoint = (char[]){ "e-1" };
    document.group = (char[]){ "sales" };
    document.counter = counter;
    document.expires_ms = expires;
    document.settings = entries;
    document.n_settings = n;
    add_message(out, type, &document.base);
    hl_settings_entries_free(entries, n);
}

static void add_command(GByteArray *out, const char *id, int kind)
{
    HlMsgCommand command = HOLDLINE__V1__COMMAND__INIT;
    g_autofree char *copy = g_strdup(id);

    command.endpoint = (char[]){ "e-1" };
    command.id = copy;
    command.kind = (Holdline__V1__CommandKind)kind;
    command.issued_ms = 0x123456789ab;
    command.expires_ms = 1795385700000 + HL_HOUR;
    command.subject = (char[]){ "c-2" };
    command.window_ms = 60000;
    command.timeout_ms = 600000;
    add_message(out, 'C', &command.base);
}

static void put_and_clear(const char *name, GByteArray *out)
{
    put("signed", name, out->data, out->len);
    g_byte_array_set_size(out, 0);
}

static void write_signed(void)
{
    static const char daily[] = "update.schedule=daily 12:30\nline.heartbeat=60s\nupdate.sources=server,activeupdate\n";
    g_autoptr(GByteArray) out = g_byte_array_new();

    add_settings(out, 'S', daily, 1, 0);
    add_settings(out, 'S', daily, 1, 0);
    add_settings(out, 'P', daily, 1, 0);
    add_settings(out, 'S', "", 2, 0);
    add_settings(out, 'S', "", 1, 0);
    put_and_clear("settings", out);
    add_settings(out, 'S', "mode.independent=true\n", 5, 0);
    add_command(out, "c-1", 1);
    add_command(out, "c-3", 3);
    add_settings(out, 'S', "mode.independent=true\nscan.schedule=weekly mon 01:00\n", 6, 0);
    add_settings(out, 'P', "mode.independent=false\n", 7, 0);
    put_and_clear("independent", out);
    add_settings(out, 'S', "of.a.newer.version=x\nscan.method=smart\n", 1, 1795385700000);
    add_settings(out, 'S', "update.schedule=sometimes\n", 2, 0);
    put_and_clear("refused", out);
    for (int kind = 0; kind <= 6; kind++) {
        g_autofree char *id = g_strdup_printf("c-%d", kind);

        add_command(out, id, kind);
        add_command(out, id, kind);
    }
    put_and_clear("commands", out);
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: corpus-seeds DIR\n");
        return EXIT_FAILURE;
    }
    top = argv[1];
    write_delta();
    write_enrol();
    write_signed();
    return EXIT_SUCCESS;
}
