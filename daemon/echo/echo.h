/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A device that answers every call and plays back what it hears. It uses the same phone core as
 * tringd, and decides three things only: to accept a call, to join it, and to end one that has lost
 * its media.
 */

#include "echo/owner-file.h"
#include "loop/hub-client.h"

typedef struct Echo Echo;

/*
 * `media` is the path of tring-media; `owner` must outlive the echo. Runs on `loop`, and ends it if
 * the hub refuses the token.
 */
int echo_new(Loop *loop, const HubClientOptions *options, OwnerFile *owner, const char *media,
             Echo **ret);
Echo *echo_free(Echo *echo);
DEFINE_CLEANUP(Echo *, echo_free);
