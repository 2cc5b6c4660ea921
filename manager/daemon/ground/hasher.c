/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/ground/hasher.h"

#include <argon2.h>
#include <pthread.h>
#include <string.h>

#include "lib/base/ident.h"
#include "lib/base/mailbox.h"
#include "manager/core/refusal.h"

#define PASSES    2
#define MEMORY    19456 /* KiB */
#define LANES     1
#define SALT_SIZE 16
#define HASH_SIZE 32
#define MOST_TEXT 256 /* bytes of an encoded hash */

struct MgrHasher {
    HlMailbox *results;
    GPtrArray *jobs; /* at work */
    GDestroyNotify drop;
};

typedef struct {
    MgrHasher *hasher;
    pthread_t thread;
    char *encoded, *password;
    bool is_new, is_same;
    MgrHasherDone done;
    gpointer user;
} Job;

static void job_free(Job *job)
{
    explicit_bzero(job->password, strlen(job->password));
    g_free(job->password);
    g_free(job->encoded);
    g_free(job);
}

static char *make(const char *password)
{
    unsigned char salt[SALT_SIZE];
    char encoded[MOST_TEXT];

    hl_random_bytes(salt, sizeof salt);
    if (argon2id_hash_encoded(PASSES, MEMORY, LANES, password, strlen(password), salt, sizeof salt, HASH_SIZE, encoded,
                              sizeof encoded) != ARGON2_OK)
        return NULL;
    return g_strdup(encoded);
}

static void *run(void *user)
{
    Job *job = user;

    if (!job->is_new && job->encoded != NULL) {
        job->is_same = argon2id_verify(job->encoded, job->password, strlen(job->password)) == ARGON2_OK;
    } else {
        g_free(job->encoded);
        job->encoded = make(job->password);
    }
    hl_mailbox_post(job->hasher->results, job); /* has room for all that are at work */
    return NULL;
}

static void on_result(gpointer item, gpointer user)
{
    MgrHasher *hasher = user;
    Job *job = item;

    pthread_join(job->thread, NULL);
    g_ptr_array_remove_fast(hasher->jobs, job);
    job->done(job->encoded, job->is_same, job->user);
    job_free(job);
}

MgrHasher *mgr_hasher_new(GDestroyNotify drop)
{
    MgrHasher *hasher = g_new0(MgrHasher, 1);

    hasher->results = hl_mailbox_new("hashes", MGR_HASHER_MOST, NULL, on_result, hasher, NULL);
    hasher->jobs = g_ptr_array_new();
    hasher->drop = drop;
    return hasher;
}

void mgr_hasher_free(MgrHasher *hasher)
{
    if (hasher == NULL)
        return;
    for (guint i = 0; i < hasher->jobs->len; i++)
        pthread_join(((Job *)hasher->jobs->pdata[i])->thread, NULL);
    hl_mailbox_free(hasher->results);
    for (guint i = 0; i < hasher->jobs->len; i++) {
        hasher->drop(((Job *)hasher->jobs->pdata[i])->user);
        job_free(hasher->jobs->pdata[i]);
    }
    g_ptr_array_unref(hasher->jobs);
    g_free(hasher);
}

/* Takes the job. */
static bool begin(MgrHasher *hasher, Job *job, GError **error)
{
    job->hasher = hasher;
    if (hasher->jobs->len < MGR_HASHER_MOST && pthread_create(&job->thread, NULL, run, job) == 0) {
        g_ptr_array_add(hasher->jobs, job);
        return true;
    }
    job_free(job);
    return mgr_refuse(error, MGR_REFUSE_PASSWORD_BUSY, NULL);
}

bool mgr_hasher_make(MgrHasher *hasher, const char *password, MgrHasherDone done, gpointer user, GError **error)
{
    Job *job = g_new0(Job, 1);

    *job = (Job){ .password = g_strdup(password), .is_new = true, .done = done, .user = user };
    return begin(hasher, job, error);
}

bool mgr_hasher_check(MgrHasher *hasher, const char *encoded, const char *password, MgrHasherDone done, gpointer user,
                      GError **error)
{
    Job *job = g_new0(Job, 1);

    *job = (Job){ .encoded = g_strdup(encoded), .password = g_strdup(password), .done = done, .user = user };
    return begin(hasher, job, error);
}
