/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/call-sound.h"

#include <errno.h>
#include <utlist.h>

#include "base/str.h"
#include "media/capture.h"
#include "media/playback.h"

/* A voice that is to be heard. */
typedef struct Heard {
        struct Heard *prev, *next;
        Ring *ring; /* not owned */
        Playback *playback;
} Heard;

struct CallSound {
        const char *session; /* not owned */
        SoundFault fault;
        void *userdata;
        char title[2 * NAME_MAX_BYTES];
        WorkerDevices devices;
        Sound *sound; /* NULL: no PipeWire */
        Voice *voice; /* not owned; NULL: not joined */
        Capture *capture;
        bool has_speaker;
        Heard *heard;
};

static void connect_sound(CallSound *sound)
{
        if (sound->sound && sound_is_broken(sound->sound))
                sound->sound = sound_free(sound->sound);
        if (!sound->sound)
                sound_new(sound->fault, sound->userdata, &sound->sound);
}

int call_sound_new(const char *session, SoundFault fault, void *userdata, CallSound **ret)
{
        CallSound *sound = calloc(1, sizeof(*sound));

        if (!sound)
                return -ENOMEM;
        *sound = (CallSound){.session = session, .fault = fault, .userdata = userdata};
        /* Before the join: then it is known what devices there are. */
        connect_sound(sound);
        *ret = sound;
        return 0;
}

CallSound *call_sound_free(CallSound *sound)
{
        if (!sound)
                return NULL;
        call_sound_leave(sound);
        sound_free(sound->sound);
        free(sound);
        return NULL;
}

/* Whether there is any device to use; a chosen one that is not there gives way to the default. */
static bool check_device(CallSound *sound, SoundDirection direction, char *name, const char *what)
{
        char sentence[MESSAGE_TEXT_MAX + 1];

        bool any = sound_has_device(sound->sound, direction, "");

        if (any && sound_has_device(sound->sound, direction, name))
                return true;
        if (!any) {
                snprintf(sentence, sizeof(sentence), "there is no %s", what);
        } else {
                char shown[128];

                snprintf(sentence, sizeof(sentence),
                         "there is no %s named '%s'; the default one is used", what,
                         str_printable(shown, sizeof(shown), name));
                name[0] = '\0';
        }
        sound->fault(sound->userdata, CALL_ERROR_DEVICE_NOT_FOUND, sentence);
        return any;
}

static void on_frame(void *userdata, const int16_t *samples)
{
        voice_frame(userdata, samples);
}

void call_sound_join(CallSound *sound, const WorkerDevices *devices, const char *title,
                     Voice *voice)
{
        char node[NODE_NAME_MAX + 1];

        sound->voice = voice;
        sound->devices = *devices;
        STR_SET(sound->title, title);
        sound->has_speaker = false;
        connect_sound(sound);
        if (!sound->sound) {
                sound->fault(sound->userdata, CALL_ERROR_MEDIA_FAILED,
                             "PipeWire cannot be reached: nothing can be heard or said");
                return;
        }
        sound->has_speaker = check_device(sound, SOUND_SPEAKER, sound->devices.speaker, "speaker");
        if (!check_device(sound, SOUND_MICROPHONE, sound->devices.microphone, "microphone"))
                return;
        snprintf(node, sizeof(node), "tring.%s.capture", sound->session);
        if (capture_new(sound->sound, node, sound->title, sound->devices.microphone, on_frame,
                        voice, &sound->capture) < 0)
                sound->fault(sound->userdata, CALL_ERROR_MEDIA_FAILED,
                             "the microphone could not be opened");
}

void call_sound_leave(CallSound *sound)
{
        sound->capture = capture_free(sound->capture);
        sound->voice = NULL;
}

int call_sound_play(CallSound *sound, const char *node, const char *description, Ring *ring)
{
        Heard *heard = calloc(1, sizeof(*heard));
        int r;

        if (!heard)
                return -ENOMEM;
        heard->ring = ring;
        DL_APPEND(sound->heard, heard);
        if (!sound->has_speaker)
                return 0;
        r = playback_new(sound->sound, node, description, sound->devices.speaker, ring,
                         &heard->playback);
        if (r < 0)
                sound->fault(sound->userdata, CALL_ERROR_MEDIA_FAILED,
                             "the speaker could not be opened");
        return 0;
}

void call_sound_stop(CallSound *sound, Ring *ring)
{
        Heard *heard, *next;

        DL_FOREACH_SAFE (sound->heard, heard, next) {
                if (heard->ring != ring)
                        continue;
                DL_DELETE(sound->heard, heard);
                playback_free(heard->playback);
                free(heard);
        }
}
