/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The state of a phone: its calls, its requests to the hub, its listeners.
 *
 * The files of the phone stand on floors. A file calls functions of its own floor and of those
 * below only (tests/check-floors):
 *
 *         requests and events   command, message, reply, welcome, connection, user, worker, …
 *         time                  due, settle
 *         transitions           ring, answer, end, session, switches, decision, expire
 *         effects               announce, alerting, present, hub-send, history, persist,
 *                               participant, picture
 *         state                 call, request, consent, listener, media, and the queue of actions
 *
 * At the end of each input phone_settle() derives from the state what the handlers left to it: tone
 * and alerting, the manager's changed properties, requests to send, acknowledgements, the store.
 *
 * Memory: an input consists of steps, each of which changes one call. phone_reserve() sets aside a
 * step's actions, requests and listener calls before the step begins. The step makes all other
 * allocations before it changes anything, so that it cannot fail halfway. Functions that return
 * void rely on that.
 *
 * A request, the media of a call and its stored copy each have one function that moves them to
 * another state, and that logs the move at debug level. The log is the only thing outside itself
 * that the core touches.
 */

#include "model/rules.h"
#include "phone/phone.h"

#define FINISHED_CALLS_MAX 64     /* shown at a time; beyond that the oldest is removed */
#define REQUESTS_IN_FLIGHT_MAX 48 /* below the hub's 64: PROTOCOL.md, Limits */
#define REQUESTS_MAX 512          /* pending at a time; one more command is TooMany */
#define SIGNALS_MAX 64 /* of one call, waiting for the connection; further ones are dropped */
#define HISTORY_PROBE_LIMIT 1 /* the limit of a request that probe_history() sends */
/* How long an acknowledgement waits for another message that can carry it. */
#define ACK_DELAY_US (1 * USEC_PER_SEC)
#define SWITCH_TICKETS_MAX 8 /* programs that wait for one switch at a time: TooMany beyond */
#define ACK_EVERY 32         /* events; an eighth of the hub's queue of 256 */

/* Memory set aside, so that the next step cannot fail. Embedded. */
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
        unsigned unanswered; /* events that it has not answered */
} Listener;

/* An event sent to a listener and not answered yet. */
typedef struct ListenerCall {
        struct ListenerCall *prev, *next;
        Listener *listener;
        uint64_t serial;
        usec_t deadline; /* USEC_NEVER once it has passed */
        char session_id[UUID_LENGTH + 1];
} ListenerCall;

/* A listener's place in the order in which listeners are asked to present; ages are unique. */
typedef struct Rank {
        int32_t priority;
        uint64_t age;
} Rank;

/* The listener that presents a ringing call. */
typedef struct Presentation {
        Listener *listener; /* the one that was asked; NULL: none */
        uint64_t serial;    /* of the event that asked it */
        bool taken;         /* the listener agreed */
        Rank asked;         /* of the last listener asked; the next one to ask ranks below it */
        bool any_asked;
} Presentation;

/* The media worker of a call. */
typedef enum CallMedia {
        CALL_MEDIA_NONE,    /* no worker */
        CALL_MEDIA_WARM,    /* the worker has not joined, or its media failed */
        CALL_MEDIA_JOINED,  /* this device takes part in the media */
        CALL_MEDIA_ADOPTED, /* joined under the previous daemon; the worker has yet to report */
        CALL_MEDIA_COUNT,
} CallMedia;

typedef enum SessionSwitch {
        SESSION_SWITCH_MUTE,
        SESSION_SWITCH_PAUSE,  /* the camera */
        SESSION_SWITCH_SCREEN, /* a shared screen */
        SESSION_SWITCH_COUNT,
} SessionSwitch;

/* An order that protects, and that the worker has not confirmed yet: switches.h. */
typedef struct SwitchWait {
        uint64_t serial;                      /* of the answer that confirms it; 0: none waits */
        usec_t due;                           /* when that is overdue */
        uint64_t tickets[SWITCH_TICKETS_MAX]; /* of the programs that wait for it */
        size_t n_tickets;
} SwitchWait;

/* The copy of a call in the store. */
typedef enum StoredCopy {
        STORED_COPY_ABSENT,
        STORED_COPY_STALE, /* the call has changed since */
        STORED_COPY_CURRENT,
        STORED_COPY_COUNT,
} StoredCopy;

/* Exchanges of verification codes with a user. */
typedef struct HandshakeCount {
        char uid[UID_MAX + 1]; /* empty: with whoever it is, in a call between two */
        unsigned n;
} HandshakeCount;

/* A call on this device. */
typedef struct PhoneCall {
        union {
                PhoneCallInfo info; /* first: adapters hold a pointer to it */
                StoredCall stored;  /* the first member of info */
        };
        struct PhoneCall *prev, *next;
        Presentation presentation;
        HandshakeCount handshakes[HANDSHAKE_USERS_MAX];
        size_t n_handshakes;
        CallMedia media;          /* call_set_media() */
        bool flows_reported;      /* last report to the hub: media flow */
        bool microphone_missing;  /* as the worker reports */
        bool signals_lost;        /* signals of this session were lost on their way to the hub */
        usec_t ring_limit;        /* no hub makes an incoming call ring for longer */
        bool unknown;             /* the hub's last welcome did not have the call: rule 15 */
        usec_t members_announced; /* when the members were last announced */
        usec_t members_due;       /* when they will be announced; 0: nothing to announce */
        SwitchWait waits[SESSION_SWITCH_COUNT];
        uint64_t asked;      /* serial of the last question to the worker */
        bool cut_ordered;    /* an answer was overdue */
        usec_t kill_due;     /* when any answer is overdue after that; 0: that was ordered, too */
        bool is_cut;         /* as ordered, the worker has no PipeWire any more */
        usec_t joins_bucket; /* event-rate.c */
        usec_t relays_due;   /* when the relays' credentials are renewed; 0: never */
        StoredCopy copy;     /* call_set_copy() */
        bool copy_accepts;   /* the stored copy has what an accept in flight agrees to */
        usec_t shown_until;  /* of a finished call: when its object is removed */
} PhoneCall;

typedef enum HubRequestState {
        HUB_REQUEST_QUEUED,       /* waits for a connection and for room in flight */
        HUB_REQUEST_HELD,         /* a decision that waits for an earlier decision on its call */
        HUB_REQUEST_IN_FLIGHT,    /* sent on this connection */
        HUB_REQUEST_QUEUED_AGAIN, /* as QUEUED; the hub may have received it before */
        HUB_REQUEST_CONFIRMED,    /* confirmed by the hub; waits for the call's end */
        HUB_REQUEST_EXPIRED,      /* in flight, its command timed out; a late reply still counts */
        HUB_REQUEST_STATE_COUNT,
} HubRequestState;

/*
 * A request to the hub, until its reply. If a command caused it, it carries that command's ticket
 * and deadline.
 */
typedef struct HubRequest {
        struct HubRequest *prev, *next;
        Message message;       /* owned */
        HubRequestState state; /* hub_request_set_state() */
        bool durable;          /* must reach the hub even after its command and call are over */

        bool has_ticket;
        uint64_t ticket;
        usec_t deadline; /* of the command; USEC_NEVER: none */
        PhoneCommandType command;
        char client[BUS_NAME_MAX + 1];
        SessionSettings settings; /* INITIATE, ACCEPT, JOIN */
        Consent consent;          /* INITIATE, ACCEPT */
        bool tie, tie_ring;       /* INITIATE */
        struct StoredRequest *saved;
} HubRequest;

/* The stored copy of a request. It outlives the request until the store drops it. */
typedef struct StoredRequest {
        struct StoredRequest *prev, *next;
        uint64_t number;
        bool gone; /* the request is done or has changed, so the copy is obsolete */
} StoredRequest;

struct Phone {
        Now instant; /* of the current input */

        PhoneConnection connection;
        char connection_text[MESSAGE_TEXT_MAX + 1];
        bool welcomed;       /* a hub has welcomed this login, now or before a restart */
        unsigned n_refusals; /* in a row: rule 20 */
        usec_t refused_at;   /* the last of them */
        usec_t connect_at; /* when a refused device asks for another try; USEC_NEVER: it does not */
        Party user;
        char link[UUID_LENGTH + 1]; /* link id of the last welcome */
        uint64_t seq_seen, seq_acked;
        usec_t ack_at;                                     /* USEC_NEVER: nothing to acknowledge */
        usec_t events_bucket, logged_bucket, peers_bucket; /* event-rate.c */
        usec_t history_since, history_paged_to;
        /* Of the pages that are being read: how many, and the last record so far. */
        unsigned n_history_pages;
        usec_t history_page_date;
        char history_page_id[UUID_LENGTH + 1];
        /*
         * `date` of the last welcome. Deletions arrive after the welcome, so history_since may
         * advance to it only with the next message. 0: already done.
         */
        usec_t history_welcomed;

        WhenBusy when_busy;
        bool knows_who_may_ring;
        WhoMayRing who_may_ring;
        bool do_not_disturb;
        bool parallel_media;
        GroupName *groups;
        size_t n_groups;
        char (*blocked)[UID_MAX + 1];
        size_t n_blocked;

        PhoneCall *calls;     /* in order of arrival */
        HubRequest *requests; /* oldest first */
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

        PhoneTone tone; /* of the last PHONE_TONE */
        bool tone_heard;
        usec_t test_ring_until; /* 0: no test ring */

        /* Changed properties of the manager that are not announced yet. */
        uint32_t changed;
        char announced_active[UUID_LENGTH + 1];
        bool announced_ringing;
};
