/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "loop/worker-orders.h"

#include <errno.h>

#include "base/array.h"
#include "base/log.h"
#include "loop/ice-lookup.h"

struct WorkerOrders {
        sd_event *event;
        WorkerProcess *process;
        void (*unsent)(void *userdata, int r);
        void *userdata;
        WorkerMessage join, relays; /* owned; that wait for addresses */
        IceLookup *join_lookup, *relays_lookup;
};

/* ---- to the process ---- */

typedef int (*SendFunction)(WorkerProcess *process, const char *text, size_t length,
                            int descriptor);

static int send_by(WorkerOrders *orders, SendFunction function, const WorkerMessage *message,
                   int descriptor)
{
        _cleanup_free_ char *text = NULL;
        size_t length;
        int r = worker_encode(message, &text, &length);

        if (r >= 0 && message->type == WORKER_SIGNAL_IN &&
            worker_process_queued(orders->process) + length > WORKER_ORDERS_SIGNALS_MAX)
                return -ENOBUFS;
        return r < 0 ? r : function(orders->process, text, length, descriptor);
}

/* ---- what waits ---- */

static void drop_join(WorkerOrders *orders)
{
        orders->join_lookup = ice_lookup_free(orders->join_lookup);
        worker_message_done(&orders->join);
        worker_process_drop_held(orders->process);
}

static void drop_relays(WorkerOrders *orders)
{
        orders->relays_lookup = ice_lookup_free(orders->relays_lookup);
        worker_message_done(&orders->relays);
}

static void on_join_ready(void *userdata)
{
        WorkerOrders *orders = userdata;

        orders->join_lookup = ice_lookup_free(orders->join_lookup);
        int r = send_by(orders, worker_process_send_ahead, &orders->join, -1);
        worker_message_done(&orders->join);
        if (r >= 0)
                r = worker_process_release(orders->process);
        if (r >= 0)
                return;
        worker_process_drop_held(orders->process);
        if (r != -ENOTCONN) /* its end is reported */
                orders->unsent(orders->userdata, r);
}

static void on_relays_ready(void *userdata)
{
        WorkerOrders *orders = userdata;

        orders->relays_lookup = ice_lookup_free(orders->relays_lookup);
        int r = send_by(orders, worker_process_send, &orders->relays, -1);
        worker_message_done(&orders->relays);
        if (r < 0 && r != -ENOTCONN)
                log_warning("cannot send to a media worker: %s", strerror(-r));
}

static int hold_join(WorkerOrders *orders, const WorkerMessage *message)
{
        const ReplyJoin *from = &message->join.reply;
        ReplyJoin *reply = &orders->join.join.reply;

        orders->join = *message;
        reply->others = NULL;
        reply->ice_servers = NULL;
        int r = ARRAY_COPY(&reply->others, from->others, from->n_others);
        if (r == 0)
                r = ARRAY_COPY(&reply->ice_servers, from->ice_servers, from->n_ice_servers);
        if (r == 0)
                r = ice_lookup_new(orders->event, reply->ice_servers, &reply->n_ice_servers,
                                   on_join_ready, orders, &orders->join_lookup);
        if (r == 0)
                worker_process_hold(orders->process);
        else
                worker_message_done(&orders->join);
        return r;
}

static int hold_relays(WorkerOrders *orders, const WorkerMessage *message)
{
        const ReplyRelays *from = &message->relays;
        ReplyRelays *relays = &orders->relays.relays;

        orders->relays = *message;
        relays->ice_servers = NULL;
        int r = ARRAY_COPY(&relays->ice_servers, from->ice_servers, from->n_ice_servers);
        if (r == 0)
                r = ice_lookup_new(orders->event, relays->ice_servers, &relays->n_ice_servers,
                                   on_relays_ready, orders, &orders->relays_lookup);
        if (r < 0)
                worker_message_done(&orders->relays);
        return r;
}

/* ---- each message ---- */

/* Without a lookup the worker gets the names: it may have a name server that it can ask. */
static int send_join(WorkerOrders *orders, const WorkerMessage *message)
{
        const ReplyJoin *reply = &message->join.reply;

        drop_join(orders);
        drop_relays(orders);
        if (ice_lookup_is_needed(reply->ice_servers, reply->n_ice_servers) &&
            hold_join(orders, message) == 0)
                return 0;
        return send_by(orders, worker_process_send, message, -1);
}

static int send_relays(WorkerOrders *orders, const WorkerMessage *message)
{
        const ReplyRelays *relays = &message->relays;

        drop_relays(orders);
        if (ice_lookup_is_needed(relays->ice_servers, relays->n_ice_servers) &&
            hold_relays(orders, message) == 0)
                return 0;
        return send_by(orders, worker_process_send, message, -1);
}

/* Returns whether the JOIN that waits has taken it in. */
static bool change_join(WorkerOrders *orders, const WorkerMessage *message)
{
        if (!orders->join_lookup)
                return false;
        WorkerJoin *join = &orders->join.join;
        if (message->type == WORKER_MUTE)
                join->muted = message->on;
        else
                join->video_paused = message->on;
        /* Who switches the camera on in a call without pictures offers some. */
        if (message->type == WORKER_VIDEO_PAUSE)
                join->video = join->video || !message->on;
        return true;
}

int worker_orders_send(WorkerOrders *orders, const WorkerMessage *message, int descriptor)
{
        if (message->type == WORKER_JOIN)
                return send_join(orders, message);
        if (message->type == WORKER_RELAYS)
                return send_relays(orders, message);
        if (message->type == WORKER_PING)
                return send_by(orders, worker_process_send_ahead, message, -1);
        if (message->type == WORKER_LEAVE || message->type == WORKER_QUIT)
                drop_join(orders);
        if ((message->type == WORKER_MUTE || message->type == WORKER_VIDEO_PAUSE) &&
            change_join(orders, message))
                return 0;
        return send_by(orders, worker_process_send, message, descriptor);
}

int worker_orders_new(sd_event *event, WorkerProcess *process,
                      void (*unsent)(void *userdata, int r), void *userdata, WorkerOrders **ret)
{
        WorkerOrders *orders = calloc(1, sizeof(*orders));

        if (!orders)
                return -ENOMEM;
        orders->event = sd_event_ref(event);
        orders->process = process;
        orders->unsent = unsent;
        orders->userdata = userdata;
        *ret = orders;
        return 0;
}

WorkerOrders *worker_orders_free(WorkerOrders *orders)
{
        if (!orders)
                return NULL;
        ice_lookup_free(orders->join_lookup);
        ice_lookup_free(orders->relays_lookup);
        worker_message_done(&orders->join);
        worker_message_done(&orders->relays);
        sd_event_unref(orders->event);
        free(orders);
        return NULL;
}
