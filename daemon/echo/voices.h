/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The media workers of the echo: one `tring-media worker --echo` for each call. They end with the
 * program. Events come from the loop, never from inside a function called here.
 */

#include <systemd/sd-event.h>

#include "base/cleanup.h"
#include "wire/worker.h"

typedef struct Voices Voices;

typedef struct VoicesEvents {
        void (*message)(void *userdata, const char *session_id, const WorkerMessage *message);
        /* The worker ended without voices_stop(); `text` is the reason. */
        void (*gone)(void *userdata, const char *session_id, const char *text);
} VoicesEvents;

/* `program` is tring-media. Makes a private folder for the workers' sockets. */
int voices_new(sd_event *event, const char *program, const VoicesEvents *events, void *userdata,
               Voices **ret);
Voices *voices_free(Voices *voices);
DEFINE_CLEANUP(Voices *, voices_free);

/* Returns 0, also if the worker already runs, or negative errno. */
int voices_start(Voices *voices, const char *session_id);
/* Returns 0 or negative errno; -ENOENT if the call has no worker. */
int voices_send(Voices *voices, const char *session_id, const WorkerMessage *message);
void voices_stop(Voices *voices, const char *session_id);
