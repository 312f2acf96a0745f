/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hub/commit.h"

#include <errno.h>

#include "base/log.h"

struct Commit {
        Keeper *keeper;
        Storage *storage;
        uint64_t done;
        bool fresh; /* something was added since the last run */
        bool failed;
        usec_t retry_at;
        usec_t oldest; /* when the first of what is fresh was added */
        Write *writes;
        size_t n_writes, n_allocated;

        /* Transitions in this span of COMMIT_LOAD_SPAN_US and in the one before. */
        usec_t span;
        uint32_t n_this_span, n_last_span;
};

int commit_new(Keeper *keeper, Storage *storage, Commit **ret)
{
        Commit *commit = calloc(1, sizeof(*commit));

        if (!commit)
                return -ENOMEM;
        commit->keeper = keeper;
        commit->storage = storage;
        *ret = commit;
        return 0;
}

static void drop_first(Commit *commit, size_t n)
{
        for (size_t i = 0; i < n; i++)
                write_done(&commit->writes[i]);
        commit->n_writes -= n;
        if (commit->n_writes > 0)
                memmove(commit->writes, commit->writes + n, commit->n_writes * sizeof(Write));
}

Commit *commit_free(Commit *commit)
{
        if (!commit)
                return NULL;
        if (commit->n_writes > 0)
                commit_run(commit, USEC_NEVER);
        drop_first(commit, commit->n_writes);
        free(commit->writes);
        free(commit);
        return NULL;
}

static void count_transition(Commit *commit, usec_t now)
{
        usec_t span = now / COMMIT_LOAD_SPAN_US;

        if (span != commit->span) {
                commit->n_last_span = span == commit->span + 1 ? commit->n_this_span : 0;
                commit->n_this_span = 0;
                commit->span = span;
        }
        commit->n_this_span++;
}

static bool under_load(const Commit *commit, usec_t now)
{
        usec_t span = now / COMMIT_LOAD_SPAN_US;
        uint32_t last = span == commit->span + 1 ? commit->n_this_span : commit->n_last_span;

        return span <= commit->span + 1 && last > COMMIT_LOAD_TRANSITIONS;
}

int commit_add(Commit *commit, Write *write, usec_t now)
{
        if (commit->n_writes == commit->n_allocated) {
                size_t n = commit->n_allocated ? 2 * commit->n_allocated : 64;
                Write *grown = reallocarray(commit->writes, n, sizeof(*grown));

                if (!grown) {
                        write_done(write);
                        return -ENOMEM;
                }
                commit->writes = grown;
                commit->n_allocated = n;
        }
        /* A call's every transition is one of these; its history comes on top. */
        if (write->type == WRITE_LIVE || write->type == WRITE_DROP)
                count_transition(commit, now);
        if (!commit->fresh)
                commit->oldest = now;
        commit->fresh = true;
        commit->writes[commit->n_writes++] = *write;
        *write = (Write){0};
        return 0;
}

uint64_t commit_barrier(const Commit *commit)
{
        return commit->fresh ? commit->done + 1 : commit->done;
}

uint64_t commit_done(const Commit *commit)
{
        return commit->done;
}

usec_t commit_wait(const Commit *commit, usec_t now)
{
        usec_t at;

        if (commit->fresh)
                at = under_load(commit, now) ? commit->oldest + COMMIT_WINDOW_US : now;
        else if (commit->n_writes > 0)
                at = commit->retry_at;
        else
                return USEC_NEVER;
        return at > now ? at - now : 0;
}

static void note_failure(Commit *commit, int error, usec_t now)
{
        if (!commit->failed)
                log_error("cannot write the database, calls go on but would not survive a "
                          "restart: %s",
                          strerror(-error));
        commit->failed = true;
        commit->retry_at = now + COMMIT_RETRY_US;
        if (commit->n_writes > COMMIT_PENDING_MAX) {
                size_t n = commit->n_writes - COMMIT_PENDING_MAX;

                log_error("%zu changes are given up", n);
                drop_first(commit, n);
        }
}

void commit_run(Commit *commit, usec_t now)
{
        bool ended = false;

        for (size_t i = 0; i < commit->n_writes; i++)
                ended |= commit->writes[i].type == WRITE_DROP;
        /* While it fails, a confirmation must not pay for one more attempt each. */
        if (commit->n_writes > 0 && (!commit->failed || now >= commit->retry_at)) {
                int r = keeper_write(commit->keeper, commit->writes, commit->n_writes);

                if (r < 0) {
                        note_failure(commit, r, now);
                } else {
                        if (commit->failed)
                                log_notice("the database can be written again");
                        commit->failed = false;
                        drop_first(commit, commit->n_writes);
                        if (ended)
                                storage_sync(commit->storage);
                }
        }
        if (commit->fresh)
                commit->done++;
        commit->fresh = false;
}

bool commit_works(const Commit *commit)
{
        return !commit->failed;
}
