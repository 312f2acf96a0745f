/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What tringd stores beside the token: history, policy, listeners, the last login. If the folder
 * cannot be written it is kept in memory, and a problem is set.
 */

#include "tringd/daemon.h"

void state_store_open(Daemon *daemon);
void state_store_restore(Daemon *daemon);

/* Restores the calls of the last tringd, and its unsent requests. */
void call_store_restore(Daemon *daemon);
/* PHONE_CALL_STORE, PHONE_CALL_FORGET, PHONE_REQUEST_STORE, PHONE_REQUEST_FORGET */
void call_store_act(Daemon *daemon, PhoneAction *action);

/* Stores what has changed since. */
void state_store_save(Daemon *daemon);

/* Small values by key. Without a history nothing happens; the caller frees the result. */
void state_store_put(Daemon *daemon, const char *key, const char *value);
char *state_store_get(Daemon *daemon, const char *key);

#define STATE_BUS "bus" /* id of the last bus: connection names are valid on one bus only */
/* The id of the present bus. Returns the buffer. */
const char *state_store_bus_id(Daemon *daemon, char id[static SD_ID128_STRING_MAX]);

/* Counts UnseenMissed after the history has changed. */
void state_store_count_unseen(Daemon *daemon);

/* The history, after pending records have been written; NULL if there is none. */
History *state_store_history(Daemon *daemon);

/* The hub has named the user: another user's history goes. */
void state_store_user(Daemon *daemon, const Party *user);

/*
 * Sets the sentence that ConnectionError shows while the connection itself is well: `problem` is
 * one of the daemon's three; `text` NULL: solved.
 */
void daemon_set_problem(Daemon *daemon, char **problem, const char *text);
