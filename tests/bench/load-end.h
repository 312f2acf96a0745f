/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A simulated device, so cheap that one program can run hundreds of them and still measure the hub.
 * It reads what has arrived, finds words in it, and never waits.
 */

#include "rig/hub.h"
#include "rig/wsclient.h"

#define LOAD_BUFFER_SIZE (16 * 1024)

typedef struct LoadEnd {
        WsClient *ws; /* while it connects and logs in */
        int fd;
        uint64_t id, seq; /* of the last request; of the last event */
        size_t used;
        char *buffer; /* owned */
} LoadEnd;

/* Logs in. `options` may be NULL; load_end_say() and load_end_read() work without TLS only. */
void load_end_init(LoadEnd *end, const Hub *hub, const char *token, const char *device,
                   const WsOptions *options);
void load_end_done(LoadEnd *end);

/* Sends a request about a call; `more` is empty, or members with a leading comma. */
void load_end_say(LoadEnd *end, const char *op, const char *session_id, const char *more);
/* Reads what has arrived. The text of each message ends with a zero, and is invalid afterwards. */
void load_end_read(LoadEnd *end, void (*take)(const char *text, void *), void *userdata);
