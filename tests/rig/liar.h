/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A hub that lies: what stands between devices and a real hub, passes everything on, and says
 * something else in place of what the hub has said. Devices log in by the hub that liar_hub()
 * returns.
 */

#include "rig/hub.h"

typedef struct Liar Liar;

/* Starts it, honest, in front of a plain hub on loopback. */
Liar *liar_new(const Hub *hub);
Liar *liar_free(Liar *liar); /* ends the connections */
DEFINE_CLEANUP(Liar *, liar_free);

/* The hub as devices find it behind the liar: good for logging in, and for its page. */
Hub liar_hub(const Liar *liar);

/*
 * From now on the hub's text `truth` reaches devices as `lie`, which has the same length. NULL: it
 * is honest again.
 */
void liar_says(Liar *liar, const char *truth, const char *lie);
/* How often it has lied. */
unsigned liar_lies(const Liar *liar);
