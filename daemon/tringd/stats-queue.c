/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tringd/stats-queue.h"

#include <errno.h>
#include <utlist.h>

#include "tringd/details.h"
#include "tringd/errors.h"
#include "tringd/workers.h"

#define TIMEOUT_ACCURACY_US (100 * USEC_PER_MSEC)

typedef struct Waiting {
        StatsQueue *queue;
        uint64_t serial;
        sd_bus_message *message;
        sd_event_source *timeout;
        struct Waiting *prev, *next;
} Waiting;

struct StatsQueue {
        sd_event *event;
        Waiting *waiting;
        size_t count;
        uint64_t last_serial;
};

static void remove_waiting(Waiting *waiting)
{
        DL_DELETE(waiting->queue->waiting, waiting);
        waiting->queue->count--;
        sd_event_source_disable_unref(waiting->timeout);
        sd_bus_message_unref(waiting->message);
        free(waiting);
}

int stats_queue_new(sd_event *event, StatsQueue **ret)
{
        StatsQueue *queue = calloc(1, sizeof(*queue));

        if (!queue)
                return -ENOMEM;
        queue->event = sd_event_ref(event);
        *ret = queue;
        return 0;
}

StatsQueue *stats_queue_free(StatsQueue *queue)
{
        Waiting *waiting, *next;

        if (!queue)
                return NULL;
        DL_FOREACH_SAFE (queue->waiting, waiting, next) {
                (void)error_reply(waiting->message, CALL_ERROR_MEDIA_FAILED,
                                  "the media of this call has ended");
                remove_waiting(waiting);
        }
        sd_event_unref(queue->event);
        free(queue);
        return NULL;
}

static Waiting *find_waiting(StatsQueue *queue, uint64_t serial)
{
        Waiting *waiting;

        DL_FOREACH (queue->waiting, waiting)
                if (waiting->serial == serial)
                        return waiting;
        return NULL;
}

static int on_timeout(sd_event_source *source, uint64_t usec, void *userdata)
{
        Waiting *waiting = userdata;

        (void)error_reply(waiting->message, CALL_ERROR_TIMEOUT,
                          "the media worker did not answer within 10 s");
        remove_waiting(waiting);
        return 0;
}

int stats_queue_hold(StatsQueue *queue, sd_bus_message *message, uint64_t *ret_serial)
{
        if (queue->count >= STATS_WAITING_MAX)
                return -EBUSY;
        Waiting *waiting = calloc(1, sizeof(*waiting));
        if (!waiting)
                return -ENOMEM;
        waiting->queue = queue;
        waiting->serial = ++queue->last_serial;
        int r = sd_event_add_time_relative(queue->event, &waiting->timeout, CLOCK_BOOTTIME,
                                           STATS_TIMEOUT_US, TIMEOUT_ACCURACY_US, on_timeout,
                                           waiting);
        if (r < 0) {
                free(waiting);
                return r;
        }
        waiting->message = sd_bus_message_ref(message);
        DL_APPEND(queue->waiting, waiting);
        queue->count++;
        *ret_serial = waiting->serial;
        return 0;
}

static int append_participant(sd_bus_message *reply, const WorkerParticipantStats *stats)
{
        return sd_bus_message_append(
                reply, "{sv}", stats->id, "a{sv}", 13, "codec", "s", stats->codec, "round_trip_ms",
                "d", stats->round_trip_ms, "jitter_ms", "d", stats->jitter_ms, "loss", "d",
                stats->loss, "bitrate_in", "u", stats->bitrate_in, "bitrate_out", "u",
                stats->bitrate_out, "mouth_to_ear_ms", "d", stats->mouth_to_ear_ms, "video_codec",
                "s", stats->video_codec, "video_bitrate_in", "u", stats->video_bitrate_in,
                "video_bitrate_out", "u", stats->video_bitrate_out, "width", "u", stats->width,
                "height", "u", stats->height, "frames_per_second", "d", stats->frames_per_second);
}

static int reply_stats(sd_bus_message *call, const WorkerStats *stats)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        int r = sd_bus_message_new_method_return(call, &reply);

        if (r >= 0)
                r = details_open(reply);
        for (size_t i = 0; r >= 0 && i < stats->n_participants; i++)
                r = append_participant(reply, &stats->participants[i]);
        if (r >= 0)
                r = details_close(reply);
        return r < 0 ? r : sd_bus_send(NULL, reply, NULL);
}

void stats_queue_answer(StatsQueue *queue, uint64_t serial, const WorkerStats *stats)
{
        Waiting *waiting = find_waiting(queue, serial);

        if (!waiting)
                return;
        if (reply_stats(waiting->message, stats) < 0)
                (void)error_reply(waiting->message, CALL_ERROR_MEDIA_FAILED,
                                  "cannot reply with the measurements");
        remove_waiting(waiting);
}

void stats_queue_drop(StatsQueue *queue, uint64_t serial)
{
        Waiting *waiting = find_waiting(queue, serial);

        if (waiting)
                remove_waiting(waiting);
}
