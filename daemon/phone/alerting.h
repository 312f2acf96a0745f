/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The tone that plays, and the calls that alert somebody. */

#include "phone/state.h"

/* Plays the tone that follows from the calls. */
void phone_update_tone(Phone *phone);
/* Updates Alerting, which follows from tone and presenters; announces and reports changes. */
void call_update_alerting(Phone *phone, PhoneCall *call);
