/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The playout ring: what stands between a network that delivers when it likes and a loudspeaker
 * that must never wait. One thread writes, one reads, neither locks or allocates.
 *
 * It begins to play when RING_TARGET has gathered, so that the next frame may come late by nearly
 * a frame's length. When it runs dry the sound fades out instead of clicking, and it gathers
 * again. Where more has gathered than is needed (clocks that differ, a burst), the surplus is
 * dropped under a cross-fade.
 */

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "media/sound.h"

#define RING_SIZE 8192                /* samples, 170 ms; a power of two */
#define RING_TARGET (2 * SOUND_FRAME) /* samples, 20 ms: one frame playing, one to spare */

typedef struct Ring {
        int16_t samples[RING_SIZE];
        atomic_size_t written, read;  /* counts since the start, never wrapped */
        atomic_uint underruns, delay; /* delay: samples that waited at the last write */

        /* the reader's own */
        bool playing;
        float last; /* what was played last: fades out when nothing follows */
        size_t faded_in;
        size_t lowest, watched; /* fewest samples left over, in the stretch looked at so far */
} Ring;

/* A ring of zeros is an empty one. What does not fit is lost: then nobody reads. */
void ring_write(Ring *ring, const int16_t *samples, size_t n);
/* Always fills `ret`; 1.0 is full scale. */
void ring_read(Ring *ring, float *ret, size_t n);
