/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tringd/history-writer.h"

#include <errno.h>
#include <utlist.h>

#include "base/log.h"
#include "tringd/write-behind.h"

typedef struct QueuedRecord {
        WriteBehindItem item;
        CallRecord record;
} QueuedRecord;

struct HistoryWriter {
        History *history;
        void (*written)(void *userdata);
        void *userdata;
        WriteBehind queue;
        size_t n_written; /* records, not reported to `written` yet */
};

static QueuedRecord *queued_record(WriteBehindItem *item)
{
        return CONTAINER_OF(item, QueuedRecord, item);
}

static void free_item(WriteBehindItem *item)
{
        call_record_done(&queued_record(item)->record);
        free(queued_record(item));
}

static void log_missing(const WriteBehindItem *item, int r)
{
        log_fields(LOG_WARNING, "cannot write a call to the history", "SESSION_ID=%s", item->key,
                   "WHY=%s", strerror(-r), NULL);
}

/* Whether the record itself is at fault, so that another try would fail as well. */
static bool is_about_the_record(int r)
{
        return r == -EEXIST || r == -EINVAL || r == -E2BIG;
}

static int write_records(void *userdata)
{
        HistoryWriter *writer = userdata;
        WriteBehindItem *item;

        while ((item = writer->queue.items)) {
                int r = history_put(writer->history, &queued_record(item)->record);

                if (r < 0 && !is_about_the_record(r)) {
                        if (writer->queue.result >= 0)
                                log_warning("cannot write the history: %s", strerror(-r));
                        return r;
                }
                if (r < 0)
                        log_missing(item, r);
                else
                        writer->n_written++;
                write_behind_drop(&writer->queue, item);
        }
        int r = writer->n_written > 0 ? history_trim(writer->history) : 0;
        if (r < 0)
                log_warning("cannot delete the oldest calls from the history: %s", strerror(-r));
        return 0;
}

static void on_written(void *userdata, int r)
{
        HistoryWriter *writer = userdata;
        bool changed = writer->n_written > 0;

        writer->n_written = 0;
        if (changed)
                writer->written(writer->userdata);
}

static const WriteBehindType queue_type = {
        .delay = HISTORY_QUIET_US,
        .delay_from_last = true,
        .retry = HISTORY_RETRY_US,
        .write = write_records,
        .written = on_written,
        .free_item = free_item,
};

bool history_writer_flush(HistoryWriter *writer)
{
        write_behind_flush(&writer->queue);
        return writer->queue.count == 0;
}

static const CallRecord *find_queued(const HistoryWriter *writer, const char *session_id)
{
        WriteBehindItem *item;

        DL_FOREACH (writer->queue.items, item) {
                if (str_eq(item->key, session_id))
                        return &queued_record(item)->record;
        }
        return NULL;
}

int history_writer_put(HistoryWriter *writer, const CallRecord *record)
{
        WriteBehind *queue = &writer->queue;
        const CallRecord *older = find_queued(writer, record->session_id);

        if (older && !call_record_is_same(older, record))
                return -EEXIST;
        QueuedRecord *queued = calloc(1, sizeof(*queued));
        int r = queued ? call_record_copy(&queued->record, record) : -ENOMEM;

        if (r < 0) {
                free(queued);
                return r;
        }
        (void)STR_SET(queued->item.key, record->session_id);
        write_behind_put(queue, &queued->item);
        if (queue->count > HISTORY_WAITING_MAX && !history_writer_flush(writer) &&
            queue->count > HISTORY_WAITING_MAX) {
                log_missing(queue->items, -ENOBUFS);
                write_behind_drop(queue, queue->items);
        }
        return 0;
}

int history_writer_new(sd_event *event, History *history, void (*written)(void *userdata),
                       void *userdata, HistoryWriter **ret)
{
        _cleanup_(history_writer_freep) HistoryWriter *writer = calloc(1, sizeof(*writer));

        if (!writer)
                return -ENOMEM;
        *writer = (HistoryWriter){.history = history, .written = written, .userdata = userdata};
        int r = write_behind_init(&writer->queue, event, &queue_type, writer);
        if (r >= 0)
                *ret = TAKE_PTR(writer);
        return r;
}

HistoryWriter *history_writer_free(HistoryWriter *writer)
{
        if (!writer)
                return NULL;
        write_behind_done(&writer->queue);
        free(writer);
        return NULL;
}
