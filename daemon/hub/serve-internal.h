/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The inside of `serve`, for serve.c and reload.c only. */

#include "hub/admin.h"
#include "hub/serve-settings.h"

typedef struct Server {
        const ServeOptions *options;
        ServeSettings settings;
        char *state; /* owned */
        int lock_fd;

        uv_loop_t loop;
        bool has_loop;
        uv_signal_t terminated, interrupted, hung_up;
        uv_timer_t stopping, looking;
        usec_t stop_by;

        struct lws_context *context;
        HubDatabase *database;
        Checkpointer *checkpointer;
        Hub *hub;
        Certificate *certificate; /* NULL: no TLS */
        WsServer *server;
        Admin *admin;
} Server;

/* ---- reload.c ---- */

/*
 * Reads settings, certificate, page and the secret of the TURN servers again. Each part that cannot
 * be used stays as it was, and the log says so.
 */
void server_reload(Server *server);

/*
 * What has to be done every hour, or more often, from now on: makes new TURN credentials, which
 * expire, and takes a certificate that has been renewed.
 */
void server_plan_looks(Server *server);
/* Says in the log that the certificate is about to expire. */
void server_warn_of_expiry(Server *server);

/* *ret is NULL if the settings have no page. */
int server_read_page(const Config *config, WebFiles **ret, char **ret_text);
int server_read_ice(const Server *server, const Config *config, char **ret_text);
