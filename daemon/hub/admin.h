/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The operator's door to a hub that runs: HTTP on a unix socket in the state folder, which is the
 * operator's alone (0700). Values come in the query, answers are plain text: lines of fields parted
 * by tabs, or with an error status one sentence.
 *
 *         GET /v1/users                           DELETE /v1/users?uid=UID
 *         POST /v1/users?uid=UID[&name=NAME]
 *         GET /v1/tokens?uid=UID                  DELETE /v1/tokens?id=ID
 *         POST /v1/tokens?uid=UID[&device=NAME]
 *         GET /v1/calls
 *         GET /v1/history?uid=UID
 *         GET /v1/health
 *         GET /v1/ready
 */

#include "hub/operator.h"

#define ADMIN_SOCKET "admin.sock" /* in the state folder */

typedef struct Admin Admin;

/* The others outlive it. On failure there is a sentence in *ret_text. */
int admin_new(struct lws_context *context, const char *state, HubDatabase *database, Hub *hub,
              Admin **ret, char **ret_text);
Admin *admin_free(Admin *admin); /* after the context is gone */
DEFINE_CLEANUP(Admin *, admin_free);

/*
 * The other end: has a hub that runs carry out the request. Returns what operator_run() would;
 * -ECONNREFUSED when no hub runs (*ret_text is NULL), -EPROTO when its answer makes no sense.
 */
int admin_ask(const char *state, const OperatorRequest *request, char **ret_text);
