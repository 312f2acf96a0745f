/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Whether the network path to another participant is alive, judged by when anything last arrived
 * over it: a voice, a picture, a report, or the answer to a question that is sent only to hear
 * whether anybody is there (RFC 7675). So a participant who sends no voice, because their
 * microphone is missing, is not taken for lost. Only time in which this program ran counts as
 * silence. Pure: all times are the caller's, of one clock.
 */

#include <stdbool.h>

#include "base/own-time.h"

/* Without a sign of life for so long, the path is interrupted. */
#define PATH_SILENT_US (3 * USEC_PER_SEC)
/* The same where answers cannot be heard: receivers report every 2.5 to 7.5 s (RFC 3550). */
#define PATH_DEAF_SILENT_US (10 * USEC_PER_SEC)
/* Interrupted for so long, it is lost: one that recovers by itself has done so by then. */
#define PATH_INTERRUPTED_US (2 * USEC_PER_SEC)
/* After so much silence the other side is asked, early enough for an answer or two to get lost. */
#define PATH_ASK_US (500 * USEC_PER_MSEC)

typedef enum PathState {
        PATH_CONNECTED,
        PATH_INTERRUPTED,
        PATH_LOST, /* another connection should take its place */
} PathState;

typedef struct PathLife {
        OwnTime time;
        usec_t arrived; /* the last sign of life */
        usec_t silent;  /* own time since then, up to the last look */
        bool deaf;      /* answers to questions cannot be heard on this path */
} PathLife;

/* Something has arrived at `at`. Calls need not be in order. */
void path_life_arrived(PathLife *life, usec_t at);
/* Call it about once a second, when what has arrived meanwhile was told. */
void path_life_look(PathLife *life, usec_t now);

/* These judge by the last look. */
PathState path_life_state(const PathLife *life);
/* Whether the other side should be asked whether it is there. */
bool path_life_wants_answer(const PathLife *life);
