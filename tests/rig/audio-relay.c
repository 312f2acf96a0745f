/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rig/audio-relay.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/str.h"
#include "wire/media-signal.h"

#define PORTS_MAX 32    /* candidates: one or two per worker and connection */
#define ON_THE_WAY 1024 /* packets: 5 s of two voices */
#define PACKET_MAX 1600 /* bytes: a little more than an Ethernet frame */
#define NS_PER_MS 1000000

/* Stands for one candidate: packets sent to this port reach it. */
typedef struct Port {
        struct sockaddr_in real;
        struct sockaddr_in here;
        int fd;
} Port;

typedef struct Packet {
        int64_t due; /* ns; 0: no packet */
        int fd;      /* the port that stands for the sender */
        struct sockaddr_in to;
        size_t length;
        uint8_t data[PACKET_MAX];
} Packet;

struct RigRelay {
        pthread_t thread;
        bool running;
        atomic_bool stop;
        int wake_fd;
        pthread_mutex_t lock; /* ports, weather */
        Port ports[PORTS_MAX];
        size_t n_ports;
        RigWeather weather;
        atomic_uint carried, too_large;

        /* used by the thread only */
        uint64_t dice;
        Packet packets[ON_THE_WAY];
};

static int64_t now_ns(void)
{
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static double throw_dice(RigRelay *relay)
{
        /* Knuth's multiplicative generator (MMIX); the high bits are the random ones. */
        relay->dice = relay->dice * 6364136223846793005u + 1442695040888963407u;
        return (double)(relay->dice >> 11) / (double)(1ull << 53);
}

/* ---- packets ---- */

/* With the lock held. */
static const Port *port_of(const RigRelay *relay, const struct sockaddr_in *real)
{
        for (size_t i = 0; i < relay->n_ports; i++)
                if (relay->ports[i].real.sin_port == real->sin_port)
                        return &relay->ports[i];
        return NULL;
}

static Packet *free_place(RigRelay *relay)
{
        for (size_t i = 0; i < ON_THE_WAY; i++)
                if (relay->packets[i].due == 0)
                        return &relay->packets[i];
        return NULL;
}

/* With the lock held. */
static void take_packet(RigRelay *relay, const Port *to)
{
        Packet *packet = free_place(relay), dropped;
        struct sockaddr_in from;
        socklen_t size = sizeof(from);
        const Port *sender;
        ssize_t n;

        if (!packet)
                packet = &dropped;
        n = recvfrom(to->fd, packet->data, PACKET_MAX, MSG_DONTWAIT, (struct sockaddr *)&from,
                     &size);
        if (n < 0)
                return;
        double late = relay->weather.delay_ms + relay->weather.jitter_ms * throw_dice(relay);

        sender = port_of(relay, &from);
        if (relay->weather.widest > 0 && (size_t)n > relay->weather.widest) {
                atomic_fetch_add(&relay->too_large, 1);
                return;
        }
        if (throw_dice(relay) < relay->weather.loss || !sender || packet == &dropped)
                return;
        packet->fd = sender->fd;
        packet->to = to->real;
        packet->length = (size_t)n;
        packet->due = now_ns() + (int64_t)(late * NS_PER_MS);
}

/* Delivers what is due. Returns the time of the next packet in ns, or 0. */
static int64_t deliver(RigRelay *relay)
{
        int64_t now = now_ns();

        for (;;) {
                Packet *next = NULL;

                for (size_t i = 0; i < ON_THE_WAY; i++) {
                        Packet *packet = &relay->packets[i];

                        if (packet->due && (!next || packet->due < next->due))
                                next = packet;
                }
                if (!next || next->due > now)
                        return next ? next->due : 0;
                sendto(next->fd, next->data, next->length, MSG_DONTWAIT,
                       (const struct sockaddr *)&next->to, sizeof(next->to));
                next->due = 0;
                atomic_fetch_add(&relay->carried, 1);
        }
}

static void *run(void *data)
{
        RigRelay *relay = data;

        while (!atomic_load(&relay->stop)) {
                struct pollfd events[PORTS_MAX + 1];
                int64_t due = deliver(relay), left = due ? due - now_ns() : 1000000000;
                struct timespec timeout = {0, left > 0 ? MIN_OF(left, (int64_t)999999999) : 0};
                size_t n;

                pthread_mutex_lock(&relay->lock);
                n = relay->n_ports;
                for (size_t i = 0; i < n; i++)
                        events[i] = (struct pollfd){.fd = relay->ports[i].fd, .events = POLLIN};
                pthread_mutex_unlock(&relay->lock);
                events[n] = (struct pollfd){.fd = relay->wake_fd, .events = POLLIN};
                if (ppoll(events, n + 1, &timeout, NULL) <= 0)
                        continue;
                pthread_mutex_lock(&relay->lock);
                for (size_t i = 0; i < n; i++)
                        if (events[i].revents)
                                take_packet(relay, &relay->ports[i]);
                pthread_mutex_unlock(&relay->lock);
                if (events[n].revents) {
                        eventfd_t count;

                        eventfd_read(relay->wake_fd, &count);
                }
        }
        return NULL;
}

/* ---- candidates ---- */

/* With the lock held. */
static int add_port(RigRelay *relay, const struct sockaddr_in *real, const Port **ret)
{
        Port *port = &relay->ports[relay->n_ports];
        socklen_t size = sizeof(port->here);

        if (relay->n_ports == PORTS_MAX)
                return -ENOSPC;
        *port = (Port){.real = *real, .here = *real};
        port->here.sin_port = 0;
        port->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (port->fd < 0)
                return -errno;
        if (bind(port->fd, (struct sockaddr *)&port->here, size) < 0 ||
            getsockname(port->fd, (struct sockaddr *)&port->here, &size) < 0) {
                int r = -errno;

                close(port->fd);
                return r;
        }
        relay->n_ports++;
        *ret = port;
        return eventfd_write(relay->wake_fd, 1) < 0 ? -errno : 0;
}

/* The port, in host order, that stands for a port of 127.0.0.1; or negative errno. */
static int stand_in(RigRelay *relay, unsigned port)
{
        const struct sockaddr_in real = {.sin_family = AF_INET,
                                         .sin_port = htons((uint16_t)port),
                                         .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        const Port *found;
        int r = 0;

        pthread_mutex_lock(&relay->lock);
        found = port_of(relay, &real);
        if (!found)
                r = add_port(relay, &real, &found);
        if (r == 0)
                r = ntohs(found->here.sin_port);
        pthread_mutex_unlock(&relay->lock);
        return r;
}

/* RFC 8839 section 5.1. Returns true if the candidate leads to the relay now. */
static bool rewrite_candidate(RigRelay *relay, char **text)
{
        char foundation[40], transport[8], address[64], rest[160];
        unsigned component, priority, port;
        char *line;
        int here;

        if (sscanf(*text, "candidate:%39s %u %7s %u %63s %u %159[^\n]", foundation, &component,
                   transport, &priority, address, &port, rest) != 7 ||
            strcasecmp(transport, "udp") != 0 || !str_eq(address, "127.0.0.1") || port > UINT16_MAX)
                return false;
        here = stand_in(relay, port);
        if (here < 0)
                return false;
        line = str_printf("candidate:%s %u %s %u %s %d %s", foundation, component, transport,
                          priority, address, here, rest);
        if (!line)
                return false;
        free(*text);
        *text = line;
        return true;
}

/* Rewrites the candidates inside a session description as well. */
static void drop_candidates(char *sdp)
{
        char *line;

        while ((line = strstr(sdp, "a=candidate:"))) {
                char *end = strchr(line, '\n');

                memmove(line, end ? end + 1 : line + strlen(line), end ? strlen(end + 1) + 1 : 1);
        }
}

int rig_relay_rewrite(RigRelay *relay, const char *data, char **ret)
{
        char text[MESSAGE_TEXT_MAX + 1], *rewritten = NULL;
        bool arrives = true;
        MediaSignal signal;
        int r = media_signal_decode(data, &signal, text);

        if (r < 0)
                return r;
        if (signal.type == MEDIA_SIGNAL_CANDIDATE)
                arrives = rewrite_candidate(relay, &signal.text);
        else if (signal.type == MEDIA_SIGNAL_OFFER || signal.type == MEDIA_SIGNAL_ANSWER)
                drop_candidates(signal.text);
        if (arrives)
                r = media_signal_encode(&signal, &rewritten);
        media_signal_done(&signal);
        if (r < 0)
                return r;
        *ret = rewritten;
        return 0;
}

/* ---- start and end ---- */

int rig_relay_new(uint64_t seed, RigRelay **ret)
{
        _cleanup_(rig_relay_freep) RigRelay *relay = calloc(1, sizeof(*relay));
        int r;

        if (!relay)
                return -ENOMEM;
        relay->dice = seed;
        pthread_mutex_init(&relay->lock, NULL);
        relay->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        if (relay->wake_fd < 0)
                return -errno;
        r = pthread_create(&relay->thread, NULL, run, relay);
        if (r != 0)
                return -r;
        relay->running = true;
        *ret = TAKE_PTR(relay);
        return 0;
}

RigRelay *rig_relay_free(RigRelay *relay)
{
        if (!relay)
                return NULL;
        if (relay->running) {
                atomic_store(&relay->stop, true);
                eventfd_write(relay->wake_fd, 1);
                pthread_join(relay->thread, NULL);
        }
        for (size_t i = 0; i < relay->n_ports; i++)
                close(relay->ports[i].fd);
        if (relay->wake_fd >= 0)
                close(relay->wake_fd);
        pthread_mutex_destroy(&relay->lock);
        free(relay);
        return NULL;
}

void rig_relay_set_weather(RigRelay *relay, const RigWeather *weather)
{
        pthread_mutex_lock(&relay->lock);
        relay->weather = *weather;
        pthread_mutex_unlock(&relay->lock);
}

unsigned rig_relay_carried(const RigRelay *relay)
{
        return atomic_load(&relay->carried);
}

unsigned rig_relay_too_large(const RigRelay *relay)
{
        return atomic_load(&relay->too_large);
}
