/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>

#define WHERE_MAX 640 /* bytes; an address that is longer is cut */

/*
 * Where libraries look for the session bus, for a sentence that says that there is none: "at
 * '<address>'", or that nothing says where. Returns the buffer.
 */
const char *session_bus_where(char *buffer, size_t size);
