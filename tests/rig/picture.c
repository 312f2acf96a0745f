/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rig/picture.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/cleanup.h"

#define PATCH 8                /* pixels: side of the square around a point that is looked at */
#define TOLERANCE 48           /* of 255: tolerance for two YUV matrices and quantisation */
#define CARD_RATIO (4.0 / 3.0) /* width to height */

const RigColour rig_camera_fields[4] = {
        {200, 40, 40}, {40, 160, 40}, {40, 40, 200}, {220, 220, 220}};

static const RigColour bars[8] = {{235, 235, 235}, {180, 180, 16}, {16, 180, 180}, {16, 180, 16},
                                  {180, 16, 180},  {180, 16, 16},  {16, 16, 180},  {16, 16, 16}};

static RigColour around(const RigPicture *picture, double x, double y)
{
        size_t left = (size_t)((double)picture->width * x) - PATCH / 2;
        size_t top = (size_t)((double)picture->height * y) - PATCH / 2;
        unsigned red = 0, green = 0, blue = 0;

        for (size_t i = 0; i < PATCH * PATCH; i++) {
                const RigColour *pixel =
                        &picture->pixels[(top + i / PATCH) * picture->width + left + i % PATCH];

                red += pixel->red;
                green += pixel->green;
                blue += pixel->blue;
        }
        return (RigColour){(uint8_t)(red / (PATCH * PATCH)), (uint8_t)(green / (PATCH * PATCH)),
                           (uint8_t)(blue / (PATCH * PATCH))};
}

static bool is_alike(RigColour a, RigColour b)
{
        return abs(a.red - b.red) <= TOLERANCE && abs(a.green - b.green) <= TOLERANCE &&
               abs(a.blue - b.blue) <= TOLERANCE;
}

static bool is_large_enough(const RigPicture *picture)
{
        return picture->width >= 64 && picture->height >= 64;
}

static RigColour field(const RigPicture *picture, size_t i)
{
        return around(picture, i % 2 ? 0.8 : 0.2, i / 2 ? 0.8 : 0.2);
}

bool rig_picture_is_camera(const RigPicture *picture)
{
        if (!is_large_enough(picture))
                return false;
        for (size_t i = 0; i < ELEMENTSOF(rig_camera_fields); i++)
                if (!is_alike(field(picture, i), rig_camera_fields[i]))
                        return false;
        return true;
}

/* The whole card, or the card letterboxed into the size of an earlier picture. */
bool rig_picture_is_test_card(const RigPicture *picture)
{
        double width;

        if (!is_large_enough(picture))
                return false;
        width = CARD_RATIO * (double)picture->height / (double)picture->width;
        for (size_t i = 0; i < ELEMENTSOF(bars); i++) {
                double x = ((double)i + 0.5) / ELEMENTSOF(bars) - 0.5;

                if (!is_alike(around(picture, 0.5 + x * MIN_OF(width, 1.0), 0.5), bars[i]))
                        return false;
        }
        return true;
}

bool rig_picture_is_dark(const RigPicture *picture)
{
        const RigColour black = {0, 0, 0};

        if (!is_large_enough(picture))
                return false;
        for (size_t i = 0; i < 4; i++)
                if (!is_alike(field(picture, i), black))
                        return false;
        return true;
}

void rig_picture_describe(const RigPicture *picture, char *ret, size_t size)
{
        size_t used = (size_t)snprintf(ret, size, "%zux%zu", picture->width, picture->height);

        for (size_t i = 0; i < 4 && is_large_enough(picture) && used < size; i++) {
                RigColour colour = field(picture, i);

                used += (size_t)snprintf(ret + used, size - used, " (%u %u %u)", colour.red,
                                         colour.green, colour.blue);
        }
}
