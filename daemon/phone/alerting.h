/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The tone that is played, and the calls that alert somebody.
 */

#include "phone/state.h"

/* The tone as it follows from the calls. */
void phone_update_tone(Phone *phone);
/* Alerting as it follows from tone and presenters; tells program and hub. */
void call_update_alerting(Phone *phone, PhoneCall *call);
