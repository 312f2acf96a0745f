/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The connections to PipeWire that tringd opens for a worker. */
#include "tringd/pipewire-sockets.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "suite.h"

static char folder[64];

static void set_up(void)
{
        snprintf(folder, sizeof(folder), "/tmp/tring-pipewire-XXXXXX");
        ck_assert_ptr_nonnull(mkdtemp(folder));
        setenv("XDG_RUNTIME_DIR", folder, true);
        unsetenv("PIPEWIRE_REMOTE");
        unsetenv("PIPEWIRE_RUNTIME_DIR");
}

/* A PipeWire that listens at this path. */
static int listen_at(const char *format, ...)
{
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        va_list arguments;

        va_start(arguments, format);
        vsnprintf(address.sun_path, sizeof(address.sun_path), format, arguments);
        va_end(arguments);
        ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
        ck_assert_int_eq(listen(fd, 64), 0);
        return fd;
}

/* Expects that the socket leads to that PipeWire; returns its end. */
static int expect_at(int server)
{
        PipeWireSockets sockets = {};
        int fd, end;

        ck_assert_int_eq(pipewire_sockets_open(&sockets, &fd), 0);
        end = accept(server, NULL, NULL);
        ck_assert_int_ge(end, 0);
        pipewire_sockets_done(&sockets);
        return end;
}

START_TEST(socket_is_where_libpipewire_looks_for_it)
{
        _cleanup_close_ int plain = listen_at("%s/pipewire-0", folder);
        _cleanup_close_ int named = listen_at("%s/other", folder);

        close(expect_at(plain));
        setenv("PIPEWIRE_REMOTE", "other", true);
        close(expect_at(named));
        setenv("PIPEWIRE_REMOTE", "", true);
        close(expect_at(plain));

        char path[96], below[80];

        snprintf(below, sizeof(below), "%s/below", folder);
        ck_assert_int_eq(mkdir(below, 0700), 0);
        _cleanup_close_ int elsewhere = listen_at("%s/pipewire-0", below);
        setenv("PIPEWIRE_RUNTIME_DIR", below, true);
        close(expect_at(elsewhere));
        snprintf(path, sizeof(path), "%s/other", folder);
        setenv("PIPEWIRE_REMOTE", path, true);
        close(expect_at(named));
}
END_TEST

START_TEST(without_pipewire_there_is_no_socket)
{
        PipeWireSockets sockets = {};
        int fd;

        setenv("PIPEWIRE_REMOTE", "tring-test-nobody", true);
        ck_assert_int_eq(pipewire_sockets_open(&sockets, &fd), -ENOENT);
        ck_assert_uint_eq(sockets.n, 0);
}
END_TEST

static bool is_closed(int fd)
{
        char byte;

        return recv(fd, &byte, sizeof(byte), MSG_DONTWAIT) == 0;
}

START_TEST(cut_ends_connections_that_the_worker_still_holds)
{
        _cleanup_close_ int server = listen_at("%s/pipewire-0", folder);
        PipeWireSockets sockets = {};
        int fds[2], held[2], ends[2];

        for (size_t i = 0; i < ELEMENTSOF(fds); i++) {
                ck_assert_int_eq(pipewire_sockets_open(&sockets, &fds[i]), 0);
                held[i] = dup(fds[i]);
                ends[i] = accept(server, NULL, NULL);
        }
        ck_assert(!is_closed(ends[0]) && !is_closed(ends[1]));
        pipewire_sockets_cut(&sockets);
        ck_assert(is_closed(ends[0]) && is_closed(ends[1]));
        ck_assert(is_closed(held[0]) && is_closed(held[1]));
        ck_assert_uint_eq(sockets.n, 0);
}
END_TEST

START_TEST(forgetting_them_leaves_the_workers_alone)
{
        _cleanup_close_ int server = listen_at("%s/pipewire-0", folder);
        PipeWireSockets sockets = {};
        int fd, held, end;

        ck_assert_int_eq(pipewire_sockets_open(&sockets, &fd), 0);
        held = dup(fd);
        end = accept(server, NULL, NULL);
        pipewire_sockets_done(&sockets);
        ck_assert(!is_closed(end));
        close(held);
        ck_assert(is_closed(end));
}
END_TEST

START_TEST(worker_has_a_bounded_number_and_gets_others_for_those_that_it_shut_down)
{
        _cleanup_close_ int server = listen_at("%s/pipewire-0", folder);
        PipeWireSockets sockets = {};
        int fd;

        for (size_t i = 0; i < PIPEWIRE_SOCKETS_MAX; i++)
                ck_assert_int_eq(pipewire_sockets_open(&sockets, &fd), 0);
        ck_assert_int_eq(pipewire_sockets_open(&sockets, &fd), -ENOBUFS);
        ck_assert_int_eq(shutdown(sockets.fds[3], SHUT_RDWR), 0);
        ck_assert_int_eq(pipewire_sockets_open(&sockets, &fd), 0);
        ck_assert_int_eq(pipewire_sockets_open(&sockets, &fd), -ENOBUFS);

        /* PipeWire has ended. */
        for (size_t i = 0; i <= PIPEWIRE_SOCKETS_MAX; i++)
                close(accept(server, NULL, NULL));
        ck_assert_int_eq(pipewire_sockets_open(&sockets, &fd), 0);
        ck_assert_uint_eq(sockets.n, 1);
        pipewire_sockets_done(&sockets);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("pipewire-sockets");
        TCase *tcase = tcase_create("sockets");

        tcase_add_checked_fixture(tcase, set_up, NULL);
        tcase_add_test(tcase, socket_is_where_libpipewire_looks_for_it);
        tcase_add_test(tcase, without_pipewire_there_is_no_socket);
        tcase_add_test(tcase, cut_ends_connections_that_the_worker_still_holds);
        tcase_add_test(tcase, forgetting_them_leaves_the_workers_alone);
        tcase_add_test(tcase,
                       worker_has_a_bounded_number_and_gets_others_for_those_that_it_shut_down);
        suite_add_tcase(suite, tcase);
        return suite_run(suite);
}
