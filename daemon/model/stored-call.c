/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/stored-call.h"

#include <stdlib.h>

void stored_call_done(StoredCall *state)
{
        call_record_done(&state->record);
        free(state->participants);
        *state = (StoredCall){};
}
