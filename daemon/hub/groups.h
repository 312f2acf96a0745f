/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Groups and their members, as stored in the hub's database. The limits of record.h hold here too:
 * a hub must be able to load what an operator wrote while no hub was running.
 */

#include "model/record.h"
#include "store/database.h"

typedef struct HubGroups HubGroups;

typedef struct StoredGroup {
        char guid[UID_MAX + 1];
        char name[NAME_MAX_BYTES + 1];
        char (*uids)[UID_MAX + 1]; /* owned */
        size_t n_uids;
} StoredGroup;

void stored_group_done(StoredGroup *group);

int hub_groups_new(Database *database, HubGroups **ret);
HubGroups *hub_groups_free(HubGroups *groups);
DEFINE_CLEANUP(HubGroups *, hub_groups_free);

/* Adding an existing group changes the name and nothing else; *ret_new tells which it was. */
int hub_groups_add(HubGroups *groups, const char *guid, const char *name, bool *ret_new);
int hub_groups_get(HubGroups *groups, const char *guid, StoredGroup *ret); /* -ENOENT */
int hub_groups_remove(HubGroups *groups, const char *guid);                /* -ENOENT */
/* In the order of guids; stops at the first non-zero result of `each`, which is returned. */
int hub_groups_each(HubGroups *groups, int (*each)(const StoredGroup *, void *), void *userdata);

/* Why members cannot join or leave; positive. */
typedef enum GroupOutcome {
        GROUPS_E_NO_GROUP = 1,
        GROUPS_E_NO_USER,   /* `*ret_uid` does not exist */
        GROUPS_E_NO_MEMBER, /* `*ret_uid` is not in the group */
        GROUPS_E_FULL,      /* more than GROUP_MEMBERS_MAX */
        GROUPS_E_TOO_MANY,  /* `*ret_uid` would be in more than GROUPS_PER_USER_MAX */
} GroupOutcome;

/*
 * All `uids` join or leave or, on any outcome but 0, none does. To join again is no error. *ret_uid
 * is one of `uids`.
 */
int hub_groups_join(HubGroups *groups, const char *guid, const char *const *uids, size_t n,
                    const char **ret_uid);
int hub_groups_leave(HubGroups *groups, const char *guid, const char *const *uids, size_t n,
                     const char **ret_uid);

/* Removes the user from all groups. */
int hub_groups_remove_user(HubGroups *groups, const char *uid);
