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
 *         effects               announce, alerting, present, send, history, persist, participant
 *         state                 call, request, listener, media, and the queue of actions
 *
 * What follows from the state, and was not done where it changed, is done by phone_settle() at the
 * end of each input: tone and alerting, properties of the manager, requests that wait to be sent,
 * acknowledgements, the store.
 *
 * Memory: an input first reserves the actions, requests and listener calls that it can need
 * (phone_reserve()) and whatever else it allocates; from then on it cannot fail. Functions that
 * return void rely on that.
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
