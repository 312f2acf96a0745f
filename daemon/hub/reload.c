/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a hub reads again while it serves: on SIGHUP all, every hour what may have been renewed. */
#include <errno.h>
#include <systemd/sd-daemon.h>

#include "base/log.h"
#include "hub/ice.h"
#include "hub/serve-internal.h"

#define LOOK_MS (3600 * 1000)

int server_read_page(const Config *config, WebFiles **ret, char **ret_text)
{
        const char *folder = config->web;

        if (str_empty(folder)) {
                *ret = NULL;
                return 0;
        }
        if (str_eq(folder, CONFIG_WEB_INSTALLED))
                folder = web_files_default();
        return web_files_read(folder, ret, ret_text);
}

int server_read_ice(const Server *server, const Config *config, char **ret_text)
{
        IceServer servers[ICE_SERVERS_MAX];
        char *secret;
        size_t n;

        usec_t date = clock_realtime();
        int r = ice_servers(config, date, servers, &n, &secret, ret_text);
        return r < 0 ? r
                     : hub_ice_servers(server->hub, servers, n, secret,
                                       date + config->turn_lifetime_s * USEC_PER_SEC);
}

static void say_kept(const char *what, const char *text)
{
        log_error("%s stay as they were: %s", what, text ?: "out of memory");
}

void server_warn_of_expiry(Server *server)
{
        _cleanup_free_ char *text = NULL;

        if (server->certificate)
                text = certificate_warning(server->certificate, clock_realtime(), clock_boottime());
        if (text)
                log_warning("%s", text);
}

static void look_at_certificate(Server *server)
{
        _cleanup_free_ char *text = NULL;

        if (!server->certificate)
                return;
        if (certificate_is_renewed(server->certificate)) {
                if (certificate_renew(server->certificate, &text) < 0)
                        say_kept("certificate and key", text);
                else
                        log_notice("using the renewed certificate");
        }
        server_warn_of_expiry(server);
}

static void on_look(uv_timer_t *timer)
{
        Server *server = timer->data;
        _cleanup_free_ char *text = NULL;

        if (server_read_ice(server, &server->settings.config, &text) < 0)
                say_kept("the TURN credentials", text);
        look_at_certificate(server);
}

void server_plan_looks(Server *server)
{
        /* At least as often as TURN credentials have to be renewed. */
        const uint64_t wait_ms =
                MIN_OF(LOOK_MS, server->settings.config.turn_lifetime_s * 1000ull / ICE_REFRESHES);

        uv_timer_start(&server->looking, on_look, wait_ms, wait_ms);
}

/* Leaves the settings that belong to the listening socket as they are. */
static void keep_the_socket(const Server *server, ServeSettings *next)
{
        const ServeSettings *now = &server->settings;

        if (!str_eq(next->config.listen, now->config.listen)) {
                log_notice("the address has changed: that takes effect after a restart");
                STR_SET(next->config.listen, now->config.listen);
                STR_SET(next->host, now->host);
                next->port = now->port;
        }
        if (!str_eq(next->config.socket, now->config.socket)) {
                log_notice("the socket has changed: that takes effect after a restart");
                STR_SET(next->config.socket, now->config.socket);
        }
        if (serve_settings_have_tls(next) != serve_settings_have_tls(now)) {
                log_notice("certificate and key have been %s: that takes effect after a restart",
                           serve_settings_have_tls(now) ? "removed" : "added");
                STR_SET(next->config.certificate, now->config.certificate);
                STR_SET(next->config.key, now->config.key);
        }
}

static void read_certificate(Server *server, const Config *config)
{
        _cleanup_free_ char *text = NULL;

        if (!server->certificate)
                return;
        if (certificate_read(server->certificate, config->certificate, config->key, &text) < 0)
                say_kept("certificate and key", text);
        server_warn_of_expiry(server);
}

static void read_page(Server *server, const Config *config)
{
        _cleanup_free_ char *text = NULL;
        WebFiles *page;

        if (server_read_page(config, &page, &text) < 0)
                say_kept("the files of the page", text);
        else
                ws_server_set_page(server->server, page);
}

static void read_ice(Server *server, const Config *config)
{
        _cleanup_free_ char *text = NULL;

        if (server_read_ice(server, config, &text) < 0)
                say_kept("the STUN and TURN servers", text);
}

void server_reload(Server *server)
{
        _cleanup_free_ ServeSettings *next = malloc(sizeof(*next));
        _cleanup_free_ char *text = NULL;

        if (!next) {
                say_kept("the settings", NULL);
                return;
        }
        sd_notify(0, "RELOADING=1");
        bool is_read = serve_settings_read(server->options, next, &text) >= 0;
        if (!is_read) {
                say_kept("the settings", text);
                *next = server->settings;
        }
        keep_the_socket(server, next);
        read_certificate(server, &next->config);
        read_page(server, &next->config);
        read_ice(server, &next->config);
        server->settings = *next;
        hub_reconfigure(server->hub);
        server_plan_looks(server);
        log_notice("%s been read again",
                   is_read ? "the settings and files have" : "the files have");
        sd_notify(0, "READY=1");
}
