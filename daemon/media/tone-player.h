/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The ring and the ring-back: plays a sound over and over, on one device or several, until the
 * process is asked to end.
 */

#include <stddef.h>

#define TONE_TARGETS_MAX 16 /* devices that ring at once; more than people have */
#define TONE_ALL "*"        /* every speaker */
#define TONE_SECONDS_MAX 3600.0

typedef enum ToneKind {
        TONE_RING,      /* an incoming call: role Notification */
        TONE_RING_BACK, /* an outgoing call: role Communication */
} ToneKind;

typedef struct ToneOptions {
        ToneKind kind;
        double volume;     /* 0…1 */
        const char *sound; /* a file; NULL: the theme's */
        double seconds;    /* 0: no end */
        /*
         * node.name of each device, or TONE_ALL; the default device is used if the list is empty or
         * all are missing
         */
        const char *targets[TONE_TARGETS_MAX];
        size_t n_targets;
} ToneOptions;

/*
 * Prints `playing` on standard output when PipeWire has taken the first samples. Returns 0 on
 * SIGTERM, on SIGINT or when the time is over; or 1 with a sentence on standard error when it
 * cannot play.
 */
int tone_player_run(const ToneOptions *options);
