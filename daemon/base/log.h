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
 *
 * The lines of each place in the code are bounded: a stranger or a loop that causes them at will
 * fills no disk and hides no other line. Beyond LOG_PLACE_MAX in LOG_PLACE_WINDOW_US they are left
 * out and counted, and the count is logged with the first line, of any place, after that time.
 * Lines of LOG_DEBUG are all written.
 */

#include <stdbool.h>
#include <stddef.h>
#include <syslog.h>

#include "base/clock.h"

#define LOG_PLACE_MAX 10                        /* lines, on average one a second */
#define LOG_PLACE_WINDOW_US (10 * USEC_PER_SEC) /* CLOCK_BOOTTIME */

#define LOG_FIELDS_MAX 8  /* of a line */
#define LOG_LINE_MAX 1024 /* bytes of a message or a field with its end; a longer one is cut */
#define LOG_PLACE_TEXT 96 /* bytes */

/* Made by the macros below. */
typedef struct LogPlace {
        usec_t since; /* of the first line in this window */
        unsigned n_written, n_left_out;
        int level;                 /* of the lines left out */
        char what[LOG_PLACE_TEXT]; /* the first of them, cut */
        struct LogPlace *next;     /* of the places that have lines left out */
} LogPlace;

/* Counts a line, of at most `max` in a window. Returns false if it has to be left out. */
bool log_place_admits(LogPlace *place, unsigned max, usec_t now);

/* Messages above `max_level` (a syslog level) are dropped; LOG_INFO by default. */
void log_open(const char *program, int max_level);

/*
 * As log_open(), with the level from $TRING_LOG: "debug", "info", "notice", "warning" or "err".
 * Reports any other value, and then uses LOG_INFO.
 */
void log_open_from_environment(const char *program);

#define log_line(level, ...)                                  \
        ({                                                    \
                static LogPlace _log_place;                   \
                log_line_of(&_log_place, level, __VA_ARGS__); \
        })

/*
 * For a process that may not open the journal's socket. Under systemd, lines with their fields
 * ("NAME=value") go to `sink`, in the thread that logs; those that it does not take (false), and
 * those of LOG_DEBUG, go to standard error, with their level as sd-daemon(3) has it. Otherwise all
 * go to standard error, and `sink` is not called. It may log: such lines go to standard error, too.
 */
typedef bool (*LogSink)(void *userdata, int level, const char *message,
                        char (*fields)[LOG_LINE_MAX], size_t n_fields);
void log_send_to(LogSink sink, void *userdata);

/*
 * Writes a line for another program, as if that had written it. Such lines are not bounded here.
 */
void log_for(const char *program, int level, const char *message, char (*fields)[LOG_LINE_MAX],
             size_t n_fields);

/*
 * Writes a line to standard error, for a program that ends because something hangs. Takes no lock
 * and waits for nobody: a line for which there is no room is lost.
 */
void log_last_word(int level, const char *message);

/* Each field takes exactly one string argument; the list ends with NULL. */
#define log_fields(level, ...)                                  \
        ({                                                      \
                static LogPlace _log_place;                     \
                log_fields_of(&_log_place, level, __VA_ARGS__); \
        })

void log_line_of(LogPlace *place, int level, const char *format, ...)
        __attribute__((format(printf, 3, 4)));
void log_fields_of(LogPlace *place, int level, const char *message, ...) __attribute__((sentinel));

#define log_debug(...) log_line(LOG_DEBUG, __VA_ARGS__)
#define log_info(...) log_line(LOG_INFO, __VA_ARGS__)
#define log_notice(...) log_line(LOG_NOTICE, __VA_ARGS__)
#define log_warning(...) log_line(LOG_WARNING, __VA_ARGS__)
#define log_error(...) log_line(LOG_ERR, __VA_ARGS__)
