/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What tringd remembers over a restart beside the token: history, policy, listeners, who was
 * logged in. In memory only where the folder cannot be written, which is said.
 */

#include "tringd/daemon.h"

void state_store_open(Daemon *daemon);
void state_store_restore(Daemon *daemon);

/* The calls that went on when the last tringd went, and what it had yet to tell the hub. */
void call_store_restore(Daemon *daemon);
/* PHONE_CALL_STORE, PHONE_CALL_FORGET, PHONE_REQUEST_STORE, PHONE_REQUEST_FORGET */
void call_store_act(Daemon *daemon, PhoneAction *action);

/* Stores what has changed since. */
void state_store_save(Daemon *daemon);

/* Small things, by key: without a history nothing happens; the caller frees what it gets. */
void state_store_put(Daemon *daemon, const char *key, const char *value);
char *state_store_get(Daemon *daemon, const char *key);

#define STATE_BUS "bus" /* the last one's id: names of connections mean something there alone */
/* Which bus this is, as long as it runs. Returns the buffer. */
const char *state_store_bus_id(Daemon *daemon, char id[static SD_ID128_STRING_MAX]);

/* UnseenMissed, after the history has changed. */
void state_store_count_unseen(Daemon *daemon);

/* The history with all that is on its way into it; NULL if there is none. */
History *state_store_history(Daemon *daemon);

/* The hub has said who we are: somebody else's history goes. */
void state_store_user(Daemon *daemon, const Party *user);

/*
 * What ConnectionError says when the connection itself is well: `problem` is one of the daemon's
 * three, `text` a sentence, or NULL when all is well again.
 */
void daemon_set_problem(Daemon *daemon, char **problem, const char *text);
