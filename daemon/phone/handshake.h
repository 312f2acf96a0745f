/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * How often verification codes are exchanged in one call (PROTOCOL.md, Verification). Each time is
 * one guess for a hub in between, which lets participants join and leave at will, under any uid: so
 * there are a few in a call between two, and with each user of a group, then none, and the user is
 * told.
 */

#include "phone/state.h"

/* The participant is about to be connected: allows one more exchange, or marks them. */
void handshake_begin(Phone *phone, PhoneCall *call, SessionParticipant *participant);
