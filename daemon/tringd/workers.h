/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The media workers: one tring-media for each call that may need one. The events carry their
 * reports to the phone, and the functions carry the phone's actions to them.
 *
 * Events come from the loop, never from inside a function called here, with one exception: if
 * memory runs out, workers_start() reports `gone` at once.
 */

#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#include "phone/phone.h"
#include "wire/worker.h"

/* Delay before a process is started, so that the bus delivers the signals first. */
#define WORKER_START_DELAY_US (2 * USEC_PER_MSEC)
#define STATS_TIMEOUT_US (10 * USEC_PER_SEC) /* dbus/README.md, Timeouts */
#define STATS_WAITING_MAX 32                 /* per session; further ones are refused */

typedef struct Workers Workers;

typedef struct WorkersEvents {
        /* Any message but WORKER_STATS, WORKER_LOG, WORKER_PIPEWIRE_WANTED and
         * WORKER_REALTIME_WANTED, which are dealt with here. */
        void (*message)(void *userdata, const char *session_id, const WorkerMessage *message);
        /*
         * The worker ended without workers_stop(). `text` is a sentence. `may_run`: it, or an
         * earlier one in whose place it could not be started, has not ended, and nothing can end
         * it.
         */
        void (*gone)(void *userdata, const char *session_id, const char *text, bool may_run);
} WorkersEvents;

/* `program` is tring-media; `folder` holds the sockets, NULL: there can be no workers. */
int workers_new(sd_event *event, const char *program, const char *folder,
                const WorkersEvents *events, void *userdata, Workers **ret);
Workers *workers_free(Workers *workers); /* leaves them running: a successor adopts them */
DEFINE_CLEANUP(Workers *, workers_free);

/*
 * Adopts the worker that another tringd left, or starts one after a delay. A failure is reported as
 * `gone`. Messages may be sent at once.
 */
void workers_start(Workers *workers, const char *session_id);
/* Adopts the running worker of this session, if any. Returns whether there is one now. */
bool workers_adopt(Workers *workers, const char *session_id);
/*
 * Sends a message. Does nothing if the worker is gone, which `gone` has reported. One that cannot
 * be given an order, now or once a name is looked up, is killed: for want of memory, or as it reads
 * so little that there is no room.
 */
void workers_send(Workers *workers, const char *session_id, const WorkerMessage *message);
void workers_send_all(Workers *workers, const WorkerMessage *message);
/*
 * Sends a message with a file descriptor, which stays owned by the caller. Returns 0 or negative
 * errno.
 */
int workers_send_with(Workers *workers, const char *session_id, const WorkerMessage *message,
                      int descriptor);
void workers_stop(Workers *workers, const char *session_id);

/* Asks for one WORKER_PONG with this serial. A worker that answers nothing for long is killed. */
void workers_ask(Workers *workers, const char *session_id, uint64_t serial);
/*
 * Ends the worker's connections to PipeWire, and so its streams. Returns 0 if that is all of them;
 * -EINPROGRESS: there may be more, so the worker is killed, and `gone` follows.
 */
int workers_cut(Workers *workers, const char *session_id);
void workers_kill(Workers *workers, const char *session_id); /* `gone` follows */

/*
 * Answers a GetStats, now or later. Returns 0 when the message is held, -ENOENT without a worker,
 * -EBUSY when too many wait, or -ENOMEM.
 */
int workers_stats(Workers *workers, const char *session_id, sd_bus_message *message);
