/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hub/roster.h"

#include <errno.h>
#include <stdlib.h>

typedef enum RosterStatement {
        ADD,
        RENAME,
        GET,
        REMOVE,
        REMOVE_MEMBERS,
        GROUPS,
        MEMBERS,
        USER_EXISTS,
        JOIN,
        LEAVE,
        COUNT_MEMBERS,
        COUNT_GROUPS,
        REMOVE_USER,
        ROSTER_STATEMENT_COUNT,
} RosterStatement;

static const char *const statements_sql[ROSTER_STATEMENT_COUNT] = {
        [ADD] = "INSERT INTO groups (guid, name) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
        [RENAME] = "UPDATE groups SET name = ?2 WHERE guid = ?1",
        [GET] = "SELECT guid, name FROM groups WHERE guid = ?1",
        [REMOVE] = "DELETE FROM groups WHERE guid = ?1",
        [REMOVE_MEMBERS] = "DELETE FROM members WHERE guid = ?1",
        [GROUPS] = "SELECT guid, name FROM groups ORDER BY guid",
        [MEMBERS] = "SELECT uid FROM members WHERE guid = ?1 ORDER BY uid",
        [USER_EXISTS] = "SELECT count(*) FROM users WHERE uid = ?1",
        [JOIN] = "INSERT INTO members (guid, uid) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
        [LEAVE] = "DELETE FROM members WHERE guid = ?1 AND uid = ?2",
        [COUNT_MEMBERS] = "SELECT count(*) FROM members WHERE guid = ?1",
        [COUNT_GROUPS] = "SELECT count(*) FROM members WHERE uid = ?1",
        [REMOVE_USER] = "DELETE FROM members WHERE uid = ?1",
};

struct Roster {
        Database *database;
        sqlite3_stmt *statements[ROSTER_STATEMENT_COUNT];
};

void roster_group_done(RosterGroup *group)
{
        free(group->uids);
        *group = (RosterGroup){0};
}

int roster_new(Database *database, Roster **ret)
{
        _cleanup_(roster_freep) Roster *roster = calloc(1, sizeof(*roster));

        if (!roster)
                return -ENOMEM;
        roster->database = database;
        for (size_t i = 0; i < ROSTER_STATEMENT_COUNT; i++) {
                int r = database_prepare(database, statements_sql[i], &roster->statements[i]);
                if (r < 0)
                        return r;
        }
        *ret = TAKE_PTR(roster);
        return 0;
}

/* The statements are the database's. */
Roster *roster_free(Roster *roster)
{
        free(roster);
        return NULL;
}

/* Ready to be stepped; `b` may be NULL. Both outlive that: every caller holds them until then. */
static sqlite3_stmt *begin(Roster *roster, RosterStatement which, const char *a, const char *b)
{
        sqlite3_stmt *statement = roster->statements[which];

        sqlite3_bind_text(statement, 1, a, -1, SQLITE_STATIC);
        if (b)
                sqlite3_bind_text(statement, 2, b, -1, SQLITE_STATIC);
        return statement;
}

/* Ready for the next use, and no lock kept. */
static int finish(sqlite3_stmt *statement, int r)
{
        sqlite3_reset(statement);
        sqlite3_clear_bindings(statement);
        return r;
}

/* Runs a statement that gives no rows. Returns how many rows it has changed. */
static int change(Roster *roster, RosterStatement which, const char *a, const char *b)
{
        sqlite3_stmt *statement = begin(roster, which, a, b);
        int r = finish(statement, database_errno(sqlite3_step(statement)));

        return r < 0 ? r : sqlite3_changes(database_handle(roster->database));
}

static int count(Roster *roster, RosterStatement which, const char *a, int64_t *ret)
{
        sqlite3_stmt *statement = begin(roster, which, a, NULL);
        int result = sqlite3_step(statement);
        int64_t n = result == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : 0;

        finish(statement, 0);
        if (result != SQLITE_ROW)
                return database_errno(result);
        *ret = n;
        return 0;
}

/* Ends what BEGIN began: with anything but 0 as if nothing had been done. */
static int conclude(Roster *roster, int outcome)
{
        int r = outcome == 0 ? database_run(roster->database, "COMMIT") : outcome;

        if (r != 0)
                (void)database_run(roster->database, "ROLLBACK");
        return r;
}

int roster_add(Roster *roster, const char *guid, const char *name, bool *ret_new)
{
        int r = change(roster, ADD, guid, name);
        bool is_new = r > 0;

        if (r == 0)
                r = change(roster, RENAME, guid, name);
        if (r < 0)
                return r;
        *ret_new = is_new;
        return 0;
}

static int read_members(Roster *roster, RosterGroup *group)
{
        sqlite3_stmt *members = begin(roster, MEMBERS, group->guid, NULL);
        size_t allocated = 0;
        int result, r = 0;

        while (r == 0 && (result = sqlite3_step(members)) == SQLITE_ROW) {
                if (group->n_uids == allocated) {
                        size_t n = allocated ? 2 * allocated : 16;
                        void *grown = reallocarray(group->uids, n, sizeof(*group->uids));

                        if (!grown) {
                                r = -ENOMEM;
                                break;
                        }
                        group->uids = grown;
                        allocated = n;
                }
                const char *uid = (const char *)sqlite3_column_text(members, 0);
                r = uid ? STR_SET(group->uids[group->n_uids], uid) : -ENOMEM;
                if (r == 0)
                        group->n_uids++;
        }
        if (r == 0)
                r = database_errno(result);
        return finish(members, r);
}

static int read_group(Roster *roster, sqlite3_stmt *row, RosterGroup *ret)
{
        RosterGroup group = {0};

        if (STR_SET(group.guid, (const char *)sqlite3_column_text(row, 0) ?: "") < 0 ||
            STR_SET(group.name, (const char *)sqlite3_column_text(row, 1) ?: "") < 0)
                return -EUCLEAN;
        int r = read_members(roster, &group);
        if (r < 0) {
                roster_group_done(&group);
                return r;
        }
        *ret = group;
        return 0;
}

int roster_get(Roster *roster, const char *guid, RosterGroup *ret)
{
        sqlite3_stmt *get = begin(roster, GET, guid, NULL);
        int result = sqlite3_step(get);

        return finish(get, result == SQLITE_ROW    ? read_group(roster, get, ret)
                           : result == SQLITE_DONE ? -ENOENT
                                                   : database_errno(result));
}

int roster_remove(Roster *roster, const char *guid)
{
        int r = database_run(roster->database, "BEGIN IMMEDIATE");

        if (r < 0)
                return r;
        r = change(roster, REMOVE, guid, NULL);
        if (r == 0)
                r = -ENOENT;
        if (r > 0)
                r = change(roster, REMOVE_MEMBERS, guid, NULL);
        return conclude(roster, MIN_OF(r, 0));
}

int roster_each(Roster *roster, int (*each)(const RosterGroup *, void *), void *userdata)
{
        sqlite3_stmt *groups = roster->statements[GROUPS];
        int result, r = 0;

        while (r == 0 && (result = sqlite3_step(groups)) != SQLITE_DONE) {
                RosterGroup group;

                r = result == SQLITE_ROW ? read_group(roster, groups, &group)
                                         : database_errno(result);
                if (r < 0)
                        break;
                r = each(&group, userdata);
                roster_group_done(&group);
        }
        return finish(groups, r);
}

static int join_one(Roster *roster, const char *guid, const char *uid)
{
        int64_t n;
        int r = count(roster, USER_EXISTS, uid, &n);

        if (r == 0 && n == 0)
                return ROSTER_NO_USER;
        if (r == 0)
                r = change(roster, JOIN, guid, uid);
        if (r >= 0)
                r = count(roster, COUNT_GROUPS, uid, &n);
        return r < 0 ? r : n > GROUPS_PER_USER_MAX ? ROSTER_TOO_MANY_GROUPS : 0;
}

static int leave_one(Roster *roster, const char *guid, const char *uid)
{
        int r = change(roster, LEAVE, guid, uid);

        return r < 0 ? r : r == 0 ? ROSTER_NO_MEMBER : 0;
}

static int for_all(Roster *roster, const char *guid, const char *const *uids, size_t n,
                   int (*one)(Roster *, const char *, const char *), const char **ret_uid)
{
        RosterGroup group;
        int64_t n_members;
        int r = roster_get(roster, guid, &group);

        if (r < 0)
                return r == -ENOENT ? ROSTER_NO_GROUP : r;
        roster_group_done(&group);
        r = database_run(roster->database, "BEGIN IMMEDIATE");
        if (r < 0)
                return r;
        for (size_t i = 0; r == 0 && i < n; i++) {
                *ret_uid = uids[i];
                r = one(roster, guid, uids[i]);
        }
        if (r == 0)
                r = count(roster, COUNT_MEMBERS, guid, &n_members);
        if (r == 0 && n_members > GROUP_MEMBERS_MAX)
                r = ROSTER_GROUP_FULL;
        return conclude(roster, r);
}

int roster_join(Roster *roster, const char *guid, const char *const *uids, size_t n,
                const char **ret_uid)
{
        return for_all(roster, guid, uids, n, join_one, ret_uid);
}

int roster_leave(Roster *roster, const char *guid, const char *const *uids, size_t n,
                 const char **ret_uid)
{
        return for_all(roster, guid, uids, n, leave_one, ret_uid);
}

int roster_remove_user(Roster *roster, const char *uid)
{
        int r = change(roster, REMOVE_USER, uid, NULL);

        return MIN_OF(r, 0);
}
