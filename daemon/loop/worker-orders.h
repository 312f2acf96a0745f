/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Sends messages to a media worker. It gets STUN and TURN servers by address alone: a JOIN whose
 * servers have names waits until they are looked up (ice-lookup.h), and what comes after the JOIN
 * waits behind it. What protects does not wait: a MUTE or VIDEO_PAUSE changes the JOIN, a LEAVE or
 * QUIT takes it back, and a PING is answered at once, since nothing is open yet.
 */

#include "loop/worker-process.h"
#include "wire/worker.h"

/*
 * Other parties send signals, as many as they like: beyond these bytes in the queue they are
 * refused. The rest is kept for what this side orders.
 */
#define WORKER_ORDERS_SIGNALS_MAX (WORKER_PROCESS_QUEUE_MAX - 64 * 1024)

typedef struct WorkerOrders WorkerOrders;

/*
 * `process` outlives the orders. `unsent`: a JOIN that waited cannot be sent, and what waited
 * behind it is dropped; with it went a MUTE, whose question has been answered. End the worker. It
 * comes from the loop, and may free the orders. Returns 0 or -ENOMEM.
 */
int worker_orders_new(sd_event *event, WorkerProcess *process,
                      void (*unsent)(void *userdata, int r), void *userdata, WorkerOrders **ret);
WorkerOrders *worker_orders_free(WorkerOrders *orders);
DEFINE_CLEANUP(WorkerOrders *, worker_orders_free);

/*
 * `descriptor` is as in worker_process_send(). The message is copied where needed. Returns 0, or
 * the errors of worker_encode() and worker_process_send().
 */
int worker_orders_send(WorkerOrders *orders, const WorkerMessage *message, int descriptor);
