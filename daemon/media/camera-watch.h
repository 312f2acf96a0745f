/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Decides how long to wait for a camera, when to try it again, and what to tell the person about
 * one that gives no pictures. Pure.
 */

#include <stddef.h>

#include "base/clock.h"
#include "base/str.h"
#include "model/session-types.h"

/* Some drivers and sensors need 4 s until their first picture, and longer on a busy machine. */
#define CAMERA_FIRST_US (10 * USEC_PER_SEC)
#define CAMERA_SILENT_US (3 * USEC_PER_SEC) /* without a picture after others: it has stopped */
#define CAMERA_RETRY_US (5 * USEC_PER_SEC)  /* before a camera that has failed is tried again */
/* Each failure doubles the wait for the first picture and for the next try, up to this. */
#define CAMERA_WAIT_MAX_US (60 * USEC_PER_SEC)
/* A test card is sent in place of a camera that is so slow to begin. */
#define CAMERA_SLOW_US (3 * USEC_PER_SEC)

typedef enum CameraState {
        CAMERA_UNKNOWN, /* not tried yet */
        CAMERA_WORKS,
        CAMERA_NONE,     /* no camera is there */
        CAMERA_UNUSABLE, /* it cannot be opened */
        CAMERA_SILENT,   /* it was opened, and gives nothing */
} CameraState;

/* Zero: nothing is known. */
typedef struct CameraWatch {
        CameraState reported;
        char name[NODE_NAME_MAX + 1]; /* of the camera that was last opened */
        unsigned failures;            /* one after the other */
        usec_t opened;                /* 0: none is open */
        usec_t came;                  /* its last picture; 0: none yet */
        usec_t retry_at;
} CameraWatch;

/* Whether the camera may be opened: not a short time after it has failed. */
bool camera_watch_may_open(const CameraWatch *watch, const char *name, usec_t now);
void camera_watch_opened(CameraWatch *watch, const char *name, usec_t now);
/* A picture has come; it may have come earlier, but not before the last one. */
void camera_watch_gave(CameraWatch *watch, usec_t at);
/* Whether the open camera has been waited for long enough. */
bool camera_watch_is_over(const CameraWatch *watch, usec_t now);
/* Whether the open camera is so slow that a test card is sent meanwhile. */
bool camera_watch_is_slow(const CameraWatch *watch, usec_t now);
/* The open camera has failed, or was silent for too long, and is closed. */
void camera_watch_failed(CameraWatch *watch, usec_t now);
/*
 * Words the sentence for a new state. Returns false if there is nothing to report: the state was
 * reported before, or the camera works.
 */
bool camera_watch_report(CameraWatch *watch, CameraState state, char *ret, size_t size);
