/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The state of the exchange: its objects and their relations.
 *
 *         Group ──< Membership >── User ──< Device ──  Attachment
 *                                   │         │
 *                                   │         └──< Branch >──┐   a leg on one device
 *                                   │                        │
 *                       Call ──< CallLeg ────────────────────┘   one party's part in a call
 *                                   │
 *                                   └──< Token                   lets that party join the media
 *
 * A call has a leg for its caller and one for each member: one in a call to a user, many in a call
 * to a group. The two differ in nothing else, except in what ends the call (end.c). While a call
 * rings, a member's leg has a branch on every device that rings; while the member is in the call,
 * it has exactly one, on the device that answered; before and after, it has none.
 *
 * The files of the exchange stand on floors; a file calls only its own floor and those below
 * (tests/check-floors):
 *
 *         requests and events   dispatch, attach, settings, user-changes, group-changes, restore
 *         time                  due
 *         transitions           initiate, answer, end, session, redial
 *         effects               action, announce, members, request, store
 *         state                 the objects below, and what they look like (snapshot)
 *
 * A lower floor that causes work above it leaves a mark (marks.h); exchange_settle() acts on the
 * marks at the end of each input.
 */

#define HASH_NONFATAL_OOM 1
#include <uthash.h>
#include <utlist.h>

#include "exchange/exchange.h"
#include "model/deadline.h"
#include "model/rules.h"

#define USEC_PER_MINUTE (60 * USEC_PER_SEC)

typedef struct Attachment Attachment;
typedef struct Branch Branch;
typedef struct Call Call;
typedef struct CallLeg CallLeg;
typedef struct Device Device;
typedef struct Flow Flow;
typedef struct Group Group;
typedef struct Membership Membership;
typedef struct News News;
typedef struct SignalRate SignalRate;
typedef struct Token Token;
typedef struct User User;

/* A connection of a device, under the adapter's number. */
struct Attachment {
        uint64_t id;
        Device *device; /* NULL for an attachment limited to one session's media */
        CallLeg *leg;   /* the leg of a limited attachment; else NULL */
        bool suspended; /* the connection is lost, but may be resumed */
        Flow *flows;    /* what others have put in line for it */
        UT_hash_handle hh;
};

/* Messages that one user or call has caused, and that the device has not taken yet. */
struct Flow {
        char uid[UID_MAX + 1]; /* or a session id */
        uint32_t n_messages;
        size_t n_bytes;
        Flow *prev, *next;
};

/* Exists while it is attached or has a branch of a live call. */
struct Device {
        User *user;
        char id[DEVICE_ID_MAX + 1];
        Attachment *attachment; /* NULL: away */
        bool going;             /* it has said so, and nothing since */
        Branch *branches;
        Device *prev, *next;
};

/* uids.h */
typedef struct UidList {
        char (*uids)[UID_MAX + 1]; /* owned */
        size_t n;
} UidList;

/* rate.h */
typedef struct Rate {
        usec_t *times; /* owned: a ring buffer; NULL before the first */
        size_t first;  /* index of the oldest */
        size_t n;
} Rate;

struct User {
        char uid[UID_MAX + 1];
        char name[NAME_MAX_BYTES + 1];
        WhenBusy when_busy;
        WhoMayRing who_may_ring;
        UidList blocked;
        UidList called; /* those whom the user has called, CALLED_MAX at most, the last at the end
                         */
        Membership *groups;
        size_t n_groups;
        Device *devices;
        CallLeg *rings; /* legs that ring */
        CallLeg *busy;  /* legs that make the user busy: placed or answered calls (rule 8) */
        CallLeg *apart; /* other legs of live calls: hidden, or free to join a group's call late */
        size_t n_placed;
        struct Cancel *cancels; /* the oldest first */
        size_t n_cancels;
        Rate starts;         /* of calls, and late joins */
        Rate failed_lookups; /* requests with a name that were refused */
        double stored;       /* bytes that count against the limit, as of `stored_at` */
        usec_t stored_at;
        UT_hash_handle hh;
};

struct Group {
        char guid[UID_MAX + 1];
        char name[NAME_MAX_BYTES + 1];
        Membership *members;
        size_t n_members;
        Call *calls; /* live */
        UT_hash_handle hh;
};

struct Membership {
        Group *group;
        User *user;
        bool is_new; /* used by exchange_group_put() */
        Membership *group_prev, *group_next;
        Membership *user_prev, *user_next;
};

struct Branch {
        CallLeg *leg;
        Device *device;
        uint64_t announced_to;  /* id of the attachment whose arrival made this branch; 0: none */
        bool is_late;           /* that attachment got no event: too little of the ring was left */
        bool members_announced; /* the device has all members: later messages carry changes only */
        bool members_behind;    /* its line was full: all members follow when it has taken that */
        Branch *leg_prev, *leg_next;
        Branch *device_prev, *device_next;
};

/* signal-rate.h */
struct SignalRate {
        char uid[UID_MAX + 1]; /* of the receiver */
        usec_t bucket;
        SignalRate *prev, *next;
};

/*
 * A join token. Belongs to a leg, and so to a session, a user, and the device that placed or
 * answered the call.
 */
struct Token {
        char token[TOKEN_MAX + 1];
        CallLeg *leg;
        usec_t unused_until; /* USEC_NEVER after its first use */
        Token *prev, *next;
        UT_hash_handle hh;
};

/* The two groups of devices that get member states at different rates: members.c. */
typedef enum Audience {
        AUDIENCE_CALLER,
        AUDIENCE_OTHERS,
        AUDIENCE_COUNT,
} Audience;

struct CallLeg {
        Call *call;
        User *user; /* NULL after the call is over or the user was removed */
        char uid[UID_MAX + 1];
        CallDirection direction;
        CallStatus status;
        CallReason reason;
        char device[DEVICE_ID_MAX + 1]; /* the one that placed, answered or declined; else empty */
        struct Alias *alias; /* owned: of the initiate merged into it (rules 10, 11); or NULL */
        bool quiet, blocked; /* rule 9 */
        bool barred;         /* rule 9; cleared once the member is in the call */
        bool was_in;         /* has been in the answered call */
        bool is_outsider;    /* was taken out of the call's group */
        usec_t ringing_since, ended_at; /* CLOCK_REALTIME; 0: not */
        uint32_t duration_s;
        Branch *branches;
        usec_t lost_since; /* when its device's connection was lost; USEC_NEVER: connected */
        bool was_going;    /* with lost_since: its device had said that it goes */
        usec_t join_until; /* rule 4; USEC_NEVER: no deadline */

        LiveMedia media;
        Attachment *limited;
        Token *tokens;
        size_t n_tokens;
        CallLeg *joined_prev, *joined_next;
        News *owed; /* of other participants, to this one */
        SignalRate *signal_rates;
        usec_t joins_bucket, states_bucket;
        usec_t state_at; /* when the others may hear of its last state; 0: they have */

        MemberState announced[AUDIENCE_COUNT]; /* last sent; MEMBER_STATE_COUNT: none yet */

        /*
         * For the operation in progress: the next changed leg, and the status to restore on
         * failure.
         */
        CallLeg *changed_next;
        CallStatus status_before;

        CallLeg **list; /* the user's list that holds this leg: rings, busy or apart */
        CallLeg *list_prev, *list_next;
        CallLeg *call_prev, *call_next;
};

struct Call {
        CallRecord record; /* without status and reason, which are in the legs */
        bool live;
        CallLeg *legs; /* owned; the caller's first */
        size_t n_legs;
        size_t n_rings;   /* members for whom it rings */
        size_t n_parties; /* legs in the answered call */
        CallLeg *joined;  /* legs with a participant in the media */
        size_t n_joined;
        usec_t ring_until, alone_since; /* CLOCK_BOOTTIME */
        usec_t answered;                /* CLOCK_BOOTTIME; USEC_NEVER before the first accept */
        usec_t forget_at;               /* when an ended call is forgotten */
        usec_t news_at; /* when there may be room for owed news; USEC_NEVER: not before a change */
        struct {
                bool pending;     /* member states may have changed */
                usec_t next_send; /* the earliest time for the next message */
        } audiences[AUDIENCE_COUNT];
        Group *group; /* NULL: a call to a user, or the group is gone */
        Call *group_prev, *group_next;
        Deadline deadline;
        bool metadata_logged; /* with its first record */
        bool touched;         /* a mark: its deadline needs to be recomputed */
        Call *touched_prev, *touched_next;
        Call *prev, *next; /* in the list of live, or of ended calls */
        UT_hash_handle hh;
};

typedef struct CancelKey {
        char session_id[UUID_LENGTH + 1];
        char uid[UID_MAX + 1];
} CancelKey;

/* An id that must not start a call: cancelled before its initiate, or over (rule 15). */
typedef struct Cancel {
        CancelKey key;
        usec_t until;
        User *user;
        struct Cancel *prev, *next;           /* among those of all users, the oldest first */
        struct Cancel *user_prev, *user_next; /* among the user's, likewise */
        UT_hash_handle hh;
} Cancel;

typedef struct RedialKey {
        char caller[UID_MAX + 1];
        char receiver[UID_MAX + 1];
} RedialKey;

/* The rings of one user to another that nobody has answered (rule 21). */
typedef struct Redial {
        RedialKey key;
        usec_t ended[REDIALS_FREE]; /* when the last of them ended, the newest at the end */
        uint32_t n_unanswered;
        uint32_t n_pauses; /* so far, until they grow no more */
        usec_t not_before; /* of the next ring; 0: at any time */
        usec_t last;       /* when a ring last began */
        struct Redial *prev, *next;
        UT_hash_handle hh;
} Redial;

typedef struct Alias {
        char session_id[UUID_LENGTH + 1];
        CallLeg *leg;
        UT_hash_handle hh;
} Alias;

struct Exchange {
        ExchangeLimits limits;
        IceServer *ice_servers;
        size_t n_ice_servers;
        User *users;
        Group *groups;
        Attachment *attachments;
        Call *calls; /* by session id: live calls, and remembered ended ones */
        Alias *aliases;
        Call *live, *ended;
        size_t n_live, n_ended_legs;
        Call *touched; /* marks: see marks.h */
        Deadlines deadlines;
        Token *tokens;
        Cancel *cancels, *cancels_by_age;
        Redial *redials, *redials_by_age;
        uint64_t n_joins; /* joins so far: part of every participant's id */

        ExchangeAction *actions; /* owned; from `first` to `last`; valid up to `committed` */
        size_t first, last, committed, capacity;
};

#define call_caller(call) ((call)->legs)
#define call_members(call) ((call)->legs->call_next)
static inline bool call_is_answered(const Call *call)
{
        return call->answered != USEC_NEVER;
}
static inline bool call_is_to_group(const Call *call)
{
        return call->record.receiver_type == RECEIVER_TYPE_GROUP;
}
