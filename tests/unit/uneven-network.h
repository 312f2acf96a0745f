/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A simulated network: packets of 10 ms that are sent regularly, and arrive late or never, by a
 * seeded random generator, in virtual time. For tests of the code that plays them.
 */

#include "media/jitter-buffer.h"

#define UNEVEN_PACKETS_MAX 4000
#define UNEVEN_FRAME 480
#define UNEVEN_READ 256 /* samples that the loudspeaker reads at once */

typedef struct UnevenNetwork {
        double delay_ms, jitter_ms; /* each packet takes the first time, plus up to the second */
        double loss;                /* 0…1 */
        uint64_t seed;
} UnevenNetwork;

typedef struct UnevenRun {
        JitterBuffer *jitter;
        size_t sent, read;               /* packets and samples so far */
        usec_t came[UNEVEN_PACKETS_MAX]; /* arrival of each; 0: it has arrived, or never will */
        float *heard; /* all samples read; owned by the caller; NULL: not recorded */
        size_t playback_slot_max;
        /* The payload of a packet, from the caller's encoder. Returns bytes. */
        size_t (*encode)(void *userdata, size_t packet, uint8_t ret[static JITTER_BYTES_MAX]);
        void *userdata;
} UnevenRun;

/* Passes so many more packets, and plays them. */
void uneven_run(UnevenRun *run, UnevenNetwork *network, size_t packets);
/* The delay of the last read from the microphone, in ms. */
double uneven_delay_ms(const UnevenRun *run);
