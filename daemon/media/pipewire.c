/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/pipewire.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <pipewire/impl.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "base/str.h"
#include "model/message.h"

/* The longest wait for the list of devices, so that a PipeWire that hangs does not delay a call. */
#define KNOWN_MAX_MS 1000
#define REAL_TIME_PRIORITY 83 /* as PipeWire gives it to clients; its server has 88 */

/* Reference-counted (g_atomic_rc_box): events on their way to the main loop hold references. */
struct PipeWire {
        struct pw_thread_loop *loop;
        struct pw_context *context;
        struct pw_core *core;
        int fd;   /* from tringd, until the core owns it; -1: none */
        int held; /* a duplicate; the core may close its own at any time */
        PipeWireSource *source;
        pid_t slow_thread; /* the data thread, if it does not run in real time; 0: it does */
        struct spa_hook core_hook;
        DeviceRegistry *registry;
        int known_seq;
        bool known;
        atomic_bool broken, changed;  /* changed: a notification is on its way */
        const PipeWireEvents *events; /* main loop only; NULL: not connected yet, or freed */
        void *userdata;
};

static gboolean deliver_changed(void *data)
{
        PipeWire *pipewire = data;

        atomic_store(&pipewire->changed, false);
        if (pipewire->events)
                pipewire->events->changed(pipewire->userdata);
        return G_SOURCE_REMOVE;
}

static gboolean deliver_broken(void *data)
{
        PipeWire *pipewire = data;

        if (pipewire->events && pipewire->events->broken)
                pipewire->events->broken(pipewire->userdata);
        return G_SOURCE_REMOVE;
}

static void deliver(PipeWire *pipewire, GSourceFunc function)
{
        g_idle_add_full(G_PRIORITY_DEFAULT, function, g_atomic_rc_box_acquire(pipewire),
                        g_atomic_rc_box_release);
}

static void report_changed(void *data)
{
        PipeWire *pipewire = data;

        if (!atomic_exchange(&pipewire->changed, true))
                deliver(pipewire, deliver_changed);
}

void pipewire_report_state(PipeWire *pipewire, enum pw_stream_state state, atomic_bool *failed)
{
        if (state != PW_STREAM_STATE_ERROR || pipewire_is_broken(pipewire))
                return;
        atomic_store(failed, true);
        report_changed(pipewire);
}

static void on_done(void *data, uint32_t id, int seq)
{
        PipeWire *pipewire = data;

        if (id == PW_ID_CORE && seq == pipewire->known_seq)
                pipewire->known = true;
        pw_thread_loop_signal(pipewire->loop, false);
}

static void on_error(void *data, uint32_t id, int seq, int res, const char *message)
{
        PipeWire *pipewire = data;

        if (id != PW_ID_CORE || res != -EPIPE)
                return;
        if (!atomic_exchange(&pipewire->broken, true))
                deliver(pipewire, deliver_broken);
        pw_thread_loop_signal(pipewire->loop, false);
}

static const struct pw_core_events core_events = {
        PW_VERSION_CORE_EVENTS,
        .done = on_done,
        .error = on_error,
};

/* Waits until PipeWire has answered everything that was requested so far. With the lock held. */
static int settle(PipeWire *pipewire)
{
        struct timespec until;

        pipewire->known = false;
        pipewire->known_seq = pw_core_sync(pipewire->core, PW_ID_CORE, 0);
        pw_thread_loop_get_time(pipewire->loop, &until, KNOWN_MAX_MS * SPA_NSEC_PER_MSEC);
        while (!pipewire->known && !atomic_load(&pipewire->broken)) {
                int r = pw_thread_loop_timed_wait_full(pipewire->loop, &until);

                if (r < 0)
                        return r;
        }
        return atomic_load(&pipewire->broken) ? -ECONNRESET : 0;
}

/* With the lock held. */
static int connect_and_look(PipeWire *pipewire)
{
        int r;

        if (pipewire->fd >= 0)
                pipewire->core =
                        pw_context_connect_fd(pipewire->context, TAKE_FD(pipewire->fd), NULL, 0);
        else
                pipewire->core = pw_context_connect(pipewire->context, NULL, 0);
        if (!pipewire->core)
                return -errno;
        pw_core_add_listener(pipewire->core, &pipewire->core_hook, &core_events, pipewire);
        r = device_registry_new(pipewire->core, report_changed, pipewire, &pipewire->registry);
        if (r < 0)
                return r;
        /*
         * The first round brings the nodes. Each of them causes requests, whose answers (defaults,
         * form factors) come in the second.
         */
        r = settle(pipewire);
        return r < 0 ? r : settle(pipewire);
}

/* This thread only: the sandbox knows no other as one of this process. */
static bool run_in_real_time(void)
{
        struct sched_param wanted = {.sched_priority = REAL_TIME_PRIORITY};
        struct rlimit limit;

        if (sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &wanted) == 0)
                return true;
        if (getrlimit(RLIMIT_RTPRIO, &limit) < 0 || limit.rlim_cur == 0 ||
            limit.rlim_cur >= REAL_TIME_PRIORITY)
                return false;
        wanted.sched_priority = (int)limit.rlim_cur;
        return sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &wanted) == 0;
}

/* In the data thread. */
static int look_at_thread(struct spa_loop *loop, bool async, uint32_t seq, const void *data,
                          size_t size, void *userdata)
{
        PipeWire *pipewire = userdata;

        if (sched_getscheduler(0) == SCHED_OTHER && !run_in_real_time())
                pipewire->slow_thread = gettid();
        return 0;
}

/* PipeWire itself can neither name its thread to the kernel from here nor reach rtkit. */
static void want_real_time(PipeWire *pipewire)
{
        struct pw_data_loop *loop = pw_context_get_data_loop(pipewire->context);

        if (!loop || pw_data_loop_invoke(loop, look_at_thread, 0, NULL, 0, true, pipewire) < 0)
                return;
        if (pipewire->slow_thread)
                pipewire_source_add_thread(pipewire->source, pipewire->slow_thread);
}

/* Closing our end alone would leave a connection that tringd holds open. */
static void end_connection(PipeWire *pipewire)
{
        if (pipewire->held >= 0)
                (void)shutdown(pipewire->held, SHUT_RDWR);
        if (pipewire->core)
                pw_core_disconnect(pipewire->core);
        closep(&pipewire->fd);
        closep(&pipewire->held);
}

int pipewire_new(PipeWireSource *source, const PipeWireEvents *events, void *userdata,
                 PipeWire **ret)
{
        int r, fd = pipewire_source_take(source);

        if (fd < 0 && fd != -ENOTSUP)
                return fd;
        _cleanup_(pipewire_freep) PipeWire *pipewire = g_atomic_rc_box_new0(PipeWire);
        pipewire->fd = fd;
        pipewire->source = source;
        pipewire->held = fd >= 0 ? fcntl(fd, F_DUPFD_CLOEXEC, 3) : -1;
        pw_init(NULL, NULL);
        pipewire->loop = pw_thread_loop_new("tring-sound", NULL);
        if (!pipewire->loop)
                return -ENOMEM;
        pipewire->context = pw_context_new(
                pw_thread_loop_get_loop(pipewire->loop),
                pw_properties_new(PW_KEY_APP_NAME, "Tring", PW_KEY_APP_ID, "org.tring.Calls1",
                                  PW_KEY_APP_ICON_NAME, "call-start", PW_KEY_CONFIG_NAME,
                                  PIPEWIRE_CLIENT_CONFIG, NULL),
                0);
        if (!pipewire->context)
                return -errno;
        r = pw_thread_loop_start(pipewire->loop);
        if (r < 0)
                return r;
        pw_thread_loop_lock(pipewire->loop);
        r = connect_and_look(pipewire);
        pw_thread_loop_unlock(pipewire->loop);
        if (r < 0)
                return r;
        want_real_time(pipewire);
        pipewire->events = events;
        pipewire->userdata = userdata;
        *ret = TAKE_PTR(pipewire);
        return 0;
}

PipeWire *pipewire_free(PipeWire *pipewire)
{
        if (!pipewire)
                return NULL;
        pipewire->events = NULL;
        pipewire_source_remove_thread(pipewire->source, pipewire->slow_thread);
        if (pipewire->loop)
                pw_thread_loop_stop(pipewire->loop);
        device_registry_free(pipewire->registry);
        end_connection(pipewire);
        if (pipewire->context)
                pw_context_destroy(pipewire->context);
        if (pipewire->loop)
                pw_thread_loop_destroy(pipewire->loop);
        g_atomic_rc_box_release(pipewire);
        return NULL;
}

bool pipewire_is_broken(const PipeWire *pipewire)
{
        return atomic_load(&pipewire->broken);
}

/*
 * Through a speaker's monitor the others would hear themselves, so it does not count as a
 * microphone unless somebody has made it the default.
 */
static void avoid_monitor(DeviceRegistry *registry, PipeWireDevice *device)
{
        const MediaDevice *first = device_registry_at(registry, DEVICE_MICROPHONE, 0);

        if (!device_registry_default_is_monitor(registry))
                return;
        if (device_registry_default_is_wish(registry, DEVICE_MICROPHONE))
                device->any = true;
        else if (first)
                STR_SET(device->instead, first->name);
}

void pipewire_look(PipeWire *pipewire, DeviceKind kind, const char *chosen, PipeWireDevice *ret)
{
        const MediaDevice *device = NULL;

        *ret = (PipeWireDevice){};
        pw_thread_loop_lock(pipewire->loop);
        if (!str_empty(chosen))
                device = device_registry_find(pipewire->registry, kind, chosen);
        ret->there = device;
        if (!device)
                device = device_registry_default(pipewire->registry, kind);
        ret->headset = device && device->headset;
        ret->any = device || device_registry_at(pipewire->registry, kind, 0);
        if (kind == DEVICE_MICROPHONE)
                avoid_monitor(pipewire->registry, ret);
        pw_thread_loop_unlock(pipewire->loop);
}

bool pipewire_find_camera(PipeWire *pipewire, const char *name, char ret[static NODE_NAME_MAX + 1])
{
        const MediaDevice *device;
        bool found;

        pw_thread_loop_lock(pipewire->loop);
        if (str_empty(name)) {
                device = device_registry_default(pipewire->registry, DEVICE_CAMERA);
                if (!device) /* no default, or it is one of our own nodes */
                        device = device_registry_at(pipewire->registry, DEVICE_CAMERA, 0);
        } else {
                device = device_registry_find(pipewire->registry, DEVICE_CAMERA, name);
        }
        found = device && str_copy(ret, NODE_NAME_MAX + 1, device->name) == 0;
        pw_thread_loop_unlock(pipewire->loop);
        return found;
}

void pipewire_lock(PipeWire *pipewire)
{
        pw_thread_loop_lock(pipewire->loop);
}

void pipewire_unlock(PipeWire *pipewire)
{
        pw_thread_loop_unlock(pipewire->loop);
}

static int nothing(struct spa_loop *loop, bool async, uint32_t seq, const void *data, size_t size,
                   void *userdata)
{
        return 0;
}

void pipewire_destroy_stream(PipeWire *pipewire, struct pw_stream *stream)
{
        pw_stream_disconnect(stream);
        /* Waits for the queue, without the lock meanwhile. */
        pw_loop_invoke(pw_thread_loop_get_loop(pipewire->loop), nothing, 0, NULL, 0, true, NULL);
        pw_stream_destroy(stream);
}

struct pw_loop *pipewire_loop(PipeWire *pipewire)
{
        return pw_thread_loop_get_loop(pipewire->loop);
}

struct pw_core *pipewire_core(PipeWire *pipewire)
{
        return pipewire->core;
}

struct pw_context *pipewire_context(PipeWire *pipewire)
{
        return pipewire->context;
}
