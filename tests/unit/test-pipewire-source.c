/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where a worker's connections to PipeWire come from. */
#include "media/pipewire-source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "suite.h"
#include "wire/worker.h"

static unsigned n_asked;
static bool tringd = true;

static bool ask(void *userdata)
{
        n_asked += tringd;
        return tringd;
}

static unsigned n_changes;

static void count_change(void *userdata)
{
        n_changes++;
}

static PipeWireSource begin(const char *names)
{
        PipeWireSource source;

        if (names)
                ck_assert_int_eq(setenv("LISTEN_FDNAMES", names, true), 0);
        else
                ck_assert_int_eq(unsetenv("LISTEN_FDNAMES"), 0);
        pipewire_source_init(&source, ask, count_change, NULL);
        return source;
}

static int make_fd(void)
{
        int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

        ck_assert_int_ge(fd, 0);
        return fd;
}

START_TEST(worker_of_an_earlier_tringd_opens_the_socket_itself)
{
        PipeWireSource source = begin(NULL);

        ck_assert_int_eq(pipewire_source_take(&source), -ENOTSUP);
        ck_assert_uint_eq(n_asked, 0);
}
END_TEST

START_TEST(first_connection_is_there_and_others_are_asked_for_once)
{
        int other = make_fd();

        ck_assert_int_eq(dup2(other, WORKER_PIPEWIRE_FD), WORKER_PIPEWIRE_FD);
        PipeWireSource source = begin(WORKER_FD_NAMES_PIPEWIRE);

        ck_assert_int_eq(pipewire_source_take(&source), WORKER_PIPEWIRE_FD);
        ck_assert_int_eq(pipewire_source_take(&source), -EAGAIN);
        ck_assert_int_eq(pipewire_source_take(&source), -EAGAIN);
        ck_assert_uint_eq(n_asked, 1);
        pipewire_source_give(&source, other);
        ck_assert_int_eq(pipewire_source_take(&source), other);
        ck_assert_int_eq(pipewire_source_take(&source), -EAGAIN);
        ck_assert_uint_eq(n_asked, 2);
}
END_TEST

START_TEST(absence_of_pipewire_is_told_and_asked_about_again)
{
        PipeWireSource source = begin(WORKER_FD_NAMES);
        int fd = make_fd();

        ck_assert_int_eq(pipewire_source_take(&source), -EAGAIN);
        pipewire_source_give(&source, -1);
        ck_assert_int_eq(pipewire_source_take(&source), -EHOSTDOWN);
        ck_assert_uint_eq(n_asked, 2);
        pipewire_source_give(&source, fd);
        ck_assert_int_eq(pipewire_source_take(&source), fd);
        ck_assert_int_eq(pipewire_source_take(&source), -EAGAIN);
        close(fd);
}
END_TEST

START_TEST(orphan_does_without_and_asks_the_next_tringd)
{
        PipeWireSource source = begin(WORKER_FD_NAMES);

        ck_assert_int_eq(pipewire_source_take(&source), -EAGAIN);
        pipewire_source_forget(&source);
        tringd = false;
        ck_assert_int_eq(pipewire_source_take(&source), -EHOSTDOWN);
        tringd = true;
        ck_assert_int_eq(pipewire_source_take(&source), -EAGAIN);
        ck_assert_uint_eq(n_asked, 2);
}
END_TEST

START_TEST(tringd_is_told_of_threads_until_they_end)
{
        PipeWireSource source = begin(WORKER_FD_NAMES);

        for (pid_t thread = 1; thread <= PIPEWIRE_THREADS_MAX; thread++)
                pipewire_source_add_thread(&source, thread);
        ck_assert_uint_eq(n_changes, PIPEWIRE_THREADS_MAX);
        pipewire_source_add_thread(&source, PIPEWIRE_THREADS_MAX + 1);
        ck_assert_uint_eq(source.n_threads, PIPEWIRE_THREADS_MAX);
        pipewire_source_remove_thread(&source, 1);
        ck_assert_uint_eq(source.n_threads, PIPEWIRE_THREADS_MAX - 1);
        for (size_t i = 0; i < source.n_threads; i++)
                ck_assert_int_ne(source.threads[i], 1);
}
END_TEST

START_TEST(earlier_tringd_is_told_of_no_thread)
{
        PipeWireSource source = begin(NULL);

        pipewire_source_add_thread(&source, 1);
        ck_assert_uint_eq(source.n_threads, 0);
        ck_assert_uint_eq(n_changes, 0);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("pipewire-source");
        TCase *tcase = tcase_create("source");

        tcase_add_test(tcase, worker_of_an_earlier_tringd_opens_the_socket_itself);
        tcase_add_test(tcase, first_connection_is_there_and_others_are_asked_for_once);
        tcase_add_test(tcase, absence_of_pipewire_is_told_and_asked_about_again);
        tcase_add_test(tcase, orphan_does_without_and_asks_the_next_tringd);
        tcase_add_test(tcase, tringd_is_told_of_threads_until_they_end);
        tcase_add_test(tcase, earlier_tringd_is_told_of_no_thread);
        suite_add_tcase(suite, tcase);
        return suite_run(suite);
}
