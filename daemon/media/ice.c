/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/ice.h"

#include <errno.h>
#include <nice/agent.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/str.h"

#define STUN_PORT "3478"  /* RFC 7064 section 3.2, RFC 7065 section 3.2 */
#define TURNS_PORT "5349" /* RFC 7065 section 3.2 */
/*
 * Time between connectivity checks: the minimum of RFC 8445 section 14.2. With libnice's default of
 * 20 ms, calls connected 50 ms later.
 */
#define PACING_MS 5u

static const struct {
        const char *prefix, *scheme, *port;
        bool credentials;
} schemes[] = {
        {"stun:", "stun", STUN_PORT, false},
        {"turn:", "turn", STUN_PORT, true},
        {"turns:", "turns", TURNS_PORT, true},
};

/* Returns "host:port", by default with the scheme's port. NULL: out of memory, or not a host. */
static char *host_and_port(const char *rest, size_t length, const char *port)
{
        size_t after = 0;

        if (rest[0] == '[') { /* an IPv6 address */
                const char *end = memchr(rest, ']', length);

                if (!end)
                        return NULL;
                after = (size_t)(end + 1 - rest);
        }
        if (length == 0 || memchr(rest, '/', length) || memchr(rest, '@', length))
                return NULL;
        if (memchr(rest + after, ':', length - after))
                return str_printf("%.*s", (int)length, rest);
        return str_printf("%.*s:%s", (int)length, rest, port);
}

int ice_server_uri(const IceServer *server, char **ret)
{
        for (size_t i = 0; i < ELEMENTSOF(schemes); i++) {
                if (!g_str_has_prefix(server->url, schemes[i].prefix))
                        continue;
                const char *rest = server->url + strlen(schemes[i].prefix);
                size_t length = strcspn(rest, "?");
                _cleanup_free_ char *host = host_and_port(rest, length, schemes[i].port);
                g_autofree char *user = g_uri_escape_string(server->username, NULL, false);
                g_autofree char *password = g_uri_escape_string(server->credential, NULL, false);

                if (!host)
                        return -EINVAL;
                *ret = schemes[i].credentials ? str_printf("%s://%s:%s@%s%s", schemes[i].scheme,
                                                           user, password, host, rest + length)
                                              : str_printf("%s://%s", schemes[i].scheme, host);
                return *ret ? 0 : -ENOMEM;
        }
        return -EINVAL;
}

/* Returns whether it is a TURN server. */
static bool use_server(GstElement *webrtc, const IceServer *server)
{
        _cleanup_free_ char *uri = NULL;
        gboolean taken = TRUE;
        int r = ice_server_uri(server, &uri);

        if (r == 0 && g_str_has_prefix(uri, "stun:"))
                g_object_set(webrtc, "stun-server", uri, NULL);
        else if (r == 0)
                g_signal_emit_by_name(webrtc, "add-turn-server", uri, &taken);
        if (r < 0 || !taken)
                log_fields(LOG_WARNING, "cannot use an ICE server", "URL=%s", server->url, "WHY=%s",
                           r < 0 ? strerror(-r) : "GStreamer refuses it", NULL);
        return r == 0 && taken && g_str_has_prefix(uri, "turn");
}

static void add_loopback(NiceAgent *agent)
{
        NiceAddress address;

        nice_address_init(&address);
        if (nice_address_set_from_string(&address, "127.0.0.1"))
                nice_agent_add_local_address(agent, &address);
}

bool ice_configure(GstElement *webrtc, const IceServer *servers, size_t n_servers)
{
        GstObject *ice = NULL;
        NiceAgent *agent = NULL;
        bool has_turn = false;

        for (size_t i = 0; i < n_servers; i++)
                has_turn |= use_server(webrtc, &servers[i]);
        g_object_get(webrtc, "ice-agent", &ice, NULL);
        if (ice && g_object_class_find_property(G_OBJECT_GET_CLASS(ice), "agent"))
                g_object_get(ice, "agent", &agent, NULL);
        if (agent) {
                /* UPnP is on by default, and asks the whole network for a router to reconfigure. */
                g_object_set(agent, "upnp", FALSE, "stun-pacing-timer", PACING_MS, NULL);
                if (g_strcmp0(g_getenv("TRING_ICE_LOOPBACK"), "1") == 0)
                        add_loopback(agent);
                g_object_unref(agent);
        }
        if (ice)
                gst_object_unref(ice);
        return has_turn;
}
