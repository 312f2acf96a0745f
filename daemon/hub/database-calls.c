/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Live calls, and everything that the exchange wants written. */

#include <errno.h>

#include "base/log.h"
#include "hub/database-internal.h"
#include "wire/wire.h"

/* Adds the row's member to the call. */
static int add_member(sqlite3_stmt *row, LiveCall *live)
{
        const char *json = (const char *)sqlite3_column_text(row, 0);

        if (!json)
                return -ENOMEM;
        if (live->n_members == GROUP_MEMBERS_MAX)
                return -EBADMSG;
        /* The array doubles whenever it is full, at powers of two. */
        if ((live->n_members & (live->n_members - 1)) == 0) {
                size_t n = live->n_members ? 2 * live->n_members : 1;
                LiveMember *grown = reallocarray(live->members, n, sizeof(*grown));

                if (!grown)
                        return -ENOMEM;
                live->members = grown;
        }
        int r = wire_decode_live_member(json, &live->members[live->n_members]);
        if (r == 0)
                live->n_members++;
        return r;
}

/* Members of a call to a group are stored in rows of their own. */
static int read_members(HubDatabase *database, LiveCall *live)
{
        sqlite3_stmt *members = hub_database_statement(database, LIVE_MEMBERS);
        int result, r = 0;

        if (live->n_members > 0)
                return 0;
        hub_database_bind(members, 1, live->record.session_id);
        while (r == 0 && (result = sqlite3_step(members)) == SQLITE_ROW)
                r = add_member(members, live);
        if (r == 0)
                r = database_errno(result);
        sqlite3_reset(members);
        sqlite3_clear_bindings(members);
        return r;
}

static int read_live(HubDatabase *database, const char *json, LiveCall *ret)
{
        _cleanup_(live_call_done) LiveCall live = {0};
        int r = wire_decode_live(json, &live);

        if (r == 0)
                r = read_members(database, &live);
        if (r < 0)
                return r;
        *ret = live;
        live = (LiveCall){0};
        return 0;
}

int hub_database_each_live(HubDatabase *database, int (*each)(const LiveCall *, void *),
                           void *userdata)
{
        sqlite3_stmt *lives = hub_database_statement(database, LIVES);
        int result, r = 0;

        while (r == 0 && (result = sqlite3_step(lives)) != SQLITE_DONE) {
                const char *json = (const char *)sqlite3_column_text(lives, 1);
                LiveCall live;

                if (result != SQLITE_ROW || !json) {
                        r = result == SQLITE_ROW ? -ENOMEM : database_errno(result);
                        break;
                }
                r = read_live(database, json, &live);
                if (r == 0) {
                        r = each(&live, userdata);
                        live_call_done(&live);
                } else if (r == -EBADMSG) {
                        log_fields(LOG_ERR, "skipping an unreadable stored call", "SESSION_ID=%s",
                                   (const char *)sqlite3_column_text(lives, 0), NULL);
                        r = 0;
                }
        }
        sqlite3_reset(lives);
        return r;
}

void write_done(Write *write)
{
        free(write->json);
        *write = (Write){0};
}

/* Runs a statement with up to three texts; NULL ends them. */
static int put(HubDatabase *database, HubStatement which, const char *a, const char *b,
               const char *c)
{
        sqlite3_stmt *statement = hub_database_statement(database, which);

        hub_database_bind(statement, 1, a);
        if (b)
                hub_database_bind(statement, 2, b);
        if (c)
                hub_database_bind(statement, 3, c);
        return hub_database_run(statement);
}

static int write_one(HubDatabase *database, const Write *write)
{
        int r;

        switch (write->type) {
        case WRITE_LIVE:
                return put(database, LIVE_PUT, write->session_id, write->json, NULL);
        case WRITE_LIVE_MEMBER:
                return put(database, LIVE_MEMBER_PUT, write->session_id, write->uid, write->json);
        case WRITE_DROP:
                r = put(database, LIVE_DROP, write->session_id, NULL, NULL);
                return r < 0 ? r : put(database, LIVE_MEMBERS_DROP, write->session_id, NULL, NULL);
        case WRITE_LOG:
                return call_history_put(database->history, write->uid, write->session_id,
                                        write->initiated_at, write->unseen, write->json);
        case WRITE_WHEN_BUSY:
                return put(database, USER_WHEN_BUSY, write->uid,
                           when_busy_to_string(write->when_busy), NULL);
        case WRITE_BLOCK:
                return put(database, write->blocks ? BLOCK : UNBLOCK, write->uid, write->blocked,
                           NULL);
        }
        return -EINVAL;
}

int hub_database_write(HubDatabase *database, const Write *writes, size_t n)
{
        int r = hub_database_run(hub_database_statement(database, BEGIN));

        if (r < 0)
                return r;
        for (size_t i = 0; r >= 0 && i < n; i++)
                r = write_one(database, &writes[i]);
        if (r >= 0)
                r = hub_database_run(hub_database_statement(database, COMMIT));
        if (r < 0)
                (void)database_run(database->database, "ROLLBACK");
        return r;
}
