/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The notifier: the calls of tringd, each with at most one notification. Events from tringd and
 * from the notification server change the state of a call; popup.h decides what to show for that
 * state.
 */

#include <gio/gio.h>
#include <stdbool.h>

#include "base/cleanup.h"

typedef struct Notifier Notifier;

/* Runs on the default GLib loop, which it quits on a fatal error. Returns NULL without a bus. */
Notifier *notifier_new(GMainLoop *loop);
/* Closes all notifications, which would otherwise outlive the notifier. */
Notifier *notifier_free(Notifier *notifier);
DEFINE_CLEANUP(Notifier *, notifier_free);

/* True after a fatal error, which has been logged. */
bool notifier_has_failed(const Notifier *notifier);
