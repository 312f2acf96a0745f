/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "phone/history.h"

#include <utlist.h>

#include "phone/action.h"

/* Whether a SEEN or FORGET request that covers this call waits for the hub. */
static bool history_asked(const Phone *phone, MessageType type, const CallRecord *record)
{
        const HubRequest *request;

        DL_FOREACH (phone->requests, request) {
                if (request->message.type == type &&
                    message_sessions_have(&request->message.sessions, record))
                        return true;
        }
        return false;
}

static bool history_is_anothers(const Phone *phone, const CallRecord *record)
{
        const PhoneCallInfo *call = phone_call_find(phone, record->session_id);

        return call && !call_record_is_same(&call->stored.record, record);
}

int phone_history_put(Phone *phone, const CallRecord *record)
{
        CallRecord copy = {};
        int r;

        /* The id is that of another call on this device, whatever the hub says. */
        if (history_is_anothers(phone, record))
                return 0;
        /* A pending deletion is newer than the record, so the record is not stored. */
        if (history_asked(phone, MESSAGE_FORGET, record))
                return 0;
        r = call_record_copy(&copy, record);
        if (r < 0)
                return r;
        copy.seen = copy.seen || history_asked(phone, MESSAGE_SEEN, record);
        phone_act(phone, PHONE_HISTORY_PUT, record->session_id)->record = copy;
        return 0;
}

int phone_history_put_over(Phone *phone, const CallRecord *record, const MessageOver *over)
{
        CallRecord ended = *record;

        ended.status = rules_history_status(record->direction, over->status);
        STR_SET(ended.reason, over->reason);
        ended.ended_at = over->ended_at;
        ended.duration_s = over->duration_s;
        ended.seen = ended.status != CALL_STATUS_MISSED;
        return phone_history_put(phone, &ended);
}
