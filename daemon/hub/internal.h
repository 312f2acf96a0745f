/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The inside of the hub, for hub.c, login.c, resume.c, crowd.c, persist.c, work.c, lane.c,
 * history.c and operator-requests.c only.
 */

#define HASH_NONFATAL_OOM 1
#include <uthash.h>
#include <utlist.h>

#include "exchange/exchange.h"
#include "hub/commit.h"
#include "hub/fair-queue.h"
#include "hub/history-task.h"
#include "hub/hub.h"
#include "hub/login-limiter.h"
#include "hub/login-rate.h"

typedef struct Lane Lane;
typedef struct Login Login;

/*
 * A device that has logged in. When its connection is lost, a user's session waits for the device
 * to come back (resume.c).
 */
typedef struct DeviceSession {
        UT_hash_handle hh;
        Hub *hub;
        uint64_t number;                   /* names the attachment in the exchange; never reused */
        char name[UUID_LENGTH + 1];        /* the `link` by which the device resumes it */
        WsConnection *connection;          /* NULL while the session is suspended */
        Outbox outbox;                     /* while suspended: what the device has yet to receive */
        struct HubUser *user;              /* NULL for a session limited to one session's media */
        struct DeviceSession *prev, *next; /* among the sessions of `user` */
        struct DeviceSession *waits_prev, *waits_next; /* among hub->suspended */
        int64_t token_id;
        char device[DEVICE_ID_MAX + 1];
        uint32_t n_jobs; /* its requests that wait in hub->work */
} DeviceSession;

/* A user with at least one session. */
typedef struct HubUser {
        UT_hash_handle hh;
        char uid[UID_MAX + 1];
        DeviceSession *sessions;
        size_t n_sessions;
        ByteCount queued; /* in the outboxes of the sessions */
        uint64_t turn;    /* of the loop, in which the hub has … */
        usec_t spent;     /* … worked so long for this user */
} HubUser;

struct Hub {
        HubDatabase *database;
        const Config *config;
        Exchange *exchange;
        ExchangeNow now; /* of hub_now() */
        Commit *commit;
        LoginLimiter *limiter;
        LoginRate *login_rate;
        WsServer *server;
        char *turn_secret; /* owned; NULL: no TURN servers */
        usec_t ice_until;  /* CLOCK_REALTIME: until then the TURN credentials are valid */
        HubUser *users;
        DeviceSession *sessions;
        DeviceSession *suspended; /* the longest suspended first */
        uint64_t last_number;     /* of a session */
        ByteCount queued;         /* in all outboxes */
        ExchangeAction action;    /* being carried out */
        uint64_t turn;            /* number of turns of the loop so far */
        bool is_draining;
        /*
         * `action` could not be stored, because memory was short. It is tried again, and the
         * actions behind it wait, because they may confirm it.
         */
        bool stalled;
        bool removes_user; /* a user is being removed: close connections as revoked */

        FairQueue work;                        /* of HubJobs */
        Lane *lanes;                           /* by session id */
        char asking[UID_MAX + 1];              /* whose request is being handled; empty: nobody's */
        char drained_session[UUID_LENGTH + 1]; /* of the last action … */
        size_t n_drained;                      /* … and of so many before it */
        size_t n_stalled_lanes;                /* as `stalled`, for the first action of a lane */
        uv_idle_t working; /* active while there is work: the loop does not wait */

        uv_prepare_t turn_end;
        uv_timer_t deadline; /* of the exchange and of suspended sessions */
        uv_timer_t window;   /* of the commit */
        uv_timer_t pruning;
        bool is_pruning;    /* more batches are to follow */
        size_t n_pruned;    /* records, in the batches so far */
        usec_t deadline_at; /* the time for which `deadline` is armed */
};

/* The time, and fresh random bytes, for one input of the exchange; valid until the next call. */
const ExchangeNow *hub_now(Hub *hub);
/* Carries out one action. Returns 0, or -ENOMEM if it has to be tried again. */
int hub_carry_out(Hub *hub, ExchangeAction *action);
/* Carries out the exchange's actions, or puts them into lanes. */
void hub_drain(Hub *hub);
/* Sends the message, or closes the connection when memory is short. */
void hub_send(WsConnection *connection, Message *message, uint64_t barrier);
void hub_reply_error(WsConnection *connection, uint64_t id, CallError error, const char *format,
                     ...) _printf_(4, 5);
HubUser *hub_user_find(Hub *hub, const char *uid);
/* Finds or makes the user, who goes with the last session. NULL: out of memory. */
HubUser *hub_user_enter(Hub *hub, const char *uid);
/* Sends to all devices of the user other than `except`, which may be NULL. */
void hub_send_others(Hub *hub, const char *uid, const DeviceSession *except, Message *message,
                     uint64_t barrier);

/* ---- login.c ---- */

/* Handles the first message of a connection: refuses it, or puts it in line. */
void hub_login(Hub *hub, WsConnection *connection, const Message *message);
/* The welcome, or a refusal. Returns true if it has to wait. */
bool hub_login_step(Hub *hub, Login *login);
/* Refuses it: its user is gone. */
void hub_login_revoke(Login *login);
/* The connection closes before that. */
void hub_login_lost(Hub *hub, WsConnection *connection);
Login *login_free(Hub *hub, Login *login);
DeviceSession *device_session_free(Hub *hub, DeviceSession *session);
DeviceSession *device_session_find(Hub *hub, uint64_t number);
/* Sends the welcome. Returns 0 or negative errno. */
int hub_welcome(Hub *hub, DeviceSession *session, const Message *hello, const Party *party,
                WhenBusy when_busy, bool resumed);

/* Makes the session the owner of what is in line on its connection. */
void device_session_own(DeviceSession *session);

/* ---- resume.c ---- */

/* The session has lost its connection; the device may come back. */
void device_session_suspend(Hub *hub, DeviceSession *session);
/*
 * The device is back on this connection. Returns true if its session is resumed, false if it has to
 * start a new one.
 */
bool device_session_resume(Hub *hub, WsConnection *connection, const Message *hello,
                           const StoredToken *token, const StoredUser *user);
/* Gives up a suspended session. The caller drains the exchange's actions. */
void device_session_give_up(Hub *hub, DeviceSession *session);
/* Gives up the sessions that have waited long enough. */
void hub_expire_sessions(Hub *hub, usec_t now);
usec_t hub_next_expiry(const Hub *hub);

/* ---- crowd.c ---- */

/* Gives up the devices that have most in line, while that is too much for their users or the hub.
 */
void hub_shed(Hub *hub);

/* ---- operator-requests.c ---- */

/* Passes the group to the exchange. Returns 0, -ENOMEM, or a CallError when it exceeds a limit. */
int hub_put_group(Hub *hub, const StoredGroup *group);

/* ---- persist.c ---- */

/* What the settings allow. */
ExchangeLimits hub_exchange_limits(const Hub *hub);
/* Loads everything from the database. */
int hub_load(Hub *hub);
/* Adds what the exchange wants stored to the next commit. */
int hub_store(Hub *hub, ExchangeAction *action);

/* ---- work.c ---- */

/* A request in line, or a lane, or a login. */
typedef struct HubJob {
        FairJob fair;
        Lane *lane; /* at most one of these two is set; … */
        Login *login;
        /* … if none is, it is a request about the history. */
        uint64_t session; /* number of the one that gets the reply; 0: nobody waits for it */
        uint64_t id;      /* of the request */
        HistoryTask task;
} HubJob;

/* Takes the task. Returns 0 or, with nothing taken, -ENOMEM or -ENOBUFS (fair-queue.h). */
int hub_work_add(Hub *hub, DeviceSession *session, uint64_t id, HistoryTask *task);
/* There is work from now on. */
void hub_work_begin(Hub *hub);
/* Takes steps for a part of the loop's turn. */
void hub_work_turn(Hub *hub);
/*
 * The session's connection is gone, and its replies with it: what changes something goes on, a page
 * does not.
 */
void hub_work_leave(Hub *hub, DeviceSession *session);
/* The user is gone: refuses their logins, and drops their requests. */
void hub_work_drop(Hub *hub, const char *uid);
void hub_work_done(Hub *hub);

/* ---- lane.c ---- */

#define LANE_BEGINS_AT 64 /* actions at once: takes a millisecond */
#define LANE_HELP_STEPS 4 /* of hub_lanes_help(): that many actions as well */

/*
 * Takes the action into the lane of its call. Returns 1; 0 if there is none, and it is to be
 * carried out at once; or -ENOMEM, with nothing taken.
 */
int hub_lane_take(Hub *hub, ExchangeAction *action);
/* Carries out some of its actions. Returns false when it is empty. */
bool hub_lane_step(Hub *hub, Lane *lane);
Lane *lane_free(Hub *hub, Lane *lane);
/* Takes steps of the oldest lanes, LANE_HELP_STEPS. Returns whether there are lanes left. */
bool hub_lanes_help(Hub *hub);
/* A job that waits for lanes gives its turn to the first of them in its own line, if there is one.
 */
void hub_lane_pass(Hub *hub, const HubJob *job);
/*
 * Empties all lanes now, however long that takes: for the operator, who has to find all that has
 * happened in the database. A device that logs in waits instead. Returns 0, or -ENOMEM if something
 * is still to be stored.
 */
int hub_lanes_finish(Hub *hub);

/* ---- history.c ---- */

/* A request about the history: answers, or puts it in line. */
void hub_ask_history(Hub *hub, DeviceSession *session, const Message *message);
/* Takes the next step. Returns false when the job is done, and has been answered. */
bool hub_history_step(Hub *hub, HubJob *job);
/* Deletes what is too old, and stores how long the hub has run. */
void hub_prune(uv_timer_t *timer);
void hub_count_running(Hub *hub);

/* For records to be settled in one turn of the loop. */
#define SETTLE_STEP_US USEC_PER_MSEC
/* Bytes; the remainder of WIRE_MESSAGE_MAX is for the rest of the message. */
#define HISTORY_BUDGET (56 * 1024)
