/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The listening socket of the server, with TLS or without. */

#include <netdb.h>

#include "hub/ws-server.h"

/*
 * NULL with a sentence in *ret_text: an address that cannot be had, a certificate that is none.
 * `host` is where the numeric address is kept, which lives as long as the context; so do `options`'
 * strings.
 */
struct lws_vhost *ws_server_listen(struct lws_context *context, const WsServerOptions *options,
                                   const struct lws_protocols *protocols, void *userdata,
                                   char host[static NI_MAXHOST], char **ret_text);
