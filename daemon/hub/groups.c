/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hub/groups.h"

#include <errno.h>
#include <stdlib.h>

#include "base/array.h"
#include "store/query.h"

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
        int r = database_prepare(database, statements_sql, GROUP_STATEMENT_COUNT,
                                 groups->statements);
        if (r >= 0)
                *ret = TAKE_PTR(groups);
        return r;
}

/* The database owns the statements. */
HubGroups *hub_groups_free(HubGroups *groups)
{
        free(groups);
        return NULL;
}

static int count(HubGroups *groups, GroupStatement which, const char *id, int64_t *ret)
{
        sqlite3_stmt *query = groups->statements[which];

        query_bind(query, "s", id);
        int r = query_next(query);
        *ret = r > 0 ? sqlite3_column_int64(query, 0) : 0;
        return query_end(query, MIN_OF(r, 0));
}

int hub_groups_add(HubGroups *groups, const char *guid, const char *name, bool *ret_new)
{
        int r = query_run(groups->statements[ADD], "ss", guid, name);
        bool is_new = r > 0;

        if (r == 0)
                r = query_run(groups->statements[RENAME], "ss", guid, name);
        if (r < 0)
                return r;
        *ret_new = is_new;
        return 0;
}

static int read_members(HubGroups *groups, StoredGroup *group)
{
        sqlite3_stmt *members = groups->statements[MEMBERS];
        int r;

        query_bind(members, "s", group->guid);
        QUERY_FOREACH (members, r) {
                const char *uid = (const char *)sqlite3_column_text(members, 0);

                r = uid ? ARRAY_GROW(&group->uids, group->n_uids) : -ENOMEM;
                if (r == 0)
                        r = STR_SET(group->uids[group->n_uids], uid);
                group->n_uids += r == 0;
        }
        return query_end(members, r);
}

static int read_group(HubGroups *groups, sqlite3_stmt *row, StoredGroup *ret)
{
        StoredGroup group = {0};

        if (STR_SET(group.guid, query_text(row, 0)) < 0 ||
            STR_SET(group.name, query_text(row, 1)) < 0)
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
        sqlite3_stmt *get = groups->statements[GET];

        query_bind(get, "s", guid);
        int r = query_next(get);
        return query_end(get, r > 0 ? read_group(groups, get, ret) : r == 0 ? -ENOENT : r);
}

int hub_groups_remove(HubGroups *groups, const char *guid)
{
        int r = database_begin(groups->database);

        if (r < 0)
                return r;
        r = query_run(groups->statements[REMOVE], "s", guid);
        if (r == 0)
                r = -ENOENT;
        if (r > 0)
                r = query_run(groups->statements[REMOVE_MEMBERS], "s", guid);
        return database_end(groups->database, MIN_OF(r, 0));
}

int hub_groups_each(HubGroups *groups, int (*each)(const StoredGroup *, void *), void *userdata)
{
        sqlite3_stmt *rows = groups->statements[GROUPS];
        int r;

        QUERY_FOREACH (rows, r) {
                StoredGroup group;

                r = read_group(groups, rows, &group);
                if (r < 0)
                        break;
                r = each(&group, userdata);
                stored_group_done(&group);
        }
        return query_end(rows, r);
}

static int join_one(HubGroups *groups, const char *guid, const char *uid)
{
        int64_t n;
        int r = count(groups, USER_EXISTS, uid, &n);

        if (r == 0 && n == 0)
                return GROUPS_E_NO_USER;
        if (r == 0)
                r = query_run(groups->statements[JOIN], "ss", guid, uid);
        if (r >= 0)
                r = count(groups, COUNT_GROUPS, uid, &n);
        return r < 0 ? r : n > GROUPS_PER_USER_MAX ? GROUPS_E_TOO_MANY : 0;
}

static int leave_one(HubGroups *groups, const char *guid, const char *uid)
{
        int r = query_run(groups->statements[LEAVE], "ss", guid, uid);

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
        r = database_begin(groups->database);
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
        return database_end(groups->database, r);
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
        int r = query_run(groups->statements[REMOVE_USER], "s", uid);

        return MIN_OF(r, 0);
}
