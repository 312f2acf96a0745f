/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Standard output of the programs that people and scripts run. */

/*
 * Flushes standard output at the end of a program. If something could not be written (a full disk,
 * a reader that has gone), says so and turns the exit code `code` from success to EXIT_FAILURE.
 */
int output_finish(const char *program, int code);
