/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "loop/worker-log.h"

#include <stdio.h>

#include "base/str.h"
#include "base/words.h"

#define PROGRAM "tring-media"

/* Besides SESSION_ID, which is known here. */
static const char *const field_names[] = {"ERROR", "NODE", "PEER", "STATE", "URL", "WHY"};

/* Copies a field, if tring-media uses it. */
static bool take_field(char field[static LOG_LINE_MAX], const MetadataEntry *entry)
{
        if (words_find(field_names, ELEMENTSOF(field_names), entry->key) < 0)
                return false;
        snprintf(field, LOG_LINE_MAX, "%s=%s", entry->key, entry->value);
        return true;
}

static void write_line(const char *session_id, int level, const char *text, const Metadata *fields)
{
        char taken[LOG_FIELDS_MAX][LOG_LINE_MAX];
        size_t n = 1;

        snprintf(taken[0], sizeof(taken[0]), "SESSION_ID=%s", session_id);
        for (size_t i = 0; i < fields->count && n < LOG_FIELDS_MAX; i++)
                n += take_field(taken[n], &fields->entries[i]);
        log_for(PROGRAM, level, text, taken, n);
}

int worker_log_level(uint32_t level)
{
        return (int)MIN_OF(MAX_OF(level, (uint32_t)LOG_ERR), (uint32_t)LOG_DEBUG);
}

static void say_left_out(WorkerLog *log, const char *session_id)
{
        char text[64];

        if (log->place.n_left_out == 0)
                return;
        snprintf(text, sizeof(text), "%u more lines of this worker were left out",
                 log->place.n_left_out);
        write_line(session_id, LOG_WARNING, text, &(Metadata){});
        log->place.n_left_out = 0;
}

void worker_log_write(WorkerLog *log, const char *session_id, const WorkerLogLine *line)
{
        if (!log_place_admits(&log->place, WORKER_LOG_MAX, clock_boottime()))
                return;
        say_left_out(log, session_id);
        write_line(session_id, worker_log_level(line->level), line->text, &line->fields);
}

void worker_log_done(WorkerLog *log, const char *session_id)
{
        say_left_out(log, session_id);
}
