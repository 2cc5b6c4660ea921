#include "updater/delta/mix.h"

#include <string.h>

/* Contexts beside the match: see set_contexts. */
#define CONTEXTS 9
#define INPUTS   (CONTEXTS + 1)

/* Each context has a table of rows; a row holds a check and the 15 bit predictions of one half byte. */
#define ROW_BITS_MIN 8
#define ROW_BITS_MAX 13 /* 4 MiB in all: with 15 it takes 0.7 % less and twice the time, most of it for pages */
#define ROW_SIZE     16

#define MATCH_BITS 16
#define MATCH_MIN  5
#define MATCH_MAX  31

/* How much of the primer the contexts are trained with, in pieces spread over it; the match sees all of it. */
#define TRAIN_MAX   ((gsize)16 << 10)
#define TRAIN_PIECE ((gsize)4 << 10)

#define FIELDS 32 /* of a line that are told apart */
#define MARGIN 8  /* bytes of nothing before the history, so that contexts may look back at its start */

/* A prediction: the probability of a 1 in the upper 22 bits, how often it learned in the lower 10. */
#define HALF        ((guint32)1 << 31)
#define LEARN_LIMIT 120

/* Sets of weights: by length of the match, by what the line above says, by bit of the byte.  65536 is a weight of one.
 */
#define MATCH_CLASSES 4
#define ORDER_CLASSES 3
#define LEARN_RATE    20
#define START_WEIGHT  16000

/* Fields of one line: where each starts in the history. */
typedef struct {
    gsize starts[FIELDS];
    guint32 n;
} Line;

/* Probabilities are 16 bits wide, logarithmic odds in 1/256 from -2047 to 2047. */
typedef struct {
    guint32 *tables[CONTEXTS];
    guint row_bits;
    guint32 *rows[CONTEXTS];  /* in use */
    guint32 hashes[CONTEXTS]; /* of the contexts, for this byte */
    gint32 weights[MATCH_CLASSES * ORDER_CLASSES * 8][INPUTS];
    gint32 inputs[INPUTS];
    gint32 *set; /* of weights, in use */
    gint16 stretch[4096];
    guint32 reciprocals[LEARN_LIMIT + 1];

    guint8 *history; /* MARGIN, primer, data */
    gsize at;        /* the byte that is being predicted */
    guint32 partial; /* its bits so far behind a leading 1 */

    guint32 *places; /* last place after these MATCH_MIN bytes, by hash */
    gsize match;     /* what followed the same bytes before; 0: never seen */
    guint32 match_length;
    guint32 match_trust[MATCH_MAX + 1]; /* predictions that the matching byte goes on being right */

    Line lines[2];
    Line *above, *here;
    guint32 column; /* in the field */
    guint32 word;   /* hash of the letters and digits since the last other byte */
    gint32 order;   /* how this field compares with the one above so far: -1, 0, 1 */
} Model;

/* 65536 / (1 + e^(-i / 4)) for i from -32 to 32. */
static const guint16 odds[] = { 22,    28,    36,    47,    60,    77,    98,    126,   162,   208,   267,
                                342,   439,   562,   720,   922,   1179,  1506,  1921,  2446,  3108,  3938,
                                4971,  6249,  7812,  9702,  11955, 14595, 17625, 21025, 24743, 28693, 32768,
                                36843, 40793, 44511, 47911, 50941, 53581, 55834, 57724, 59287, 60565, 61598,
                                62428, 63090, 63615, 64030, 64357, 64614, 64816, 64974, 65097, 65194, 65269,
                                65328, 65374, 65410, 65438, 65459, 65476, 65489, 65500, 65508, 65514 };

static guint32 squash(gint32 d)
{
    guint32 place = (guint32)(CLAMP(d, -2047, 2047) + 2048);
    guint32 low = odds[place >> 6];
    guint32 high = odds[(place >> 6) + 1];

    return low + (((high - low) * (place & 63)) >> 6);
}

static gint32 stretch(const Model *model, guint32 prediction)
{
    return model->stretch[prediction >> 20];
}

static void learn(const Model *model, guint32 *prediction, guint bit)
{
    gint64 p = *prediction >> 10;
    guint32 n = *prediction & 1023;
    gint64 target = bit ? (1 << 22) - 1 : 0;

    p += ((target - p) * (gint64)model->reciprocals[n]) >> 16; /* arithmetic, as gcc and clang promise */
    *prediction = (guint32)p << 10 | (n < LEARN_LIMIT ? n + 1 : n);
}

static void model_init(Model *model, const guint8 *primer, gsize primer_size, gsize size)
{
    guint32 next = 0;

    memset(model, 0, sizeof *model);
    model->row_bits = ROW_BITS_MIN; /* a row a byte: it uses two, and half of them are known */
    while (model->row_bits < ROW_BITS_MAX && (gsize)1 << model->row_bits < MIN(primer_size, TRAIN_MAX) + size)
        model->row_bits++;
    for (guint i = 0; i < CONTEXTS; i++)
        model->tables[i] = g_new0(guint32, (gsize)ROW_SIZE << model->row_bits);
    for (guint s = 0; s < G_N_ELEMENTS(model->weights); s++)
        for (guint i = 0; i < INPUTS; i++)
            model->weights[s][i] = START_WEIGHT;
    for (gint32 d = -2047; d <= 2047; d++)
        for (guint32 p = squash(d) >> 4; next <= p; next++)
            model->stretch[next] = (gint16)d;
    for (; next < G_N_ELEMENTS(model->stretch); next++)
        model->stretch[next] = 2047;
    for (guint32 n = 0; n <= LEARN_LIMIT; n++)
        model->reciprocals[n] = 10 * 65536 / (10 * n + 13);
    for (guint32 n = 0; n <= MATCH_MAX; n++)
        model->match_trust[n] = HALF + (n << 25);
    model->places = g_new0(guint32, (gsize)1 << MATCH_BITS);
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
        g_free(model->tables[i]);
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
    model->hashes[2] = mix_hash(2, last4 & 0xffffff, 0, 0);
    model->hashes[3] = mix_hash(3, last4, 0, 0);
    model->hashes[4] = mix_hash(4, last4, (guint32)p[-5] << 8 | p[-6], 0);
    model->hashes[5] = mix_hash(5, field, MIN(model->column, 255), 0);
    model->hashes[6] = mix_hash(6, field, above, (guint32)(model->order + 1) << 8 | byte_above(model, 1));
    model->hashes[7] = mix_hash(7, above, last4 & 0xffff, (guint32)(model->order + 1));
    model->hashes[8] = mix_hash(8, model->word, p[-1], field);
}

/* The rows of this half byte; a row that another context had is cleared. */
static void set_rows(Model *model)
{
    for (guint i = 0; i < CONTEXTS; i++) {
        guint32 h = (model->hashes[i] + model->partial * 0x9e3779b1u) * 0x2545f491u;
        guint32 *row = model->tables[i] + (gsize)(h >> (32 - model->row_bits)) * ROW_SIZE;

        h |= 1; /* 0 marks a row that nobody had */
        if (row[0] != h) {
            row[0] = h;
            for (guint k = 1; k < ROW_SIZE; k++)
                row[k] = HALF;
        }
        model->rows[i] = row;
    }
}

static guint32 match_hash(const guint8 *p)
{
    guint32 h = 0;

    for (guint i = 1; i <= MATCH_MIN; i++)
        h = (h + p[-(gint)i]) * 0x2f0b4c47u;
    return h >> (32 - MATCH_BITS);
}

/* Remembers this place, whatever follows. */
static void index_place(Model *model)
{
    if (model->at >= MARGIN + MATCH_MIN)
        model->places[match_hash(model->history + model->at)] = (guint32)model->at;
}

static void find_match(Model *model)
{
    const guint8 *history = model->history;

    if (model->match > 0 && history[model->match] == history[model->at - 1]) {
        model->match++;
        model->match_length = MIN(model->match_length + 1, MATCH_MAX);
        return;
    }
    model->match = model->at >= MARGIN + MATCH_MIN ? model->places[match_hash(history + model->at)] : 0;
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
        model->word = (model->word + byte + 1) * 0x2c9277b5u;
        return;
    }
    model->word = 0;
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

/* The bit that the match foretells, or -1 once the byte went another way. */
static gint foretold(const Model *model, guint done)
{
    guint32 byte = model->match > 0 ? model->history[model->match] | 0x100u : 0;

    return byte >> (8 - done) == model->partial ? (gint)(byte >> (7 - done) & 1) : -1;
}

/* Probability of a 1 as the next bit, `done` bits of the byte being known. */
static guint32 predict(Model *model, guint done)
{
    guint32 slot = done < 4 ? model->partial : (model->partial & ((1u << (done - 4)) - 1)) | 1u << (done - 4);
    gint bit = foretold(model, done);
    guint32 class = bit < 0 ? 0 : model->match_length < 12 ? 1 : model->match_length < MATCH_MAX ? 2 : 3;
    gint64 sum = 0;

    for (guint i = 0; i < CONTEXTS; i++)
        model->inputs[i] = stretch(model, model->rows[i][slot]);
    model->inputs[CONTEXTS] = bit < 0 ? 0 : stretch(model, model->match_trust[model->match_length]) * (bit ? 1 : -1);
    model->set = model->weights[(class * ORDER_CLASSES + (guint32)(model->order + 1)) * 8 + done];
    for (guint i = 0; i < INPUTS; i++)
        sum += (gint64)model->set[i] * model->inputs[i];
    return squash((gint32)CLAMP(sum >> 16, -2047, 2047));
}

static void update(Model *model, guint done, guint32 probability, guint bit)
{
    guint32 slot = done < 4 ? model->partial : (model->partial & ((1u << (done - 4)) - 1)) | 1u << (done - 4);
    gint32 error = (((gint32)(bit << 16) - (gint32)probability) >> 4) * LEARN_RATE;
    gint expected = foretold(model, done);

    for (guint i = 0; i < INPUTS; i++)
        model->set[i] += (model->inputs[i] * error) >> 16;
    for (guint i = 0; i < CONTEXTS; i++)
        learn(model, &model->rows[i][slot], bit);
    if (expected >= 0)
        learn(model, &model->match_trust[model->match_length], expected == (gint)bit);
    model->partial = model->partial << 1 | bit;
    if (done == 3)
        set_rows(model);
}

/* The byte is known: it stands in the history at model->at. */
static void end_byte(Model *model)
{
    advance(model);
    index_place(model);
}

static void train(Model *model, gsize primer_size)
{
    gsize pieces = TRAIN_MAX / TRAIN_PIECE;

    for (gsize i = 0; i < primer_size; i++) {
        gsize piece = i * pieces / primer_size;
        gsize end = (piece + 1) * primer_size / pieces;

        if (end - i <= TRAIN_PIECE) { /* the end of each piece */
            guint8 byte = model->history[model->at];

            begin_byte(model);
            for (guint done = 0; done < 8; done++)
                update(model, done, predict(model, done), byte >> (7 - done) & 1);
        } else {
            model->match = 0;
        }
        end_byte(model);
    }
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
        end_byte(&model);
    }
    /* one byte that lies between low and high, whatever the reader takes for those that follow */
    tail[0] = (guint8)((low >> 24) + 1);
    g_byte_array_append(out, tail, 1);
    model_clear(&model);
}

/* The packed bytes; zeroes behind their end, of which a proper coding needs no more than four. */
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
    end_byte(model);
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
