/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hub/groups.h"

#include <errno.h>
#include <stdlib.h>

typedef enum GroupStatement {
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
        GROUP_STATEMENT_COUNT,
} GroupStatement;

static const char *const statements_sql[GROUP_STATEMENT_COUNT] = {
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

struct HubGroups {
        Database *database;
        sqlite3_stmt *statements[GROUP_STATEMENT_COUNT];
};

void stored_group_done(StoredGroup *group)
{
        free(group->uids);
        *group = (StoredGroup){0};
}

int hub_groups_new(Database *database, HubGroups **ret)
{
        _cleanup_(hub_groups_freep) HubGroups *groups = calloc(1, sizeof(*groups));

        if (!groups)
                return -ENOMEM;
        groups->database = database;
        for (size_t i = 0; i < GROUP_STATEMENT_COUNT; i++) {
                int r = database_prepare(database, statements_sql[i], &groups->statements[i]);
                if (r < 0)
                        return r;
        }
        *ret = TAKE_PTR(groups);
        return 0;
}

/* The database owns the statements. */
HubGroups *hub_groups_free(HubGroups *groups)
{
        free(groups);
        return NULL;
}

/* Binds `a` and `b` (may be NULL). Every caller keeps both alive until the step is done. */
static sqlite3_stmt *begin(HubGroups *groups, GroupStatement which, const char *a, const char *b)
{
        sqlite3_stmt *statement = groups->statements[which];

        sqlite3_bind_text(statement, 1, a, -1, SQLITE_STATIC);
        if (b)
                sqlite3_bind_text(statement, 2, b, -1, SQLITE_STATIC);
        return statement;
}

/* Resets the statement, so that it holds no lock. */
static int finish(sqlite3_stmt *statement, int r)
{
        sqlite3_reset(statement);
        sqlite3_clear_bindings(statement);
        return r;
}

/* Runs a statement that returns no rows. Returns the number of rows it changed. */
static int change(HubGroups *groups, GroupStatement which, const char *a, const char *b)
{
        sqlite3_stmt *statement = begin(groups, which, a, b);
        int r = finish(statement, database_errno(sqlite3_step(statement)));

        return r < 0 ? r : sqlite3_changes(database_handle(groups->database));
}

static int count(HubGroups *groups, GroupStatement which, const char *a, int64_t *ret)
{
        sqlite3_stmt *statement = begin(groups, which, a, NULL);
        int result = sqlite3_step(statement);

        *ret = result == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : 0;
        finish(statement, 0);
        return database_errno(result);
}

/* Commits if r is 0, rolls back otherwise. */
static int conclude(HubGroups *groups, int outcome)
{
        int r = outcome == 0 ? database_run(groups->database, "COMMIT") : outcome;

        if (r != 0)
                (void)database_run(groups->database, "ROLLBACK");
        return r;
}

int hub_groups_add(HubGroups *groups, const char *guid, const char *name, bool *ret_new)
{
        int r = change(groups, ADD, guid, name);
        bool is_new = r > 0;

        if (r == 0)
                r = change(groups, RENAME, guid, name);
        if (r < 0)
                return r;
        *ret_new = is_new;
        return 0;
}

static int read_members(HubGroups *groups, StoredGroup *group)
{
        sqlite3_stmt *members = begin(groups, MEMBERS, group->guid, NULL);
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

static int read_group(HubGroups *groups, sqlite3_stmt *row, StoredGroup *ret)
{
        StoredGroup group = {0};

        if (STR_SET(group.guid, (const char *)sqlite3_column_text(row, 0) ?: "") < 0 ||
            STR_SET(group.name, (const char *)sqlite3_column_text(row, 1) ?: "") < 0)
                return -EUCLEAN;
        int r = read_members(groups, &group);
        if (r < 0) {
                stored_group_done(&group);
                return r;
        }
        *ret = group;
        return 0;
}

int hub_groups_get(HubGroups *groups, const char *guid, StoredGroup *ret)
{
        sqlite3_stmt *get = begin(groups, GET, guid, NULL);
        int result = sqlite3_step(get);

        return finish(get, result == SQLITE_ROW    ? read_group(groups, get, ret)
                           : result == SQLITE_DONE ? -ENOENT
                                                   : database_errno(result));
}

int hub_groups_remove(HubGroups *groups, const char *guid)
{
        int r = database_run(groups->database, "BEGIN IMMEDIATE");

        if (r < 0)
                return r;
        r = change(groups, REMOVE, guid, NULL);
        if (r == 0)
                r = -ENOENT;
        if (r > 0)
                r = change(groups, REMOVE_MEMBERS, guid, NULL);
        return conclude(groups, MIN_OF(r, 0));
}

int hub_groups_each(HubGroups *groups, int (*each)(const StoredGroup *, void *), void *userdata)
{
        sqlite3_stmt *statement = groups->statements[GROUPS];
        int result, r = 0;

        while (r == 0 && (result = sqlite3_step(statement)) != SQLITE_DONE) {
                StoredGroup group;

                r = result == SQLITE_ROW ? read_group(groups, statement, &group)
                                         : database_errno(result);
                if (r < 0)
                        break;
                r = each(&group, userdata);
                stored_group_done(&group);
        }
        return finish(statement, r);
}

static int join_one(HubGroups *groups, const char *guid, const char *uid)
{
        int64_t n;
        int r = count(groups, USER_EXISTS, uid, &n);

        if (r == 0 && n == 0)
                return GROUPS_E_NO_USER;
        if (r == 0)
                r = change(groups, JOIN, guid, uid);
        if (r >= 0)
                r = count(groups, COUNT_GROUPS, uid, &n);
        return r < 0 ? r : n > GROUPS_PER_USER_MAX ? GROUPS_E_TOO_MANY : 0;
}

static int leave_one(HubGroups *groups, const char *guid, const char *uid)
{
        int r = change(groups, LEAVE, guid, uid);

        return r < 0 ? r : r == 0 ? GROUPS_E_NO_MEMBER : 0;
}

static int for_all(HubGroups *groups, const char *guid, const char *const *uids, size_t n,
                   int (*one)(HubGroups *, const char *, const char *), const char **ret_uid)
{
        StoredGroup group;
        int64_t n_members;
        int r = hub_groups_get(groups, guid, &group);

        if (r < 0)
                return r == -ENOENT ? GROUPS_E_NO_GROUP : r;
        stored_group_done(&group);
        r = database_run(groups->database, "BEGIN IMMEDIATE");
        if (r < 0)
                return r;
        for (size_t i = 0; r == 0 && i < n; i++) {
                *ret_uid = uids[i];
                r = one(groups, guid, uids[i]);
        }
        if (r == 0)
                r = count(groups, COUNT_MEMBERS, guid, &n_members);
        if (r == 0 && n_members > GROUP_MEMBERS_MAX)
                r = GROUPS_E_FULL;
        return conclude(groups, r);
}

int hub_groups_join(HubGroups *groups, const char *guid, const char *const *uids, size_t n,
                    const char **ret_uid)
{
        return for_all(groups, guid, uids, n, join_one, ret_uid);
}

int hub_groups_leave(HubGroups *groups, const char *guid, const char *const *uids, size_t n,
                     const char **ret_uid)
{
        return for_all(groups, guid, uids, n, leave_one, ret_uid);
}

int hub_groups_remove_user(HubGroups *groups, const char *uid)
{
        int r = change(groups, REMOVE_USER, uid, NULL);

        return MIN_OF(r, 0);
}
