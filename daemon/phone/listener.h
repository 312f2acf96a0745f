/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Call listeners.
 */

#include "phone/state.h"

void presentation_stop(PhoneCall *call);
Listener *listener_find(Phone *phone, const char *client, const char *id);
void listeners_free(Phone *phone);
