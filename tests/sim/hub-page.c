/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdlib.h>
#include <utlist.h>

#include "sim.h"

/*
 * Connections limited to one session's media, made with a join token. Messages to them arrive at
 * once, and none of them survives the hub.
 */

#define PAGE_REQUEST_ID 1

Page *page_of_link(const HubParty *hub, uint64_t link)
{
        Page *page;

        DL_SEARCH_SCALAR(hub->pages, page, link, link);
        return page;
}

static void page_left(Page *page)
{
        if (str_empty(page->participant))
                return;
        *page->participant = '\0';
        laws_see_page(page, false);
}

void page_gone(World *world, Page *page)
{
        trace(world, "hub: the page of %s goes", handset_name(page->handset));
        page_left(page);
        DL_DELETE(world->hub.pages, page);
        free(page);
}

static void page_joined(World *world, Page *page, const ReplyJoin *reply)
{
        laws_see_joined(world, reply->participant);
        STR_SET(page->participant, reply->participant);
        STR_SET(page->peer, reply->n_others > 0 ? reply->others[0].id : "");
        laws_see_page(page, true);
}

void page_receive(World *world, Page *page, const Message *message)
{
        const Participant *news = &message->participant.participant;

        switch (message->type) {
        case MESSAGE_REPLY:
                if (message->reply.kind == REPLY_JOIN && !message->reply.error)
                        page_joined(world, page, &message->reply.join);
                break;
        case MESSAGE_JOINED:
                STR_SET(page->peer, news->id);
                break;
        case MESSAGE_LEFT:
                if (str_eq(news->id, page->participant))
                        page_left(page);
                break;
        case MESSAGE_SIGNALLED:
                laws_see_page_signal(world, page, &message->signal);
                break;
        default:
                break;
        }
}

static void page_ask(World *world, const Page *page, Message *message)
{
        ExchangeNow moment = hub_moment(world);

        message->id = PAGE_REQUEST_ID;
        STR_SET(message->session.session_id, page->session_id);
        laws_see_request(world, message);
        if (exchange_message(world->hub.exchange, &moment, page->link, message) < 0)
                abort();
        hub_drain(world);
}

static void page_join(World *world, const Page *page)
{
        Message join = {.type = MESSAGE_JOIN};

        STR_SET(join.join.token, page->token);
        page_ask(world, page, &join);
}

void page_open(World *world, Handset *handset)
{
        HubParty *hub = &world->hub;
        ExchangeNow moment = hub_moment(world);
        Party party;

        if (!hub->up || str_empty(handset->token))
                return;
        uint64_t number = ++hub->n_links;
        if (exchange_attach_session(hub->exchange, &moment, number, handset->token, &party) != 0)
                return;
        trace(world, "hub: a page comes for %s", handset_name(handset));
        Page *page = calloc(1, sizeof(*page));
        if (!page)
                abort();
        page->link = number;
        page->handset = handset;
        STR_SET(page->session_id, handset->token_session);
        STR_SET(page->token, handset->token);
        DL_APPEND(hub->pages, page);
        hub_drain(world); /* this removes an older one */
        if (page_of_link(hub, number))
                page_join(world, page);
}

static void page_close(World *world, Page *page)
{
        ExchangeNow moment = hub_moment(world);
        uint64_t link = page->link;

        page_gone(world, page);
        exchange_detach(world->hub.exchange, &moment, link);
        hub_drain(world);
}

static void page_signal(World *world, const Page *page)
{
        Message signal = {.type = MESSAGE_SIGNAL};

        STR_SET(signal.signal.peer, page->peer);
        signal.signal.data = (char *)page->peer; /* borrowed */
        page_ask(world, page, &signal);
}

static void page_leave(World *world, Page *page)
{
        Message leave = {.type = MESSAGE_LEAVE};
        uint64_t link = page->link;

        page_ask(world, page, &leave);
        if ((page = page_of_link(&world->hub, link)))
                page_left(page);
}

void page_act(World *world, Page *page, uint32_t dice)
{
        switch (dice % 4) {
        case 0:
                page_join(world, page);
                break;
        case 1:
                page_leave(world, page);
                break;
        case 2:
                if (!str_empty(page->peer))
                        page_signal(world, page);
                break;
        default:
                page_close(world, page);
                break;
        }
}
