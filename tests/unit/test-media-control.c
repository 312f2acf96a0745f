/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The worker's connection to a tringd that does not read, when lines of the log go by it, too. */
#include "media/control.h"

#include <errno.h>
#include <glib.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/log.h"
#include "error-output.h"
#include "suite.h"

static usec_t passed; /* so much time, at once */

usec_t __real_clock_boottime(void);
usec_t __wrap_clock_boottime(void);

usec_t __wrap_clock_boottime(void)
{
        return __real_clock_boottime() + passed;
}

static Control *control;
static bool is_gone;
static unsigned n_sent;

static void connected(void *userdata)
{
}

static void gone(void *userdata)
{
        is_gone = true;
}

static const ControlEvents events = {.connected = connected, .gone = gone};

/* As the worker's. */
static bool sink(void *userdata, int level, const char *text, char (*fields)[LOG_LINE_MAX],
                 size_t n)
{
        WorkerMessage message = {.type = WORKER_LOG, .line.level = (uint32_t)level};

        (void)snprintf(message.line.text, sizeof(message.line.text), "%.200s", text);
        return control_send(control, &message);
}

static int connect_tringd(void)
{
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        socklen_t size = sizeof(sa_family_t); /* the kernel chooses a name */
        int listener = socket(AF_UNIX, SOCK_SEQPACKET, 0), fd = socket(AF_UNIX, SOCK_SEQPACKET, 0);

        ck_assert_int_eq(bind(listener, (struct sockaddr *)&address, size), 0);
        size = sizeof(address);
        ck_assert_int_eq(getsockname(listener, (struct sockaddr *)&address, &size), 0);
        ck_assert_int_eq(listen(listener, 1), 0);
        ck_assert_int_eq(control_new(listener, &events, NULL, &control), 0);
        ck_assert_int_eq(connect(fd, (struct sockaddr *)&address, size), 0);
        while (!control_is_connected(control))
                g_main_context_iteration(NULL, TRUE);
        return fd;
}

static void become_service(void)
{
        error_output_begin();
        error_output_be_journal();
        log_open("tring-media", LOG_INFO);
        log_send_to(sink, NULL);
}

static void leave_lines_out(void)
{
        for (unsigned i = 0; i < LOG_PLACE_MAX + 3; i++)
                log_info("nonsense of a stranger");
        passed += LOG_PLACE_WINDOW_US;
}

START_TEST(tringd_that_does_not_read_is_cut_off_and_no_line_is_lost)
{
        const WorkerMessage state = {.type = WORKER_STATE, .state = SESSION_CONNECTED};
        int tringd = connect_tringd();

        become_service();
        leave_lines_out();
        while (control_send(control, &state))
                n_sent++;
        while (!is_gone)
                g_main_context_iteration(NULL, TRUE);
        const char *text = error_output_end();
        ck_assert_uint_gt(n_sent, 0);
        ck_assert_str_eq(text,
                         "<6>tring-media: 3 more lines like this were left out: nonsense of a "
                         "stranger\n"
                         "<4>tring-media: cannot send to tringd: Resource temporarily unavailable; "
                         "closing the connection\n");
        close(tringd);
        control_free(control);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("media-control");
        TCase *tcase = tcase_create("connection");

        tcase_set_timeout(tcase, 30);
        tcase_add_test(tcase, tringd_that_does_not_read_is_cut_off_and_no_line_is_lost);
        suite_add_tcase(suite, tcase);
        return suite_run(suite);
}
