/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The server's listening socket, with or without TLS. */

#include <netdb.h>

#include "hub/ws-server.h"

/*
 * Returns NULL with a sentence in *ret_text for an address that cannot be bound or an unusable
 * certificate. `host` is a buffer for the numeric address; it must live as long as the context, and
 * so must the strings of `options`.
 */
struct lws_vhost *ws_server_listen(struct lws_context *context, const WsServerOptions *options,
                                   const struct lws_protocols *protocols, void *userdata,
                                   char host[static NI_MAXHOST], char **ret_text);
