/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What a person sends of themselves: microphone, camera, screen. A switch that protects them (mute,
 * camera off, no screen) is said to be so only when it is so:
 *
 *   not joined   nothing is sent yet: stored, said at once, and carried in the join
 *   joined       said when the worker has answered that the order is in force. A worker that does
 *                not answer in time is cut off from PipeWire, which closes microphone and camera;
 *                then it is said, too. One that still does not answer is killed.
 *
 * What was asked for is stored at once, before it is so: a tringd that is killed meanwhile leaves a
 * person who wants to be muted, and the next one orders it again.
 *
 * A switch that opens something is said when it is asked for.
 */

#include "phone/state.h"

/* Sets and announces VideoPaused as consent_starts_paused() requires; before a join. */
void session_choose_video(Phone *phone, PhoneCall *call);
/* Screen sharing has ended because the worker has. */
void session_screen_gone(Phone *phone, PhoneCall *call);
/*
 * Sets the switch for a call whose media are not joined, or by the word of the worker, for which it
 * is so already.
 */
void session_set_switch(Phone *phone, PhoneCall *call, SessionSwitch which, bool on);
/*
 * A program turns the switch. `ticket` is answered at once, or when a switch that protects is in
 * force.
 */
void session_turn_switch(Phone *phone, PhoneCall *call, SessionSwitch which, bool on,
                         uint64_t ticket);
/*
 * Takes a switch as the worker reports it. If something is open that should be closed, orders the
 * worker to close it: nobody who thinks they are muted is heard.
 */
void session_switch_reported(Phone *phone, PhoneCall *call, SessionSwitch which, bool on);
/*
 * Orders an adopted worker what protects, since the last daemon may have been unable to. It is not
 * said before the worker has answered. Announces nothing: the call is not on the bus yet.
 */
void session_repeat_switches(Phone *phone, PhoneCall *call);
/* The worker has answered: every order up to this one is in force. */
void session_switches_answered(Phone *phone, PhoneCall *call, uint64_t serial);
/* Nothing is open any more, because the worker is gone: what was asked for is so. */
void session_switches_closed(Phone *phone, PhoneCall *call);
/*
 * The worker can be neither reached nor killed, so that what it holds may be open: programs that
 * wait get `text` as an error.
 */
void session_switches_lost(Phone *phone, PhoneCall *call, const char *text);
/* When the worker's answer is overdue; USEC_NEVER: none is awaited. */
usec_t session_answer_deadline(const PhoneCall *call);
/* It is overdue: orders to cut the worker off, or to kill it. */
void session_answer_late(Phone *phone, PhoneCall *call);
/* The worker is cut off: nothing is open any more. */
void session_worker_cut(Phone *phone, PhoneCall *call);
