/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tringd/realtime.h"

#include <errno.h>
#include <sys/resource.h>
#include <systemd/sd-bus.h>

#include "base/log.h"
#include "base/str.h"
#include "model/session-types.h"

#define RTKIT "org.freedesktop.RealtimeKit1"
#define RTKIT_PATH "/org/freedesktop/RealtimeKit1"
#define NICE_LEVEL (-11) /* where real time is refused; as PipeWire asks for it */

struct Realtime {
        sd_event *event;
        pid_t process;
        char session_id[UUID_LENGTH + 1];
        sd_bus *bus;        /* NULL: nothing is being asked */
        sd_bus_slot *reply; /* that is awaited */
        uint32_t threads[REALTIME_THREADS_MAX];
        size_t n, n_done;
        int32_t priority; /* the highest that rtkit gives */
        bool failed;      /* and that was said */
};

static void ask_for_limit(Realtime *realtime);

static void close_bus(Realtime *realtime)
{
        realtime->reply = sd_bus_slot_unref(realtime->reply);
        realtime->bus = sd_bus_close_unref(realtime->bus);
}

static void fail(Realtime *realtime, const char *why)
{
        if (!realtime->failed)
                log_fields(LOG_INFO, "cannot give the sound of a call real-time priority",
                           "SESSION_ID=%s", realtime->session_id, "WHY=%s", why, NULL);
        realtime->failed = true;
        realtime->n_done = realtime->n;
        close_bus(realtime);
}

/* `r`: whether the next method could be called, or the reply be read. */
static int go_on(Realtime *realtime, int r)
{
        if (r < 0)
                fail(realtime, strerror(-r));
        return 0;
}

/* Returns the sentence of an error, or NULL. */
static const char *refusal(sd_bus_message *reply)
{
        const sd_bus_error *error = sd_bus_message_get_error(reply);

        return error ? str_empty(error->message) ? error->name : error->message : NULL;
}

static void finish_thread(Realtime *realtime)
{
        if (++realtime->n_done < realtime->n)
                ask_for_limit(realtime);
        else
                close_bus(realtime);
}

static int call(Realtime *realtime, const char *method, sd_bus_message_handler_t on_reply,
                int32_t value)
{
        realtime->reply = sd_bus_slot_unref(realtime->reply);
        return sd_bus_call_method_async(
                realtime->bus, &realtime->reply, RTKIT, RTKIT_PATH, RTKIT, method, on_reply,
                realtime, str_eq(method, "MakeThreadRealtimeWithPID") ? "ttu" : "tti",
                (uint64_t)realtime->process, (uint64_t)realtime->threads[realtime->n_done], value);
}

static int on_high_priority(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error)
{
        Realtime *realtime = userdata;
        const char *why = refusal(reply);

        if (why)
                fail(realtime, why);
        else
                finish_thread(realtime);
        return 0;
}

static int on_real_time(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error)
{
        Realtime *realtime = userdata;

        if (refusal(reply))
                return go_on(realtime, call(realtime, "MakeThreadHighPriorityWithPID",
                                            on_high_priority, NICE_LEVEL));
        finish_thread(realtime);
        return 0;
}

static int get(Realtime *realtime, const char *property, sd_bus_message_handler_t on_reply)
{
        realtime->reply = sd_bus_slot_unref(realtime->reply);
        return sd_bus_call_method_async(realtime->bus, &realtime->reply, RTKIT, RTKIT_PATH,
                                        "org.freedesktop.DBus.Properties", "Get", on_reply,
                                        realtime, "ss", RTKIT, property);
}

static int on_priority(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error)
{
        Realtime *realtime = userdata;
        const char *why = refusal(reply);

        if (why) {
                fail(realtime, why);
                return 0;
        }
        int r = sd_bus_message_read(reply, "v", "i", &realtime->priority);
        if (r >= 0)
                r = call(realtime, "MakeThreadRealtimeWithPID", on_real_time, realtime->priority);
        return go_on(realtime, r);
}

/*
 * rtkit serves only a process that is limited in how long it may keep a processor in real time. The
 * worker cannot lift the limit again: the hard limit goes down, too.
 */
static int limit_process(Realtime *realtime, int64_t usec)
{
        struct rlimit limit;

        if (usec <= 0)
                return -ERANGE;
        if (prlimit(realtime->process, RLIMIT_RTTIME, NULL, &limit) < 0)
                return -errno;
        limit.rlim_max = MIN_OF(limit.rlim_max, (rlim_t)usec);
        limit.rlim_cur = limit.rlim_max;
        return prlimit(realtime->process, RLIMIT_RTTIME, &limit, NULL) < 0 ? -errno : 0;
}

static int on_limit(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error)
{
        Realtime *realtime = userdata;
        const char *why = refusal(reply);
        int64_t usec;

        if (why) {
                fail(realtime, why);
                return 0;
        }
        int r = sd_bus_message_read(reply, "v", "x", &usec);
        if (r >= 0)
                r = limit_process(realtime, usec);
        if (r >= 0)
                r = get(realtime, "MaxRealtimePriority", on_priority);
        return go_on(realtime, r);
}

static void ask_for_limit(Realtime *realtime)
{
        (void)go_on(realtime, get(realtime, "RTTimeUSecMax", on_limit));
}

static int open_bus(Realtime *realtime)
{
        int r = sd_bus_open_system(&realtime->bus);

        return r < 0 ? r : sd_bus_attach_event(realtime->bus, realtime->event, 0);
}

/* A worker asks for all of its threads that have no real time yet, each time that one is new. */
static bool is_in_line(const Realtime *realtime, uint32_t thread)
{
        for (size_t i = realtime->n_done; i < realtime->n; i++)
                if (realtime->threads[i] == thread)
                        return true;
        return false;
}

void realtime_give(Realtime *realtime, uint32_t thread)
{
        if (realtime->n == REALTIME_THREADS_MAX || is_in_line(realtime, thread))
                return;
        realtime->threads[realtime->n++] = thread;
        if (realtime->bus)
                return;
        int r = open_bus(realtime);
        if (r < 0)
                fail(realtime, strerror(-r));
        else
                ask_for_limit(realtime);
}

int realtime_new(sd_event *event, pid_t process, const char *session_id, Realtime **ret)
{
        Realtime *realtime = calloc(1, sizeof(*realtime));

        if (!realtime)
                return -ENOMEM;
        realtime->event = sd_event_ref(event);
        realtime->process = process;
        (void)STR_SET(realtime->session_id, session_id);
        *ret = realtime;
        return 0;
}

Realtime *realtime_free(Realtime *realtime)
{
        if (!realtime)
                return NULL;
        close_bus(realtime);
        sd_event_unref(realtime->event);
        free(realtime);
        return NULL;
}
