/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Messages about one leg to devices.
 */

#include "exchange/state.h"

/*
 * Sends a participant of the leg to one connection; the leg's user pays for it (flow.h). Returns 0
 * or -ENOMEM, here and below.
 */
int exchange_leg_send_participant(Exchange *exchange, const CallLeg *leg,
                                  const Attachment *attachment, MessageType type,
                                  const Participant *participant);
/* Tells all other participants the state of the leg's participant: news.h. */
int exchange_leg_send_others(Exchange *exchange, const CallLeg *leg, MessageType type);
/* Sends the leg's terminal event to one device. */
int exchange_branch_send_over(Exchange *exchange, const Branch *branch, CallStatus status,
                              const char *reason);
/*
 * Sends the terminal event of one device whose ring ends by `event`, although the leg itself goes
 * on or ends otherwise.
 */
int exchange_branch_send_event(Exchange *exchange, const Branch *branch, CallEvent event);
