/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* One message of each type, with all members filled and no two values alike. */

#include "model/message.h"

#define SAMPLE_SESSION "0b7e6a52-90f7-4d4e-8f2c-0c9d7a1b2c3d"
#define SAMPLE_SESSION_2 "5f0c3f5e-1d0b-4a7a-9a55-3b1de7a0c001"
#define SAMPLE_LINK "c2a1f9e4-7777-4e7b-8d3f-000000000042"

/* Fills *ret, which the caller frees with message_done(). `kind` matters for MESSAGE_REPLY only. */
void sample_message(MessageType type, ReplyKind kind, Message *ret);
void sample_record(CallRecord *ret);
