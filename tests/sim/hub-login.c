/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <utlist.h>

#include "sim.h"

/* A device connects: new, with a snapshot, or resumed, with the events that it has missed. */

static void hub_snapshot(World *world, HubLink *link, ReplyWelcome *welcome)
{
        ExchangeNow moment = hub_moment(world);

        if (exchange_snapshot(world->hub.exchange, &moment, link->number, &welcome->calls,
                              &welcome->n_calls) < 0)
                abort();
}

static void hub_say_settings(World *world, const char *uid, ReplyWelcome *welcome)
{
        const Exchange *exchange = world->hub.exchange;

        welcome->when_busy = world->hub.disk.when_busy[user_number(uid)];
        welcome->has_who_may_ring = true;
        welcome->who_may_ring = exchange_user_who_may_ring(exchange, uid);
        if (exchange_user_groups(exchange, uid, &welcome->groups, &welcome->n_groups) != 0 ||
            exchange_user_blocked(exchange, uid, &welcome->blocked, &welcome->n_blocked) != 0)
                abort();
}

static void hub_welcome(World *world, HubLink *link, const Message *hello, bool resumed)
{
        const char *uid = handset_uid(link->handset);
        Message message = {.type = MESSAGE_REPLY, .id = hello->id};
        ReplyWelcome *welcome = &message.reply.welcome;

        message.reply.kind = REPLY_WELCOME;
        hub_say_settings(world, uid, welcome);
        STR_SET(welcome->user.uid, uid);
        STR_SET(welcome->user.name, uid);
        STR_SET(welcome->user.device, hello->hello.device);
        STR_SET(welcome->link, link->name);
        welcome->resumed = resumed;
        welcome->clock = hub_date(world);
        if (!resumed)
                hub_snapshot(world, link, welcome);
        disk_changes(world, uid, hello->hello.history_since, welcome);
        hub_link_send(world, link, &message, 0);
        message_done(&message);
        if (resumed)
                return;

        message = (Message){.type = MESSAGE_FORGOTTEN};
        disk_deletions(world, uid, hello->hello.history_since, &message.sessions);
        if (message.sessions.count > 0)
                hub_link_send(world, link, &message, 0);
        message_done(&message);
}

static void link_connect(HubLink *link, Connection *connection)
{
        link->connection = connection;
        link->suspended_until = USEC_NEVER;
        connection->link = link;
        link->handset->away_since = USEC_NEVER;
        link->handset->going = false;
}

static void on_taken(const Frame *frame, void *userdata)
{
        const HubLink *link = userdata;

        exchange_taken(link->handset->world->hub.exchange, link->number, frame->from,
                       frame->n_paid);
}

static HubLink *link_new(World *world, Connection *connection)
{
        HubParty *hub = &world->hub;
        HubLink *link = calloc(1, sizeof(*link));

        if (!link)
                abort();
        link->number = ++hub->n_links;
        snprintf(link->name, sizeof(link->name), "11111111-0000-4000-8000-%012u",
                 (unsigned)link->number);
        link->handset = connection->handset;
        link->outbox.owner = (OutboxOwner){.taken = on_taken, .userdata = link};
        link_connect(link, connection);
        DL_APPEND(hub->links, link);
        return link;
}

/* The link to resume, which has no connection now; NULL if none fits, or too much is lost. */
static HubLink *link_to_resume(World *world, const Connection *connection, const Message *hello)
{
        HubLink *link;

        DL_FOREACH (world->hub.links, link) {
                if (str_eq(link->name, hello->hello.resume) && link->handset == connection->handset)
                        break;
        }
        if (!link || link->too_slow)
                return NULL;
        /* The hub has not noticed yet that the previous connection is gone. */
        if (link->connection) {
                connection_close(link->connection, true);
                hub_link_suspend(world, link);
        }
        return outbox_resume(&link->outbox, hello->hello.resume_seq, world->now) < 0 ? NULL : link;
}

void hub_intrude(World *world, HubLink *link, const Case *the_case)
{
        ExchangeNow moment = hub_moment(world);
        Message message = {.type = MESSAGE_INITIATE, .id = INTRUDER_ID};
        MessageInitiate *initiate = &message.initiate;

        trace(world, "hub: %s takes call %u for its own", handset_name(link->handset),
              the_case->number);
        snprintf(initiate->session_id, sizeof(initiate->session_id),
                 "00000000-0000-4000-8000-%012u", the_case->number);
        STR_SET(initiate->receiver, the_case->receiver);
        initiate->receiver_type = the_case->is_group ? RECEIVER_TYPE_GROUP : RECEIVER_TYPE_USER;
        hub_to_exchange(world, &moment, link, &message);
        hub_drain(world);
}

/* Why the hub does not let this device in. */
static HubRefusal hub_refuses(const World *world, const Handset *handset)
{
        if (world->now < world->hub.strange_until)
                return HUB_REFUSAL_TOKEN;
        return world->hub.disk.removed[handset->user] ? HUB_REFUSAL_REVOKED : HUB_REFUSAL_NONE;
}

void hub_hello(World *world, Connection *connection, const Message *hello)
{
        HubParty *hub = &world->hub;

        connection->refusal = hub_refuses(world, connection->handset);
        if (connection->refusal != HUB_REFUSAL_NONE) {
                connection_close(connection, true);
                return;
        }
        HubLink *link = link_to_resume(world, connection, hello);
        ExchangeNow moment = hub_moment(world);

        /* The snapshot must include what is about to be committed. */
        hub_commit(world);

        if (link && exchange_resume(hub->exchange, &moment, link->number) == 0) {
                Outbox missed = link->outbox;

                link->outbox = (Outbox){0}; /* the welcome precedes the missed events */
                link_connect(link, connection);
                hub_welcome(world, link, hello, true);
                link->outbox = missed;
                hub_link_flush(world, link);
        } else {
                link = link_new(world, connection);
                if (exchange_attach(hub->exchange, &moment, link->number,
                                    handset_uid(link->handset), hello->hello.device,
                                    hello->hello.device) != 0)
                        abort();
                hub_welcome(world, link, hello, false);
        }
        hub_drain(world);
}
