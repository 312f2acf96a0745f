/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The operator's interface to a running hub: HTTP on a unix socket in the state folder, which only
 * the operator can open (0700). Values come in the query. Replies are plain text: lines of fields
 * separated by tabs or, with an error status, one sentence. admin-routes.h lists the requests.
 */

#include "hub/operator.h"

#define ADMIN_SOCKET "admin.sock" /* in the state folder */

typedef struct Admin Admin;

/* `context`, `database` and `hub` must outlive it. On failure *ret_text holds a sentence. */
int admin_new(struct lws_context *context, const char *state, HubDatabase *database, Hub *hub,
              Admin **ret, char **ret_text);
Admin *admin_free(Admin *admin); /* call it after the context is destroyed */
DEFINE_CLEANUP(Admin *, admin_free);

/*
 * The client's end: asks a running hub to carry out the request. Returns the hub's result of
 * operator_run(), -ECONNREFUSED if no hub is running (*ret_text is NULL), or -EPROTO if its reply
 * is malformed.
 */
int admin_ask(const char *state, const OperatorRequest *request, char **ret_text);
