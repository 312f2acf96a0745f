/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Three network namespaces: a middle with hub and TURN server, and two homes, each connected to the
 * middle and to nothing else. The middle forwards nothing: the homes reach each other only through
 * a relay. The machine's own network is not touched. Needs root.
 */

#include "rig/process.h"

#define NETWORKS_HOMES 2
#define NETWORKS_MIDDLE "10.11.0.1" /* address of the middle, from either home */
#define NETWORKS_TURN_URL "turn:" NETWORKS_MIDDLE ":3478?transport=udp"

typedef struct Networks {
        Rig *rig;
        Process *middle, *homes[NETWORKS_HOMES]; /* processes that hold the namespaces open */
        Process *turn;
        unsigned addresses[NETWORKS_HOMES]; /* the last number of each home's address */
} Networks;

Networks *networks_new(Rig *rig);
Networks *networks_free(Networks *networks);
DEFINE_CLEANUP(Networks *, networks_free);

/* Path of a namespace, for PROCESS_NETWORK in the environment of a program to run there. */
void networks_middle(const Networks *networks, char ret[static RIG_PATH_MAX]);
void networks_home(const Networks *networks, size_t home, char ret[static RIG_PATH_MAX]);

/* Starts coturn in the middle; its users authenticate with `secret` (REST scheme). */
void networks_start_turn(Networks *networks, const char *secret);
void networks_stop_turn(Networks *networks); /* kill -9 */

/* Gives the home another address. */
void networks_move(Networks *networks, size_t home);
