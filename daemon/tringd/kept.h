/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What tringd remembers over a restart beside the token: history, policy, listeners, who was
 * logged in. In memory only where the folder cannot be written, which is said.
 */

#include "tringd/daemon.h"

void kept_open(Daemon *daemon);
void kept_restore(Daemon *daemon);

/* Stores what has changed since. */
void kept_save(Daemon *daemon);

/* UnseenMissed, after the history has changed. */
void kept_count_unseen(Daemon *daemon);

/* The history with all that is on its way into it; NULL if there is none. */
History *kept_history(Daemon *daemon);

/* The hub has said who we are: somebody else's history goes. */
void kept_user(Daemon *daemon, const Party *user);

/*
 * What ConnectionError says when the connection itself is well: `trouble` is one of the daemon's
 * two, `text` a sentence, or NULL when all is well again.
 */
void kept_trouble(Daemon *daemon, char **trouble, const char *text);
