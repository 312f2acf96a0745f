/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Live calls, and everything that the exchange wants written. */

#include <errno.h>

#include "base/array.h"
#include "base/log.h"
#include "hub/database-internal.h"
#include "wire/stored.h"

/* Adds the row's member to the call. */
static int add_member(sqlite3_stmt *row, LiveCall *live)
{
        const char *json = (const char *)sqlite3_column_text(row, 0);

        if (!json)
                return -ENOMEM;
        if (live->n_members == GROUP_MEMBERS_MAX)
                return -EBADMSG;
        int r = ARRAY_GROW(&live->members, live->n_members);
        if (r == 0)
                r = wire_decode_live_member(json, &live->members[live->n_members]);
        if (r == 0)
                live->n_members++;
        return r;
}

/* Members of a call to a group are stored in rows of their own. */
static int read_members(HubDatabase *database, LiveCall *live)
{
        sqlite3_stmt *members = database->statements[LIVE_MEMBERS];
        int r;

        if (live->n_members > 0)
                return 0;
        query_bind(members, "s", live->record.session_id);
        QUERY_FOREACH (members, r)
                r = add_member(members, live);
        return query_end(members, r);
}

static int read_live(HubDatabase *database, const char *json, LiveCall *ret)
{
        int r = wire_decode_live(json, ret);

        if (r < 0)
                return r;
        r = read_members(database, ret);
        if (r < 0)
                live_call_done(ret);
        return r;
}

int hub_database_drop_unfinished(HubDatabase *database)
{
        return MIN_OF(query_run(database->statements[LIVE_MEMBERS_PRUNE], ""), 0);
}

int hub_database_each_live(HubDatabase *database, int (*each)(const LiveCall *, void *),
                           void *userdata)
{
        sqlite3_stmt *lives = database->statements[LIVES];
        int r;

        QUERY_FOREACH (lives, r) {
                const char *json = (const char *)sqlite3_column_text(lives, 1);
                LiveCall live;

                r = json ? read_live(database, json, &live) : -ENOMEM;
                if (r == 0) {
                        r = each(&live, userdata);
                        live_call_done(&live);
                } else if (r == -EBADMSG) {
                        log_fields(LOG_ERR, "cannot read a stored call, which is left out",
                                   "SESSION_ID=%s", query_text(lives, 0), NULL);
                        r = 0;
                }
        }
        return query_end(lives, r);
}

void write_done(Write *write)
{
        free(write->json);
        free(write->metadata);
        *write = (Write){0};
}

static int write_one(HubDatabase *database, const HistoryTime *time, const Write *write)
{
        sqlite3_stmt **statements = database->statements;
        int r;

        switch (write->type) {
        case WRITE_LIVE:
                return query_run(statements[LIVE_PUT], "ss", write->session_id, write->json);
        case WRITE_LIVE_MEMBER:
                return query_run(statements[LIVE_MEMBER_PUT], "sss", write->session_id, write->uid,
                                 write->json);
        case WRITE_DROP:
                r = query_run(statements[LIVE_DROP], "s", write->session_id);
                return r < 0 ? r : query_run(statements[LIVE_MEMBERS_DROP], "s", write->session_id);
        case WRITE_LOG:
                return call_history_put(database->history, time,
                                        &(HistoryEntry){.uid = write->uid,
                                                        .session_id = write->session_id,
                                                        .initiated_at = write->initiated_at,
                                                        .unseen = write->unseen,
                                                        .json = write->json,
                                                        .metadata = write->metadata});
        case WRITE_WHEN_BUSY:
                return query_run(statements[USER_WHEN_BUSY], "ss", write->uid,
                                 when_busy_to_string(write->when_busy));
        case WRITE_WHO_MAY_RING:
                return query_run(statements[USER_WHO_MAY_RING], "ss", write->uid,
                                 who_may_ring_to_string(write->who_may_ring));
        case WRITE_BLOCK:
                return query_run(statements[write->on ? BLOCK : UNBLOCK], "ss", write->uid,
                                 write->other);
        case WRITE_CALLED:
                return query_run(statements[write->on ? CALLED : UNCALLED], "ss", write->uid,
                                 write->other);
        }
        return -EINVAL;
}

int hub_database_write(HubDatabase *database, const HistoryTime *time, const Write *writes,
                       size_t n)
{
        int r = query_run(database->statements[BEGIN], "");

        if (r < 0)
                return r;
        for (size_t i = 0; r >= 0 && i < n; i++)
                r = write_one(database, time, &writes[i]);
        if (r >= 0)
                r = query_run(database->statements[COMMIT], "");
        if (r < 0)
                (void)database_run(database->database, "ROLLBACK");
        return MIN_OF(r, 0);
}
