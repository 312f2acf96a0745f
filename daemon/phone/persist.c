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

static void state_of_session(StoredCall *state, const PhoneSession *session)
{
        state->session_state = session->state;
        state->audio_muted = session->audio_muted;
        state->video_paused = session->video_paused;
        state->settings = session->settings;
        STR_SET(state->own_id, session->own_id);
        state->n_participants = session->n_participants;
}

/* An accept that is on its way may have reached the hub when we are gone. */
static void state_of_accept(StoredCall *state, const HubRequest *accept)
{
        state->join_wanted = accept->message.accept.join;
        state->settings = accept->settings;
        state->audio_muted = accept->settings.start_audio_muted;
        state->video_paused = accept->settings.start_video_paused;
        STR_SET(state->handler, accept->client);
}

static int call_state(Phone *phone, const PhoneCall *call, StoredCall *ret)
{
        const PhoneCallInfo *info = &call->info;
        const char *session_id = info->record.session_id;
        const HubRequest *accept = hub_request_find(phone, MESSAGE_ACCEPT, session_id);
        int r;

        r = call_record_copy(&ret->record, &info->record);
        if (r < 0)
                return r;
        r = participants_copy(&ret->participants, info->session.participants,
                              info->session.n_participants);
        if (r < 0)
                return r;
        if (info->ring_until)
                ret->ring_until = phone->instant.date + info->ring_until -
                                  MIN_OF(phone->instant.now, info->ring_until);
        ret->silenced = info->silenced;
        ret->present = info->present;
        ret->member_ringing = info->member_ringing;
        ret->answered_here = info->answered_here;
        ret->join_wanted = info->join_wanted;
        ret->alerting_said = call->alerting_said;
        ret->unwanted = call->unwanted;
        ret->placed = *call->placed.session_id != '\0';
        ret->parallel = call->placed.parallel;
        ret->timeout_s = call->placed.timeout_s;
        STR_SET(ret->handled_by, info->handled_by);
        STR_SET(ret->handler, call->handler);
        STR_SET(ret->tied_to, call->tied_to);
        state_of_session(ret, &info->session);
        if (accept && call_rings(call))
                state_of_accept(ret, accept);
        return 0;
}

static int call_keep(Phone *phone, PhoneCall *call)
{
        StoredCall *state = calloc(1, sizeof(*state));
        int r;

        if (!state)
                return -ENOMEM;
        r = call_state(phone, call, state);
        if (r >= 0)
                r = phone_reserve_action(phone);
        if (r < 0) {
                stored_call_done(state);
                free(state);
                return r;
        }
        phone_act(phone, PHONE_CALL_STORE, call->info.record.session_id)->state = state;
        call->unsaved = false;
        call->saved = true;
        return 0;
}

/* ---- requests, to the store ---- */

void hub_request_unsave(HubRequest *request)
{
        if (request->saved)
                request->saved->gone = true;
        request->saved = NULL;
}

/*
 * Whether the hub has to learn of it even by a daemon that was started anew. Of a new call nobody
 * was told that it was placed: when whoever asked is told nothing any more, it is given up.
 */
static bool hub_request_survives(const HubRequest *request)
{
        switch (request->message.type) {
        case MESSAGE_SETTINGS:
        case MESSAGE_SEEN:
        case MESSAGE_FORGET:
                return true;
        case MESSAGE_CANCEL:
        case MESSAGE_END:
                return request->kept && !request->held;
        case MESSAGE_INITIATE:
                return request->has_ticket && request->sent_once;
        default:
                return false;
        }
}

static int hub_request_keep(Phone *phone, HubRequest *request)
{
        Message message = {.type = MESSAGE_CANCEL, .id = request->message.id};
        StoredRequest *saved;
        int r;

        r = phone_reserve_action(phone);
        if (r < 0)
                return r;
        saved = calloc(1, sizeof(*saved));
        if (!saved)
                return -ENOMEM;
        if (request->message.type == MESSAGE_INITIATE)
                STR_SET(message.session.session_id, hub_request_session_id(request));
        else
                r = hub_request_copy(request, &message);
        if (r < 0) {
                free(saved);
                return r;
        }
        saved->number = message.id;
        DL_APPEND(phone->stored_requests, saved);
        request->saved = saved;

        PhoneAction *action =
                phone_act(phone, PHONE_REQUEST_STORE, hub_request_session_id(request));
        action->serial = saved->number;
        action->message = message;
        return 0;
}

static int hub_requests_keep(Phone *phone)
{
        StoredRequest *saved, *next;
        HubRequest *request;
        int r;

        DL_FOREACH_SAFE (phone->stored_requests, saved, next) {
                if (!saved->gone)
                        continue;
                r = phone_reserve_action(phone);
                if (r < 0)
                        return r;
                phone_act(phone, PHONE_REQUEST_FORGET, NULL)->serial = saved->number;
                DL_DELETE(phone->stored_requests, saved);
                free(saved);
        }
        DL_FOREACH (phone->requests, request) {
                if (request->saved || !hub_request_survives(request))
                        continue;
                r = hub_request_keep(phone, request);
                if (r < 0)
                        return r;
        }
        return 0;
}

void phone_keep(Phone *phone)
{
        PhoneCall *call;

        DL_FOREACH (phone->calls, call) {
                if (call->unsaved && call_is_live(call) && call_keep(phone, call) < 0)
                        return;
        }
        (void)hub_requests_keep(phone);
}

/* ---- and back ---- */

static void call_restore_session(PhoneCall *call, const StoredCall *state)
{
        PhoneSession *session = &call->info.session;

        session->state = state->session_state;
        session->audio_muted = state->audio_muted;
        session->video_paused = state->video_paused;
        session->settings = state->settings;
        STR_SET(session->own_id, state->own_id);
}

static void call_restore_placed(PhoneCall *call, const StoredCall *state)
{
        const CallRecord *record = &state->record;
        MessageInitiate *placed = &call->placed;

        STR_SET(placed->session_id, record->session_id);
        STR_SET(placed->receiver, record->receiver.uid);
        placed->receiver_type = record->receiver_type;
        placed->type = record->type;
        placed->timeout_s = state->timeout_s;
        placed->join = state->join_wanted;
        placed->parallel = state->parallel;
}

/* The end of the ring by a clock that was, perhaps, set since: no longer than a ring can be. */
static usec_t ring_until(const Phone *phone, const StoredCall *state)
{
        usec_t left = state->ring_until - MIN_OF(state->ring_until, phone->instant.date);

        if (state->record.status != CALL_STATUS_INITIATED)
                return 0;
        return phone->instant.now + MIN_OF(left, RING_TIMEOUT_MAX_S * USEC_PER_SEC);
}

static int call_restore(Phone *phone, const StoredCall *state, PhoneCall **ret)
{
        _cleanup_(call_freep) PhoneCall *call = calloc(1, sizeof(*call));
        PhoneCallInfo *info;
        int r;

        if (!call)
                return -ENOMEM;
        info = &call->info;
        r = call_record_copy(&info->record, &state->record);
        if (r < 0)
                return r;
        r = participants_copy(&info->session.participants, state->participants,
                              state->n_participants);
        if (r < 0)
                return r;
        info->session.n_participants = state->n_participants;
        info->ring_until = ring_until(phone, state);
        info->silenced = state->silenced;
        /* A ring that ran out meanwhile is not heard any more. */
        info->present =
                state->present && !phone->do_not_disturb && info->ring_until > phone->instant.now;
        info->member_ringing = state->member_ringing;
        info->answered_here = state->answered_here;
        info->join_wanted = state->join_wanted;
        STR_SET(info->handled_by, state->handled_by);
        STR_SET(call->handler, state->handler);
        STR_SET(call->tied_to, state->tied_to);
        call->alerting_said = state->alerting_said;
        call->unwanted = state->unwanted;
        call->saved = true;
        call_restore_session(call, state);
        if (state->placed)
                call_restore_placed(call, state);
        *ret = TAKE_PTR(call);
        return 0;
}

/* What of its media is there, now that the daemon is another. */
static void call_restore_media(Phone *phone, PhoneCall *call, bool worker)
{
        PhoneSession *session = &call->info.session;
        bool in_media = session_is_in_media(session);

        call->worker = worker;
        call->joined = call->adopted = worker && in_media && *session->own_id;
        /* What was stored may be older than what the worker has come to: its word is waited for. */
        for (size_t i = 0; i < session->n_participants; i++)
                session->participants[i].media.connected = call->joined;
        call->flows_said = session_media_flows(session);
        if (in_media && !worker) {
                session_fail(phone, call, CALL_ERROR_MEDIA_FAILED,
                             "the media of the call were lost while tringd was away");
        } else if (!in_media && worker) {
                session_close(phone, call);
        }
}

int phone_restore_call(Phone *phone, const Now *instant, const StoredCall *state, bool worker)
{
        PhoneCall *call;
        int r;

        if (call_status_is_terminal(state->record.status))
                return -EINVAL;
        if (call_find(phone, state->record.session_id))
                return -EEXIST;
        phone->instant = *instant;
        r = phone_reserve(phone, 1, 1);
        if (r < 0)
                return r;
        r = call_restore(phone, state, &call);
        if (r < 0)
                return r;
        call_add(phone, call);
        if (call->info.record.status == CALL_STATUS_ONGOING) {
                call_restore_media(phone, call, worker);
        } else {
                call->worker = worker;
                if (call_rings(call) && call->info.ring_until > instant->now)
                        call_ring(phone, call, true);
                else if (!call_rings(call) && call->info.join_wanted && !call->unwanted)
                        session_warm(phone, call);
        }
        phone_settle(phone);
        return 0;
}

int phone_restore_request(Phone *phone, const Now *instant, const Message *message)
{
        const HubRequest asked = {.message = *message, .kept = true};
        _cleanup_(hub_request_freep) HubRequest *request = NULL;
        StoredRequest *saved;
        int r;

        if (!message->id || message->type == MESSAGE_INITIATE || !hub_request_survives(&asked))
                return -EINVAL;
        phone->instant = *instant;
        r = phone_reserve(phone, 1, 0);
        if (r < 0)
                return r;
        request = hub_request_new(phone, message->type, NULL);
        r = hub_request_copy(&asked, &request->message);
        if (r < 0)
                return r;
        saved = calloc(1, sizeof(*saved));
        if (!saved)
                return -ENOMEM;
        saved->number = message->id;
        DL_APPEND(phone->stored_requests, saved);
        request->saved = saved;
        request->kept = *hub_request_session_id(request) != '\0';
        if (request->kept)
                request->deadline = instant->now + COMMAND_TIMEOUT_US;
        phone->next_id = MAX_OF(phone->next_id, message->id + 1);
        hub_request_put_back(phone, TAKE_PTR(request));
        phone_settle(phone);
        return 0;
}
