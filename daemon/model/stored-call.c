/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/stored-call.h"

#include <stdlib.h>

void phone_call_state_done(PhoneCallState *state)
{
        call_record_done(&state->record);
        free(state->participants);
        *state = (PhoneCallState){};
}
