/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rig/liar.h"

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define LINKS_MAX 64 /* a page and its files take ten */
#define READ_MAX 65536
#define TEXT_MAX 128 /* bytes of a lie */

/* A device's connection and the one to the hub that belongs to it. */
typedef struct Link {
        int device, hub; /* -1: free */
        char held[TEXT_MAX];
        size_t n_held; /* the end of what the hub has sent so far, which may begin a lie */
} Link;

struct Liar {
        Hub hub;
        pthread_t thread;
        int listener, wake;
        atomic_bool stop;
        atomic_uint lies;
        pthread_mutex_t lock; /* truth, lie */
        char truth[TEXT_MAX + 1], lie[TEXT_MAX + 1];

        Link links[LINKS_MAX]; /* of the thread */
};

static void close_if_open(int fd)
{
        if (fd >= 0)
                close(fd);
}

static bool write_all(int fd, const char *data, size_t length)
{
        while (length > 0) {
                ssize_t n = send(fd, data, length, MSG_NOSIGNAL);

                if (n <= 0)
                        return false;
                data += n;
                length -= (size_t)n;
        }
        return true;
}

/* The length of the longest end of `data` that `text` begins with, without being there whole. */
static size_t begun(const char *data, size_t length, const char *text)
{
        size_t n = MIN_OF(strlen(text) - 1, length);

        while (n > 0 && memcmp(data + length - n, text, n) != 0)
                n--;
        return n;
}

/* The texts have the same length, so the frames around them stay as they are. */
static bool pass_to_device(Liar *liar, Link *link, char *data, size_t length)
{
        char *at = data;

        pthread_mutex_lock(&liar->lock);
        size_t truth = strlen(liar->truth);
        while (truth > 0 && (at = memmem(at, length - (size_t)(at - data), liar->truth, truth))) {
                memcpy(at, liar->lie, truth);
                atomic_fetch_add(&liar->lies, 1);
        }
        link->n_held = truth > 0 ? begun(data, length, liar->truth) : 0;
        pthread_mutex_unlock(&liar->lock);
        memcpy(link->held, data + length - link->n_held, link->n_held);
        return write_all(link->device, data, length - link->n_held);
}

static bool carry(Liar *liar, Link *link, bool to_device)
{
        static char data[READ_MAX];
        size_t held = to_device ? link->n_held : 0;

        memcpy(data, link->held, held);
        ssize_t n = recv(to_device ? link->hub : link->device, data + held, sizeof(data) - held, 0);
        if (n <= 0)
                return false;
        return to_device ? pass_to_device(liar, link, data, held + (size_t)n)
                         : write_all(link->hub, data, (size_t)n);
}

static void link_close(Link *link)
{
        close_if_open(link->device);
        close_if_open(link->hub);
        *link = (Link){.device = -1, .hub = -1};
}

static int connect_to(const Hub *hub)
{
        struct sockaddr_in address = {.sin_family = AF_INET,
                                      .sin_port =
                                              htons((uint16_t)atoi(strrchr(hub->listen, ':') + 1)),
                                      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

        if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
                close(fd);
                return -1;
        }
        return fd;
}

static void link_accept(Liar *liar)
{
        int device = accept4(liar->listener, NULL, NULL, SOCK_CLOEXEC);

        for (size_t i = 0; device >= 0 && i < LINKS_MAX; i++) {
                Link *link = &liar->links[i];

                if (link->device >= 0)
                        continue;
                *link = (Link){.device = device, .hub = connect_to(&liar->hub)};
                if (link->hub < 0)
                        link_close(link);
                return;
        }
        close_if_open(device);
}

static void *run(void *userdata)
{
        Liar *liar = userdata;

        while (!atomic_load(&liar->stop)) {
                struct pollfd events[2 + 2 * LINKS_MAX] = {{liar->wake, POLLIN, 0},
                                                           {liar->listener, POLLIN, 0}};

                for (size_t i = 0; i < LINKS_MAX; i++) {
                        events[2 + 2 * i] = (struct pollfd){liar->links[i].device, POLLIN, 0};
                        events[3 + 2 * i] = (struct pollfd){liar->links[i].hub, POLLIN, 0};
                }
                poll(events, ELEMENTSOF(events), -1);
                for (size_t i = 0; i < LINKS_MAX; i++) {
                        Link *link = &liar->links[i];
                        bool lives = true;

                        if (events[2 + 2 * i].revents)
                                lives = carry(liar, link, false);
                        if (lives && events[3 + 2 * i].revents)
                                lives = carry(liar, link, true);
                        if (!lives)
                                link_close(link);
                }
                if (events[1].revents)
                        link_accept(liar);
        }
        return NULL;
}

static int listen_on_loopback(uint16_t *ret_port)
{
        struct sockaddr_in address = {.sin_family = AF_INET,
                                      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        socklen_t size = sizeof(address);
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

        if (fd < 0 || bind(fd, (struct sockaddr *)&address, size) < 0 ||
            listen(fd, LINKS_MAX) < 0 || getsockname(fd, (struct sockaddr *)&address, &size) < 0)
                rig_fail("the liar cannot listen: %m");
        *ret_port = ntohs(address.sin_port);
        return fd;
}

Liar *liar_new(const Hub *hub)
{
        Liar *liar = rig_alloc(sizeof(*liar));
        uint16_t port;

        liar->hub = *hub;
        liar->listener = listen_on_loopback(&port);
        liar->wake = eventfd(0, EFD_CLOEXEC);
        for (size_t i = 0; i < LINKS_MAX; i++)
                liar->links[i] = (Link){.device = -1, .hub = -1};
        pthread_mutex_init(&liar->lock, NULL);
        if (liar->wake < 0 || pthread_create(&liar->thread, NULL, run, liar) != 0)
                rig_fail("the liar cannot start");
        return liar;
}

Liar *liar_free(Liar *liar)
{
        if (!liar)
                return NULL;
        atomic_store(&liar->stop, true);
        eventfd_write(liar->wake, 1);
        pthread_join(liar->thread, NULL);
        for (size_t i = 0; i < LINKS_MAX; i++)
                link_close(&liar->links[i]);
        close_if_open(liar->listener);
        close_if_open(liar->wake);
        pthread_mutex_destroy(&liar->lock);
        free(liar);
        return NULL;
}

Hub liar_hub(const Liar *liar)
{
        struct sockaddr_in address;
        socklen_t size = sizeof(address);
        Hub hub = liar->hub;

        getsockname(liar->listener, (struct sockaddr *)&address, &size);
        snprintf(hub.listen, sizeof(hub.listen), "127.0.0.1:%u", ntohs(address.sin_port));
        snprintf(hub.url, sizeof(hub.url), "ws://%s/v1/ws", hub.listen);
        return hub;
}

void liar_says(Liar *liar, const char *truth, const char *lie)
{
        size_t length = truth ? strlen(truth) : 0;

        if (length > TEXT_MAX || (truth && strlen(lie) != length))
                rig_fail("a lie as long as '%s' is needed", truth);
        pthread_mutex_lock(&liar->lock);
        snprintf(liar->truth, sizeof(liar->truth), "%s", truth ? truth : "");
        snprintf(liar->lie, sizeof(liar->lie), "%s", truth ? lie : "");
        pthread_mutex_unlock(&liar->lock);
}

unsigned liar_lies(const Liar *liar)
{
        return atomic_load(&liar->lies);
}
