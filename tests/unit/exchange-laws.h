/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What an exchange does, seen by all devices and by the store, and the laws that hold for it:
 *
 * - a call rings on a device at most once at a time, and each device on which it appears learns of
 *   its end exactly once: by the event or, if it was away, by a snapshot without it;
 * - a call and a user have one history record, written before anybody is notified, and another in
 *   its place only after that user has joined a group's call late;
 * - the two records of a call to a user agree;
 * - the stored live calls are the live calls, and a hub that is killed continues with them;
 * - nothing is left undone past its deadline.
 */

#include <stdio.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "exchange/exchange.h"
#include "suite.h"

#define USERS 4
#define DEVICES_PER_USER 3
#define DEVICES (USERS * DEVICES_PER_USER)
#define CALLS 256 /* all ids; they are used in waves of a few, so that they collide */

typedef struct Seen {
        bool on_device[CALLS];
        uint64_t link; /* 0: away */
        char token[CALLS][TOKEN_MAX + 1];
        char participant[PARTICIPANT_ID_MAX + 1];
} Seen;

typedef enum Part {
        PART_NONE,
        PART_OPEN, /* of a call that is not over for that user */
        PART_LOGGED,
} Part;

/* The rows that a hub would have stored. */
typedef struct Stored {
        LiveCall live; /* no members: no call */
        Part parts[USERS];
        CallStatus status[CALL_DIRECTION_COUNT]; /* of the records of a call to a user */
} Stored;

typedef struct AllThere {
        Exchange *exchange;
        ExchangeNow moment;
        uint64_t state, n_links;
        Seen devices[DEVICES];
        Stored stored[CALLS];
        size_t n_live;
        WhenBusy when_busy[USERS];
        bool blocks[USERS][USERS];
        WhoMayRing who_may_ring[USERS];
        bool called[USERS][USERS];
        bool suspended[DEVICES];
        unsigned wave, seed, step;
} AllThere;

extern AllThere all;

#define must(condition) \
        ck_assert_msg(condition, "seed %u, step %u: " #condition, all.seed, all.step)

/* The number in a session id that the test has made. */
unsigned call_of(const char *session_id);
/* A call that a reply or a snapshot has for the device. */
void see_call(Seen *device, const CallSnapshot *call);
/* Takes the actions of the exchange, and holds them to the laws. */
void see_all(void);
