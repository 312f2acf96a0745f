/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "exchange/marks.h"

void exchange_members_changed(Call *call)
{
        if (!call_is_to_group(call))
                return;
        for (Audience a = 0; a < AUDIENCE_COUNT; a++)
                call->audiences[a].pending = true;
}

void exchange_call_touch(Exchange *exchange, Call *call)
{
        if (call->touched)
                return;
        call->touched = true;
        DL_APPEND2(exchange->touched, call, touched_prev, touched_next);
}

void exchange_call_untouch(Exchange *exchange, Call *call)
{
        if (call->touched)
                DL_DELETE2(exchange->touched, call, touched_prev, touched_next);
        call->touched = false;
}
