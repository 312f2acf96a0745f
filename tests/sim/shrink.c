/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "sim.h"

/*
 * Delta debugging (Zeller, Hildebrandt 2002) of the stimuli: removes ever smaller parts, as long as
 * the same law is broken without them. A removed part leaves its time behind, so that the rest
 * happens when it did.
 */

#define PLAYS_MAX 3000

void play_apart(const Story *story, uint64_t steps_max, bool verbose, Outcome *ret)
{
        Outcome *shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
                               MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        int status = 0;

        if (shared == MAP_FAILED)
                abort();
        fflush(stdout);
        pid_t pid = fork();
        if (pid < 0)
                abort();
        if (pid == 0) {
                world_play(story, steps_max, verbose, shared);
                exit(EXIT_SUCCESS);
        }
        waitpid(pid, &status, 0);
        *ret = *shared;
        munmap(shared, sizeof(*shared));
        if (status != 0) {
                ret->law = LAW_CRASH;
                snprintf(ret->text, sizeof(ret->text), "%s %d",
                         WIFSIGNALED(status) ? "signal" : "exit status",
                         WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
        }
}

/* A copy of the story without `n` stimuli from `first` on. */
static Story story_without(const Story *story, size_t first, size_t n)
{
        Story shorter = {.seed = story->seed, .is_long = story->is_long};
        usec_t gap = 0;

        shorter.stimuli = calloc(story->n, sizeof(*shorter.stimuli));
        if (!shorter.stimuli)
                abort();
        for (size_t i = 0; i < story->n; i++) {
                gap += story->stimuli[i].gap;
                if (i >= first && i < first + n)
                        continue;
                shorter.stimuli[shorter.n] = story->stimuli[i];
                shorter.stimuli[shorter.n++].gap = gap;
                gap = 0;
        }
        return shorter;
}

static bool breaks(const Story *story, uint64_t steps_max, Law law)
{
        Outcome outcome;

        play_apart(story, steps_max, false, &outcome);
        return outcome.law == law;
}

void story_shrink(Story *story, uint64_t steps_max, Law law)
{
        size_t part = story->n / 2;
        unsigned plays = 0;

        while (part > 0 && plays < PLAYS_MAX) {
                bool shorter_found = false;

                for (size_t first = 0; first < story->n && plays < PLAYS_MAX;) {
                        Story shorter = story_without(story, first, part);

                        plays++;
                        if (breaks(&shorter, steps_max, law)) {
                                story_done(story);
                                *story = shorter;
                                shorter_found = true;
                        } else {
                                story_done(&shorter);
                                first += part;
                        }
                }
                if (!shorter_found || part > story->n)
                        part = MIN_OF(part / 2, MAX_OF(story->n / 2, (size_t)1) * (part > 1));
        }
}
