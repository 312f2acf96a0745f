/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What is wrong with the session bus, or with a method called over it, in sentences for people. */

#include <stddef.h>

#define SESSION_BUS_FAILURE_MAX 1024 /* bytes; a longer address is cut */

/*
 * Why there is no connection to the session bus: where it was looked for, and `why`, the library's
 * word; or whose bus it is, if it belongs to another user. Returns the buffer.
 */
const char *session_bus_failure(const char *why, char buffer[static SESSION_BUS_FAILURE_MAX]);

/*
 * A sentence in place of what the bus and its libraries say when a method of tringd fails because
 * there is no tringd, or no such object any more; `error_name` is the D-Bus error's. NULL: the
 * error is tringd's own, with a sentence.
 */
const char *session_bus_error_text(const char *error_name);
