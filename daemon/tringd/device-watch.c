/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tringd/device-watch.h"

#include <errno.h>

#include "base/log.h"
#include "loop/backoff.h"
#include "loop/worker-process.h"

#define SOCKET_NAME "devices"
#define TIMER_ACCURACY_US (100 * USEC_PER_MSEC)
#define MIDDLE_CHANCE (UINT32_MAX / 2)    /* no jitter: a single process needs none */
#define LIVED_WELL_US (60 * USEC_PER_SEC) /* a process that lived longer resets the back-off */

struct DeviceWatch {
        sd_event *event;
        const char *program, *folder;
        const DeviceWatchEvents *events;
        void *userdata;
        WorkerProcess *process;
        sd_event_source *start, *linger;
        Backoff backoff;
        usec_t started;
        bool watched, known;
        DeviceLists lists;
};

static void start(DeviceWatch *devices);

static void set_lists(DeviceWatch *devices, DeviceLists *lists)
{
        unsigned changed = 0;

        for (unsigned kind = 0; kind < DEVICE_KIND_COUNT; kind++)
                if (!device_list_equal(&devices->lists.of[kind], &lists->of[kind]))
                        changed |= 1u << kind;
        device_lists_done(&devices->lists);
        devices->lists = *lists;
        *lists = (DeviceLists){};
        if (changed)
                devices->events->changed(devices->userdata, changed);
        if (!devices->known) {
                devices->known = true;
                devices->events->known(devices->userdata);
        }
}

static void on_message(void *userdata, const char *text, size_t length)
{
        DeviceWatch *devices = userdata;
        char complaint[MESSAGE_TEXT_MAX + 1];
        DeviceLists lists;
        int r = devices_decode(text, length, &lists, complaint);

        if (r < 0)
                log_warning("cannot read the list of devices: %s",
                            r == -EBADMSG ? complaint : strerror(-r));
        else
                set_lists(devices, &lists);
}

static int on_start(sd_event_source *source, uint64_t usec, void *userdata)
{
        start(userdata);
        return 0;
}

static void start_later(DeviceWatch *devices, usec_t delay)
{
        devices->start = sd_event_source_disable_unref(devices->start);
        int r = sd_event_add_time_relative(devices->event, &devices->start, CLOCK_MONOTONIC, delay,
                                           TIMER_ACCURACY_US, on_start, devices);
        if (r < 0)
                log_error("cannot set the timer for the watch of devices: %s", strerror(-r));
}

/* Empties the lists, and starts the process again later. */
static void on_gone(void *userdata, const char *reason, bool may_run)
{
        DeviceWatch *devices = userdata;
        DeviceLists none = {};

        devices->process = worker_process_free(devices->process);
        log_warning("the process that watches the devices %s", reason);
        if (clock_boottime() - devices->started > LIVED_WELL_US)
                backoff_reset(&devices->backoff);
        start_later(devices, backoff_next(&devices->backoff, MIDDLE_CHANCE));
        set_lists(devices, &none);
}

static const WorkerProcessEvents process_events = {.message = on_message, .gone = on_gone};

static int spawn(DeviceWatch *devices)
{
        const char *const arguments[] = {devices->program, "devices", NULL};
        _cleanup_free_ char *path = NULL;

        if (!devices->folder)
                return -ENOTDIR;
        path = str_printf("%s/" SOCKET_NAME, devices->folder);
        if (!path)
                return -ENOMEM;
        const WorkerProcessOptions options = {
                .program = devices->program,
                .arguments = arguments,
                .socket_path = path,
        };
        return worker_process_spawn(devices->event, &options, &process_events, devices,
                                    &devices->process);
}

static void start(DeviceWatch *devices)
{
        DeviceLists none = {};

        devices->start = sd_event_source_disable_unref(devices->start);
        if (devices->process)
                return;
        devices->started = clock_boottime();
        int r = spawn(devices);
        if (r >= 0)
                return;
        log_warning("cannot watch the devices: %s", strerror(-r));
        start_later(devices, backoff_next(&devices->backoff, MIDDLE_CHANCE));
        set_lists(devices, &none);
}

static void stop(DeviceWatch *devices)
{
        devices->start = sd_event_source_disable_unref(devices->start);
        devices->process = worker_process_free(devices->process);
        devices->watched = devices->known = false;
        device_lists_done(&devices->lists);
        backoff_reset(&devices->backoff);
}

static int on_linger(sd_event_source *source, uint64_t usec, void *userdata)
{
        DeviceWatch *devices = userdata;

        devices->linger = sd_event_source_disable_unref(devices->linger);
        stop(devices);
        return 0;
}

int device_watch_new(sd_event *event, const char *program, const char *folder,
                     const DeviceWatchEvents *events, void *userdata, DeviceWatch **ret)
{
        DeviceWatch *devices = calloc(1, sizeof(*devices));

        if (!devices)
                return -ENOMEM;
        *devices = (DeviceWatch){.event = sd_event_ref(event),
                                 .program = program,
                                 .folder = folder,
                                 .events = events,
                                 .userdata = userdata};
        *ret = devices;
        return 0;
}

DeviceWatch *device_watch_free(DeviceWatch *devices)
{
        if (!devices)
                return NULL;
        stop(devices);
        sd_event_source_disable_unref(devices->linger);
        sd_event_unref(devices->event);
        free(devices);
        return NULL;
}

void device_watch_start(DeviceWatch *devices, bool on)
{
        devices->linger = sd_event_source_disable_unref(devices->linger);
        if (on && !devices->watched) {
                devices->watched = true;
                start_later(devices, 0);
        } else if (!on && devices->watched) {
                int r = sd_event_add_time_relative(devices->event, &devices->linger,
                                                   CLOCK_MONOTONIC, DEVICES_LINGER_US,
                                                   TIMER_ACCURACY_US, on_linger, devices);
                if (r < 0)
                        stop(devices);
        }
}

bool device_watch_known(const DeviceWatch *devices)
{
        return devices->known;
}

const DeviceList *device_watch_list(const DeviceWatch *devices, DeviceKind kind)
{
        return &devices->lists.of[kind];
}
