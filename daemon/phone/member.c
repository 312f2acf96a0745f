/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "phone/internal.h"

static Member *member_find(PhoneCallInfo *info, const char *uid)
{
        for (size_t i = 0; i < info->n_members; i++) {
                if (str_eq(info->members[i].uid, uid))
                        return &info->members[i];
        }
        return NULL;
}

/* Takes the news in where there is room for all of it. Says whether anything is new. */
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

        if (!call || call->info.record.receiver_type != RECEIVER_TYPE_GROUP)
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

void members_due(Phone *phone, PhoneCall *call)
{
        usec_t now = phone->instant.now, next = call->members_told + MEMBERS_CHANGED_US;

        if (call->info.n_members > MEMBERS_TOLD_MAX && now < next) {
                call->members_due = next;
                return;
        }
        call->members_due = 0;
        call->members_told = now;
        phone_act(phone, PHONE_CALL_CHANGED, call->info.record.session_id)->properties =
                PHONE_PROPERTY_MEMBERS;
}
