/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Object paths: one object for each call under TRING_CALLS_PATH, named after its session id. */

#include "base/str.h"
#include "dbus/interfaces.h"

#define CALL_PATH_SIZE (sizeof(TRING_CALLS_PATH "/") + UUID_LENGTH)

struct Daemon;

/* TRING_CALLS_PATH/<session id, '-' written '_'>. Returns the buffer. */
const char *call_path_from_id(char path[static CALL_PATH_SIZE], const char *session_id);

/* The reverse. Returns 0, or -EINVAL for a path that is not a call's. */
int call_path_to_id(const char *path, char session_id[static UUID_LENGTH + 1]);

/* Puts the daemon's interfaces on its bus, until the bus is freed. Returns 0 or negative errno. */
int objects_register(struct Daemon *daemon);
