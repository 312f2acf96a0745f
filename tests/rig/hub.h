/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A real tring-hub on a loopback port of its own, with its state in the rig's folder.
 */

#include "rig/process.h"

typedef struct Hub {
        Rig *rig;
        Environment environment;
        char state[RIG_PATH_MAX];
        char url[128]; /* ws://127.0.0.1:PORT/v1/ws; the same after a restart */
        char listen[64];
        const char *config;                                /* a settings file, or NULL */
        bool insecure;                                     /* plain, and not on loopback */
        char certificate[RIG_PATH_MAX], key[RIG_PATH_MAX]; /* of wss; empty: plain */
        char trusted[RIG_PATH_MAX]; /* for $SSL_CERT_DIR: the system's folder and the hub's own */
        Process *process;           /* NULL while it is down */
} Hub;

/* Started and ready. */
Hub *hub_new(Rig *rig);
/* The same over wss, with a certificate for 127.0.0.1 that is its own CA. */
Hub *hub_new_tls(Rig *rig);
/* With settings (the text of a tring-hub.conf). */
Hub *hub_new_configured(Rig *rig, const char *settings);
/* Likewise, plain at an address in the network of that path (networks.h). */
Hub *hub_new_in(Rig *rig, const char *network, const char *host, const char *settings);
Hub *hub_free(Hub *hub);
DEFINE_CLEANUP(Hub *, hub_free);

void hub_start(Hub *hub); /* after hub_stop() or hub_kill(), on the same port */
void hub_stop(Hub *hub);  /* SIGTERM */
void hub_kill(Hub *hub);  /* kill -9 */

/*
 * SIGSTOP, SIGCONT. A device that goes and comes back while the hub is stopped has not been away
 * for it, so that no grace period of the hub ends because a busy machine starts a program slowly.
 */
void hub_suspend(Hub *hub);
void hub_continue(Hub *hub);

void hub_add_user(Hub *hub, const char *uid, const char *name);
/* A group of these users; the list ends with NULL. */
void hub_add_group(Hub *hub, const char *guid, const char *name, const char *const *uids);
char *hub_mint(Hub *hub, const char *uid); /* a token; the caller frees */
