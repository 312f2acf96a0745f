/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Questions about the media of a session. */

#include "phone/state.h"

/* Whether pictures are taken from the others; only consent.h opens the camera of this device. */
bool session_is_video(const PhoneCall *call);
bool session_media_flows(const PhoneSession *session);
