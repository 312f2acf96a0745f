/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "phone/member.h"

#include <errno.h>

#include "phone/announce.h"
#include "phone/call.h"

static Member *member_find(PhoneCallInfo *info, const char *uid)
{
        for (size_t i = 0; i < info->n_members; i++) {
                if (str_eq(info->members[i].uid, uid))
                        return &info->members[i];
        }
        return NULL;
}

/* Updates the members, as far as there is room for new ones. Returns whether any changed. */
static bool members_take(PhoneCallInfo *info, const MessageMembers *news)
{
        bool changed = false;

        for (size_t i = 0; i < news->n_members; i++) {
                Member *member = member_find(info, news->members[i].uid);

                if (member && member->state == news->members[i].state)
                        continue;
                if (!member && info->n_members >= GROUP_MEMBERS_MAX)
                        continue;
                if (!member)
                        member = &info->members[info->n_members++];
                *member = news->members[i];
                changed = true;
        }
        return changed;
}

int members_message(Phone *phone, const MessageMembers *message)
{
        PhoneCall *call = call_find(phone, message->session_id);
        PhoneCallInfo *info;
        Member *members;
        size_t n;

        if (!call || call->stored.record.receiver_type != RECEIVER_TYPE_GROUP)
                return 0;
        info = &call->info;
        n = MIN_OF(info->n_members + message->n_members, (size_t)GROUP_MEMBERS_MAX);
        if (n > 0) {
                members = reallocarray(info->members, n, sizeof(*members));
                if (!members)
                        return -ENOMEM;
                info->members = members;
        }
        if (members_take(info, message))
                members_due(phone, call);
        return 0;
}
