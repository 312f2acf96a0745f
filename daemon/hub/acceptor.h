/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A listening socket on the libuv loop. libwebsockets would accept as long as anybody connects, and
 * spin when there are no descriptors left; so the hub accepts by itself, a few in each turn of its
 * loop. When it can take no more, connections wait in the kernel's queue until it can: at once when
 * the owner says so, or when a second is over. The log has that once a minute.
 */

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "base/clock.h"

#define ACCEPTS_PER_TURN 32 /* more wait for the next turn, behind those who are connected */
/*
 * The same where each one that comes in is a TLS handshake: up to 1 ms with an RSA key. So those
 * who are connected wait for this many at most, however many strangers come.
 */
#define HANDSHAKES_PER_TURN 2
#define ACCEPT_RETRY_MS 1000 /* another program may have freed a descriptor */
#define SHORTAGE_SAID_EVERY_US (60 * USEC_PER_SEC)

typedef enum AcceptorRoom {
        ACCEPTOR_HAS_ROOM,
        ACCEPTOR_HAS_ROOM_SOON, /* acceptor_resume() will follow */
        ACCEPTOR_HAS_NO_ROOM,
} AcceptorRoom;

typedef struct AcceptorEvents {
        AcceptorRoom (*room)(void *userdata);
        void (*accepted)(int fd, void *userdata);     /* takes `fd`, which does not block */
        void (*short_of_descriptors)(void *userdata); /* may close something */
        void *userdata;
} AcceptorEvents;

typedef struct Acceptor {
        AcceptorEvents events;
        int fd;
        int per_turn;
        uv_poll_t readable;
        uv_timer_t retry;
        bool is_resting;
        usec_t said_at; /* CLOCK_BOOTTIME; 0: never */
} Acceptor;

/*
 * Takes `listening_fd`, in any case; accepts `per_turn` in a turn of the loop. The acceptor must
 * stay where it is until acceptor_stop(), and the turn of the loop after that. Returns 0 or
 * negative errno.
 */
int acceptor_init(Acceptor *acceptor, uv_loop_t *loop, int listening_fd, int per_turn,
                  const AcceptorEvents *events);
/* Accepts no more, and closes the socket. */
void acceptor_stop(Acceptor *acceptor);
/* There may be room again. */
void acceptor_resume(Acceptor *acceptor);
