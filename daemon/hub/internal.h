/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the hub is made of; for hub*.c alone. */

#define HASH_NONFATAL_OOM 1
#include <uthash.h>
#include <utlist.h>

#include "exchange/exchange.h"
#include "hub/commit.h"
#include "hub/hub.h"
#include "hub/login-limiter.h"

/*
 * Who is behind a connection, from its login on. When the connection is lost a user's session waits
 * for its device to come back (hub-resume.c).
 */
typedef struct DeviceSession {
        UT_hash_handle hh;
        uint64_t number;                   /* in the exchange; never used again */
        char name[UUID_LENGTH + 1];        /* for its device */
        WsConnection *connection;          /* NULL while it is suspended … */
        Outbox outbox;                     /* … and this is what its device has yet to hear */
        struct HubUser *user;              /* NULL for a session limited to one session's media */
        struct DeviceSession *prev, *next; /* of that user */
        struct DeviceSession *waits_prev, *waits_next; /* in hub->suspended */
        int64_t token_id;
        char device[DEVICE_ID_MAX + 1];
} DeviceSession;

/* A user of whom somebody is there. */
typedef struct HubUser {
        UT_hash_handle hh;
        char uid[UID_MAX + 1];
        DeviceSession *sessions;
        size_t n_links;
} HubUser;

struct Hub {
        HubDatabase *database;
        const Config *config;
        Exchange *exchange;
        Commit *commit;
        LoginLimiter *limiter;
        WsServer *server;
        char *turn_secret; /* owned; NULL: no TURN servers */
        HubUser *users;
        DeviceSession *sessions;
        DeviceSession *suspended; /* the longest first */
        uint64_t last_link;
        bool is_draining;
        bool removes_user; /* what is disconnected now is disconnected for good */

        uv_prepare_t turn_end;
        uv_timer_t deadline; /* the exchange's, and that of suspended sessions */
        uv_timer_t window;   /* the commit's */
        uv_timer_t pruning;
        usec_t deadline_at; /* what `deadline` is armed for */
};

void hub_moment(ExchangeNow *ret);
/* Carries out what the exchange wants done. */
void hub_drain(Hub *hub);
/* Sends it, or closes the connection when there is no memory for it. */
void hub_send(WsConnection *connection, Message *message, uint64_t barrier);
/* Likewise to a connection's device, or keeps it for that. May free the connection. */
void hub_tell(Hub *hub, DeviceSession *connection, Message *message, uint64_t barrier);
void hub_reply_error(WsConnection *connection, uint64_t id, CallError error, const char *format,
                     ...) _printf_(4, 5);
HubUser *hub_user_find(Hub *hub, const char *uid);
/* To all of the user's devices but one, which may be NULL. */
void hub_tell_others(Hub *hub, const char *uid, const DeviceSession *except, Message *message,
                     uint64_t barrier);

/* ---- hub-login.c ---- */

/* The first message of a connection. */
void hub_login(Hub *hub, WsConnection *connection, const Message *message);
int device_session_new(Hub *hub, WsConnection *connection, const char *device,
                       const StoredToken *token, DeviceSession **ret);
DeviceSession *device_session_free(Hub *hub, DeviceSession *connection);
DeviceSession *device_session_find(Hub *hub, uint64_t number);
/* To whom the connection belongs is told. `user` may be NULL where it is resumed. 0 or negative
 * errno. */
int hub_welcome(Hub *hub, DeviceSession *connection, const Message *hello, const Party *party,
                WhenBusy when_busy, bool resumed);

/* ---- hub-resume.c ---- */

/* The session's connection is lost; the device may come back. */
void device_session_suspend(Hub *hub, DeviceSession *session);
/* It is back on this connection. True: everything is done. False: it has to begin anew. */
bool device_session_resume(Hub *hub, WsConnection *connection, const Message *hello,
                           const StoredToken *token, const StoredUser *user);
/* A suspended one that is not waited for any more; what the exchange makes of that is to be
 * drained. */
void device_session_give_up(Hub *hub, DeviceSession *session);
/* Those that have waited long enough. */
void hub_expire_sessions(Hub *hub, usec_t now);
usec_t hub_next_expiry(const Hub *hub);

/* ---- hub-operator.c ---- */

/* For the exchange. 0, -ENOMEM, or a CallError when it breaks a limit. */
int hub_put_group(Hub *hub, const StoredGroup *group);

/* ---- hub-store.c ---- */

/* Everything that there was before. */
int hub_load(Hub *hub);
/* Has what the exchange wants stored written with the next commit. */
int hub_store(Hub *hub, ExchangeAction *action);

/* ---- hub-history.c ---- */

void hub_history(Hub *hub, DeviceSession *session, const Message *message);
void hub_seen(Hub *hub, DeviceSession *session, const Message *message);
void hub_forget(Hub *hub, DeviceSession *session, const Message *message);
void hub_prune(uv_timer_t *timer);

#define HISTORY_BUDGET (56 * 1024) /* of WIRE_MESSAGE_MAX; the rest of a message has the rest */
