/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/video-painter.h"

#include <stdbool.h>
#include <string.h>

#define BLACK_LUMA 16 /* ITU-R BT.601 */
#define BLACK_CHROMA 128

static void darken(const GstVideoInfo *info, uint8_t *data)
{
        size_t luma = GST_VIDEO_INFO_PLANE_OFFSET(info, 1);

        memset(data, BLACK_LUMA, luma);
        memset(data + luma, BLACK_CHROMA, GST_VIDEO_INFO_SIZE(info) - luma);
}

/*
 * Centres the picture, as large as it fits, with dark bars around it. Returns NULL for an
 * interlaced picture, which no decoder of ours gives and the library takes for a mistake of its
 * caller.
 */
static GstVideoConverter *new_converter(const GstVideoInfo *from, const GstVideoInfo *to)
{
        const GstVideoRectangle source = {0, 0, from->width, from->height};
        const GstVideoRectangle target = {0, 0, to->width, to->height};
        GstVideoRectangle fitted;

        if (GST_VIDEO_INFO_INTERLACE_MODE(from) != GST_VIDEO_INFO_INTERLACE_MODE(to))
                return NULL;
        gst_video_center_rect(&source, &target, &fitted, TRUE);
        return gst_video_converter_new(
                (GstVideoInfo *)from, (GstVideoInfo *)to,
                gst_structure_new("fit", GST_VIDEO_CONVERTER_OPT_DEST_X, G_TYPE_INT, fitted.x,
                                  GST_VIDEO_CONVERTER_OPT_DEST_Y, G_TYPE_INT, fitted.y,
                                  GST_VIDEO_CONVERTER_OPT_DEST_WIDTH, G_TYPE_INT, fitted.w,
                                  GST_VIDEO_CONVERTER_OPT_DEST_HEIGHT, G_TYPE_INT, fitted.h, NULL));
}

/* Making a converter takes longer than its work: it is kept while the formats stay. */
static bool prepare(VideoPainter *painter, const GstVideoInfo *from, const GstVideoInfo *to)
{
        if (painter->converter && gst_video_info_is_equal(&painter->from, from) &&
            gst_video_info_is_equal(&painter->to, to))
                return true;
        video_painter_done(painter);
        *painter = (VideoPainter){.converter = new_converter(from, to), .from = *from, .to = *to};
        return painter->converter;
}

static bool copy_frame(VideoPainter *painter, const GstVideoFrame *from, GstVideoFrame *to)
{
        if (from->info.width == to->info.width && from->info.height == to->info.height)
                return gst_video_frame_copy(to, from);
        if (!prepare(painter, &from->info, &to->info))
                return false;
        gst_video_converter_frame(painter->converter, from, to);
        return true;
}

static bool copy_picture(VideoPainter *painter, GstSample *sample, const GstVideoInfo *format,
                         uint8_t *data)
{
        GstVideoFrame from, to;
        GstVideoInfo info;
        GstBuffer *target;
        bool copied = false;

        if (!gst_video_info_from_caps(&info, gst_sample_get_caps(sample)) ||
            !gst_video_frame_map(&from, &info, gst_sample_get_buffer(sample), GST_MAP_READ))
                return false;
        target = gst_buffer_new_wrapped_full(0, data, GST_VIDEO_INFO_SIZE(format), 0,
                                             GST_VIDEO_INFO_SIZE(format), NULL, NULL);
        if (gst_video_frame_map(&to, format, target, GST_MAP_WRITE)) {
                copied = copy_frame(painter, &from, &to);
                gst_video_frame_unmap(&to);
        }
        gst_buffer_unref(target);
        gst_video_frame_unmap(&from);
        return copied;
}

void video_painter_paint(VideoPainter *painter, GstSample *sample, const GstVideoInfo *to,
                         uint8_t *data)
{
        if (!sample || !copy_picture(painter, sample, to, data))
                darken(to, data);
}

void video_painter_done(VideoPainter *painter)
{
        g_clear_pointer(&painter->converter, gst_video_converter_free);
}
