/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The calls that go on, and all that the exchange wants written. */

#include <errno.h>

#include "base/log.h"
#include "hub/keeper-internal.h"
#include "wire/wire.h"

/* The row's member is one more of the call's. */
static int add_member(sqlite3_stmt *row, LiveCall *live)
{
        const char *json = (const char *)sqlite3_column_text(row, 0);

        if (!json)
                return -ENOMEM;
        if (live->n_members == GROUP_MEMBERS_MAX)
                return -EBADMSG;
        /* Twice the size whenever it is a power of two. */
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

/* Those of a call to a group are stored apart. */
static int read_members(Keeper *keeper, LiveCall *live)
{
        sqlite3_stmt *members = keeper_statement(keeper, LIVE_MEMBERS);
        int result, r = 0;

        if (live->n_members > 0)
                return 0;
        keeper_bind(members, 1, live->record.session_id);
        while (r == 0 && (result = sqlite3_step(members)) == SQLITE_ROW)
                r = add_member(members, live);
        if (r == 0)
                r = database_errno(result);
        sqlite3_reset(members);
        sqlite3_clear_bindings(members);
        return r;
}

static int read_live(Keeper *keeper, const char *json, LiveCall *ret)
{
        _cleanup_(live_call_done) LiveCall live = {0};
        int r = wire_decode_live(json, &live);

        if (r == 0)
                r = read_members(keeper, &live);
        if (r < 0)
                return r;
        *ret = live;
        live = (LiveCall){0};
        return 0;
}

int keeper_each_live(Keeper *keeper, int (*each)(const LiveCall *, void *), void *userdata)
{
        sqlite3_stmt *lives = keeper_statement(keeper, LIVES);
        int result, r = 0;

        while (r == 0 && (result = sqlite3_step(lives)) != SQLITE_DONE) {
                const char *json = (const char *)sqlite3_column_text(lives, 1);
                LiveCall live;

                if (result != SQLITE_ROW || !json) {
                        r = result == SQLITE_ROW ? -ENOMEM : database_errno(result);
                        break;
                }
                r = read_live(keeper, json, &live);
                if (r == 0) {
                        r = each(&live, userdata);
                        live_call_done(&live);
                } else if (r == -EBADMSG) {
                        log_fields(LOG_ERR, "a stored call cannot be read and is passed over",
                                   "SESSION_ID=%s", (const char *)sqlite3_column_text(lives, 0),
                                   NULL);
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

/* Runs one of up to three texts; NULL: there are no more. */
static int put(Keeper *keeper, KeeperStatement which, const char *a, const char *b, const char *c)
{
        sqlite3_stmt *statement = keeper_statement(keeper, which);

        keeper_bind(statement, 1, a);
        if (b)
                keeper_bind(statement, 2, b);
        if (c)
                keeper_bind(statement, 3, c);
        return keeper_run(statement);
}

static int write_one(Keeper *keeper, const Write *write)
{
        int r;

        switch (write->type) {
        case WRITE_LIVE:
                return put(keeper, LIVE_PUT, write->session_id, write->json, NULL);
        case WRITE_LIVE_MEMBER:
                return put(keeper, LIVE_MEMBER_PUT, write->session_id, write->uid, write->json);
        case WRITE_DROP:
                r = put(keeper, LIVE_DROP, write->session_id, NULL, NULL);
                return r < 0 ? r : put(keeper, LIVE_MEMBERS_DROP, write->session_id, NULL, NULL);
        case WRITE_LOG:
                return archive_put(keeper->archive, write->uid, write->session_id,
                                   write->initiated_at, write->unseen, write->json);
        case WRITE_WHEN_BUSY:
                return put(keeper, USER_WHEN_BUSY, write->uid,
                           when_busy_to_string(write->when_busy), NULL);
        case WRITE_BLOCK:
                return put(keeper, write->blocks ? BLOCK : UNBLOCK, write->uid, write->blocked,
                           NULL);
        }
        return -EINVAL;
}

int keeper_write(Keeper *keeper, const Write *writes, size_t n)
{
        int r = keeper_run(keeper_statement(keeper, BEGIN));

        if (r < 0)
                return r;
        for (size_t i = 0; r >= 0 && i < n; i++)
                r = write_one(keeper, &writes[i]);
        if (r >= 0)
                r = keeper_run(keeper_statement(keeper, COMMIT));
        if (r < 0)
                (void)database_run(keeper->database, "ROLLBACK");
        return r;
}
