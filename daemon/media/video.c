/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/video.h"

#include <errno.h>
#include <stdatomic.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "media/camera-watch.h"
#include "media/camera.h"
#include "media/test-card.h"
#include "media/video-codec.h"
#include "media/video-rate.h"

#define LOOK_MS 500 /* between checks of the sources and repeats of a still picture */
#define STILL_US (400 * USEC_PER_MSEC)
#define KEY_PACE_US (300 * USEC_PER_MSEC) /* at least, between key frames: they are large */
/*
 * Compositors deliver 60 pictures a second, which cost much to encode; few shared programs need
 * more than 15.
 */
#define SCREEN_PACE_US (USEC_PER_SEC / 15)
/*
 * Some cameras give 60 to 240. Of those that give CAMERA_RATE, no picture that comes a little early
 * may be dropped.
 */
#define CAMERA_PACE_US (USEC_PER_SEC * 3 / 4 / CAMERA_RATE)

typedef enum Source {
        SOURCE_NONE,
        SOURCE_CAMERA,
        SOURCE_SCREEN,
        SOURCE_TEST_CARD,
} Source;

typedef struct Sink {
        VideoSink function;
        void *userdata;
        bool keyed;       /* has received its key frame */
        uint32_t bitrate; /* main loop */
} Sink;

struct Video {
        char session[UUID_LENGTH + 1], title[2 * NAME_MAX_BYTES];
        char wanted[NODE_NAME_MAX + 1]; /* a camera's node.name; empty: the default, else any */
        PipeWireSource *connections;    /* not owned */
        const VideoEvents *events;
        void *userdata;
        guint timer;

        PipeWire *pipewire; /* NULL: no PipeWire, or not needed yet */
        GSList *nodes;      /* VideoSourceNode, not owned */
        bool started;
        Camera *camera, *screen;
        CameraWatch watch;
        bool stand_in_reported; /* another camera is used than the chosen one */
        bool pipewire_missed;

        GMutex mutex; /* guards all fields below */
        Source source;
        GstSample *last;   /* the source's newest picture */
        usec_t came, sent; /* when the source's newest picture came (0: none); when one was sent */
        usec_t pace;
        VideoCodec *encoder;
        Sink sinks[VIDEO_SINKS_MAX];
        size_t n_sinks;
        usec_t keyed;    /* when a key frame was last asked for */
        bool key_wanted; /* a key frame is due: it was asked for too soon after the last */
};

/* ---- pictures, to all receivers ---- */

/* With the mutex held. */
static void ask_for_key(Video *video, usec_t now)
{
        video->key_wanted = now - video->keyed < KEY_PACE_US;
        if (video->key_wanted || !video->encoder)
                return;
        video->keyed = now;
        video_encoder_request_key(video->encoder);
}

static void on_encoded(void *userdata, GstSample *sample)
{
        Video *video = userdata;
        GstBuffer *buffer = gst_sample_get_buffer(sample);
        bool key = !GST_BUFFER_FLAG_IS_SET(buffer, GST_BUFFER_FLAG_DELTA_UNIT), missing = false;

        g_mutex_lock(&video->mutex);
        for (size_t i = 0; i < video->n_sinks; i++) {
                Sink *sink = &video->sinks[i];

                if (sink->keyed || key)
                        sink->keyed = sink->function(sink->userdata, buffer);
                missing |= !sink->keyed;
        }
        if (missing || video->key_wanted)
                ask_for_key(video, clock_boottime());
        g_mutex_unlock(&video->mutex);
}

/* With the mutex held. */
static void send_last(Video *video, usec_t now)
{
        if (!video->encoder || !video->last || video->n_sinks == 0)
                return;
        video->sent = now;
        video_encoder_push(video->encoder, video->last);
}

/* Takes a picture from the camera or the screen; at most one of them is open. */
static void on_picture(void *userdata, GstSample *sample)
{
        Video *video = userdata;
        usec_t now = clock_boottime();

        g_mutex_lock(&video->mutex);
        /* The test card stood in for a camera that was slow to begin. */
        if (video->source == SOURCE_TEST_CARD)
                video->source = SOURCE_CAMERA;
        if (video->source == SOURCE_CAMERA || video->source == SOURCE_SCREEN) {
                g_clear_pointer(&video->last, gst_sample_unref);
                video->last = gst_sample_ref(sample);
                video->came = now;
                if (now - video->sent >= video->pace)
                        send_last(video, now);
        }
        g_mutex_unlock(&video->mutex);
}

static uint32_t least_rate(const Video *video)
{
        uint32_t least = VIDEO_RATE_MAX;

        for (size_t i = 0; i < video->n_sinks; i++)
                least = MIN_OF(least, video->sinks[i].bitrate);
        return least;
}

static Source current_source(Video *video)
{
        Source source;

        g_mutex_lock(&video->mutex);
        source = video->source;
        g_mutex_unlock(&video->mutex);
        return source;
}

static void need_encoder(Video *video)
{
        VideoCodec *encoder = NULL;

        if (video->encoder || video->n_sinks == 0 || current_source(video) == SOURCE_NONE)
                return;
        if (video_encoder_new(on_encoded, video, &encoder) < 0) {
                video->events->fault(video->userdata, CALL_ERROR_MEDIA_FAILED,
                                     "cannot send pictures: GStreamer lacks an element");
                return;
        }
        g_mutex_lock(&video->mutex);
        video->encoder = encoder;
        video_encoder_set_bitrate(encoder, least_rate(video));
        send_last(video, clock_boottime());
        g_mutex_unlock(&video->mutex);
}

static void set_source(Video *video, Source source)
{
        VideoCodec *unused = NULL;

        g_mutex_lock(&video->mutex);
        video->source = source;
        g_clear_pointer(&video->last, gst_sample_unref);
        if (source == SOURCE_TEST_CARD)
                video->last = test_card_new();
        video->pace = source == SOURCE_SCREEN ? SCREEN_PACE_US : CAMERA_PACE_US;
        video->came = 0;
        if (source == SOURCE_NONE)
                unused = TAKE_PTR(video->encoder);
        g_mutex_unlock(&video->mutex);
        /* Without the mutex, for which the encoder's thread may be waiting. */
        video_codec_free(unused);
        need_encoder(video);
}

/* ---- camera and screen ---- */

static void stop_source(Video *video)
{
        set_source(video, SOURCE_NONE);
        video->camera = camera_free(video->camera);
        video->screen = camera_free(video->screen);
        video->watch.opened = 0;
}

static void report(Video *video, CameraState state)
{
        char text[MESSAGE_TEXT_MAX + 1];

        if (camera_watch_report(&video->watch, state, text, sizeof(text)))
                video->events->fault(video->userdata, CALL_ERROR_DEVICE_NOT_FOUND, text);
}

static void report_stand_in(Video *video)
{
        char text[MESSAGE_TEXT_MAX + 1], shown[128];

        if (video->stand_in_reported)
                return;
        video->stand_in_reported = true;
        snprintf(text, sizeof(text), "there is no camera named '%s'; using the default",
                 str_printable(shown, sizeof(shown), video->wanted));
        video->events->fault(video->userdata, CALL_ERROR_DEVICE_NOT_FOUND, text);
}

/* Finds the chosen camera, else the default one, else any. */
static bool find_camera(Video *video, char ret[static NODE_NAME_MAX + 1])
{
        if (pipewire_find_camera(video->pipewire, video->wanted, ret)) {
                video->stand_in_reported = false;
                return true;
        }
        if (str_empty(video->wanted) || !pipewire_find_camera(video->pipewire, "", ret))
                return false;
        report_stand_in(video);
        return true;
}

/* Returns 0, -EAGAIN: it failed a short time ago, or another negative errno. */
static int open_camera(Video *video, const char *target)
{
        char node[NODE_NAME_MAX + 1];
        const CameraOptions options = {
                .pipewire = video->pipewire,
                .node = node,
                .description = video->title,
                .target = target,
                .remote = -1,
                .picture = on_picture,
                .userdata = video,
        };
        usec_t now = clock_boottime();
        int r;

        if (!camera_watch_may_open(&video->watch, target, now))
                return -EAGAIN;
        snprintf(node, sizeof(node), "tring.%s.camera", video->session);
        camera_watch_opened(&video->watch, target, now);
        r = camera_new(&options, &video->camera);
        if (r < 0) {
                camera_watch_failed(&video->watch, now);
                report(video, CAMERA_UNUSABLE);
        }
        return r;
}

static void use_camera(Video *video)
{
        char target[NODE_NAME_MAX + 1];
        bool opened = false;

        if (video->pipewire && !str_eq(video->wanted, VIDEO_TEST_CARD)) {
                if (!find_camera(video, target))
                        report(video, CAMERA_NONE);
                else
                        opened = open_camera(video, target) == 0;
        }
        /* One that has failed before is shown from its first picture on. */
        if (opened && video->watch.failures == 0)
                set_source(video, SOURCE_CAMERA);
        else if (current_source(video) != SOURCE_TEST_CARD)
                set_source(video, SOURCE_TEST_CARD);
}

/* Passes the camera's last picture on to the watch. */
static void count_pictures(Video *video)
{
        CameraState before = video->watch.reported;
        usec_t came;

        g_mutex_lock(&video->mutex);
        came = video->came;
        g_mutex_unlock(&video->mutex);
        camera_watch_gave(&video->watch, came);
        if (before > CAMERA_WORKS && video->watch.reported == CAMERA_WORKS)
                log_fields(LOG_INFO, "the camera gives pictures", "SESSION_ID=%s", video->session,
                           NULL);
}

static void close_failed_camera(Video *video, usec_t now)
{
        bool gave = video->watch.came > 0, lost = camera_is_lost(video->camera);
        bool agreed = camera_is_agreed(video->camera);

        camera_watch_failed(&video->watch, now);
        stop_source(video);
        /* One that has worked was unplugged, or it works at the next try. */
        if (lost && gave)
                return;
        report(video, lost || !agreed ? CAMERA_UNUSABLE : CAMERA_SILENT);
}

static void look_after_camera(Video *video)
{
        usec_t now = clock_boottime();

        if (video->camera) {
                count_pictures(video);
                if (camera_is_lost(video->camera) || camera_watch_is_over(&video->watch, now))
                        close_failed_camera(video, now);
                else if (camera_watch_is_slow(&video->watch, now) &&
                         current_source(video) == SOURCE_CAMERA)
                        set_source(video, SOURCE_TEST_CARD);
        }
        if (!video->camera)
                use_camera(video);
}

static void look_after_source(Video *video)
{
        if (video->screen && camera_is_lost(video->screen)) {
                video_stop_screen(video);
                video->events->screen_ended(video->userdata);
        } else if (!video->screen && video->started) {
                look_after_camera(video);
        }
}

/* ---- PipeWire ---- */

static void drop_pipewire(Video *video)
{
        stop_source(video);
        for (GSList *at = video->nodes; at; at = at->next)
                video_source_node_detach(at->data);
        video->pipewire = pipewire_free(video->pipewire);
}

/* Cameras have come or gone, or the default camera has changed. */
static void on_pipewire_changed(void *userdata)
{
        Video *video = userdata;

        if (video->pipewire && !pipewire_is_broken(video->pipewire))
                look_after_source(video);
}

/* look() notices a lost connection. */
static const PipeWireEvents pipewire_events = {.changed = on_pipewire_changed};

static void report_pipewire(Video *video)
{
        if (!video->pipewire_missed)
                video->events->fault(video->userdata, CALL_ERROR_MEDIA_FAILED,
                                     "cannot connect to PipeWire: no pictures until it is "
                                     "available");
        video->pipewire_missed = true;
}

/* Returns 0, -EAGAIN: it is on its way, or another negative errno. */
static int need_pipewire(Video *video)
{
        int r;

        if (video->pipewire && pipewire_is_broken(video->pipewire)) {
                bool shared = video->screen;

                drop_pipewire(video);
                if (shared)
                        video->events->screen_ended(video->userdata);
        }
        if (video->pipewire)
                return 0;
        r = pipewire_new(video->connections, &pipewire_events, video, &video->pipewire);
        if (r < 0) {
                if (r != -EAGAIN)
                        report_pipewire(video);
                return r;
        }
        video->pipewire_missed = false;
        for (GSList *at = video->nodes; at; at = at->next)
                video_source_node_attach(at->data, video->pipewire);
        return 0;
}

int video_connect(Video *video)
{
        return need_pipewire(video);
}

void video_connection_came(Video *video)
{
        if (video->timer && !video->pipewire && need_pipewire(video) == 0)
                look_after_source(video);
}

static gboolean look(void *data)
{
        Video *video = data;
        usec_t now = clock_boottime();

        need_pipewire(video);
        look_after_source(video);
        /* Repeats a still picture for late receivers and for those that lost a packet. */
        g_mutex_lock(&video->mutex);
        if (now - video->sent >= STILL_US)
                send_last(video, now);
        g_mutex_unlock(&video->mutex);
        return G_SOURCE_CONTINUE;
}

static void arrange(Video *video)
{
        bool needed = video->started || video->screen || video->nodes;

        if (needed && !video->timer)
                video->timer = g_timeout_add(LOOK_MS, look, video);
        if (needed) {
                need_pipewire(video);
                look_after_source(video);
        } else if (video->timer) {
                g_source_remove(video->timer);
                video->timer = 0;
                drop_pipewire(video);
        }
}

int video_new(const char *session, PipeWireSource *connections, const VideoEvents *events,
              void *userdata, Video **ret)
{
        Video *video = calloc(1, sizeof(*video));

        if (!video)
                return -ENOMEM;
        g_mutex_init(&video->mutex);
        STR_SET(video->session, session);
        video->connections = connections;
        video->events = events;
        video->userdata = userdata;
        *ret = video;
        return 0;
}

Video *video_free(Video *video)
{
        if (!video)
                return NULL;
        if (video->timer)
                g_source_remove(video->timer);
        drop_pipewire(video);
        g_mutex_clear(&video->mutex);
        free(video);
        return NULL;
}

void video_start(Video *video, const char *camera, const char *title)
{
        STR_SET(video->title, title);
        STR_SET(video->wanted, camera);
        video->started = true;
        if (!video->camera)
                video->watch = (CameraWatch){};
        video->stand_in_reported = false;
        arrange(video);
}

void video_stop(Video *video)
{
        video->started = false;
        if (!video->screen)
                stop_source(video);
        arrange(video);
}

bool video_is_started(const Video *video)
{
        return video->started;
}

void video_set_camera(Video *video, const char *camera)
{
        if (str_eq(video->wanted, camera))
                return;
        STR_SET(video->wanted, camera);
        video->watch = (CameraWatch){};
        video->stand_in_reported = false;
        if (!video->screen)
                stop_source(video);
        arrange(video);
}

int video_share_screen(Video *video, int remote, uint32_t node, const char *title)
{
        char name[NODE_NAME_MAX + 1];
        CameraOptions options = {
                .node = name,
                .description = title,
                .remote = remote,
                .remote_node = node,
                .picture = on_picture,
                .userdata = video,
        };
        int r;

        need_pipewire(video);
        if (!video->pipewire) {
                close(remote);
                return -ENOTCONN;
        }
        stop_source(video);
        snprintf(name, sizeof(name), "tring.%s.screen", video->session);
        options.pipewire = video->pipewire;
        r = camera_new(&options, &video->screen);
        if (r == 0)
                set_source(video, SOURCE_SCREEN);
        arrange(video);
        return r;
}

void video_stop_screen(Video *video)
{
        if (!video->screen)
                return;
        stop_source(video);
        arrange(video);
}

bool video_shares_screen(const Video *video)
{
        return video->screen;
}

/* ---- receivers ---- */

static Sink *find_sink(Video *video, void *userdata)
{
        for (size_t i = 0; i < video->n_sinks; i++)
                if (video->sinks[i].userdata == userdata)
                        return &video->sinks[i];
        return NULL;
}

int video_add(Video *video, VideoSink sink, void *userdata)
{
        int r = -ENOSPC;

        g_mutex_lock(&video->mutex);
        if (video->n_sinks < VIDEO_SINKS_MAX) {
                video->sinks[video->n_sinks++] =
                        (Sink){.function = sink, .userdata = userdata, .bitrate = VIDEO_RATE_FIRST};
                ask_for_key(video, clock_boottime());
                r = 0;
        }
        g_mutex_unlock(&video->mutex);
        need_encoder(video);
        return r;
}

void video_remove(Video *video, void *userdata)
{
        Sink *sink;

        g_mutex_lock(&video->mutex);
        sink = find_sink(video, userdata);
        if (sink)
                *sink = video->sinks[--video->n_sinks];
        g_mutex_unlock(&video->mutex);
}

void video_request_key(Video *video)
{
        g_mutex_lock(&video->mutex);
        ask_for_key(video, clock_boottime());
        g_mutex_unlock(&video->mutex);
}

void video_report(Video *video, void *userdata, double loss, double queue_ms)
{
        Sink *sink = find_sink(video, userdata);

        if (!sink)
                return;
        sink->bitrate = video_rate_next(sink->bitrate, loss, queue_ms);
        if (video->encoder)
                video_encoder_set_bitrate(video->encoder, least_rate(video));
}

void video_add_node(Video *video, VideoSourceNode *node)
{
        video->nodes = g_slist_append(video->nodes, node);
        if (video->pipewire)
                video_source_node_attach(node, video->pipewire);
        arrange(video);
}

void video_remove_node(Video *video, VideoSourceNode *node)
{
        video_source_node_detach(node);
        video->nodes = g_slist_remove(video->nodes, node);
        arrange(video);
}
