/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tringd/history-writer.h"

#include <errno.h>
#include <utlist.h>

#include "base/log.h"

#define QUIET_ACCURACY_US (10 * USEC_PER_MSEC)

typedef struct Waiting {
        CallRecord record;
        struct Waiting *prev, *next;
} Waiting;

struct HistoryWriter {
        History *history;
        void (*written)(void *userdata);
        void *userdata;
        sd_event_source *timer;
        Waiting *waiting;
        size_t count;
        bool failing; /* the last writing failed: it is tried again when that is due */
};

static Waiting *waiting_free(Waiting *waiting)
{
        if (waiting)
                call_record_done(&waiting->record);
        free(waiting);
        return NULL;
}
DEFINE_CLEANUP(Waiting *, waiting_free);

static void drop(HistoryWriter *queue, Waiting *waiting)
{
        DL_DELETE(queue->waiting, waiting);
        queue->count--;
        waiting_free(waiting);
}

static void arm(HistoryWriter *queue, usec_t delay)
{
        int r = sd_event_source_set_time_relative(queue->timer, delay);

        if (r >= 0)
                r = sd_event_source_set_enabled(queue->timer, SD_EVENT_ONESHOT);
        if (r < 0)
                log_error("cannot set the timer: %s", strerror(-r));
}

static void say_missing(const Waiting *waiting, int r)
{
        log_fields(LOG_WARNING, "the history misses a call", "SESSION_ID=%s",
                   waiting->record.session_id, "WHY=%s", strerror(-r), NULL);
}

/* What no other time will make better. */
static bool is_about_the_record(int r)
{
        return r == -EEXIST || r == -EINVAL || r == -E2BIG;
}

/* Returns how many were written; after a failure the rest waits for better times. */
static size_t write_all(HistoryWriter *queue)
{
        Waiting *waiting, *next;
        size_t n = 0;
        int r = 0;

        DL_FOREACH_SAFE (queue->waiting, waiting, next) {
                r = history_put(queue->history, &waiting->record);
                if (r < 0 && !is_about_the_record(r))
                        break;
                if (r < 0)
                        say_missing(waiting, r);
                else
                        n++;
                drop(queue, waiting);
                r = 0;
        }
        if (r < 0 && !queue->failing)
                log_warning("the history cannot be written: %s", strerror(-r));
        queue->failing = r < 0;
        if (queue->failing)
                arm(queue, HISTORY_RETRY_US);
        else
                (void)sd_event_source_set_enabled(queue->timer, SD_EVENT_OFF);
        return n;
}

bool history_writer_flush(HistoryWriter *queue)
{
        if (write_all(queue) > 0)
                queue->written(queue->userdata);
        return queue->count == 0;
}

static int on_quiet(sd_event_source *source, uint64_t usec, void *userdata)
{
        (void)history_writer_flush(userdata);
        return 0;
}

static void make_room(HistoryWriter *queue)
{
        (void)history_writer_flush(queue);
        if (queue->count < HISTORY_WAITING_MAX)
                return;
        say_missing(queue->waiting, -ENOBUFS);
        drop(queue, queue->waiting);
}

static Waiting *find_waiting(HistoryWriter *queue, const char *session_id)
{
        Waiting *waiting;

        DL_FOREACH (queue->waiting, waiting)
                if (str_eq(waiting->record.session_id, session_id))
                        return waiting;
        return NULL;
}

int history_writer_put(HistoryWriter *queue, const CallRecord *record)
{
        _cleanup_(waiting_freep) Waiting *waiting = calloc(1, sizeof(*waiting));
        Waiting *older = find_waiting(queue, record->session_id);

        if (!waiting)
                return -ENOMEM;
        int r = call_record_copy(&waiting->record, record);
        if (r < 0)
                return r;
        if (older)
                drop(queue, older);
        if (queue->count >= HISTORY_WAITING_MAX)
                make_room(queue);
        DL_APPEND(queue->waiting, waiting);
        TAKE_PTR(waiting);
        queue->count++;
        if (!queue->failing)
                arm(queue, HISTORY_QUIET_US);
        return 0;
}

int history_writer_new(sd_event *event, History *history, void (*written)(void *userdata),
                       void *userdata, HistoryWriter **ret)
{
        _cleanup_(history_writer_freep) HistoryWriter *queue = calloc(1, sizeof(*queue));

        if (!queue)
                return -ENOMEM;
        *queue = (HistoryWriter){.history = history, .written = written, .userdata = userdata};
        int r = sd_event_add_time(event, &queue->timer, CLOCK_MONOTONIC, 0, QUIET_ACCURACY_US,
                                  on_quiet, queue);
        if (r >= 0)
                r = sd_event_source_set_enabled(queue->timer, SD_EVENT_OFF);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(queue);
        return 0;
}

HistoryWriter *history_writer_free(HistoryWriter *queue)
{
        if (!queue)
                return NULL;
        if (queue->timer)
                (void)write_all(queue);
        while (queue->waiting)
                drop(queue, queue->waiting);
        sd_event_source_disable_unref(queue->timer);
        free(queue);
        return NULL;
}
