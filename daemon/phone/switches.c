/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "phone/switches.h"

#include "phone/action.h"
#include "phone/announce.h"
#include "phone/call.h"
#include "phone/consent.h"
#include "phone/media.h"
#include "phone/session.h"

static const struct {
        size_t at; /* of the flag, in PhoneCallInfo */
        PhoneProperty property;
        size_t unconfirmed_at; /* likewise; only of what tringd can say wrongly */
        PhoneActionType order; /* to the worker */
        bool protects;         /* the value by which nobody hears or sees */
        bool is_workers;       /* only the worker's report turns it on */
        const char *opened;    /* what ends a wait: for people */
} switches[SESSION_SWITCH_COUNT] = {
        [SESSION_SWITCH_MUTE] = {.at = offsetof(PhoneCallInfo, stored.session.audio_muted),
                                 .unconfirmed_at = offsetof(PhoneCallInfo, mute_unconfirmed),
                                 .property = PHONE_PROPERTY_AUDIO_MUTED,
                                 .order = PHONE_WORKER_MUTE,
                                 .protects = true,
                                 .opened = "the microphone was opened before it was muted"},
        [SESSION_SWITCH_PAUSE] = {.at = offsetof(PhoneCallInfo, stored.session.video_paused),
                                  .unconfirmed_at = offsetof(PhoneCallInfo, pause_unconfirmed),
                                  .property = PHONE_PROPERTY_VIDEO_PAUSED,
                                  .order = PHONE_WORKER_PAUSE,
                                  .protects = true,
                                  .opened = "the camera was opened before it was closed"},
        [SESSION_SWITCH_SCREEN] = {.at = offsetof(PhoneCallInfo, screen_sharing),
                                   .property = PHONE_PROPERTY_SCREEN_SHARING,
                                   .order = PHONE_WORKER_SCREEN_STOP,
                                   .is_workers = true},
};

static bool *flag_of(PhoneCall *call, SessionSwitch which)
{
        return (bool *)((char *)&call->info + switches[which].at);
}

/* NULL: what the worker reports is all that is said of this switch. */
static bool *unconfirmed_of(PhoneCall *call, SessionSwitch which)
{
        return switches[which].is_workers
                       ? NULL
                       : (bool *)((char *)&call->info + switches[which].unconfirmed_at);
}

static bool protects_already(PhoneCall *call, SessionSwitch which)
{
        return *flag_of(call, which) == switches[which].protects;
}

static bool is_said_to_protect(PhoneCall *call, SessionSwitch which)
{
        const bool *unconfirmed = unconfirmed_of(call, which);

        return protects_already(call, which) && !(unconfirmed && *unconfirmed);
}

/* Sets the flag and announces a change. Returns whether what is said of the switch has changed. */
static bool set_flag(Phone *phone, PhoneCall *call, SessionSwitch which, bool on, bool is_so)
{
        bool *flag = flag_of(call, which), *unconfirmed = unconfirmed_of(call, which);
        bool was = *flag, was_said = is_said_to_protect(call, which);

        *flag = on;
        if (unconfirmed)
                *unconfirmed = !is_so;
        bool changed = is_said_to_protect(call, which) != was_said;
        if (changed || *flag != was)
                session_changed(phone, call, switches[which].property);
        return changed;
}

bool phone_session_is_muted(const PhoneCallInfo *call)
{
        return call->stored.session.audio_muted && !call->mute_unconfirmed;
}

bool phone_session_is_paused(const PhoneCallInfo *call)
{
        return call->stored.session.video_paused && !call->pause_unconfirmed;
}

static void set_and_report(Phone *phone, PhoneCall *call, SessionSwitch which, bool on, bool is_so)
{
        if (set_flag(phone, call, which, on, is_so) &&
            session_state_in_media(call->stored.session.state))
                session_report_state(phone, call);
}

void session_set_switch(Phone *phone, PhoneCall *call, SessionSwitch which, bool on)
{
        set_and_report(phone, call, which, on, true);
}

void session_screen_gone(Phone *phone, PhoneCall *call)
{
        set_flag(phone, call, SESSION_SWITCH_SCREEN, false, true);
}

void session_choose_video(Phone *phone, PhoneCall *call)
{
        set_flag(phone, call, SESSION_SWITCH_PAUSE, consent_starts_paused(&call->stored), true);
}

/* ---- waiting for the worker ---- */

static void answer_programs(Phone *phone, PhoneCall *call, SwitchWait *wait)
{
        for (size_t i = 0; i < wait->n_tickets; i++)
                phone_done(phone, wait->tickets[i], call_id(call));
        *wait = (SwitchWait){};
}

/* What was asked for may not be so, and nobody can make it so. */
static void refuse_programs(Phone *phone, PhoneCall *call, SwitchWait *wait, const char *text)
{
        for (size_t i = 0; i < wait->n_tickets; i++)
                phone_refuse(phone, wait->tickets[i], call_id(call), CALL_ERROR_MEDIA_FAILED, "%s",
                             text);
        *wait = (SwitchWait){};
}

/* What was asked for is so. */
static void conclude(Phone *phone, PhoneCall *call, SessionSwitch which)
{
        session_set_switch(phone, call, which, switches[which].protects);
        answer_programs(phone, call, &call->waits[which]);
}

static void conclude_all(Phone *phone, PhoneCall *call)
{
        for (SessionSwitch which = 0; which < SESSION_SWITCH_COUNT; which++)
                if (call->waits[which].serial)
                        conclude(phone, call, which);
}

static void order(Phone *phone, PhoneCall *call, SessionSwitch which, bool on)
{
        phone_act(phone, switches[which].order, call_id(call))->on = on;
}

/* Orders what protects, and asks the worker to answer once it is in force. */
static SwitchWait *order_and_wait(Phone *phone, PhoneCall *call, SessionSwitch which)
{
        SwitchWait *wait = &call->waits[which];

        order(phone, call, which, switches[which].protects);
        call->asked = MAX_OF(call->asked, (uint64_t)PING_OF_ADAPTER) + 1;
        wait->serial = call->asked;
        wait->due = phone->instant.now + SWITCH_ANSWER_US;
        call_touch(call);
        phone_act(phone, PHONE_WORKER_PING, call_id(call))->serial = wait->serial;
        return wait;
}

static void protect(Phone *phone, PhoneCall *call, SessionSwitch which, uint64_t ticket)
{
        SwitchWait *wait = &call->waits[which];

        if (wait->n_tickets == SWITCH_TICKETS_MAX) {
                phone_refuse(phone, ticket, call_id(call), CALL_ERROR_TOO_MANY,
                             "%d requests wait for this switch already", SWITCH_TICKETS_MAX);
                return;
        }
        if (!wait->serial) {
                /* A screen may be about to be shared, which the worker has yet to report. */
                if (!call_has_joined(call) ||
                    (protects_already(call, which) && !switches[which].is_workers)) {
                        session_set_switch(phone, call, which, switches[which].protects);
                        if (switches[which].is_workers)
                                order(phone, call, which, switches[which].protects);
                        phone_done(phone, ticket, call_id(call));
                        return;
                }
                wait = order_and_wait(phone, call, which);
        }
        wait->tickets[wait->n_tickets++] = ticket;
        if (call->is_cut)
                conclude(phone, call, which);
}

/* Programs that wait for the opposite hear that it was not to be. */
static void open_up(Phone *phone, PhoneCall *call, SessionSwitch which)
{
        SwitchWait *wait = &call->waits[which];
        bool waited = wait->serial, was_closed, changed;

        for (size_t i = 0; i < wait->n_tickets; i++)
                phone_refuse(phone, wait->tickets[i], call_id(call), CALL_ERROR_INVALID_TRANSITION,
                             "%s", switches[which].opened);
        *wait = (SwitchWait){};
        if (waited)
                call_touch(call);
        was_closed = protects_already(call, which);
        changed = set_flag(phone, call, which, !switches[which].protects, true);
        if ((was_closed || waited) && call_has_joined(call))
                order(phone, call, which, !switches[which].protects);
        if (changed && session_state_in_media(call->stored.session.state))
                session_report_state(phone, call);
}

void session_turn_switch(Phone *phone, PhoneCall *call, SessionSwitch which, bool on,
                         uint64_t ticket)
{
        if (on == switches[which].protects) {
                protect(phone, call, which, ticket);
                return;
        }
        open_up(phone, call, which);
        phone_done(phone, ticket, call_id(call));
}

void session_switch_reported(Phone *phone, PhoneCall *call, SessionSwitch which, bool on)
{
        if (switches[which].is_workers) {
                session_set_switch(phone, call, which, on);
        } else if (call->waits[which].serial) {
                return; /* the answer tells */
        } else if (on == switches[which].protects) {
                session_set_switch(phone, call, which, on);
        } else if (protects_already(call, which)) {
                order_and_wait(phone, call, which);
                set_and_report(phone, call, which, switches[which].protects, false);
        }
}

void session_repeat_switches(Phone *phone, PhoneCall *call)
{
        for (SessionSwitch which = 0; which < SESSION_SWITCH_COUNT; which++) {
                if (switches[which].is_workers || !protects_already(call, which))
                        continue;
                order_and_wait(phone, call, which);
                *unconfirmed_of(call, which) = true;
        }
}

static void forget_cut(PhoneCall *call)
{
        call->cut_ordered = call->is_cut = false;
        call->kill_due = 0;
}

void session_switches_answered(Phone *phone, PhoneCall *call, uint64_t serial)
{
        bool any = false;

        for (SessionSwitch which = 0; which < SESSION_SWITCH_COUNT; which++) {
                if (!call->waits[which].serial || call->waits[which].serial > serial)
                        continue;
                conclude(phone, call, which);
                any = true;
        }
        if (call->cut_ordered ? serial != call->asked : !any)
                return;
        forget_cut(call);
}

void session_switches_closed(Phone *phone, PhoneCall *call)
{
        conclude_all(phone, call);
        forget_cut(call);
}

void session_switches_lost(Phone *phone, PhoneCall *call, const char *text)
{
        for (SessionSwitch which = 0; which < SESSION_SWITCH_COUNT; which++)
                refuse_programs(phone, call, &call->waits[which], text);
        forget_cut(call);
}

usec_t session_answer_deadline(const PhoneCall *call)
{
        usec_t due = USEC_NEVER;

        if (call->cut_ordered)
                return call->kill_due ? call->kill_due : USEC_NEVER;
        for (SessionSwitch which = 0; which < SESSION_SWITCH_COUNT; which++)
                if (call->waits[which].serial)
                        due = MIN_OF(due, call->waits[which].due);
        return due;
}

void session_answer_late(Phone *phone, PhoneCall *call)
{
        if (call->cut_ordered) {
                call->kill_due = 0;
                phone_act(phone, PHONE_WORKER_KILL, call_id(call));
                return;
        }
        call->cut_ordered = true;
        call->kill_due = phone->instant.now + SWITCH_KILL_US;
        phone_act(phone, PHONE_WORKER_CUT, call_id(call));
}

void session_worker_cut(Phone *phone, PhoneCall *call)
{
        call->is_cut = call->cut_ordered;
        if (call->is_cut)
                conclude_all(phone, call);
}
