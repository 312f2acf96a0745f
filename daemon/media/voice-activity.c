/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/voice-activity.h"

#include "media/pipewire.h"

#define LOUD_RMS 0.0056f                    /* -45 dB: above a quiet room */
#define PAUSE ((size_t)AUDIO_RATE * 4 / 10) /* 400 ms: longer than the pause between two words */

bool voice_activity_feed(VoiceActivity *activity, const float *samples, size_t n)
{
        bool before = activity->speaking;
        float sum = 0;

        for (size_t i = 0; i < n; i++)
                sum += samples[i] * samples[i];
        if (n > 0 && sum / (float)n >= LOUD_RMS * LOUD_RMS) {
                activity->quiet = 0;
                activity->speaking = true;
        } else {
                activity->quiet += n;
                if (activity->quiet >= PAUSE)
                        activity->speaking = false;
        }
        return activity->speaking != before;
}
