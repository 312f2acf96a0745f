/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rig/rig.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/str.h"
#include "rig/guardian.h"

#define PATIENCE_DEFAULT_S 60

extern char **environ;

void rig_fail_at(const char *file, int line, const char *format, ...)
{
        va_list ap;

        fprintf(stderr, "%s:%d: ", file, line);
        va_start(ap, format);
        vfprintf(stderr, format, ap);
        va_end(ap);
        fputc('\n', stderr);
        fflush(NULL);
        /* Without atexit handlers: in a fork those belong to the test runner. */
        _exit(EXIT_FAILURE);
}

int rig_check(int r, const char *what)
{
        if (r < 0)
                rig_fail("%s: %s", what, strerror(-r));
        return r;
}

void *rig_alloc(size_t size)
{
        void *memory = calloc(1, size);

        if (!memory)
                rig_fail("out of memory");
        return memory;
}

char *rig_strdup(const char *s)
{
        char *copy = strdup(s);

        if (!copy)
                rig_fail("out of memory");
        return copy;
}

Rig *rig_new(void)
{
        char template[] = "/tmp/tring-rig-XXXXXX", log[RIG_PATH_MAX];
        Rig *rig = rig_alloc(sizeof(*rig));

        if (!mkdtemp(template))
                rig_fail("%s: %m", template);
        rig_path(rig->dir, "%s", template);
        rig_path(log, "%s/log", rig->dir);
        rig_mkdir(log);
        rig->guardian = guardian_start(rig->dir, &rig->lifeline);
        rig_check(sd_event_new(&rig->event), "sd_event_new");
        return rig;
}

Rig *rig_free(Rig *rig)
{
        if (!rig)
                return NULL;

        sd_event_unref(rig->event);
        guardian_dismiss(rig->guardian, rig->lifeline);
        free(rig);
        return NULL;
}

usec_t rig_deadline(void)
{
        const char *patience = getenv("TRING_RIG_PATIENCE");
        unsigned seconds = patience ? (unsigned)atoi(patience) : PATIENCE_DEFAULT_S;

        return clock_boottime() + seconds * USEC_PER_SEC;
}

int rig_patience_ms(void)
{
        return rig_remaining_ms(rig_deadline());
}

int rig_remaining_ms(usec_t deadline)
{
        usec_t now = clock_boottime();

        return deadline > now ? (int)((deadline - now) / USEC_PER_MSEC) + 1 : 0;
}

void rig_run_once(Rig *rig, usec_t deadline, const char *what)
{
        usec_t now = clock_boottime();

        if (now >= deadline)
                rig_fail("waited too long for %s", what);
        rig_check(sd_event_run(rig->event, deadline - now), "sd_event_run");
}

void rig_run_for(Rig *rig, usec_t duration)
{
        usec_t end = clock_boottime() + duration;

        for (usec_t now = clock_boottime(); now < end; now = clock_boottime())
                rig_check(sd_event_run(rig->event, end - now), "sd_event_run");
}

void rig_path(char ret[static RIG_PATH_MAX], const char *format, ...)
{
        va_list ap;
        int n;

        va_start(ap, format);
        n = vsnprintf(ret, RIG_PATH_MAX, format, ap);
        va_end(ap);
        if (n < 0 || n >= RIG_PATH_MAX)
                rig_fail("a path is too long: %s…", ret);
}

void rig_mkdir(const char *path)
{
        if (mkdir(path, 0700) < 0 && errno != EEXIST)
                rig_fail("%s: %m", path);
}

void rig_write_file(const char *path, const char *content, unsigned mode)
{
        _cleanup_close_ int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        size_t length = strlen(content);

        if (fd < 0 || write(fd, content, length) != (ssize_t)length || fchmod(fd, mode) < 0)
                rig_fail("%s: %m", path);
}

char *rig_read_file(const char *path)
{
        _cleanup_(fclosep) FILE *file = fopen(path, "re");
        char *content = NULL;
        size_t size = 0;

        if (!file)
                return NULL;
        if (getdelim(&content, &size, '\0', file) < 0) {
                free(content);
                return rig_strdup("");
        }
        return content;
}

void environment_init(Environment *environment, const Rig *rig)
{
        static const char *const passed[] = {
                "PATH=",          "LANG=",         "LC_ALL=",
                "TRING_",         "ASAN_OPTIONS=", "LSAN_OPTIONS=",
                "UBSAN_OPTIONS=", "GST_DEBUG=",    "PIPEWIRE_DLCLOSE="};

        *environment = (Environment){};
        for (char **entry = environ; *entry; entry++)
                for (size_t i = 0; i < ELEMENTSOF(passed); i++)
                        if (strncmp(*entry, passed[i], strlen(passed[i])) == 0) {
                                _cleanup_free_ char *key = strndup(*entry, strcspn(*entry, "="));

                                environment_set(environment, key, "%s", getenv(key));
                        }
        environment_set(environment, GUARDIAN_MARK, "%s", rig->dir);
}

void environment_done(Environment *environment)
{
        for (size_t i = 0; i < environment->count; i++)
                free(environment->entries[i]);
        free(environment->entries);
        *environment = (Environment){};
}

void environment_copy(Environment *environment, const Environment *from)
{
        *environment = (Environment){
                .entries = rig_alloc((from->count + 1) * sizeof(char *)),
                .count = from->count,
        };
        for (size_t i = 0; i < from->count; i++)
                environment->entries[i] = rig_strdup(from->entries[i]);
}

static char **environment_find(const Environment *environment, const char *key)
{
        size_t length = strlen(key);

        for (size_t i = 0; i < environment->count; i++)
                if (strncmp(environment->entries[i], key, length) == 0 &&
                    environment->entries[i][length] == '=')
                        return &environment->entries[i];
        return NULL;
}

const char *environment_get(const Environment *environment, const char *key)
{
        char **entry = environment_find(environment, key);

        return entry ? *entry + strlen(key) + 1 : NULL;
}

void environment_set(Environment *environment, const char *key, const char *format, ...)
{
        _cleanup_free_ char *value = NULL;
        char **place, *entry;
        va_list ap;

        va_start(ap, format);
        if (vasprintf(&value, format, ap) < 0)
                rig_fail("out of memory");
        va_end(ap);
        if (asprintf(&entry, "%s=%s", key, value) < 0)
                rig_fail("out of memory");

        place = environment_find(environment, key);
        if (!place) {
                environment->entries =
                        reallocarray(environment->entries, environment->count + 2, sizeof(char *));
                if (!environment->entries)
                        rig_fail("out of memory");
                environment->entries[environment->count + 1] = NULL;
                place = &environment->entries[environment->count++];
                *place = NULL;
        }
        free(*place);
        *place = entry;
}

const char *rig_program(const char *name)
{
        char key[64];
        const char *path;

        snprintf(key, sizeof(key), "TRING_RIG_%s", name);
        path = getenv(key);
        if (!path)
                rig_fail("$%s is not set: run this by 'meson test', or in 'meson devenv'", key);
        return path;
}
