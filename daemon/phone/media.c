/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "phone/media.h"

bool session_is_video(const PhoneCall *call)
{
        const SessionSettings *settings = &call->stored.session.settings;

        return (settings->has_type ? settings->type : call->stored.record.type) == CALL_TYPE_VIDEO;
}

bool session_media_flows(const PhoneSession *session)
{
        if (session->state != SESSION_CONNECTED)
                return false;
        for (size_t i = 0; i < session->n_participants; i++) {
                if (session->participants[i].media.connected)
                        return true;
        }
        return false;
}
