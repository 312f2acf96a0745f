/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "phone/persist.h"

#include <errno.h>
#include <utlist.h>

#include "phone/action.h"
#include "phone/call.h"
#include "phone/request.h"

int participants_copy(SessionParticipant **ret, const SessionParticipant *from, size_t n)
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

static void state_of_session(StoredCall *state, const PhoneSession *session)
{
        state->session_state = session->state;
        state->audio_muted = session->audio_muted;
        state->video_paused = session->video_paused;
        state->settings = session->settings;
        STR_SET(state->own_id, session->own_id);
        state->n_participants = session->n_participants;
}

/* An accept in flight may reach the hub after this process has died. */
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

/*
 * Whether the hub has to learn of the request even from the next daemon. A new call is not among
 * these: nobody has been told that it was placed, so it is given up with its program.
 */
bool hub_request_survives(const HubRequest *request)
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
