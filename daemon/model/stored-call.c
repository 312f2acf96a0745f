/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/stored-call.h"

#include <errno.h>
#include <stdlib.h>

#include "base/array.h"

int stored_call_copy(StoredCall *call, const StoredCall *from)
{
        SessionParticipant *participants;
        int r = ARRAY_COPY(&participants, from->session.participants, from->session.n_participants);

        if (r < 0)
                return r;
        *call = *from;
        call->session.participants = participants;
        r = call_record_copy(&call->record, &from->record);
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
