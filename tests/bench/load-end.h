/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A device of the load: as cheap as can be for who plays hundreds of them, so that the hub is what
 * is measured. It reads what is there, finds words in it, and never waits.
 */

#include "rig/hub.h"
#include "rig/wsclient.h"

#define LOAD_BUFFER_SIZE (16 * 1024)

typedef struct LoadEnd {
        WsClient *ws; /* only to connect and to log in */
        int fd;
        uint64_t id, seq; /* of the last request; of the last event */
        size_t used;
        char *buffer; /* owned */
} LoadEnd;

/* Logs in. `options` may be NULL; what load_end_say() and load_end_read() do is plain only. */
void load_end_init(LoadEnd *end, const Hub *hub, const char *token, const char *device,
                   const WsOptions *options);
void load_end_done(LoadEnd *end);

/* A request about a call; `more` is empty, or members with a comma before them. */
void load_end_say(LoadEnd *end, const char *op, const char *session_id, const char *more);
/* Takes what has come. The text of each message ends with a zero, and is gone afterwards. */
void load_end_read(LoadEnd *end, void (*take)(const char *text, void *), void *userdata);
