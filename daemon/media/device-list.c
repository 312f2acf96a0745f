/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/device-list.h"

#include <errno.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "base/log.h"
#include "media/device-registry.h"
#include "wire/devices.h"

/*
 * Changes within this time are reported as one: a new device brings several nodes, and new
 * defaults.
 */
#define GATHER_MS 50
#define CONNECT_MS 2000 /* between attempts to connect to PipeWire, or to report */

typedef struct DeviceLister {
        struct pw_main_loop *main;
        struct pw_loop *loop;
        struct pw_context *context;
        struct pw_core *core; /* NULL: no PipeWire */
        struct spa_hook core_hook;
        DeviceRegistry *registry;
        struct spa_source *listening, *connection, *report, *retry;
        int listen_fd, fd;           /* fd: of tringd, or -1 */
        int known_seq, known_rounds; /* the awaited sync; syncs left until devices are known */
} DeviceLister;

static void set_timer(DeviceLister *devices, struct spa_source *timer, long ms)
{
        struct timespec value = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};

        pw_loop_update_timer(devices->loop, timer, &value, NULL, false);
}

/* ---- reports ---- */

static int list(DeviceLister *devices, DeviceKind kind, DeviceList *ret)
{
        const MediaDevice *device, *best;

        if (!devices->registry)
                return 0;
        ret->devices = calloc(DEVICES_MAX, sizeof(*ret->devices));
        if (!ret->devices)
                return -ENOMEM;
        best = device_registry_default(devices->registry, kind);
        while (ret->n < DEVICES_MAX &&
               (device = device_registry_at(devices->registry, kind, ret->n))) {
                DeviceInfo *info = &ret->devices[ret->n++];

                STR_SET(info->name, device->name);
                STR_SET(info->description, device->description);
                info->is_default = device == best;
        }
        return 0;
}

static void report(DeviceLister *devices)
{
        DeviceLists lists = {};
        _cleanup_free_ char *text = NULL;
        size_t length;
        int r = 0;

        if (devices->fd < 0)
                return;
        for (DeviceKind kind = 0; kind < DEVICE_KIND_COUNT && r == 0; kind++)
                r = list(devices, kind, &lists.of[kind]);
        if (r == 0)
                r = devices_encode(&lists, &text, &length);
        device_lists_done(&lists);
        if (r < 0)
                log_error("cannot report devices: %s", strerror(-r));
        /* The socket is full since tringd does not read; the timer sends the whole list later. */
        else if (send(devices->fd, text, length, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
                set_timer(devices, devices->report, CONNECT_MS);
}

static void on_report(void *data, uint64_t expirations)
{
        report(data);
}

/* ---- PipeWire ---- */

static void on_changed(void *data)
{
        DeviceLister *devices = data;

        if (devices->known_rounds == 0)
                set_timer(devices, devices->report, GATHER_MS);
}

static void disconnect(DeviceLister *devices)
{
        devices->registry = device_registry_free(devices->registry);
        if (devices->core)
                pw_core_disconnect(devices->core);
        devices->core = NULL;
        devices->known_rounds = 0;
}

/* The first sync brings the nodes, the second one their details: defaults, form factors. */
static void on_done(void *data, uint32_t id, int seq)
{
        DeviceLister *devices = data;

        if (id != PW_ID_CORE || seq != devices->known_seq || devices->known_rounds == 0)
                return;
        if (--devices->known_rounds > 0)
                devices->known_seq = pw_core_sync(devices->core, PW_ID_CORE, 0);
        else
                report(devices);
}

/* Disconnects later: the core is in use during this callback. */
static void on_error(void *data, uint32_t id, int seq, int res, const char *message)
{
        DeviceLister *devices = data;

        if (id == PW_ID_CORE && res == -EPIPE)
                set_timer(devices, devices->retry, 1);
}

static const struct pw_core_events core_events = {
        PW_VERSION_CORE_EVENTS,
        .done = on_done,
        .error = on_error,
};

static int connect_to_pipewire(DeviceLister *devices)
{
        int r;

        devices->core = pw_context_connect(devices->context,
                                           pw_properties_new(PW_KEY_APP_NAME, "Tring", NULL), 0);
        if (!devices->core)
                return -errno;
        pw_core_add_listener(devices->core, &devices->core_hook, &core_events, devices);
        devices->known_rounds = 2;
        r = device_registry_new(devices->core, on_changed, devices, &devices->registry);
        if (r < 0)
                disconnect(devices);
        else
                devices->known_seq = pw_core_sync(devices->core, PW_ID_CORE, 0);
        return r;
}

static void on_retry(void *data, uint64_t expirations)
{
        DeviceLister *devices = data;
        bool was_there = devices->core;

        disconnect(devices);
        if (was_there)
                report(devices);
        if (connect_to_pipewire(devices) < 0)
                set_timer(devices, devices->retry, CONNECT_MS);
}

/* ---- the connection to tringd ---- */

static void on_readable(void *data, int fd, uint32_t mask)
{
        DeviceLister *devices = data;
        char byte;
        ssize_t n = recv(fd, &byte, sizeof(byte), MSG_DONTWAIT);

        if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
                pw_main_loop_quit(devices->main);
}

static void on_connection(void *data, int listen_fd, uint32_t mask)
{
        DeviceLister *devices = data;
        int fd;

        if (devices->fd >= 0)
                return;
        fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd < 0)
                return;
        devices->fd = fd;
        pw_loop_update_io(devices->loop, devices->listening, 0);
        devices->connection = pw_loop_add_io(devices->loop, fd, SPA_IO_IN | SPA_IO_HUP | SPA_IO_ERR,
                                             false, on_readable, devices);
        if (!devices->connection)
                pw_main_loop_quit(devices->main);
        else if (devices->known_rounds == 0)
                report(devices);
}

static void on_terminate(void *data, int signal_number)
{
        pw_main_loop_quit(((DeviceLister *)data)->main);
}

static int set_up(DeviceLister *devices)
{
        devices->main = pw_main_loop_new(NULL);
        if (!devices->main)
                return -errno;
        devices->loop = pw_main_loop_get_loop(devices->main);
        devices->context = pw_context_new(devices->loop, NULL, 0);
        if (!devices->context)
                return -errno;
        devices->report = pw_loop_add_timer(devices->loop, on_report, devices);
        devices->retry = pw_loop_add_timer(devices->loop, on_retry, devices);
        devices->listening = pw_loop_add_io(devices->loop, devices->listen_fd, SPA_IO_IN, false,
                                            on_connection, devices);
        if (!devices->report || !devices->retry || !devices->listening ||
            !pw_loop_add_signal(devices->loop, SIGTERM, on_terminate, devices) ||
            !pw_loop_add_signal(devices->loop, SIGINT, on_terminate, devices))
                return -errno;
        if (connect_to_pipewire(devices) < 0)
                set_timer(devices, devices->retry, CONNECT_MS);
        return 0;
}

int device_list_run(int fd)
{
        DeviceLister devices = {.listen_fd = fd, .fd = -1};
        int r;

        pw_init(NULL, NULL);
        r = set_up(&devices);
        if (r == 0)
                pw_main_loop_run(devices.main);
        disconnect(&devices);
        if (devices.context)
                pw_context_destroy(devices.context);
        if (devices.main)
                pw_main_loop_destroy(devices.main);
        closep(&devices.fd);
        return r;
}
