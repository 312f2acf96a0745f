/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What the exchange is made of; for exchange*.c alone.
 *
 *         User ──< Device ──  Link            who is there, and by which connection
 *                    │
 *                    └──< Leg >──┐            a call as it appears on one device
 *                                │
 *         Call ──< Side ─────────┘            a call, and a user's part in it
 *                    │
 *                    └──< Token               what lets that user's party join the media
 *
 * A call has two sides, caller and receiver. While it rings, the receiver's side has a leg on every
 * device that rings; from the accept on, each side has exactly one: the party's.
 *
 * Nothing is told that is not so, and nothing becomes so that could not be told: an operation
 * changes the state, queues what is to be said, and takes the change back if memory ran out. What
 * has been queued counts only after exchange_commit().
 */

#define HASH_NONFATAL_OOM 1
#include <uthash.h>
#include <utlist.h>

#include "call/deadline.h"
#include "call/exchange.h"
#include "call/rules.h"

#define USEC_PER_MINUTE (60 * USEC_PER_SEC)

typedef struct Call Call;
typedef struct Device Device;
typedef struct Leg Leg;
typedef struct Link Link;
typedef struct Side Side;
typedef struct Token Token;
typedef struct User User;

struct Link {
        uint64_t id;
        Device *device; /* NULL for a link limited to a session … */
        Side *side;     /* … of this side; NULL for all others */
        UT_hash_handle hh;
};

/* Exists while it is connected or a live call appears on it. */
struct Device {
        User *user;
        char id[DEVICE_ID_MAX + 1];
        Link *link; /* NULL: away */
        Leg *legs;
        Device *prev, *next;
};

struct User {
        char uid[UID_MAX + 1];
        char name[NAME_MAX_BYTES + 1];
        WhenBusy when_busy;
        Device *devices;
        Side *rings; /* calls that ring for this user */
        Side *busy;  /* all other live calls of this user: what makes them busy (rule 8) */
        size_t n_placed;
        usec_t *starts;     /* when the last calls were started, a ring; NULL before the first */
        size_t first_start; /* index of the oldest */
        size_t n_starts;
        UT_hash_handle hh;
};

struct Leg {
        Side *side;
        Device *device;
        uint64_t announced_to; /* the link whose attach made this leg; 0: another way */
        Leg *side_prev, *side_next;
        Leg *device_prev, *device_next;
};

/* Bound to its side, and so to session, user and the device that placed or answered the call. */
struct Token {
        char token[TOKEN_MAX + 1];
        Side *side;
        usec_t unused_until; /* USEC_NEVER once used */
        Token *prev, *next;
        UT_hash_handle hh;
};

struct Side {
        Call *call;
        User *user; /* NULL once the call is over */
        CallDirection direction;
        CallStatus status;
        CallReason reason;
        char device[DEVICE_ID_MAX + 1]; /* that placed, answered or declined; empty before */
        Leg *legs;
        usec_t lost_since; /* that device's connection; USEC_NEVER: it is there */
        bool alerted;

        bool joins; /* will join media here; false counts as joined */
        bool joined;
        bool joined_limited; /* by `limited`, not by the device's own link */
        bool muted, media_flows;
        char participant[PARTICIPANT_ID_MAX + 1];
        Link *limited;
        Token *tokens;
        size_t n_tokens;

        Side **list; /* the user's rings or busy, in which it is */
        Side *prev, *next;
};

struct Call {
        CallRecord record; /* status and reason are the sides' */
        bool live;
        char merged_id[UUID_LENGTH + 1]; /* of the initiate that became its accept (rule 10) */
        Side sides[CALL_DIRECTION_COUNT];
        usec_t ring_until, answered, join_until, alone_since; /* CLOCK_BOOTTIME */
        usec_t forget_at;                                     /* once it is over */
        Deadline deadline;
        Call *prev, *next; /* among the live, or the ended */
        UT_hash_handle hh;
};

typedef struct CancelKey {
        char session_id[UUID_LENGTH + 1];
        char uid[UID_MAX + 1];
} CancelKey;

/* A cancel that came before its initiate (rule 15). */
typedef struct Cancel {
        CancelKey key;
        usec_t until;
        struct Cancel *prev, *next;
        UT_hash_handle hh;
} Cancel;

struct Exchange {
        ExchangeLimits limits;
        IceServer *ice_servers;
        size_t n_ice_servers;
        User *users;
        Link *links;
        Call *calls; /* by session id: live, and ended ones that are remembered */
        Call *live, *ended;
        size_t n_live, n_ended;
        Deadlines deadlines;
        Token *tokens;
        Cancel *cancels, *cancels_by_age;
        uint64_t n_joins; /* so far: part of every participant's id */

        ExchangeAction *actions; /* owned; from `first` to `last`, of which `committed` stand */
        size_t first, last, committed, capacity;
};

/* A message being answered. */
typedef struct Request {
        Exchange *exchange;
        const Moment *moment;
        Link *link;
        Device *device; /* whose party asks: a limited link speaks for its side's device */
        const Message *message;
        bool replied;
        char text[MESSAGE_TEXT_MAX + 1]; /* why it is refused */
} Request;

/* A call as the asking device sees it. */
typedef struct View {
        Side *side;
        CallStatus status;
        CallReason reason;
        bool here;             /* this device placed, answered or declined it */
        MethodVerdict verdict; /* of exchange_request_judge(): DOES or SUCCEEDS */
} View;

/* ---- exchange-action.c: what is to be carried out ---- */

/* One action more than asked for always fits: the reply. Returns 0 or -ENOMEM. */
int exchange_prepare(Exchange *exchange);
/* Returns the new action, zeroed, or NULL. */
ExchangeAction *exchange_push(Exchange *exchange, ExchangeActionType type);
/* Takes the room that exchange_prepare() and exchange_push() have left. */
void exchange_push_reply(Exchange *exchange, uint64_t link, const Message *reply);
/*
 * Returns 1 with the message to fill in, 0 when there is no link (the device is away: its next
 * snapshot tells), or -ENOMEM.
 */
int exchange_send(Exchange *exchange, const Link *link, MessageType type, Message **ret);
int exchange_disconnect(Exchange *exchange, const Link *link, const char *format, ...)
        _printf_(3, 4);
void exchange_commit(Exchange *exchange);
void exchange_rollback(Exchange *exchange);

/* ---- exchange-request.c: requests; handlers return 0, a CallError by refusing, or -ENOMEM ---- */

/* Notes the sentence and returns the error, for the handler to return. */
int exchange_request_refuse(Request *request, CallError error, const char *format, ...)
        _printf_(3, 4);
/* A reply other than plain success, to be filled in. Returns 0 or -ENOMEM. */
int exchange_request_reply(Request *request, ReplyKind kind, MessageReply **ret);
int exchange_request_reply_call(Request *request, const Side *side);
/* The call as the asking device sees it; refuses with NoSuchCall. */
int exchange_request_view(Request *request, const char *session_id, View *ret);
/* Refuses what the method table refuses. */
int exchange_request_judge(Request *request, View *view, CallMethod method);
/* Both. */
int exchange_request_find(Request *request, const char *session_id, CallMethod method, View *ret);

/* ---- exchange-user.c: users, devices, links ---- */

User *exchange_user_find(const Exchange *exchange, const char *uid);
void exchange_user_free(Exchange *exchange, User *user);
Party exchange_user_party(const User *user, const char *device);
/* The device of that id, made if it is not there. */
int exchange_user_device(User *user, const char *id, Device **ret);
/* False when the user started as many calls in the last minute as they may. */
bool exchange_user_may_start_call(const Exchange *exchange, const User *user, usec_t now);
int exchange_user_reserve_starts(const Exchange *exchange, User *user);
void exchange_user_call_started(const Exchange *exchange, User *user, usec_t now);

int exchange_request_settings(Request *request);
int exchange_request_logout(Request *request);

Link *exchange_link_find(const Exchange *exchange, uint64_t id);
void exchange_link_free(Exchange *exchange, Link *link);

int exchange_leg_new(Side *side, Device *device, Leg **ret);
Leg *exchange_leg_find(const Side *side, const Device *device);
void exchange_leg_free(Leg *leg);

/* ---- exchange-call.c: a call as it is ---- */

Call *exchange_call_find(const Exchange *exchange, const char *session_id);
#define side_other(side) (&(side)->call->sides[(side)->direction == CALL_DIRECTION_OUTGOING])
/* A call without legs, in no list yet; `record` is copied. */
int exchange_call_new(const CallRecord *record, User *caller, User *receiver, Call **ret);
int exchange_call_link(Exchange *exchange, Call *call);
void exchange_call_free(Exchange *exchange, Call *call);
/* It is over: only what answers a repeated request is kept, for a while. */
void exchange_call_retire(Exchange *exchange, const Moment *moment, Call *call);
void exchange_forget_expired(Exchange *exchange, usec_t now);

/* The call as its side sees it, sharing the metadata: copy it to keep it. */
CallRecord exchange_side_record(const Side *side);
int exchange_side_snapshot(const Side *side, const Moment *moment, const Device *device,
                           CallSnapshot *ret);
/* The side's user is in a call now, or is not being rung any more. */
void exchange_side_enlist(Side *side, Side **list);
int exchange_save(Exchange *exchange, const Moment *moment, const Call *call);

typedef struct CallDue {
        usec_t at;
        CallEvent event;
} CallDue;

CallDue exchange_call_next_due(const Call *call);
/* To be called when something has changed that exchange_call_next_due() looks at. */
void exchange_call_reschedule(Exchange *exchange, Call *call);

/* ---- exchange-over.c: how a call ends ---- */

/* By one event for the caller, one for the receiver. */
int exchange_call_over(Exchange *exchange, const Moment *moment, Call *call, CallEvent caller,
                       CallEvent receiver);
/* One side leaves the call by this event, which ends it. */
int exchange_side_quit(Exchange *exchange, const Moment *moment, Side *side, CallEvent event);
/* Its terminal event, to one device on which the call rang: by what happened there alone. */
int exchange_leg_send_event(Exchange *exchange, const Leg *leg, CallEvent event);
/* What the rules make of an event that can happen to this side. */
void exchange_side_move(Side *side, CallEvent event);

/* ---- exchange-initiate.c: how a call begins ---- */

int exchange_request_initiate(Request *request);
int exchange_request_cancel(Request *request); /* here, because it may come before its initiate */
void exchange_forget_cancels(Exchange *exchange, usec_t now);

/* ---- exchange-answer.c: how it is answered ---- */

/* The first accept, by the asking device, which has a leg. */
int exchange_request_answer(Request *request, Side *side, CallType type, bool joins);
int exchange_request_delivered(Request *request);
int exchange_request_alerting(Request *request);
int exchange_request_accept(Request *request);
int exchange_request_reject(Request *request);
int exchange_request_end(Request *request);

/* ---- exchange-session.c: join tokens and the media session ---- */

/* A new token for the side, out of the moment's entropy. */
int exchange_side_token_new(Exchange *exchange, const Moment *moment, Side *side, Token **ret);
/* The newest that is valid, or NULL. */
const Token *exchange_side_token(const Side *side, usec_t now);
Token *exchange_token_find(const Exchange *exchange, const char *token, usec_t now);
void exchange_token_free(Exchange *exchange, Token *token);
/* How many take part or need not: sets since when the call is left alone. */
void exchange_call_count_joined(Call *call, usec_t now);
/* Takes the side's participant out, telling the other one. */
int exchange_side_leave(Exchange *exchange, const Moment *moment, Side *side);
/* The same for one whose connection has gone, whatever it takes. */
void exchange_side_gone(Exchange *exchange, const Moment *moment, Side *side);

int exchange_request_token(Request *request);
int exchange_request_join(Request *request);
int exchange_request_leave(Request *request);
int exchange_request_signal(Request *request);
int exchange_request_state(Request *request);
