/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/state/letters.h"

#include "lib/base/unconst.h"
#include "lib/pki/batch.h"
#include "manager/daemon/state/payloads.h"
#include "proto/envelope.h"
#include "proto/wire.h"

/* One that waits: what was borrowed is kept. */
typedef struct {
    MgrLetter letter;
    GBytes *front;
} Waiting;

struct MgrLetters {
    MgrDown *down;
    const MgrSealer *sealer;
    GArray *waiting; /* of Waiting */
    GArray *spare;   /* an empty one with room for as many; NULL: it is in use */
    bool gathers;
    uint64_t signatures;
};

static void waiting_clear(gpointer item)
{
    Waiting *waiting = item;

    g_bytes_unref(waiting->letter.payload);
    g_clear_pointer(&waiting->front, g_bytes_unref);
}

static GArray *waiting_new(void)
{
    GArray *waiting = g_array_sized_new(FALSE, FALSE, sizeof(Waiting), HL_BATCH_MAX);

    g_array_set_clear_func(waiting, waiting_clear);
    return waiting;
}

MgrLetters *mgr_letters_new(MgrDown *down, const MgrSealer *sealer)
{
    MgrLetters *letters = g_new0(MgrLetters, 1);

    letters->down = down;
    letters->sealer = sealer;
    letters->waiting = waiting_new();
    letters->spare = waiting_new();
    return letters;
}

void mgr_letters_free(MgrLetters *letters)
{
    if (letters == NULL)
        return;
    g_array_unref(letters->waiting);
    g_array_unref(letters->spare);
    g_free(letters);
}

uint64_t mgr_letters_signatures(const MgrLetters *letters)
{
    return letters->signatures;
}

/* What is signed together. */
typedef struct {
    MgrLetters *letters;
    const Waiting *waiting;
} Post;

static GBytes *encode(const Waiting *waiting, const HlMsgEnvelope *envelope)
{
    HlMsgAck ack = HOLDLINE__V1__ACK__INIT;
    g_autoptr(GBytes) own = NULL;

    if (waiting->letter.topic != HL_TOPIC_ACK)
        return HL_WIRE_ENCODE(envelope);
    ack.notice = hl_unconst(envelope);
    own = HL_WIRE_ENCODE(&ack);
    return mgr_payload_join(waiting->front, own);
}

/* HlEnvelopeSigned */
static void post(const HlMsgEnvelope *envelope, guint place, gpointer user)
{
    const Post *all = user;
    const Waiting *waiting = &all->waiting[place];
    const MgrLetter *letter = &waiting->letter;
    g_autoptr(GBytes) payload = encode(waiting, envelope);
    bool sent = mgr_down_send(all->letters->down, letter->topic, letter->endpoint->record.id, payload, letter->expiry);

    if (letter->done != NULL)
        letter->done(sent, letter->user, letter->item);
}

static void sign_and_post(MgrLetters *letters, const Waiting *waiting, guint n)
{
    g_autofree HlEnvelopeLetter *inner = g_new(HlEnvelopeLetter, n);
    Post all = { letters, waiting };

    for (guint i = 0; i < n; i++)
        inner[i] = (HlEnvelopeLetter){ waiting[i].letter.context, waiting[i].letter.payload };
    letters->signatures += (n + HL_BATCH_MAX - 1) / HL_BATCH_MAX;
    hl_envelopes_sign(mgr_sealer_key(letters->sealer), inner, n, post, &all);
}

void mgr_letters_gather(MgrLetters *letters)
{
    letters->gathers = true;
}

static void post_waiting(MgrLetters *letters)
{
    GArray *waiting = letters->waiting;

    if (waiting->len == 0)
        return;
    /* what is told of one that was sent may send another */
    letters->waiting = letters->spare != NULL ? g_steal_pointer(&letters->spare) : waiting_new();
    sign_and_post(letters, &g_array_index(waiting, Waiting, 0), waiting->len);
    g_array_set_size(waiting, 0);
    if (letters->spare == NULL)
        letters->spare = waiting;
    else
        g_array_unref(waiting);
}

void mgr_letters_flush(MgrLetters *letters)
{
    letters->gathers = false;
    post_waiting(letters);
}

void mgr_letters_send(MgrLetters *letters, const MgrLetter *letter, GBytes *front)
{
    Waiting waiting = { *letter, front };

    if (!letters->gathers || !letter->endpoint->takes_batches) {
        sign_and_post(letters, &waiting, 1);
        return;
    }
    g_bytes_ref(waiting.letter.payload);
    if (front != NULL)
        g_bytes_ref(front);
    g_array_append_val(letters->waiting, waiting);
    if (letters->waiting->len == HL_BATCH_MAX)
        post_waiting(letters);
}
