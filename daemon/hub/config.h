/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The settings of tring-hub, from tring-hub.conf (INI, base/ini-table.h). A key that is not set has
 * its default; an unknown section or key, a key that is set twice, or an invalid value is an error
 * that names file, line and key.
 */

#include <stdint.h>

#include "hub/unix-socket.h"
#include "model/message.h"

#define CONFIG_URLS_MAX (ICE_SERVERS_MAX * (ICE_URL_MAX + 1))
#define CONFIG_PATH_MAX 4096
#define CONFIG_WEB_INSTALLED "installed" /* web: the page that came with the hub */

typedef struct Config {
        /* [listen] */
        char listen[256];                      /* address = HOST:PORT */
        char socket[UNIX_SOCKET_PATH_MAX + 1]; /* path of a unix socket; empty: none */
        char web[CONFIG_PATH_MAX];             /* folder of the page; empty: none is served */
        char proxies[1024]; /* whose X-Forwarded-For is believed (hub/proxies.h) */

        /* [web] */
        char origins[1024]; /* of other pages that may connect (hub/origins.h) */

        /* [tls]; both or none */
        char certificate[CONFIG_PATH_MAX], key[CONFIG_PATH_MAX]; /* PEM files */

        /* [limits]; 0 means no limit, except where noted */
        uint32_t calls_per_minute;          /* started, per user */
        uint32_t stored_mb_per_day;         /* MiB that calls add to the database, per user */
        uint32_t failed_logins_per_minute;  /* per address */
        uint32_t failed_lookups_per_minute; /* per user */
        uint32_t requests_in_flight;        /* per device; 1 at least */
        uint32_t queue_per_device;          /* events not acknowledged; 1 at least */
        uint32_t devices_per_user;          /* connected at a time */
        uint32_t history_days;              /* 0: for ever */
        bool redial_pauses;                 /* rule 21 */

        /* [ice]: URLs, separated by blanks */
        char stun[CONFIG_URLS_MAX], turn[CONFIG_URLS_MAX];
        char turn_secret_file[CONFIG_PATH_MAX];
        uint32_t turn_lifetime_s; /* of the credentials */
} Config;

void config_init(Config *config);

/*
 * Reads `path`; keys that it does not set stay as they are. Returns 0; -EINVAL when the file is
 * wrong, -errno when it cannot be read, either with a sentence in *ret_text (the caller frees).
 */
int config_read(Config *config, const char *path, char **ret_text);

/* Reports every error in the file, one line each. Returns the number of lines, or -errno. */
int config_check(const char *path, void (*report)(const char *line, void *userdata),
                 void *userdata);

/*
 * HOST:PORT or [IPV6]:PORT. Returns 0, or -EINVAL with a sentence in *ret_text, in which `what`
 * names the setting.
 */
int config_parse_address(const char *what, const char *address, char *ret_host, size_t size,
                         uint16_t *ret_port, char **ret_text);
