/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Writes ended calls to the history, behind (write-behind.h): when no call has ended for a moment,
 * or before the history is read. A crash before that loses nothing, since the hub has the records
 * and sends them again.
 */

#include <systemd/sd-event.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "store/history.h"

#define HISTORY_QUIET_US (50 * USEC_PER_MSEC) /* too short to notice; longer than a busy moment */
#define HISTORY_RETRY_US (10 * USEC_PER_SEC)  /* after a failure: a full disk */
#define HISTORY_WAITING_MAX 256               /* calls: a quarter of a megabyte at most */

typedef struct HistoryWriter HistoryWriter;

/* `written` comes from the loop, or from history_writer_flush(). The history stays the caller's. */
int history_writer_new(sd_event *event, History *history, void (*written)(void *userdata),
                       void *userdata, HistoryWriter **ret);
HistoryWriter *history_writer_free(HistoryWriter *writer); /* writes pending records */
DEFINE_CLEANUP(HistoryWriter *, history_writer_free);

/* Copied; a later record of the same call replaces a pending one. */
int history_writer_put(HistoryWriter *writer, const CallRecord *record);

/* Returns true if everything is written. */
bool history_writer_flush(HistoryWriter *writer);
