/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A tringd without a message bus: its end of a socketpair is in the same loop as the client's, so
 * that one thread is both. The hub's part is played by the test, which gives messages to the phone.
 */

#include <check.h>
#include <systemd/sd-bus.h>

#include "tringd/daemon.h"
#include "tringd/names.h"

#define RECORDED_MAX 64

typedef struct BusFixture {
        char folder[64]; /* everything of $XDG_… is in here */
        Loop *loop;
        Daemon *daemon;
        sd_bus *client;
        uint64_t seq; /* of the hub's last event */

        /* What the client has heard, in its order: "Member" of signals, "call Member" of calls to
         * its listener. */
        char heard[RECORDED_MAX][64];
        size_t n_heard;
        /* Of the last call to the listener. */
        bool presented;
        bool refuse; /* the listener answers with an error */
} BusFixture;

void fixture_start(BusFixture *fixture);
void fixture_stop(BusFixture *fixture);
/* Another daemon over what the first one kept. */
void fixture_restart(BusFixture *fixture);

/* Runs the loop until everything that is on its way has arrived. */
void fixture_settle(BusFixture *fixture);

/*
 * A method call and its reply. The reply is NULL and *error set when it failed; the caller unrefs.
 * An interface of NULL means the manager's.
 */
sd_bus_message *fixture_call(BusFixture *fixture, const char *path, const char *interface,
                             const char *member, sd_bus_error *error, const char *types, ...);

/* The same with a message that the test has made, and keeps. */
sd_bus_message *fixture_send(BusFixture *fixture, sd_bus_message *call, sd_bus_error *error);

/* The call succeeds / fails with org.tring.Calls1.Error.<name>, and a sentence that has `says`. */
#define assert_works(fixture, ...)                                                            \
        do {                                                                                  \
                sd_bus_error _error = SD_BUS_ERROR_NULL;                                      \
                sd_bus_message *_reply = fixture_call((fixture), __VA_ARGS__);                \
                ck_assert_msg(_reply != NULL, "failed: %s: %s", _error.name, _error.message); \
                sd_bus_message_unref(_reply);                                                 \
        } while (0)
#define assert_fails(fixture, wanted, says, ...)                                                   \
        do {                                                                                       \
                sd_bus_error _error = SD_BUS_ERROR_NULL;                                           \
                ck_assert_ptr_null(fixture_call((fixture), __VA_ARGS__));                          \
                ck_assert_str_eq(_error.name, ERROR_PREFIX wanted);                                \
                ck_assert_msg(strstr(_error.message, (says)) != NULL, "says: %s", _error.message); \
                sd_bus_error_free(&_error);                                                        \
        } while (0)

/* The hub welcomes us as bob, with no calls; or says something. */
void fixture_online(BusFixture *fixture);
void fixture_hub_says(BusFixture *fixture, const Message *message);

/* An incoming call of alice's. `session_id` is the test's choice. */
void fixture_incoming(BusFixture *fixture, const char *session_id);
void fixture_over(BusFixture *fixture, const char *session_id, CallStatus status,
                  const char *reason);

/* Connects to a hub where a call that was placed here goes on. */
void fixture_ongoing(BusFixture *fixture, const char *session_id);

/* The client is a listener at /listener, and records what it is called with. */
void fixture_listen(BusFixture *fixture, const char *id, bool presents);

/* Forgets what was heard; asserts that exactly this has been, in this order (NULL ends it). */
void fixture_forget(BusFixture *fixture);
void fixture_heard(BusFixture *fixture, ...) __attribute__((sentinel));
