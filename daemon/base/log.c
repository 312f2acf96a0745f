/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-journal.h>

#include "base/cleanup.h"
#include "base/str.h"

static struct {
        const char *program;
        int max_level;
        bool to_journal;
        LogSink sink; /* in place of the journal; NULL: none */
        void *userdata;
} log_state = {.program = "tring", .max_level = LOG_INFO};

/* $JOURNAL_STREAM is "device:inode" of the journal's socket, systemd.exec(5). */
static bool stderr_is_journal(void)
{
        const char *stream = getenv("JOURNAL_STREAM");
        struct stat st;
        uintmax_t device, inode;

        if (!stream || sscanf(stream, "%ju:%ju", &device, &inode) != 2)
                return false;
        return fstat(STDERR_FILENO, &st) == 0 && st.st_dev == device && st.st_ino == inode;
}

void log_open(const char *program, int max_level)
{
        log_state.program = program;
        log_state.max_level = max_level;
        log_state.to_journal = stderr_is_journal();
}

void log_open_from_environment(const char *program)
{
        static const struct {
                const char *name;
                int level;
        } levels[] = {
                {"debug", LOG_DEBUG},     {"info", LOG_INFO}, {"notice", LOG_NOTICE},
                {"warning", LOG_WARNING}, {"err", LOG_ERR},
        };
        const char *wanted = getenv("TRING_LOG");
        char printable[LOG_LINE_MAX / 2];

        log_open(program, LOG_INFO);
        for (size_t i = 0; i < ELEMENTSOF(levels); i++) {
                if (str_eq(wanted, levels[i].name)) {
                        log_state.max_level = levels[i].level;
                        return;
                }
        }
        if (!str_empty(wanted))
                log_warning("invalid $TRING_LOG '%s', using info; valid are debug, info, notice, "
                            "warning, err",
                            str_printable(printable, sizeof(printable), wanted));
}

static void write_journal(const char *program, int level, const char *message,
                          char (*fields)[LOG_LINE_MAX], size_t n)
{
        char text[LOG_LINE_MAX + sizeof("MESSAGE=")], priority[sizeof("PRIORITY=0")];
        char identifier[64];
        struct iovec iov[LOG_FIELDS_MAX + 3];

        int length = snprintf(text, sizeof(text), "MESSAGE=%s", message);
        iov[0] = (struct iovec){text, MIN_OF((size_t)length, sizeof(text) - 1)};
        length = snprintf(priority, sizeof(priority), "PRIORITY=%d", level & 7);
        iov[1] = (struct iovec){priority, (size_t)length};
        length = snprintf(identifier, sizeof(identifier), "SYSLOG_IDENTIFIER=%s", program);
        iov[2] = (struct iovec){identifier, (size_t)length};
        for (size_t i = 0; i < n; i++)
                iov[3 + i] = (struct iovec){fields[i], strlen(fields[i])};
        (void)sd_journal_sendv(iov, (int)n + 3);
}

#define STDERR_LINE_MAX (2 * LOG_LINE_MAX)

/* Returns its length. Neither locks nor allocates. */
static size_t format_line(char line[STDERR_LINE_MAX], const char *program, int level,
                          const char *message, char (*fields)[LOG_LINE_MAX], size_t n)
{
        char prefix[sizeof("<0>")] = "";
        size_t used = 0;
        int r;

        if (log_state.to_journal)
                snprintf(prefix, sizeof(prefix), "<%d>", level & 7);
        r = snprintf(line, STDERR_LINE_MAX - 2, "%s%s: %s", prefix, program, message);
        used = MIN_OF((size_t)r, STDERR_LINE_MAX - 3);
        for (size_t i = 0; i < n; i++) {
                r = snprintf(line + used, STDERR_LINE_MAX - 2 - used, "%s%s%s",
                             i == 0 ? " (" : ", ", fields[i], i + 1 == n ? ")" : "");
                used = MIN_OF(used + (size_t)r, STDERR_LINE_MAX - 3);
        }
        line[used++] = '\n';
        return used;
}

static void write_stderr(const char *program, int level, const char *message,
                         char (*fields)[LOG_LINE_MAX], size_t n)
{
        char line[STDERR_LINE_MAX];
        size_t length = format_line(line, program, level, message, fields, n);
        ssize_t written = write(STDERR_FILENO, line, length);

        (void)written; /* an error cannot be reported anywhere else */
}

void log_last_word(int level, const char *message)
{
        char line[STDERR_LINE_MAX];
        size_t length = format_line(line, log_state.program, level, message, NULL, 0);
        ssize_t written = send(STDERR_FILENO, line, length, MSG_DONTWAIT | MSG_NOSIGNAL);

        if (written >= 0 || errno != ENOTSOCK)
                return;
        /* Others may share a pipe or a terminal, and its flags: they are lent for one line. */
        int flags = fcntl(STDERR_FILENO, F_GETFL);
        if (flags < 0 || fcntl(STDERR_FILENO, F_SETFL, flags | O_NONBLOCK) < 0)
                return;
        written = write(STDERR_FILENO, line, length);
        (void)written;
        (void)fcntl(STDERR_FILENO, F_SETFL, flags);
}

/* What a sink logs itself does not go to the sink. */
static _Thread_local bool in_sink;

static bool sink_takes(int level, const char *message, char (*fields)[LOG_LINE_MAX], size_t n)
{
        if (in_sink || level == LOG_DEBUG)
                return false;
        in_sink = true;
        bool taken = log_state.sink(log_state.userdata, level, message, fields, n);
        in_sink = false;
        return taken;
}

/* Must be called without the lock of the places: a sink may log, and the journal may be slow. */
static void emit(int level, const char *message, char (*fields)[LOG_LINE_MAX], size_t n)
{
        if (log_state.to_journal && !log_state.sink)
                write_journal(log_state.program, level, message, fields, n);
        else if (!log_state.to_journal || !sink_takes(level, message, fields, n))
                write_stderr(log_state.program, level, message, fields, n);
}

void log_send_to(LogSink sink, void *userdata)
{
        log_state.sink = sink;
        log_state.userdata = userdata;
}

void log_for(const char *program, int level, const char *message, char (*fields)[LOG_LINE_MAX],
             size_t n_fields)
{
        if (level > log_state.max_level)
                return;
        if (log_state.to_journal)
                write_journal(program, level, message, fields, n_fields);
        else
                write_stderr(program, level, message, fields, n_fields);
}

bool log_place_admits(LogPlace *place, unsigned max, usec_t now)
{
        if (place->n_written == 0 || now - place->since >= LOG_PLACE_WINDOW_US) {
                place->since = now;
                place->n_written = 0;
        }
        if (place->n_written < max) {
                place->n_written++;
                return true;
        }
        place->n_left_out++;
        return false;
}

/* Programs with threads log from all of them. */
static pthread_mutex_t places_lock = PTHREAD_MUTEX_INITIALIZER;
static LogPlace *leaving_out; /* the places that have lines left out */

/* Takes a place whose time is over out of the list. Returns whether there was one. */
static bool take_left_out(LogPlace *ret)
{
        bool found = false;

        pthread_mutex_lock(&places_lock);
        usec_t now = clock_boottime();
        for (LogPlace **at = &leaving_out, *place; !found && (place = *at); at = &place->next) {
                if (now - place->since < LOG_PLACE_WINDOW_US)
                        continue;
                *ret = *place;
                place->n_left_out = 0;
                *at = place->next;
                found = true;
        }
        pthread_mutex_unlock(&places_lock);
        return found;
}

static void report_left_out(void)
{
        LogPlace place;

        while (take_left_out(&place)) {
                char message[LOG_LINE_MAX];

                snprintf(message, sizeof(message), "%u more lines like this were left out: %s",
                         place.n_left_out, place.what);
                emit(place.level, message, NULL, 0);
        }
}

/* Is this line to be written? */
static bool admits(LogPlace *place, int level, const char *message)
{
        if (level == LOG_DEBUG)
                return true;
        report_left_out();
        pthread_mutex_lock(&places_lock);
        usec_t now = clock_boottime(); /* under the lock, so that it never decreases */
        bool admitted = log_place_admits(place, LOG_PLACE_MAX, now);
        if (!admitted && place->n_left_out == 1) {
                place->level = level;
                str_printable(place->what, sizeof(place->what), message);
                place->next = leaving_out;
                leaving_out = place;
        }
        pthread_mutex_unlock(&places_lock);
        return admitted;
}

void log_line_of(LogPlace *place, int level, const char *format, ...)
{
        char message[LOG_LINE_MAX];
        va_list arguments;

        if (level > log_state.max_level)
                return;
        va_start(arguments, format);
        vsnprintf(message, sizeof(message), format, arguments);
        va_end(arguments);
        if (admits(place, level, message))
                emit(level, message, NULL, 0);
}

void log_fields_of(LogPlace *place, int level, const char *message, ...)
{
        char fields[LOG_FIELDS_MAX][LOG_LINE_MAX];
        size_t n = 0;
        va_list arguments;

        if (level > log_state.max_level || !admits(place, level, message))
                return;
        va_start(arguments, message);
        for (const char *format; n < LOG_FIELDS_MAX && (format = va_arg(arguments, const char *));
             n++) {
                const char *value = va_arg(arguments, const char *);
                const char *equals = strchr(format, '=');
                char printable[LOG_LINE_MAX - 64];

                /* The value may come from a stranger: make it printable, and never the format. */
                snprintf(fields[n], sizeof(fields[n]), "%.*s=%s",
                         equals ? (int)MIN_OF(equals - format, 60) : 0, format,
                         str_printable(printable, sizeof(printable), value ? value : ""));
        }
        va_end(arguments);
        emit(level, message, fields, n);
}
