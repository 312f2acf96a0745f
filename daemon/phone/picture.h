/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Pictures that another participant sends and that do not arrive: an error of the session reports
 * each once, and again only after the picture has come or was paused.
 */

#include "phone/state.h"

/* Begins and ends the waits for pictures, by the state of the call. */
void pictures_await(const Phone *phone, PhoneCall *call);
/* When the first wait of the call is over, or USEC_NEVER. */
usec_t pictures_deadline(const PhoneCall *call);
/* Reports one picture that is late. Returns false if none is. */
bool pictures_report(Phone *phone, PhoneCall *call);
