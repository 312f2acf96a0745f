/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The notifier: calls that tringd tells of, each with at most one notification. Events of either
 * side change what is known of a call; what is shown follows from that (popup.h).
 */

#include <gio/gio.h>
#include <stdbool.h>

#include "base/cleanup.h"

typedef struct Notifier Notifier;

/* Runs on the default GLib loop, which it quits when it can do nothing more. NULL: no bus. */
Notifier *notifier_new(GMainLoop *loop);
/* Takes everything off the screen: notifications outlive a client that does not. */
Notifier *notifier_free(Notifier *notifier);
DEFINE_CLEANUP(Notifier *, notifier_free);

/* It cannot work here, and has said why. */
bool notifier_has_failed(const Notifier *notifier);
