/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Groups and who is in them, as the keeper's file has it. The limits of record.h hold here too:
 * what an operator writes while no hub runs must be what a hub can take later.
 */

#include "model/record.h"
#include "store/database.h"

typedef struct Roster Roster;

typedef struct RosterGroup {
        char guid[UID_MAX + 1];
        char name[NAME_MAX_BYTES + 1];
        char (*uids)[UID_MAX + 1]; /* owned */
        size_t n_uids;
} RosterGroup;

void roster_group_done(RosterGroup *group);

int roster_new(Database *database, Roster **ret);
Roster *roster_free(Roster *roster);
DEFINE_CLEANUP(Roster *, roster_free);

/* Adding one that is there changes the name and nothing else; *ret_new says which it was. */
int roster_add(Roster *roster, const char *guid, const char *name, bool *ret_new);
int roster_get(Roster *roster, const char *guid, RosterGroup *ret); /* -ENOENT */
int roster_remove(Roster *roster, const char *guid);                /* -ENOENT */
/* In the order of guids; ends at the first non-zero of `each`, which is returned. */
int roster_each(Roster *roster, int (*each)(const RosterGroup *, void *), void *userdata);

/* Why members do not come or go; positive. */
typedef enum RosterOutcome {
        ROSTER_NO_GROUP = 1,
        ROSTER_NO_USER,         /* `*ret_uid` is nobody */
        ROSTER_NO_MEMBER,       /* `*ret_uid` is not in the group */
        ROSTER_GROUP_FULL,      /* more than GROUP_MEMBERS_MAX */
        ROSTER_TOO_MANY_GROUPS, /* `*ret_uid` would be in more than GROUPS_PER_USER_MAX */
} RosterOutcome;

/* All or, with any outcome but 0, none. Who is in it already stays. *ret_uid is one of `uids`. */
int roster_join(Roster *roster, const char *guid, const char *const *uids, size_t n,
                const char **ret_uid);
int roster_leave(Roster *roster, const char *guid, const char *const *uids, size_t n,
                 const char **ret_uid);

/* Out of all groups. */
int roster_remove_user(Roster *roster, const char *uid);
