/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "phone/state.h"

int hub_request_replied(Phone *phone, uint64_t id, const MessageReply *reply);
