/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What a test's own process writes to standard error, from error_output_begin() on. */

void error_output_begin(void);
/* Between begin and end: standard error as the journal's, so that the log takes it for that. */
void error_output_be_journal(void);
/* Returns what was written, up to 64 KiB; valid until the next end. */
const char *error_output_end(void);
/* How often the text is in that. */
unsigned error_output_count(const char *text);
