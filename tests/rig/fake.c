/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rig/fake.h"

#include "base/str.h"
#include "rig/text.h"

#define FAKE_PATH "/org/tring/Calls1/fake"
#define FAKE_INTERFACE "org.tring.Fake"

void fake_start(Desktop *desktop)
{
        desktop->tringd = process_start(desktop->rig, "fake-tringd", &desktop->environment,
                                        ARGV(rig_program("FAKE")));
        client_wait_owner(desktop->client, true);
}

void fake_rings(Desktop *desktop, const char *id, const char *uid, const char *name,
                const char *type)
{
        client_do(desktop->client, FAKE_PATH, FAKE_INTERFACE, "Add", "sssss", id, "incoming", uid,
                  name, type);
}

void fake_change(Desktop *desktop, const char *id, const char *status, const char *reason)
{
        client_do(desktop->client, FAKE_PATH, FAKE_INTERFACE, "Change", "sssu", id, status, reason,
                  str_eq(status, "ended") ? 65u : 0u);
}

void fake_ringing(Desktop *desktop, const char *id)
{
        client_do(desktop->client, FAKE_PATH, FAKE_INTERFACE, "Ringing", "s", id);
}

void fake_fail(Desktop *desktop, const char *error, const char *sentence)
{
        client_do(desktop->client, FAKE_PATH, FAKE_INTERFACE, "Fail", "ss", error, sentence);
}

void fake_drop_listeners(Desktop *desktop)
{
        client_do(desktop->client, FAKE_PATH, FAKE_INTERFACE, "Drop", NULL);
}

void fake_wait_called(Desktop *desktop, const char *text)
{
        bool found = false;

        while (!found) {
                HeardSignal *signal = client_wait_signal(desktop->client, "Called", NULL);
                _cleanup_free_ char *called = text_of_argument(signal->message, 0);

                found = str_eq(called, text);
        }
}

bool fake_was_called(Desktop *desktop, const char *text)
{
        /* Signals that the fake sends before its reply arrive before it. */
        client_do(desktop->client, FAKE_PATH, "org.freedesktop.DBus.Peer", "Ping", NULL);
        for (size_t i = 0; i < desktop->client->n_signals; i++) {
                HeardSignal *signal = desktop->client->signals[i];
                _cleanup_free_ char *called = str_eq(signal->member, "Called")
                                                      ? text_of_argument(signal->message, 0)
                                                      : NULL;

                if (str_eq(called, text) && called)
                        return true;
        }
        return false;
}
