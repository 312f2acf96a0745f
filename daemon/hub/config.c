/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hub/config.h"

#include <ctype.h>
#include <errno.h>
#include <ini.h>
#include <stdarg.h>

#include "base/cleanup.h"
#include "wire/wire.h"

#define PRINTABLE_MAX 80 /* bytes of a wrong value that a message repeats */

#define CALLS_PER_MINUTE 30 /* PROTOCOL.md, Limits: a person does not dial faster */
/* PROTOCOL.md, Limits: no good client tries a wrong token again. */
#define FAILED_LOGINS_PER_MINUTE 10
#define QUEUE_PER_DEVICE 256 /* PROTOCOL.md, Limits: some minutes of a busy device's events */
#define DEVICES_PER_USER 64  /* more than anyone owns; each costs memory */
#define HISTORY_DAYS 365     /* a year */

typedef enum ConfigKind {
        CONFIG_TEXT,
        CONFIG_NUMBER,
} ConfigKind;

typedef struct ConfigKey {
        const char *section, *name;
        ConfigKind kind;
        size_t offset;
        size_t size;       /* TEXT */
        uint32_t min, max; /* NUMBER */
} ConfigKey;

#define TEXT(section, name, member)                                   \
        {                                                             \
                section, name, CONFIG_TEXT, offsetof(Config, member), \
                        sizeof(((Config *)0)->member), 0, 0           \
        }
#define NUMBER(section, name, member, min, max)                                     \
        {                                                                           \
                section, name, CONFIG_NUMBER, offsetof(Config, member), 0, min, max \
        }

static const ConfigKey config_keys[] = {
        TEXT("listen", "address", listen),
        TEXT("listen", "web", web),
        TEXT("tls", "certificate", certificate),
        TEXT("tls", "key", key),
        NUMBER("limits", "calls-per-minute", calls_per_minute, 0, 1000000),
        NUMBER("limits", "failed-logins-per-minute", failed_logins_per_minute, 0, 1000000),
        NUMBER("limits", "requests-in-flight", requests_in_flight, 1, 65536),
        NUMBER("limits", "queue-per-device", queue_per_device, 1, 65536),
        NUMBER("limits", "devices-per-user", devices_per_user, 0, 1000000),
        NUMBER("limits", "history-days", history_days, 0, 36500),
        TEXT("ice", "stun", stun),
        TEXT("ice", "turn", turn),
        TEXT("ice", "turn-secret-file", turn_secret_file),
};

void config_init(Config *config)
{
        *config = (Config){
                .calls_per_minute = CALLS_PER_MINUTE,
                .failed_logins_per_minute = FAILED_LOGINS_PER_MINUTE,
                .requests_in_flight = WIRE_IN_FLIGHT_MAX,
                .queue_per_device = QUEUE_PER_DEVICE,
                .devices_per_user = DEVICES_PER_USER,
                .history_days = HISTORY_DAYS,
        };
        snprintf(config->listen, sizeof(config->listen), "127.0.0.1:%d", WIRE_PORT);
}

int config_parse_address(const char *what, const char *address, char *ret_host, size_t size,
                         uint16_t *ret_port, char **ret_text)
{
        char shown[PRINTABLE_MAX];
        const char *colon = strrchr(address, ':');
        const char *host = address;
        size_t length = colon ? (size_t)(colon - address) : 0;
        unsigned port = 0;
        size_t digits = colon ? strspn(colon + 1, "0123456789") : 0;

        if (length >= 2 && host[0] == '[' && host[length - 1] == ']') {
                host++;
                length -= 2;
        } else if (memchr(host, ':', length)) {
                length = 0;
        }
        if (length == 0 || length >= size || digits == 0 || digits > 5 || colon[1 + digits])
                goto wrong;
        for (const char *digit = colon + 1; *digit; digit++)
                port = port * 10 + (unsigned)(*digit - '0');
        if (port > UINT16_MAX)
                goto wrong;
        memcpy(ret_host, host, length);
        ret_host[length] = '\0';
        *ret_port = (uint16_t)port;
        return 0;
wrong:
        *ret_text = str_printf("%s: \"%s\" is not HOST:PORT", what,
                               str_printable(shown, sizeof(shown), address));
        return -EINVAL;
}

/* One reading of one file. */
typedef struct Reading {
        Config *config;
        const char *path;
        FILE *file;
        unsigned line;
        unsigned said[ELEMENTSOF(config_keys)]; /* line in which each key was, or 0 */
        int n_wrong;
        void (*say)(const char *line, void *userdata);
        void *userdata;
} Reading;

static void wrong(Reading *reading, unsigned line, const char *format, ...)
        __attribute__((format(printf, 3, 4)));

static void wrong(Reading *reading, unsigned line, const char *format, ...)
{
        char text[512], whole[CONFIG_PATH_MAX + sizeof(text) + 16];
        va_list arguments;

        va_start(arguments, format);
        vsnprintf(text, sizeof(text), format, arguments);
        va_end(arguments);
        if (line > 0)
                snprintf(whole, sizeof(whole), "%s:%u: %s", reading->path, line, text);
        else
                snprintf(whole, sizeof(whole), "%s: %s", reading->path, text);
        reading->n_wrong++;
        reading->say(whole, reading->userdata);
}

static void set_number(Reading *reading, const ConfigKey *key, const char *value)
{
        char shown[PRINTABLE_MAX];
        size_t digits = strspn(value, "0123456789");
        unsigned long number = digits > 0 && digits <= 9 ? strtoul(value, NULL, 10) : 0;

        if (digits == 0 || digits > 9 || value[digits] || number < key->min || number > key->max) {
                wrong(reading, reading->line, "%s: \"%s\" is not a number from %u to %u", key->name,
                      str_printable(shown, sizeof(shown), value), key->min, key->max);
                return;
        }
        *(uint32_t *)((char *)reading->config + key->offset) = (uint32_t)number;
}

static void set_text(Reading *reading, const ConfigKey *key, const char *value)
{
        char *to = (char *)reading->config + key->offset;

        if (str_empty(value))
                wrong(reading, reading->line, "%s: there is no value", key->name);
        else if (str_copy(to, key->size, value) < 0)
                wrong(reading, reading->line, "%s: the value is longer than %zu bytes", key->name,
                      key->size - 1);
}

static bool section_is_known(const char *section)
{
        for (size_t i = 0; i < ELEMENTSOF(config_keys); i++)
                if (str_eq(config_keys[i].section, section))
                        return true;
        return false;
}

/* For libinih; 1 is "go on". What is wrong is said here and counted. */
static int take(void *userdata, const char *section, const char *name, const char *value)
{
        Reading *reading = userdata;
        char shown[PRINTABLE_MAX];

        for (size_t i = 0; i < ELEMENTSOF(config_keys); i++) {
                const ConfigKey *key = &config_keys[i];

                if (!str_eq(key->section, section) || !str_eq(key->name, name))
                        continue;
                if (reading->said[i] > 0) {
                        wrong(reading, reading->line, "%s: was said in line %u already", name,
                              reading->said[i]);
                        return 1;
                }
                reading->said[i] = reading->line;
                if (key->kind == CONFIG_NUMBER)
                        set_number(reading, key, value);
                else
                        set_text(reading, key, value);
                return 1;
        }
        if (section_is_known(section))
                wrong(reading, reading->line, "%s: there is no such key in [%s]",
                      str_printable(shown, sizeof(shown), name), section);
        else
                wrong(reading, reading->line, "[%s]: there is no such section",
                      str_printable(shown, sizeof(shown), section));
        return 1;
}

/* Counts the lines, which libinih tells its handler only in builds that Debian does not have. */
static char *next_line(char *buffer, int size, void *userdata)
{
        Reading *reading = userdata;

        if (!fgets(buffer, size, reading->file))
                return NULL;
        reading->line++;
        if (!strchr(buffer, '\n') && !feof(reading->file)) {
                int c;

                wrong(reading, reading->line, "the line is longer than %d bytes", size - 2);
                while ((c = getc(reading->file)) != '\n' && c != EOF)
                        ;
                buffer[0] = '\0';
        }
        /* An indented line would be taken for more of the last value. */
        if (isblank((unsigned char)buffer[0]))
                memmove(buffer, buffer + strspn(buffer, " \t"),
                        strlen(buffer + strspn(buffer, " \t")) + 1);
        return buffer;
}

static const unsigned *line_of(const Reading *reading, const char *name)
{
        for (size_t i = 0; i < ELEMENTSOF(config_keys); i++)
                if (str_eq(config_keys[i].name, name))
                        return &reading->said[i];
        return NULL;
}

static void check_urls(Reading *reading, const char *name, const char *urls, const char *scheme,
                       const char *secure_scheme)
{
        _cleanup_free_ char *copy = strdup(urls);
        char shown[PRINTABLE_MAX], *state = NULL;
        unsigned line = *line_of(reading, name);

        for (char *url = copy ? strtok_r(copy, " \t", &state) : NULL; url;
             url = strtok_r(NULL, " \t", &state)) {
                if (strncmp(url, scheme, strlen(scheme)) != 0 &&
                    strncmp(url, secure_scheme, strlen(secure_scheme)) != 0)
                        wrong(reading, line, "%s: \"%s\" does not begin with %s or %s", name,
                              str_printable(shown, sizeof(shown), url), scheme, secure_scheme);
                else if (strlen(url) > ICE_URL_MAX)
                        wrong(reading, line, "%s: a URL is longer than %d bytes", name,
                              ICE_URL_MAX);
        }
}

static size_t count_words(const char *s)
{
        size_t n = 0;

        for (s += strspn(s, " \t"); *s; s += strspn(s, " \t")) {
                n++;
                s += strcspn(s, " \t");
        }
        return n;
}

/* What only the whole file can be asked. */
static void check_whole(Reading *reading)
{
        const Config *config = reading->config;
        _cleanup_free_ char *text = NULL;
        char host[sizeof(config->listen)];
        uint16_t port;

        if (config_parse_address("address", config->listen, host, sizeof(host), &port, &text) < 0)
                wrong(reading, *line_of(reading, "address"), "%s", text ?: "address");
        if (str_empty(config->certificate) != str_empty(config->key))
                wrong(reading, *line_of(reading, "certificate") + *line_of(reading, "key"),
                      "certificate and key go together");
        check_urls(reading, "stun", config->stun, "stun:", "stuns:");
        check_urls(reading, "turn", config->turn, "turn:", "turns:");
        if (count_words(config->stun) + count_words(config->turn) > ICE_SERVERS_MAX)
                wrong(reading, 0, "stun and turn name more than %d servers", ICE_SERVERS_MAX);
        if (!str_empty(config->turn) && str_empty(config->turn_secret_file))
                wrong(reading, *line_of(reading, "turn"), "turn: needs turn-secret-file");
}

static int config_load(Reading *reading)
{
        reading->file = fopen(reading->path, "re");
        if (!reading->file) {
                int r = -errno;

                wrong(reading, 0, "%s", strerror(-r));
                return r;
        }
        int r = ini_parse_stream(next_line, reading, take, reading);
        if (r > 0)
                wrong(reading, (unsigned)r, "neither [section] nor key = value");
        else if (r < 0 || ferror(reading->file))
                wrong(reading, 0, "cannot be read");
        fclose(reading->file);
        if (r >= 0)
                check_whole(reading);
        return reading->n_wrong > 0 ? -EINVAL : 0;
}

static void keep_first(const char *line, void *userdata)
{
        char **text = userdata;

        if (!*text)
                *text = strdup(line);
}

int config_read(Config *config, const char *path, char **ret_text)
{
        Config read = *config;
        _cleanup_free_ char *text = NULL;
        Reading reading = {.config = &read, .path = path, .say = keep_first, .userdata = &text};

        int r = config_load(&reading);
        if (r < 0) {
                *ret_text = TAKE_PTR(text);
                return r;
        }
        *config = read;
        return 0;
}

int config_check(const char *path, void (*say)(const char *line, void *userdata), void *userdata)
{
        Config config;
        Reading reading = {.config = &config, .path = path, .say = say, .userdata = userdata};

        config_init(&config);
        int r = config_load(&reading);
        return r == 0 || r == -EINVAL ? reading.n_wrong : r;
}
