/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/ini-table.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <sys/stat.h>

#include "base/str.h"

#define PRINTABLE_MAX 80 /* bytes of a wrong key or value in a report */
#define REPORT_MAX 512   /* bytes without the path */
#define BLANKS " \t\r"
#define COMMENT_SIGNS ";#"

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

/* ---- lines ---- */

static bool is_blank(char c)
{
        return c && strchr(BLANKS, c);
}

static bool is_comment(char c)
{
        return c && strchr(COMMENT_SIGNS, c);
}

static char *strip(char *text)
{
        text += strspn(text, BLANKS);
        size_t length = strlen(text);

        while (length > 0 && is_blank(text[length - 1]))
                length--;
        text[length] = '\0';
        return text;
}

/* Is there nothing, or only a comment, behind a section or a quoted value? */
static bool is_end(const char *text)
{
        text += strspn(text, BLANKS);
        return !*text || is_comment(*text);
}

static const char *find_comment(const char *value)
{
        for (const char *p = value; *p; p++)
                if (is_comment(*p) && (p == value || is_blank(p[-1])))
                        return p;
        return NULL;
}

/* A line that may have been meant for any key. */
static void unknown_line(IniFile *ini)
{
        ini->has_unknown_line = true;
        ini->last = NULL;
}

static void malformed(IniFile *ini, const char *text)
{
        char shown[PRINTABLE_MAX];

        ini_file_wrong(ini, ini->line, "\"%s\" is neither [section] nor key = value",
                       str_printable(shown, sizeof(shown), text));
        unknown_line(ini);
}

static void take_section(IniFile *ini, char *text)
{
        char shown[PRINTABLE_MAX], *end = strchr(text, ']');

        if (!end || !is_end(end + 1)) {
                malformed(ini, text);
                return;
        }
        *end = '\0';
        ini->in_section = true;
        ini->section = NULL;
        ini->last = NULL;
        text = strip(text + 1);
        for (size_t i = 0; i < ini->n_keys && !ini->section; i++)
                if (str_eq_any_case(ini->keys[i].section, text))
                        ini->section = ini->keys[i].section;
        if (ini->section)
                return;
        ini_file_wrong(ini, ini->line, "[%s]: there is no such section",
                       str_printable(shown, sizeof(shown), text));
        unknown_line(ini);
}

static const IniKey *find_key(const IniFile *ini, const char *name)
{
        for (size_t i = 0; i < ini->n_keys; i++)
                if (str_eq(ini->keys[i].section, ini->section) &&
                    str_eq_any_case(ini->keys[i].name, name))
                        return &ini->keys[i];
        return NULL;
}

/* Takes the quotes or the comment off. Returns NULL, with a report, if it is not clear how. */
static char *bare_value(IniFile *ini, const IniKey *key, char *value)
{
        char shown[PRINTABLE_MAX], quote = *value;

        str_printable(shown, sizeof(shown), value);
        if (quote == '"' || quote == '\'') {
                char *end = strchr(++value, quote);

                if (end && is_end(end + 1)) {
                        *end = '\0';
                        return value;
                }
                ini_file_wrong(ini, ini->line,
                               end ? "%s: there is more than one quoted value in %s"
                                   : "%s: the quotes of %s are not closed",
                               key->name, shown);
                return NULL;
        }
        char *comment = (char *)find_comment(value);
        if (!comment)
                return value;
        if (key->is_text && comment > value) {
                ini_file_wrong(ini, ini->line,
                               "%s: put quotes around the value, so that it is clear what is a "
                               "comment in: %s",
                               key->name, shown);
                return NULL;
        }
        *comment = '\0';
        return strip(value);
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
                ini_file_wrong(ini, ini->line, "%s: the value is not text of at most %zu bytes",
                               key->name, key->size - 1);
}

static void take_value(IniFile *ini, const IniKey *key, char *text)
{
        size_t i = (size_t)(key - ini->keys);

        ini->last = key;
        if (ini->lines[i] > 0 && !key->is_list) {
                ini_file_wrong(ini, ini->line, "%s: is set in line %u already", key->name,
                               ini->lines[i]);
                ini->is_unclear[i] = true;
        }
        const char *value = bare_value(ini, key, text);
        if (value && key->set(key, ini_key_target(key, ini->target), value)) {
                ini->lines[i] = ini->line;
                return;
        }
        ini->is_unclear[i] = true;
        if (value)
                report_value(ini, key, value);
}

/* `separator` points into `text`. */
static void take_key(IniFile *ini, char *text, char *separator)
{
        char shown[PRINTABLE_MAX];

        *separator = '\0';
        const char *name = str_printable(shown, sizeof(shown), strip(text));
        if (!ini->in_section) {
                ini_file_wrong(ini, ini->line, "%s: stands before the first [section]", name);
                unknown_line(ini);
                return;
        }
        if (!ini->section)
                return; /* the section has been reported */
        const IniKey *key = find_key(ini, name);
        if (key) {
                take_value(ini, key, strip(separator + 1));
                return;
        }
        ini_file_wrong(ini, ini->line, "%s: there is no such key in [%s]", name, ini->section);
        unknown_line(ini);
}

/* Does an indented line begin with a key, or does it go on with the list above? */
static bool begins_with_key(const IniFile *ini, const char *text)
{
        char name[64];

        if (strchr(text, '='))
                return true;
        size_t length = strcspn(text, ":" BLANKS);
        if (text[length + strspn(text + length, BLANKS)] != ':')
                return false;
        snprintf(name, sizeof(name), "%.*s", (int)MIN_OF(length, sizeof(name) - 1), text);
        return find_key(ini, name);
}

static void take_line(IniFile *ini, char *line, size_t length)
{
        bool is_indented = is_blank(*line), has_nul = strlen(line) < length;
        char *text = strip(line), *separator = strpbrk(text, "=:");

        ini->line++;
        if (has_nul) {
                ini_file_wrong(ini, ini->line, "the line contains a NUL byte");
                unknown_line(ini);
                return;
        }
        if (!*text || is_comment(*text))
                return;
        if (*text == '[')
                take_section(ini, text);
        else if (is_indented && ini->last && ini->last->is_list && !begins_with_key(ini, text))
                take_value(ini, ini->last, text);
        else if (separator && separator > text)
                take_key(ini, text, separator);
        else
                malformed(ini, text);
}

/* ---- the file ---- */

/*
 * A folder, socket or pipe in place of the file must not pass for an empty file. A character device
 * may: /dev/null is one.
 */
static int open_file(const char *path, int *ret)
{
        struct stat status;
        _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

        if (fd < 0) {
                int r = -errno;

                return r == -ENOENT && lstat(path, &status) == 0 ? -ENOLINK : r;
        }
        if (fstat(fd, &status) < 0)
                return -errno;
        if (S_ISDIR(status.st_mode))
                return -EISDIR;
        if (!S_ISREG(status.st_mode) && !S_ISCHR(status.st_mode))
                return -ENOTSUP;
        *ret = TAKE_FD(fd);
        return 0;
}

/* Returns the content with a NUL byte behind it. */
static int read_file(const char *path, char **ret, size_t *ret_length)
{
        _cleanup_free_ char *content = malloc(INI_FILE_MAX + 2);
        _cleanup_close_ int fd = -1;
        size_t length = 0;
        ssize_t n;

        if (!content)
                return -ENOMEM;
        int r = open_file(path, &fd);
        if (r < 0)
                return r;
        while (length <= INI_FILE_MAX &&
               (n = read(fd, content + length, INI_FILE_MAX + 1 - length)) != 0) {
                if (n < 0)
                        return -errno;
                length += (size_t)n;
        }
        if (length > INI_FILE_MAX)
                return -EFBIG;
        content[length] = '\0';
        *ret = TAKE_PTR(content);
        *ret_length = length;
        return 0;
}

static const char *describe(int r, char buffer[static REPORT_MAX])
{
        if (r == -ENOLINK)
                return "is a link to a file that is not there";
        if (r == -ENOTSUP)
                return "is not a file";
        if (r == -EFBIG)
                snprintf(buffer, REPORT_MAX, "is longer than %zu bytes", INI_FILE_MAX);
        else if (r == -EILSEQ)
                return "is UTF-16; save it as UTF-8";
        else
                snprintf(buffer, REPORT_MAX, "cannot be read: %s", strerror(-r));
        return buffer;
}

static int skip_mark(char **content, size_t *length)
{
        if (*length >= 2 &&
            (memcmp(*content, "\xff\xfe", 2) == 0 || memcmp(*content, "\xfe\xff", 2) == 0))
                return -EILSEQ;
        if (*length >= 3 && memcmp(*content, "\xef\xbb\xbf", 3) == 0) {
                *content += 3;
                *length -= 3;
        }
        return 0;
}

static void take_lines(IniFile *ini, char *content, size_t length)
{
        char *end = content + length;

        for (char *line = content; line < end;) {
                char *newline = memchr(line, '\n', (size_t)(end - line)) ?: end;

                *newline = '\0';
                take_line(ini, line, (size_t)(newline - line));
                line = newline + 1;
        }
}

/* Gives the settings that protect their safe values where the file does not say what it wants. */
static void protect(IniFile *ini, bool is_unreadable)
{
        for (size_t i = 0; i < ini->n_keys; i++) {
                const IniKey *key = &ini->keys[i];
                void *target = ini_key_target(key, ini->target);
                char before[64];

                if (!key->if_unreadable || !(is_unreadable || ini->is_unclear[i] ||
                                             (ini->has_unknown_line && ini->lines[i] == 0)))
                        continue;
                assert(key->size <= sizeof(before));
                memcpy(before, target, key->size);
                if (!key->set(key, target, key->if_unreadable))
                        assert(!"a table gives a value that is not valid");
                ini->is_protected[i] = memcmp(before, target, key->size) != 0;
        }
}

int ini_file_read(IniFile *ini)
{
        _cleanup_free_ char *content = NULL;
        char buffer[REPORT_MAX];
        size_t length = 0;

        assert(ini->n_keys <= INI_KEYS_MAX);
        int r = read_file(ini->path, &content, &length);
        char *text = content;
        if (r >= 0)
                r = skip_mark(&text, &length);
        if (r < 0) {
                ini_file_wrong(ini, 0, "%s", describe(r, buffer));
                protect(ini, r != -ENOENT);
                return r;
        }
        take_lines(ini, text, length);
        protect(ini, false);
        return ini->n_wrong > 0 ? -EINVAL : 0;
}
