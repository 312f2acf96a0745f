/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/session-types.h"

#include "base/words.h"

static const char *const session_states[SESSION_STATE_COUNT] = {
        [SESSION_IDLE] = "idle",           [SESSION_JOINING] = "joining",
        [SESSION_CONNECTED] = "connected", [SESSION_RECONNECTING] = "reconnecting",
        [SESSION_FAILED] = "failed",       [SESSION_LEFT] = "left",
};
DEFINE_WORDS(session_state, SessionState, session_states);

bool session_state_in_media(SessionState state)
{
        return state == SESSION_JOINING || state == SESSION_CONNECTED ||
               state == SESSION_RECONNECTING;
}
