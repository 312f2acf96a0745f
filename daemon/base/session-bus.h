/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>

#define WHERE_MAX 640 /* bytes; an address that is longer is cut */

/*
 * Where libraries look for the session bus, for a sentence that reports its absence: "at
 * '<address>'", or that no address is set. Returns the buffer.
 */
const char *session_bus_where(char *buffer, size_t size);
