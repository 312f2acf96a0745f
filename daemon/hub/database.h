/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The hub's database, one SQLite file: users, their login tokens, the users they have blocked,
 * live calls, the call history (call-history.h) and groups (groups.h).
 *
 * Login tokens are stored as SHA-256. They are 256 random bits, so a slow hash would protect
 * nothing, and a lookup by hash leaks nothing about a token through its timing.
 */

#include "hub/call-history.h"
#include "hub/groups.h"
#include "model/live-call.h"
#include "store/database.h"

#define TOKEN_BYTES 32
#define TOKEN_LENGTH (2 * TOKEN_BYTES) /* hex digits */
#define REVOKED_TOKENS_MAX 10000       /* 1 MB; beyond that the oldest is forgotten */

typedef struct HubDatabase HubDatabase;

typedef struct StoredUser {
        char uid[UID_MAX + 1];
        char name[NAME_MAX_BYTES + 1];
        WhenBusy when_busy;
        WhoMayRing who_may_ring;
} StoredUser;

typedef struct StoredToken {
        int64_t id;
        char uid[UID_MAX + 1];
        char device_name[NAME_MAX_BYTES + 1]; /* the operator's note on its purpose; may be empty */
        usec_t created_at;                    /* CLOCK_REALTIME */
} StoredToken;

/* `path` and errors as in database_open(). */
int hub_database_open(const char *path, HubDatabase **ret, char **ret_text);
HubDatabase *hub_database_free(HubDatabase *database);
DEFINE_CLEANUP(HubDatabase *, hub_database_free);

CallHistory *hub_database_history(HubDatabase *database);
HubGroups *hub_database_groups(HubDatabase *database);

/* Of this boot, stored for the next start in it. */
usec_t hub_database_boot_date(HubDatabase *database);

/*
 * After each commit `grew` gets the number of pages in the database's log. With this call the
 * caller takes over moving them into the database file.
 */
void hub_database_watch_log(HubDatabase *database, void (*grew)(int n_pages, void *),
                            void *userdata);

/* Adding an existing user changes the name and nothing else; *ret_new tells which it was. */
int hub_database_user_add(HubDatabase *database, const char *uid, const char *name, bool *ret_new);
int hub_database_user_get(HubDatabase *database, const char *uid, StoredUser *ret); /* -ENOENT */
/* Removes tokens, memberships and history, too: a later user of the same uid gets none. -ENOENT. */
int hub_database_user_remove(HubDatabase *database, const char *uid);
/* In the order of uids; stops at the first non-zero result of `each`, which is returned. */
int hub_database_each_user(HubDatabase *database, int (*each)(const StoredUser *, void *),
                           void *userdata);

/* Returns the only copy of the token's text. -ENOENT: no such user. */
int hub_database_token_mint(HubDatabase *database, const char *uid, const char *device_name,
                            char ret_token[static TOKEN_LENGTH + 1]);
/*
 * -ENOENT: no such token, here and below. -EKEYREVOKED: there was one, and it was revoked, or its
 * user removed. The hashes of the last REVOKED_TOKENS_MAX such tokens are kept.
 */
int hub_database_token_find(HubDatabase *database, const char *token, StoredToken *ret);
int hub_database_token_revoke(HubDatabase *database, int64_t id);
int hub_database_each_token(HubDatabase *database, const char *uid,
                            int (*each)(const StoredToken *, void *), void *userdata);

/* Stops at the first non-zero result of `each`, which is returned. */
int hub_database_each_block(HubDatabase *database,
                            int (*each)(const char *uid, const char *blocked, void *),
                            void *userdata);

/* Whom users have called, those called last at last; likewise. */
int hub_database_each_called(HubDatabase *database,
                             int (*each)(const char *uid, const char *called, void *),
                             void *userdata);

/*
 * Deletes what the last hub had stored of a group's call when it was killed before it stored the
 * call itself. Nobody may be writing.
 */
int hub_database_drop_unfinished(HubDatabase *database);

/* Live calls as they were stored; an unreadable one is skipped and logged. */
int hub_database_each_live(HubDatabase *database, int (*each)(const LiveCall *, void *),
                           void *userdata);

/* One change that the exchange wants stored, encoded and ready to be written. */
typedef enum WriteType {
        WRITE_LIVE,         /* `json` is the stored state of `session_id` */
        WRITE_LIVE_MEMBER,  /* `json` is the stored state of member `uid` of a group's call */
        WRITE_DROP,         /* `session_id` is over */
        WRITE_LOG,          /* `json` is `uid`'s record of `session_id` */
        WRITE_WHEN_BUSY,    /* `when_busy` of `uid` */
        WRITE_WHO_MAY_RING, /* `who_may_ring` of `uid` */
        WRITE_BLOCK,        /* `uid` blocks `other`, or no longer */
        WRITE_CALLED,       /* `uid` has called `other`, or that is forgotten */
} WriteType;

typedef struct Write {
        WriteType type;
        bool unseen; /* LOG */
        bool on;     /* BLOCK, CALLED */
        WhenBusy when_busy;
        WhoMayRing who_may_ring;
        char uid[UID_MAX + 1];
        union {
                char session_id[UUID_LENGTH + 1];
                char other[UID_MAX + 1]; /* BLOCK, CALLED */
        };
        usec_t initiated_at; /* LOG */
        char *json;          /* owned; LIVE, LIVE_MEMBER, LOG */
        char *metadata;      /* owned; LOG: of the call, if they are stored with this record */
} Write;

void write_done(Write *write);

/* Writes all of them or, on an error, none. */
int hub_database_write(HubDatabase *database, const HistoryTime *time, const Write *writes,
                       size_t n);
