/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/test-card.h"

#include <gst/video/video.h>

#include "base/cleanup.h"
#include "media/camera.h"

/* BGRx: the colours at 75 %, as studios use them; white and black in full. */
static const uint8_t bars[][4] = {
        {235, 235, 235, 0}, {16, 180, 180, 0}, {180, 180, 16, 0}, {16, 180, 16, 0},
        {180, 16, 180, 0},  {16, 16, 180, 0},  {180, 16, 16, 0},  {16, 16, 16, 0},
};

static void draw(uint8_t *data)
{
        for (size_t y = 0; y < CAMERA_HEIGHT; y++) {
                for (size_t x = 0; x < CAMERA_WIDTH; x++) {
                        memcpy(data, bars[x * ELEMENTSOF(bars) / CAMERA_WIDTH], 4);
                        data += 4;
                }
        }
}

GstSample *test_card_new(void)
{
        GstVideoInfo info;
        GstMapInfo map;
        GstSample *sample;

        gst_video_info_set_format(&info, GST_VIDEO_FORMAT_BGRx, CAMERA_WIDTH, CAMERA_HEIGHT);
        g_autoptr(GstCaps) caps = gst_video_info_to_caps(&info);
        GstBuffer *buffer = gst_buffer_new_allocate(NULL, GST_VIDEO_INFO_SIZE(&info), NULL);
        if (gst_buffer_map(buffer, &map, GST_MAP_WRITE)) {
                draw(map.data);
                gst_buffer_unmap(buffer, &map);
        }
        sample = gst_sample_new(buffer, caps, NULL, NULL);
        gst_buffer_unref(buffer);
        return sample;
}
