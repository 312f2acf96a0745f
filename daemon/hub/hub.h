/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The adapter around the exchange: what devices say goes in as messages, what comes out is sent,
 * stored and scheduled. Owns the exchange, the commit, and the loop's timers for both.
 *
 * A turn of the loop ends here: what was to be stored is committed, then what confirms it goes out.
 */

#include "hub/config.h"
#include "hub/edge.h"
#include "hub/keeper.h"
#include "hub/storage.h"

typedef struct Hub Hub;

/*
 * Users, groups and live calls are taken from the keeper; graces start now. `loop`, `keeper`,
 * `storage` and `config` outlive it.
 */
int hub_new(uv_loop_t *loop, Keeper *keeper, Storage *storage, const Config *config, Hub **ret);
/* Stops the timers; the loop must run once more before hub_free(). */
void hub_stop(Hub *hub);
Hub *hub_free(Hub *hub);
DEFINE_CLEANUP(Hub *, hub_free);

/* For edge_new(), and the edge that came of it. */
EdgeHandler hub_edge_handler(Hub *hub);
void hub_set_edge(Hub *hub, Edge *edge);

/* As ice_servers() gives them; takes the secret, also when it fails. */
int hub_ice_servers(Hub *hub, const IceServer *servers, size_t n, char *secret);

/*
 * What an operator does to a hub that runs: as the keeper's functions of the same names, and
 * devices notice.
 */
int hub_user_add(Hub *hub, const char *uid, const char *name, bool *ret_new);
int hub_user_remove(Hub *hub, const char *uid);
int hub_token_revoke(Hub *hub, int64_t id);
/* The keeper's roster has it otherwise now, or no more. */
int hub_group_changed(Hub *hub, const char *guid);
int hub_group_removed(Hub *hub, const char *guid);
int hub_each_call(Hub *hub, int (*each)(const CallRecord *, void *), void *userdata);

/* Commits what has not been yet: the keeper's file says all that there is. */
void hub_flush(Hub *hub);

/* Whether what is confirmed is stored. */
bool hub_stores(const Hub *hub);
