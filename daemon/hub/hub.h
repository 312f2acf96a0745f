/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The adapter around the exchange: what devices say goes in as messages, what comes out is sent,
 * stored and scheduled. Owns the exchange, the commit, and the loop's timers for both.
 *
 * A turn of the loop ends here: what was to be stored is committed, then what confirms it goes out.
 */

#include "hub/checkpointer.h"
#include "hub/config.h"
#include "hub/database.h"
#include "hub/ws-server.h"

typedef struct Hub Hub;

/*
 * Users, groups and live calls are taken from the database; graces start now. `loop`, `database`,
 * `checkpointer` and `config` outlive it.
 */
int hub_new(uv_loop_t *loop, HubDatabase *database, Checkpointer *checkpointer,
            const Config *config, Hub **ret);
/* Stops the timers; the loop must run once more before hub_free(). */
void hub_stop(Hub *hub);
Hub *hub_free(Hub *hub);
DEFINE_CLEANUP(Hub *, hub_free);

/* For ws_server_new(), and the server that came of it. */
WsHandler hub_ws_handler(Hub *hub);
void hub_set_server(Hub *hub, WsServer *server);

/* As ice_servers() gives them; takes the secret, also when it fails. */
int hub_ice_servers(Hub *hub, const IceServer *servers, size_t n, char *secret);

/*
 * What an operator does to a hub that runs: as the database's functions of the same names, and
 * devices notice.
 */
int hub_user_add(Hub *hub, const char *uid, const char *name, bool *ret_new);
int hub_user_remove(Hub *hub, const char *uid);
int hub_token_revoke(Hub *hub, int64_t id);
/* The database's groups has it otherwise now, or no more. */
int hub_group_changed(Hub *hub, const char *guid);
int hub_group_removed(Hub *hub, const char *guid);
int hub_each_call(Hub *hub, int (*each)(const CallRecord *, void *), void *userdata);

/* Commits what has not been yet: the database's file says all that there is. */
void hub_flush(Hub *hub);

/* Whether what is confirmed is stored. */
bool hub_stores(const Hub *hub);
