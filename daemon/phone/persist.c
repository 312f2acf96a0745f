/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <utlist.h>

#include "phone/internal.h"

static int participants_copy(SessionParticipant **ret, const SessionParticipant *from, size_t n)
{
        SessionParticipant *copy = NULL;

        if (n > 0) {
                copy = calloc(n, sizeof(*copy));
                if (!copy)
                        return -ENOMEM;
                memcpy(copy, from, n * sizeof(*copy));
        }
        *ret = copy;
        return 0;
}

/* ---- calls, to the store ---- */

static void state_of_session(PhoneCallState *state, const PhoneSession *session)
{
        state->session_state = session->state;
        state->audio_muted = session->audio_muted;
        state->video_paused = session->video_paused;
        state->settings = session->settings;
        STR_SET(state->own_id, session->own_id);
        state->n_participants = session->n_participants;
}

/* An accept that is on its way may have reached the hub when we are gone. */
static void state_of_accept(PhoneCallState *state, const Errand *accept)
{
        state->join_wanted = accept->message.accept.join;
        state->settings = accept->settings;
        state->audio_muted = accept->settings.start_audio_muted;
        state->video_paused = accept->settings.start_video_paused;
        STR_SET(state->handler, accept->owner);
}

static int line_state(Phone *phone, const Line *line, PhoneCallState *ret)
{
        const PhoneCall *shown = &line->shown;
        const char *session_id = shown->record.session_id;
        const Errand *accept = errand_find(phone, MESSAGE_ACCEPT, session_id);
        int r;

        r = call_record_copy(&ret->record, &shown->record);
        if (r < 0)
                return r;
        r = participants_copy(&ret->participants, shown->session.participants,
                              shown->session.n_participants);
        if (r < 0)
                return r;
        if (shown->ring_until)
                ret->ring_until = phone->instant.date + shown->ring_until -
                                  MIN_OF(phone->instant.now, shown->ring_until);
        ret->silenced = shown->silenced;
        ret->present = shown->present;
        ret->member_ringing = shown->member_ringing;
        ret->answered_here = shown->answered_here;
        ret->join_wanted = shown->join_wanted;
        ret->alerting_said = line->alerting_said;
        ret->unwanted = line->unwanted;
        ret->placed = *line->placed.session_id != '\0';
        ret->parallel = line->placed.parallel;
        ret->timeout_s = line->placed.timeout_s;
        STR_SET(ret->handled_by, shown->handled_by);
        STR_SET(ret->handler, line->handler);
        STR_SET(ret->tied_to, line->tied_to);
        state_of_session(ret, &shown->session);
        if (accept && line_rings(line))
                state_of_accept(ret, accept);
        return 0;
}

static int line_keep(Phone *phone, Line *line)
{
        PhoneCallState *state = calloc(1, sizeof(*state));
        int r;

        if (!state)
                return -ENOMEM;
        r = line_state(phone, line, state);
        if (r >= 0)
                r = phone_reserve_action(phone);
        if (r < 0) {
                phone_call_state_done(state);
                free(state);
                return r;
        }
        phone_act(phone, PHONE_CALL_SAVE, line->shown.record.session_id)->state = state;
        line->unsaved = false;
        line->saved = true;
        return 0;
}

/* ---- requests, to the store ---- */

void errand_unsave(Errand *errand)
{
        if (errand->saved)
                errand->saved->gone = true;
        errand->saved = NULL;
}

/*
 * Whether the hub has to learn of it even by a daemon that was started anew. Of a new call nobody
 * was told that it was placed: when whoever asked is told nothing any more, it is given up.
 */
static bool errand_survives(const Errand *errand)
{
        switch (errand->message.type) {
        case MESSAGE_SETTINGS:
        case MESSAGE_SEEN:
        case MESSAGE_FORGET:
                return true;
        case MESSAGE_CANCEL:
        case MESSAGE_END:
                return errand->kept && !errand->held;
        case MESSAGE_INITIATE:
                return errand->has_ticket && errand->sent_once;
        default:
                return false;
        }
}

static int errand_keep(Phone *phone, Errand *errand)
{
        Message message = {.type = MESSAGE_CANCEL, .id = errand->message.id};
        SavedErrand *saved;
        int r;

        r = phone_reserve_action(phone);
        if (r < 0)
                return r;
        saved = calloc(1, sizeof(*saved));
        if (!saved)
                return -ENOMEM;
        if (errand->message.type == MESSAGE_INITIATE)
                STR_SET(message.session.session_id, errand_session_id(errand));
        else
                r = errand_copy(errand, &message);
        if (r < 0) {
                free(saved);
                return r;
        }
        saved->number = message.id;
        DL_APPEND(phone->saved_errands, saved);
        errand->saved = saved;

        PhoneAction *action = phone_act(phone, PHONE_ERRAND_SAVE, errand_session_id(errand));
        action->serial = saved->number;
        action->message = message;
        return 0;
}

static int errands_keep(Phone *phone)
{
        SavedErrand *saved, *next;
        Errand *errand;
        int r;

        DL_FOREACH_SAFE (phone->saved_errands, saved, next) {
                if (!saved->gone)
                        continue;
                r = phone_reserve_action(phone);
                if (r < 0)
                        return r;
                phone_act(phone, PHONE_ERRAND_FORGET, NULL)->serial = saved->number;
                DL_DELETE(phone->saved_errands, saved);
                free(saved);
        }
        DL_FOREACH (phone->errands, errand) {
                if (errand->saved || !errand_survives(errand))
                        continue;
                r = errand_keep(phone, errand);
                if (r < 0)
                        return r;
        }
        return 0;
}

void phone_keep(Phone *phone)
{
        Line *line;

        DL_FOREACH (phone->lines, line) {
                if (line->unsaved && line_is_live(line) && line_keep(phone, line) < 0)
                        return;
        }
        (void)errands_keep(phone);
}

/* ---- and back ---- */

static void line_restore_session(Line *line, const PhoneCallState *state)
{
        PhoneSession *session = &line->shown.session;

        session->state = state->session_state;
        session->audio_muted = state->audio_muted;
        session->video_paused = state->video_paused;
        session->settings = state->settings;
        STR_SET(session->own_id, state->own_id);
}

static void line_restore_placed(Line *line, const PhoneCallState *state)
{
        const CallRecord *record = &state->record;
        MessageInitiate *placed = &line->placed;

        STR_SET(placed->session_id, record->session_id);
        STR_SET(placed->receiver, record->receiver.uid);
        placed->receiver_type = record->receiver_type;
        placed->type = record->type;
        placed->timeout_s = state->timeout_s;
        placed->join = state->join_wanted;
        placed->parallel = state->parallel;
}

/* The end of the ring by a clock that was, perhaps, set since: no longer than a ring can be. */
static usec_t ring_until(const Phone *phone, const PhoneCallState *state)
{
        usec_t left = state->ring_until - MIN_OF(state->ring_until, phone->instant.date);

        if (state->record.status != CALL_STATUS_INITIATED)
                return 0;
        return phone->instant.now + MIN_OF(left, RING_TIMEOUT_MAX_S * USEC_PER_SEC);
}

static int line_restore(Phone *phone, const PhoneCallState *state, Line **ret)
{
        _cleanup_(line_freep) Line *line = calloc(1, sizeof(*line));
        PhoneCall *shown;
        int r;

        if (!line)
                return -ENOMEM;
        shown = &line->shown;
        r = call_record_copy(&shown->record, &state->record);
        if (r < 0)
                return r;
        r = participants_copy(&shown->session.participants, state->participants,
                              state->n_participants);
        if (r < 0)
                return r;
        shown->session.n_participants = state->n_participants;
        shown->ring_until = ring_until(phone, state);
        shown->silenced = state->silenced;
        /* A ring that ran out meanwhile is not heard any more. */
        shown->present =
                state->present && !phone->do_not_disturb && shown->ring_until > phone->instant.now;
        shown->member_ringing = state->member_ringing;
        shown->answered_here = state->answered_here;
        shown->join_wanted = state->join_wanted;
        STR_SET(shown->handled_by, state->handled_by);
        STR_SET(line->handler, state->handler);
        STR_SET(line->tied_to, state->tied_to);
        line->alerting_said = state->alerting_said;
        line->unwanted = state->unwanted;
        line->saved = true;
        line_restore_session(line, state);
        if (state->placed)
                line_restore_placed(line, state);
        *ret = TAKE_PTR(line);
        return 0;
}

/* What of its media is there, now that the daemon is another. */
static void line_restore_media(Phone *phone, Line *line, bool worker)
{
        PhoneSession *session = &line->shown.session;
        bool in_media = session_is_in_media(session);

        line->worker = worker;
        line->joined = line->adopted = worker && in_media && *session->own_id;
        /* What was stored may be older than what the worker has come to: its word is waited for. */
        for (size_t i = 0; i < session->n_participants; i++)
                session->participants[i].media.connected = line->joined;
        line->flows_said = session_media_flows(session);
        if (in_media && !worker) {
                session_fail(phone, line, CALL_ERROR_MEDIA_FAILED,
                             "the media of the call were lost while tringd was away");
        } else if (!in_media && worker) {
                session_close(phone, line);
        }
}

int phone_restore_call(Phone *phone, const Instant *instant, const PhoneCallState *state,
                       bool worker)
{
        Line *line;
        int r;

        if (call_status_is_terminal(state->record.status))
                return -EINVAL;
        if (line_find(phone, state->record.session_id))
                return -EEXIST;
        phone->instant = *instant;
        r = phone_reserve(phone, 1, 1);
        if (r < 0)
                return r;
        r = line_restore(phone, state, &line);
        if (r < 0)
                return r;
        line_add(phone, line);
        if (line->shown.record.status == CALL_STATUS_ONGOING) {
                line_restore_media(phone, line, worker);
        } else {
                line->worker = worker;
                if (line_rings(line) && line->shown.ring_until > instant->now)
                        line_ring(phone, line, true);
                else if (!line_rings(line) && line->shown.join_wanted && !line->unwanted)
                        session_warm(phone, line);
        }
        phone_settle(phone);
        return 0;
}

int phone_restore_errand(Phone *phone, const Instant *instant, const Message *message)
{
        const Errand asked = {.message = *message, .kept = true};
        _cleanup_(errand_freep) Errand *errand = NULL;
        SavedErrand *saved;
        int r;

        if (!message->id || message->type == MESSAGE_INITIATE || !errand_survives(&asked))
                return -EINVAL;
        phone->instant = *instant;
        r = phone_reserve(phone, 1, 0);
        if (r < 0)
                return r;
        errand = errand_new(phone, message->type, NULL);
        r = errand_copy(&asked, &errand->message);
        if (r < 0)
                return r;
        saved = calloc(1, sizeof(*saved));
        if (!saved)
                return -ENOMEM;
        saved->number = message->id;
        DL_APPEND(phone->saved_errands, saved);
        errand->saved = saved;
        errand->kept = *errand_session_id(errand) != '\0';
        if (errand->kept)
                errand->deadline = instant->now + COMMAND_TIMEOUT_US;
        phone->next_id = MAX_OF(phone->next_id, message->id + 1);
        errand_put_back(phone, TAKE_PTR(errand));
        phone_settle(phone);
        return 0;
}
