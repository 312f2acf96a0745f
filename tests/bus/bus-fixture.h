/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A tringd without a message bus: its end of a socketpair and the client's are in the same loop, in
 * one thread. The test plays the hub, and gives messages to the phone.
 */

#include <check.h>
#include <systemd/sd-bus.h>

#include "dbus/interfaces.h"
#include "tringd/adapters.h"

#define RECORDED_MAX 64

typedef struct BusFixture {
        char folder[64]; /* holds all folders of $XDG_… */
        Loop *loop;
        Daemon *daemon;
        sd_bus *client;
        uint64_t seq; /* of the hub's last event */

        /*
         * What the client has received, in order: "Member" for signals, "call Member" for calls to
         * its listener.
         */
        char heard[RECORDED_MAX][64];
        size_t n_heard;
        /* Of the last call to the listener. */
        bool presented;
        bool refuse; /* the listener replies with an error */
} BusFixture;

void fixture_start(BusFixture *fixture);
void fixture_stop(BusFixture *fixture);
/* Starts another daemon on the state that the first one stored. */
void fixture_restart(BusFixture *fixture);

/* Runs the loop until everything on its way has arrived. */
void fixture_settle(BusFixture *fixture);

/*
 * Calls a method and returns the reply, which the caller unrefs; on failure it is NULL and *error
 * is set. A NULL interface is the manager's.
 */
sd_bus_message *fixture_call(BusFixture *fixture, const char *path, const char *interface,
                             const char *member, sd_bus_error *error, const char *types, ...);

/* The same with a message of the test, which still owns it. */
sd_bus_message *fixture_send(BusFixture *fixture, sd_bus_message *call, sd_bus_error *error);

/*
 * Fail unless the call succeeds, or fails with org.tring.Calls1.Error.<name> and a sentence that
 * contains `says`.
 */
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
                ck_assert_str_eq(_error.name, TRING_ERROR wanted);                                 \
                ck_assert_msg(strstr(_error.message, (says)) != NULL, "says: %s", _error.message); \
                sd_bus_error_free(&_error);                                                        \
        } while (0)

/* The hub welcomes bob, without calls; or sends a message. */
void fixture_online(BusFixture *fixture);
void fixture_hub_says(BusFixture *fixture, const Message *message);

/* Makes an incoming call from alice. The test chooses `session_id`. */
void fixture_incoming(BusFixture *fixture, const char *session_id);
void fixture_over(BusFixture *fixture, const char *session_id, CallStatus status,
                  const char *reason);

/* Connects to a hub that has an ongoing call placed here. */
void fixture_ongoing(BusFixture *fixture, const char *session_id);

/* Makes the client a listener at /listener, which records its calls. */
void fixture_listen(BusFixture *fixture, const char *id, bool presents);

/* Fails unless exactly these were received, in this order (NULL ends the list); forgets them. */
void fixture_forget(BusFixture *fixture);
void fixture_heard(BusFixture *fixture, ...) __attribute__((sentinel));
