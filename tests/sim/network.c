/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdlib.h>
#include <utlist.h>

#include "sim.h"

/*
 * A connection is two pipes that deliver in order. It may be closed by one end, reset by the
 * network, stalled for a while, or go dead: then nothing arrives, and each end finds out by itself,
 * the hub by its pings (rule 17), the device by their absence.
 */

#define SPIKE_ONE_IN 64 /* one of so many packets takes 20 times as long */
#define HUB_NOTICES_US (20 * USEC_PER_SEC)
#define PHONE_NOTICES_US (75 * USEC_PER_SEC)

static void packet_free(Pipe *pipe, Packet *packet)
{
        DL_DELETE(pipe->packets, packet);
        free(packet->text);
        free(packet);
}

static void pipe_empty(Pipe *pipe, unsigned delivered)
{
        Packet *packet, *next;

        DL_FOREACH_SAFE (pipe->packets, packet, next) {
                if (delivered > 0)
                        delivered--;
                else
                        packet_free(pipe, packet);
        }
}

Connection *connection_new(Handset *handset)
{
        World *world = handset->world;
        Connection *connection = calloc(1, sizeof(*connection));

        if (!connection)
                abort();
        connection->handset = handset;
        connection->ordinal = ++handset->n_connections;
        connection->phone_has = connection->hub_has = true;
        connection->phone_notices_at = connection->hub_notices_at = USEC_NEVER;
        DL_APPEND(world->connections, connection);
        world_count(world, COUNT_CONNECTIONS);
        return connection;
}

static void connection_free(Connection *connection)
{
        pipe_empty(&connection->to_hub, 0);
        pipe_empty(&connection->to_phone, 0);
        DL_DELETE(connection->handset->world->connections, connection);
        free(connection);
}

void connections_sweep(World *world, bool all)
{
        Connection *connection, *next;

        DL_FOREACH_SAFE (world->connections, connection, next) {
                if (all || (!connection->hub_has && !connection->phone_has))
                        connection_free(connection);
        }
}

static usec_t pipe_delay(const Connection *connection, const Pipe *pipe)
{
        const World *world = connection->handset->world;
        uint64_t which = connection->handset->index * 2 + (pipe == &connection->to_hub);
        uint64_t dice = chance(world, which, connection->ordinal, pipe->n_sent);
        usec_t most = world->weather.delay_most;

        if (dice % SPIKE_ONE_IN == 0)
                return most;
        return 1 + (dice >> 8) % MAX_OF(most / 20, (usec_t)1);
}

static void pipe_put(Connection *connection, Pipe *pipe, bool closes, const char *text,
                     size_t length)
{
        World *world = connection->handset->world;
        Packet *packet;

        if (connection->dead)
                return;
        packet = calloc(1, sizeof(*packet));
        if (!packet)
                abort();
        pipe->n_sent++;
        packet->at = MAX_OF(world->now + pipe_delay(connection, pipe), pipe->last_at);
        packet->at = MAX_OF(packet->at, pipe->stalled_until);
        pipe->last_at = packet->at;
        packet->closes = closes;
        if (text) {
                packet->text = strndup(text, length);
                packet->length = length;
        }
        DL_APPEND(pipe->packets, packet);
}

void connection_send(Connection *connection, bool to_hub, const char *text, size_t length)
{
        pipe_put(connection, to_hub ? &connection->to_hub : &connection->to_phone, false, text,
                 length);
}

static void connection_tell_closed(Connection *connection)
{
        if (connection->hub_has)
                pipe_put(connection, &connection->to_hub, true, NULL, 0);
        if (connection->phone_has)
                pipe_put(connection, &connection->to_phone, true, NULL, 0);
}

void connection_close(Connection *connection, bool by_hub)
{
        if (by_hub)
                connection->hub_has = false;
        else
                connection->phone_has = false;
        connection_tell_closed(connection);
}

void connection_reset(Connection *connection, unsigned delivered)
{
        if (connection->dead)
                return;
        connection->disturbed_at = connection->handset->world->now;
        pipe_empty(&connection->to_hub, delivered);
        pipe_empty(&connection->to_phone, delivered);
        connection_tell_closed(connection);
        connection->dead = true; /* no more packets are accepted */
}

void connection_go_dead(Connection *connection)
{
        const World *world = connection->handset->world;
        uint64_t dice = chance(world, connection->handset->index, connection->ordinal, world->now);

        if (connection->dead)
                return;
        connection->dead = true;
        connection->disturbed_at = world->now;
        pipe_empty(&connection->to_hub, 0);
        pipe_empty(&connection->to_phone, 0);
        connection->hub_notices_at = world->now + dice % HUB_NOTICES_US;
        connection->phone_notices_at = world->now + (dice >> 20) % PHONE_NOTICES_US;
}

void connection_stall(Connection *connection, usec_t time, bool to_hub)
{
        Pipe *pipe = to_hub ? &connection->to_hub : &connection->to_phone;
        usec_t until = connection->handset->world->now + time;
        Packet *packet;

        pipe->stalled_until = MAX_OF(pipe->stalled_until, until);
        connection->disturbed_at = MAX_OF(connection->disturbed_at, until);
        pipe->last_at = MAX_OF(pipe->last_at, until);
        DL_FOREACH (pipe->packets, packet)
                packet->at = MAX_OF(packet->at, until);
}

static usec_t pipe_next(const Pipe *pipe)
{
        return pipe->packets ? pipe->packets->at : USEC_NEVER;
}

static usec_t phone_side_next(const Connection *connection)
{
        usec_t at = MIN_OF(pipe_next(&connection->to_phone),
                           connection->phone_has ? connection->phone_notices_at : USEC_NEVER);

        return at == USEC_NEVER ? at : MAX_OF(at, connection->handset->frozen_until);
}

static usec_t hub_side_next(const Connection *connection)
{
        return MIN_OF(pipe_next(&connection->to_hub),
                      connection->hub_has ? connection->hub_notices_at : USEC_NEVER);
}

usec_t connection_next(const Connection *connection)
{
        return MIN_OF(phone_side_next(connection), hub_side_next(connection));
}

static Packet *pipe_take(Pipe *pipe)
{
        Packet *packet = pipe->packets;

        if (packet)
                DL_DELETE(pipe->packets, packet);
        return packet;
}

static void deliver_to_phone(Connection *connection, const Packet *packet)
{
        Handset *handset = connection->handset;

        if (!connection->phone_has)
                return;
        if (packet && !packet->closes) {
                handset_receive(handset, connection, packet->text, packet->length);
                return;
        }
        connection->phone_has = false;
        connection->phone_notices_at = USEC_NEVER;
        handset_lost(handset, connection);
}

static void deliver_to_hub(Connection *connection, const Packet *packet)
{
        World *world = connection->handset->world;

        if (!connection->hub_has)
                return;
        if (!world->hub.up) {
                connection_close(connection, true);
                return;
        }
        if (packet && !packet->closes) {
                hub_receive(world, connection, packet->text, packet->length);
                return;
        }
        connection->hub_has = false;
        connection->hub_notices_at = USEC_NEVER;
        hub_lost(world, connection);
}

void connection_act(Connection *connection)
{
        bool to_hub = hub_side_next(connection) <= phone_side_next(connection);
        Pipe *pipe = to_hub ? &connection->to_hub : &connection->to_phone;
        usec_t notices_at = to_hub ? connection->hub_notices_at : connection->phone_notices_at;
        Packet *packet = pipe_next(pipe) <= notices_at ? pipe_take(pipe) : NULL;

        if (to_hub)
                deliver_to_hub(connection, packet);
        else
                deliver_to_phone(connection, packet);
        if (packet) {
                free(packet->text);
                free(packet);
        }
}
