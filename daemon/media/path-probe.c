/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/path-probe.h"

#include <errno.h>
#include <linux/sockios.h>
#include <nice/agent.h>
#include <stdatomic.h>
#include <stun/usages/ice.h>
#include <sys/ioctl.h>

#include "base/str.h"
#include "media/description.h"

#define STUN_MAX 256                               /* bytes; the question has about 120 */
#define USERNAME_MAX (2 * ICE_CREDENTIAL_MAX + 2)  /* "theirs:ours" */
#define PRIORITY (110u << 24 | 65535u << 8 | 255u) /* RFC 8445 section 5.1.2: peer-reflexive */

/* Shared with GStreamer's thread. */
typedef struct Arrivals {
        _Atomic usec_t last;
} Arrivals;

struct PathProbe {
        GstElement *source; /* a reference: libnice's element inside the webrtcbin */
        GstPad *pad;        /* a reference */
        gulong packets;     /* the probe on it */
        NiceAgent *agent;   /* a reference */
        guint stream, component;
        Arrivals *arrivals;
        char username[USERNAME_MAX];
        IceCredentials theirs;
        usec_t looked;
        uint64_t stamps; /* sum of the sockets' stamps at the last look */
};

/* ---- what arrives ---- */

/* In a GStreamer thread. */
static GstPadProbeReturn on_packet(GstPad *pad, GstPadProbeInfo *info, void *data)
{
        Arrivals *arrivals = data;

        atomic_store(&arrivals->last, clock_boottime());
        return GST_PAD_PROBE_OK;
}

/* When the socket last received something (CLOCK_REALTIME, ns); 0: nothing yet, or not known. */
static uint64_t read_stamp(GSocket *socket)
{
        struct timespec stamp;

        if (ioctl(g_socket_get_fd(socket), SIOCGSTAMPNS, &stamp) < 0)
                return 0;
        return (uint64_t)stamp.tv_sec * 1000000000u + (uint64_t)stamp.tv_nsec;
}

static uint16_t local_port(GSocket *socket)
{
        g_autoptr(GSocketAddress) address = g_socket_get_local_address(socket, NULL);

        return address && G_IS_INET_SOCKET_ADDRESS(address)
                       ? g_inet_socket_address_get_port(G_INET_SOCKET_ADDRESS(address))
                       : 0;
}

/* The port of the socket that carries the path; 0: none. A relay's is the one to its server. */
static uint16_t path_port(const PathProbe *probe)
{
        NiceCandidate *local, *remote;

        if (!nice_agent_get_selected_pair(probe->agent, probe->stream, probe->component, &local,
                                          &remote))
                return 0;
        return (uint16_t)nice_address_get_port(&local->base_addr);
}

void path_probe_look(PathProbe *probe, PathLife *life)
{
        g_autoptr(GPtrArray) sockets =
                nice_agent_get_sockets(probe->agent, probe->stream, probe->component);
        usec_t now = clock_boottime(), wall = clock_realtime(), age = USEC_NEVER;
        uint16_t port = path_port(probe);
        uint64_t stamps = 0;

        life->deaf = true;
        for (guint i = 0; sockets && i < sockets->len; i++) {
                GSocket *socket = g_ptr_array_index(sockets, i);
                uint64_t stamp = read_stamp(socket);

                if (g_socket_get_socket_type(socket) != G_SOCKET_TYPE_DATAGRAM)
                        continue;
                life->deaf &= local_port(socket) != port;
                stamps += stamp;
                if (stamp > 0 && stamp / 1000 <= wall)
                        age = MIN(age, wall - stamp / 1000);
        }
        /* A stamp is of the clock that can be set: it counts only if it is new and plausible. */
        if (stamps != probe->stamps)
                path_life_arrived(life, age <= now - probe->looked ? now - age : now);
        path_life_arrived(life, atomic_load(&probe->arrivals->last));
        probe->stamps = stamps;
        probe->looked = now;
}

/* ---- the question ---- */

void path_probe_ask(PathProbe *probe)
{
        gboolean controlling = FALSE;
        uint8_t buffer[STUN_MAX];
        StunMessage message;
        StunAgent agent;

        g_object_get(probe->agent, "controlling-mode", &controlling, NULL);
        stun_agent_init(&agent, STUN_ALL_KNOWN_ATTRIBUTES, STUN_COMPATIBILITY_RFC5389,
                        STUN_AGENT_USAGE_SHORT_TERM_CREDENTIALS | STUN_AGENT_USAGE_USE_FINGERPRINT);
        size_t length = stun_usage_ice_conncheck_create(
                &agent, &message, buffer, sizeof(buffer), (uint8_t *)probe->username,
                strlen(probe->username), (uint8_t *)probe->theirs.password,
                strlen(probe->theirs.password), false, controlling, PRIORITY, 0, NULL,
                STUN_USAGE_ICE_COMPATIBILITY_RFC5245);

        if (length > 0)
                nice_agent_send(probe->agent, probe->stream, probe->component, (guint)length,
                                (char *)buffer);
}

/* ---- beginning and end ---- */

static int find_source(const GValue *item, GValue *found, void *data)
{
        GstElement *element = g_value_get_object(item);

        if (g_strcmp0(G_OBJECT_TYPE_NAME(element), "GstNiceSrc") != 0)
                return TRUE;
        g_value_set_object(found, element);
        return FALSE;
}

/* A reference; NULL: there is none. All media go by one transport, so it is the only one. */
static GstElement *nice_source(GstElement *webrtc)
{
        g_autoptr(GstIterator) iterator = gst_bin_iterate_recurse(GST_BIN(webrtc));
        g_auto(GValue) found = G_VALUE_INIT;

        g_value_init(&found, GST_TYPE_ELEMENT);
        while (gst_iterator_fold(iterator, (GstIteratorFoldFunction)find_source, &found, NULL) ==
               GST_ITERATOR_RESYNC)
                gst_iterator_resync(iterator);
        return g_value_dup_object(&found);
}

static int read_credentials(PathProbe *probe, GstElement *webrtc)
{
        g_autoptr(GstWebRTCSessionDescription) remote = NULL, local = NULL;
        IceCredentials ours;

        g_object_get(webrtc, "remote-description", &remote, "local-description", &local, NULL);
        if (!remote || !local || !description_ice_credentials(remote, &probe->theirs) ||
            !description_ice_credentials(local, &ours))
                return -EIO;
        snprintf(probe->username, sizeof(probe->username), "%s:%s", probe->theirs.fragment,
                 ours.fragment);
        return 0;
}

int path_probe_new(GstElement *webrtc, PathProbe **ret)
{
        _cleanup_(path_probe_freep) PathProbe *probe = calloc(1, sizeof(*probe));
        PathLife life = {};

        if (!probe)
                return -ENOMEM;
        probe->source = nice_source(webrtc);
        if (!probe->source)
                return -EIO;
        g_object_get(probe->source, "agent", &probe->agent, "stream", &probe->stream, "component",
                     &probe->component, NULL);
        probe->pad = gst_element_get_static_pad(probe->source, "src");
        if (!probe->agent || !probe->pad || read_credentials(probe, webrtc) < 0)
                return -EIO;
        probe->arrivals = g_atomic_rc_box_new0(Arrivals);
        probe->packets = gst_pad_add_probe(
                probe->pad, GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_BUFFER_LIST, on_packet,
                g_atomic_rc_box_acquire(probe->arrivals), g_atomic_rc_box_release);
        /* The first look makes the kernel keep stamps, and may find an old one. */
        path_probe_look(probe, &life);
        *ret = TAKE_PTR(probe);
        return 0;
}

PathProbe *path_probe_free(PathProbe *probe)
{
        if (!probe)
                return NULL;
        if (probe->packets)
                gst_pad_remove_probe(probe->pad, probe->packets);
        g_clear_pointer(&probe->arrivals, g_atomic_rc_box_release);
        g_clear_object(&probe->pad);
        g_clear_object(&probe->source);
        g_clear_object(&probe->agent);
        free(probe);
        return NULL;
}
