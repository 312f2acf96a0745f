/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hub/acceptor.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "base/log.h"

static void on_readable(uv_poll_t *poll, int status, int events);

static void on_retry(uv_timer_t *timer)
{
        acceptor_resume(timer->data);
}

static void rest(Acceptor *acceptor)
{
        acceptor->is_resting = true;
        uv_poll_stop(&acceptor->readable);
        uv_timer_start(&acceptor->retry, on_retry, ACCEPT_RETRY_MS, 0);
}

static void say_shortage(Acceptor *acceptor, const char *why)
{
        usec_t now = clock_boottime();

        if (acceptor->said_at > 0 && now - acceptor->said_at < SHORTAGE_SAID_EVERY_US)
                return;
        acceptor->said_at = now;
        log_warning("new connections have to wait: %s", why);
}

static bool is_shortage(int error)
{
        return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

/* Returns whether to go on. */
static bool accept_one(Acceptor *acceptor)
{
        const AcceptorEvents *events = &acceptor->events;
        int on = 1, fd;

        AcceptorRoom room = events->room(events->userdata);
        if (room != ACCEPTOR_HAS_ROOM) {
                if (room == ACCEPTOR_HAS_NO_ROOM)
                        say_shortage(acceptor, "the hub has as many as it may have open");
                rest(acceptor);
                return false;
        }
        fd = accept4(acceptor->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0 && is_shortage(errno)) {
                say_shortage(acceptor, strerror(errno));
                rest(acceptor);
                events->short_of_descriptors(events->userdata);
                return false;
        }
        /* Any other error is about this connection alone (accept(2)). */
        if (fd < 0)
                return errno != EAGAIN;
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
        events->accepted(fd, events->userdata);
        return true;
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
        Acceptor *acceptor = poll->data;

        for (int i = 0; i < acceptor->per_turn && accept_one(acceptor); i++)
                ;
}

int acceptor_init(Acceptor *acceptor, uv_loop_t *loop, int listening_fd, int per_turn,
                  const AcceptorEvents *events)
{
        acceptor->events = *events;
        acceptor->fd = listening_fd;
        acceptor->per_turn = per_turn;
        int r = uv_poll_init(loop, &acceptor->readable, listening_fd);
        if (r < 0) {
                closep(&acceptor->fd);
                return r;
        }
        uv_timer_init(loop, &acceptor->retry);
        acceptor->readable.data = acceptor->retry.data = acceptor;
        return uv_poll_start(&acceptor->readable, UV_READABLE, on_readable);
}

void acceptor_stop(Acceptor *acceptor)
{
        uv_close((uv_handle_t *)&acceptor->readable, NULL);
        uv_close((uv_handle_t *)&acceptor->retry, NULL);
        closep(&acceptor->fd);
        acceptor->is_resting = false;
}

void acceptor_resume(Acceptor *acceptor)
{
        if (!acceptor->is_resting)
                return;
        acceptor->is_resting = false;
        uv_timer_stop(&acceptor->retry);
        uv_poll_start(&acceptor->readable, UV_READABLE, on_readable);
}
