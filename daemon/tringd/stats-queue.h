/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* GetStats method calls that wait for a worker's answer. */

#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#include "wire/worker.h"

typedef struct StatsQueue StatsQueue;

int stats_queue_new(sd_event *event, StatsQueue **ret);
StatsQueue *stats_queue_free(StatsQueue *queue); /* waiting calls get MediaFailed */

/* Returns 0, -EBUSY when STATS_WAITING_MAX wait already, or -ENOMEM. */
int stats_queue_hold(StatsQueue *queue, sd_bus_message *message, uint64_t *ret_serial);
void stats_queue_answer(StatsQueue *queue, uint64_t serial, const WorkerStats *stats);
/* Drops a held call without a reply. */
void stats_queue_drop(StatsQueue *queue, uint64_t serial);
