/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/speech.h"

#include "media/sound.h"

#define LOUD_RMS 184                        /* of 32768, -45 dB: above a quiet room */
#define PAUSE ((size_t)SOUND_RATE * 4 / 10) /* 400 ms: longer than between two words */

bool speech_feed(Speech *speech, const int16_t *samples, size_t n)
{
        bool before = speech->speaking;
        int64_t sum = 0;

        for (size_t i = 0; i < n; i++)
                sum += (int64_t)samples[i] * samples[i];
        if (n > 0 && sum / (int64_t)n >= LOUD_RMS * LOUD_RMS) {
                speech->quiet = 0;
                speech->speaking = true;
        } else {
                speech->quiet += n;
                if (speech->quiet >= PAUSE)
                        speech->speaking = false;
        }
        return speech->speaking != before;
}
