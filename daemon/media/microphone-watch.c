/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/microphone-watch.h"

#include <stdio.h>

#include "base/cleanup.h"

void microphone_watch_opened(MicrophoneWatch *watch, usec_t now)
{
        watch->since = now;
}

static usec_t patience(const MicrophoneWatch *watch)
{
        usec_t us = MICROPHONE_SILENT_US;

        for (unsigned i = 0; i < watch->reports && us < MICROPHONE_SILENT_MAX_US; i++)
                us *= 2;
        return MIN_OF(us, MICROPHONE_SILENT_MAX_US);
}

static const char *fault(const MicrophoneWatch *watch, const MicrophoneTimes *times, usec_t now)
{
        if (now > MAX_OF(times->frame, watch->since) + MICROPHONE_STILL_US)
                return "your microphone gives nothing: the others cannot hear you";
        if (now > MAX_OF(times->sound, watch->since) + patience(watch))
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
        text = fault(watch, times, now);
        if (!text || watch->reported)
                return false;
        watch->reported = true;
        watch->reported_at = now;
        watch->reports++;
        snprintf(ret, size, "%s", text);
        return true;
}
