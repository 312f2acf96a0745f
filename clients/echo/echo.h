/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A device that answers every call and plays back what is said. The calling model is call/phone, as
 * in tringd; what is decided here is only: accept it, join it, and end what has lost its media.
 */

#include "uplink.h"

typedef struct Echo Echo;

/* `media` is the path of tring-media. Runs on the loop, which it ends when the hub refuses it. */
int echo_new(Loop *loop, const UplinkOptions *options, const char *media, Echo **ret);
Echo *echo_free(Echo *echo);
DEFINE_CLEANUP(Echo *, echo_free);
