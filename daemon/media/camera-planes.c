/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/camera-planes.h"

#include "base/cleanup.h"

static size_t row_bytes(const GstVideoInfo *info, guint component)
{
        return (size_t)GST_VIDEO_INFO_COMP_WIDTH(info, component) *
               (size_t)GST_VIDEO_INFO_COMP_PSTRIDE(info, component);
}

/*
 * Reads the stride of the first plane in a block. False: it cannot be. Rows of other planes may be
 * cut: a camera of odd width may have no room for the last sample of colour.
 */
static bool read_stride(const GstVideoInfo *info, guint plane, const struct spa_data *block,
                        size_t *ret)
{
        const volatile struct spa_chunk *chunk = block->chunk;
        int32_t claimed = chunk->stride;

        if (claimed <= 0) {
                *ret = (size_t)GST_VIDEO_INFO_PLANE_STRIDE(info, plane);
                return true;
        }
        *ret = (size_t)claimed;
        return *ret <= block->maxsize && (plane > 0 || *ret >= row_bytes(info, 0));
}

bool camera_planes_find(const GstVideoInfo *info, const struct spa_buffer *buffer,
                        CameraPlane ret[static GST_VIDEO_MAX_PLANES])
{
        const guint n = GST_VIDEO_INFO_N_PLANES(info);
        size_t offset = 0, first = 0;

        /* Each plane has its own block, or all planes follow one another in a single block. */
        for (guint i = 0; i < n; i++) {
                bool own = i == 0 || buffer->n_datas >= n;
                const struct spa_data *block = &buffer->datas[own ? i : 0];
                const volatile struct spa_chunk *chunk = block->chunk;
                size_t height = (size_t)GST_VIDEO_INFO_COMP_HEIGHT(info, i), stride;

                if (!block->data)
                        return false;
                if (own) {
                        if (!read_stride(info, i, block, &first))
                                return false;
                        stride = first;
                        offset = chunk->offset;
                } else { /* the block has the first plane's stride */
                        stride = first * (size_t)GST_VIDEO_INFO_PLANE_STRIDE(info, i) /
                                 (size_t)GST_VIDEO_INFO_PLANE_STRIDE(info, 0);
                }
                if (offset + stride * height > block->maxsize)
                        return false;
                ret[i] = (CameraPlane){SPA_PTROFF(block->data, offset, const uint8_t), stride};
                offset += stride * height;
        }
        return true;
}

struct spa_region camera_planes_part(const GstVideoInfo *info, const struct spa_buffer *buffer)
{
        const guint width = (guint)GST_VIDEO_INFO_WIDTH(info);
        const guint height = (guint)GST_VIDEO_INFO_HEIGHT(info);
        const volatile struct spa_meta_region *crop =
                spa_buffer_find_meta_data(buffer, SPA_META_VideoCrop, sizeof(*crop));

        if (crop && GST_VIDEO_INFO_N_PLANES(info) == 1) {
                struct spa_region part = crop->region;

                if (part.size.width > 0 && part.size.height > 0 && part.position.x >= 0 &&
                    part.position.y >= 0 && (uint64_t)part.position.x + part.size.width <= width &&
                    (uint64_t)part.position.y + part.size.height <= height)
                        return part;
        }
        return SPA_REGION(0, 0, width, height);
}

void camera_planes_copy(const CameraPlane *planes, const struct spa_region *part,
                        const GstVideoInfo *shown, uint8_t *target)
{
        size_t left = (size_t)part->position.x * (size_t)GST_VIDEO_INFO_COMP_PSTRIDE(shown, 0);

        for (guint i = 0; i < GST_VIDEO_INFO_N_PLANES(shown); i++) {
                size_t stride = (size_t)GST_VIDEO_INFO_PLANE_STRIDE(shown, i);
                size_t bytes = MIN_OF(stride, planes[i].stride - (i == 0 ? left : 0));
                uint8_t *to = target + GST_VIDEO_INFO_PLANE_OFFSET(shown, i);
                const uint8_t *from = planes[i].data;

                if (i == 0)
                        from += (size_t)part->position.y * planes[0].stride + left;
                for (int row = 0; row < GST_VIDEO_INFO_COMP_HEIGHT(shown, i); row++) {
                        memcpy(to, from, bytes);
                        to += stride;
                        from += planes[i].stride;
                }
        }
}
