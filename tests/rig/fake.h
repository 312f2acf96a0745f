/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A desktop with fake-tringd (described in fake-tringd.c) instead of the real one. */

#include "rig/desktop.h"

#define FAKE_CALL_1 "11111111-1111-4111-8111-111111111111"
#define FAKE_CALL_2 "22222222-2222-4222-8222-222222222222"

/* Starts fake-tringd on the desktop's bus. desktop_kill() works on it. */
void fake_start(Desktop *desktop);

/* Makes a call ring here. */
void fake_rings(Desktop *desktop, const char *id, const char *uid, const char *name,
                const char *type);
void fake_change(Desktop *desktop, const char *id, const char *status, const char *reason);
void fake_ringing(Desktop *desktop, const char *id);
/* Makes the next method of the API fail. */
void fake_fail(Desktop *desktop, const char *error, const char *sentence);

/* Drops all listeners, as tringd does with ones that do not answer. */
void fake_drop_listeners(Desktop *desktop);

/* Waits until a method was called, written as by fake-tringd: "Accept <id>". Skips others. */
void fake_wait_called(Desktop *desktop, const char *text);
/* Whether the method was called, after a round trip. */
bool fake_was_called(Desktop *desktop, const char *text);
