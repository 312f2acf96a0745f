/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Raw pictures in buffers whose description may claim anything. */

#include <gst/video/video.h>
#include <spa/buffer/buffer.h>

#include "base/cleanup.h"
#include "media/camera-planes.h"
#include "suite.h"

#define MEMORY (1024 * 1024)
#define ANYTHING 0 /* a stride that is not said */

typedef struct Shared {
        uint8_t *memory;
        struct spa_chunk chunk;
        struct spa_data block;
        struct spa_meta_region crop;
        struct spa_meta meta;
        struct spa_buffer buffer;
} Shared;

/* Each byte of the memory tells its place. */
static void share(Shared *shared, uint32_t size, int32_t stride)
{
        *shared = (Shared){.memory = malloc(size), .chunk = {.size = size, .stride = stride}};
        ck_assert_ptr_nonnull(shared->memory);
        for (size_t i = 0; i < size; i++)
                shared->memory[i] = (uint8_t)(i % 251);
        shared->block =
                (struct spa_data){.maxsize = size, .data = shared->memory, .chunk = &shared->chunk};
        shared->meta = (struct spa_meta){
                .type = SPA_META_VideoCrop, .size = sizeof(shared->crop), .data = &shared->crop};
        shared->buffer = (struct spa_buffer){
                .n_metas = 1, .metas = &shared->meta, .n_datas = 1, .datas = &shared->block};
}

static void shared_done(Shared *shared)
{
        free(shared->memory);
}

static GstVideoInfo format_of(GstVideoFormat format, guint width, guint height)
{
        GstVideoInfo info;

        ck_assert(gst_video_info_set_format(&info, format, width, height));
        return info;
}

static const struct {
        GstVideoFormat format;
        guint width, height;
        int32_t stride;
        uint32_t size;
        bool fits;
} claims[] = {
        {GST_VIDEO_FORMAT_BGRx, 64, 48, ANYTHING, 64 * 4 * 48, true},
        {GST_VIDEO_FORMAT_BGRx, 64, 48, ANYTHING, 64 * 4 * 48 - 1, false},
        {GST_VIDEO_FORMAT_BGRx, 64, 48, -256, 64 * 4 * 48, true},
        {GST_VIDEO_FORMAT_BGRx, 64, 48, 300, 300 * 48, true},
        {GST_VIDEO_FORMAT_BGRx, 64, 48, 255, MEMORY, false}, /* less than a row */
        {GST_VIDEO_FORMAT_BGRx, 64, 48, 1, MEMORY, false},
        {GST_VIDEO_FORMAT_BGRx, 64, 1, MEMORY, MEMORY, true},
        {GST_VIDEO_FORMAT_BGRx, 64, 1, INT32_MAX, MEMORY, false},
        {GST_VIDEO_FORMAT_I420, 64, 48, INT32_MAX, MEMORY, false},
        /* Its rows are as wide as the picture, odd as that is. */
        {GST_VIDEO_FORMAT_NV12, 641, 480, 641, 641 * 480 + 641 * 240, true},
        {GST_VIDEO_FORMAT_NV12, 641, 480, 640, 641 * 480 + 641 * 240, false},
};

START_TEST(picture_is_taken_only_where_it_fits_the_buffer)
{
        GstVideoInfo info = format_of(claims[_i].format, claims[_i].width, claims[_i].height);
        CameraPlane planes[GST_VIDEO_MAX_PLANES];
        Shared shared;

        share(&shared, claims[_i].size, claims[_i].stride);
        ck_assert_int_eq(camera_planes_find(&info, &shared.buffer, planes), claims[_i].fits);
        if (claims[_i].fits) {
                const struct spa_region part = camera_planes_part(&info, &shared.buffer);
                _cleanup_free_ uint8_t *copy = malloc(GST_VIDEO_INFO_SIZE(&info));

                ck_assert_ptr_nonnull(copy);
                camera_planes_copy(planes, &part, &info, copy);
                ck_assert_int_eq(memcmp(copy, shared.memory, claims[_i].width), 0);
        }
        shared_done(&shared);
}
END_TEST

START_TEST(scaled_stride_of_another_plane_does_not_overflow)
{
        /* NV24 has twice the bytes a row in its second plane. */
        GstVideoInfo info = format_of(GST_VIDEO_FORMAT_NV24, 64, 1);
        CameraPlane planes[GST_VIDEO_MAX_PLANES];
        Shared shared;

        share(&shared, MEMORY, 1 << 30);
        shared.block.maxsize = UINT32_MAX / 2; /* no plane is read */
        ck_assert(!camera_planes_find(&info, &shared.buffer, planes));
        shared_done(&shared);
}
END_TEST

static const struct {
        struct spa_region crop;
        bool valid;
} crops[] = {
        {{{16, 8}, {32, 16}}, true}, {{{63, 47}, {1, 1}}, true},
        {{{0, 0}, {0, 0}}, false},   {{{-1, 0}, {8, 8}}, false},
        {{{33, 0}, {32, 8}}, false}, {{{16, 0}, {UINT32_MAX, 8}}, false},
};

START_TEST(part_is_copied_if_it_lies_in_the_picture)
{
        GstVideoInfo info = format_of(GST_VIDEO_FORMAT_BGRx, 64, 48), shown;
        CameraPlane planes[GST_VIDEO_MAX_PLANES];
        _cleanup_free_ uint8_t *copy = NULL;
        struct spa_region part;
        Shared shared;

        share(&shared, 64 * 4 * 48, ANYTHING);
        shared.crop.region = crops[_i].crop;
        part = camera_planes_part(&info, &shared.buffer);
        ck_assert_uint_eq(part.size.width, crops[_i].valid ? crops[_i].crop.size.width : 64);
        ck_assert(camera_planes_find(&info, &shared.buffer, planes));
        shown = format_of(GST_VIDEO_FORMAT_BGRx, part.size.width, part.size.height);
        copy = malloc(GST_VIDEO_INFO_SIZE(&shown));
        ck_assert_ptr_nonnull(copy);
        camera_planes_copy(planes, &part, &shown, copy);
        for (uint32_t row = 0; row < part.size.height; row++) {
                size_t at = ((size_t)part.position.y + row) * 256 + (size_t)part.position.x * 4;

                ck_assert_int_eq(memcmp(copy + row * (size_t)part.size.width * 4,
                                        shared.memory + at, (size_t)part.size.width * 4),
                                 0);
        }
        shared_done(&shared);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("camera-planes");
        TCase *tcase = tcase_create("planes");

        tcase_add_loop_test(tcase, picture_is_taken_only_where_it_fits_the_buffer, 0,
                            ELEMENTSOF(claims));
        tcase_add_test(tcase, scaled_stride_of_another_plane_does_not_overflow);
        tcase_add_loop_test(tcase, part_is_copied_if_it_lies_in_the_picture, 0, ELEMENTSOF(crops));
        suite_add_tcase(suite, tcase);
        return suite_run(suite);
}
