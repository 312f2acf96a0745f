/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What a way through the network bears, from what the other end reports of it about every second
 * (RTCP's share of lost packets, and the round trip): much loss, or a round trip that grows because
 * queues fill, and less is sent; well again, and slowly more. A little loss is a radio's, not a
 * queue's: then packets tell of the ones before them, for as long as it lasts. Pure.
 */

#include <stdint.h>

#include "media/audio-sender.h"

#define CONGESTION_BITRATE_MIN 16000 /* bit/s: below, Opus would be as narrow as a telephone */
#define CONGESTION_BITRATE_MAX VOICE_BITRATE

typedef struct Congestion {
        uint32_t bitrate;
        double loss;     /* 0…1, smoothed */
        double least_ms; /* round trip with empty queues; 0: not known yet */
} Congestion;

void congestion_init(Congestion *congestion);
void congestion_report(Congestion *congestion, double loss, double round_trip_ms, AudioPath *ret);
