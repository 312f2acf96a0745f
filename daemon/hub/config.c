/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hub/config.h"

#include <errno.h>

#include "base/ini-values.h"
#include "hub/origins.h"
#include "hub/proxies.h"
#include "wire/wire.h"

#define PRINTABLE_MAX 80 /* bytes of a wrong value in a message */

#define CALLS_PER_MINUTE 30 /* PROTOCOL.md, Limits: a person does not dial faster */
/* PROTOCOL.md, Limits: 10,000 calls to a user, or 20 to a group of 1000. */
#define STORED_MB_PER_DAY 16
/* PROTOCOL.md, Limits: a correct client does not try a wrong token again. */
#define FAILED_LOGINS_PER_MINUTE 10
#define FAILED_LOOKUPS_PER_MINUTE 30 /* PROTOCOL.md, Limits: nobody mistypes faster */
#define QUEUE_PER_DEVICE 256 /* PROTOCOL.md, Limits: some minutes of a busy device's events */
#define DEVICES_PER_USER 64  /* more than anyone owns; each costs memory */
#define HISTORY_DAYS 365
#define TURN_LIFETIME_S (12 * 3600) /* devices renew them in a call that lasts longer */

#define TEXT(section, name, member)                                    \
        {                                                              \
                section, name, ini_set_text, offsetof(Config, member), \
                        .size = sizeof(((Config *)0)->member)          \
        }
#define FILE_PATH(section, name, member)                                       \
        {                                                                      \
                section, name, ini_set_path, offsetof(Config, member),         \
                        .size = sizeof(((Config *)0)->member), .is_text = true \
        }
#define NUMBER(section, name, member, low, high)                                                 \
        {                                                                                        \
                section, name, ini_set_number, offsetof(Config, member), .min = low, .max = high \
        }

static const IniKey config_keys[] = {
        TEXT("listen", "address", listen),
        FILE_PATH("listen", "socket", socket),
        FILE_PATH("listen", "web", web),
        TEXT("listen", "proxies", proxies),
        TEXT("web", "origins", origins),
        FILE_PATH("tls", "certificate", certificate),
        FILE_PATH("tls", "key", key),
        NUMBER("limits", "calls-per-minute", calls_per_minute, 0, 1000000),
        NUMBER("limits", "stored-mb-per-day", stored_mb_per_day, 0, 1000000),
        NUMBER("limits", "failed-logins-per-minute", failed_logins_per_minute, 0, 1000000),
        NUMBER("limits", "failed-lookups-per-minute", failed_lookups_per_minute, 0, 1000000),
        NUMBER("limits", "requests-in-flight", requests_in_flight, 1, 65536),
        NUMBER("limits", "queue-per-device", queue_per_device, 1, 65536),
        NUMBER("limits", "devices-per-user", devices_per_user, 0, 1000000),
        NUMBER("limits", "history-days", history_days, 0, 36500),
        {"limits", "redial-pauses", ini_set_bool, offsetof(Config, redial_pauses),
         .wants = INI_WANTS_BOOL},
        TEXT("ice", "stun", stun),
        TEXT("ice", "turn", turn),
        FILE_PATH("ice", "turn-secret-file", turn_secret_file),
        NUMBER("ice", "turn-lifetime", turn_lifetime_s, 10, 7 * 24 * 3600),
};

void config_init(Config *config)
{
        *config = (Config){
                .calls_per_minute = CALLS_PER_MINUTE,
                .stored_mb_per_day = STORED_MB_PER_DAY,
                .failed_logins_per_minute = FAILED_LOGINS_PER_MINUTE,
                .failed_lookups_per_minute = FAILED_LOOKUPS_PER_MINUTE,
                .requests_in_flight = WIRE_IN_FLIGHT_MAX,
                .queue_per_device = QUEUE_PER_DEVICE,
                .devices_per_user = DEVICES_PER_USER,
                .history_days = HISTORY_DAYS,
                .redial_pauses = true,
                .turn_lifetime_s = TURN_LIFETIME_S,
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
        uint32_t port;

        if (length >= 2 && host[0] == '[' && host[length - 1] == ']') {
                host++;
                length -= 2;
        } else if (memchr(host, ':', length)) {
                length = 0;
        }
        if (length == 0 || length >= size || !number_from_text(colon + 1, 5, &port) ||
            port > UINT16_MAX) {
                *ret_text = str_printf("%s: \"%s\" is not HOST:PORT", what,
                                       str_printable(shown, sizeof(shown), address));
                return -EINVAL;
        }
        memcpy(ret_host, host, length);
        ret_host[length] = '\0';
        *ret_port = (uint16_t)port;
        return 0;
}

/* Returns the number of URLs. */
static size_t check_urls(IniFile *ini, const char *name, const char *urls, const char *scheme,
                         const char *secure_scheme)
{
        _cleanup_free_ char *copy = strdup(urls);
        char shown[PRINTABLE_MAX], *state = NULL;
        unsigned line = ini_file_line(ini, name);
        size_t n = 0;

        for (char *url = copy ? strtok_r(copy, " \t", &state) : NULL; url;
             url = strtok_r(NULL, " \t", &state)) {
                n++;
                if (strncmp(url, scheme, strlen(scheme)) != 0 &&
                    strncmp(url, secure_scheme, strlen(secure_scheme)) != 0)
                        ini_file_wrong(ini, line, "%s: \"%s\" does not begin with %s or %s", name,
                                       str_printable(shown, sizeof(shown), url), scheme,
                                       secure_scheme);
                else if (strlen(url) > ICE_URL_MAX)
                        ini_file_wrong(ini, line, "%s: a URL is longer than %d bytes", name,
                                       ICE_URL_MAX);
        }
        return n;
}

/* Checks that involve more than one key. */
static void check_whole(IniFile *ini)
{
        const Config *config = ini->target;
        _cleanup_free_ char *text = NULL;
        char host[sizeof(config->listen)], wrong[PRINTABLE_MAX];
        uint16_t port;

        if (config_parse_address("address", config->listen, host, sizeof(host), &port, &text) < 0)
                ini_file_wrong(ini, ini_file_line(ini, "address"), "%s", text ?: "address");
        if (proxies_check(config->proxies, wrong, sizeof(wrong)) < 0)
                ini_file_wrong(ini, ini_file_line(ini, "proxies"),
                               "proxies: \"%s\" is not an address, nor one with a prefix length",
                               wrong);
        if (origins_check(config->origins, wrong, sizeof(wrong)) < 0)
                ini_file_wrong(ini, ini_file_line(ini, "origins"),
                               "origins: \"%s\" is not http://HOST[:PORT] or https://HOST[:PORT]",
                               wrong);
        if (str_empty(config->certificate) != str_empty(config->key))
                ini_file_wrong(ini, ini_file_line(ini, "certificate") + ini_file_line(ini, "key"),
                               "certificate and key: set both or none");
        size_t n_servers = check_urls(ini, "stun", config->stun, "stun:", "stuns:");
        n_servers += check_urls(ini, "turn", config->turn, "turn:", "turns:");
        if (n_servers > ICE_SERVERS_MAX)
                ini_file_wrong(ini, 0, "stun and turn name more than %d servers", ICE_SERVERS_MAX);
        if (!str_empty(config->turn) && str_empty(config->turn_secret_file))
                ini_file_wrong(ini, ini_file_line(ini, "turn"), "turn: needs turn-secret-file");
}

static int config_load(Config *config, const char *path,
                       void (*report)(const char *sentence, void *userdata), void *userdata,
                       int *ret_wrong)
{
        IniFile ini = {
                .path = path,
                .keys = config_keys,
                .n_keys = ELEMENTSOF(config_keys),
                .target = config,
                .report = report,
                .userdata = userdata,
        };
        int r = ini_file_read(&ini);

        if (r >= 0 || r == -EINVAL)
                check_whole(&ini);
        *ret_wrong = ini.n_wrong;
        return r >= 0 && ini.n_wrong > 0 ? -EINVAL : r;
}

static void keep_first(const char *line, void *userdata)
{
        char **text = userdata;

        if (!*text)
                *text = strdup(line);
}

int config_read(Config *config, const char *path, char **ret_text)
{
        Config loaded = *config;
        _cleanup_free_ char *text = NULL;
        int n_wrong, r = config_load(&loaded, path, keep_first, &text, &n_wrong);

        if (r < 0)
                *ret_text = TAKE_PTR(text);
        else
                *config = loaded;
        return r;
}

int config_check(const char *path, void (*report)(const char *line, void *userdata), void *userdata)
{
        Config config;
        int n_wrong, r;

        config_init(&config);
        r = config_load(&config, path, report, userdata, &n_wrong);
        return r >= 0 || r == -EINVAL ? n_wrong : r;
}
