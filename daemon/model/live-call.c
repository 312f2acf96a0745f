/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/live-call.h"

#include <errno.h>
#include <stdlib.h>

#include "base/str.h"

void live_call_done(LiveCall *call)
{
        call_record_done(&call->record);
        free(call->members);
        call->members = NULL;
        call->n_members = 0;
}

static LiveMember *live_call_member(const LiveCall *call, const char *uid)
{
        for (size_t i = 0; i < call->n_members; i++) {
                if (str_eq(call->members[i].party.uid, uid))
                        return &call->members[i];
        }
        return NULL;
}

int live_call_merge(LiveCall *call, LiveCall *newer)
{
        size_t n = call->n_members;

        if (n + newer->n_members > 0) {
                LiveMember *members =
                        reallocarray(call->members, n + newer->n_members, sizeof(*members));
                if (!members)
                        return -ENOMEM;
                call->members = members;
        }
        for (size_t i = 0; i < newer->n_members; i++) {
                LiveMember *known = live_call_member(call, newer->members[i].party.uid);

                if (!known)
                        known = &call->members[call->n_members++];
                *known = newer->members[i];
        }
        call_record_done(&call->record);
        call->record = newer->record;
        newer->record = (CallRecord){0};
        call->ring_until = newer->ring_until;
        call->caller = newer->caller;
        live_call_done(newer);
        return 0;
}
