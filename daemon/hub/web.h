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
 * our subprotocol. `files` may be NULL, and must outlive the context.
 */
struct lws_protocols web_protocol(const WebFiles *files);

/* Replies with the path and subprotocol to use. The caller closes the connection. */
void web_refuse_upgrade(struct lws *wsi);
