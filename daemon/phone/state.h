/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The state of a phone: its calls, its requests to the hub, its listeners.
 *
 * The files of the phone stand on floors; a file calls only its own floor and those below
 * (tests/check-floors):
 *
 *         requests and events   command, message, reply, welcome, connection, user, worker, …
 *         time                  due, settle
 *         transitions           ring, answer, end, session, decision, expire
 *         effects               announce, alerting, present, hub-send, history, persist,
 *                               participant
 *         state                 call, request, listener, media, and the queue of actions
 *
 * phone_settle() does at the end of each input what follows from the state and was not done where
 * it changed: tone and alerting, properties of the manager, requests that wait to be sent,
 * acknowledgements, the store.
 *
 * Memory: each step of an input, which is what happens to one call, has its actions, requests and
 * listener calls reserved before it (phone_reserve()), and makes its other allocations before it
 * changes anything; from then on it cannot fail. Functions that return void rely on that.
 *
 * A debug line in the log tells each move of a request, of a call's media and of its stored copy,
 * by the one function that makes it. The log is the only thing that the core touches itself.
 */

#include "model/rules.h"
#include "phone/phone.h"

#define FINISHED_CALLS_MAX 64     /* shown at a time; the oldest goes first */
#define REQUESTS_IN_FLIGHT_MAX 48 /* below the hub's 64: PROTOCOL.md, Limits */
#define REQUESTS_MAX 512          /* pending at a time; one more command is TooMany */
#define SIGNALS_MAX 64            /* of a call, waiting for the connection; further ones are lost */
#define HISTORY_PROBE_LIMIT 1     /* of a request for history that only waits for its reply */
#define ACK_DELAY_US \
        (1 * USEC_PER_SEC) /* how long an acknowledgement waits for a message to ride on */
#define ACK_EVERY 32       /* events; an eighth of the hub's queue of 256 */

/* Memory that is set aside, so that the next steps cannot fail. Embedded. */
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

/* An event sent to a listener, until the listener answers. */
typedef struct ListenerCall {
        struct ListenerCall *prev, *next;
        Listener *listener;
        uint64_t serial;
        usec_t deadline; /* USEC_NEVER once it has passed */
        char session_id[UUID_LENGTH + 1];
} ListenerCall;

/* A listener's place in the order of presenting; ages are unique. */
typedef struct Rank {
        int32_t priority;
        uint64_t age;
} Rank;

/* The listener that presents a ringing call. */
typedef struct Presentation {
        Listener *listener; /* was asked; NULL: nobody */
        uint64_t serial;    /* of the event that asked it */
        bool taken;         /* the listener agreed */
        Rank asked;         /* of the last listener asked: the next one ranks below */
        bool any_asked;
} Presentation;

/* The media worker of a call. */
typedef enum CallMedia {
        CALL_MEDIA_NONE,    /* no worker */
        CALL_MEDIA_WARM,    /* a worker that has not joined, or whose media failed */
        CALL_MEDIA_JOINED,  /* this device takes part in the media */
        CALL_MEDIA_ADOPTED, /* joined by the daemon before this one; it has yet to report */
        CALL_MEDIA_COUNT,
} CallMedia;

/* What the store has of a call. */
typedef enum StoredCopy {
        STORED_COPY_ABSENT,
        STORED_COPY_STALE, /* the call has changed since */
        STORED_COPY_CURRENT,
        STORED_COPY_COUNT,
} StoredCopy;

/* A call on this device. */
typedef struct PhoneCall {
        union {
                PhoneCallInfo info; /* first: adapters hold a pointer to it */
                StoredCall stored;  /* the first member of info */
        };
        struct PhoneCall *prev, *next;
        Presentation presentation;
        CallMedia media;          /* call_set_media() */
        bool flows_reported;      /* the hub was told that media flows */
        bool signals_lost;        /* signals of these media were lost on their way to the hub */
        bool unknown;             /* the hub came back without the call: rule 15 */
        usec_t members_announced; /* when the members were last announced */
        usec_t members_due;       /* when they are announced next; 0: nothing to announce */
        StoredCopy copy;          /* call_set_copy() */
        usec_t shown_until;       /* of a finished call: when the object goes */
} PhoneCall;

typedef enum HubRequestState {
        HUB_REQUEST_QUEUED,       /* new: it waits for a connection and a place in flight */
        HUB_REQUEST_HELD,         /* a decision that waits for an earlier one on the same call */
        HUB_REQUEST_IN_FLIGHT,    /* sent on this connection */
        HUB_REQUEST_QUEUED_AGAIN, /* its connection was lost: the hub may have received it */
        HUB_REQUEST_CONFIRMED,    /* the hub has confirmed it; waits for the call's end */
        HUB_REQUEST_EXPIRED, /* in flight, but its command gave up; a late reply still counts */
        HUB_REQUEST_STATE_COUNT,
} HubRequestState;

/*
 * A request to the hub, until its reply. With a command it has the ticket and deadline of that
 * command.
 */
typedef struct HubRequest {
        struct HubRequest *prev, *next;
        Message message;       /* owned */
        HubRequestState state; /* hub_request_set_state() */
        bool durable;          /* outlives its command and its call: the hub has to receive it */

        bool has_ticket;
        uint64_t ticket;
        usec_t deadline; /* of the command, else USEC_NEVER */
        PhoneCommandType command;
        char client[BUS_NAME_MAX + 1];
        SessionSettings settings; /* INITIATE, ACCEPT, JOIN */
        bool tie;                 /* INITIATE */
        struct StoredRequest *saved;
} HubRequest;

/* The stored copy of a request; outlives the request until the store has dropped it. */
typedef struct StoredRequest {
        struct StoredRequest *prev, *next;
        uint64_t number;
        bool gone; /* the request is done, or has changed since */
} StoredRequest;

struct Phone {
        Now instant; /* of the current input */

        PhoneConnection connection;
        char connection_text[MESSAGE_TEXT_MAX + 1];
        Party user;
        char link[UUID_LENGTH + 1]; /* of the last welcome */
        uint64_t seq_seen, seq_acked;
        usec_t ack_at; /* USEC_NEVER: nothing to acknowledge */
        usec_t history_since, history_paged_to;
        /*
         * The date of the last welcome, up to which history is known once the deletions have come,
         * too: they follow the welcome, so with the next message. 0: done.
         */
        usec_t history_welcomed;
        usec_t history_newest; /* initiated_at of the newest call known here */

        WhenBusy when_busy;
        bool do_not_disturb;
        bool parallel_media;
        GroupName *groups;
        size_t n_groups;
        char (*blocked)[UID_MAX + 1];
        size_t n_blocked;

        PhoneCall *calls;     /* in order of arrival */
        HubRequest *requests; /* in the order of asking */
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

        /* The manager's properties that have changed and are not announced yet. */
        uint32_t changed;
        char announced_active[UUID_LENGTH + 1];
        bool announced_ringing;
};
