/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <utlist.h>

#include "sim.h"
#include "wire/wire.h"

/*
 * The hub around the exchange, as in daemon/hub: links with their outboxes, commits with their
 * barriers, login, and the history queries that a store answers.
 */

#define FLOOD_ONE_IN 16
#define COMMIT_AT_ONCE 3 /* one of so many commits waits for nothing */

usec_t hub_date(const World *world)
{
        return DATE_BASE + world->now + (usec_t)world->hub.date_offset;
}

void hub_set_clock(World *world, int64_t date_offset)
{
        trace(world, "hub: its clock is %ld s off", (long)(date_offset / (int64_t)USEC_PER_SEC));
        world_count(world, COUNT_CLOCKS);
        world->hub.date_offset = date_offset;
        world->hub.clock_was_wrong = true;
}

ExchangeNow hub_moment(World *world)
{
        ExchangeNow moment = {.now = world->now, .date = hub_date(world), .boot_date = DATE_BASE};
        uint64_t n = ++world->hub.n_moments;

        for (size_t i = 0; i < ENTROPY_SIZE; i += sizeof(uint64_t)) {
                uint64_t bits = chance(world, 1000, n, i);

                memcpy(moment.entropy + i, &bits, sizeof(bits));
        }
        return moment;
}

static HubLink *link_of_number(const HubParty *hub, uint64_t number)
{
        HubLink *link;

        DL_SEARCH_SCALAR(hub->links, link, number, number);
        return link;
}

void hub_link_free(HubParty *hub, HubLink *link)
{
        if (link->connection)
                link->connection->link = NULL;
        DL_DELETE(hub->links, link);
        laws_see_link(link->handset);
        outbox_done(&link->outbox);
        free(link);
}

/* ---- what goes out ---- */

void hub_link_flush(World *world, HubLink *link)
{
        Frame *frame;

        while (link->connection && (frame = outbox_peek(&link->outbox, world->hub.committed))) {
                connection_send(link->connection, false, (char *)frame->data, frame->length);
                outbox_pop(&link->outbox);
        }
}

/* The hub closes the connection and drops the link. */
void hub_link_close(World *world, HubLink *link, const char *text)
{
        ExchangeNow moment = hub_moment(world);
        uint64_t number = link->number;

        trace(world, "hub: closes link %lu of %s: %s", (unsigned long)number,
              handset_name(link->handset), text);
        if (link->connection)
                connection_close(link->connection, true);
        hub_link_free(&world->hub, link);
        exchange_detach(world->hub.exchange, &moment, number);
        hub_drain(world);
}

static uint64_t hub_barrier(const HubParty *hub)
{
        return hub->fresh ? hub->committed + 1 : hub->committed;
}

/* The same for what another user has caused, and pays for. */
static void hub_link_send_from(World *world, HubLink *link, ExchangeAction *action)
{
        if (outbox_push_from(&link->outbox, &action->message, action->from, action->n_bytes) < 0)
                abort();
        laws_see_paid(world, link->handset, &link->outbox, action->from);
        hub_link_flush(world, link);
}

void hub_link_send(World *world, HubLink *link, Message *message, uint64_t barrier)
{
        if (link->too_slow)
                return;
        int r = outbox_push(&link->outbox, message, barrier, world->weather.queue_max, world->now);
        if (r == -ENOBUFS) {
                outbox_done(&link->outbox);
                link->too_slow = true;
        } else if (r < 0) {
                law_broken(world, LAW_WELL_FORMED, "the hub cannot say \"%s\"",
                           message_type_to_string(message->type));
        } else {
                hub_link_flush(world, link);
        }
}

static void link_reply(World *world, HubLink *link, Message *reply)
{
        hub_link_send(world, link, reply, 0);
        message_done(reply);
}

/* ---- what is stored ---- */

static void hub_store(World *world, ExchangeAction *action)
{
        HubParty *hub = &world->hub;
        HubWrite *write = calloc(1, sizeof(*write));
        uint64_t dice = chance(world, 1001, hub->n_moments, hub->committed);

        if (!write)
                abort();
        write->action = *action;
        *action = (ExchangeAction){.type = EXCHANGE_DISCONNECT};
        DL_APPEND(hub->writes, write);
        if (!hub->fresh) {
                bool at_once = dice % COMMIT_AT_ONCE == 0;

                hub->commit_at =
                        world->now + (at_once ? 0 : (dice >> 8) % world->weather.commit_most);
        }
        hub->fresh = true;
}

static void writes_drop(HubParty *hub)
{
        HubWrite *write, *next;

        DL_FOREACH_SAFE (hub->writes, write, next) {
                DL_DELETE(hub->writes, write);
                exchange_action_done(&write->action);
                free(write);
        }
        hub->fresh = false;
        hub->commit_at = USEC_NEVER;
}

void hub_commit(World *world)
{
        HubParty *hub = &world->hub;
        HubWrite *write;
        HubLink *link, *next;

        DL_FOREACH (hub->writes, write) {
                laws_see_commit(world, &write->action);
                disk_write(world, &write->action);
        }
        if (hub->fresh)
                hub->committed++;
        writes_drop(hub);
        DL_FOREACH_SAFE (hub->links, link, next)
                hub_link_flush(world, link);
}

/* ---- what the exchange wants ---- */

static void carry_out(World *world, ExchangeAction *action)
{
        HubParty *hub = &world->hub;
        Page *page = page_of_link(hub, action->attachment);
        HubLink *link;

        laws_see_hub(world, action);
        switch (action->type) {
        case EXCHANGE_SEND:
                link = link_of_number(hub, action->attachment);
                if (page)
                        page_receive(world, page, &action->message);
                if (page) /* takes it at once */
                        exchange_taken(hub->exchange, action->attachment, action->from,
                                       action->n_bytes);
                if (link && action->n_bytes > 0 && !link->too_slow)
                        hub_link_send_from(world, link, action);
                else if (link)
                        hub_link_send(world, link, &action->message,
                                      action->confirms ? hub_barrier(hub) : 0);
                break;
        case EXCHANGE_DISCONNECT:
                link = link_of_number(hub, action->attachment);
                if (page)
                        page_gone(world, page);
                if (link)
                        hub_link_close(world, link, action->text);
                break;
        default:
                hub_store(world, action);
                break;
        }
}

void hub_drain(World *world)
{
        HubParty *hub = &world->hub;
        ExchangeAction action;
        HubLink *link;

        if (hub->draining)
                return;
        hub->draining = true;
        while (exchange_next_action(hub->exchange, &action)) {
                carry_out(world, &action);
                exchange_action_done(&action);
        }
        hub->draining = false;
        hub->deadline = exchange_next_deadline(hub->exchange);
        DL_FOREACH (hub->links, link) {
                if (link->too_slow) {
                        hub_link_close(world, link, "it does not read");
                        break; /* it has been drained, which looked at the others */
                }
        }
}

/* ---- requests ---- */

static void tell_others(World *world, const HubLink *but, Message *message)
{
        HubLink *link, *next;

        DL_FOREACH_SAFE (world->hub.links, link, next) {
                if (link != but && link->handset->user == but->handset->user)
                        hub_link_send(world, link, message, 0);
        }
}

static void hub_history(World *world, HubLink *link, const Message *message)
{
        Message reply = {.type = MESSAGE_REPLY, .id = message->id};

        hub_commit(world);
        reply.reply.kind = REPLY_HISTORY;
        disk_page(world, handset_uid(link->handset), &message->history, &reply.reply.history);
        link_reply(world, link, &reply);
}

static void hub_seen(World *world, HubLink *link, const Message *message)
{
        CallRecord *records;
        Message reply;

        hub_commit(world);
        size_t n = disk_seen(world, link->handset, &message->sessions, &records);
        message_reply_ok(&reply, message->id);
        hub_link_send(world, link, &reply, 0);
        for (size_t i = 0; i < n; i++) {
                Message logged = {.type = MESSAGE_LOGGED, .logged = records[i]};

                tell_others(world, link, &logged);
        }
        call_records_free(records, n);
}

static void hub_forget(World *world, HubLink *link, const Message *message)
{
        Message reply;

        hub_commit(world);
        disk_forget(world, link->handset, &message->sessions);
        Message forgotten = {.type = MESSAGE_FORGOTTEN, .sessions = message->sessions};
        tell_others(world, link, &forgotten);
        message_reply_ok(&reply, message->id);
        hub_link_send(world, link, &reply, 0);
}

/*
 * A device that sends one signal, or one state, sometimes sends far more of them than anybody
 * needs: an even number of states, each another than the last.
 */
static void hub_flood(World *world, const HubLink *link, const Message *message)
{
        ExchangeNow moment = hub_moment(world);
        Message again = *message;

        if (chance(world, 1002, world->hub.n_moments, link->number) % FLOOD_ONE_IN != 0)
                return;
        trace(world, "hub: %s sends it again and again", handset_name(link->handset));
        again.id = FLOOD_ID;
        for (unsigned i = 0; i < 2 * SENDER_MESSAGES_MAX; i++) {
                if (message->type == MESSAGE_STATE)
                        again.state.sharing = !again.state.sharing;
                if (exchange_message(world->hub.exchange, &moment, link->number, &again) < 0)
                        abort();
        }
}

/* As the hub does: the history tells whose the id of an initiate is. */
void hub_to_exchange(World *world, const ExchangeNow *moment, const HubLink *link,
                     const Message *message)
{
        PastCalls *calls = call_history_past(hub_database_history(world->hub.disk.database));
        CallRecord record = {0};
        PastCall past = {0};
        int found = message->type == MESSAGE_INITIATE
                            ? past_calls_find(calls, handset_uid(link->handset),
                                              message->initiate.session_id, &record)
                            : 0;

        if (found == PAST_CALL_OWN)
                past.record = &record;
        laws_see_request(world, message);
        if (found < 0 || exchange_message_past(world->hub.exchange, moment, link->number, message,
                                               found > 0 ? &past : NULL) < 0)
                abort();
        call_record_done(&record);
}

static void hub_request(World *world, HubLink *link, const Message *message)
{
        ExchangeNow moment = hub_moment(world);

        if (message->ack > 0 && outbox_acknowledge(&link->outbox, message->ack) < 0) {
                law_broken(world, LAW_SEQ_GROWS, "%s acknowledges %lu, which was not sent",
                           handset_name(link->handset), (unsigned long)message->ack);
                return;
        }
        switch (message->type) {
        case MESSAGE_ACK:
                break;
        case MESSAGE_HISTORY:
                hub_history(world, link, message);
                break;
        case MESSAGE_SEEN:
                hub_seen(world, link, message);
                break;
        case MESSAGE_FORGET:
                hub_forget(world, link, message);
                break;
        default:
                if (message->type == MESSAGE_ALERTING)
                        laws_see_alerted(link->handset, message->session.session_id);
                link->handset->going = message->type == MESSAGE_GOING;
                hub_to_exchange(world, &moment, link, message);
                if (message->type == MESSAGE_SIGNAL || message->type == MESSAGE_STATE)
                        hub_flood(world, link, message);
                break;
        }
        hub_drain(world);
}

void hub_receive(World *world, Connection *connection, const char *text, size_t length)
{
        char sentence[MESSAGE_TEXT_MAX + 1];
        Message message;
        uint64_t id;
        int r = wire_decode(WIRE_FROM_DEVICE, text, length, &message, &id, sentence);

        trace(world, "hub: from %s: %.*s", handset_name(connection->handset), (int)length, text);
        world_count(world, COUNT_MESSAGES);
        if (r != 0) {
                law_broken(world, LAW_WELL_FORMED, "%s says what cannot be read: %s: %.*s",
                           handset_name(connection->handset), sentence, (int)MIN_OF(length, 200u),
                           text);
                return;
        }
        if (message.type == MESSAGE_HELLO)
                hub_hello(world, connection, &message);
        else if (connection->link)
                hub_request(world, connection->link, &message);
        message_done(&message);
}

void hub_link_suspend(World *world, HubLink *link)
{
        ExchangeNow moment = hub_moment(world);

        link->connection->link = NULL;
        link->connection = NULL;
        laws_see_link(link->handset);
        outbox_suspend(&link->outbox, world->now);
        link->suspended_until = outbox_resume_until(&link->outbox);
        exchange_suspend(world->hub.exchange, &moment, link->number);
}

void hub_lost(World *world, Connection *connection)
{
        trace(world, "hub: lost %s", handset_name(connection->handset));
        if (!connection->link)
                return;
        hub_link_suspend(world, connection->link);
        hub_drain(world);
}

static usec_t links_next(const HubParty *hub)
{
        usec_t next = USEC_NEVER;
        const HubLink *link;

        DL_FOREACH (hub->links, link)
                next = MIN_OF(next, link->suspended_until);
        return next;
}

static bool links_expire(World *world)
{
        HubLink *link;

        DL_FOREACH (world->hub.links, link) {
                if (link->suspended_until <= world->now) {
                        hub_link_close(world, link, "it has not come back");
                        return true;
                }
        }
        return false;
}

/* ---- its life ---- */

void hub_start(World *world)
{
        HubParty *hub = &world->hub;
        const ExchangeLimits limits = {.redial_pauses = world->weather.redial_pauses};

        trace(world, "hub: starts");
        disk_start(world);
        if (exchange_new(&limits, &hub->exchange) < 0 || hub_load(world) != 0)
                abort();
        hub->up = true;
        hub->up_since = world->now;
        for (unsigned h = 0; h < world->n_handsets; h++) {
                world->handsets[h].away_since = world->now;
                world->handsets[h].going = false;
        }
        hub->restart_at = hub->commit_at = USEC_NEVER;
        hub->prune_at = world->now + PRUNE_EVERY_US;
        laws_see_hub_up(world);
        if (disk_load(world) != 0)
                law_broken(world, LAW_STORED_BEFORE_CONFIRMED, "cannot restore a stored call");
        hub_drain(world);
}

void hub_stop(World *world)
{
        HubParty *hub = &world->hub;

        while (hub->pages)
                page_gone(world, hub->pages);
        while (hub->links)
                hub_link_free(hub, hub->links);
        writes_drop(hub);
        hub->exchange = exchange_free(hub->exchange);
        hub->up = false;
}

void hub_crash(World *world, usec_t time, bool noticed)
{
        Connection *connection;
        const HubWrite *write;

        DL_FOREACH (world->hub.writes, write)
                laws_see_undone(world, &write->action);
        trace(world, "hub: CRASHES for %lu ms", (unsigned long)(time / USEC_PER_MSEC));
        world_count(world, COUNT_HUB_CRASHES);
        hub_stop(world);
        world->hub.was_down = true;
        world->hub.restart_at = world->now + time;
        world->hub.deadline = USEC_NEVER;
        DL_FOREACH (world->connections, connection) {
                if (!connection->hub_has)
                        continue;
                if (noticed)
                        connection_reset(connection, 1);
                else
                        connection_go_dead(connection);
                connection->hub_has = false;
        }
}

usec_t hub_next(const World *world)
{
        const HubParty *hub = &world->hub;

        usec_t next = MIN_OF(MIN_OF(hub->deadline, hub->commit_at), hub->prune_at);

        return hub->up ? MIN_OF(next, links_next(hub)) : hub->restart_at;
}

void hub_act(World *world)
{
        HubParty *hub = &world->hub;
        ExchangeNow moment = hub_moment(world);

        if (!hub->up) {
                hub_start(world);
        } else if (hub->commit_at <= world->now) {
                hub_commit(world);
        } else if (hub->prune_at <= world->now) {
                hub->prune_at = world->now + PRUNE_EVERY_US;
                disk_prune(world);
        } else if (!links_expire(world)) {
                if (exchange_tick(hub->exchange, &moment) < 0)
                        abort();
                hub_drain(world);
        }
}
