/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/microphone-watch.h"

#include <stdio.h>

#include "base/cleanup.h"

void microphone_watch_opened(MicrophoneWatch *watch, usec_t now)
{
        own_time_step(&watch->time, now);
        watch->since = now;
}

static usec_t patience(const MicrophoneWatch *watch)
{
        usec_t us = MICROPHONE_SILENT_US;

        for (unsigned i = 0; i < watch->reports && us < MICROPHONE_SILENT_MAX_US; i++)
                us *= 2;
        return MIN_OF(us, MICROPHONE_SILENT_MAX_US);
}

/* The own time since `last`, after another step of it up to `now`. `looked`: the look before. */
static usec_t time_without(usec_t before, usec_t last, usec_t looked, usec_t step, usec_t now)
{
        usec_t without = (last >= looked ? 0 : before) + step;
        usec_t since = now > last ? now - last : 0;

        return MIN_OF(without, since);
}

static void pass(MicrophoneWatch *watch, const MicrophoneTimes *times, usec_t now)
{
        usec_t looked = watch->time.looked, step = own_time_step(&watch->time, now);

        watch->still =
                time_without(watch->still, MAX_OF(times->frame, watch->since), looked, step, now);
        watch->silent =
                time_without(watch->silent, MAX_OF(times->sound, watch->since), looked, step, now);
}

static const char *fault(const MicrophoneWatch *watch)
{
        if (watch->still > MICROPHONE_STILL_US)
                return "your microphone gives nothing: the others cannot hear you";
        if (watch->silent > patience(watch))
                return "your microphone gives nothing but silence: it may be muted, by a switch or "
                       "in the settings for sound";
        return NULL;
}

bool microphone_watch_look(MicrophoneWatch *watch, const MicrophoneTimes *times, bool muted,
                           usec_t now, char *ret, size_t size)
{
        const char *text;

        if (watch->reported && times->sound > watch->reported_at)
                watch->reported = false;
        if (muted)
                watch->since = now;
        pass(watch, times, now);
        text = fault(watch);
        if (!text || watch->reported)
                return false;
        watch->reported = true;
        watch->reported_at = now;
        watch->reports++;
        snprintf(ret, size, "%s", text);
        return true;
}
