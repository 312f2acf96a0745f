/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hub/acceptor.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "suite.h"

#define CLIENTS (ACCEPTS_PER_TURN + 8)

static uv_loop_t loop;
static Acceptor acceptor;
static AcceptorRoom room;
static struct sockaddr_in address;
static int clients[CLIENTS], accepted[CLIENTS];
static size_t n_clients, n_accepted;

static AcceptorRoom on_room(void *userdata)
{
        ck_assert_ptr_eq(userdata, &acceptor);
        return room;
}

static void on_accepted(int fd, void *userdata)
{
        ck_assert_uint_lt(n_accepted, CLIENTS);
        accepted[n_accepted++] = fd;
}

static void on_shortage(void *userdata)
{
        ck_abort_msg("there are descriptors");
}

static void begin_with(int per_turn)
{
        const AcceptorEvents events = {on_room, on_accepted, on_shortage, &acceptor};
        socklen_t length = sizeof(address);
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

        address = (struct sockaddr_in){.sin_family = AF_INET,
                                       .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, length), 0);
        ck_assert_int_eq(listen(fd, SOMAXCONN), 0);
        ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&address, &length), 0);
        ck_assert_int_eq(uv_loop_init(&loop), 0);
        ck_assert_int_eq(acceptor_init(&acceptor, &loop, fd, per_turn, &events), 0);
        room = ACCEPTOR_HAS_ROOM;
}

static void begin(void)
{
        begin_with(ACCEPTS_PER_TURN);
}

static void end(void)
{
        acceptor_stop(&acceptor);
        uv_run(&loop, UV_RUN_DEFAULT);
        ck_assert_int_eq(uv_loop_close(&loop), 0);
        while (n_clients > 0)
                closep(&clients[--n_clients]);
        while (n_accepted > 0)
                closep(&accepted[--n_accepted]);
}

static void come(size_t n)
{
        for (size_t i = 0; i < n; i++) {
                int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

                ck_assert_int_eq(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
                clients[n_clients++] = fd;
        }
}

START_TEST(no_turn_accepts_more_than_its_share)
{
        come(CLIENTS);
        uv_run(&loop, UV_RUN_ONCE);
        ck_assert_uint_eq(n_accepted, ACCEPTS_PER_TURN);
        uv_run(&loop, UV_RUN_ONCE);
        ck_assert_uint_eq(n_accepted, CLIENTS);
}
END_TEST

START_TEST(between_handshakes_those_who_are_connected_have_their_turn)
{
        end();
        begin_with(HANDSHAKES_PER_TURN);
        come(CLIENTS);
        while (n_accepted < CLIENTS) {
                size_t before = n_accepted;

                uv_run(&loop, UV_RUN_ONCE);
                ck_assert_uint_le(n_accepted - before, HANDSHAKES_PER_TURN);
        }
}
END_TEST

START_TEST(without_room_connections_wait_until_there_is_some)
{
        room = _i ? ACCEPTOR_HAS_NO_ROOM : ACCEPTOR_HAS_ROOM_SOON;
        come(2);
        uv_run(&loop, UV_RUN_ONCE);
        ck_assert_uint_eq(n_accepted, 0);
        /* It rests, in place of asking in every turn. */
        ck_assert(!uv_is_active((uv_handle_t *)&acceptor.readable));
        room = ACCEPTOR_HAS_ROOM;
        acceptor_resume(&acceptor);
        uv_run(&loop, UV_RUN_ONCE);
        ck_assert_uint_eq(n_accepted, 2);
        acceptor_resume(&acceptor);
        ck_assert(uv_is_active((uv_handle_t *)&acceptor.readable));
}
END_TEST

START_TEST(without_room_it_tries_again_by_itself)
{
        room = ACCEPTOR_HAS_NO_ROOM;
        come(1);
        uv_run(&loop, UV_RUN_ONCE);
        ck_assert(uv_is_active((uv_handle_t *)&acceptor.retry));
        room = ACCEPTOR_HAS_ROOM;
        while (n_accepted == 0)
                uv_run(&loop, UV_RUN_ONCE);
        ck_assert(!uv_is_active((uv_handle_t *)&acceptor.retry));
}
END_TEST

START_TEST(after_the_end_nobody_comes_in_and_nothing_resumes)
{
        room = ACCEPTOR_HAS_NO_ROOM;
        come(1);
        uv_run(&loop, UV_RUN_ONCE);
        acceptor_stop(&acceptor);
        acceptor_resume(&acceptor);
        ck_assert(uv_is_closing((uv_handle_t *)&acceptor.readable));
        uv_run(&loop, UV_RUN_DEFAULT);
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        ck_assert_int_lt(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
        closep(&fd);
        ck_assert_uint_eq(n_accepted, 0);
        ck_assert_int_eq(uv_loop_close(&loop), 0);
        begin(); /* for the end of the test */
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("acceptor");
        TCase *tests = tcase_create("acceptor");

        tcase_set_timeout(tests, 60);
        tcase_add_checked_fixture(tests, begin, end);
        tcase_add_test(tests, no_turn_accepts_more_than_its_share);
        tcase_add_test(tests, between_handshakes_those_who_are_connected_have_their_turn);
        tcase_add_loop_test(tests, without_room_connections_wait_until_there_is_some, 0, 2);
        tcase_add_test(tests, without_room_it_tries_again_by_itself);
        tcase_add_test(tests, after_the_end_nobody_comes_in_and_nothing_resumes);
        suite_add_tcase(suite, tests);
        return suite_run(suite);
}
