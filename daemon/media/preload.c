/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/preload.h"

#include <errno.h>
#include <gst/gst.h>
#include <stdbool.h>

#include "base/cleanup.h"
#include "base/log.h"

static const char *const plugins[] = {
        "coreelements", "app", "rtp", "rtpmanager", "srtp", "dtls", "nice", "webrtc",
};

static const char *const video_plugins[] = {"videoconvertscale", "vpx"};
static const char *const jpeg_plugins[] = {"jpeg"};

/*
 * GStreamer's registry would scan every plugin on the system and write the result to the user's
 * cache. That takes 1 s in a new home, and a sandboxed worker should write no files. So the
 * registry stays empty, and plugins are loaded by name.
 */
static void init_without_registry(void)
{
        char program[] = "tring-media", disable[] = "--gst-disable-registry-update",
             no_fork[] = "--gst-disable-registry-fork";
        char *arguments[] = {program, disable, no_fork, NULL};
        char **argv = arguments;
        int argc = 3;

        g_setenv("GST_PLUGIN_SYSTEM_PATH_1_0", "", TRUE);
        g_setenv("GST_PLUGIN_PATH_1_0", "", TRUE);
        g_setenv("GST_REGISTRY_1_0", "/dev/null", TRUE);
        /* No call needs GIO's modules (proxies, dconf), and they write files and start programs. */
        g_setenv("GIO_MODULE_DIR", "/nonexistent", TRUE);
        gst_init(&argc, &argv);
}

static int load_plugin(const char *name)
{
        g_autofree char *path = g_strdup_printf(TRING_GST_PLUGINS "/libgst%s.so", name);
        g_autoptr(GError) error = NULL;
        GstPlugin *plugin = gst_plugin_load_file(path, &error);

        if (!plugin) {
                log_error("cannot load GStreamer plugin %s: %s", name, error->message);
                return -ENOENT;
        }
        gst_object_unref(plugin);
        return 0;
}

/* The first dtlsdec makes the certificate for all connections, which takes 100-400 ms. */
static void make_certificate(void)
{
        GstElement *element = gst_element_factory_make("dtlsdec", NULL);

        if (element)
                gst_object_unref(gst_object_ref_sink(element));
}

static int load_plugins(const char *const names[], size_t n)
{
        for (size_t i = 0; i < n; i++) {
                int r = load_plugin(names[i]);

                if (r < 0)
                        return r;
        }
        return 0;
}

int preload(void)
{
        int r;

        init_without_registry();
        r = load_plugins(plugins, ELEMENTSOF(plugins));
        if (r < 0)
                return r;
        make_certificate();
        return 0;
}

static int load_once(bool *loaded, const char *const names[], size_t n)
{
        int r;

        if (*loaded)
                return 0;
        r = load_plugins(names, n);
        *loaded = r == 0;
        return r;
}

int preload_video(void)
{
        static bool loaded;

        return load_once(&loaded, video_plugins, ELEMENTSOF(video_plugins));
}

int preload_jpeg(void)
{
        static bool loaded;

        return load_once(&loaded, jpeg_plugins, ELEMENTSOF(jpeg_plugins));
}
