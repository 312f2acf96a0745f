/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Writes the records of ended calls to the history with a delay (write-behind.h): once no call has
 * ended for HISTORY_QUIET_US, or before the history is read. A crash before that loses nothing,
 * since the hub has the records and sends them again.
 */

#include <systemd/sd-event.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "store/history.h"

#define HISTORY_QUIET_US (50 * USEC_PER_MSEC) /* too short to notice; gathers a burst of calls */
#define HISTORY_RETRY_US (10 * USEC_PER_SEC)  /* after a failure, such as a full disk */
#define HISTORY_WAITING_MAX 256               /* records: a quarter of a megabyte at most */

typedef struct HistoryWriter HistoryWriter;

/*
 * `written` is called from the loop or from history_writer_flush(). `history` stays owned by the
 * caller.
 */
int history_writer_new(sd_event *event, History *history, void (*written)(void *userdata),
                       void *userdata, HistoryWriter **ret);
HistoryWriter *history_writer_free(HistoryWriter *writer); /* writes pending records */
DEFINE_CLEANUP(HistoryWriter *, history_writer_free);

/*
 * Queues a copy; a later record of the same call replaces a queued one. -EEXIST: as history_put().
 */
int history_writer_put(HistoryWriter *writer, const CallRecord *record);

/* Returns true if everything is written. */
bool history_writer_flush(HistoryWriter *writer);
