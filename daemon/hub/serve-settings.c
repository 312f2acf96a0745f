/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hub/serve-settings.h"

#include <arpa/inet.h>
#include <errno.h>

#include "base/cleanup.h"

static bool is_loopback(const char *host)
{
        struct in6_addr v6;
        struct in_addr v4;

        if (inet_pton(AF_INET, host, &v4) == 1)
                return ntohl(v4.s_addr) >> 24 == 127;
        if (inet_pton(AF_INET6, host, &v6) == 1)
                return IN6_IS_ADDR_LOOPBACK(&v6);
        return str_eq(host, "localhost");
}

/* Values of the command line override those of the file. */
static int take_options(Config *config, const ServeOptions *options, char **ret_text)
{
        const char *web = options->web && !*options->web ? CONFIG_WEB_INSTALLED : options->web;
        const struct {
                const char *name, *value;
                char *to;
                size_t size;
        } given[] = {
                {"--listen", options->listen, config->listen, sizeof(config->listen)},
                {"--socket", options->socket, config->socket, sizeof(config->socket)},
                {"--tls-cert", options->certificate, config->certificate, CONFIG_PATH_MAX},
                {"--tls-key", options->key, config->key, CONFIG_PATH_MAX},
                {"--web", web, config->web, CONFIG_PATH_MAX},
        };

        for (size_t i = 0; i < ELEMENTSOF(given); i++)
                if (given[i].value && str_copy(given[i].to, given[i].size, given[i].value) < 0) {
                        *ret_text = str_printf("%s: the value is too long", given[i].name);
                        return -EINVAL;
                }
        return 0;
}

int serve_settings_read(const ServeOptions *options, ServeSettings *ret, char **ret_text)
{
        Config *config = &ret->config;
        int r = 0;

        config_init(config);
        if (options->config)
                r = config_read(config, options->config, ret_text);
        if (r >= 0)
                r = take_options(config, options, ret_text);
        if (r >= 0)
                r = config_parse_address(options->listen ? "--listen" : "address", config->listen,
                                         ret->host, sizeof(ret->host), &ret->port, ret_text);
        if (r < 0)
                return r;
        if (str_empty(config->certificate) != str_empty(config->key)) {
                *ret_text = strdup("--tls-cert and --tls-key: give both or none");
                return -EINVAL;
        }
        if (str_empty(config->certificate) && !is_loopback(ret->host) && !options->insecure) {
                *ret_text = str_printf("%s is not a loopback address: give --tls-cert and "
                                       "--tls-key, or --insecure",
                                       ret->host);
                return -EINVAL;
        }
        return 0;
}
