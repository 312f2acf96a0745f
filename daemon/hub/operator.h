/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The operator's verbs, by command line or by the admin socket. They work on a running hub, or on
 * the database file alone.
 */

#include "hub/hub.h"

typedef enum OperatorVerb {
        OPERATOR_USER_ADD,     /* uid, name */
        OPERATOR_USER_LIST,    /* */
        OPERATOR_USER_REMOVE,  /* uid */
        OPERATOR_TOKEN_MINT,   /* uid, device */
        OPERATOR_TOKEN_LIST,   /* uid */
        OPERATOR_TOKEN_REVOKE, /* id */
        OPERATOR_GROUP_ADD,    /* guid, name */
        OPERATOR_GROUP_JOIN,   /* guid, uids */
        OPERATOR_GROUP_LEAVE,  /* guid, uids */
        OPERATOR_GROUP_LIST,   /* */
        OPERATOR_GROUP_REMOVE, /* guid */
        OPERATOR_CALLS,        /* */
        OPERATOR_HISTORY,      /* uid: the newest page */
        OPERATOR_HEALTH,       /* */
        OPERATOR_READY,        /* */
        OPERATOR_VERB_COUNT,
} OperatorVerb;

typedef struct OperatorRequest {
        OperatorVerb verb;
        const char *uid, *guid, *name, *device, *id; /* NULL or empty: not given */
        const char *const *uids;
        size_t n_uids;
} OperatorRequest;

/* Checks the values alone. Returns 0, or -EINVAL with a sentence in *ret_text. */
int operator_check(const OperatorRequest *request, char **ret_text);

/*
 * Checks the request and carries it out. `hub` is NULL if none is running. Returns 0 with the
 * reply in *ret_text, one line per item, fields separated by tabs; or an error with a sentence:
 * -EINVAL (a wrong value), -ENOENT (no such user or token), -ENOTCONN (needs a running hub), or
 * another negative errno. *ret_text is NULL when out of memory; the caller frees it.
 */
int operator_run(HubDatabase *database, Hub *hub, const OperatorRequest *request, char **ret_text);
