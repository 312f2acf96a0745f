/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Watches whether programs are linked to a stream of ours. A stream's own state does not show this:
 * it also pauses when a linked program pauses, as many do briefly while they start.
 *
 * Call these functions in the thread of the core's loop, or under its lock.
 */

#include <pipewire/pipewire.h>
#include <stdbool.h>

#include "base/cleanup.h"

typedef struct LinkWatch LinkWatch;

/* The last program has left. Called in the loop's thread. */
typedef void (*LinkWatchAlone)(void *userdata);

/* `stream` is not owned, and must outlive the watch. Returns 0 or negative errno. */
int link_watch_new(struct pw_core *core, struct pw_stream *stream, LinkWatchAlone alone,
                   void *userdata, LinkWatch **ret);
/* Call it before the core is destroyed. No event follows. */
LinkWatch *link_watch_free(LinkWatch *watch);
DEFINE_CLEANUP(LinkWatch *, link_watch_free);

/* False ever after if memory did not suffice to remember a link. */
bool link_watch_is_alone(const LinkWatch *watch);
