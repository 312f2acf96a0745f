/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A desktop with fake-tringd (fake-tringd.c says what it can be told) in place of the real one.
 */

#include "rig/desktop.h"

#define FAKE_CALL_1 "11111111-1111-4111-8111-111111111111"
#define FAKE_CALL_2 "22222222-2222-4222-8222-222222222222"

/* Starts fake-tringd on the desktop's bus. desktop_kill() works on it. */
void fake_start(Desktop *desktop);

/* A call rings here. */
void fake_rings(Desktop *desktop, const char *id, const char *uid, const char *name,
                const char *type);
void fake_change(Desktop *desktop, const char *id, const char *status, const char *reason);
void fake_ringing(Desktop *desktop, const char *id);
/* The next method of the API is refused. */
void fake_fail(Desktop *desktop, const char *error, const char *sentence);

/* All listeners are dropped, as deaf ones are. */
void fake_drop_listeners(Desktop *desktop);

/* Until a method was called, as fake-tringd says it: "Accept <id>". Others before it pass by. */
void fake_wait_called(Desktop *desktop, const char *text);
/* Whether it has been called up to now, after all that is under way has come in. */
bool fake_was_called(Desktop *desktop, const char *text);
