/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "hub/operator-internal.h"

/* Reports an outcome of groups.h; `uid` is the member that it concerns. */
static int report(Operation *operation, int r, const char *uid)
{
        const char *guid = operation->request->guid;

        switch (r) {
        case GROUPS_E_NO_USER:
                return operation_fail(operation, -ENOENT, "there is no user \"%s\"", uid);
        case GROUPS_E_NO_MEMBER:
                return operation_fail(operation, -ENOENT, "\"%s\" is not in the group %s", uid,
                                      guid);
        case GROUPS_E_FULL:
                return operation_fail(operation, -EINVAL,
                                      "the group %s would have more than %d members", guid,
                                      GROUP_MEMBERS_MAX);
        case GROUPS_E_TOO_MANY:
                return operation_fail(operation, -EINVAL, "%s would be in more than %d groups", uid,
                                      GROUPS_PER_USER_MAX);
        default:
                return r == GROUPS_E_NO_GROUP ? -ENOENT : r;
        }
}

/* If the database has changed, makes a running hub read the group from there. */
static int update_hub(Operation *operation, int r)
{
        return r == 0 && operation->hub
                       ? hub_group_changed(operation->hub, operation->request->guid)
                       : r;
}

int operator_group_add(Operation *operation)
{
        const OperatorRequest *request = operation->request;
        const char *name = str_empty(request->name) ? request->guid : request->name;
        bool is_new;

        int r = hub_groups_add(hub_database_groups(operation->database), request->guid, name,
                               &is_new);
        r = update_hub(operation, r);
        if (r >= 0)
                fprintf(operation->out, "%s %s (%s)\n", is_new ? "added" : "renamed", request->guid,
                        name);
        return r;
}

static int change(Operation *operation,
                  int (*act)(HubGroups *, const char *, const char *const *, size_t, const char **),
                  const char *word)
{
        const OperatorRequest *request = operation->request;
        const char *uid = "";

        int r = act(hub_database_groups(operation->database), request->guid, request->uids,
                    request->n_uids, &uid);
        r = update_hub(operation, r);
        if (r == 0)
                for (size_t i = 0; i < request->n_uids; i++)
                        fprintf(operation->out, "%s %s %s\n", request->uids[i], word,
                                request->guid);
        return report(operation, r, uid);
}

int operator_group_join(Operation *operation)
{
        return change(operation, hub_groups_join, "joined");
}

int operator_group_leave(Operation *operation)
{
        return change(operation, hub_groups_leave, "left");
}

static int print_group(const StoredGroup *group, void *userdata)
{
        FILE *out = userdata;

        fprintf(out, "%s\t%s\t", group->guid, group->name);
        for (size_t i = 0; i < group->n_uids; i++)
                fprintf(out, "%s%s", i ? " " : "", group->uids[i]);
        fputc('\n', out);
        return 0;
}

int operator_group_list(Operation *operation)
{
        return hub_groups_each(hub_database_groups(operation->database), print_group,
                               operation->out);
}

int operator_group_remove(Operation *operation)
{
        const char *guid = operation->request->guid;
        int r = hub_groups_remove(hub_database_groups(operation->database), guid);

        if (r == 0 && operation->hub)
                r = hub_group_removed(operation->hub, guid);
        if (r >= 0)
                fprintf(operation->out, "removed %s\n", guid);
        return r;
}
