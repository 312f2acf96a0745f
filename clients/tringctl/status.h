/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "bus.h"

/* The daemon's state and its calls, for people or as JSON. Also the last word of verbs that change
 * the former. Returns an exit code. */
int status_print(sd_bus *bus, const Arguments *arguments);
