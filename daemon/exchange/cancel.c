/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "exchange/cancel.h"

#include "exchange/call.h"
#include "exchange/cancelled.h"
#include "exchange/end.h"
#include "exchange/leg.h"

int exchange_request_cancel(Request *request)
{
        const char *session_id = request->message->session.session_id;
        User *user = request->device->user;
        const CallLeg *merged = exchange_user_merged_leg(user, session_id);
        CallView view;

        if (!merged && !exchange_call_find(request->exchange, session_id))
                return exchange_cancel_remember(request->exchange, request->moment, user,
                                                session_id);

        int r = exchange_request_view(request,
                                      merged ? merged->call->record.session_id : session_id, &view);
        if (r != 0)
                return r;
        /* A repeated cancel gets the same answer. */
        if (view.leg->direction == CALL_DIRECTION_OUTGOING &&
            view.reason == CALL_REASON_CALLER_CANCELLED)
                return 0;
        r = exchange_request_check(request, &view, CALL_METHOD_CANCEL);
        if (r != 0)
                return r;
        return exchange_leg_quit(request->exchange, request->moment, view.leg, CALL_EVENT_CANCEL);
}
