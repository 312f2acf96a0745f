/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/ini-table.h"

#include <assert.h>
#include <errno.h>
#include <ini.h>
#include <limits.h>
#include <stdarg.h>

#include "base/str.h"

#define PRINTABLE_MAX 80 /* bytes of a wrong key or value in a report */
#define REPORT_MAX 512   /* bytes without the path */

void ini_file_wrong(IniFile *ini, unsigned line, const char *format, ...)
{
        char text[REPORT_MAX], whole[PATH_MAX + REPORT_MAX + 16];
        va_list arguments;

        va_start(arguments, format);
        vsnprintf(text, sizeof(text), format, arguments);
        va_end(arguments);
        if (line > 0)
                snprintf(whole, sizeof(whole), "%s:%u: %s", ini->path, line, text);
        else
                snprintf(whole, sizeof(whole), "%s: %s", ini->path, text);
        ini->n_wrong++;
        ini->report(whole, ini->userdata);
}

unsigned ini_file_line(const IniFile *ini, const char *name)
{
        for (size_t i = 0; i < ini->n_keys; i++)
                if (str_eq(ini->keys[i].name, name))
                        return ini->lines[i];
        return 0;
}

static void report_value(IniFile *ini, const IniKey *key, const char *value)
{
        char shown[PRINTABLE_MAX];

        str_printable(shown, sizeof(shown), value);
        if (str_empty(value))
                ini_file_wrong(ini, ini->line, "%s: there is no value", key->name);
        else if (key->wants)
                ini_file_wrong(ini, ini->line, "%s: \"%s\" is not %s", key->name, shown,
                               key->wants);
        else if (key->max > 0)
                ini_file_wrong(ini, ini->line, "%s: \"%s\" is not a number from %u to %u",
                               key->name, shown, key->min, key->max);
        else
                ini_file_wrong(ini, ini->line, "%s: the value is longer than %zu bytes", key->name,
                               key->size - 1);
}

static void report_key(IniFile *ini, const char *section, const char *name)
{
        char shown[PRINTABLE_MAX];

        for (size_t i = 0; i < ini->n_keys; i++)
                if (str_eq(ini->keys[i].section, section)) {
                        ini_file_wrong(ini, ini->line, "%s: there is no such key in [%s]",
                                       str_printable(shown, sizeof(shown), name), section);
                        return;
                }
        ini_file_wrong(ini, ini->line, "[%s]: there is no such section",
                       str_printable(shown, sizeof(shown), section));
}

/* Called by inih. Returns 1, so that inih goes on after an error; n_wrong counts the errors. */
static int on_key(void *userdata, const char *section, const char *name, const char *value)
{
        IniFile *ini = userdata;

        for (size_t i = 0; i < ini->n_keys; i++) {
                const IniKey *key = &ini->keys[i];

                if (!str_eq(key->section, section) || !str_eq(key->name, name))
                        continue;
                if (ini->lines[i] > 0 && !key->repeats) {
                        ini_file_wrong(ini, ini->line, "%s: is set in line %u already", name,
                                       ini->lines[i]);
                        return 1;
                }
                ini->lines[i] = ini->line;
                if (!key->set(key, ini_key_target(key, ini->target), value))
                        report_value(ini, key, value);
                return 1;
        }
        report_key(ini, section, name);
        return 1;
}

static bool begins_with_key(const IniFile *ini, const char *text)
{
        size_t length = strcspn(text, ": \t");

        if (text[length + strspn(text + length, " \t")] != ':')
                return false;
        for (size_t i = 0; i < ini->n_keys; i++)
                if (strncmp(ini->keys[i].name, text, length) == 0 && !ini->keys[i].name[length])
                        return true;
        return false;
}

/*
 * Removes the indent of a section or key: inih takes any indented line as a continuation of the
 * last value.
 */
static void unindent(const IniFile *ini, char *line)
{
        const char *text = line + strspn(line, " \t");

        if (*text == '[' || strchr(text, '=') || begins_with_key(ini, text))
                memmove(line, text, strlen(text) + 1);
}

/* Reads and counts a line: inih, as Debian builds it, passes no line numbers to its handler. */
static char *next_line(char *buffer, int size, void *userdata)
{
        IniFile *ini = userdata;
        int c;

        if (!fgets(buffer, size, ini->file))
                return NULL;
        ini->line++;
        if (!strchr(buffer, '\n') && !feof(ini->file)) {
                ini_file_wrong(ini, ini->line, "the line is longer than %d bytes", size - 2);
                while ((c = getc(ini->file)) != '\n' && c != EOF)
                        ;
                buffer[0] = '\0';
        }
        unindent(ini, buffer);
        return buffer;
}

int ini_file_read(IniFile *ini)
{
        assert(ini->n_keys <= INI_KEYS_MAX);
        _cleanup_(fclosep) FILE *file = ini->file = fopen(ini->path, "re");
        if (!file) {
                int r = -errno;

                ini_file_wrong(ini, 0, "%s", strerror(-r));
                return r;
        }
        int r = ini_parse_stream(next_line, ini, on_key, ini);
        if (r > 0)
                ini_file_wrong(ini, (unsigned)r, "neither [section] nor key = value");
        else if (r < 0 || ferror(file))
                ini_file_wrong(ini, 0, "cannot be read");
        return ini->n_wrong > 0 ? -EINVAL : 0;
}
