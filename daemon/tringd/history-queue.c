/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tringd/history-queue.h"

#include <errno.h>
#include <utlist.h>

#include "base/log.h"

#define QUIET_ACCURACY_US (10 * USEC_PER_MSEC)

typedef struct Waiting {
        CallRecord record;
        struct Waiting *prev, *next;
} Waiting;

struct HistoryQueue {
        History *history;
        void (*written)(void *userdata);
        void *userdata;
        sd_event_source *timer;
        Waiting *waiting;
        size_t count;
};

static Waiting *waiting_free(Waiting *waiting)
{
        if (waiting)
                call_record_done(&waiting->record);
        free(waiting);
        return NULL;
}
DEFINE_CLEANUP(Waiting *, waiting_free);

static bool write_all(HistoryQueue *queue)
{
        Waiting *waiting, *next;
        bool any = queue->count > 0;

        DL_FOREACH_SAFE (queue->waiting, waiting, next) {
                int r = history_put(queue->history, &waiting->record);

                if (r < 0)
                        log_fields(LOG_WARNING, "the history misses a call", "SESSION_ID=%s",
                                   waiting->record.session_id, "WHY=%s", strerror(-r), NULL);
                DL_DELETE(queue->waiting, waiting);
                waiting_free(waiting);
        }
        queue->count = 0;
        (void)sd_event_source_set_enabled(queue->timer, SD_EVENT_OFF);
        return any;
}

void history_queue_flush(HistoryQueue *queue)
{
        if (write_all(queue))
                queue->written(queue->userdata);
}

static int on_quiet(sd_event_source *source, uint64_t usec, void *userdata)
{
        history_queue_flush(userdata);
        return 0;
}

static void wait_for_quiet(HistoryQueue *queue)
{
        int r = sd_event_source_set_time_relative(queue->timer, HISTORY_QUIET_US);

        if (r >= 0)
                r = sd_event_source_set_enabled(queue->timer, SD_EVENT_ONESHOT);
        if (r < 0)
                history_queue_flush(queue);
}

static Waiting *find_waiting(HistoryQueue *queue, const char *session_id)
{
        Waiting *waiting;

        DL_FOREACH (queue->waiting, waiting)
                if (str_eq(waiting->record.session_id, session_id))
                        return waiting;
        return NULL;
}

int history_queue_put(HistoryQueue *queue, const CallRecord *record)
{
        _cleanup_(waiting_freep) Waiting *waiting = calloc(1, sizeof(*waiting));
        Waiting *older = find_waiting(queue, record->session_id);

        if (!waiting)
                return -ENOMEM;
        int r = call_record_copy(&waiting->record, record);
        if (r < 0)
                return r;
        if (older) {
                DL_DELETE(queue->waiting, older);
                waiting_free(older);
                queue->count--;
        }
        DL_APPEND(queue->waiting, waiting);
        TAKE_PTR(waiting);
        if (++queue->count >= HISTORY_WAITING_MAX)
                history_queue_flush(queue);
        else
                wait_for_quiet(queue);
        return 0;
}

int history_queue_new(sd_event *event, History *history, void (*written)(void *userdata),
                      void *userdata, HistoryQueue **ret)
{
        _cleanup_(history_queue_freep) HistoryQueue *queue = calloc(1, sizeof(*queue));

        if (!queue)
                return -ENOMEM;
        *queue = (HistoryQueue){.history = history, .written = written, .userdata = userdata};
        int r = sd_event_add_time(event, &queue->timer, CLOCK_MONOTONIC, 0, QUIET_ACCURACY_US,
                                  on_quiet, queue);
        if (r >= 0)
                r = sd_event_source_set_enabled(queue->timer, SD_EVENT_OFF);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(queue);
        return 0;
}

HistoryQueue *history_queue_free(HistoryQueue *queue)
{
        if (!queue)
                return NULL;
        if (queue->timer)
                (void)write_all(queue);
        sd_event_source_disable_unref(queue->timer);
        free(queue);
        return NULL;
}
