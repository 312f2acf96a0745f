/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Links whose connection is lost (rule 17): their events are kept until the device comes back for
 * them, or has been away for too long, or there are too many.
 */

#include <errno.h>

#include "base/log.h"
#include "hub/hub-internal.h"

void hub_link_suspend(Hub *hub, HubLink *link)
{
        Moment moment;

        hub_moment(&moment);
        exchange_suspend(hub->exchange, &moment, link->number);
        link->outbox = edge_link_take_outbox(link->edge_link);
        outbox_suspend(&link->outbox, moment.now);
        edge_link_set_userdata(link->edge_link, NULL);
        link->edge_link = NULL;
        DL_APPEND2(hub->suspended, link, waits_prev, waits_next);
}

void hub_link_give_up(Hub *hub, HubLink *link)
{
        uint64_t number = link->number;
        Moment moment;

        hub_moment(&moment);
        hub_link_free(hub, link);
        exchange_detach(hub->exchange, &moment, number);
}

usec_t hub_next_expiry(const Hub *hub)
{
        return hub->suspended ? outbox_kept_until(&hub->suspended->outbox) : USEC_NEVER;
}

void hub_expire_links(Hub *hub, usec_t now)
{
        while (hub_next_expiry(hub) <= now)
                hub_link_give_up(hub, hub->suspended);
}

static HubLink *find_link(Hub *hub, const KeeperToken *token, const MessageHello *hello)
{
        HubUser *user = hub_user_find(hub, token->uid);
        HubLink *link;

        if (!user)
                return NULL;
        DL_FOREACH (user->links, link) {
                if (str_eq(link->name, hello->resume) && str_eq(link->device, hello->device))
                        return link;
        }
        return NULL;
}

/* The device has noticed before us that its connection is of no use. */
static void leave_old_connection(Hub *hub, HubLink *link)
{
        EdgeLink *edge_link = link->edge_link;

        if (!edge_link)
                return;
        hub_link_suspend(hub, link);
        edge_close(edge_link, WIRE_CLOSE_REPLACED,
                   "this device has come back on another connection");
}

static int resume(Hub *hub, HubLink *link, EdgeLink *edge_link, const Message *hello,
                  const KeeperUser *user)
{
        Party party = {0};
        Moment moment;

        hub_moment(&moment);
        int r = outbox_resume(&link->outbox, hello->hello.resume_seq, moment.now);
        if (r >= 0)
                r = exchange_resume(hub->exchange, &moment, link->number);
        if (r < 0)
                return r;
        DL_DELETE2(hub->suspended, link, waits_prev, waits_next);
        link->edge_link = edge_link;
        edge_link_set_userdata(edge_link, link);
        edge_link_welcome(edge_link);
        STR_SET(party.uid, user->uid);
        STR_SET(party.name, user->name);
        STR_SET(party.device, link->device);
        Outbox outbox = link->outbox;
        link->outbox = (Outbox){0};
        r = hub_welcome(hub, link, hello, &party, user->when_busy, true);
        if (r < 0)
                outbox_done(&outbox);
        else
                edge_link_put_outbox(edge_link, &outbox);
        return r;
}

bool hub_link_resume(Hub *hub, EdgeLink *edge_link, const Message *hello, const KeeperToken *token,
                     const KeeperUser *user)
{
        HubLink *link = find_link(hub, token, &hello->hello);

        if (!link)
                return false;
        leave_old_connection(hub, link);
        link->token_id = token->id;
        int r = resume(hub, link, edge_link, hello, user);
        if (r >= 0) {
                log_fields(LOG_INFO, "a device is back", "PEER=%s", user->uid, "DEVICE=%s",
                           link->device, NULL);
        } else if (link->edge_link) {
                log_error("a device cannot be told what it missed: %s", strerror(-r));
                edge_close(edge_link, WIRE_CLOSE_GOING_AWAY, "the hub is out of memory");
                r = 0;
        } else {
                hub_link_give_up(hub, link);
        }
        hub_drain(hub);
        return r >= 0;
}
