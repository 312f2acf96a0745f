/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The hub's face to the devices: WebSocket by libwebsockets on the libuv loop. Accepts, upgrades,
 * puts frames together to messages of bounded size, keeps connections alive, and writes what stands
 * in each link's outbox. What messages mean is the handler's business.
 */

#include <libwebsockets.h>
#include <uv.h>

#include "hub/outbox.h"
#include "hub/web-files.h"
#include "wire/wire.h"

#define HELLO_DEADLINE_US (10 * USEC_PER_SEC) /* a connection without a user is nobody's */
#define PING_IN_CALL_US (5 * USEC_PER_SEC)    /* rule 17 */
#define PING_IDLE_US (30 * USEC_PER_SEC)      /* rule 17 */
#define PINGS_MISSED_IN_CALL 2                /* rule 17 */
#define PINGS_MISSED_IDLE 3                   /* wire-protocol, keep-alive */
#define CLOSE_DEADLINE_S 5                    /* for the last words to be written */
#define EDGE_ADDRESS_MAX 46                   /* INET6_ADDRSTRLEN */

typedef struct Edge Edge;
typedef struct EdgeLink EdgeLink;

typedef struct EdgeHandler {
        /* A message came; `text` is gone afterwards. */
        void (*message)(EdgeLink *link, const char *text, size_t length, void *userdata);
        /* The connection is gone, or going: nothing more will be sent or received. Called once. */
        void (*closed)(EdgeLink *link, void *userdata);
        /* Is this link to be pinged often? */
        bool (*in_call)(EdgeLink *link, void *userdata);
        void *userdata;
} EdgeHandler;

typedef struct EdgeOptions {
        const char *host;
        uint16_t port;                 /* 0: any that is free */
        const char *certificate, *key; /* PEM files, or both NULL */
        uint32_t max_events;           /* unacknowledged, per link */
        const WebFiles *web;           /* the page to serve; NULL: none */
} EdgeOptions;

/* `context` and `loop` outlive it. On failure there is a sentence in *ret_text. */
int edge_new(struct lws_context *context, uv_loop_t *loop, const EdgeOptions *options,
             const EdgeHandler *handler, Edge **ret, char **ret_text);
/* Closes every connection as "going away". The context must be served until it is destroyed. */
void edge_stop(Edge *edge);
bool edge_is_empty(const Edge *edge); /* every connection is gone */
Edge *edge_free(Edge *edge);          /* after the context is gone and the loop has run out */
DEFINE_CLEANUP(Edge *, edge_free);

uint16_t edge_port(const Edge *edge);

/* Commits up to this number are done: sends what has waited for them. */
void edge_committed(Edge *edge, uint64_t committed);

/* Before the loop waits again: closes what is through with its last words. */
void edge_turn_end(Edge *edge);

const char *edge_link_address(const EdgeLink *link);
/* The bearer token that came with the upgrade, or NULL; it is wiped by edge_link_welcome(). */
const char *edge_link_bearer(const EdgeLink *link);
/* Somebody has logged in: the link may stay. */
void edge_link_welcome(EdgeLink *link);
/* The connection has gone of itself: nobody closed it here. */
bool edge_link_is_lost(const EdgeLink *link);
/* From one that is gone. */
Outbox edge_link_take_outbox(EdgeLink *link);
/* What was kept for a device that is back; it goes behind the link's own. Leaves `outbox` empty. */
void edge_link_put_outbox(EdgeLink *link, Outbox *outbox);
void *edge_link_userdata(const EdgeLink *link);
void edge_link_set_userdata(EdgeLink *link, void *userdata);

/* The messages of a closing link go nowhere. A link that cannot take it is closed as too slow. */
int edge_send(EdgeLink *link, Message *message, uint64_t barrier);
int edge_acknowledge(EdgeLink *link, uint64_t seq);
uint32_t edge_replies_waiting(const EdgeLink *link);

/* It says what makes no sense: is read from again when its turn comes (edge.c), so that others are.
 */
void edge_pause(EdgeLink *link);

/* Closes when what waits has been written. `handler->closed` is called now. */
void edge_close(EdgeLink *link, WireClose code, const char *text);
