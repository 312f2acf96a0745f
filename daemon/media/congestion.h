/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The capacity of a path through the network, judged by the other end's reports about once a
 * second (RTCP's share of lost packets, and the round trip). Much loss, or a round trip that grows
 * because queues fill, lowers the bit rate; good reports raise it slowly. A little loss comes from
 * radio, not from a queue: then packets also describe the ones before them, as long as it lasts.
 * Pure.
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
