/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The tone, and whether each call alerts a person. */

#include "phone/state.h"

/* Switches to the tone that the state of the calls requires. */
void phone_update_tone(Phone *phone);
/*
 * Derives Alerting from tone and presenter. Announces a change to programs, and reports the first
 * alerting to the hub.
 */
void call_update_alerting(Phone *phone, PhoneCall *call);
