/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Three network namespaces: a middle, where hub and TURN server are, and two homes, each connected
 * with the middle and with nothing else. The middle forwards nothing: between the homes there is no
 * way but a relay. The machine's own network is not touched. Needs root.
 */

#include "rig/process.h"

#define NETWORKS_HOMES 2
#define NETWORKS_MIDDLE "10.11.0.1" /* the middle, as either home reaches it */
#define NETWORKS_TURN_URL "turn:" NETWORKS_MIDDLE ":3478?transport=udp"

typedef struct Networks {
        Rig *rig;
        Process *middle, *homes[NETWORKS_HOMES]; /* they hold the namespaces open */
        Process *turn;
        unsigned addresses[NETWORKS_HOMES]; /* the last number of each home's own */
} Networks;

Networks *networks_new(Rig *rig);
Networks *networks_free(Networks *networks);
DEFINE_CLEANUP(Networks *, networks_free);

/* Path of a namespace, for PROCESS_NETWORK in the environment of what is to run there. */
void networks_middle(const Networks *networks, char ret[static RIG_PATH_MAX]);
void networks_home(const Networks *networks, size_t home, char ret[static RIG_PATH_MAX]);

/* coturn, in the middle, whose users prove by `secret` that they are somebody's (REST scheme). */
void networks_start_turn(Networks *networks, const char *secret);
void networks_stop_turn(Networks *networks); /* kill -9 */

/* The home's address is another from now on. */
void networks_move(Networks *networks, size_t home);
