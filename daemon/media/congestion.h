/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Estimates the capacity of a network path from the other end's RTCP reports, about one a second:
 * the share of lost packets and the round-trip time. High loss, or a round trip that grows because
 * queues fill, lowers the bit rate; good reports raise it slowly. Low loss comes from radio, not
 * from a full queue, and does not lower it. While packets are lost, each one also carries the one
 * before it (Opus's in-band FEC). Pure.
 */

#include <stdint.h>

#include "media/audio-sender.h"

#define CONGESTION_BITRATE_MIN 16000 /* bit/s: below this, Opus narrows to telephone quality */
#define CONGESTION_BITRATE_MAX VOICE_BITRATE

typedef struct Congestion {
        uint32_t bitrate;
        double loss;     /* 0…1, smoothed */
        double least_ms; /* round trip with empty queues; 0: not known yet */
} Congestion;

void congestion_init(Congestion *congestion);
/* Takes a report. `loss`: 0…1; `round_trip_ms`: 0 if unknown. Writes the settings for the path. */
void congestion_report(Congestion *congestion, double loss, double round_trip_ms, AudioPath *ret);
