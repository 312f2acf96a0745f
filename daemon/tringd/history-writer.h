/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Calls on their way into the history. Writing one takes longer than a ring may wait for, so they
 * are written when nothing has come for a moment, or before anybody reads. What a crash takes is in
 * the hub's log, and comes again. What cannot be written waits, and is tried again.
 */

#include <systemd/sd-event.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "store/history.h"

#define HISTORY_QUIET_US (50 * USEC_PER_MSEC) /* nobody sees it; a busy moment is over by then */
#define HISTORY_RETRY_US (10 * USEC_PER_SEC)  /* while it cannot be written: a full disk */
#define HISTORY_WAITING_MAX 256               /* calls: a quarter of a megabyte at most */

typedef struct HistoryWriter HistoryWriter;

/* `written` comes from the loop, or from history_writer_flush(). The history stays the caller's. */
int history_writer_new(sd_event *event, History *history, void (*written)(void *userdata),
                       void *userdata, HistoryWriter **ret);
HistoryWriter *history_writer_free(HistoryWriter *queue); /* writes what waits */
DEFINE_CLEANUP(HistoryWriter *, history_writer_free);

/* Copied; a later record of the same call takes the place of the one that waits. */
int history_writer_put(HistoryWriter *queue, const CallRecord *record);

/* Whether everything is written now. */
bool history_writer_flush(HistoryWriter *queue);
