/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "exchange/handlers.h"

#include <errno.h>

#include "exchange/action.h"
#include "exchange/announce.h"
#include "exchange/attachment.h"
#include "exchange/branch.h"
#include "exchange/device.h"
#include "exchange/due.h"
#include "exchange/end.h"
#include "exchange/flow.h"
#include "exchange/marks.h"
#include "exchange/members.h"
#include "exchange/news.h"
#include "exchange/session.h"
#include "exchange/snapshot.h"
#include "exchange/token.h"
#include "exchange/user.h"

/* Records since when the device is away, in each call in which it takes part. */
static void device_set_lost(Exchange *exchange, Device *device, usec_t since)
{
        Branch *branch;

        DL_FOREACH2 (device->branches, branch, device_next) {
                if (!str_eq(branch->leg->device, device->id))
                        continue;
                branch->leg->lost_since = since;
                branch->leg->was_going = since != USEC_NEVER && device->going;
                exchange_call_touch(exchange, branch->leg->call);
        }
}

/* ---- a device connects ---- */

/*
 * Rings a device that connects while a call rings for its user. If too little of the ring is left,
 * the device gets no event, but still a branch, because it may have been ringing before the hub
 * restarted.
 */
static int device_ring(Exchange *exchange, const ExchangeNow *moment, Device *device, CallLeg *leg)
{
        usec_t ring_until = leg->call->ring_until;
        Message *message;
        Branch *branch;

        if (exchange_branch_find(leg, device))
                return 0;

        int r = exchange_branch_new(leg, device, &branch);
        if (r < 0)
                return r;
        branch->announced_to = device->attachment->id;
        branch->is_late = ring_until < moment->now + LATE_RING_MIN_US;
        if (branch->is_late)
                return 0;
        r = exchange_send(exchange, device->attachment, MESSAGE_INCOMING, &message);
        if (r < 0)
                return r;
        return exchange_leg_snapshot(leg, moment, device, &message->call);
}

static int device_catch_up(Exchange *exchange, const ExchangeNow *moment, Device *device)
{
        CallLeg *leg;

        DL_FOREACH2 (device->user->rings, leg, list_next) {
                int r = device_ring(exchange, moment, device, leg);

                if (r < 0)
                        return r;
        }
        return 0;
}

/* Undoes device_catch_up(). */
static void device_undo_catch_up(Device *device)
{
        Branch *branch, *next;

        DL_FOREACH_SAFE2 (device->branches, branch, next, device_next) {
                if (branch->announced_to == device->attachment->id)
                        exchange_branch_free(branch);
        }
}

/* Member states sent to the previous connection may be lost. */
static void device_renew_members(Exchange *exchange, Device *device)
{
        Branch *branch;

        DL_FOREACH2 (device->branches, branch, device_next) {
                branch->members_announced = false;
                exchange_members_changed(branch->leg->call);
                exchange_call_touch(exchange, branch->leg->call);
        }
}

static int device_connect(Exchange *exchange, const ExchangeNow *moment, Device *device,
                          Attachment *attachment, const char *device_name)
{
        Attachment *before = device->attachment;
        int r = 0;

        attachment->device = device;
        device->attachment = attachment;
        if (before)
                r = exchange_disconnect(exchange, before, "replaced by a newer connection of '%s'",
                                        device_name);
        if (r == 0)
                r = device_catch_up(exchange, moment, device);
        if (r < 0) {
                exchange_rollback(exchange);
                device_undo_catch_up(device);
                device->attachment = before;
                attachment->device = NULL;
                return r;
        }
        if (before)
                exchange_attachment_free(exchange, before);
        exchange_commit(exchange);
        device->going = false;
        device_set_lost(exchange, device, USEC_NEVER);
        device_renew_members(exchange, device);
        return 0;
}

int exchange_take_attach(Exchange *exchange, const ExchangeNow *moment, uint64_t attachment_id,
                         const ExchangeDevice *input)
{
        User *user = exchange_user_find(exchange, input->uid);
        Device *device;
        Attachment *attachment;

        if (!user)
                return CALL_ERROR_USER_NOT_FOUND;

        int r = exchange_take_tick(exchange, moment);
        if (r < 0)
                return r;
        r = exchange_attachment_new(exchange, attachment_id, &attachment);
        if (r < 0)
                return r;
        r = exchange_user_device(user, input->id, &device);
        if (r == 0) {
                r = device_connect(exchange, moment, device, attachment, input->name);
                if (r < 0)
                        exchange_device_free_unused(device);
        }
        if (r < 0)
                exchange_attachment_free(exchange, attachment);
        return r;
}

int exchange_take_attach_session(Exchange *exchange, const ExchangeNow *moment,
                                 uint64_t attachment_id, const char *join_token, Party *ret_user)
{
        int r = exchange_take_tick(exchange, moment);
        Attachment *attachment;

        if (r < 0)
                return r;
        Token *token = exchange_token_find(exchange, join_token, moment->now);
        if (!token)
                return CALL_ERROR_AUTH_FAILED;
        r = exchange_attachment_new(exchange, attachment_id, &attachment);
        if (r < 0)
                return r;

        CallLeg *leg = token->leg;
        if (leg->limited) {
                r = exchange_disconnect(exchange, leg->limited,
                                        "the join token was used by a newer connection");
                if (r == 0 && leg->media.by_token)
                        r = exchange_leg_leave_media(exchange, moment, leg);
                if (r < 0) {
                        exchange_rollback(exchange);
                        exchange_attachment_free(exchange, attachment);
                        return r;
                }
                exchange_attachment_free(exchange, leg->limited);
        }
        attachment->leg = leg;
        leg->limited = attachment;
        token->unused_until = USEC_NEVER;
        exchange_commit(exchange);
        *ret_user = exchange_user_party(leg->user, leg->device);
        return 0;
}

/* ---- a connection is lost, and perhaps resumed ---- */

void exchange_take_suspend(Exchange *exchange, const ExchangeNow *moment, uint64_t attachment_id)
{
        Attachment *attachment = exchange_attachment_find(exchange, attachment_id);

        if (!attachment || attachment->suspended)
                return;
        if (!attachment->device) {
                exchange_take_detach(exchange, moment, attachment_id);
                return;
        }
        attachment->suspended = true;
        device_set_lost(exchange, attachment->device, moment->now);
}

int exchange_take_resume(Exchange *exchange, const ExchangeNow *moment, uint64_t attachment_id)
{
        Attachment *attachment = exchange_attachment_find(exchange, attachment_id);

        if (!attachment || !attachment->suspended)
                return -ENOENT;

        /* Deadlines that passed in the meantime count, grace periods included. */
        int r = exchange_take_tick(exchange, moment);
        if (r < 0)
                return r;
        attachment->suspended = false;
        attachment->device->going = false;
        device_set_lost(exchange, attachment->device, USEC_NEVER);
        return 0;
}

void exchange_take_detach(Exchange *exchange, const ExchangeNow *moment, uint64_t attachment_id)
{
        Attachment *attachment = exchange_attachment_find(exchange, attachment_id);

        if (!attachment)
                return;
        if (attachment->leg && attachment->leg->media.by_token)
                exchange_leg_lose_media(exchange, moment, attachment->leg);
        if (attachment->device && !attachment->suspended)
                device_set_lost(exchange, attachment->device, moment->now);
        exchange_attachment_free(exchange, attachment);
}

/* Sends nothing: the hub may call it in the middle of anything else. */
void exchange_taken(Exchange *exchange, uint64_t attachment_id, const char *from, uint32_t n_bytes)
{
        Attachment *attachment = exchange_attachment_find(exchange, attachment_id);
        Branch *branch;

        if (!attachment || n_bytes == 0)
                return;
        exchange_flow_take(attachment, from, n_bytes);
        if (attachment->leg)
                exchange_news_room(exchange, attachment->leg);
        if (attachment->device) {
                DL_FOREACH2 (attachment->device->branches, branch, device_next) {
                        exchange_news_room(exchange, branch->leg);
                        exchange_members_room(exchange, branch);
                }
        }
        exchange_settle(exchange);
}

bool exchange_attachment_in_call(const Exchange *exchange, uint64_t attachment_id)
{
        const Attachment *attachment = exchange_attachment_find(exchange, attachment_id);

        return attachment && (attachment->leg || attachment->device->branches);
}

int exchange_request_going(Request *request)
{
        request->device->going = true;
        return 0;
}

int exchange_request_logout(Request *request)
{
        Exchange *exchange = request->exchange;
        Branch *branch;

        while ((branch = request->device->branches)) {
                bool party = str_eq(branch->leg->device, request->device->id);
                int r = party ? exchange_leg_quit(exchange, request->moment, branch->leg,
                                                  CALL_EVENT_SHUTDOWN)
                              : exchange_branch_send_event(exchange, branch, CALL_EVENT_SHUTDOWN);

                if (r < 0)
                        return r;
                if (!party) {
                        exchange_commit(exchange);
                        exchange_branch_free(branch);
                }
        }
        return 0;
}
