/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The ring tone and the ring-back tone: a tring-media process that plays in a loop until it is
 * stopped. It prints `playing` as soon as the tone can be heard.
 */

#include <systemd/sd-event.h>

#include "phone/phone.h"
#include "tringd/settings.h"

/* Delay before a tone starts, so that the bus delivers the signals first; not noticeable. */
#define TONE_START_DELAY_US (2 * USEC_PER_MSEC)
/* From SIGTERM to SIGKILL: a tone must not go on for longer after its call. */
#define TONE_STOP_US (1 * USEC_PER_SEC)
/* Delay before a process that ended by itself is restarted, if its tone is still wanted. */
#define TONE_AGAIN_US (1 * USEC_PER_SEC)

typedef struct Ringer Ringer;

typedef struct RingerEvents {
        /* Whether the tone of the last ringer_play() is playing now, or could not be played. */
        void (*playing)(void *userdata, PhoneTone tone, bool playing);
} RingerEvents;

/* `program` is tring-media; it and `settings` stay owned by the caller. */
int ringer_new(sd_event *event, const char *program, const Settings *settings,
               const RingerEvents *events, void *userdata, Ringer **ret);
Ringer *ringer_free(Ringer *ringer); /* stops it */
DEFINE_CLEANUP(Ringer *, ringer_free);

/* Plays this tone in place of any other; PHONE_TONE_NONE: silence. */
void ringer_play(Ringer *ringer, PhoneTone tone);
