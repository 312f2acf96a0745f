/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/control.h"

#include <errno.h>
#include <glib-unix.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "base/log.h"

struct Control {
        int listen_fd, fd; /* fd: of the controller, or -1 */
        int descriptor;    /* came with the current message; -1: none */
        guint listen_source, source;
        const ControlEvents *events;
        void *userdata;
        char buffer[WORKER_MESSAGE_MAX + 1];
};

static gboolean on_connection(int fd, GIOCondition condition, void *data);

static void listen_again(Control *link)
{
        link->listen_source = g_unix_fd_add(link->listen_fd, G_IO_IN, on_connection, link);
}

static void drop_controller(Control *link)
{
        g_source_remove(link->source);
        link->source = 0;
        close(link->fd);
        link->fd = -1;
        listen_again(link);
        link->events->gone(link->userdata);
}

static void take_message(Control *link, size_t length)
{
        char text[MESSAGE_TEXT_MAX + 1];
        WorkerMessage message;
        int r = worker_decode(link->buffer, length, &message, text);

        if (r < 0) {
                WorkerMessage refusal = {.type = WORKER_ERROR,
                                         .error = CALL_ERROR_INVALID_ARGUMENT};

                if (r == -ENOMEM)
                        STR_SET(text, "out of memory");
                log_warning("message from tringd refused: %s", text);
                STR_SET(refusal.text, text);
                control_send(link, &refusal);
                return;
        }
        link->events->message(link->userdata, &message);
        worker_message_done(&message);
}

/* The kernel drops further descriptors and closes them. */
static ssize_t receive(Control *link)
{
        union {
                struct cmsghdr header;
                char bytes[CMSG_SPACE(sizeof(int))];
        } control = {};
        struct iovec part = {link->buffer, WORKER_MESSAGE_MAX};
        struct msghdr message = {
                .msg_iov = &part,
                .msg_iovlen = 1,
                .msg_control = &control,
                .msg_controllen = sizeof(control),
        };
        ssize_t n = recvmsg(link->fd, &message, MSG_DONTWAIT | MSG_TRUNC | MSG_CMSG_CLOEXEC);
        const struct cmsghdr *header = n < 0 ? NULL : CMSG_FIRSTHDR(&message);

        if (header && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS &&
            header->cmsg_len == CMSG_LEN(sizeof(int)))
                memcpy(&link->descriptor, CMSG_DATA(header), sizeof(int));
        return n;
}

static void drop_descriptor(Control *link)
{
        if (link->descriptor >= 0)
                close(link->descriptor);
        link->descriptor = -1;
}

static gboolean on_readable(int fd, GIOCondition condition, void *data)
{
        Control *link = data;
        ssize_t n = receive(link);

        /*
         * ECONNRESET: it closed without reading everything; the messages it sent before come next.
         */
        if (n < 0 && (errno == EAGAIN || errno == EINTR || errno == ECONNRESET))
                return G_SOURCE_CONTINUE;
        if (n <= 0) {
                drop_controller(link);
                return G_SOURCE_REMOVE;
        }
        if (n > WORKER_MESSAGE_MAX) {
                log_warning("message from tringd refused: %zd bytes are more than %d", n,
                            WORKER_MESSAGE_MAX);
                drop_descriptor(link);
                return G_SOURCE_CONTINUE;
        }
        link->buffer[n] = '\0';
        take_message(link, (size_t)n);
        drop_descriptor(link);
        return G_SOURCE_CONTINUE;
}

static gboolean on_connection(int listen_fd, GIOCondition condition, void *data)
{
        Control *link = data;
        struct ucred peer;
        socklen_t size = sizeof(peer);
        int fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

        if (fd < 0)
                return G_SOURCE_CONTINUE;
        /* The folder is 0700; this check is for a folder that was made otherwise. */
        if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0 || peer.uid != geteuid()) {
                log_warning("a connection of another user was refused");
                close(fd);
                return G_SOURCE_CONTINUE;
        }
        link->fd = fd;
        link->listen_source = 0;
        link->source = g_unix_fd_add(fd, G_IO_IN | G_IO_HUP, on_readable, link);
        link->events->connected(link->userdata);
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
        Control *link;

        if (!is_listening_seqpacket(fd))
                return -EINVAL;
        g_unix_set_fd_nonblocking(fd, TRUE, NULL);
        link = calloc(1, sizeof(*link));
        if (!link)
                return -ENOMEM;
        link->listen_fd = fd;
        link->fd = link->descriptor = -1;
        link->events = events;
        link->userdata = userdata;
        listen_again(link);
        *ret = link;
        return 0;
}

Control *control_free(Control *link)
{
        if (!link)
                return NULL;
        if (link->listen_source)
                g_source_remove(link->listen_source);
        if (link->source)
                g_source_remove(link->source);
        if (link->fd >= 0)
                close(link->fd);
        close(link->listen_fd);
        free(link);
        return NULL;
}

int control_take_descriptor(Control *link)
{
        return TAKE_FD(link->descriptor);
}

void control_send(Control *link, const WorkerMessage *message)
{
        _cleanup_free_ char *text = NULL;
        size_t length;
        int r;

        if (link->fd < 0)
                return;
        r = worker_encode(message, &text, &length);
        if (r < 0) {
                log_error("a message for tringd could not be written: %s", strerror(-r));
                return;
        }
        /*
         * A controller that does not read is cut off: shutting down the connection tells both
         * sides.
         */
        if (send(link->fd, text, length, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 && errno != EPIPE) {
                log_warning("tringd does not read: %s", strerror(errno));
                shutdown(link->fd, SHUT_RDWR);
        }
}
