/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Work that takes long, in line. Each user has a line of their own, and the lines take turns, a
 * step of their first job each: a user who asks for much waits only for their own work, and anybody
 * else for one step of each user who has work here. Pure: the owner of the queue takes the steps.
 */

#include <stdbool.h>
#include <stddef.h>

/* A thousand ids take 37 kB; a device may have 64 requests without a reply (PROTOCOL.md, Limits).
 */
#define FAIR_LINE_BYTES_MAX (4 * 1024 * 1024) /* of the jobs of one user */
/* The part of them that no other user can take: for the longest request, and some logins. */
#define FAIR_LINE_BYTES_SURE (64 * 1024)
#define FAIR_QUEUE_BYTES_MAX (64 * 1024 * 1024) /* of all users, beyond that */

typedef struct FairLine FairLine;

/* Embedded in the owner's job; all zero is in no queue. */
typedef struct FairJob {
        struct FairJob *prev, *next;
        FairLine *line;
        bool is_first; /* was added by fair_queue_add_first() */
        size_t size;
} FairJob;

/* Embedded; all zero is empty. */
typedef struct FairQueue {
        FairLine *lines; /* by user */
        FairLine *turns; /* in the order in which they take turns */
        size_t n_jobs;
        size_t n_shared; /* bytes of all lines, each beyond FAIR_LINE_BYTES_SURE */
} FairQueue;

/*
 * Puts a job that takes `size` bytes of memory at the end of the user's line. Returns 0, -ENOMEM,
 * or -ENOBUFS if the line would have too many bytes, or all lines beyond what each is sure of.
 */
int fair_queue_add(FairQueue *queue, const char *uid, FairJob *job, size_t size);
/* The same, before all jobs of that user that were not added first. */
int fair_queue_add_first(FairQueue *queue, const char *uid, FairJob *job, size_t size);
/* Removes a job that is done, or not wanted any more. */
void fair_queue_remove(FairQueue *queue, FairJob *job);
/* The job to take a step of; its line is last from now on. NULL: no work. */
FairJob *fair_queue_next(FairQueue *queue);
/* The first of a user's jobs, or NULL; the others follow by `next`. */
FairJob *fair_queue_first(const FairQueue *queue, const char *uid);
