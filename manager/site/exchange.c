/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/site/exchange.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/file.h"
#include "lib/base/i18n.h"
#include "manager/site/site.h"

#define OLD "old"
#define NEW "new"
#define IN  "in"

/* The directories of one exchange. */
typedef struct {
    const char *site;
    char *coming, *under_way, *old, *new, *in;
} Exchange;

static void exchange_init(Exchange *exchange, const char *site)
{
    *exchange = (Exchange){ .site = site };
    exchange->coming = mgr_site_path(site, MGR_SITE_COMING);
    exchange->under_way = mgr_site_path(site, MGR_SITE_EXCHANGING);
    exchange->old = mgr_site_path(exchange->under_way, OLD);
    exchange->new = mgr_site_path(exchange->under_way, NEW);
    exchange->in = mgr_site_path(exchange->under_way, IN);
}

static void exchange_clear(Exchange *exchange)
{
    g_free(exchange->coming);
    g_free(exchange->under_way);
    g_free(exchange->old);
    g_free(exchange->new);
    g_free(exchange->in);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Exchange, exchange_clear)

static bool is_there(const char *path)
{
    return g_file_test(path, G_FILE_TEST_EXISTS);
}

/* Once "old" is gone from there, all is in its place. */
static bool is_half_done(const Exchange *exchange)
{
    return is_there(exchange->old);
}

static bool is_exchanged(const char *name)
{
    return strcmp(name, "lock") != 0 && strcmp(name, MGR_SITE_COMING) != 0 && strcmp(name, MGR_SITE_EXCHANGING) != 0 &&
           !g_str_has_prefix(name, MGR_SITE_ASIDE);
}

GPtrArray *mgr_exchange_list(const char *site, GError **error)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GDir) dir = g_dir_open(site, 0, NULL);
    const char *name;

    if (dir == NULL) {
        hl_fail_errno(error, errno, _("cannot read %s"), site);
        return NULL;
    }
    while ((name = g_dir_read_name(dir)) != NULL)
        if (is_exchanged(name))
            g_ptr_array_add(names, g_strdup(name));
    return g_steal_pointer(&names);
}

static bool move(const char *from, const char *to, GError **error)
{
    return rename(from, to) == 0 || hl_fail_errno(error, errno, _("cannot move %s to %s"), from, to);
}

/* All that is exchanged, durably. */
static bool move_all(const char *from_dir, const char *to_dir, GError **error)
{
    g_autoptr(GPtrArray) names = mgr_exchange_list(from_dir, error);

    for (guint i = 0; names != NULL && i < names->len; i++) {
        g_autofree char *from = mgr_site_path(from_dir, names->pdata[i]);
        g_autofree char *to = mgr_site_path(to_dir, names->pdata[i]);

        if (!move(from, to, error))
            return false;
    }
    return names != NULL && hl_dir_sync(to_dir, error) && hl_dir_sync(from_dir, error);
}

/* ------------------------------------------------------------------------------------------------------------ there */

char *mgr_exchange_begin(const char *site, GError **error)
{
    g_auto(Exchange) exchange = { 0 };
    g_autofree char *old = NULL;
    g_autofree char *new = NULL;

    exchange_init(&exchange, site);
    old = mgr_site_path(exchange.coming, OLD);
    new = mgr_site_path(exchange.coming, NEW);
    if (!hl_tree_remove(exchange.coming, error) || !hl_dir_make(exchange.coming, 0700, error) ||
        !hl_dir_make(old, 0700, error) || !hl_dir_make(new, 0700, error))
        return NULL;
    return g_steal_pointer(&new);
}

void mgr_exchange_drop(const char *site)
{
    g_autofree char *coming = mgr_site_path(site, MGR_SITE_COMING);

    HL_IGNORE(hl_tree_remove(coming, NULL));
}

/* What was there is out of sight: the last step, after which the new files are the site. */
static bool put_aside(const Exchange *exchange, const char *aside, GError **error)
{
    g_autoptr(GPtrArray) names = mgr_exchange_list(exchange->old, error);

    if (names == NULL)
        return false;
    if (names->len > 0)
        return move(exchange->old, aside, error);
    return remove(exchange->old) == 0 || hl_fail_errno(error, errno, _("cannot remove %s"), exchange->old);
}

static bool change_places(const Exchange *exchange, const char *aside, GError **error)
{
    return move(exchange->coming, exchange->under_way, error) && hl_dir_sync(exchange->site, error) &&
           move_all(exchange->site, exchange->old, error) && move(exchange->new, exchange->in, error) &&
           hl_dir_sync(exchange->under_way, error) && move_all(exchange->in, exchange->site, error) &&
           put_aside(exchange, aside, error);
}

bool mgr_exchange_commit(const char *site, const char *aside, GError **error)
{
    g_auto(Exchange) exchange = { 0 };
    g_autofree char *new = NULL;
    g_autoptr(GError) problem = NULL;

    exchange_init(&exchange, site);
    new = mgr_site_path(exchange.coming, NEW);
    if (!hl_dir_sync(new, error) || !hl_dir_sync(exchange.coming, error)) {
        mgr_exchange_drop(site);
        return hl_error_prefix(error, _("nothing was changed"));
    }
    if (change_places(&exchange, aside, error)) {
        HL_IGNORE(hl_tree_remove(exchange.under_way, NULL)); /* it is empty; the next one begins with it */
        return hl_dir_sync(site, error) ||
               hl_error_prefix(error, _("the new files are in place, but may not be after a power cut"));
    }
    if (mgr_exchange_undo(site, &problem))
        return hl_error_prefix(error, _("nothing was changed"));
    g_clear_error(error);
    return hl_fail(error, HL_ERROR_PARTIAL, _("%s; run this again"), problem->message);
}

/* -------------------------------------------------------------------------------------------------------- and back */

static bool put_back(const Exchange *exchange, GError **error)
{
    if (is_there(exchange->in) &&
        (!move_all(exchange->site, exchange->in, error) || !move(exchange->in, exchange->new, error) ||
         !hl_dir_sync(exchange->under_way, error)))
        return false;
    return move_all(exchange->old, exchange->site, error) && move(exchange->under_way, exchange->coming, error) &&
           hl_dir_sync(exchange->site, error);
}

bool mgr_exchange_undo(const char *site, GError **error)
{
    g_auto(Exchange) exchange = { 0 };

    exchange_init(&exchange, site);
    if (is_half_done(&exchange) && !put_back(&exchange, error))
        return hl_error_prefix(error, _("the files of before could not be put back into %s"), site);
    return hl_tree_remove(exchange.under_way, error) && hl_tree_remove(exchange.coming, error);
}

bool mgr_exchange_check(const char *site, GError **error)
{
    g_auto(Exchange) exchange = { 0 };

    exchange_init(&exchange, site);
    return !is_half_done(&exchange) ||
           hl_fail(
               error, HL_ERROR_CONFLICT,
               _("a restore of %s was interrupted while files changed places, and the site is not whole: run 'holdline "
                 "restore DIR --site %s --replace' again: whatever DIR is, it first puts back what was there"),
               site, site);
}
