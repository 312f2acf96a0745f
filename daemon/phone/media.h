/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What the session of a call says of its media.
 */

#include "phone/state.h"

bool session_is_in_media(const PhoneSession *session);
bool session_is_video(const PhoneCall *call);
/* Whether the camera is to be on, by what was asked for and the kind of call. */
void session_choose_video(PhoneCall *call);
bool session_media_flows(const PhoneSession *session);
