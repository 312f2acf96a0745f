/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "phone/session.h"

#include <errno.h>
#include <utlist.h>

#include "base/array.h"
#include "phone/action.h"
#include "phone/announce.h"
#include "phone/call.h"
#include "phone/consent.h"
#include "phone/hub-send.h"
#include "phone/media.h"
#include "phone/participant.h"
#include "phone/request.h"
#include "phone/switches.h"

#define RELAYS_RENEW_PART 2 /* after half of their lifetime: the rest is for a hub that is away */
/* However short a lifetime the hub gives: its clock may have jumped. */
#define RELAYS_RENEW_MIN_US (5 * USEC_PER_SEC)
#define RELAYS_RETRY_US (60 * USEC_PER_SEC)

void session_set_state(Phone *phone, PhoneCall *call, SessionState state)
{
        if (call->stored.session.state == state)
                return;
        call->stored.session.state = state;
        session_changed(phone, call, PHONE_PROPERTY_SESSION_STATE);
}

static void session_start_worker(Phone *phone, PhoneCall *call)
{
        if (call->media != CALL_MEDIA_NONE)
                return;
        call_set_media(call, CALL_MEDIA_WARM);
        phone_act(phone, PHONE_WORKER_START, call_id(call));
}

static void session_stop_worker(Phone *phone, PhoneCall *call)
{
        session_screen_gone(phone, call);
        session_switches_closed(phone, call);
        call->microphone_missing = false;
        call->flows_reported = false;
        call->signals_lost = false;
        call->relays_due = 0;
        hub_requests_drop_signals(phone, call);
        if (call->media == CALL_MEDIA_NONE)
                return;
        call_set_media(call, CALL_MEDIA_NONE);
        phone_act(phone, PHONE_WORKER_STOP, call_id(call));
}

void session_warm(Phone *phone, PhoneCall *call)
{
        const PhoneCall *other;

        /* One warm worker is enough: that of another call starts when the call is answered. */
        DL_FOREACH (phone->calls, other) {
                if (other->media == CALL_MEDIA_WARM)
                        return;
        }
        session_start_worker(phone, call);
}

static void session_leave(Phone *phone, PhoneCall *call)
{
        if (call->stored.session.state == SESSION_IDLE)
                call->stored.session.state = SESSION_LEFT;
        session_close(phone, call);
        hub_request_ask(phone, MESSAGE_LEAVE, call_id(call));
}

/* What the person wants closed is so from the beginning. */
static void join_closed(const PhoneCall *call, MessageJoin *join)
{
        join->muted = call->stored.session.audio_muted || call->microphone_missing;
        join->video_paused = call->stored.session.video_paused;
}

void session_begin(Phone *phone, PhoneCall *call, const char *join_token, HubRequest *request)
{
        PhoneCall *other;

        DL_FOREACH (phone->calls, other) {
                if (other != call && !phone->parallel_media &&
                    session_state_in_media(other->stored.session.state))
                        session_leave(phone, other);
        }
        /* A worker that takes part in the media already is replaced. */
        if (call_has_joined(call))
                session_stop_worker(phone, call);
        session_set_state(phone, call, SESSION_JOINING);
        if (request)
                hub_request_turn(request, MESSAGE_JOIN);
        else
                request = hub_request_new(phone, MESSAGE_JOIN, call_id(call));
        STR_SET(request->message.join.token, join_token);
        join_closed(call, &request->message.join);
        hub_request_add(phone, request);
        session_start_worker(phone, call);
}

void session_renew(Phone *phone, PhoneCall *call)
{
        HubRequest *request = hub_request_new(phone, MESSAGE_TOKEN, call_id(call));

        session_set_state(phone, call, SESSION_JOINING);
        request->command = PHONE_COMMAND_JOIN;
        hub_request_add(phone, request);
}

/* Nobody is announced to the others who has left before that was sent. */
static void session_drop_joins(Phone *phone, const PhoneCall *call)
{
        HubRequest *request, *next;

        DL_FOREACH_SAFE (phone->requests, request, next) {
                if (hub_request_joins(request) && hub_request_is_queued(request) &&
                    str_eq(hub_request_session_id(request), call_id(call)))
                        hub_request_left(phone, request);
        }
}

void session_close(Phone *phone, PhoneCall *call)
{
        PhoneSession *session = &call->stored.session;
        uint32_t properties = 0;

        session_stop_worker(phone, call);
        session_drop_joins(phone, call);
        if (session->state != SESSION_IDLE && session->state != SESSION_LEFT)
                properties |= PHONE_PROPERTY_SESSION_STATE;
        if (session->n_participants > 0)
                properties |= PHONE_PROPERTY_PARTICIPANTS | PHONE_PROPERTY_VERIFICATION_CODE;
        if (session->state != SESSION_IDLE)
                session->state = SESSION_LEFT;
        participants_clear(session);
        if (properties)
                session_changed(phone, call, properties);
}

int session_joined(Phone *phone, PhoneCall *call, const ReplyJoin *reply)
{
        PhoneSession *session = &call->stored.session;
        int r;

        /* The worker ended, or a program left the media, before the reply came. */
        if (session->state != SESSION_JOINING)
                return CALL_ERROR_MEDIA_FAILED;

        _cleanup_free_ Participant *others = NULL;
        _cleanup_free_ IceServer *servers = NULL;
        r = ARRAY_COPY(&others, reply->others, reply->n_others);
        if (r == 0)
                r = ARRAY_COPY(&servers, reply->ice_servers, reply->n_ice_servers);
        if (r == 0)
                r = participants_reset(phone, call, reply);
        if (r < 0)
                return r;

        STR_SET(session->own_id, reply->participant);
        call_touch(call);
        session_start_worker(phone, call);
        call_set_media(call, CALL_MEDIA_JOINED);
        PhoneAction *action = phone_act(phone, PHONE_WORKER_JOIN, call_id(call));
        action->join.reply = *reply;
        action->join.reply.others = TAKE_PTR(others);
        action->join.reply.ice_servers = TAKE_PTR(servers);
        action->join.settings = session->settings;
        action->join.muted = session->audio_muted;
        action->join.video = session_is_video(call) || !session->video_paused;
        action->join.video_paused = session->video_paused;
        session_plan_relays(phone, call, reply->ice_lifetime_s);
        return 0;
}

void session_plan_relays(Phone *phone, PhoneCall *call, uint32_t lifetime_s)
{
        usec_t wait = lifetime_s * USEC_PER_SEC / RELAYS_RENEW_PART;

        call->relays_due =
                lifetime_s > 0 ? phone->instant.now + MAX_OF(wait, RELAYS_RENEW_MIN_US) : 0;
}

void session_relays_refused(Phone *phone, PhoneCall *call)
{
        call->relays_due = phone->instant.now + RELAYS_RETRY_US;
}

void session_renew_relays(Phone *phone, PhoneCall *call)
{
        call->relays_due = 0;
        if (call_has_joined(call))
                hub_request_ask(phone, MESSAGE_RELAYS, call_id(call));
}

int session_take_relays(Phone *phone, PhoneCall *call, const ReplyRelays *relays)
{
        IceServer *servers;
        PhoneAction *action;
        int r;

        if (!call_has_joined(call))
                return 0;
        r = ARRAY_COPY(&servers, relays->ice_servers, relays->n_ice_servers);
        if (r < 0)
                return r;
        action = phone_act(phone, PHONE_WORKER_RELAYS, call_id(call));
        action->relays.ice_servers = servers;
        action->relays.n_ice_servers = relays->n_ice_servers;
        session_plan_relays(phone, call, relays->ice_lifetime_s);
        return 0;
}

void session_fail(Phone *phone, PhoneCall *call, CallError error, const char *text)
{
        PhoneAction *action;

        session_set_state(phone, call, SESSION_FAILED);
        session_report_flows(phone, call);
        /* Nobody expects an open microphone then. */
        if (call_has_joined(call))
                session_stop_worker(phone, call);
        action = phone_act(phone, PHONE_SESSION_ERROR, call_id(call));
        action->error = error;
        str_printable(action->text, sizeof(action->text), text);
}

void session_report_state(Phone *phone, PhoneCall *call)
{
        HubRequest *request = hub_request_merge(phone, MESSAGE_STATE, call_id(call));
        HubRequest *join = hub_request_find(phone, MESSAGE_JOIN, call_id(call));

        /* It may be sent again, and opens nothing that was closed since. */
        if (join)
                join_closed(call, &join->message.join);
        request->message.state.muted =
                phone_session_is_muted(&call->info) || call->microphone_missing;
        request->message.state.video_paused =
                phone_session_is_paused(&call->info) && !call->info.screen_sharing;
        request->message.state.sharing = call->info.screen_sharing;
        request->message.state.media_flows = call->flows_reported;
        hub_request_pump(phone);
}

void session_report_flows(Phone *phone, PhoneCall *call)
{
        bool flows = session_media_flows(&call->stored.session);

        if (flows == call->flows_reported)
                return;
        call->flows_reported = flows;
        session_report_state(phone, call);
}

void session_microphone_reported(Phone *phone, PhoneCall *call, bool there)
{
        if (call->microphone_missing == !there)
                return;
        call->microphone_missing = !there;
        if (session_state_in_media(call->stored.session.state))
                session_report_state(phone, call);
}
