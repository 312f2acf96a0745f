/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The calls on this device.
 */

#include "phone/state.h"

PhoneCall *call_find(Phone *phone, const char *session_id);
bool call_is_live(const PhoneCall *call);
bool call_rings(const PhoneCall *call);  /* incoming, not answered yet */
bool call_alerts(const PhoneCall *call); /* rings, and may alert a person here */
size_t phone_n_live_calls(const Phone *phone);
/* Whether too little of the ring is left to begin it here (rule 16). */
bool ring_is_late(const CallSnapshot *snapshot);
/* Makes a call from the hub's snapshot, without announcing it. Returns 0 or -ENOMEM. */
int call_new(Phone *phone, const CallSnapshot *snapshot, PhoneCall **ret);
PhoneCall *call_free(PhoneCall *call); /* a call that is not in the phone's list */
DEFINE_CLEANUP(PhoneCall *, call_free);
/* Each changes one state of the call. An illegal change is our bug: it fails an assertion. */
void call_set_media(PhoneCall *call, CallMedia media);
void call_set_copy(PhoneCall *call, StoredCopy copy);
void call_touch(PhoneCall *call);            /* the call has changed, so its stored copy is stale */
bool call_has_joined(const PhoneCall *call); /* this device takes part in the media */
void call_ring_for(Phone *phone, PhoneCall *call, uint32_t remaining_ms);
PhoneEvent call_end_event(const CallRecord *record);
/* Limits the finished calls that are still shown to FINISHED_CALLS_MAX. */
void calls_limit_finished(Phone *phone);
