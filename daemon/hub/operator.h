/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What an operator can ask for, by command line or by the admin socket: the same in either way, on
 * a hub that runs or on its file alone.
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
        const char *uid, *guid, *name, *device, *id; /* NULL or empty: not said */
        const char *const *uids;
        size_t n_uids;
} OperatorRequest;

/* Whether its values make sense in themselves: 0, or -EINVAL with a sentence in *ret_text. */
int operator_check(const OperatorRequest *request, char **ret_text);

/*
 * Checks and carries out. `hub` is NULL where none runs. Returns 0 with the answer in *ret_text,
 * one line a thing, fields parted by tabs; or with a sentence that says what was wrong: -EINVAL (a
 * value), -ENOENT (no such user or token), -ENOTCONN (asks for a hub that runs), or another
 * negative errno. *ret_text is NULL when out of memory; the caller frees.
 */
int operator_run(HubDatabase *database, Hub *hub, const OperatorRequest *request, char **ret_text);
