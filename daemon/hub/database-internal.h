/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The inside of the database, for database*.c only. */

#include "hub/database.h"
#include "store/query.h"

typedef enum HubStatement {
        BEGIN,
        COMMIT,
        USER_ADD,
        USER_RENAME,
        USER_GET,
        USER_REMOVE,
        USER_TOKENS_KEEP,
        USER_TOKENS_REMOVE,
        USERS,
        USER_WHEN_BUSY,
        USER_WHO_MAY_RING,
        TOKEN_ADD,
        TOKEN_FIND,
        TOKEN_KEEP,
        TOKEN_REVOKE,
        REVOKED_FIND,
        REVOKED_PRUNE,
        TOKENS,
        BLOCK,
        UNBLOCK,
        BLOCKS,
        USER_BLOCKS_REMOVE,
        CALLED,
        UNCALLED,
        CALLEDS,
        USER_CALLED_REMOVE,
        LIVE_PUT,
        LIVE_DROP,
        LIVES,
        LIVE_MEMBER_PUT,
        LIVE_MEMBERS_DROP,
        LIVE_MEMBERS,
        LIVE_MEMBERS_PRUNE,
        COUNTER,
        COUNTER_PUT,
        HUB_STATEMENT_COUNT,
} HubStatement;

struct HubDatabase {
        Database *database;
        CallHistory *history;
        HubGroups *groups;
        sqlite3_stmt *statements[HUB_STATEMENT_COUNT];
        void (*log_grew)(int n_pages, void *);
        void *log_userdata;
};
