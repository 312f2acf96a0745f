/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "bus.h"

/*
 * Prints the daemon's state and its calls, for people or as JSON. Verbs that change that state
 * print it at the end, too. Returns an exit code.
 */
int status_print(sd_bus *bus, const Arguments *arguments);
