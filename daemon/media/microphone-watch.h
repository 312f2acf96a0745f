/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Notices that an open microphone gives nothing, and words the sentence for the person who is not
 * heard. Only time in which this program ran counts (own-time.h): after sleep, or without a
 * processor, it merely has not collected what the microphone delivered. Pure.
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/own-time.h"

/* Without a frame: devices start in well under 1 s, and a change of the device takes as long. */
#define MICROPHONE_STILL_US (3 * USEC_PER_SEC)
/*
 * With frames of exact zeros, which no working microphone gives: a mute of the device or a volume
 * of 0. A filter that removes noise gives them, too, until somebody speaks: so each report doubles
 * this time, up to MICROPHONE_SILENT_MAX_US.
 */
#define MICROPHONE_SILENT_US (5 * USEC_PER_SEC)
#define MICROPHONE_SILENT_MAX_US (300 * USEC_PER_SEC)

/* Zero: not open yet. */
typedef struct MicrophoneWatch {
        OwnTime time;
        usec_t still, silent; /* own time without a frame, and without a sound */
        usec_t since;         /* when it was opened, or unmuted in the call */
        bool reported;        /* that it gives nothing; until sound comes */
        usec_t reported_at;
        unsigned reports;
} MicrophoneWatch;

/* What the microphone has given; 0: nothing yet. */
typedef struct MicrophoneTimes {
        usec_t frame; /* when the last frame came */
        usec_t sound; /* when the last frame came that was not all zeros */
} MicrophoneTimes;

/* The microphone was opened, or opened on another device. */
void microphone_watch_opened(MicrophoneWatch *watch, usec_t now);
/*
 * Call it about once a second while the microphone is open. `muted`: in the call, where silence is
 * meant. Returns true with a sentence if it has to be reported that the microphone gives nothing.
 */
bool microphone_watch_look(MicrophoneWatch *watch, const MicrophoneTimes *times, bool muted,
                           usec_t now, char *ret, size_t size);
