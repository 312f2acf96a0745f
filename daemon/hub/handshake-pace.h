/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * How many TLS handshakes begin in a turn of the loop. The acceptor takes in few strangers in each
 * (acceptor.h), but these may hold back their first message until many are in, and then all send it
 * at once. Those beyond the limit are refused before anything is computed. Pure.
 */

#include <stdbool.h>
#include <stdint.h>

/* 20 ms; devices that come back after a restart have a few in each turn. */
#define HANDSHAKES_AT_ONCE 64

/* Embedded; all zero is before the first. */
typedef struct HandshakePace {
        uint64_t turn;
        uint32_t n; /* in this turn */
} HandshakePace;

/* May another handshake begin in this turn? Counts it if so. */
bool handshake_pace_admit(HandshakePace *pace, uint64_t turn);
