/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The adapter around the exchange: passes in the messages of devices, carries out the actions that
 * come out, and keeps its deadline. Owns the exchange, the commit, and the loop's timers for both.
 *
 * At the end of each turn of the loop it commits the changes to be stored, and then sends the
 * messages that confirm them.
 */

#include "hub/checkpointer.h"
#include "hub/config.h"
#include "hub/database.h"
#include "hub/ws-server.h"

typedef struct Hub Hub;

/*
 * Loads users, groups and live calls from the database; grace periods start now. `loop`,
 * `database`, `checkpointer` and `config` must outlive it.
 */
int hub_new(uv_loop_t *loop, HubDatabase *database, Checkpointer *checkpointer,
            const Config *config, Hub **ret);
/* Stops the timers; the loop must run once more before hub_free(). */
void hub_stop(Hub *hub);
Hub *hub_free(Hub *hub);
DEFINE_CLEANUP(Hub *, hub_free);

/* The handler for ws_server_new(), and then the server that it made. */
WsHandler hub_ws_handler(Hub *hub);
void hub_set_server(Hub *hub, WsServer *server);

/* The settings in `config` have changed. */
void hub_reconfigure(Hub *hub);

/*
 * `servers` as ice_servers() returns them, valid until the date `until`; takes the secret, also on
 * failure.
 */
int hub_ice_servers(Hub *hub, const IceServer *servers, size_t n, char *secret, usec_t until);

/*
 * The operator's verbs on a running hub. Each does the same as the database's function of that
 * name, and also updates the exchange and connected devices.
 */
int hub_user_add(Hub *hub, const char *uid, const char *name, bool *ret_new);
/* -ENOMEM: try again; until then the user may be half removed, and cannot log in. */
int hub_user_remove(Hub *hub, const char *uid);
int hub_token_revoke(Hub *hub, int64_t id);
/* The group was changed or removed in the database. */
int hub_group_changed(Hub *hub, const char *guid);
int hub_group_removed(Hub *hub, const char *guid);
int hub_each_call(Hub *hub, int (*each)(const CallRecord *, void *), void *userdata);

/* Commits what is pending. Returns 0, or negative errno if something is still to be stored. */
int hub_flush(Hub *hub);
/* The same, and before it does what is left for calls to large groups: nothing has to wait now. */
void hub_finish(Hub *hub);

/* False while the hub cannot store changes, and so confirms none. */
bool hub_stores(const Hub *hub);
