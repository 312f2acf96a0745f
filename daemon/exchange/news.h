/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What participants of a call's media hear of each other: who joined, how, and who left. These
 * never fail for want of room: what a receiver's line has no room for is owed to it, and only the
 * last state of each participant. So nobody's join, state or leave depends on the device of
 * another.
 */

#include "exchange/state.h"

/*
 * Sends the state of the leg's participant to the receiver, or owes it. Call it with MESSAGE_LEFT
 * and MESSAGE_PARTICIPANT while, and with MESSAGE_JOINED after the participant is in the media.
 * Returns 0 or -ENOMEM.
 */
int exchange_news_tell(Exchange *exchange, const CallLeg *leg, CallLeg *receiver, MessageType type);
/* The receiver has taken something: there may be room for what is owed to it. */
void exchange_news_room(Exchange *exchange, CallLeg *receiver);
/* Sends what is owed in the call, as far as there is room. */
void exchange_news_send(Exchange *exchange, const ExchangeNow *moment, Call *call);
