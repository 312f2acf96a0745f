/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A device without a phone: sends a hub the messages that a test chooses, and compares the replies
 * and events with what the test expects. A failure ends the test (rig_fail()).
 */

#include <cjson/cJSON.h>

#include "rig/rig.h"
#include "rig/wsclient.h"

#define TALKER_UUID_SIZE 37

typedef struct Talker {
        WsClient *ws;
        uint64_t id;    /* of the last request */
        uint64_t seq;   /* of the last event; each request acknowledges it … */
        bool silent;    /* … unless this is set */
        cJSON *events;  /* array: events that arrived while another one was waited for */
        cJSON *welcome; /* the reply to hello */
} Talker;

/* Connects, without hello. `options` may be NULL. */
Talker *talker_connect(uint16_t port, const WsOptions *options);
/* Connects and sends hello; `device` is its id. */
Talker *talker_new(uint16_t port, const char *token, const char *device);
/* Reconnects as the same device and tries to resume; the welcome has the result. */
Talker *talker_resume(uint16_t port, const char *token, const char *device, const Talker *before);
Talker *talker_free(Talker *talker);
DEFINE_CLEANUP(Talker *, talker_free);

/*
 * Sends {"op":op,"id":…, …members}; `members` is a printf format of JSON members without braces, or
 * "". Returns the whole reply; the caller deletes it.
 */
cJSON *talker_request(Talker *talker, const char *op, const char *members, ...)
        __attribute__((format(printf, 3, 4)));
/* The same, without waiting. */
void talker_say(Talker *talker, const char *op, const char *members, ...)
        __attribute__((format(printf, 3, 4)));
/* Waits for the reply to an earlier request, by its id. */
cJSON *talker_reply(Talker *talker, uint64_t id);
/* As talker_say(), but returns false if the connection is gone. */
bool talker_try(Talker *talker, const char *op, const char *members, ...)
        __attribute__((format(printf, 3, 4)));
/* The next message of any kind, or NULL when the hub has closed; `what` is what to wait for. */
cJSON *talker_next(Talker *talker, const char *what);
/* Fails unless the reply is "ok"; deletes it. */
void talker_ok(cJSON *reply);
/* Fails unless the reply is an error of that name with `text` in its sentence; deletes it. */
void talker_refused(cJSON *reply, const char *error, const char *text);

/* Waits for the next event of that name; others are stored for later. The caller deletes it. */
cJSON *talker_event(Talker *talker, const char *name);
/* Waits until the hub has closed; fails unless with this code, and `text` in its reason. */
void talker_closed(Talker *talker, int code, const char *text);
/* Fails if an event has come: the reply to a request shows that all before it has arrived. */
bool talker_has_event(Talker *talker, const char *name);

/* A member as text; "" if it is missing. */
const char *talker_text(const cJSON *object, const char *name);

/* A random session id. */
void talker_uuid(char ret[static TALKER_UUID_SIZE]);
/* Places a call to `receiver` with the default options; returns the reply. */
cJSON *talker_initiate(Talker *talker, const char *session_id, const char *receiver);
