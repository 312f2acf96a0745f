/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The state that tringd stores, except the token: history, policy, listeners, the last login. If
 * the folder cannot be written, the state stays in memory, and Daemon.problem says so.
 */

#include "tringd/daemon.h"

void state_store_open(Daemon *daemon);
void state_store_restore(Daemon *daemon);

/* Restores the calls of the last tringd, and its unconfirmed requests. */
void call_store_restore(Daemon *daemon);
/* PHONE_CALL_STORE, PHONE_CALL_FORGET, PHONE_REQUEST_STORE, PHONE_REQUEST_FORGET */
void call_store_act(Daemon *daemon, PhoneAction *action);

/* Stores what has changed since the last time. */
void state_store_save(Daemon *daemon);

/* Small values by key. Do nothing without a history; the caller frees the result. */
void state_store_put(Daemon *daemon, const char *key, const char *value);
char *state_store_get(Daemon *daemon, const char *key);

#define STATE_BUS "bus" /* id of the last bus: connection names are valid on one bus only */
/* Writes the id of the current bus; all zeros if unknown. Returns the buffer. */
const char *state_store_bus_id(Daemon *daemon, char id[static SD_ID128_STRING_MAX]);

/* Makes an id for a new device; leaves it as it was if that fails. */
void state_store_draw_device(char device[static DEVICE_ID_MAX + 1]);
/* Stores the id of this device, user.device. */
void state_store_put_device(Daemon *daemon);

/* Updates UnseenMissed after the history has changed. */
void state_store_count_unseen(Daemon *daemon);

/* Writes pending records, and returns the history, or NULL without one. */
History *state_store_history(Daemon *daemon);

/* Stores the user that the hub has named; clears the history if it is another user's. */
void state_store_user(Daemon *daemon, const Party *user);
/* The operator has given this user another name; of anybody else it is ignored. */
void state_store_name(Daemon *daemon, const Party *user);

/*
 * Sets a sentence that ConnectionError shows behind the connection's own. `problem` is one of the
 * daemon's four problem members; `text` NULL: solved.
 */
void daemon_set_problem(Daemon *daemon, char **problem, const char *text);
