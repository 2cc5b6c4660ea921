/* SPDX-License-Identifier: Apache-2.0 */
#include "updater/delta/mix.h"

#include <string.h>

/* Contexts beside the match: see set_contexts. */
#define CONTEXTS 7
#define INPUTS   (CONTEXTS + 1) /* of 16 bits: together a vector register */

/* Each context has a table of rows of half a cache line: a check, and the cells of one half byte.  A cell holds the
 * probability of a 1 in its upper 12 bits, how often it learned in the lower 4. */
#define ROW_BITS_MIN 8
#define ROW_BITS_MAX \
    13 /* 1.8 MiB in all; with 14 it takes 0.6 % less, and more of the time is spent waiting for memory */
#define ROW_CELLS 16
#define CELL_HALF ((guint16)(2048 << 4))

#define MATCH_BITS_MAX 18
#define MATCH_MIN      5
#define MATCH_MAX      31

/* The contexts are trained with pieces spread over the primer; the match sees all of it, or this many places. */
#define TRAIN_PIECES ((gsize)4)
#define TRAIN_PIECE  ((gsize)2 << 10)
#define TRAIN_PLACES ((gsize)512 << 10)

#define BYTE_COST 250 /* ns, on a machine of 2020 */

#define FIELDS 32 /* of a line that are told apart */
#define MARGIN 8  /* bytes of nothing before the history, so that contexts may look back at its start */

/* Sets of weights: by length of the match, by what the line above says, by bit of the byte.  16384 is a weight of one.
 */
#define MATCH_CLASSES 4
#define ORDER_CLASSES 3
#define START_WEIGHT  4000
#define WEIGHT_MAX    ((gint16)32000) /* what one step adds does not overflow */
#define LEARN_RATE    5
#define LEARN_ERROR   8 /* in 1/4096; what was foretold better than this teaches nothing and costs time */

/* Vector of GCC and Clang: written as single numbers into memory, it could only be read back with a stall. */
typedef gint16 Inputs __attribute__((vector_size(INPUTS * sizeof(gint16))));

/* Fields of one line: where each starts in the history. */
typedef struct {
    gsize starts[FIELDS];
    guint32 n;
} Line;

/* Probabilities are 16 bits wide, logarithmic odds in 1/256 from -2047 to 2047. */
typedef struct {
    guint16 (*tables[CONTEXTS])[ROW_CELLS];
    guint row_bits;
    guint16 *rows[CONTEXTS];  /* in use */
    guint32 hashes[CONTEXTS]; /* of the contexts, for this byte */
    gint16 weights[MATCH_CLASSES * ORDER_CLASSES * 8][INPUTS];
    gint16 *set; /* of weights, in use */
    Inputs inputs;
    gint16 stretch[4096];
    guint16 squash[4096];

    guint8 *history; /* MARGIN, primer, data */
    gsize at;        /* the byte that is being predicted */
    guint32 partial; /* its bits so far behind a leading 1 */
    guint32 cell;    /* in the rows: those of its half */

    guint32 *places; /* last place after these MATCH_MIN bytes, by hash */
    guint match_bits;
    gsize match; /* what followed the same bytes before; 0: never seen */
    guint32 match_length;
    guint16 match_trust[MATCH_MAX + 1]; /* cells: the matching byte goes on being right */
    gint foretold;                      /* the bit that it holds, or -1 once the byte went another way */

    Line lines[2];
    Line *above, *here;
    guint32 column; /* in the field */
    gint32 order;   /* how this field compares with the one above so far: -1, 0, 1 */
} Model;

/* 32768 / (n + 1.3) after n bits. */
static const guint16 rates[16] = { 25206, 14247, 9930, 7620, 6183, 5201, 4489, 3948,
                                   3523,  3181,  2900, 2664, 2464, 2291, 2142, 2010 };

/* 65536 / (1 + e^(-i / 4)) for i from -32 to 32. */
static const guint16 odds[] = { 22,    28,    36,    47,    60,    77,    98,    126,   162,   208,   267,
                                342,   439,   562,   720,   922,   1179,  1506,  1921,  2446,  3108,  3938,
                                4971,  6249,  7812,  9702,  11955, 14595, 17625, 21025, 24743, 28693, 32768,
                                36843, 40793, 44511, 47911, 50941, 53581, 55834, 57724, 59287, 60565, 61598,
                                62428, 63090, 63615, 64030, 64357, 64614, 64816, 64974, 65097, 65194, 65269,
                                65328, 65374, 65410, 65438, 65459, 65476, 65489, 65500, 65508, 65514 };

static guint32 squash(gint32 d)
{
    guint32 place = (guint32)(d + 2048);
    guint32 low = odds[place >> 6];
    guint32 high = odds[(place >> 6) + 1];

    return low + (((high - low) * (place & 63)) >> 6);
}

/* Rounded towards the bit, so that a cell that never errs ends at 0 or 4095; the count below the probability is too
 * small to matter. */
static guint16 learned(guint16 cell, guint bit)
{
    gint32 distance = (bit ? 65535 : 15) - cell;
    guint32 n = cell & 15;

    return (guint16)(cell + (((distance * rates[n] + (bit ? 15 << 15 : 0)) >> 15) & ~15) + (n < 15));
}

static void model_init(Model *model, const guint8 *primer, gsize primer_size, gsize size)
{
    guint32 next = 0;

    memset(model, 0, sizeof *model);
    model->row_bits = ROW_BITS_MIN; /* a row a byte: it uses two, and half of them are known */
    while (model->row_bits < ROW_BITS_MAX &&
           (gsize)1 << model->row_bits < MIN(primer_size, TRAIN_PIECES * TRAIN_PIECE) + size)
        model->row_bits++;
    for (guint i = 0; i < CONTEXTS; i++)
        model->tables[i] = g_aligned_alloc0((gsize)1 << model->row_bits, sizeof *model->tables[i], 64);
    for (guint s = 0; s < G_N_ELEMENTS(model->weights); s++)
        for (guint i = 0; i < INPUTS; i++)
            model->weights[s][i] = START_WEIGHT;
    for (gint32 d = -2047; d <= 2047; d++) {
        model->squash[d + 2048] = (guint16)squash(d);
        for (guint32 p = squash(d) >> 4; next <= p; next++)
            model->stretch[next] = (gint16)d;
    }
    for (; next < G_N_ELEMENTS(model->stretch); next++)
        model->stretch[next] = 2047;
    for (guint32 n = 0; n <= MATCH_MAX; n++)
        model->match_trust[n] = (guint16)(CELL_HALF + (n << 9));
    model->match_bits = ROW_BITS_MIN;
    while (model->match_bits < MATCH_BITS_MAX && (gsize)1 << model->match_bits < primer_size + size)
        model->match_bits++;
    model->places = g_new0(guint32, (gsize)1 << model->match_bits);
    model->history = g_malloc0(MARGIN + primer_size + size + 1);
    if (primer_size > 0)
        memcpy(model->history + MARGIN, primer, primer_size);
    model->at = MARGIN;
    model->above = &model->lines[0];
    model->here = &model->lines[1];
    model->here->n = 1;
    model->here->starts[0] = MARGIN;
}

static void model_clear(Model *model)
{
    for (guint i = 0; i < CONTEXTS; i++)
        g_aligned_free(model->tables[i]);
    g_free(model->places);
    g_free(model->history);
}

/* The byte of the line above at this field and column, or the one k further; 0 if it has none. */
static guint32 byte_above(const Model *model, guint32 k)
{
    guint32 field = model->here->n - 1;

    return field < model->above->n ? model->history[model->above->starts[field] + model->column + k] : 0;
}

static guint32 mix_hash(guint32 context, guint32 a, guint32 b, guint32 c)
{
    guint32 h = (context + 1) * 0x9e3779b1u ^ a * 0x85ebca6bu ^ b * 0xc2b2ae35u ^ c * 0x27d4eb2fu;

    return (h ^ h >> 15) * 0x2c1b3c6du;
}

/* The contexts of the byte at hand. */
static void set_contexts(Model *model)
{
    const guint8 *p = model->history + model->at;
    guint32 last4 = (guint32)p[-1] | (guint32)p[-2] << 8 | (guint32)p[-3] << 16 | (guint32)p[-4] << 24;
    guint32 above = byte_above(model, 0);
    guint32 field = model->here->n;

    model->hashes[0] = mix_hash(0, p[-1], 0, 0);
    model->hashes[1] = mix_hash(1, last4 & 0xffff, 0, 0);
    model->hashes[2] = mix_hash(2, last4, 0, 0);
    model->hashes[3] = mix_hash(3, last4, (guint32)p[-5] << 8 | p[-6], 0);
    model->hashes[4] = mix_hash(4, field, MIN(model->column, 255), 0);
    model->hashes[5] = mix_hash(5, field, above, (guint32)(model->order + 1) << 8 | byte_above(model, 1));
    model->hashes[6] = mix_hash(6, above, last4 & 0xffff, (guint32)(model->order + 1));
}

/* The rows of this half byte; a row that another context had is cleared. */
static void set_rows(Model *model)
{
    for (guint i = 0; i < CONTEXTS; i++) {
        guint32 h = (model->hashes[i] + model->partial * 0x9e3779b1u) * 0x2545f491u;
        guint16 *row = model->tables[i][h >> (32 - model->row_bits)];
        guint16 check = (guint16)(h | 1); /* 0 marks a row that nobody had */

        if (row[0] != check) {
            row[0] = check;
            for (guint k = 1; k < ROW_CELLS; k++)
                row[k] = CELL_HALF;
        }
        model->rows[i] = row;
    }
    model->cell = 1;
}

/* Where the place after the last MATCH_MIN bytes is stored. */
static guint32 *place_slot(const Model *model)
{
    guint64 last8;

    memcpy(&last8, model->history + model->at - sizeof last8, sizeof last8);
    last8 = GUINT64_FROM_LE(last8) >> (64 - 8 * MATCH_MIN);
    return &model->places[(last8 * 0x9e3779b97f4a7c15u) >> (64 - model->match_bits)];
}

/* Goes on with the match or looks for another one; remembers this place, whatever follows. */
static void find_match(Model *model)
{
    const guint8 *history = model->history;
    guint32 *slot = place_slot(model);
    gsize before = *slot;

    *slot = (guint32)model->at;
    if (model->match > 0 && history[model->match] == history[model->at - 1]) {
        model->match++;
        model->match_length = MIN(model->match_length + 1, MATCH_MAX);
        return;
    }
    model->match = before;
    model->match_length = 0;
    while (model->match > 0 && model->match_length < MATCH_MAX && model->match - model->match_length > MARGIN &&
           history[model->match - model->match_length - 1] == history[model->at - model->match_length - 1])
        model->match_length++;
    if (model->match_length < MATCH_MIN)
        model->match = 0;
}

static bool is_word(guint8 byte)
{
    return g_ascii_isalnum(byte) || byte >= 0x80;
}

/* Follows lines and fields past the byte that stands at model->at, and moves on. */
static void advance(Model *model)
{
    guint8 byte = model->history[model->at];

    model->at++;
    if (byte == '\n') {
        Line *line = model->above;

        model->above = model->here;
        model->here = line;
        line->n = 0;
    } else if (is_word(byte)) {
        if (model->order == 0)
            model->order = (gint32)(byte > byte_above(model, 0)) - (gint32)(byte < byte_above(model, 0));
        model->column++;
        return;
    }
    model->column = 0;
    model->order = 0;
    if (model->here->n < FIELDS)
        model->here->starts[model->here->n++] = model->at;
    else
        model->here->starts[FIELDS - 1] = model->at;
}

static void begin_byte(Model *model)
{
    model->partial = 1;
    find_match(model);
    set_contexts(model);
    set_rows(model);
}

/* What a context's row, or the match, says: logarithmic odds. */
static gint16 stretched(const Model *model, guint16 cell)
{
    return model->stretch[cell >> 4];
}

static gint16 ask_row(const Model *model, guint context)
{
    return stretched(model, model->rows[context][model->cell]);
}

static gint16 ask_match(const Model *model)
{
    gint16 trust = stretched(model, model->match_trust[model->match_length]);

    if (model->foretold < 0)
        return 0;
    if (model->foretold == 0)
        trust = (gint16)-trust;
    return trust;
}

/* Probability of a 1 as the next bit, `done` bits of the byte being known. */
static guint32 predict(Model *model, guint done)
{
    guint32 byte = model->match > 0 ? model->history[model->match] | 0x100u : 0;
    guint32 class;
    gint32 sum = 0;

    model->foretold = byte >> (8 - done) == model->partial ? (gint)(byte >> (7 - done) & 1) : -1;
    class = model->foretold < 0 ? 0 : model->match_length < 12 ? 1 : model->match_length < MATCH_MAX ? 2 : 3;
    model->set = model->weights[(class * ORDER_CLASSES + (guint32)(model->order + 1)) * 8 + done];
    model->inputs = (Inputs){ ask_row(model, 0), ask_row(model, 1), ask_row(model, 2), ask_row(model, 3),
                              ask_row(model, 4), ask_row(model, 5), ask_row(model, 6), ask_match(model) };
    for (guint i = 0; i < INPUTS; i++)
        sum += model->set[i] * model->inputs[i];
    return model->squash[CLAMP(sum >> 14, -2047, 2047) + 2048];
}

/* error in 1/4096, times LEARN_RATE. */
static void adapt(gint16 *set, Inputs inputs, gint16 error)
{
    for (guint i = 0; i < INPUTS; i++) {
        gint16 twice = (gint16)((inputs[i] * 2 * error) >> 16); /* arithmetic, as gcc and clang promise */
        gint16 weight = (gint16)(set[i] + ((twice + 1) >> 1));

        set[i] = CLAMP(weight, -WEIGHT_MAX, WEIGHT_MAX);
    }
}

static void update(Model *model, guint done, guint32 probability, guint bit)
{
    gint32 error = ((gint32)(bit << 16) - (gint32)probability) >> 4;

    if (ABS(error) >= LEARN_ERROR) {
        adapt(model->set, model->inputs, (gint16)(error * LEARN_RATE));
        for (guint i = 0; i < CONTEXTS; i++)
            model->rows[i][model->cell] = learned(model->rows[i][model->cell], bit);
        if (model->foretold >= 0)
            model->match_trust[model->match_length] =
                learned(model->match_trust[model->match_length], model->foretold == (gint)bit);
    }
    model->partial = model->partial << 1 | bit;
    model->cell = model->cell << 1 | bit;
    if (done == 3)
        set_rows(model);
}

/* Learns the primer: the end of each piece bit by bit, places to match in all of it. */
static void train(Model *model, gsize primer_size)
{
    gsize stride = 1 + primer_size / TRAIN_PLACES;

    for (gsize piece = 1; piece <= TRAIN_PIECES; piece++) {
        gsize end = MARGIN + piece * primer_size / TRAIN_PIECES;

        for (; model->at + TRAIN_PIECE < end; model->at += stride)
            *place_slot(model) = (guint32)model->at;
        model->match = 0;
        for (; model->at < end; advance(model)) {
            guint8 byte = model->history[model->at];

            begin_byte(model);
            for (guint done = 0; done < 8; done++)
                update(model, done, predict(model, done), byte >> (7 - done) & 1);
        }
    }
}

guint64 upd_mix_cost(gsize primer_size, gsize size)
{
    /* a quarter of a microsecond for each byte that is learned; the set-up; the places to match, waiting for memory */
    return BYTE_COST * (guint64)(MIN(primer_size, TRAIN_PIECES * TRAIN_PIECE) + size) + 300000 +
           4 * (guint64)MIN(primer_size, TRAIN_PLACES);
}

gsize upd_mix_affords(gsize primer_size, guint64 ns)
{
    guint64 set_up = upd_mix_cost(primer_size, 0);

    return ns < set_up ? 0 : MIN((ns - set_up) / BYTE_COST, UPD_MIX_MAX);
}

void upd_mix_pack(GByteArray *out, const guint8 *primer, gsize primer_size, const guint8 *data, gsize size)
{
    Model model;
    guint32 low = 0;
    guint32 high = G_MAXUINT32;
    guint8 tail[4];

    model_init(&model, primer, primer_size, size);
    train(&model, primer_size);
    for (gsize i = 0; i < size; i++) {
        begin_byte(&model);
        for (guint done = 0; done < 8; done++) {
            guint32 probability = predict(&model, done);
            guint bit = data[i] >> (7 - done) & 1;
            guint32 middle = low + (guint32)(((guint64)(high - low) * probability) >> 16);

            if (bit)
                high = middle;
            else
                low = middle + 1;
            for (; (low ^ high) >> 24 == 0; low <<= 8, high = high << 8 | 0xff) {
                guint8 byte = (guint8)(high >> 24);

                g_byte_array_append(out, &byte, 1);
            }
            update(&model, done, probability, bit);
        }
        model.history[model.at] = data[i];
        advance(&model);
    }
    /* one byte that lies between low and high, whatever the reader takes for those that follow */
    tail[0] = (guint8)((low >> 24) + 1);
    g_byte_array_append(out, tail, 1);
    model_clear(&model);
}

/* The packed bytes; zeroes after their end, of which a proper coding needs no more than four. */
typedef struct {
    const guint8 *data;
    gsize size, at;
} Input;

static guint32 next_byte(Input *input)
{
    gsize at = input->at++;

    return at < input->size ? input->data[at] : 0;
}

static void decode_byte(Model *model, Input *input, guint32 *low, guint32 *high, guint32 *code)
{
    begin_byte(model);
    for (guint done = 0; done < 8; done++) {
        guint32 probability = predict(model, done);
        guint32 middle = *low + (guint32)(((guint64)(*high - *low) * probability) >> 16);
        guint bit = *code <= middle;

        if (bit)
            *high = middle;
        else
            *low = middle + 1;
        for (; (*low ^ *high) >> 24 == 0; *low <<= 8, *high = *high << 8 | 0xff)
            *code = *code << 8 | next_byte(input);
        update(model, done, probability, bit);
    }
    model->history[model->at] = (guint8)model->partial;
    advance(model);
}

bool upd_mix_unpack(const guint8 *primer, gsize primer_size, const guint8 *packed, gsize packed_size, guint8 *data,
                    gsize size, GError **error)
{
    Model model;
    Input input = { packed, packed_size, 0 };
    guint32 low = 0;
    guint32 high = G_MAXUINT32;
    guint32 code = 0;

    model_init(&model, primer, primer_size, size);
    train(&model, primer_size);
    for (guint i = 0; i < 4; i++)
        code = code << 8 | next_byte(&input);
    for (gsize i = 0; i < size && input.at <= packed_size + 4; i++)
        decode_byte(&model, &input, &low, &high, &code);
    memcpy(data, model.history + MARGIN + primer_size, size);
    model_clear(&model);
    if (input.at > packed_size + 4)
        return hl_fail(error, HL_ERROR_INVALID, "compressed data is cut short");
    return true;
}
