/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Plain HTTP on the hub's port: serves the browser page under `serve --web`, and otherwise answers
 * every request with "not found".
 */

#include <libwebsockets.h>

#include "hub/web-files.h"

/*
 * The first protocol of the server's vhost: lws passes it every request that is not an upgrade to
 * our subprotocol. *page may be NULL, and may change at any time; `page` must outlive the context.
 */
struct lws_protocols web_protocol(WebFiles *const *page);
/* Its callback, for an owner who wants some of what lws reports. */
int web_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                 size_t length);

/* Replies with the path and subprotocol to use. The caller closes the connection. */
void web_refuse_upgrade(struct lws *wsi);
/* Replies that the page of this origin may not connect. The caller closes the connection. */
void web_refuse_origin(struct lws *wsi);
