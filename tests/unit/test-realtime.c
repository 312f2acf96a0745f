/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Real time from an rtkit, on a system bus of the test. */
#include "tringd/realtime.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"
#include "suite.h"

#define RTKIT "org.freedesktop.RealtimeKit1"
#define RTTIME_US 150000
#define WITHIN_US (10 * USEC_PER_SEC) /* a deadline that only a fault meets */

static struct {
        char folder[32], path[64];
        sd_event *event;
        int listen_fd;
        sd_bus *bus; /* rtkit's side of the last connection */
        Realtime *realtime;
        pid_t process; /* that stands for a worker */
        bool refuses;  /* real time */
        unsigned n_real_time, n_high, n_connections;
        uint64_t of_process, thread;
        int32_t priority;
} rig;

static int answer_property(sd_bus_message *message)
{
        const char *interface, *name;

        ck_assert_int_ge(sd_bus_message_read(message, "ss", &interface, &name), 0);
        ck_assert_str_eq(interface, RTKIT);
        if (str_eq(name, "RTTimeUSecMax"))
                return sd_bus_reply_method_return(message, "v", "x", (int64_t)RTTIME_US);
        ck_assert_str_eq(name, "MaxRealtimePriority");
        return sd_bus_reply_method_return(message, "v", "i", 20);
}

static int on_method(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        bool real_time = sd_bus_message_is_method_call(message, RTKIT, "MakeThreadRealtimeWithPID");

        if (sd_bus_message_is_method_call(message, "org.freedesktop.DBus", "Hello"))
                return sd_bus_reply_method_return(message, "s", ":1.1");
        if (sd_bus_message_is_method_call(message, "org.freedesktop.DBus.Properties", "Get"))
                return answer_property(message);
        if (!real_time &&
            !sd_bus_message_is_method_call(message, RTKIT, "MakeThreadHighPriorityWithPID"))
                return 0;
        ck_assert_int_ge(sd_bus_message_read(message, real_time ? "ttu" : "tti", &rig.of_process,
                                             &rig.thread, &rig.priority),
                         0);
        if (real_time && rig.refuses)
                return sd_bus_error_set(error, "org.freedesktop.DBus.Error.AccessDenied", "no");
        rig.n_real_time += real_time;
        rig.n_high += !real_time;
        return sd_bus_reply_method_return(message, NULL);
}

static int on_connection(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
        int connection = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        sd_id128_t id;

        ck_assert_int_ge(connection, 0);
        rig.n_connections++;
        rig.bus = sd_bus_close_unref(rig.bus);
        ck_assert_int_ge(sd_id128_randomize(&id), 0);
        ck_assert_int_ge(sd_bus_new(&rig.bus), 0);
        ck_assert_int_ge(sd_bus_set_fd(rig.bus, connection, connection), 0);
        ck_assert_int_ge(sd_bus_set_server(rig.bus, true, id), 0);
        ck_assert_int_ge(sd_bus_start(rig.bus), 0);
        ck_assert_int_ge(sd_bus_attach_event(rig.bus, rig.event, 0), 0);
        ck_assert_int_ge(sd_bus_add_filter(rig.bus, NULL, on_method, NULL), 0);
        return 0;
}

static void start_bus(void)
{
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        char text[96];

        snprintf(address.sun_path, sizeof(address.sun_path), "%s", rig.path);
        snprintf(text, sizeof(text), "unix:path=%s", rig.path);
        setenv("DBUS_SYSTEM_BUS_ADDRESS", text, 1);
        rig.listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        ck_assert_int_eq(bind(rig.listen_fd, (struct sockaddr *)&address, sizeof(address)), 0);
        ck_assert_int_eq(listen(rig.listen_fd, 4), 0);
        ck_assert_int_ge(
                sd_event_add_io(rig.event, NULL, rig.listen_fd, EPOLLIN, on_connection, NULL), 0);
}

static void set_up(void)
{
        snprintf(rig.folder, sizeof(rig.folder), "/tmp/tring-rtkit-XXXXXX");
        ck_assert_ptr_nonnull(mkdtemp(rig.folder));
        snprintf(rig.path, sizeof(rig.path), "%s/bus", rig.folder);
        ck_assert_int_ge(sd_event_new(&rig.event), 0);
        start_bus();
        rig.process = fork();
        if (rig.process == 0) {
                pause();
                _exit(0);
        }
        ck_assert_int_eq(realtime_new(rig.event, rig.process, "session", &rig.realtime), 0);
}

static void tear_down(void)
{
        realtime_free(rig.realtime);
        sd_bus_close_unref(rig.bus);
        sd_event_unref(rig.event);
        close(rig.listen_fd);
        unlink(rig.path);
        rmdir(rig.folder);
        kill(rig.process, SIGKILL);
        waitpid(rig.process, NULL, 0);
}

#define run_until(condition)                                                        \
        do {                                                                        \
                for (usec_t end = clock_boottime() + WITHIN_US; !(condition);) {    \
                        ck_assert_uint_lt(clock_boottime(), end);                   \
                        ck_assert_int_ge(sd_event_run(rig.event, USEC_PER_SEC), 0); \
                }                                                                   \
        } while (0)

static bool is_closed(void)
{
        return rig.bus && sd_bus_is_open(rig.bus) <= 0;
}

START_TEST(rtkit_is_asked_for_the_thread_of_the_worker)
{
        struct rlimit limit;

        realtime_give(rig.realtime, 4711);
        run_until(rig.n_real_time == 1);
        ck_assert_uint_eq(rig.of_process, (uint64_t)rig.process);
        ck_assert_uint_eq(rig.thread, 4711);
        ck_assert_int_eq(rig.priority, 20);
        ck_assert_int_eq(prlimit(rig.process, RLIMIT_RTTIME, NULL, &limit), 0);
        ck_assert_uint_eq(limit.rlim_max, RTTIME_US);
}
END_TEST

START_TEST(bus_is_open_only_while_something_is_asked)
{
        ck_assert_uint_eq(rig.n_connections, 0);
        realtime_give(rig.realtime, 1);
        realtime_give(rig.realtime, 2);
        run_until(rig.n_real_time == 2 && is_closed());
        ck_assert_uint_eq(rig.n_connections, 1);
        realtime_give(rig.realtime, 3);
        run_until(rig.n_real_time == 3 && is_closed());
        ck_assert_uint_eq(rig.n_connections, 2);
}
END_TEST

START_TEST(thread_that_gets_no_real_time_gets_a_high_priority)
{
        rig.refuses = true;
        realtime_give(rig.realtime, 4711);
        run_until(rig.n_high == 1 && is_closed());
        ck_assert_uint_eq(rig.thread, 4711);
        ck_assert_int_eq(rig.priority, -11);
}
END_TEST

START_TEST(worker_that_asks_at_will_is_served_no_more)
{
        for (uint32_t thread = 1; thread <= REALTIME_THREADS_MAX + 1; thread++)
                realtime_give(rig.realtime, thread);
        run_until(rig.n_real_time == REALTIME_THREADS_MAX && is_closed());
        ck_assert_uint_eq(rig.thread, REALTIME_THREADS_MAX);
        realtime_give(rig.realtime, 99);
        ck_assert_uint_eq(rig.n_connections, 1);
}
END_TEST

START_TEST(thread_that_waits_already_is_asked_for_once)
{
        for (int i = 0; i < REALTIME_THREADS_MAX; i++)
                realtime_give(rig.realtime, 1);
        realtime_give(rig.realtime, 2);
        run_until(rig.n_real_time == 2 && is_closed());
        ck_assert_uint_eq(rig.thread, 2);
}
END_TEST

START_TEST(lower_limit_of_the_worker_stays)
{
        struct rlimit limit = {RTTIME_US / 2, RTTIME_US / 2};

        ck_assert_int_eq(prlimit(rig.process, RLIMIT_RTTIME, &limit, NULL), 0);
        realtime_give(rig.realtime, 1);
        run_until(rig.n_real_time == 1);
        ck_assert_int_eq(prlimit(rig.process, RLIMIT_RTTIME, NULL, &limit), 0);
        ck_assert_uint_eq(limit.rlim_max, RTTIME_US / 2);
}
END_TEST

START_TEST(without_a_system_bus_nothing_happens)
{
        ck_assert_int_eq(unlink(rig.path), 0);
        realtime_give(rig.realtime, 1);
        realtime_give(rig.realtime, 2);
        ck_assert_uint_eq(rig.n_connections, 0);
}
END_TEST

START_TEST(worker_may_end_while_rtkit_is_asked)
{
        realtime_give(rig.realtime, 1);
        run_until(rig.n_connections == 1);
        rig.realtime = realtime_free(rig.realtime);
        run_until(is_closed());
        ck_assert_uint_eq(rig.n_real_time, 0);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("realtime");
        TCase *tcase = tcase_create("realtime");

        tcase_add_checked_fixture(tcase, set_up, tear_down);
        tcase_add_test(tcase, rtkit_is_asked_for_the_thread_of_the_worker);
        tcase_add_test(tcase, bus_is_open_only_while_something_is_asked);
        tcase_add_test(tcase, thread_that_gets_no_real_time_gets_a_high_priority);
        tcase_add_test(tcase, worker_that_asks_at_will_is_served_no_more);
        tcase_add_test(tcase, thread_that_waits_already_is_asked_for_once);
        tcase_add_test(tcase, lower_limit_of_the_worker_stays);
        tcase_add_test(tcase, without_a_system_bus_nothing_happens);
        tcase_add_test(tcase, worker_may_end_while_rtkit_is_asked);
        suite_add_tcase(suite, tcase);
        return suite_run(suite);
}
