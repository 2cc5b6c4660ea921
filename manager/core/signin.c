/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/core/signin.h"

#include "manager/core/refusal.h"

#include <arpa/inet.h>
#include <string.h>

#define FREE_TRIES 5
#define FIRST_WAIT HL_SECOND
#define MOST_WAIT  (15 * HL_MINUTE)
#define FORGOTTEN  HL_HOUR
#define MOST_KEYS  10000

struct MgrSignin {
    GHashTable *keys; /* -> Tries */
};

typedef struct {
    unsigned failures;
    HlTime last, before; /* the last one, and the one before it */
} Tries;

MgrSignin *mgr_signin_new(void)
{
    MgrSignin *signin = g_new0(MgrSignin, 1);

    signin->keys = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    return signin;
}

void mgr_signin_free(MgrSignin *signin)
{
    if (signin == NULL)
        return;
    g_hash_table_unref(signin->keys);
    g_free(signin);
}

static HlTime wait_after(unsigned failures)
{
    HlTime wait = FIRST_WAIT;

    if (failures < FREE_TRIES)
        return 0;
    for (unsigned n = FREE_TRIES; n < failures && wait < MOST_WAIT; n++)
        wait *= 2;
    return MIN(wait, MOST_WAIT);
}

static bool is_forgotten(const Tries *tries, HlTime mono)
{
    return mono - tries->last >= FORGOTTEN;
}

HlTime mgr_signin_wait(const MgrSignin *signin, const char *key, HlTime mono)
{
    const Tries *tries = g_hash_table_lookup(signin->keys, key);

    if (tries == NULL || is_forgotten(tries, mono))
        return 0;
    return MAX(0, tries->last + wait_after(tries->failures) - mono);
}

/* Those that are forgotten anyway, or else the oldest one. */
static void make_room(MgrSignin *signin, HlTime mono)
{
    const char *oldest = NULL;
    HlTime at = mono;
    GHashTableIter iter;
    gpointer key, value;

    if (g_hash_table_size(signin->keys) < MOST_KEYS)
        return;
    g_hash_table_iter_init(&iter, signin->keys);
    while (g_hash_table_iter_next(&iter, &key, &value)) {
        const Tries *tries = value;

        if (is_forgotten(tries, mono)) {
            g_hash_table_iter_remove(&iter);
        } else if (tries->last <= at) {
            oldest = key;
            at = tries->last;
        }
    }
    if (g_hash_table_size(signin->keys) >= MOST_KEYS)
        g_hash_table_remove(signin->keys, oldest);
}

void mgr_signin_try(MgrSignin *signin, const char *key, HlTime mono)
{
    Tries *tries = g_hash_table_lookup(signin->keys, key);

    if (tries == NULL) {
        make_room(signin, mono);
        tries = g_new0(Tries, 1);
        g_hash_table_insert(signin->keys, g_strdup(key), tries);
    } else if (is_forgotten(tries, mono)) {
        tries->failures = 0;
    }
    tries->failures++;
    tries->before = tries->last;
    tries->last = mono;
}

bool mgr_signin_may(MgrSignin *signin, const char *const *keys, HlTime mono, GError **error)
{
    HlTime wait = 0;

    for (gsize i = 0; keys[i] != NULL; i++)
        wait = MAX(wait, mgr_signin_wait(signin, keys[i], mono));
    if (wait > 0)
        return mgr_refuse(error, MGR_REFUSE_SIGNIN_WAIT, HL_NUMBER((int)((wait + HL_SECOND - 1) / HL_SECOND)), NULL);
    for (gsize i = 0; keys[i] != NULL; i++)
        mgr_signin_try(signin, keys[i], mono);
    return true;
}

void mgr_signin_take_back(MgrSignin *signin, const char *key)
{
    Tries *tries = g_hash_table_lookup(signin->keys, key);

    if (tries == NULL)
        return;
    tries->last = tries->before;
    if (--tries->failures == 0)
        g_hash_table_remove(signin->keys, key);
}

void mgr_signin_good(MgrSignin *signin, const char *key)
{
    g_hash_table_remove(signin->keys, key);
}

char *mgr_signin_place(const char *address)
{
    struct in6_addr six;
    struct in_addr four;
    char text[INET6_ADDRSTRLEN];

    if (inet_pton(AF_INET, address, &four) == 1)
        return g_strdup(address);
    if (inet_pton(AF_INET6, address, &six) != 1)
        return g_strdup("");
    memset(six.s6_addr + 8, 0, 8);
    inet_ntop(AF_INET6, &six, text, sizeof text);
    return g_strconcat(text, "/64", NULL);
}

bool mgr_password_check(const char *password, const char *account, GError **error)
{
    if (strlen(password) > MGR_PASSWORD_MAX)
        return mgr_refuse(error, MGR_REFUSE_PASSWORD_LONG, HL_NUMBER(MGR_PASSWORD_MAX), NULL);
    if (!g_utf8_validate(password, -1, NULL) || g_utf8_strlen(password, -1) < MGR_PASSWORD_MIN)
        return mgr_refuse(error, MGR_REFUSE_PASSWORD_SHORT, HL_NUMBER(MGR_PASSWORD_MIN), NULL);
    return strcmp(password, account) != 0 || mgr_refuse(error, MGR_REFUSE_PASSWORD_IS_NAME, NULL);
}
