/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the hub is made of; for hub*.c alone. */

#define HASH_NONFATAL_OOM 1
#include <uthash.h>
#include <utlist.h>

#include "hub/commit.h"
#include "hub/gate.h"
#include "hub/hub.h"

/* Who is behind a link, from its login on. */
typedef struct HubLink {
        EdgeLink *edge_link;
        struct HubUser *user; /* NULL for a link limited to one session's media */
        int64_t token_id;
        char device[DEVICE_ID_MAX + 1];
        struct HubLink *prev, *next;
} HubLink;

/* A user of whom somebody is there. */
typedef struct HubUser {
        UT_hash_handle hh;
        char uid[UID_MAX + 1];
        HubLink *links;
        size_t n_links;
} HubUser;

struct Hub {
        Keeper *keeper;
        const Config *config;
        Exchange *exchange;
        Commit *commit;
        Gate *gate;
        Edge *edge;
        HubUser *users;
        bool is_draining;
        bool removes_user; /* what is disconnected now is disconnected for good */

        uv_prepare_t turn_end;
        uv_timer_t deadline; /* the exchange's */
        uv_timer_t window;   /* the commit's */
        uv_timer_t pruning;
        usec_t deadline_at; /* what `deadline` is armed for */
};

void hub_moment(Moment *ret);
/* Carries out what the exchange wants done. */
void hub_drain(Hub *hub);
/* Sends it, or closes the link when there is no memory for it. */
void hub_send(EdgeLink *link, Message *message, uint64_t barrier);
void hub_reply_error(EdgeLink *link, uint64_t id, CallError error, const char *format, ...)
        _printf_(4, 5);
HubUser *hub_user_find(Hub *hub, const char *uid);
/* To all of the user's devices but one, which may be NULL. */
void hub_tell_others(Hub *hub, const char *uid, const HubLink *except, Message *message,
                     uint64_t barrier);

/* ---- hub-login.c ---- */

/* The first message of a link. */
void hub_login(Hub *hub, EdgeLink *link, const Message *message);
HubLink *hub_link_free(Hub *hub, HubLink *link);

/* ---- hub-operator.c ---- */

/* For the exchange. 0, -ENOMEM, or a CallError when it breaks a limit. */
int hub_put_group(Hub *hub, const RosterGroup *group);

/* ---- hub-store.c ---- */

/* Everything that there was before. */
int hub_load(Hub *hub);
/* Has what the exchange wants stored written with the next commit. */
int hub_store(Hub *hub, ExchangeAction *action);

/* ---- hub-history.c ---- */

void hub_history(Hub *hub, HubLink *link, const Message *message);
void hub_seen(Hub *hub, HubLink *link, const Message *message);
void hub_forget(Hub *hub, HubLink *link, const Message *message);
void hub_prune(uv_timer_t *timer);

#define HISTORY_BUDGET (56 * 1024) /* of WIRE_MESSAGE_MAX; the rest of a message has the rest */
