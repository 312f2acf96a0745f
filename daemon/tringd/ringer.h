/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The ring and the ring-back: one process of tring-media that plays a tone in a loop until it is
 * told to stop. It says `playing` once a person can hear it.
 */

#include <systemd/sd-event.h>

#include "phone/phone.h"
#include "tringd/settings.h"

/* Before a tone starts: what has just been said on the bus is delivered first. Nobody hears it. */
#define TONE_START_DELAY_US (2 * USEC_PER_MSEC)
/* After that it is killed: a ring that goes on is worse. */
#define TONE_STOP_US (1 * USEC_PER_SEC)

/* Before one that ended by itself is started again, while the tone is still wanted. */
#define TONE_AGAIN_US (1 * USEC_PER_SEC)

typedef struct Ringer Ringer;

typedef struct RingerEvents {
        /* The tone that was asked for last is heard, or will not be. */
        void (*playing)(void *userdata, PhoneTone tone, bool playing);
} RingerEvents;

/* `program` is tring-media; both strings and settings stay the caller's. */
int ringer_new(sd_event *event, const char *program, const Settings *settings,
               const RingerEvents *events, void *userdata, Ringer **ret);
Ringer *ringer_free(Ringer *tone); /* stops it */
DEFINE_CLEANUP(Ringer *, ringer_free);

/* From now on this tone and no other; PHONE_TONE_NONE: silence. */
void ringer_play(Ringer *tone, PhoneTone which);
