/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What the user of this device has agreed to in a call: to be in its media, with the microphone and
 * with the camera (rule 22). Commands of this user alone raise it. What hub and peers say may lower
 * it, and after a restart it comes from this device's store.
 *
 * A command to answer or to place a call carries what it agrees to, until the hub has confirmed the
 * answer. The switches of the session follow from it; the user may move them afterwards.
 */

#include "phone/state.h"

/* Of a call that only the hub has told of: nothing. */
void consent_none(StoredCall *call);
/* The user has placed or answered the call, by a request that agrees to this. */
void consent_give(StoredCall *call, const Consent *consent, const SessionSettings *settings);
/* The hub says of which type the answered call is. */
void consent_limit(StoredCall *call, CallType type);
/* Whether what the user has agreed to leaves the camera closed. */
bool consent_starts_paused(const StoredCall *call);
