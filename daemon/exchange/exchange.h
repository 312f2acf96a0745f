/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The hub's leg of the calling model: users, their devices, the calls between them, and every
 * deadline. The only arbiter and the only clock. Pure: events come in with the time, actions come
 * out in order; nothing here touches a socket, a file, a clock or a random number.
 *
 * How it is used, once a turn of the loop:
 *
 *         exchange_message(exchange, &moment, attachment, message);
 *         while (exchange_next_action(exchange, &action)) {
 *                 …carry it out…
 *                 exchange_action_done(&action);
 *         }
 *         …arm a timer for exchange_next_deadline()…
 *
 * A attachment is one connection of one device, named by a number that the adapter chooses and
 * never uses again. What the adapter has proved (which user, which device) is said once, in
 * exchange_attach(); no message can name another sender.
 *
 * What a store, not a call, answers is not here: MESSAGE_HISTORY, MESSAGE_SEEN, MESSAGE_FORGET and
 * MESSAGE_HELLO are handled by the hub, which asks exchange_snapshot() for the welcome's calls.
 */

#include "base/cleanup.h"
#include "model/live-call.h"
#include "model/message.h"

#define ENTROPY_SIZE 64 /* bytes: two join tokens of 256 bit, caller's and receiver's */

#define GRACE_CALLER_LOST_US (10 * USEC_PER_SEC)  /* rule 14 */
#define GRACE_IN_CALL_US (30 * USEC_PER_SEC)      /* rule 14 */
#define GRACE_MEDIA_FLOWS_US (120 * USEC_PER_SEC) /* rule 14 */
#define JOIN_DEADLINE_US (20 * USEC_PER_SEC)      /* rule 4 */
#define ALONE_DEADLINE_US (60 * USEC_PER_SEC)     /* rule 13 */
#define MEMBERS_OTHERS_US (100 * USEC_PER_MSEC)   /* PROTOCOL.md, Groups: 10 times a second */
#define MEMBERS_CALLER_US (20 * USEC_PER_MSEC)    /* in a large group: 256 events last for 5 s */
#define TOKEN_UNUSED_US (60 * USEC_PER_SEC)       /* PROTOCOL.md, Media */
#define CANCEL_MEMORY_US (60 * USEC_PER_SEC)      /* rule 15: cancels for unknown ids */
#define CANCEL_MEMORY_MAX 1000                    /* of those, in all; the oldest goes first */
#define ENDED_MEMORY_US (60 * USEC_PER_SEC)       /* so that repeats get the same answer */
#define USER_LIVE_CALLS_MAX 32                    /* placed by one user at a time: TooMany */
#define ENDED_MEMORY_MAX 20000 /* legs of those, in all: 17 MB; the oldest goes first */
#define TOKENS_PER_PARTY_MAX 8 /* join tokens of one call; the oldest goes first */

typedef struct Exchange Exchange;

/* When something happens, and what chance it brings. */
typedef struct ExchangeNow {
        usec_t now;                    /* CLOCK_BOOTTIME: all deadlines */
        usec_t date;                   /* CLOCK_REALTIME: all dates */
        uint8_t entropy[ENTROPY_SIZE]; /* fresh with every call; becomes join tokens */
} ExchangeNow;

/* Limits that an operator may set. 0 means none. */
typedef struct ExchangeLimits {
        uint32_t calls_per_minute; /* started, per user: PROTOCOL.md, Limits */
} ExchangeLimits;

typedef enum ExchangeActionType {
        EXCHANGE_SEND,       /* `message` to `attachment` */
        EXCHANGE_DISCONNECT, /* close `attachment`, saying why in `text` */
        /*
         * Store `live`. Of a call to a user it is the whole, in place of what was stored. Of a call
         * to a group it has all members when it begins, later only those that have changed:
         * live_call_merge() puts together what was stored of one session, in order.
         */
        EXCHANGE_SAVE,
        EXCHANGE_DROP,  /* the live call `session_id` is over: forget what was stored */
        EXCHANGE_LOG,   /* `uid`'s history gets `record`, replacing one of the same session */
        EXCHANGE_USER,  /* `uid`'s settings have changed: store `settings` */
        EXCHANGE_BLOCK, /* `uid` has blocked or unblocked a user: store `block` */
} ExchangeActionType;

typedef struct ExchangeAction {
        ExchangeActionType type;
        /*
         * SEND: it tells somebody that a thing is so, and must not go out before all that stands
         * before it in the queue is committed. A ring does not wait.
         */
        bool confirms;
        uint64_t attachment;
        char text[MESSAGE_TEXT_MAX + 1];
        char session_id[UUID_LENGTH + 1];
        char uid[UID_MAX + 1];
        union {
                Message message;   /* owned by the action */
                LiveCall live;     /* likewise */
                CallRecord record; /* likewise */
                MessageSettings settings;
                MessageBlock block;
        };
} ExchangeAction;

int exchange_new(const ExchangeLimits *limits, Exchange **ret);
Exchange *exchange_free(Exchange *exchange);
DEFINE_CLEANUP(Exchange *, exchange_free);

/* A device of a user, as the adapter has proved it. */
typedef struct ExchangeDevice {
        const char *uid, *id, *name;
} ExchangeDevice;

typedef struct ExchangeGroup {
        const char *guid, *name;
        const char *const *uids; /* the members */
        size_t n_uids;
} ExchangeGroup;

typedef enum ExchangeInputType {
        EXCHANGE_MESSAGE,        /* `attachment`, `message` */
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
 * Everything that can happen to the exchange while it runs. Pointers are read during the call only.
 * The functions below that take an ExchangeNow make one of these; they say what each one does and
 * returns.
 */
typedef struct ExchangeInput {
        ExchangeInputType type;
        uint64_t attachment;
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

/* Users as the store knows them; adding one who is there updates name and settings. */
int exchange_user_add(Exchange *exchange, const char *uid, const char *name, WhenBusy when_busy);
/* Ends their calls (reason shutdown), takes them out of all groups and disconnects their
 * attachments. 0, -ENOMEM or UserNotFound. */
static inline int exchange_user_remove(Exchange *exchange, const ExchangeNow *moment,
                                       const char *uid)
{
        return exchange_input(exchange, moment,
                              &(ExchangeInput){.type = EXCHANGE_USER_REMOVE, .uid = uid});
}

/* As the store knows it, at the start. 0, -ENOMEM, or a CallError (UserNotFound, TooMany). */
int exchange_user_block(Exchange *exchange, const char *uid, const char *blocked);
/* For a welcome: whom the user has blocked. The caller frees *ret. 0, -ENOMEM or UserNotFound. */
int exchange_user_blocked(const Exchange *exchange, const char *uid, char (**ret)[UID_MAX + 1],
                          size_t *ret_n);

/*
 * A group is there, or its name and members are these now. A live call goes on with the members
 * that it has. Devices of members who come, go, or see the name change are told (MESSAGE_GROUPS).
 * Returns 0, -ENOMEM, or a CallError with nothing changed: UserNotFound (a member), TooMany (more
 * than GROUP_MEMBERS_MAX, or a member would have more than GROUPS_PER_USER_MAX groups).
 */
static inline int exchange_group_put(Exchange *exchange, const ExchangeNow *moment,
                                     const char *guid, const char *name, const char *const *uids,
                                     size_t n)
{
        return exchange_input(
                exchange, moment,
                &(ExchangeInput){.type = EXCHANGE_GROUP_PUT, .group = {guid, name, uids, n}});
}
/* 0, -ENOMEM or GroupNotFound. A live call goes on. */
static inline int exchange_group_remove(Exchange *exchange, const ExchangeNow *moment,
                                        const char *guid)
{
        return exchange_input(exchange, moment,
                              &(ExchangeInput){.type = EXCHANGE_GROUP_REMOVE, .guid = guid});
}
/* For a welcome: the user's groups. The caller frees *ret. Returns 0, -ENOMEM or UserNotFound. */
int exchange_user_groups(const Exchange *exchange, const char *uid, GroupName **ret, size_t *ret_n);

/*
 * STUN and TURN servers to hand out with every join; copied. Where one has a user name, that
 * becomes "<it>:<uid of who joins>".
 */
int exchange_ice_servers(Exchange *exchange, const IceServer *servers, size_t n);

/*
 * After a restart, after users and groups and before any attachment: a call as it was stored. Grace
 * periods start now. Who took part in the media by the device's own attachment does so again, under
 * the same id; who did by a join token has to join anew. Returns 0, -ENOMEM, -EINVAL (over already,
 * or it cannot have been so), -EEXIST, or UserNotFound (nobody of the members is there any more, or
 * the caller, whom only an answered call to a group does not need).
 */
static inline int exchange_restore(Exchange *exchange, const ExchangeNow *moment,
                                   const LiveCall *live)
{
        return exchange_input(exchange, moment,
                              &(ExchangeInput){.type = EXCHANGE_RESTORE, .live = live});
}
/*
 * Likewise a call that was over, as the user's history has it: who placed it, did not hear of its
 * end, and asks for it again begins nothing. For CANCEL_MEMORY_US; of more than CANCEL_MEMORY_MAX
 * the first goes. Returns 0, -ENOMEM or UserNotFound.
 */
static inline int exchange_restore_ended(Exchange *exchange, const ExchangeNow *moment,
                                         const char *uid, const char *session_id)
{
        return exchange_input(
                exchange, moment,
                &(ExchangeInput){.type = EXCHANGE_RESTORE_ENDED, .ended = {uid, session_id}});
}

/*
 * A device of a user is there. An older attachment of the same (uid, device) is disconnected as
 * replaced; its calls are this attachment's now. What rings for the user rings here too, if at
 * least LATE_RING_MIN_US are left: MESSAGE_INCOMING follows as an action, so the adapter sends its
 * welcome first. Returns 0, -ENOMEM, or a CallError (UserNotFound).
 */
static inline int exchange_attach(Exchange *exchange, const ExchangeNow *moment,
                                  uint64_t attachment, const char *uid, const char *device,
                                  const char *device_name)
{
        return exchange_input(exchange, moment,
                              &(ExchangeInput){.type = EXCHANGE_ATTACH,
                                               .attachment = attachment,
                                               .device = {uid, device, device_name}});
}

/*
 * A attachment limited to one session's media, by join token: it may send JOIN, LEAVE, SIGNAL,
 * STATE for that session. Returns 0, -ENOMEM, or CALL_ERROR_AUTH_FAILED. On success *ret_user is
 * who it is.
 */
static inline int exchange_attach_session(Exchange *exchange, const ExchangeNow *moment,
                                          uint64_t attachment, const char *join_token,
                                          Party *ret_user)
{
        return exchange_input(exchange, moment,
                              &(ExchangeInput){.type = EXCHANGE_ATTACH_SESSION,
                                               .attachment = attachment,
                                               .join = {join_token, ret_user}});
}

/*
 * The connection is gone, but its device may come back and resume it. The device counts as away:
 * grace periods start. What is to be told to it goes on coming as actions for this attachment, and
 * the adapter keeps it. Ends by exchange_resume(), by exchange_attach() of the same device, or by
 * exchange_detach(). A limited attachment cannot be resumed: for it this is exchange_detach().
 */
static inline void exchange_suspend(Exchange *exchange, const ExchangeNow *moment,
                                    uint64_t attachment)
{
        (void)exchange_input(exchange, moment,
                             &(ExchangeInput){.type = EXCHANGE_SUSPEND, .attachment = attachment});
}
/*
 * The device is back on that attachment, having all that was sent to it. Nothing is announced anew:
 * what began to ring meanwhile was sent. Returns 0; -ENOENT: no such attachment, or it is not
 * suspended.
 */
static inline int exchange_resume(Exchange *exchange, const ExchangeNow *moment,
                                  uint64_t attachment)
{
        return exchange_input(exchange, moment,
                              &(ExchangeInput){.type = EXCHANGE_RESUME, .attachment = attachment});
}

/*
 * The connection is gone for good. Grace periods start; an unknown attachment is ignored. Nothing
 * is sent to a device while it is away: its next snapshot and its history tell it what it missed.
 * What is gone is gone: this cannot fail, though without memory nobody may hear that a participant
 * has left.
 */
static inline void exchange_detach(Exchange *exchange, const ExchangeNow *moment,
                                   uint64_t attachment)
{
        (void)exchange_input(exchange, moment,
                             &(ExchangeInput){.type = EXCHANGE_DETACH, .attachment = attachment});
}

/*
 * A request of an attached attachment. The answer comes as an action, always exactly one
 * MESSAGE_REPLY. Returns 0, or -ENOMEM when not even an error reply could be queued; nothing has
 * changed then.
 */
static inline int exchange_message(Exchange *exchange, const ExchangeNow *moment,
                                   uint64_t attachment, const Message *message)
{
        return exchange_input(exchange, moment,
                              &(ExchangeInput){.type = EXCHANGE_MESSAGE,
                                               .attachment = attachment,
                                               .message = message});
}

/* Carries out what has become due. Call when exchange_next_deadline() has passed. */
static inline int exchange_tick(Exchange *exchange, const ExchangeNow *moment)
{
        return exchange_input(exchange, moment, &(ExchangeInput){.type = EXCHANGE_TICK});
}

/* CLOCK_BOOTTIME of the next thing to do, or USEC_NEVER. */
usec_t exchange_next_deadline(const Exchange *exchange);

/*
 * The live calls of a attachment's device, and those of its user that another device has answered,
 * for its welcome. The caller frees by call_snapshots_free().
 */
int exchange_snapshot(const Exchange *exchange, const ExchangeNow *moment, uint64_t attachment,
                      CallSnapshot **ret, size_t *ret_n);

/* Is this attachment a party of a live call? Those are pinged every 5 s, others every 30 s (rule
 * 17). */
bool exchange_attachment_in_call(const Exchange *exchange, uint64_t attachment);

/*
 * Calls in progress, for an operator: calls `each` with every one until it returns non-zero, which
 * is then returned.
 */
int exchange_each_call(const Exchange *exchange, int (*each)(const CallRecord *, void *),
                       void *userdata);
size_t exchange_n_calls(const Exchange *exchange);

/* Takes the oldest action; false when there is none. The action is then the caller's. */
bool exchange_next_action(Exchange *exchange, ExchangeAction *ret);
void exchange_action_done(ExchangeAction *action);
