/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The HTTP method and path of each operator verb, shared by admin.c and admin-ask.c. Values travel
 * in the query; the body holds uids, one per line.
 */

#include "hub/operator.h"

#define ADMIN_BODY_MAX (GROUP_MEMBERS_MAX * (UID_MAX + 1))

typedef struct AdminRoute {
        const char *method, *path;
        OperatorVerb verb;
} AdminRoute;

static const AdminRoute admin_routes[OPERATOR_VERB_COUNT] = {
        {"POST", "/v1/users", OPERATOR_USER_ADD},
        {"GET", "/v1/users", OPERATOR_USER_LIST},
        {"DELETE", "/v1/users", OPERATOR_USER_REMOVE},
        {"POST", "/v1/tokens", OPERATOR_TOKEN_MINT},
        {"GET", "/v1/tokens", OPERATOR_TOKEN_LIST},
        {"DELETE", "/v1/tokens", OPERATOR_TOKEN_REVOKE},
        {"POST", "/v1/groups", OPERATOR_GROUP_ADD},
        {"GET", "/v1/groups", OPERATOR_GROUP_LIST},
        {"DELETE", "/v1/groups", OPERATOR_GROUP_REMOVE},
        {"POST", "/v1/groups/join", OPERATOR_GROUP_JOIN},
        {"POST", "/v1/groups/leave", OPERATOR_GROUP_LEAVE},
        {"GET", "/v1/calls", OPERATOR_CALLS},
        {"GET", "/v1/history", OPERATOR_HISTORY},
        {"GET", "/v1/health", OPERATOR_HEALTH},
        {"GET", "/v1/ready", OPERATOR_READY},
};

/* The HTTP status for each outcome of operator_run(), and back. */
static const struct {
        int error;
        unsigned status;
} admin_statuses[] = {
        {0, 200}, {-EINVAL, 400}, {-ENOENT, 404}, {-ENOTCONN, 409}, {-EIO, 503},
};
