/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What other programs see of a participant's picture, and what not. */

#include <gst/video/video.h>
#include <stdbool.h>

#include "base/cleanup.h"
#include "media/video-painter.h"
#include "suite.h"

#define WIDTH 64
#define HEIGHT 48
#define OLD 200 /* in a buffer that has been shown before */
#define NEW 100
#define BLACK_LUMA 16
#define BLACK_CHROMA 128
#define MARK "mark"

typedef struct Wall {
        GstVideoInfo format;
        uint8_t *data;
        VideoPainter painter;
} Wall;

static void wall_init(Wall *wall)
{
        *wall = (Wall){};
        ck_assert(gst_video_info_set_format(&wall->format, GST_VIDEO_FORMAT_I420, WIDTH, HEIGHT));
        wall->data = malloc(GST_VIDEO_INFO_SIZE(&wall->format));
        ck_assert_ptr_nonnull(wall->data);
}

static void wall_done(Wall *wall)
{
        video_painter_done(&wall->painter);
        free(wall->data);
}

static void paint(Wall *wall, GstSample *sample)
{
        memset(wall->data, OLD, GST_VIDEO_INFO_SIZE(&wall->format));
        video_painter_paint(&wall->painter, sample, &wall->format, wall->data);
}

/* A grey picture. `missing`: bytes that its buffer lacks. */
static GstSample *new_sample(int width, int height, const char *interlacing, size_t missing)
{
        g_autoptr(GstCaps) caps = gst_caps_new_simple(
                "video/x-raw", "format", G_TYPE_STRING, "I420", "width", G_TYPE_INT, width,
                "height", G_TYPE_INT, height, "interlace-mode", G_TYPE_STRING, interlacing, NULL);
        GstVideoInfo info;
        GstBuffer *buffer;
        GstSample *sample;

        ck_assert(gst_video_info_from_caps(&info, caps));
        buffer = gst_buffer_new_allocate(NULL, GST_VIDEO_INFO_SIZE(&info) - missing, NULL);
        gst_buffer_memset(buffer, 0, NEW, GST_VIDEO_INFO_SIZE(&info));
        sample = gst_sample_new(buffer, caps, NULL, NULL);
        gst_buffer_unref(buffer);
        return sample;
}

static uint8_t luma(const Wall *wall, int x, int y)
{
        return wall->data[y * GST_VIDEO_INFO_PLANE_STRIDE(&wall->format, 0) + x];
}

static void expect_dark(const Wall *wall)
{
        size_t chroma = GST_VIDEO_INFO_PLANE_OFFSET(&wall->format, 1);

        for (size_t i = 0; i < GST_VIDEO_INFO_SIZE(&wall->format); i++)
                ck_assert_uint_eq(wall->data[i], i < chroma ? BLACK_LUMA : BLACK_CHROMA);
}

static const struct {
        int width, height;
        int x, y;         /* in the picture */
        int bar_x, bar_y; /* beside it */
} sizes[] = {
        {WIDTH, HEIGHT, 0, 0, -1, -1},
        {2 * WIDTH, HEIGHT, 0, HEIGHT / 2, 0, 0},
        {WIDTH, 4 * HEIGHT, WIDTH / 2, 0, 0, HEIGHT - 1},
};

START_TEST(picture_is_seen_in_the_middle_with_dark_bars)
{
        g_autoptr(GstSample) sample =
                new_sample(sizes[_i].width, sizes[_i].height, "progressive", 0);
        Wall wall;

        wall_init(&wall);
        paint(&wall, sample);
        ck_assert_uint_eq(luma(&wall, sizes[_i].x, sizes[_i].y), NEW);
        if (sizes[_i].bar_x >= 0)
                ck_assert_uint_eq(luma(&wall, sizes[_i].bar_x, sizes[_i].bar_y), BLACK_LUMA);
        wall_done(&wall);
}
END_TEST

START_TEST(participant_who_pauses_leaves_nothing_behind)
{
        Wall wall;

        wall_init(&wall);
        paint(&wall, NULL);
        expect_dark(&wall);
        wall_done(&wall);
}
END_TEST

START_TEST(picture_that_cannot_be_converted_leaves_nothing_behind)
{
        g_autoptr(GstSample) sample = new_sample(2 * WIDTH, HEIGHT, "interleaved", 0);
        Wall wall;

        wall_init(&wall);
        paint(&wall, sample);
        ck_assert_ptr_null(wall.painter.converter);
        expect_dark(&wall);
        wall_done(&wall);
}
END_TEST

START_TEST(picture_that_is_too_short_leaves_nothing_behind)
{
        g_autoptr(GstSample) sample = new_sample(WIDTH, HEIGHT, "progressive", 1);
        Wall wall;

        wall_init(&wall);
        paint(&wall, sample);
        expect_dark(&wall);
        wall_done(&wall);
}
END_TEST

/* Another converter may have the same address. */
static bool is_marked(const Wall *wall)
{
        return gst_structure_has_field(gst_video_converter_get_config(wall->painter.converter),
                                       MARK);
}

START_TEST(converter_is_kept_until_the_size_changes)
{
        g_autoptr(GstSample) wide = new_sample(2 * WIDTH, HEIGHT, "progressive", 0);
        g_autoptr(GstSample) high = new_sample(WIDTH, 4 * HEIGHT, "progressive", 0);
        Wall wall;

        wall_init(&wall);
        paint(&wall, wide);
        ck_assert_ptr_nonnull(wall.painter.converter);
        gst_video_converter_set_config(wall.painter.converter,
                                       gst_structure_new("known", MARK, G_TYPE_INT, 1, NULL));
        paint(&wall, wide);
        ck_assert(is_marked(&wall));
        paint(&wall, high);
        ck_assert(!is_marked(&wall));
        ck_assert_uint_eq(luma(&wall, WIDTH / 2, 0), NEW);
        ck_assert_uint_eq(luma(&wall, 0, HEIGHT / 2), BLACK_LUMA);
        wall_done(&wall);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("video-painter");
        TCase *tcase = tcase_create("painter");

        gst_init(NULL, NULL);
        tcase_add_loop_test(tcase, picture_is_seen_in_the_middle_with_dark_bars, 0,
                            ELEMENTSOF(sizes));
        tcase_add_test(tcase, participant_who_pauses_leaves_nothing_behind);
        tcase_add_test(tcase, picture_that_cannot_be_converted_leaves_nothing_behind);
        tcase_add_test(tcase, picture_that_is_too_short_leaves_nothing_behind);
        tcase_add_test(tcase, converter_is_kept_until_the_size_changes);
        suite_add_tcase(suite, tcase);
        return suite_run(suite);
}
