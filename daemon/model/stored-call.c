/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/stored-call.h"

#include <errno.h>
#include <stdlib.h>

int stored_call_copy(StoredCall *call, const StoredCall *from)
{
        size_t n = from->session.n_participants;
        SessionParticipant *participants = NULL;

        if (n > 0) {
                participants = calloc(n, sizeof(*participants));
                if (!participants)
                        return -ENOMEM;
                memcpy(participants, from->session.participants, n * sizeof(*participants));
        }
        *call = *from;
        call->session.participants = participants;
        int r = call_record_copy(&call->record, &from->record);
        if (r < 0)
                stored_call_done(call);
        return r;
}

void stored_call_done(StoredCall *call)
{
        call_record_done(&call->record);
        free(call->session.participants);
        *call = (StoredCall){};
}
