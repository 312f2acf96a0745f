/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A device that is only words: says to a hub what a test wants said, and holds what comes back
 * against what the test expects. What does not come ends the test (rig_fail()).
 */

#include <cjson/cJSON.h>

#include "rig/rig.h"
#include "rig/wsclient.h"

#define TALKER_UUID_SIZE 37

typedef struct Talker {
        WsClient *ws;
        uint64_t id;    /* of the last request */
        uint64_t seq;   /* of the last event; every request acknowledges it … */
        bool silent;    /* … unless this is set */
        cJSON *events;  /* array: those that came while something else was waited for */
        cJSON *welcome; /* what hello was answered with */
} Talker;

/* Connects, without saying hello. `options` may be NULL. */
Talker *talker_connect(uint16_t port, const WsOptions *options);
/* Connects and says hello; `device` is its id. */
Talker *talker_new(uint16_t port, const char *token, const char *device);
/* As the same device as before, resuming what it had: the welcome says whether that has worked. */
Talker *talker_resume(uint16_t port, const char *token, const char *device, const Talker *before);
Talker *talker_free(Talker *talker);
DEFINE_CLEANUP(Talker *, talker_free);

/*
 * Sends {"op":op,"id":…, …members}, `members` being printf of JSON members without braces, or "".
 * Returns the reply's whole message; the caller deletes it.
 */
cJSON *talker_request(Talker *talker, const char *op, const char *members, ...)
        __attribute__((format(printf, 3, 4)));
/* Likewise, but does not wait. */
void talker_say(Talker *talker, const char *op, const char *members, ...)
        __attribute__((format(printf, 3, 4)));
/* The reply to a request said before, by its id. */
cJSON *talker_reply(Talker *talker, uint64_t id);
/* As talker_say(), but false when the connection is gone. */
bool talker_try(Talker *talker, const char *op, const char *members, ...)
        __attribute__((format(printf, 3, 4)));
/* The next message of any kind, or NULL when the hub has closed; `what` is what one waits for. */
cJSON *talker_next(Talker *talker, const char *what);
/* Fails unless the reply is "ok"; deletes it. */
void talker_ok(cJSON *reply);
/* Fails unless the reply is an error of that name whose sentence has `text` in it; deletes it. */
void talker_refused(cJSON *reply, const char *error, const char *text);

/* The next event of that name; others stay for later. The caller deletes it. */
cJSON *talker_event(Talker *talker, const char *name);
/* Waits until the hub has closed; fails unless by this code, with `text` in its reason. */
void talker_closed(Talker *talker, int code, const char *text);
/* Nothing but replies may have come: an answered request shows that all before it is there. */
bool talker_has_event(Talker *talker, const char *name);

/* A member as text, "" if there is none. */
const char *talker_text(const cJSON *object, const char *name);

/* A random session id. */
void talker_uuid(char ret[static TALKER_UUID_SIZE]);
/* Has a call placed to `receiver`, with the defaults; its reply. */
cJSON *talker_initiate(Talker *talker, const char *session_id, const char *receiver);
