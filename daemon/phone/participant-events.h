/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "phone/state.h"

/* Removes participants who are not among `others`. Returns 0 or -ENOMEM. */
int participants_keep(Phone *phone, PhoneCall *call, const Participant *others, size_t n);
/* Takes JOINED, LEFT, SIGNALLED or PARTICIPANT. Returns 0 or -ENOMEM. */
int participants_message(Phone *phone, const Message *message);
