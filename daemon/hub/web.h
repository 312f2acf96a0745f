/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What the hub says to those who come to its port with plain HTTP: the browser page, where it is
 * asked to serve one (`serve --web`), and otherwise that there is nothing.
 */

#include <libwebsockets.h>

#include "hub/web-files.h"

/*
 * For lws, as the first protocol of the server: it has all requests that are no upgrade to ours.
 * `files` may be NULL, and outlives the context.
 */
struct lws_protocols web_protocol(const WebFiles *files);

/* Says which WebSocket there is. The caller closes the connection. */
void web_refuse_upgrade(struct lws *wsi);
