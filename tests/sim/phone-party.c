/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <utlist.h>

#include "sim.h"
#include "wire/wire.h"

/* The daemon around a phone, as in daemon/tringd: its connection, start and end. */

#define RETRY_FIRST_US (USEC_PER_SEC / 2) /* as in tringd: doubled each time, up to … */
#define RETRY_DOUBLINGS 6                 /* … 32 s here */

const char *handset_uid(const Handset *handset)
{
        return user_uid(handset->user);
}

const char *handset_name(const Handset *handset)
{
        static const char *const names[HANDSETS_MAX] = {"A1", "A2", "A3", "B1", "B2", "B3",
                                                        "C1", "C2", "C3", "D1", "D2", "D3"};
        unsigned nth = handset->index % handset->world->weather.handsets_per_user;

        return names[handset->user * HANDSETS_PER_USER_MAX + nth];
}

Now handset_instant(const Handset *handset)
{
        usec_t now = handset->world->now;

        return (Now){.now = now,
                     .date = DATE_BASE + now + (usec_t)handset->date_offset,
                     .boot_date = DATE_BASE};
}

/* ---- what comes out of the phone ---- */

static void handset_send(Handset *handset, const Message *message)
{
        char *text;
        size_t length;

        if (!handset->connection)
                return;
        if (message->type == MESSAGE_JOIN)
                handset->join_id = message->id;
        if (wire_encode(message, 0, &text, &length) < 0) {
                law_broken(handset->world, LAW_WELL_FORMED, "%s cannot say \"%s\"",
                           handset_name(handset), message_type_to_string(message->type));
                return;
        }
        connection_send(handset->connection, true, text, length);
        free(text);
}

/* Never ahead of what is written: after a crash the phone asks for the rest again. */
static void handset_keep_policy(Handset *handset)
{
        handset->when_busy = phone_when_busy(handset->phone);
        handset->do_not_disturb = phone_do_not_disturb(handset->phone);
        if (phone_history_since(handset->phone) != handset->since) {
                handset_write_history(handset);
                handset->since = phone_history_since(handset->phone);
        }
}

void handset_drain(Handset *handset, int r)
{
        PhoneAction action;

        if (r < 0)
                abort();
        handset->world->touched = handset;
        while (phone_next_action(handset->phone, &action)) {
                laws_see_phone(handset, &action);
                if (action.type == PHONE_SEND)
                        handset_send(handset, &action.message);
                else if (action.type == PHONE_CONNECT)
                        handset->retry_at = MAX_OF(handset->world->now, handset->net_down_until);
                else
                        handset_do(handset, &action);
                phone_action_done(&action);
        }
        handset_keep_policy(handset);
        handset->deadline = phone_next_deadline(handset->phone);
}

/* ---- the connection ---- */

static void say_state(Handset *handset, PhoneConnection state, const char *text)
{
        const Now instant = handset_instant(handset);

        handset_drain(handset, phone_connection_changed(handset->phone, &instant, state, text));
}

static void retry_later(Handset *handset)
{
        const World *world = handset->world;
        usec_t wait = RETRY_FIRST_US << MIN_OF(handset->tries, (unsigned)RETRY_DOUBLINGS);

        handset->tries++;
        wait += chance(world, 2000 + handset->index, handset->n_connections, world->now) % wait;
        handset->retry_at = MAX_OF(world->now + wait, handset->net_down_until);
}

static void handset_connect(Handset *handset)
{
        Message hello;

        handset->retry_at = USEC_NEVER;
        handset->connection = connection_new(handset);
        phone_hello(handset->phone, &hello);
        STR_SET(hello.hello.device, handset_name(handset));
        STR_SET(hello.hello.device_name, handset_name(handset));
        if (handset->fresh) {
                hello.hello.resume[0] = '\0';
                hello.hello.resume_seq = 0;
                hello.hello.history_since = 0;
        }
        handset_send(handset, &hello);
}

static void give_up_connection(Handset *handset)
{
        Connection *connection = handset->connection;

        handset->connection = NULL;
        if (connection && connection->phone_has)
                connection_close(connection, false);
}

static void handset_refused(Handset *handset, HubRefusal refusal)
{
        const Now instant = handset_instant(handset);

        trace(handset->world, "%s: is refused", handset_name(handset));
        /* A login that fails leaves nobody logged in. */
        if (refusal != HUB_REFUSAL_REVOKED && !handset->welcomed) {
                handset_log_out(handset);
                return;
        }
        if (refusal != HUB_REFUSAL_REVOKED)
                world_count(handset->world, COUNT_REFUSED);
        handset->refusal = refusal;
        handset->refused_at = handset->world->now;
        handset_drain(handset, phone_refused(handset->phone, &instant, refusal, "refused"));
        laws_see_refused(handset);
}

void handset_lost(Handset *handset, Connection *connection)
{
        HubRefusal refusal = connection->refusal;

        if (connection != handset->connection)
                return;
        trace(handset->world, "%s: loses its connection", handset_name(handset));
        world_count(handset->world, COUNT_LOST);
        give_up_connection(handset);
        if (refusal != HUB_REFUSAL_NONE) {
                handset_refused(handset, refusal);
                return;
        }
        handset->refused_at = USEC_NEVER;
        retry_later(handset);
        say_state(handset, PHONE_OFFLINE, "the connection was lost");
}

void handset_receive(Handset *handset, Connection *connection, const char *text, size_t length)
{
        const Now instant = handset_instant(handset);
        char sentence[MESSAGE_TEXT_MAX + 1];
        Message message;
        uint64_t id;

        if (connection != handset->connection)
                return;
        trace(handset->world, "%s: from the hub: %.*s", handset_name(handset), (int)length, text);
        world_count(handset->world, COUNT_MESSAGES);
        if (wire_decode(WIRE_FROM_HUB, text, length, &message, &id, sentence) != 0) {
                law_broken(handset->world, LAW_WELL_FORMED,
                           "the hub says what cannot be read: %s: %.*s", sentence,
                           (int)MIN_OF(length, 200u), text);
                return;
        }
        laws_see_arrival(handset, &message);
        handset->n_heard++;
        hub_lies(handset, &message);
        if (message.type == MESSAGE_REPLY && message.reply.kind == REPLY_WELCOME) {
                handset->tries = 0;
                handset->fresh = false;
                handset->welcomed = true;
                handset->refused_at = USEC_NEVER;
                if (message.reply.welcome.resumed)
                        world_count(handset->world, COUNT_RESUMED);
        }
        handset_drain(handset, phone_message(handset->phone, &instant, &message));
        if (message.type == MESSAGE_INCOMING)
                laws_see_rung(handset, &message.call);
        message_done(&message);
}

void handset_log_in(Handset *handset)
{
        if (handset->logged_in || !handset->phone)
                return;
        trace(handset->world, "%s: logs in", handset_name(handset));
        handset->logged_in = handset->fresh = true;
        say_state(handset, PHONE_CONNECTING, "");
        handset_connect(handset);
}

void handset_log_out(Handset *handset)
{
        if (!handset->logged_in || !handset->phone)
                return;
        trace(handset->world, "%s: logs out", handset_name(handset));
        handset->logged_in = handset->welcomed = false;
        handset->retry_at = handset->refused_at = USEC_NEVER;
        say_state(handset, PHONE_LOGGED_OUT, "");
        laws_see_logout(handset);
        give_up_connection(handset);
}

/* The machine sleeps. On waking it finds that its connection is dead. */
void handset_freeze(Handset *handset, usec_t time)
{
        trace(handset->world, "%s: sleeps for %lu ms", handset_name(handset),
              (unsigned long)(time / USEC_PER_MSEC));
        handset->frozen_until = handset->world->now + time;
        if (!handset->connection)
                return;
        connection_go_dead(handset->connection);
        handset->connection->phone_notices_at = handset->frozen_until;
}

/* ---- its life ---- */

void handset_start(Handset *handset)
{
        if (phone_new(&handset->phone) < 0)
                abort();
        if (handset->world->weather.parallel_media)
                phone_allow_parallel_media(handset->phone);
        trace(handset->world, "%s: starts", handset_name(handset));
        handset->restart_at = handset->retry_at = handset->deadline = USEC_NEVER;
        handset->refused_at = USEC_NEVER;
        if (handset->welcomed)
                phone_restore_login(handset->phone);
        phone_restore_policy(handset->phone, handset->when_busy, handset->do_not_disturb);
        phone_restore_history_since(handset->phone, handset->since);
        handset_restore(handset);
        laws_see_phone_back(handset);
        if (!handset->logged_in)
                return;
        say_state(handset, PHONE_CONNECTING, "");
        handset_connect(handset);
}

void handset_stop(Handset *handset)
{
        handset->phone = phone_free(handset->phone);
        handset_drop_local(handset, true);
        handset_drop_rows(handset);
}

/* As a browser's page that is closed. Its id is one that no phone reaches. */
static void say_that_it_goes(Handset *handset)
{
        static const char text[] = "{\"id\":4503599627370496,\"op\":\"going\"}";

        if (handset->connection && handset->connection->phone_has &&
            chance(handset->world, 4001, handset->index, handset->world->now) % 2 == 0)
                connection_send(handset->connection, true, text, strlen(text));
}

void handset_crash(Handset *handset, usec_t time)
{
        if (!handset->phone)
                return;
        trace(handset->world, "%s: CRASHES for %lu ms", handset_name(handset),
              (unsigned long)(time / USEC_PER_MSEC));
        world_count(handset->world, COUNT_PHONE_CRASHES);
        say_that_it_goes(handset);
        give_up_connection(handset);
        laws_see_phone_gone(handset);
        handset_store_listeners(handset);
        handset->phone = phone_free(handset->phone);
        /* Workers are separate processes, and mostly survive. */
        handset_drop_local(handset,
                           chance(handset->world, 4000, handset->index, handset->world->now) % 4 ==
                                   0);
        if (chance(handset->world, 4002, handset->index, handset->world->now) % 2 == 0)
                handset_lose_joins(handset);
        handset->restart_at = handset->world->now + time;
        handset->retry_at = handset->deadline = USEC_NEVER;
}

static Job *first_job(const Handset *handset)
{
        Job *job, *first = NULL;

        DL_FOREACH (handset->jobs, job) {
                if (!first || job->at < first->at)
                        first = job;
        }
        return first;
}

usec_t handset_next(const Handset *handset)
{
        const Job *job = first_job(handset);
        usec_t at = MIN_OF(handset->restart_at, handset->retry_at);

        at = MIN_OF(at, handset->deadline);
        at = MIN_OF(at, job ? job->at : USEC_NEVER);
        return at == USEC_NEVER ? at : MAX_OF(at, handset->frozen_until);
}

void handset_act(Handset *handset)
{
        const Now instant = handset_instant(handset);
        usec_t now = handset->world->now;
        Job *job = first_job(handset);

        if (!handset->phone)
                handset_start(handset);
        else if (handset->deadline <= now)
                handset_drain(handset, phone_tick(handset->phone, &instant));
        else if (handset->retry_at <= now)
                handset_connect(handset);
        else if (job && job->at <= now)
                handset_run_job(handset, job);
}
