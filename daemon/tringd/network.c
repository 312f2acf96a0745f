/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tringd/network.h"

#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "tringd/addresses.h"

#define SLEEP_NOTICED_US (2 * USEC_PER_SEC) /* tolerance: two clocks are read in turn */
#define NETLINK_BUFFER 8192                 /* bytes; netlink(7): large enough for whole messages */
#define SETTLE_US (500 * USEC_PER_MSEC)     /* addresses and routes change one by one */
#define SETTLE_ACCURACY_US (50 * USEC_PER_MSEC)
#define FAR_FUTURE ((time_t)9000000000) /* year 2255: the timer is only ever cancelled */

struct Network {
        sd_event *event;
        const NetworkEvents *events;
        void *userdata;
        sd_event_source *netlink, *clock, *settle;
        LocalAddresses addresses; /* as of the last check */
        int netlink_fd, clock_fd;
        usec_t slept; /* in total since boot */
};

/* CLOCK_BOOTTIME runs during sleep, CLOCK_MONOTONIC does not. */
static usec_t slept_since_boot(void)
{
        struct timespec ts;

        clock_gettime(CLOCK_MONOTONIC, &ts);
        usec_t awake = (usec_t)ts.tv_sec * USEC_PER_SEC + (usec_t)ts.tv_nsec / 1000;
        usec_t boottime = clock_boottime();
        return boottime > awake ? boottime - awake : 0;
}

/* timerfd_create(2): a read fails with ECANCELED when the clock jumps, as it does on waking up. */
static int arm_clock(Network *network)
{
        const struct itimerspec far = {.it_value.tv_sec = FAR_FUTURE};

        if (timerfd_settime(network->clock_fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &far,
                            NULL) < 0)
                return -errno;
        return 0;
}

static int on_clock(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
        Network *network = userdata;
        uint64_t expirations;
        usec_t slept = slept_since_boot();
        bool woke_up = slept > network->slept + SLEEP_NOTICED_US;

        if (read(fd, &expirations, sizeof(expirations)) < 0 && errno == EAGAIN)
                return 0;
        network->slept = slept;
        if (arm_clock(network) < 0)
                network->clock = sd_event_source_disable_unref(network->clock);
        if (woke_up)
                network->events->woke_up(network->userdata);
        return 0;
}

static bool has_new_address(const char *buffer, size_t length)
{
        const struct nlmsghdr *header = (const void *)buffer;

        for (; NLMSG_OK(header, length); header = NLMSG_NEXT(header, length))
                if (header->nlmsg_type == RTM_NEWADDR || header->nlmsg_type == RTM_NEWROUTE)
                        return true;
        return false;
}

static int on_settled(sd_event_source *source, uint64_t usec, void *userdata)
{
        Network *network = userdata;
        LocalAddresses addresses;

        if (addresses_read(&addresses) < 0)
                return 0;
        bool lost = !addresses_have_all(&addresses, &network->addresses);
        bool others = lost || !addresses_have_all(&network->addresses, &addresses);
        network->addresses = addresses;
        if (others)
                network->events->changed(network->userdata, lost);
        return 0;
}

/* Waits until the network has been quiet for a while. */
static void settle_later(Network *network)
{
        network->settle = sd_event_source_disable_unref(network->settle);
        int r = sd_event_add_time_relative(network->event, &network->settle, CLOCK_BOOTTIME,
                                           SETTLE_US, SETTLE_ACCURACY_US, on_settled, network);
        if (r < 0)
                log_debug("cannot compare the addresses after a change: %s", strerror(-r));
}

static int on_netlink(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
        Network *network = userdata;
        _Alignas(struct nlmsghdr) char buffer[NETLINK_BUFFER];
        bool back = false;

        for (;;) {
                ssize_t n = recv(fd, buffer, sizeof(buffer), MSG_DONTWAIT);

                if (n < 0 && errno == ENOBUFS) {
                        back = true; /* messages were lost: assume a new address */
                        continue;
                }
                if (n <= 0)
                        break;
                back = back || has_new_address(buffer, (size_t)n);
        }
        settle_later(network);
        if (back)
                network->events->back(network->userdata);
        return 0;
}

static int open_netlink(Network *network)
{
        const struct sockaddr_nl address = {
                .nl_family = AF_NETLINK,
                .nl_groups = RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR | RTMGRP_IPV4_ROUTE |
                             RTMGRP_IPV6_ROUTE,
        };
        _cleanup_close_ int fd =
                socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);

        if (fd < 0)
                return -errno;
        if (bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
                return -errno;
        int r = sd_event_add_io(network->event, &network->netlink, fd, EPOLLIN, on_netlink,
                                network);
        if (r < 0)
                return r;
        network->netlink_fd = TAKE_FD(fd);
        return addresses_read(&network->addresses);
}

void network_watch(Network *network, bool wanted)
{
        if (wanted == (network->netlink != NULL))
                return;
        if (wanted) {
                int r = open_netlink(network);

                if (r < 0)
                        log_debug("cannot watch the network: %s", strerror(-r));
                return;
        }
        network->netlink = sd_event_source_disable_unref(network->netlink);
        network->settle = sd_event_source_disable_unref(network->settle);
        closep(&network->netlink_fd);
        network->netlink_fd = -1;
}

static int open_clock(Network *network)
{
        network->clock_fd = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK);
        if (network->clock_fd < 0)
                return -errno;
        int r = arm_clock(network);
        if (r < 0)
                return r;
        return sd_event_add_io(network->event, &network->clock, network->clock_fd, EPOLLIN,
                               on_clock, network);
}

int network_new(sd_event *event, const NetworkEvents *events, void *userdata, Network **ret)
{
        _cleanup_(network_freep) Network *network = calloc(1, sizeof(*network));

        if (!network)
                return -ENOMEM;
        *network = (Network){.event = sd_event_ref(event),
                             .events = events,
                             .userdata = userdata,
                             .netlink_fd = -1,
                             .clock_fd = -1,
                             .slept = slept_since_boot()};
        int r = open_clock(network);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(network);
        return 0;
}

Network *network_free(Network *network)
{
        if (!network)
                return NULL;
        network_watch(network, false);
        sd_event_source_disable_unref(network->clock);
        closep(&network->clock_fd);
        sd_event_unref(network->event);
        free(network);
        return NULL;
}
