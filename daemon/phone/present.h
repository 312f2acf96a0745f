/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Events for listeners; one of the listeners is asked to present the call. */

#include "phone/state.h"

Rank listener_rank(const Listener *listener);
/* Whether the listener of rank `a` is asked before that of `b`. */
bool rank_above(Rank a, Rank b);
/* Sends one event to one listener. Returns its serial. */
uint64_t listener_deliver(Phone *phone, Listener *listener, const PhoneCall *call, PhoneEvent event,
                          bool present, bool resumed);
/* Asks the listener to present the call. */
void presentation_ask(Phone *phone, PhoneCall *call, Listener *listener, bool resumed);
void listeners_send(Phone *phone, PhoneCall *call, PhoneEvent event, bool resumed);
/* Removes the listener; if it presents a call, the next one is asked. */
void listener_drop(Phone *phone, Listener *listener);
/* Asks the next listener: this one refused, or did not answer in time. */
void listener_call_failed(Phone *phone, const ListenerCall *listener_call);
/* Handles a listener that has not answered within PRESENT_TIMEOUT_US. */
void listener_call_expire(Phone *phone, ListenerCall *listener_call);
