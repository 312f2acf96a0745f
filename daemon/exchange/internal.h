/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What the exchange is made of; for exchange*.c alone.
 *
 *         Group ──< Membership >── User ──< Device ──  Attachment
 *                                   │         │
 *                                   │         └──< Branch >──┐    a call as it appears on one
 * device │                     │ Call ──< CallLeg ──────────────────┘    a call, and a user's part
 * in it │ └──< Token                 lets that user's party join the media
 *
 * A call has a leg for its caller, and one for each member: one in a call to a user, many in a
 * call to a group, and that is all that tells the two apart, but for what ends the call
 * (exchange-over.c). While it rings, a member's leg has a branch on every device that rings; while
 * the member is in the call it has exactly one, the party's; and none before and after that.
 *
 * Nothing is told that is not so, and nothing becomes so that could not be told: an operation
 * changes the state, queues what is to be said, and takes the change back if memory ran out. What
 * has been queued counts only after exchange_commit().
 */

#define HASH_NONFATAL_OOM 1
#include <uthash.h>
#include <utlist.h>

#include "exchange/exchange.h"
#include "model/deadline.h"
#include "model/rules.h"

#define USEC_PER_MINUTE (60 * USEC_PER_SEC)

typedef struct Call Call;
typedef struct Device Device;
typedef struct Group Group;
typedef struct Branch Branch;
typedef struct Attachment Attachment;
typedef struct Membership Membership;
typedef struct CallLeg CallLeg;
typedef struct Token Token;
typedef struct User User;

struct Attachment {
        uint64_t id;
        Device *device; /* NULL for a attachment limited to a session … */
        CallLeg *leg;   /* … of this leg; NULL for all others */
        bool suspended; /* its connection is gone, and may be resumed */
        UT_hash_handle hh;
};

/* Exists while it is connected or a live call appears on it. */
struct Device {
        User *user;
        char id[DEVICE_ID_MAX + 1];
        Attachment *attachment; /* NULL: away */
        Branch *branches;
        Device *prev, *next;
};

struct User {
        char uid[UID_MAX + 1];
        char name[NAME_MAX_BYTES + 1];
        WhenBusy when_busy;
        char (*blocked)[UID_MAX + 1]; /* owned */
        size_t n_blocked;
        Membership *groups;
        size_t n_groups;
        Device *devices;
        CallLeg *rings; /* calls that ring for this user */
        CallLeg *busy;  /* those that the user placed or is in: what makes them busy (rule 8) */
        CallLeg *apart; /* other live calls: blocked, or to a group that the user may join late */
        size_t n_placed;
        usec_t *starts;     /* when the last calls were started, a ring; NULL before the first */
        size_t first_start; /* index of the oldest */
        size_t n_starts;
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
        bool is_new; /* for exchange_group_put() */
        Membership *group_prev, *group_next;
        Membership *user_prev, *user_next;
};

struct Branch {
        CallLeg *leg;
        Device *device;
        uint64_t announced_to; /* the attachment whose attach made this branch; 0: another way */
        bool is_late;          /* … and said nothing: too little is left to begin with */
        bool told_members;     /* all of a group's, so that changes say the rest */
        Branch *leg_prev, *leg_next;
        Branch *device_prev, *device_next;
};

/* Bound to its leg, and so to session, user and the device that placed or answered the call. */
struct Token {
        char token[TOKEN_MAX + 1];
        CallLeg *leg;
        usec_t unused_until; /* USEC_NEVER once used */
        Token *prev, *next;
        UT_hash_handle hh;
};

/* A party in a session's media. */
typedef struct Media {
        bool joins; /* will join here; false counts as joined */
        bool joined;
        bool by_token; /* joined by the leg's limited attachment, not by the device's own */
        bool muted, video_paused, sharing, flows;
        char participant[PARTICIPANT_ID_MAX + 1];
} Media;

/* Who hears of the members of a call to a group: exchange-members.c. */
typedef enum Audience {
        AUDIENCE_CALLER,
        AUDIENCE_OTHERS,
        AUDIENCE_COUNT,
} Audience;

struct CallLeg {
        Call *call;
        User *user; /* NULL once the call is over, or the user removed */
        char uid[UID_MAX + 1];
        CallDirection direction;
        CallStatus status;
        CallReason reason;
        char device[DEVICE_ID_MAX + 1];  /* that placed, answered or declined; empty before */
        char merged_id[UUID_LENGTH + 1]; /* of the initiate that became its accept (rules 10, 11) */
        bool quiet, blocked;             /* rule 9 */
        bool was_in;                     /* has been a party in the answered call */
        usec_t ringing_since, ended_at;  /* CLOCK_REALTIME; 0: not */
        uint32_t duration_s;
        Branch *branches;
        usec_t lost_since; /* that device's connection; USEC_NEVER: it is there */
        usec_t join_until; /* rule 4; USEC_NEVER: no deadline */

        Media media;
        Attachment *limited;
        Token *tokens;
        size_t n_tokens;
        CallLeg *joined_prev, *joined_next;

        MemberState told[AUDIENCE_COUNT]; /* MEMBER_STATE_COUNT: nothing yet */

        /* Of the operation under way: what has changed, and what to go back to. */
        CallLeg *changed_next;
        CallStatus status_before;

        CallLeg **list; /* the user's rings, busy or apart, in which it is */
        CallLeg *list_prev, *list_next;
        CallLeg *call_prev, *call_next;
};

struct Call {
        CallRecord record; /* status, reason and what follows from them are the legs' */
        bool live;
        CallLeg *legs; /* owned; the caller's first */
        size_t n_legs;
        size_t n_rings;   /* members who are being rung */
        size_t n_parties; /* legs that are in the answered call */
        CallLeg *joined;  /* in the media */
        size_t n_joined;
        usec_t ring_until, alone_since; /* CLOCK_BOOTTIME */
        usec_t answered;                /* likewise; USEC_NEVER before the first accept */
        usec_t forget_at;               /* once it is over */
        struct {
                bool pending;     /* there may be news */
                usec_t speaks_at; /* not before that */
        } audiences[AUDIENCE_COUNT];
        Group *group; /* NULL: a call to a user, or the group is gone */
        Call *group_prev, *group_next;
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
        Group *groups;
        Attachment *attachments;
        Call *calls; /* by session id: live, and ended ones that are remembered */
        Call *live, *ended;
        size_t n_live, n_ended_legs;
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
        const ExchangeNow *moment;
        Attachment *attachment;
        Device *device; /* whose party asks: a limited attachment speaks for its leg's device */
        const Message *message;
        bool replied;
        char text[MESSAGE_TEXT_MAX + 1]; /* why it is refused */
} Request;

/* A call as the asking device sees it. */
typedef struct CallView {
        CallLeg *leg;
        CallStatus status;
        CallReason reason;
        bool here;             /* this device placed, answered or declined it */
        MethodVerdict verdict; /* of exchange_request_judge(): DOES or SUCCEEDS */
} CallView;

/* ---- exchange-action.c: what is to be carried out ---- */

/* One action more than asked for always fits: the reply. Returns 0 or -ENOMEM. */
int exchange_prepare(Exchange *exchange);
/* Returns the new action, zeroed, or NULL. */
ExchangeAction *exchange_push(Exchange *exchange, ExchangeActionType type);
/* Takes the room that exchange_prepare() and exchange_push() have left. */
void exchange_push_reply(Exchange *exchange, uint64_t attachment, const Message *reply);
/*
 * Returns 1 with the message to fill in, 0 when there is no attachment (the device is away: its
 * next snapshot tells), or -ENOMEM.
 */
int exchange_send(Exchange *exchange, const Attachment *attachment, MessageType type,
                  Message **ret);
int exchange_disconnect(Exchange *exchange, const Attachment *attachment, const char *format, ...)
        _printf_(3, 4);
void exchange_commit(Exchange *exchange);
void exchange_rollback(Exchange *exchange);

/* ---- exchange-request.c: requests; handlers return 0, a CallError by refusing, or -ENOMEM ---- */

/* Notes the sentence and returns the error, for the handler to return. */
int exchange_request_refuse(Request *request, CallError error, const char *format, ...)
        _printf_(3, 4);
/* A reply other than plain success, to be filled in. Returns 0 or -ENOMEM. */
int exchange_request_reply(Request *request, ReplyKind kind, MessageReply **ret);
int exchange_request_reply_call(Request *request, const CallLeg *leg);
/* The call as the asking device sees it; refuses with NoSuchCall. */
int exchange_request_view(Request *request, const char *session_id, CallView *ret);
/* Refuses what the method table refuses. */
int exchange_request_judge(Request *request, CallView *view, CallMethod method);
/* Both. */
int exchange_request_find(Request *request, const char *session_id, CallMethod method,
                          CallView *ret);

/* ---- exchange-user.c: users, their devices, and the calls on them ---- */

User *exchange_user_find(const Exchange *exchange, const char *uid);
void exchange_user_free(Exchange *exchange, User *user);
Party exchange_user_party(const User *user, const char *device);
/* The device of that id, made if it is not there. */
int exchange_user_device(User *user, const char *id, Device **ret);
/* False when the user started as many calls in the last minute as they may. */
bool exchange_user_may_start_call(const Exchange *exchange, const User *user, usec_t now);
int exchange_user_reserve_starts(const Exchange *exchange, User *user);
void exchange_user_call_started(const Exchange *exchange, User *user, usec_t now);
/* Frees a device that is neither connected nor in a call. */
void exchange_device_check(Device *device);

int exchange_branch_new(CallLeg *leg, Device *device, Branch **ret);
Branch *exchange_branch_find(const CallLeg *leg, const Device *device);
void exchange_branch_free(Branch *branch);

/* ---- exchange-settings.c: what users decide for themselves ---- */

bool exchange_user_blocks(const User *user, const User *whom);
int exchange_request_settings(Request *request);
int exchange_request_block(Request *request);

/* ---- exchange-group.c ---- */

Group *exchange_group_find(const Exchange *exchange, const char *guid);
Membership *exchange_group_member(const Group *group, const User *user);
void exchange_group_free(Exchange *exchange, Group *group);
void exchange_membership_free(Membership *membership);

/* ---- exchange-attachment.c: connections ---- */

Attachment *exchange_attachment_find(const Exchange *exchange, uint64_t id);
void exchange_attachment_free(Exchange *exchange, Attachment *attachment);
int exchange_request_logout(Request *request);

/* ---- exchange-call.c: a call as it is ---- */

Call *exchange_call_find(const Exchange *exchange, const char *session_id);
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
/*
 * A call with its caller's leg, without branches, in no list yet; `record` is copied. A user that
 * is NULL was removed, and has left.
 */
int exchange_call_new(const CallRecord *record, User *caller, Call **ret);
/* One more member, who is rung; not in the user's lists before exchange_call_link(). */
int exchange_leg_new(Call *call, User *user, const char *uid, CallLeg **ret);
/* The newest member goes again. */
void exchange_leg_free(CallLeg *leg);
int exchange_call_link(Exchange *exchange, Call *call);
void exchange_call_free(Exchange *exchange, Call *call);
/* It is over: only what answers a repeated request is kept, for a while. */
void exchange_call_retire(Exchange *exchange, const ExchangeNow *moment, Call *call);
void exchange_forget_expired(Exchange *exchange, usec_t now);

/* The user's leg, or NULL. */
CallLeg *exchange_call_leg(const Call *call, const User *user);
/* In the user's list that its status asks for. */
void exchange_leg_enlist(CallLeg *leg);
/* Lets go of all that only a party in a call, or one that is rung, needs. */
void exchange_leg_release(Exchange *exchange, CallLeg *leg);
void exchange_leg_set(CallLeg *leg, CallStatus status, CallReason reason);
/* What the rules make of an event that can happen to this leg. */
void exchange_leg_move(CallLeg *leg, CallEvent event);
/* May still accept: a member of a live call to a group who is not in it (rule 11). */
bool exchange_leg_may_join_late(const CallLeg *leg);
/* The call as its leg sees it, sharing the metadata: copy it to keep it. */
CallRecord exchange_leg_record(const CallLeg *leg);
/* The live call, as an operator or a store sees it: in the caller's eyes while they are in it. */
CallRecord exchange_call_record(const Call *call);
/* As history keeps it. */
CallRecord exchange_leg_history(const CallLeg *leg);
int exchange_leg_snapshot(const CallLeg *leg, const ExchangeNow *moment, const Device *device,
                          CallSnapshot *ret);

typedef struct CallDue CallDue;
struct CallDue {
        usec_t at;
        int (*act)(Exchange *exchange, const ExchangeNow *moment, const CallDue *due);
        Call *call;
        CallLeg *leg;    /* of which something has become due, or NULL … */
        CallEvent event; /* … and what */
};

CallDue exchange_call_next_due(Call *call);
/* To be called when something has changed that exchange_call_next_due() looks at. */
void exchange_call_reschedule(Exchange *exchange, Call *call);

/* ---- exchange-store.c: what must survive a restart ---- */

/* Stores the call and these legs of it, a list by changed_next. */
int exchange_save(Exchange *exchange, const ExchangeNow *moment, const Call *call,
                  const CallLeg *changed);

/* ---- exchange-members.c: who in a group has come how far ---- */

/* Something that members are told of has changed; they are, when the call's deadline is looked at.
 */
void exchange_members_changed(Call *call);
int exchange_members_tell(Exchange *exchange, const ExchangeNow *moment, const CallDue *due);

/* ---- exchange-over.c: how a call ends ---- */

/*
 * Legs that are to end, and the call with the last of them: begin, add, and finish, which tells
 * everyone, or takes all back and returns -ENOMEM.
 */
typedef struct Ending {
        Exchange *exchange;
        const ExchangeNow *moment;
        Call *call;
        CallLeg *ended, *last; /* a list by changed_next, the caller first */
        CallEvent event;       /* the first that was added */
        bool over;
} Ending;

void exchange_ending_begin(Ending *ending, Exchange *exchange, const ExchangeNow *moment,
                           Call *call);
void exchange_ending_add(Ending *ending, CallLeg *leg, CallEvent event);
int exchange_ending_finish(Ending *ending);

/* One leg ends by this event, and so may the call. */
int exchange_leg_quit(Exchange *exchange, const ExchangeNow *moment, CallLeg *leg, CallEvent event);
/* All that are rung, or all that are in the call, do. */
int exchange_call_end(Exchange *exchange, const ExchangeNow *moment, Call *call, CallStatus status,
                      CallEvent event);
/* Its terminal event, to one device on which the call rang: by what happened there alone. */
int exchange_branch_send_event(Exchange *exchange, const Branch *branch, CallEvent event);

/* ---- exchange-cancel.c: also of calls that have not begun ---- */

/* An initiate of that id, should it come, comes too late. */
int exchange_cancel_remember(Exchange *exchange, const ExchangeNow *moment, const User *user,
                             const char *session_id);
bool exchange_is_cancelled(const Exchange *exchange, const User *user, const char *session_id);
/* The leg that an initiate of that id has become the accept of, or NULL. */
CallLeg *exchange_user_merged(const User *user, const char *session_id);
int exchange_request_cancel(Request *request);
void exchange_forget_cancels(Exchange *exchange, usec_t now);

/* ---- exchange-initiate.c: how a call begins ---- */

int exchange_request_initiate(Request *request);

/* ---- exchange-answer.c: how it is answered ---- */

/* An accept by the asking device: the first, or another member's. */
int exchange_request_answer(Request *request, CallLeg *leg, CallType type, bool joins);
int exchange_request_delivered(Request *request);
int exchange_request_alerting(Request *request);
int exchange_request_accept(Request *request);
int exchange_request_reject(Request *request);
int exchange_request_end(Request *request);

/* ---- exchange-token.c: join tokens ---- */

/* A new token for the leg, out of the moment's entropy. */
int exchange_leg_token_new(Exchange *exchange, const ExchangeNow *moment, CallLeg *leg,
                           Token **ret);
/* The newest that is valid, or NULL. */
const Token *exchange_leg_token(const CallLeg *leg, usec_t now);
Token *exchange_token_find(const Exchange *exchange, const char *token, usec_t now);
void exchange_token_free(Exchange *exchange, Token *token);
int exchange_request_token(Request *request);

/* ---- exchange-session.c: the media session ---- */

/* How many take part or need not: sets since when the call is left alone. */
void exchange_call_count_joined(Call *call, usec_t now);
Participant exchange_leg_participant(const CallLeg *leg);
/* Those in the media besides this leg. *ret is NULL when there are none. */
int exchange_leg_others(const CallLeg *leg, Participant **ret, size_t *ret_n);
/* In the list of those that are in the media, as leg->media says. */
void exchange_leg_list_joined(CallLeg *leg);
/* Tells the others in the media. */
int exchange_leg_tell_others(Exchange *exchange, const CallLeg *leg, MessageType type);
/* Takes the leg's participant out, telling the others. */
int exchange_leg_leave(Exchange *exchange, const ExchangeNow *moment, CallLeg *leg);
/* The same for one whose connection has gone, whatever it takes. */
void exchange_leg_gone(Exchange *exchange, const ExchangeNow *moment, CallLeg *leg);

int exchange_request_join(Request *request);
int exchange_request_leave(Request *request);
int exchange_request_signal(Request *request);
int exchange_request_state(Request *request);
