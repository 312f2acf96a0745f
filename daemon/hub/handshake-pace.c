/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hub/handshake-pace.h"

bool handshake_pace_admit(HandshakePace *pace, uint64_t turn)
{
        if (pace->turn != turn)
                *pace = (HandshakePace){.turn = turn};
        if (pace->n >= HANDSHAKES_AT_ONCE)
                return false;
        pace->n++;
        return true;
}
