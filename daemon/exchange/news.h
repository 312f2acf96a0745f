/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What participants of a call's media hear of each other: who joined, in what state, and who left.
 * Telling them never fails for want of room: a receiver whose line is full is owed the last state
 * of each participant. So nobody's join, state or leave depends on the device of another.
 */

#include "exchange/state.h"

/*
 * Sends the state of the leg's participant to the receiver, or owes it. The participant must be in
 * the media: for MESSAGE_JOINED already, for MESSAGE_LEFT still. Returns 0 or -ENOMEM.
 */
int exchange_news_tell(Exchange *exchange, const CallLeg *leg, CallLeg *receiver, MessageType type);
/*
 * Tells all others the changed state of the leg's participant; within a burst at once, beyond it at
 * a steady pace, so that they hear the last one. Returns 0 or -ENOMEM.
 */
int exchange_news_changed(Exchange *exchange, const ExchangeNow *moment, CallLeg *leg);
/* Tells them what exchange_news_changed() has left for later. */
void exchange_news_state(Exchange *exchange, const ExchangeNow *moment, CallLeg *leg);
/* The receiver has acknowledged something: there may be room for what is owed to it. */
void exchange_news_room(Exchange *exchange, CallLeg *receiver);
/* Sends what is owed in the call, as far as there is room. */
void exchange_news_send(Exchange *exchange, const ExchangeNow *moment, Call *call);
