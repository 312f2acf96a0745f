/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/congestion.h"

#include <math.h>

#define MUCH_LOSS 0.10       /* draft-ietf-rmcat-gcc section 6: above this, the bit rate falls */
#define LITTLE_LOSS 0.02     /* same section: below this, the bit rate rises */
#define RISE 1.08            /* factor per good report: nine of them double the bit rate */
#define QUEUE_MS 150.0       /* round trip above the least one: queues in routers fill */
#define QUEUE_FALL 0.85      /* factor on the bit rate per report while queues fill */
#define LEAST_DRIFT 1.01     /* factor per report: forgets the round trip of an old route */
#define SMOOTHING 0.3        /* weight of a new report */
#define NOTEWORTHY 0.01      /* smoothed loss above which packets carry FEC */
#define LOSS_REPORTED_MIN 10 /* %: below this, libopus adds no FEC at this bit rate */
#define LOSS_REPORTED_MAX 30 /* %: above this, libopus would spend all bits on FEC */

void congestion_init(Congestion *congestion)
{
        *congestion = (Congestion){.bitrate = CONGESTION_BITRATE_MAX};
}

static bool queues_fill(Congestion *congestion, double round_trip_ms)
{
        if (round_trip_ms <= 0)
                return false;
        congestion->least_ms *= LEAST_DRIFT;
        if (congestion->least_ms <= 0 || round_trip_ms < congestion->least_ms)
                congestion->least_ms = round_trip_ms;
        return round_trip_ms > congestion->least_ms + QUEUE_MS;
}

/* Returns the loss for which the encoder prepares, in percent; 0 once the loss is over. */
static unsigned loss_to_report(Congestion *congestion, double loss)
{
        congestion->loss += SMOOTHING * (loss - congestion->loss);
        if (congestion->loss < NOTEWORTHY)
                return 0;
        return (unsigned)fmax(fmin(ceil(congestion->loss * 100), LOSS_REPORTED_MAX),
                              LOSS_REPORTED_MIN);
}

void congestion_report(Congestion *congestion, double loss, double round_trip_ms, AudioPath *ret)
{
        bool filling = queues_fill(congestion, round_trip_ms);
        double bitrate = congestion->bitrate;

        if (loss > MUCH_LOSS)
                bitrate *= 1 - loss / 2;
        else if (filling)
                bitrate *= QUEUE_FALL;
        else if (loss < LITTLE_LOSS)
                bitrate *= RISE;
        congestion->bitrate =
                (uint32_t)CLAMP_TO(bitrate, CONGESTION_BITRATE_MIN, CONGESTION_BITRATE_MAX);
        *ret = (AudioPath){.bitrate = congestion->bitrate,
                           .loss = loss_to_report(congestion, loss)};
}
