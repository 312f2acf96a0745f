/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A real tring-hub on a loopback port, with its state in the rig's folder. */

#include "rig/process.h"

typedef struct Hub {
        Rig *rig;
        Environment environment;
        char state[RIG_PATH_MAX];
        char url[128]; /* ws://127.0.0.1:PORT/v1/ws; the same after a restart */
        char listen[64];
        const char *config;                                /* settings file, or NULL */
        bool insecure;                                     /* plain, and not on loopback */
        char certificate[RIG_PATH_MAX], key[RIG_PATH_MAX]; /* certificate of wss; empty: plain */
        char trusted[RIG_PATH_MAX]; /* for $SSL_CERT_DIR: the system's folder and the hub's */
        Process *process;           /* NULL while it is down */
} Hub;

/* Starts a hub; returns when it is ready. */
Hub *hub_new(Rig *rig);
/* The same over wss, with a self-signed certificate for 127.0.0.1. */
Hub *hub_new_tls(Rig *rig);
/*
 * With settings (the text of a tring-hub.conf). Where they do not say otherwise, the same person
 * may be rung again and again (no redial-pauses).
 */
Hub *hub_new_configured(Rig *rig, const char *settings);
/* The same, plain, at an address in the network namespace of that path (networks.h). */
Hub *hub_new_in(Rig *rig, const char *network, const char *host, const char *settings);
/* Writes other settings, for a reload or the next start. */
void hub_configure(Hub *hub, const char *settings);
Hub *hub_free(Hub *hub);
DEFINE_CLEANUP(Hub *, hub_free);

void hub_start(Hub *hub); /* after hub_stop() or hub_kill(), on the same port */
void hub_stop(Hub *hub);  /* SIGTERM */
void hub_kill(Hub *hub);  /* kill -9 */

/*
 * SIGSTOP and SIGCONT. A device that reconnects while the hub is stopped has not been away for it,
 * so no grace period of the hub ends because a busy machine starts a program slowly.
 */
void hub_suspend(Hub *hub);
void hub_continue(Hub *hub);

void hub_add_user(Hub *hub, const char *uid, const char *name);
/* Adds a group of these users; the list ends with NULL. */
void hub_add_group(Hub *hub, const char *guid, const char *name, const char *const *uids);
char *hub_mint(Hub *hub, const char *uid); /* a token; the caller frees */
