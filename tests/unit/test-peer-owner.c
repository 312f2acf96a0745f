/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "loop/peer-owner.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "base/cleanup.h"
#include "suite.h"

#define OTHER_UID 65534

typedef union Address {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
} Address;

static const struct {
        const char *listen, *connect;
} ways[] = {
        {"127.0.0.1", "127.0.0.1"},
        {"0.0.0.0", "127.1.2.3"},
        {"::1", "::1"},
        {"::", "127.0.0.1"}, /* IPv6 and IPv4 alike */
};

static socklen_t make_address(const char *text, in_port_t port, Address *ret)
{
        *ret = (Address){};
        if (inet_pton(AF_INET, text, &ret->v4.sin_addr) == 1) {
                ret->v4.sin_family = AF_INET;
                ret->v4.sin_port = port;
                return sizeof(ret->v4);
        }
        ck_assert_int_eq(inet_pton(AF_INET6, text, &ret->v6.sin6_addr), 1);
        ret->v6.sin6_family = AF_INET6;
        ret->v6.sin6_port = port;
        return sizeof(ret->v6);
}

static int listen_at(const char *text, in_port_t *ret_port)
{
        Address address;
        socklen_t length = make_address(text, 0, &address);
        int fd = socket(address.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0), off = 0;

        ck_assert_int_ge(fd, 0);
        if (address.any.sa_family == AF_INET6)
                (void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
        ck_assert_int_eq(bind(fd, &address.any, length), 0);
        ck_assert_int_eq(listen(fd, 1), 0);
        ck_assert_int_eq(getsockname(fd, &address.any, &length), 0);
        *ret_port = address.any.sa_family == AF_INET ? address.v4.sin_port : address.v6.sin6_port;
        return fd;
}

static int connect_to(const char *text, in_port_t port)
{
        Address address;
        socklen_t length = make_address(text, port, &address);
        int fd = socket(address.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

        ck_assert_int_ge(fd, 0);
        ck_assert_int_eq(connect(fd, &address.any, length), 0);
        return fd;
}

static uid_t owner_of(int fd)
{
        uid_t owner = 12345;

        ck_assert_int_eq(peer_owner(fd, &owner), 0);
        return owner;
}

START_TEST(the_owner_of_the_other_end_is_who_accepted)
{
        in_port_t port;
        _cleanup_close_ int listener = listen_at(ways[_i].listen, &port);
        _cleanup_close_ int end = connect_to(ways[_i].connect, port);
        _cleanup_close_ int accepted = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

        ck_assert_int_ge(accepted, 0);
        ck_assert_uint_eq(owner_of(end), geteuid());
}
END_TEST

START_TEST(what_nobody_has_accepted_or_somebody_has_closed_is_nobody_s)
{
        in_port_t port;
        _cleanup_close_ int listener = listen_at("127.0.0.1", &port);
        _cleanup_close_ int end = connect_to("127.0.0.1", port);
        int accepted;

        ck_assert_uint_eq(owner_of(end), PEER_OWNER_UNKNOWN);
        accepted = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
        ck_assert_int_ge(accepted, 0);
        close(accepted);
        ck_assert_uint_eq(owner_of(end), PEER_OWNER_UNKNOWN);
}
END_TEST

/* Only root can make a program of another user. */
START_TEST(a_program_of_another_user_is_told_from_ours)
{
        in_port_t port;
        _cleanup_close_ int listener = listen_at("127.0.0.1", &port);
        int ends[2];
        char byte;
        pid_t pid;

        if (geteuid() != 0)
                return;
        ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
        pid = fork();
        ck_assert_int_ge(pid, 0);
        if (pid == 0) {
                close(ends[1]);
                if (setuid(OTHER_UID) < 0)
                        _exit(1);
                int accepted = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
                _exit(send(accepted, "x", 1, 0) != 1 || read(ends[0], &byte, 1) != 0);
        }
        close(ends[0]);
        _cleanup_close_ int end = connect_to("127.0.0.1", port);
        ck_assert_int_eq(recv(end, &byte, 1, 0), 1); /* it has accepted */
        ck_assert_uint_eq(owner_of(end), OTHER_UID);
        close(ends[1]);
        ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
}
END_TEST

START_TEST(the_owner_of_a_unix_socket_is_who_listens)
{
        int ends[2];

        ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
        ck_assert_uint_eq(owner_of(ends[0]), geteuid());
        close(ends[0]);
        close(ends[1]);
}
END_TEST

START_TEST(what_is_no_connection_is_an_error)
{
        _cleanup_close_ int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        uid_t owner;

        ck_assert_int_eq(peer_owner(fd, &owner), -ENOTCONN);
        ck_assert_int_eq(peer_owner(-1, &owner), -EBADF);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("peer-owner");
        TCase *tests = tcase_create("all");

        tcase_add_loop_test(tests, the_owner_of_the_other_end_is_who_accepted, 0, ELEMENTSOF(ways));
        tcase_add_test(tests, what_nobody_has_accepted_or_somebody_has_closed_is_nobody_s);
        tcase_add_test(tests, a_program_of_another_user_is_told_from_ours);
        tcase_add_test(tests, the_owner_of_a_unix_socket_is_who_listens);
        tcase_add_test(tests, what_is_no_connection_is_an_error);
        suite_add_tcase(suite, tests);
        return suite_run(suite);
}
