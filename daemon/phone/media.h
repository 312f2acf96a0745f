/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Questions about the media of a session. */

#include "phone/state.h"

bool session_is_video(const PhoneCall *call);
/* Whether settings and type of the call make the camera start paused. */
bool session_starts_paused(const PhoneCall *call);
bool session_media_flows(const PhoneSession *session);
