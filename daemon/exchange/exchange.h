/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The hub's core of the calling model: users, their devices, the calls between them, and every
 * deadline. It alone decides, and only its clock counts. It is pure: inputs come in with the time,
 * actions come out in order; nothing here touches a socket, a file, a clock or a random number.
 *
 * Once a turn of the loop:
 *
 *         exchange_message(exchange, &moment, attachment, message);
 *         while (exchange_next_action(exchange, &action)) {
 *                 …carry it out…
 *                 exchange_action_done(&action);
 *         }
 *         …arm a timer for exchange_next_deadline()…
 *
 * An attachment is one connection of one device. The adapter numbers attachments, and never reuses
 * a number. The adapter authenticates the user and the device and passes them once, to
 * exchange_attach(); a message cannot name another sender.
 *
 * The hub itself answers MESSAGE_HELLO, and what concerns only its database: MESSAGE_HISTORY,
 * MESSAGE_SEEN and MESSAGE_FORGET. exchange_snapshot() gives it the calls for a welcome.
 */

#include "base/cleanup.h"
#include "model/live-call.h"
#include "model/message.h"

#define ENTROPY_SIZE 64 /* bytes: two join tokens of 256 bits, one for each leg */

#define GRACE_GOING_US (5 * USEC_PER_SEC)           /* rule 14: a reload of a page takes less */
#define GRACE_CALLER_LOST_US (10 * USEC_PER_SEC)    /* rule 14 */
#define GRACE_IN_CALL_US (30 * USEC_PER_SEC)        /* rule 14 */
#define GRACE_MEDIA_FLOWS_US (120 * USEC_PER_SEC)   /* rule 14 */
#define JOIN_DEADLINE_US (20 * USEC_PER_SEC)        /* rule 4 */
#define ALONE_DEADLINE_US (60 * USEC_PER_SEC)       /* rule 13 */
#define MEMBERS_OTHERS_US (100 * USEC_PER_MSEC)     /* PROTOCOL.md, Groups: 10 times a second */
#define MEMBERS_CALLER_US (20 * USEC_PER_MSEC)      /* in a large group */
#define MEMBERS_IN_LINE_MAX 32                      /* for a device, of a call; then all again */
#define TOKEN_UNUSED_US (60 * USEC_PER_SEC)         /* PROTOCOL.md, Media */
#define CANCEL_MEMORY_US (60 * USEC_PER_SEC)        /* rule 15: cancels of unknown ids */
#define CANCEL_MEMORY_MAX 100                       /* per user, whose oldest goes first */
#define ENDED_RESTORED_MAX 1000                     /* of all users, after a restart */
#define ENDED_MEMORY_US (60 * USEC_PER_SEC)         /* repeated requests get the same answer */
#define REDIALS_FREE 3                              /* rule 21: unanswered rings … */
#define REDIAL_WINDOW_US (600 * USEC_PER_SEC)       /* … within this time, without a pause */
#define REDIAL_PAUSE_FIRST_US (30 * USEC_PER_SEC)   /* rule 21 */
#define REDIAL_PAUSE_SECOND_US (120 * USEC_PER_SEC) /* rule 21 */
#define REDIAL_PAUSE_LAST_US (600 * USEC_PER_SEC)   /* rule 21: this one and all that follow */
#define REDIAL_MEMORY_US (3600 * USEC_PER_SEC)      /* rule 21: without a ring, all is forgotten */
#define REDIALS_MAX 20000 /* pairs of users: 6 MB; the one that rang least recently is dropped */
#define USER_LIVE_CALLS_MAX 32 /* placed by one user; more: TooMany */
#define ENDED_MEMORY_MAX 20000 /* legs of ended calls: 17 MB; the oldest call is dropped first */
#define SAVE_MEMBERS_MAX 128   /* of a group's call in one action: takes a millisecond */
#define METADATA_FANOUT_MAX (1024 * 1024) /* bytes of metadata, times those who are called */
#define STORED_RECORD_BYTES 768 /* of disk: a record in a history, with its index entries */
/*
 * PROTOCOL.md, Limits: from one user to one device, not acknowledged yet. Setting up the media
 * takes some thirty messages of 8 KiB at most.
 */
#define SENDER_MESSAGES_MAX 64
#define SENDER_BYTES_MAX (256 * 1024)
#define SENDER_MESSAGE_BYTES 512 /* of one that is not a signal */
#define SENDER_NEWS_MAX 8        /* of joins and states beyond these; then only the last is owed */
#define NEWS_RETRY_US (100 * USEC_PER_MSEC) /* for what is owed, after memory was short */
/* For a device whose connection is lost: signals are stale in some seconds, and it asks again. */
#define SUSPENDED_SIGNALS_MAX 8
#define TOKENS_PER_PARTY_MAX 8 /* join tokens of one leg; the oldest is dropped first */

typedef struct Exchange Exchange;

/* The time of an input, and random bytes to use for it. */
typedef struct ExchangeNow {
        usec_t now;                    /* CLOCK_BOOTTIME: all deadlines */
        usec_t date;                   /* CLOCK_REALTIME: all dates */
        usec_t boot_date;              /* on which stored deadlines rest: base/boot-date.h */
        uint8_t entropy[ENTROPY_SIZE]; /* fresh for every input; becomes join tokens */
} ExchangeNow;

/* Limits that an operator can set. 0: no limit. */
typedef struct ExchangeLimits {
        /* Per user: PROTOCOL.md, Limits */
        uint32_t calls_per_minute;
        uint32_t failed_lookups_per_minute; /* refusals that tell whether a name exists */
        uint32_t stored_mb_per_day;         /* MiB that their calls add to the store */
        bool redial_pauses;                 /* rule 21; false: no limit */
} ExchangeLimits;

typedef enum ExchangeActionType {
        EXCHANGE_SEND,       /* `message` to `attachment` */
        EXCHANGE_DISCONNECT, /* close `attachment`; `text` is the reason */
        /*
         * Store `live`. For a call to a user it replaces the stored call. For a call to a group the
         * first ones have all members, SAVE_MEMBERS_MAX each, and each later one only the members
         * that have changed; live_call_merge() merges those of one session, in order. A call of
         * which only a part of the first ones is stored must not be restored (`continues`).
         */
        EXCHANGE_SAVE,
        EXCHANGE_DROP, /* the live call `session_id` is over: delete its stored state */
        /*
         * Add `record` to `uid`'s history; it replaces one of the same session. Only the first
         * record of a call carries its metadata, which belong to all of them.
         */
        EXCHANGE_LOG,
        EXCHANGE_USER,  /* `uid` changed settings: store `settings` */
        EXCHANGE_BLOCK, /* `uid` blocked or unblocked a user: store `block` */
        /*
         * `uid` has called the user of `block` after all others: store that if it is `on`, else
         * forget that they have been called.
         */
        EXCHANGE_CALLED,
} ExchangeActionType;

typedef struct ExchangeAction {
        ExchangeActionType type;
        /*
         * SEND: the message confirms something, so it must wait until all actions before it are
         * committed (action.c). A ring does not wait.
         */
        bool confirms;
        bool continues; /* SAVE: the next one of this call has other members of the same change */
        uint64_t attachment;
        /*
         * SEND: who pays for it until exchange_taken(), and for how many bytes: the user whose
         * request caused it, or for news of a group's members the call, by its session id. 0:
         * nobody pays.
         */
        char from[UID_MAX + 1];
        uint32_t n_bytes;
        char text[MESSAGE_TEXT_MAX + 1];
        /* The call that it is about, also of a reply; empty: none in particular. */
        char session_id[UUID_LENGTH + 1];
        char uid[UID_MAX + 1];
        union {
                Message message;   /* owned by the action */
                LiveCall live;     /* owned by the action */
                CallRecord record; /* owned by the action */
                MessageSettings settings;
                MessageBlock block;
        };
} ExchangeAction;

int exchange_new(const ExchangeLimits *limits, Exchange **ret);
Exchange *exchange_free(Exchange *exchange);
DEFINE_CLEANUP(Exchange *, exchange_free);

/* Changes the limits. What was counted in the last minute against one that changes is forgotten. */
void exchange_set_limits(Exchange *exchange, const ExchangeLimits *limits);

/* A user's device, as authenticated by the adapter. */
typedef struct ExchangeDevice {
        const char *uid, *id, *name;
} ExchangeDevice;

typedef struct ExchangeGroup {
        const char *guid, *name;
        const char *const *uids; /* the members */
        size_t n_uids;
} ExchangeGroup;

/*
 * What the history knows of an initiate's session id. The id stays its caller's for as long as
 * there is any record of it (rule 1).
 */
typedef struct PastCall {
        const CallRecord *record; /* of the user who asks; NULL: only others have one */
} PastCall;

typedef enum ExchangeInputType {
        EXCHANGE_MESSAGE,        /* `attachment`, `message`, `past` */
        EXCHANGE_ATTACH,         /* `attachment`, `device` */
        EXCHANGE_ATTACH_SESSION, /* `attachment`, `join` */
        EXCHANGE_SUSPEND,        /* `attachment` */
        EXCHANGE_RESUME,         /* `attachment` */
        EXCHANGE_DETACH,         /* `attachment` */
        EXCHANGE_USER_REMOVE,    /* `uid` */
        EXCHANGE_GROUP_PUT,      /* `group` */
        EXCHANGE_GROUP_REMOVE,   /* `guid` */
        EXCHANGE_RESTORE,        /* `live` */
        EXCHANGE_RESTORE_ENDED,  /* `ended` */
        EXCHANGE_TICK,
} ExchangeInputType;

/*
 * Every input of a running exchange. Pointers are only read during the call. The macros below make
 * one of these, and document its effect and result.
 */
typedef struct ExchangeInput {
        ExchangeInputType type;
        uint64_t attachment;
        const PastCall *past; /* NULL: the history does not have the id */
        union {
                const Message *message;
                ExchangeDevice device;
                struct {
                        const char *token;
                        Party *ret_user;
                } join;
                const char *uid, *guid;
                ExchangeGroup group;
                const LiveCall *live;
                struct {
                        const char *uid, *session_id;
                } ended;
        };
} ExchangeInput;

int exchange_input(Exchange *exchange, const ExchangeNow *moment, const ExchangeInput *input);
#define EXCHANGE_INPUT(exchange, moment, ...) \
        exchange_input(exchange, moment, &(ExchangeInput){__VA_ARGS__})

/*
 * Adds a user from the store, or updates name and settings of an existing one, whose devices get
 * MESSAGE_CHANGED with a new name.
 */
int exchange_user_add(Exchange *exchange, const char *uid, const char *name, WhenBusy when_busy);
/*
 * Ends the user's calls (reason shutdown), removes the user from all groups and from the lists of
 * those who have blocked them, and disconnects the user's attachments. Returns 0, -ENOMEM or
 * UserNotFound.
 */
#define exchange_user_remove(exchange, moment, user) \
        EXCHANGE_INPUT(exchange, moment, EXCHANGE_USER_REMOVE, .uid = user)

/* Loads a stored block at the start. Returns 0, -ENOMEM, or a CallError (UserNotFound, TooMany). */
int exchange_user_block(Exchange *exchange, const char *uid, const char *blocked);
/*
 * Loads whom a user has called, the one called last at last. Beyond CALLED_MAX the first one is
 * dropped. Returns 0, -ENOMEM or UserNotFound.
 */
int exchange_user_called(Exchange *exchange, const char *uid, const char *called);
/* Loads who may ring a user. Returns 0 or UserNotFound. */
int exchange_user_set_who_may_ring(Exchange *exchange, const char *uid, WhoMayRing who);
/* For a welcome. */
WhoMayRing exchange_user_who_may_ring(const Exchange *exchange, const char *uid);
/*
 * For a welcome: the users that this user blocks. The caller frees *ret. Returns 0, -ENOMEM or
 * UserNotFound.
 */
int exchange_user_blocked(const Exchange *exchange, const char *uid, char (**ret)[UID_MAX + 1],
                          size_t *ret_n);

/*
 * Adds a group, or sets its name and members. Who is taken out stays in a live call of the group
 * that they have answered; one that rings them stops, at the next deadline if memory is short.
 * Devices of users who join, leave, or see the name change get MESSAGE_GROUPS. Returns 0; or, with
 * nothing changed, -ENOMEM or a CallError: UserNotFound (a member), TooMany (more than
 * GROUP_MEMBERS_MAX members, or more than GROUPS_PER_USER_MAX groups for one member).
 */
#define exchange_group_put(exchange, moment, guid, name, uids, n) \
        EXCHANGE_INPUT(exchange, moment, EXCHANGE_GROUP_PUT, .group = {guid, name, uids, n})
/* Removes a group. Its live call continues. Returns 0, -ENOMEM or GroupNotFound. */
#define exchange_group_remove(exchange, moment, group_id) \
        EXCHANGE_INPUT(exchange, moment, EXCHANGE_GROUP_REMOVE, .guid = group_id)
/* For a welcome: the user's groups. The caller frees *ret. Returns 0, -ENOMEM or UserNotFound. */
int exchange_user_groups(const Exchange *exchange, const char *uid, GroupName **ret, size_t *ret_n);

/*
 * STUN and TURN servers for the replies to join and relays; copied. A user name becomes
 * "<name>:<uid of the participant>".
 */
int exchange_ice_servers(Exchange *exchange, const IceServer *servers, size_t n);

/*
 * Restores a stored call after a restart: after users and groups, before any attachment. Grace
 * periods start now. A participant who joined over the device's own attachment stays in the media
 * under the same id; one who joined by token has to join again. If a party that the call needs no
 * longer exists, the call ends at once. Returns 0, -ENOMEM, -EINVAL (the call is over, or its state
 * is impossible), -EEXIST, or UserNotFound (no party exists any more).
 */
#define exchange_restore(exchange, moment, stored) \
        EXCHANGE_INPUT(exchange, moment, EXCHANGE_RESTORE, .live = stored)
/*
 * Remembers an ended call of the user's history for CANCEL_MEMORY_US: a caller who missed the end
 * and repeats the initiate starts no new call. Beyond CANCEL_MEMORY_MAX the user's oldest is
 * dropped. Returns 0, -ENOMEM or UserNotFound.
 */
#define exchange_restore_ended(exchange, moment, uid, session_id) \
        EXCHANGE_INPUT(exchange, moment, EXCHANGE_RESTORE_ENDED, .ended = {uid, session_id})

/*
 * A user's device connects. An older attachment of the same (uid, device) is disconnected as
 * replaced, and its calls move to this one. Calls that ring for the user also ring here if at least
 * LATE_RING_MIN_US of the ring are left: MESSAGE_INCOMING follows as an action, so the adapter
 * sends its welcome first. Returns 0, -ENOMEM, or a CallError (UserNotFound).
 */
#define exchange_attach(exchange, moment, attachment, uid, id, device_name) \
        EXCHANGE_INPUT(exchange, moment, EXCHANGE_ATTACH, attachment,       \
                       .device = {uid, id, device_name})

/*
 * A device connects with a join token. The attachment is limited to the media of the token's
 * session: it can send JOIN, LEAVE, SIGNAL and STATE for that session. Returns 0, -ENOMEM, or
 * CALL_ERROR_AUTH_FAILED. On success *ret_user is the token's user.
 */
#define exchange_attach_session(exchange, moment, attachment, join_token, ret_user) \
        EXCHANGE_INPUT(exchange, moment, EXCHANGE_ATTACH_SESSION, attachment,       \
                       .join = {join_token, ret_user})

/*
 * The connection is lost, but its device may resume it. The device counts as away and grace periods
 * start. Messages for the device are still queued as actions for this attachment; the adapter holds
 * them. exchange_resume(), exchange_attach() of the same device, or exchange_detach() ends this
 * state. A limited attachment cannot be resumed: it is detached.
 */
#define exchange_suspend(exchange, moment, attachment) \
        EXCHANGE_INPUT(exchange, moment, EXCHANGE_SUSPEND, attachment)
/*
 * The device resumes the attachment. The adapter has delivered, or will deliver, every message for
 * it, so nothing is announced again. Returns 0, or -ENOENT: no such attachment, or it is not
 * suspended.
 */
#define exchange_resume(exchange, moment, attachment) \
        EXCHANGE_INPUT(exchange, moment, EXCHANGE_RESUME, attachment)

/*
 * The connection is gone for good; an unknown attachment is ignored. Grace periods start. A device
 * that is away gets no messages: its next snapshot and its history bring it up to date. Cannot
 * fail, but if memory is short, the other participants may not get MESSAGE_LEFT.
 */
#define exchange_detach(exchange, moment, attachment) \
        EXCHANGE_INPUT(exchange, moment, EXCHANGE_DETACH, attachment)

/*
 * Handles a request. The answer is an action, always exactly one MESSAGE_REPLY. Returns 0, or
 * -ENOMEM with nothing changed if there is no memory even for an error reply.
 */
#define exchange_message(exchange, moment, attachment, request) \
        exchange_message_past(exchange, moment, attachment, request, NULL)
/* The same for a MESSAGE_INITIATE, with the PastCall that the adapter has looked up, or NULL. */
#define exchange_message_past(exchange, moment, attachment, request, past_call)           \
        EXCHANGE_INPUT(exchange, moment, EXCHANGE_MESSAGE, attachment, .past = past_call, \
                       .message = request)

/*
 * The device has acknowledged a message that has `from`, or will never get it. Queues no action,
 * but exchange_next_deadline() may be earlier: what is owed to the device follows. An attachment
 * that is gone is ignored.
 */
void exchange_taken(Exchange *exchange, uint64_t attachment, const char *from, uint32_t n_bytes);

/* Handles all deadlines that have passed. Call it when exchange_next_deadline() has passed. */
#define exchange_tick(exchange, moment) EXCHANGE_INPUT(exchange, moment, EXCHANGE_TICK)

/* CLOCK_BOOTTIME of the next deadline, or USEC_NEVER. */
usec_t exchange_next_deadline(const Exchange *exchange);

/*
 * For a welcome: the live calls on an attachment's device, and those of its user that another
 * device has answered. The caller frees *ret by call_snapshots_free().
 */
int exchange_snapshot(const Exchange *exchange, const ExchangeNow *moment, uint64_t attachment,
                      CallSnapshot **ret, size_t *ret_n);

/*
 * Is this attachment a party of a live call? The hub pings those every 5 s, others every 30 s (rule
 * 17).
 */
bool exchange_attachment_in_call(const Exchange *exchange, uint64_t attachment);

/* For an operator: calls `each` with each live call until it returns non-zero, and returns that. */
int exchange_each_call(const Exchange *exchange, int (*each)(const CallRecord *, void *),
                       void *userdata);
size_t exchange_n_calls(const Exchange *exchange);

/*
 * Moves the oldest action to *ret, which the caller releases by exchange_action_done(). Returns
 * false when the queue is empty.
 */
bool exchange_next_action(Exchange *exchange, ExchangeAction *ret);
void exchange_action_done(ExchangeAction *action);
