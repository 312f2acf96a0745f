/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "phone/internal.h"

static Member *member_find(PhoneCall *call, const char *uid)
{
        for (size_t i = 0; i < call->n_members; i++) {
                if (str_eq(call->members[i].uid, uid))
                        return &call->members[i];
        }
        return NULL;
}

/* Takes the news in where there is room for all of it. Says whether anything is new. */
static bool members_take(PhoneCall *call, const MessageMembers *news)
{
        bool changed = false;

        for (size_t i = 0; i < news->n_members; i++) {
                Member *member = member_find(call, news->members[i].uid);

                if (member && member->state == news->members[i].state)
                        continue;
                if (!member && call->n_members >= GROUP_MEMBERS_MAX)
                        continue;
                if (!member)
                        member = &call->members[call->n_members++];
                *member = news->members[i];
                changed = true;
        }
        return changed;
}

int members_message(Phone *phone, const MessageMembers *message)
{
        Line *line = line_find(phone, message->session_id);
        PhoneCall *call;
        Member *members;
        size_t n;

        if (!line || line->shown.record.receiver_type != RECEIVER_TYPE_GROUP)
                return 0;
        call = &line->shown;
        n = MIN_OF(call->n_members + message->n_members, (size_t)GROUP_MEMBERS_MAX);
        if (n > 0) {
                members = reallocarray(call->members, n, sizeof(*members));
                if (!members)
                        return -ENOMEM;
                call->members = members;
        }
        if (members_take(call, message))
                members_due(phone, line);
        return 0;
}

void members_due(Phone *phone, Line *line)
{
        usec_t now = phone->instant.now, next = line->members_told + MEMBERS_CHANGED_US;

        if (line->shown.n_members > MEMBERS_TOLD_MAX && now < next) {
                line->members_due = next;
                return;
        }
        line->members_due = 0;
        line->members_told = now;
        phone_act(phone, PHONE_CALL_CHANGED, line->shown.record.session_id)->properties =
                PHONE_PROPERTY_MEMBERS;
}
