/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * When another connection is made in place of one to the same participant, or asked for. Each costs
 * both ends certificates, checks and keys, and puts an end to an attempt before it that has not
 * succeeded yet: on a machine that is too slow already, haste would keep any from succeeding. Only
 * time in which this program ran counts. Pure: all times are the caller's, of one clock.
 */

#include <stdbool.h>

#include "base/own-time.h"

/* From one attempt to the next: ICE and DTLS over a slow relay are done by then. */
#define RESTART_AGAIN_US (10 * USEC_PER_SEC)
/* Each attempt doubles that, up to this, until a connection has held for RESTART_HELD_US. */
#define RESTART_AGAIN_MAX_US (60 * USEC_PER_SEC)
#define RESTART_HELD_US (30 * USEC_PER_SEC)
/*
 * Between two attempts, at least: networks change several times in a row, and the other side may
 * ask at any rate.
 */
#define RESTART_LEAST_US (1 * USEC_PER_SEC)
/*
 * The answering side asks for another connection only when it has waited so long for the other one
 * to make it, which finds the same path lost at about the same time: a request that comes in the
 * middle of an attempt starts it over.
 */
#define RESTART_ASK_US (3 * USEC_PER_SEC)

typedef struct RestartPace {
        bool offers; /* this side makes connections; the other one asks */
        OwnTime time;
        usec_t since;      /* the last attempt, whoever caused it; only with `attempted` */
        usec_t lost, held; /* for how long the connection has been lost, or connected */
        usec_t unlooked;   /* own time since the last look */
        unsigned in_a_row; /* attempts because the connection was lost */
        bool attempted;
        bool due; /* another attempt was wanted less than RESTART_LEAST_US after the last */
} RestartPace;

/* An attempt begins now. */
void restart_pace_attempted(RestartPace *pace, usec_t now);
/* Whether the last attempt is less than RESTART_LEAST_US old. */
bool restart_pace_is_recent(RestartPace *pace, usec_t now);
/* An attempt is wanted. Returns whether now; otherwise a look will want it. */
bool restart_pace_want(RestartPace *pace, usec_t now);
/* Call it about once a second, with the state of the connection. Returns whether to attempt now. */
bool restart_pace_look(RestartPace *pace, bool connected, bool lost, usec_t now);
