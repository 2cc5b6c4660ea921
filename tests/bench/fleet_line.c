/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bench/fleet_line.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Types of packets, in the upper half of the first byte (MQTT 5, 2.1.2). */
enum { CONNECT = 1, CONNACK, PUBLISH, PUBACK, SUBSCRIBE = 8, SUBACK };

#define KEEPALIVE       600 /* s; as long as the broker allows: what is measured is the product's heartbeat */
#define RECEIVE_MAXIMUM 0x21

void fleet_line_init(FleetLine *line, const FleetLineHandlers *handlers, gpointer user)
{
    *line = (FleetLine){ .fd = -1, .handlers = handlers, .user = user };
}

void fleet_line_cut(FleetLine *line)
{
    hl_tls_free(g_steal_pointer(&line->tls));
    if (line->fd >= 0)
        close(line->fd);
    line->fd = -1;
    g_clear_pointer(&line->in, g_byte_array_unref);
    g_clear_pointer(&line->out, g_byte_array_unref);
    line->sent = 0;
    line->phase = FLEET_DOWN;
}

static void fail(FleetLine *line, const char *reason)
{
    g_autofree char *copy = g_strdup(reason);

    fleet_line_cut(line);
    line->handlers->down(copy, line->user);
}

/* ---------------------------------------------------------------------------------------------------------- packets */

static void put_u8(GByteArray *to, guint value)
{
    guint8 byte = (guint8)value;

    g_byte_array_append(to, &byte, 1);
}

static void put_u16(GByteArray *to, guint value)
{
    put_u8(to, value >> 8);
    put_u8(to, value);
}

static void put_data(GByteArray *to, const void *data, gsize size)
{
    put_u16(to, (guint)size);
    g_byte_array_append(to, data, (guint)size);
}

static void put_text(GByteArray *to, const char *text)
{
    put_data(to, text, strlen(text));
}

static void put_length(GByteArray *to, gsize length)
{
    do {
        put_u8(to, (guint)(length % 128) | (length >= 128 ? 0x80U : 0));
        length /= 128;
    } while (length > 0);
}

static void queue(FleetLine *line, guint first, const GByteArray *body)
{
    put_u8(line->out, first);
    put_length(line->out, body->len);
    g_byte_array_append(line->out, body->data, body->len);
}

static void queue_connect(FleetLine *line, const FleetLineSpec *spec)
{
    g_autoptr(GByteArray) body = g_byte_array_new();
    gsize size;
    const void *will = g_bytes_get_data(spec->will, &size);

    put_text(body, "MQTT");
    put_u8(body, 5);
    put_u8(body, 0x20 | 0x08 | 0x04 | 0x02); /* the will retained, of quality 1; a clean start */
    put_u16(body, KEEPALIVE);
    put_length(body, 3);
    put_u8(body, RECEIVE_MAXIMUM);
    put_u16(body, 1000);
    put_text(body, spec->id);
    put_length(body, 0);
    put_text(body, spec->will_topic);
    put_data(body, will, size);
    queue(line, CONNECT << 4, body);
}

static guint16 next_packet(FleetLine *line)
{
    if (++line->packet == 0)
        line->packet = 1;
    return line->packet;
}

static void queue_subscribe(FleetLine *line, const char *const *filters)
{
    g_autoptr(GByteArray) body = g_byte_array_new();

    put_u16(body, next_packet(line));
    put_length(body, 0);
    for (; *filters != NULL; filters++) {
        put_text(body, *filters);
        put_u8(body, 1);
    }
    queue(line, (SUBSCRIBE << 4) | 2, body);
}

void fleet_line_publish(FleetLine *line, const char *topic, GBytes *payload, int qos, bool retained)
{
    g_autoptr(GByteArray) body = g_byte_array_new();
    gsize size;
    const void *data = g_bytes_get_data(payload, &size);

    if (line->phase != FLEET_UP)
        return;
    put_text(body, topic);
    if (qos > 0)
        put_u16(body, next_packet(line));
    put_length(body, 0);
    g_byte_array_append(body, data, (guint)size);
    queue(line, (PUBLISH << 4) | (guint)qos << 1 | (retained ? 1U : 0), body);
}

/* -------------------------------------------------------------------------------------------------- what comes down */

typedef struct {
    const guint8 *at, *end;
} Reader;

static bool take_u16(Reader *reader, guint *value)
{
    if (reader->end - reader->at < 2)
        return false;
    *value = (guint)reader->at[0] << 8 | reader->at[1];
    reader->at += 2;
    return true;
}

/* A length of 1 to 4 bytes; 0: not all of it is there. */
static int take_length(Reader *reader, gsize *length)
{
    *length = 0;
    for (int i = 0; i < 4; i++) {
        if (reader->at == reader->end)
            return 0;
        *length |= (gsize)(*reader->at & 0x7f) << (7 * i);
        if ((*reader->at++ & 0x80) == 0)
            return 1;
    }
    return -1;
}

static bool skip_properties(Reader *reader)
{
    gsize length;

    if (take_length(reader, &length) != 1 || length > (gsize)(reader->end - reader->at))
        return false;
    reader->at += length;
    return true;
}

static void acknowledge(FleetLine *line, guint packet)
{
    guint8 bytes[] = { PUBACK << 4, 2, (guint8)(packet >> 8), (guint8)packet };

    g_byte_array_append(line->out, bytes, sizeof bytes);
}

static bool handle_publish(FleetLine *line, guint first, Reader reader)
{
    guint length, packet = 0;
    const char *topic;
    g_autoptr(GBytes) payload = NULL;

    if (!take_u16(&reader, &length) || length > reader.end - reader.at)
        return false;
    topic = (const char *)reader.at;
    reader.at += length;
    if ((first & 0x06) != 0 && !take_u16(&reader, &packet))
        return false;
    if (!skip_properties(&reader))
        return false;
    payload = g_bytes_new(reader.at, (gsize)(reader.end - reader.at));
    if (packet != 0)
        acknowledge(line, packet);
    line->handlers->message(topic, length, payload, (first & 1) != 0, line->user);
    return true;
}

static bool handle_connack(FleetLine *line, Reader reader)
{
    return line->phase == FLEET_ASKING && reader.end - reader.at >= 2 && reader.at[1] == 0;
}

/* false: the connection is to end. */
static bool handle(FleetLine *line, guint first, Reader reader)
{
    switch (first >> 4) {
    case CONNACK:
        return handle_connack(line, reader);
    case SUBACK:
        line->phase = FLEET_UP;
        line->handlers->up(line->user);
        return true;
    case PUBLISH:
        return handle_publish(line, first, reader);
    case PUBACK:
        return true;
    default:
        return false;
    }
}

/* How many bytes of in were used; -1: not MQTT. */
static gssize handle_next(FleetLine *line, gsize from)
{
    Reader reader = { line->in->data + from, line->in->data + line->in->len };
    gsize length;
    guint first;
    int known;

    if (reader.at == reader.end)
        return 0;
    first = *reader.at++;
    known = take_length(&reader, &length);
    if (known == 0)
        return 0;
    if (known < 0 || length > FLEET_MAX_PACKET)
        return -1;
    if (length > (gsize)(reader.end - reader.at))
        return 0;
    reader.end = reader.at + length;
    if (!handle(line, first, reader))
        return -1;
    /* a handler may have cut the line */
    return line->phase == FLEET_DOWN ? 0 : reader.end - (line->in->data + from);
}

static bool handle_all(FleetLine *line)
{
    gsize from = 0;
    gssize used;

    while ((used = handle_next(line, from)) > 0)
        from += (gsize)used;
    if (line->phase == FLEET_DOWN)
        return true;
    if (from > 0)
        g_byte_array_remove_range(line->in, 0, (guint)from);
    return used == 0;
}

/* ----------------------------------------------------------------------------------------------------------- socket */

bool fleet_line_open(FleetLine *line, HlTlsContext *context, int port, const FleetLineSpec *spec)
{
    struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((guint16)port) };
    int on = 1;

    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    line->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (line->fd < 0)
        return false;
    setsockopt(line->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (connect(line->fd, (const struct sockaddr *)&to, sizeof to) != 0 && errno != EINPROGRESS) {
        close(line->fd);
        line->fd = -1;
        return false;
    }
    line->tls = hl_tls_new(context, line->fd);
    line->in = g_byte_array_new();
    line->out = g_byte_array_new();
    line->phase = FLEET_CONNECTING;
    queue_connect(line, spec);
    queue_subscribe(line, spec->filters);
    return true;
}

static bool flush(FleetLine *line)
{
    HlTlsOutcome outcome = HL_TLS_DONE;
    gsize n;

    while (line->sent < line->out->len && outcome == HL_TLS_DONE) {
        outcome = hl_tls_write(line->tls, line->out->data + line->sent, line->out->len - line->sent, &n);
        if (outcome == HL_TLS_DONE)
            line->sent += n;
    }
    line->write_blocked = outcome == HL_TLS_WANT_WRITE;
    if (line->sent == line->out->len) {
        g_byte_array_set_size(line->out, 0);
        line->sent = 0;
    }
    return outcome == HL_TLS_DONE || outcome == HL_TLS_WANT_WRITE || outcome == HL_TLS_WANT_READ;
}

static bool receive(FleetLine *line)
{
    guint8 buffer[8192];
    HlTlsOutcome outcome;
    gsize n;

    while ((outcome = hl_tls_read(line->tls, buffer, sizeof buffer, &n)) == HL_TLS_DONE) {
        g_byte_array_append(line->in, buffer, (guint)n);
        if (!handle_all(line))
            return false;
        if (line->phase == FLEET_DOWN)
            return true;
    }
    return outcome == HL_TLS_WANT_READ || outcome == HL_TLS_WANT_WRITE;
}

/* true: the handshake is complete. */
static bool shake(FleetLine *line)
{
    HlTlsOutcome outcome = hl_tls_handshake(line->tls);

    line->write_blocked = outcome == HL_TLS_WANT_WRITE;
    if (outcome == HL_TLS_CLOSED || outcome == HL_TLS_FAILED)
        fail(line, hl_tls_problem(line->tls));
    if (outcome == HL_TLS_DONE)
        line->phase = FLEET_ASKING;
    return outcome == HL_TLS_DONE;
}

void fleet_line_ready(FleetLine *line)
{
    int problem = 0;
    socklen_t size = sizeof problem;

    if (line->phase == FLEET_CONNECTING) {
        getsockopt(line->fd, SOL_SOCKET, SO_ERROR, &problem, &size);
        if (problem != 0) {
            fail(line, g_strerror(problem));
            return;
        }
        line->phase = FLEET_SHAKING;
    }
    if (line->phase == FLEET_DOWN || (line->phase == FLEET_SHAKING && !shake(line)))
        return;
    if (!flush(line) || !receive(line) || (line->phase != FLEET_DOWN && !flush(line)))
        fail(line, "the broker ended the connection");
}

bool fleet_line_wants_write(const FleetLine *line)
{
    return line->phase == FLEET_CONNECTING || line->write_blocked;
}
