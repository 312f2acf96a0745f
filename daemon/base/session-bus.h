/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>

#define WHERE_MAX 640 /* bytes; a longer address is cut */

/*
 * Writes where libraries look for the session bus, for an error message: "at '<address>'", or that
 * no address is set. Returns the buffer.
 */
const char *session_bus_where(char *buffer, size_t size);
