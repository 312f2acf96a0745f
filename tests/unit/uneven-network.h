/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A network that never was: packets of 10 ms that are sent evenly, come late by a seeded dice, or
 * not at all, in a time that is only counted. For tests of what plays them.
 */

#include "media/jitter-buffer.h"

#define UNEVEN_PACKETS_MAX 4000
#define UNEVEN_FRAME 480
#define UNEVEN_READ 256 /* samples that the loudspeaker takes at once */

typedef struct UnevenNetwork {
        double delay_ms, jitter_ms; /* each packet takes the first, and up to the second more */
        double loss;                /* 0…1 */
        uint64_t seed;
} UnevenNetwork;

typedef struct UnevenRun {
        JitterBuffer *jitter;
        size_t sent, read;               /* packets and samples up to now */
        usec_t came[UNEVEN_PACKETS_MAX]; /* when each comes; 0: it has come, or never does */
        float *heard; /* all that was read; owned by the caller; NULL: not kept */
        size_t playback_slot_max;
        /* Payload of a packet: the caller's encoder. Returns bytes. */
        size_t (*encode)(void *userdata, size_t packet, uint8_t ret[static JITTER_BYTES_MAX]);
        void *userdata;
} UnevenRun;

/* So many packets more go through it and are heard. */
void uneven_run(UnevenRun *run, UnevenNetwork *network, size_t packets);
/* How late the last read was, from the microphone: ms. */
double uneven_delay_ms(const UnevenRun *run);
