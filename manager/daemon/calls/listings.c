/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/calls/listings.h"

#define READING_TIME 200 /* ms; the broker reads its access list in a few */
#define PATIENCE     (15 * HL_SECOND)

struct MgrListings {
    const MgrPki *pki;
    GPtrArray *waiting; /* Listing * */
};

typedef struct {
    MgrListings *listings;
    MgrCall *call;
    json_t *document;
    guint timer;
    HlTime began; /* mono */
} Listing;

static void listing_free(gpointer item)
{
    Listing *listing = item;

    g_clear_handle_id(&listing->timer, g_source_remove);
    json_decref(listing->document);
    g_free(listing);
}

MgrListings *mgr_listings_new(const MgrPki *pki)
{
    MgrListings *listings = g_new0(MgrListings, 1);

    listings->pki = pki;
    listings->waiting = g_ptr_array_new_with_free_func(listing_free);
    return listings;
}

void mgr_listings_free(MgrListings *listings)
{
    if (listings == NULL)
        return;
    g_ptr_array_unref(listings->waiting);
    g_free(listings);
}

static gboolean on_listed(gpointer user)
{
    Listing *listing = user;
    HlTime until = mgr_pki_until_published(listing->listings->pki);

    if (until > 0 && hl_clock_mono() - listing->began < PATIENCE) {
        listing->timer = g_timeout_add((guint)until + READING_TIME, on_listed, listing);
        return G_SOURCE_REMOVE;
    }
    listing->timer = 0;
    mgr_call_done(listing->call, g_steal_pointer(&listing->document));
    g_ptr_array_remove_fast(listing->listings->waiting, listing);
    return G_SOURCE_REMOVE;
}

void mgr_listings_answer(MgrListings *listings, MgrCall *call, json_t *document)
{
    Listing *listing = g_new(Listing, 1);

    *listing = (Listing){ listings, call, document, 0, hl_clock_mono() };
    listing->timer = g_timeout_add((guint)mgr_pki_until_published(listings->pki) + READING_TIME, on_listed, listing);
    g_ptr_array_add(listings->waiting, listing);
}
