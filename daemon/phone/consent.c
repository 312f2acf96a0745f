/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "phone/consent.h"

void consent_none(StoredCall *call)
{
        call->consent = (Consent){.join = false, .type = CALL_TYPE_AUDIO};
        call->session.audio_muted = true;
        call->session.video_paused = true;
}

void consent_give(StoredCall *call, const Consent *consent, const SessionSettings *settings)
{
        call->consent = *consent;
        call->session.settings = *settings;
        call->session.audio_muted = settings->start_audio_muted;
        call->session.video_paused = consent_starts_paused(call);
}

void consent_limit(StoredCall *call, CallType type)
{
        if (type == CALL_TYPE_VIDEO || call->consent.type == CALL_TYPE_AUDIO)
                return;
        call->consent.type = CALL_TYPE_AUDIO;
        call->session.settings.has_type = false;
        call->session.video_paused = true;
}

bool consent_starts_paused(const StoredCall *call)
{
        const SessionSettings *settings = &call->session.settings;
        CallType type = settings->has_type ? settings->type : call->consent.type;

        return type != CALL_TYPE_VIDEO || settings->start_video_paused;
}
