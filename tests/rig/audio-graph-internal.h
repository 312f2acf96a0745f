/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The state of a graph, for the two files that implement it. */

#include <spa/utils/list.h>

#include "rig/audio-graph.h"

#define RIG_DEFAULT_VALUE_MAX 512 /* {"name":"…"} */

typedef struct RigObject {
        struct spa_list link;
        uint32_t id;
        struct pw_properties *properties; /* owned */
        bool is_node, is_port, is_link;
} RigObject;

#define RIG_OWNED_MAX 16 /* of one test */

struct RigGraph {
        struct pw_thread_loop *loop;
        struct pw_context *context;
        struct pw_core *core;
        struct spa_source *wake;
        struct pw_registry *registry;
        struct spa_hook registry_hook;
        struct pw_proxy *metadata;
        struct spa_hook metadata_hook;
        struct spa_list objects;
        struct pw_proxy *owned[RIG_OWNED_MAX]; /* owned; NULL: free */
        struct spa_hook core_hook;
        int known; /* sequence number of the sync after which the registry is known */
        bool is_known, is_broken;
        char source[RIG_DEFAULT_VALUE_MAX], sink[RIG_DEFAULT_VALUE_MAX];
};
