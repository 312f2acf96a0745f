/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A phone with a simulated clock, and a hub that sends the messages that a test chooses.
 *
 * What the phone wants done is written down in words, one an action, and read by expect():
 *
 *         hub_rings(f, CALL);
 *         expect(f, "call-added manager broadcast:IncomingCallReceived send:delivered tone:ring "
 *                   "worker-start");
 *
 * tell:ID is an event to a listener, with '!' when it is asked to present and '~' when it is
 * announced again; what the store takes of calls and requests is not written down, but taken:
 * restarted() reads it. done:NAME is a command refused; status:STATUS/REASON a StatusChanged.
 */

#include <check.h>

#include "phone/phone.h"
#include "suite.h"

#define CALL "11111111-1111-4111-8111-111111111111"
#define OTHER "22222222-2222-4222-8222-222222222222"
#define THIRD "33333333-3333-4333-8333-333333333333"
#define PROGRAM ":1.10" /* the client that asks, unless a test chooses another */
#define RING_S 45

typedef struct Fixture {
        Phone *phone;
        Now instant;
        uint64_t seq, ticket;
        char trace[8192];
        uint64_t ids[MESSAGE_TYPE_COUNT];          /* of the last request of each type */
        Message sent[MESSAGE_TYPE_COUNT];          /* the same, without what it points to */
        PhoneAction last[PHONE_ACTION_TYPE_COUNT]; /* of each type, without what it points to */
        struct {
                char id[LISTENER_ID_MAX + 1];
                uint64_t serial; /* of the last event */
        } announced[8];
        size_t n_announced;
        struct { /* rows of the store; an empty one is free */
                StoredCall states[PHONE_CALLS_MAX];
                Message requests[1024];
        } store;
        bool store_lags; /* nothing more is written before the restart */
} Fixture;

Suite *phone_suite(const char *name, const TTest *const *tests, size_t n);

Fixture *fixture_new(void);    /* logged out */
Fixture *fixture_online(void); /* online, and quiet */
void fixture_free(Fixture *fixture);
#define FIXTURE(f) __attribute__((cleanup(fixture_freep))) Fixture *f = fixture_online()
static inline void fixture_freep(Fixture **fixture)
{
        fixture_free(*fixture);
}

#define expect(f, words) ck_assert_str_eq(fixture_trace(f), words)
const char *fixture_trace(Fixture *fixture); /* since the last call */
void forget(Fixture *fixture);               /* drops the trace so far */
void wait_us(Fixture *fixture, usec_t us);   /* time passes, and deadlines on the way are handled */

/* Restarts the daemon after a kill, with the store; `worker`: its workers have survived. */
void restarted(Fixture *fixture, bool worker);
void store_take(Fixture *fixture,
                PhoneAction *action); /* the part that is for it, and what that owns */
size_t stored_calls(const Fixture *fixture);
size_t stored_requests(const Fixture *fixture);

/* ---- the hub ---- */

void hub_welcomes(Fixture *fixture, const CallSnapshot *calls, size_t n_calls, bool resumed);
void hub_message(Fixture *fixture, Message *message); /* sets the event's seq */
void hub_gone(Fixture *fixture);
CallSnapshot incoming(const char *session_id, CallStatus status);
CallSnapshot outgoing(const char *session_id, CallStatus status);
void hub_says(Fixture *fixture, MessageType type, const CallSnapshot *snapshot);
void hub_rings(Fixture *fixture, const char *session_id);
void hub_ringing(Fixture *fixture, const char *session_id);
void hub_over(Fixture *fixture, const char *session_id, CallStatus status, CallReason reason);
void hub_participant(Fixture *fixture, MessageType type, const char *session_id, const char *id);
/* Reply to the last request of that type. */
void reply_ok(Fixture *fixture, MessageType to);
void reply_error(Fixture *fixture, MessageType to, CallError error);
/* Replies to the last request for history: no records. */
/* Replies to the last request of that type. */
void hub_reply(Fixture *fixture, MessageType to, Message *message);
void reply_no_history(Fixture *fixture);
void reply_call(Fixture *fixture, MessageType to, CallSnapshot snapshot);
void reply_token(Fixture *fixture, MessageType to, const char *token);
void reply_join(Fixture *fixture, const char *other); /* NULL: no other participants */
void reply_join_by(Fixture *fixture, const char *mode);

/* The worker answers the last question that was read by expect() or forget(). */
void worker_answers(Fixture *fixture, const char *session_id);

/* ---- programs ---- */

PhoneCommand asks(PhoneCommandType type, const char *session_id);
void command(Fixture *fixture, const PhoneCommand *command);
void place(Fixture *fixture, const char *session_id);
void accept_by(Fixture *fixture, const char *session_id, const char *client);
void reject(Fixture *fixture, const char *session_id, CallStatus status);
void do_to(Fixture *fixture, PhoneCommandType type, const char *session_id);
int listen(Fixture *fixture, const char *id, const char *client, int priority, bool presents,
           bool restored);
void answer_event(Fixture *fixture, const char *listener, bool taken);

/* ---- shortcuts ---- */

void placed(Fixture *fixture, const char *session_id);   /* initiated, confirmed */
void talking(Fixture *fixture, const char *session_id);  /* a call placed here, answered, joined */
void answered(Fixture *fixture, const char *session_id); /* a call that rang here, likewise */
/* A call that rings here, up to a stage. */
typedef enum Stage {
        STAGE_ACCEPTING, /* accepted; the hub has not replied */
        STAGE_JOINING,   /* confirmed; the request to join has no reply */
        STAGE_TALKING,   /* joined, and the media flow */
} Stage;
void incoming_until(Fixture *fixture, const char *session_id, Stage stage);
void rings_delivered(Fixture *fixture, const char *session_id); /* rings, and the hub knows */
/* The connection is lost and made again. */
void reconnected(Fixture *fixture, const CallSnapshot *calls, size_t n_calls);
CallStatus status_of(Fixture *fixture, const char *session_id);
const PhoneSession *session(Fixture *fixture, const char *session_id);
SessionState session_of(Fixture *fixture, const char *session_id);
