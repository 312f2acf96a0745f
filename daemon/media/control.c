/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/control.h"

#include <errno.h>
#include <glib-unix.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/str.h"

struct Control {
        int listen_fd, fd; /* fd: of the connection, or -1 */
        int descriptor;    /* came with the current message; -1: none */
        guint listen_source, source;
        const ControlEvents *events;
        void *userdata;
        char buffer[WORKER_MESSAGE_MAX + 1];
};

static gboolean on_connection(int fd, GIOCondition condition, void *data);

static void listen_for_tringd(Control *control)
{
        control->listen_source = g_unix_fd_add(control->listen_fd, G_IO_IN, on_connection, control);
}

static void drop_connection(Control *control)
{
        g_source_remove(control->source);
        control->source = 0;
        close(control->fd);
        control->fd = -1;
        listen_for_tringd(control);
        control->events->gone(control->userdata);
}

static void take_message(Control *control, size_t length)
{
        char text[MESSAGE_TEXT_MAX + 1];
        WorkerMessage message;
        int r = worker_decode(control->buffer, length, &message, text);

        if (r < 0) {
                WorkerMessage refusal = {.type = WORKER_ERROR,
                                         .error = CALL_ERROR_INVALID_ARGUMENT};

                if (r == -ENOMEM)
                        STR_SET(text, "out of memory");
                log_warning("cannot read a message from tringd: %s", text);
                STR_SET(refusal.text, text);
                control_send(control, &refusal);
                return;
        }
        control->events->message(control->userdata, &message);
        worker_message_done(&message);
}

/* Has room for one descriptor; the kernel closes any further ones. */
static ssize_t receive(Control *control)
{
        union {
                struct cmsghdr header;
                char bytes[CMSG_SPACE(sizeof(int))];
        } ancillary = {};
        struct iovec part = {control->buffer, WORKER_MESSAGE_MAX};
        struct msghdr message = {
                .msg_iov = &part,
                .msg_iovlen = 1,
                .msg_control = &ancillary,
                .msg_controllen = sizeof(ancillary),
        };
        ssize_t n = recvmsg(control->fd, &message, MSG_DONTWAIT | MSG_TRUNC | MSG_CMSG_CLOEXEC);
        const struct cmsghdr *header = n < 0 ? NULL : CMSG_FIRSTHDR(&message);

        if (header && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS &&
            header->cmsg_len == CMSG_LEN(sizeof(int)))
                memcpy(&control->descriptor, CMSG_DATA(header), sizeof(int));
        return n;
}

static gboolean on_readable(int fd, GIOCondition condition, void *data)
{
        Control *control = data;
        ssize_t n = receive(control);

        /* ECONNRESET: tringd closed with messages unread; its own last ones are still queued. */
        if (n < 0 && (errno == EAGAIN || errno == EINTR || errno == ECONNRESET))
                return G_SOURCE_CONTINUE;
        if (n <= 0) {
                drop_connection(control);
                return G_SOURCE_REMOVE;
        }
        if (n > WORKER_MESSAGE_MAX) {
                log_warning("cannot read a message from tringd: %zd bytes, more than %d", n,
                            WORKER_MESSAGE_MAX);
        } else {
                control->buffer[n] = '\0';
                take_message(control, (size_t)n);
        }
        closep(&control->descriptor);
        control->descriptor = -1;
        return G_SOURCE_CONTINUE;
}

static gboolean on_connection(int listen_fd, GIOCondition condition, void *data)
{
        Control *control = data;
        struct ucred peer;
        socklen_t size = sizeof(peer);
        int fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

        if (fd < 0)
                return G_SOURCE_CONTINUE;
        /* The socket's folder should have mode 0700; this check covers one that has not. */
        if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0 || peer.uid != geteuid()) {
                log_warning("refused a connection: it is not from this user");
                close(fd);
                return G_SOURCE_CONTINUE;
        }
        control->fd = fd;
        control->listen_source = 0;
        control->source = g_unix_fd_add(fd, G_IO_IN | G_IO_HUP, on_readable, control);
        control->events->connected(control->userdata);
        return G_SOURCE_REMOVE;
}

static bool is_listening_seqpacket(int fd)
{
        int type = 0, listening = 0;
        socklen_t size = sizeof(int);

        return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_SEQPACKET &&
               getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size) == 0 && listening;
}

int control_new(int fd, const ControlEvents *events, void *userdata, Control **ret)
{
        Control *control;

        if (!is_listening_seqpacket(fd))
                return -EINVAL;
        g_unix_set_fd_nonblocking(fd, TRUE, NULL);
        control = calloc(1, sizeof(*control));
        if (!control)
                return -ENOMEM;
        control->listen_fd = fd;
        control->fd = control->descriptor = -1;
        control->events = events;
        control->userdata = userdata;
        listen_for_tringd(control);
        *ret = control;
        return 0;
}

Control *control_free(Control *control)
{
        if (!control)
                return NULL;
        if (control->listen_source)
                g_source_remove(control->listen_source);
        if (control->source)
                g_source_remove(control->source);
        if (control->fd >= 0)
                close(control->fd);
        close(control->listen_fd);
        free(control);
        return NULL;
}

int control_take_descriptor(Control *control)
{
        return TAKE_FD(control->descriptor);
}

bool control_has_help(void)
{
        const char *names = getenv("LISTEN_FDNAMES");

        return str_eq(names, WORKER_FD_NAMES) || str_eq(names, WORKER_FD_NAMES_PIPEWIRE);
}

bool control_is_connected(const Control *control)
{
        return control->fd >= 0;
}

bool control_send(Control *control, const WorkerMessage *message)
{
        _cleanup_free_ char *text = NULL;
        size_t length;
        int r;

        if (control->fd < 0)
                return false;
        r = worker_encode(message, &text, &length);
        if (r < 0) {
                log_error("cannot encode a message for tringd: %s", strerror(-r));
                return false;
        }
        if (send(control->fd, text, length, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
                return true;
        r = errno;
        if (r == EPIPE)
                return false;
        /*
         * A tringd that does not read is cut off: both sides notice the shutdown. It comes first,
         * since the line that says so would go the same way.
         */
        shutdown(control->fd, SHUT_RDWR);
        log_warning("cannot send to tringd: %s; closing the connection", strerror(r));
        return false;
}
