/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the keeper is made of; for keeper*.c alone. */

#include "hub/keeper.h"

typedef enum KeeperStatement {
        BEGIN,
        COMMIT,
        USER_ADD,
        USER_RENAME,
        USER_GET,
        USER_REMOVE,
        USER_TOKENS_REMOVE,
        USERS,
        USER_WHEN_BUSY,
        TOKEN_ADD,
        TOKEN_FIND,
        TOKEN_REVOKE,
        TOKENS,
        BLOCK,
        UNBLOCK,
        BLOCKS,
        USER_BLOCKS_REMOVE,
        LIVE_PUT,
        LIVE_DROP,
        LIVES,
        LIVE_MEMBER_PUT,
        LIVE_MEMBERS_DROP,
        LIVE_MEMBERS,
        KEEPER_STATEMENT_COUNT,
} KeeperStatement;

struct Keeper {
        Database *database;
        Archive *archive;
        Roster *roster;
        sqlite3_stmt *statements[KEEPER_STATEMENT_COUNT];
        void (*log_grew)(int n_pages, void *);
        void *log_userdata;
};

sqlite3_stmt *keeper_statement(Keeper *keeper, KeeperStatement which);
/* The text outlives the step: every caller holds it until then. */
void keeper_bind(sqlite3_stmt *statement, int index, const char *text);
/* Runs a statement that gives no rows. */
int keeper_run(sqlite3_stmt *statement);
