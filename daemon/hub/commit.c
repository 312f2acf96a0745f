/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hub/commit.h"

#include <errno.h>

#include "base/log.h"

struct Commit {
        HubDatabase *database;
        Checkpointer *checkpointer;
        uint64_t done;
        int error; /* result of the last run */
        usec_t retry_at;
        usec_t oldest; /* when the first of `writes` was added */
        Write *writes; /* owned: `n_writes` from `first` on */
        size_t first, n_writes, n_allocated;

        /* Transitions in the current span of COMMIT_LOAD_SPAN_US, and in the one before. */
        usec_t span;
        uint32_t n_this_span, n_last_span;
};

int commit_new(HubDatabase *database, Checkpointer *checkpointer, Commit **ret)
{
        Commit *commit = calloc(1, sizeof(*commit));

        if (!commit)
                return -ENOMEM;
        commit->database = database;
        commit->checkpointer = checkpointer;
        *ret = commit;
        return 0;
}

/* Drops the first `n`. */
static void drop_writes(Commit *commit, size_t n)
{
        for (size_t i = 0; i < n; i++)
                write_done(&commit->writes[commit->first + i]);
        commit->n_writes -= n;
        commit->first = commit->n_writes > 0 ? commit->first + n : 0;
}

/* Makes room for one more. */
static int reserve_write(Commit *commit)
{
        if (commit->first + commit->n_writes < commit->n_allocated)
                return 0;
        if (commit->first > commit->n_writes) { /* most of them are written */
                memcpy(commit->writes, commit->writes + commit->first,
                       commit->n_writes * sizeof(*commit->writes));
                commit->first = 0;
                return 0;
        }
        size_t n = commit->n_allocated ? 2 * commit->n_allocated : 64;
        Write *grown = reallocarray(commit->writes, n, sizeof(*grown));
        if (!grown)
                return -ENOMEM;
        commit->writes = grown;
        commit->n_allocated = n;
        return 0;
}

Commit *commit_free(Commit *commit)
{
        if (!commit)
                return NULL;
        commit_run_all(commit, USEC_NEVER);
        drop_writes(commit, commit->n_writes);
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
        if (reserve_write(commit) < 0) {
                write_done(write);
                return -ENOMEM;
        }
        /* Each transition of a call adds one of these; history records do not count. */
        if (write->type == WRITE_LIVE || write->type == WRITE_DROP)
                count_transition(commit, now);
        if (commit->n_writes == 0)
                commit->oldest = now;
        commit->writes[commit->first + commit->n_writes++] = *write;
        *write = (Write){0};
        return 0;
}

uint64_t commit_barrier(const Commit *commit)
{
        return commit->done + (commit->n_writes + COMMIT_WRITES_MAX - 1) / COMMIT_WRITES_MAX;
}

uint64_t commit_done(const Commit *commit)
{
        return commit->done;
}

usec_t commit_wait(const Commit *commit, usec_t now)
{
        usec_t at;

        if (commit->n_writes == 0)
                return USEC_NEVER;
        if (commit->error < 0)
                at = commit->retry_at;
        else
                at = under_load(commit, now) ? commit->oldest + COMMIT_WINDOW_US : now;
        return at > now ? at - now : 0;
}

void commit_run(Commit *commit, usec_t now)
{
        const Write *writes = commit->writes + commit->first;
        size_t n = MIN_OF(commit->n_writes, (size_t)COMMIT_WRITES_MAX);
        bool ended = false;

        /* While the disk fails, do not retry once per confirmation. */
        if (commit->n_writes == 0 || (commit->error < 0 && now < commit->retry_at))
                return;
        for (size_t i = 0; i < n; i++)
                ended |= writes[i].type == WRITE_DROP || writes[i].type == WRITE_LOG;
        const HistoryTime time = history_time_now();
        int r = hub_database_write(commit->database, &time, writes, n);
        if (r < 0 && commit->error == 0)
                log_error("cannot write the database, so nothing is confirmed until it works: %s",
                          strerror(-r));
        if (r >= 0 && commit->error < 0)
                log_notice("the database can be written again");
        commit->error = r;
        if (r < 0) {
                commit->retry_at = now + COMMIT_RETRY_US;
                return;
        }
        commit->done++;
        drop_writes(commit, n);
        if (ended)
                commit_sync(commit);
}

void commit_run_all(Commit *commit, usec_t now)
{
        uint64_t done;

        do {
                done = commit->done;
                commit_run(commit, now);
        } while (commit->done > done && commit->n_writes > 0);
}

void commit_sync(Commit *commit)
{
        checkpointer_sync(commit->checkpointer);
}

int commit_error(const Commit *commit)
{
        return commit->error;
}
