/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The inside of a phone, shared by its objects and by nobody else:
 *
 *         phone.c              the public face, and what the hub says
 *         phone-link.c         the connection, what it carries and what becomes of it
 *         phone-welcome.c      what the hub's welcome corrects
 *         phone-user.c         what is the user's: settings, groups, whom they block
 *         phone-call.c         a call's life here
 *         phone-deadline.c     what becomes due
 *         phone-command.c      what programs ask, judged by the rules
 *         phone-request.c       what is asked of the hub: sent, and sent again
 *         phone-reply.c        what comes of it: answered, or given up
 *         phone-listener.c     who listens, and who presents
 *         phone-session.c      the media of a call
 *         phone-participant.c  who else is in them
 *         phone-member.c       who else was called
 *         phone-kept.c         what survives a restart
 *         phone-action.c       the queue of actions, and what follows from the state
 *
 * Memory: an event first reserves the action nodes that it can need (phone_reserve) and whatever
 * else it allocates; from then on it cannot fail. Functions that return void rely on that.
 */

#include "model/rules.h"
#include "phone/phone.h"

#define FINISHED_CALLS_MAX 64           /* info at a time; the oldest goes first */
#define REQUESTS_IN_FLIGHT_MAX 48       /* below the hub's 64: PROTOCOL.md, Limits */
#define REQUESTS_MAX 512                /* kept at a time; one more command is TooMany */
#define SIGNALS_MAX 64                  /* a call's, waiting for the connection; more are lost */
#define ACK_DELAY_US (1 * USEC_PER_SEC) /* how long an event's ack waits for a ride */
#define ACK_EVERY 32                    /* events; an eighth of the hub's queue of 256 */

/* Pieces of memory put aside, so that what comes next cannot fail. Embedded. */
typedef struct Pool {
        struct Spare {
                struct Spare *next;
        } * spares;
        size_t n;
} Pool;

typedef struct ActionNode {
        struct ActionNode *prev, *next;
        PhoneAction action;
} ActionNode;

typedef struct Listener {
        struct Listener *prev, *next;
        PhoneListener info;
        unsigned unanswered; /* events that it has left unanswered */
} Listener;

/* An event on its way to a listener, until it is answered. */
typedef struct ListenerCall {
        struct ListenerCall *prev, *next;
        Listener *listener;
        uint64_t serial;
        usec_t deadline; /* USEC_NEVER once it has passed */
        char session_id[UUID_LENGTH + 1];
} ListenerCall;

/* A listener's place in the order in which they are asked to present; ages are unique. */
typedef struct Rank {
        int32_t priority;
        uint64_t age;
} Rank;

/* Who presents a call that rings. */
typedef struct Presentation {
        Listener *listener; /* has been asked; NULL: nobody */
        uint64_t serial;    /* of the event that asked it */
        bool taken;         /* it has said yes */
        Rank asked;         /* of who was asked last: the next one is below */
        bool any_asked;
} Presentation;

/* A call on this device. */
typedef struct PhoneCall {
        PhoneCallInfo info; /* first: programs hold a pointer to it */
        struct PhoneCall *prev, *next;
        Presentation presentation;
        MessageInitiate placed; /* outgoing: as asked for, less metadata, which the record has */
        char handler[BUS_NAME_MAX + 1]; /* unique name of who answered here */
        char tied_to[BUS_NAME_MAX + 1]; /* goes with this connection of the bus; empty: with none */
        bool alerting_said;             /* the hub knows that someone is alerted */
        bool unwanted;                  /* cancel or end was pressed: nothing is joined any more */
        bool worker;                    /* one is running */
        bool joined;                    /* this device takes part in the media */
        bool adopted;      /* the worker is another daemon's, and has yet to say how things stand */
        bool flows_said;   /* the hub was told that media flows */
        bool signals_lost; /* of these media, on the way to the hub */
        bool unknown;      /* to the hub, which came back without it: rule 15 */
        usec_t members_told; /* when programs were last told of the members */
        usec_t members_due;  /* when they are next; 0: they know all */
        bool unsaved;        /* the store has another state of it, or none */
        bool saved;          /* the store has it */
        usec_t shown_until;  /* finished: when the object goes */
} PhoneCall;

/*
 * Something to be had from the hub: a request, and what is known of its fate. It waits for its
 * turn, for a connection, for a place among those in flight, and then for its reply. With a command
 * it has that one's ticket and deadline.
 */
typedef struct HubRequest {
        struct HubRequest *prev, *next;
        Message message; /* owned */
        bool held;       /* a decision that waits for the one before it on the same call */
        bool sent;       /* on this connection */
        bool sent_once;  /* on any connection: it may have come through */
        bool kept;       /* outlives its command and its call: the hub has to learn of it */
        bool confirmed;  /* the hub said yes, and the end of the call is waited for */
        bool expired;    /* its command was given up; a late reply still counts */

        bool has_ticket;
        uint64_t ticket;
        usec_t deadline; /* of the command, else USEC_NEVER */
        PhoneCommandType command;
        char client[BUS_NAME_MAX + 1];
        SessionSettings settings; /* INITIATE, ACCEPT, JOIN */
        bool tie;                 /* INITIATE */
        struct StoredRequest *saved;
} HubRequest;

/* What the store has of a request; outlives it until the store is told. */
typedef struct StoredRequest {
        struct StoredRequest *prev, *next;
        uint64_t number;
        bool gone; /* the request is through, or another by now */
} StoredRequest;

struct Phone {
        Now instant; /* of the event that is being worked on */

        PhoneConnection connection;
        char connection_text[MESSAGE_TEXT_MAX + 1];
        Party user;
        char link[UUID_LENGTH + 1]; /* of the last welcome */
        uint64_t seq_seen, seq_acked;
        usec_t ack_at; /* USEC_NEVER: nothing to acknowledge */
        usec_t history_since, history_paged_to;
        /*
         * By the last welcome, what had changed until then is known. What was deleted follows it,
         * so that this holds from the next message on. 0: it holds.
         */
        usec_t history_welcomed;
        usec_t history_newest; /* call of the history that is known here: when it was initiated */

        WhenBusy when_busy;
        bool do_not_disturb;
        bool parallel_media;
        GroupName *groups;
        size_t n_groups;
        char (*blocked)[UID_MAX + 1];
        size_t n_blocked;

        PhoneCall *calls;     /* in order of arrival */
        HubRequest *requests; /* in the order in which they were asked */
        size_t n_requests;
        uint64_t next_id;
        StoredRequest *stored_requests;

        Listener *listeners;
        size_t n_listeners;
        ListenerCall *listener_calls;
        uint64_t last_serial, last_age;
        char listener_text[MESSAGE_TEXT_MAX + 1];

        ActionNode *actions;
        Pool spare_actions, spare_requests, spare_listener_calls;

        PhoneTone tone; /* the last one that PHONE_TONE asked for */
        bool tone_heard;
        usec_t test_ring_until; /* 0: no test ring */

        /* What of the manager has changed and has not been told yet. */
        uint32_t changed;
        char told_active[UUID_LENGTH + 1];
        bool told_ringing;
};

/* ---- phone-action.c ---- */

/*
 * Room for what can happen to `n_calls` calls, with `n_events` that the listeners are told of.
 * Returns 0 or -ENOMEM.
 */
int phone_reserve(Phone *phone, size_t n_calls, size_t n_events);
int phone_reserve_action(Phone *phone); /* one more */
/* Zeroed memory of that size from the reserve. */
void *pool_take(Pool *pool, size_t size);
/* A new action at the end of the queue, from the reserve. */
PhoneAction *phone_act(Phone *phone, PhoneActionType type, const char *session_id);
PhoneAction *phone_done(Phone *phone, uint64_t ticket, const char *session_id);
_printf_(5, 6) void phone_refuse(Phone *phone, uint64_t ticket, const char *session_id,
                                 CallError error, const char *format, ...);
/* The tone as it follows from the calls. */
void phone_update_tone(Phone *phone);
/* Tells what has changed of the manager, before a signal. */
void phone_flush(Phone *phone);
/* The end of every event: tone, alerting, manager and requests as they follow from the state. */
void phone_settle(Phone *phone);
void phone_actions_free(Phone *phone);

/* ---- phone-call.c ---- */

PhoneCall *call_find(Phone *phone, const char *session_id);
bool call_is_live(const PhoneCall *call);
bool call_rings(const PhoneCall *call);  /* incoming, not answered yet */
bool call_alerts(const PhoneCall *call); /* rings, and may be seen and heard here */
size_t phone_n_live_calls(const Phone *phone);
/* So little is left of it that it is not to begin here (rule 16). */
bool ring_is_late(const CallSnapshot *snapshot);
/* A call from the hub's description, not announced yet. Returns 0 or -ENOMEM. */
int call_new(Phone *phone, const CallSnapshot *snapshot, PhoneCall **ret);
/*
 * A call that nobody was told of: it appears as one that was just placed or begins to ring, in
 * place of one of the same session that is over here. What has become of it since comes after.
 */
int call_anew(Phone *phone, const CallSnapshot *snapshot, PhoneCall **ret);
PhoneCall *call_free(PhoneCall *call); /* one that is not in the phone */
DEFINE_CLEANUP(PhoneCall *, call_free);
void call_add(Phone *phone, PhoneCall *call);
void call_remove(Phone *phone, PhoneCall *call);
void call_changed(Phone *phone, PhoneCall *call, uint32_t properties);
void call_ring_for(Phone *phone, PhoneCall *call, uint32_t remaining_ms);
void call_ring(Phone *phone, PhoneCall *call, bool resumed);
void call_delivered(Phone *phone, PhoneCall *call); /* tells the hub, and whether it will alert */
void call_member_ringing(Phone *phone, PhoneCall *call, usec_t ringing_since);
void call_silence(Phone *phone, PhoneCall *call);
/* Alerting as it follows from tone and presenters; tells program and hub. */
void call_update_alerting(Phone *phone, PhoneCall *call);
/* The call is answered, as `snapshot` says; `event`: programs are told by OutgoingCallAccepted. */
void call_answered(Phone *phone, PhoneCall *call, const CallSnapshot *snapshot, bool event);
void call_answered_by(Phone *phone, PhoneCall *call, const HubRequest *request);
/* A program of this device has answered it, or will. */
void call_handled_by(Phone *phone, PhoneCall *call, const char *client);
/* How it ended, by the hub's word. What the rules do not allow changes nothing. */
void call_over(Phone *phone, PhoneCall *call, const MessageOver *over);
/* Likewise, by what history says of it. Returns 0 or -ENOMEM. */
int call_over_by_record(Phone *phone, PhoneCall *call, const CallRecord *record);
/* It ended, by our own: history is told as well. Returns 0 or -ENOMEM. */
int call_end_here(Phone *phone, PhoneCall *call, CallEvent event, CallReason reason);
/* Likewise, but the hub has a record of it, or had one that was deleted: history is not told. */
int call_end_unrecorded(Phone *phone, PhoneCall *call, CallEvent event);
PhoneEvent call_end_event(const CallRecord *record);

/* ---- phone-request.c ---- */

/* A request from the reserve, about `session_id` (NULL: about no call), not asked yet. */
HubRequest *hub_request_new(Phone *phone, MessageType type, const char *session_id);
HubRequest *hub_request_free(HubRequest *request);
DEFINE_CLEANUP(HubRequest *, hub_request_free);
int hub_request_copy(const HubRequest *request, Message *ret); /* its message; 0 or -ENOMEM */
void hub_request_add(Phone *phone, HubRequest *request);       /* asks; takes it */
void hub_request_ask(Phone *phone, MessageType type, const char *session_id); /* the two together */
void hub_request_take(Phone *phone, HubRequest *request); /* out of the list: the caller's */
void hub_request_remove(Phone *phone, HubRequest *request);
/* Makes another one of it, about the same call, to be asked anew. */
void hub_request_turn(HubRequest *request, MessageType type);
void hub_request_put_back(Phone *phone, HubRequest *request); /* takes it, as it is */
void hub_request_succeed(Phone *phone, HubRequest *request);  /* tells its command, if that waits */
void hub_request_fail(Phone *phone, HubRequest *request, CallError error, const char *text);
/* Of that type, about that call; NULL if there is none. */
HubRequest *hub_request_find(Phone *phone, MessageType type, const char *session_id);
/* The last that was asked: what it says is what holds in the end. */
HubRequest *hub_request_find_last(Phone *phone, MessageType type, const char *session_id);
size_t hub_requests_waiting(const Phone *phone, MessageType type, const char *session_id);
const char *hub_request_session_id(const HubRequest *request);
void hub_request_pump(Phone *phone);  /* sends what can be sent now */
void hub_requests_lost(Phone *phone); /* the connection has gone, and what was in flight */
void hub_requests_drop_signals(Phone *phone, const PhoneCall *call);
void hub_requests_call_over(Phone *phone, const PhoneCall *call);

/* Accept, reject, cancel, end: taken one after the other on each call. */
void decision_add(Phone *phone, HubRequest *request);
void decisions_go_on(Phone *phone, const char *session_id);
/* An accept was there before the cancel: whoever pressed that is never heard, rule 6. */
void decision_overtaken(Phone *phone, const char *session_id);
bool call_deciding(const Phone *phone, const PhoneCall *call); /* accept or reject is on its way */

/* ---- phone-reply.c ---- */

int hub_request_replied(Phone *phone, uint64_t id, const MessageReply *reply);
/* Its command has waited for too long. Returns 0 or -ENOMEM. */
int hub_request_expire(Phone *phone, HubRequest *request);

/* ---- phone-command.c ---- */

/* Judges a decision by the rules: true if it is to be asked of the hub, else it is answered. */
bool decision_start(Phone *phone, HubRequest *request);
/* Asks to join a call that is over here, or is not here: rule 11. */
bool accept_is_late(const HubRequest *request, const PhoneCall *call);
void command_refuse(Phone *phone, HubRequest *request, const PhoneCall *call, CallError error);

/* ---- phone-listener.c ---- */

void listeners_tell(Phone *phone, PhoneCall *call, PhoneEvent event, bool resumed);
void presentation_stop(PhoneCall *call);
/* It was not answered within PRESENT_TIMEOUT_US. */
void listener_call_expire(Phone *phone, ListenerCall *listener_call);
void listeners_free(Phone *phone);

/* ---- phone-session.c ---- */

void session_open(Phone *phone, PhoneCall *call); /* SESSION_ADDED */
/*
 * Asks the hub to let this device join, with `request` (taken out of its list) or a new one. No
 * other call of this device has an open microphone then.
 */
void session_begin(Phone *phone, PhoneCall *call, const char *join_token, HubRequest *request);
/* The media end here, and their worker. */
void session_close(Phone *phone, PhoneCall *call);
void session_leave(Phone *phone, PhoneCall *call); /* likewise, and the hub is told */
void session_warm(Phone *phone, PhoneCall *call);
/* The hub's reply to the join. Returns 0, -ENOMEM, or CALL_ERROR_MEDIA_FAILED. */
int session_joined(Phone *phone, PhoneCall *call, const ReplyJoin *reply);
void session_fail(Phone *phone, PhoneCall *call, CallError error, const char *text);
void session_mute(Phone *phone, PhoneCall *call, bool on);
void session_pause_video(Phone *phone, PhoneCall *call, bool on);
void session_set_state(Phone *phone, PhoneCall *call, SessionState state);
void session_tell_state(Phone *phone, PhoneCall *call); /* the hub: muted, media flows */
/* Whether the camera is to be on, by what was asked for and the kind of call. */
void session_choose_video(PhoneCall *call);
void session_choose_video_again(Phone *phone, PhoneCall *call); /* of a session that is info */
/* The media are begun anew, with a join token that is asked for. */
void session_renew(Phone *phone, PhoneCall *call);
bool session_is_in_media(const PhoneSession *session);
bool session_media_flows(const PhoneSession *session);

/* ---- phone-participant.c ---- */

void participants_clear(PhoneSession *session);
/* JOINED, LEFT, SIGNALLED, PARTICIPANT. Returns 0 or -ENOMEM. */
int participants_message(Phone *phone, const Message *message);
int participants_reset(Phone *phone, PhoneCall *call, const ReplyJoin *reply);
/* Whether media flows between us and each of these others. */
bool participants_connected(const PhoneSession *session, const Participant *others, size_t n);
/* Who is not among them has left. */
void participants_keep(Phone *phone, PhoneCall *call, const Participant *others, size_t n);

/* ---- phone-member.c ---- */

/* MEMBERS. Returns 0 or -ENOMEM. */
int members_message(Phone *phone, const MessageMembers *message);
/* Programs are told of the members, now or soon: of many, at most every MEMBERS_CHANGED_US. */
void members_due(Phone *phone, PhoneCall *call);

/* ---- phone-user.c ---- */

/* What the welcome says of the user. Returns 0 or -ENOMEM with nothing changed. */
int user_welcome(Phone *phone, const ReplyWelcome *welcome);
/* CHANGED, GROUPS, BLOCKED. Returns 0 or -ENOMEM. */
int user_message(Phone *phone, const Message *message);
void user_forget(Phone *phone); /* logged out */
/* The user blocks them, or no longer does. Returns 0 or -ENOMEM. */
int user_block(Phone *phone, const MessageBlock *block);
void user_when_busy(Phone *phone, WhenBusy when_busy);

/* ---- phone-welcome.c ---- */

int phone_welcome(Phone *phone, const ReplyWelcome *welcome);
/* The last page of history has come: what the hub still does not have was lost. */
int welcome_history_known(Phone *phone);

/* ---- phone-link.c ---- */

int phone_history_page(Phone *phone, const ReplyHistory *page);
/* A record as the hub has it: of a call that it did not know it says how that ended. */
int phone_history_news(Phone *phone, const CallRecord *record);
/* Says which events have been taken, if that has waited long enough for a ride. */
void phone_acknowledge(Phone *phone);
/* A call's record as it is by `over`, for the store. Returns 0 or -ENOMEM. */
int phone_history_put_over(Phone *phone, const CallRecord *record, const MessageOver *over);
int phone_history_put(Phone *phone, const CallRecord *record);
/* Something has come after the welcome: what was deleted before it has, too. */
void phone_history_follows(Phone *phone);
/* What was initiated up to then may be known here, by the hub's clock as far as that is known. */
usec_t phone_history_until(const Phone *phone);

/* ---- phone-kept.c ---- */

/* Tells the store what has changed; without memory it waits for the next event. */
void phone_keep(Phone *phone);
/* The request is another now, or none any more. */
void hub_request_unsave(HubRequest *request);

/* ---- phone-deadline.c ---- */

/* Keeps what is info of finished calls within FINISHED_CALLS_MAX. */
void calls_limit_finished(Phone *phone);
