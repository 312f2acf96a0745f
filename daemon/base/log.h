/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * One line for each event. Under systemd (JOURNAL_STREAM names our standard error) lines go to the
 * journal with their fields; otherwise to standard error as "program: message (FIELD=value)".
 *
 * Fields name the subject of the line (SESSION_ID=, PEER=). Each is a format and its argument; NULL
 * ends the list:
 *
 *         log_fields(LOG_NOTICE, "call answered", "SESSION_ID=%s", id, "PEER=%s", uid, NULL);
 *
 * Never log SDP, keys or tokens.
 */

#include <syslog.h>

/* Messages above `max_level` (a syslog level) are dropped; LOG_INFO by default. */
void log_open(const char *program, int max_level);

/*
 * As log_open(), with the level from $TRING_LOG: "debug", "info", "notice", "warning" or "err".
 * Reports any other value, and then uses LOG_INFO.
 */
void log_open_from_environment(const char *program);

void log_line(int level, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Each field takes exactly one string argument; the list ends with NULL. */
void log_fields(int level, const char *message, ...) __attribute__((sentinel));

#define log_debug(...) log_line(LOG_DEBUG, __VA_ARGS__)
#define log_info(...) log_line(LOG_INFO, __VA_ARGS__)
#define log_notice(...) log_line(LOG_NOTICE, __VA_ARGS__)
#define log_warning(...) log_line(LOG_WARNING, __VA_ARGS__)
#define log_error(...) log_line(LOG_ERR, __VA_ARGS__)
