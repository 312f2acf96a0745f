/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/speech.h"

#include "media/sound.h"

#define LOUD_RMS 0.0056f                    /* -45 dB: above a quiet room */
#define PAUSE ((size_t)SOUND_RATE * 4 / 10) /* 400 ms: longer than between two words */

bool speech_feed(Speech *speech, const float *samples, size_t n)
{
        bool before = speech->speaking;
        float sum = 0;

        for (size_t i = 0; i < n; i++)
                sum += samples[i] * samples[i];
        if (n > 0 && sum / (float)n >= LOUD_RMS * LOUD_RMS) {
                speech->quiet = 0;
                speech->speaking = true;
        } else {
                speech->quiet += n;
                if (speech->quiet >= PAUSE)
                        speech->speaking = false;
        }
        return speech->speaking != before;
}
