/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hub/fair-queue.h"

#include <errno.h>
#include <stdlib.h>

#define HASH_NONFATAL_OOM 1
#include <uthash.h>
#include <utlist.h>

#include "base/cleanup.h"
#include "model/record.h"

struct FairLine {
        char uid[UID_MAX + 1];
        FairJob *jobs; /* never empty */
        size_t n_bytes;
        FairLine *prev, *next; /* in queue->turns */
        UT_hash_handle hh;
};

static FairLine *find_line(const FairQueue *queue, const char *uid)
{
        FairLine *line;

        HASH_FIND_STR(queue->lines, uid, line);
        return line;
}

static FairLine *add_line(FairQueue *queue, const char *uid)
{
        FairLine *line = calloc(1, sizeof(*line));

        if (!line)
                return NULL;
        STR_SET(line->uid, uid);
        HASH_ADD_STR(queue->lines, uid, line);
        if (!line->hh.tbl) {
                free(line);
                return NULL;
        }
        DL_APPEND(queue->turns, line);
        return line;
}

/* How many bytes of a line of `n_bytes` are taken from what all lines share. */
static size_t shared(size_t n_bytes)
{
        return n_bytes - MIN_OF(n_bytes, (size_t)FAIR_LINE_BYTES_SURE);
}

static int enter_line(FairQueue *queue, const char *uid, FairJob *job, size_t size)
{
        FairLine *line = find_line(queue, uid);
        size_t before = line ? line->n_bytes : 0, added = shared(before + size) - shared(before);

        if (before + size > FAIR_LINE_BYTES_MAX || queue->n_shared + added > FAIR_QUEUE_BYTES_MAX)
                return -ENOBUFS;
        if (!line)
                line = add_line(queue, uid);
        if (!line)
                return -ENOMEM;
        job->line = line;
        job->size = size;
        line->n_bytes += size;
        queue->n_shared += added;
        queue->n_jobs++;
        return 0;
}

int fair_queue_add(FairQueue *queue, const char *uid, FairJob *job, size_t size)
{
        int r = enter_line(queue, uid, job, size);

        if (r == 0)
                DL_APPEND(job->line->jobs, job);
        return r;
}

int fair_queue_add_first(FairQueue *queue, const char *uid, FairJob *job, size_t size)
{
        int r = enter_line(queue, uid, job, size);

        if (r < 0)
                return r;
        FairJob *behind = job->line->jobs;
        while (behind && behind->is_first)
                behind = behind->next;
        job->is_first = true;
        if (behind)
                DL_PREPEND_ELEM(job->line->jobs, behind, job);
        else
                DL_APPEND(job->line->jobs, job);
        return 0;
}

void fair_queue_remove(FairQueue *queue, FairJob *job)
{
        FairLine *line = job->line;

        DL_DELETE(line->jobs, job);
        queue->n_shared -= shared(line->n_bytes) - shared(line->n_bytes - job->size);
        line->n_bytes -= job->size;
        queue->n_jobs--;
        *job = (FairJob){0};
        if (line->jobs)
                return;
        DL_DELETE(queue->turns, line);
        HASH_DEL(queue->lines, line);
        free(line);
}

FairJob *fair_queue_next(FairQueue *queue)
{
        FairLine *line = queue->turns;

        if (!line)
                return NULL;
        DL_DELETE(queue->turns, line);
        DL_APPEND(queue->turns, line);
        return line->jobs;
}

FairJob *fair_queue_first(const FairQueue *queue, const char *uid)
{
        const FairLine *line = find_line(queue, uid);

        return line ? line->jobs : NULL;
}
