/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The lists of devices that `tring-media devices` sends to tringd after each change, over the same
 * kind of socket as a worker's (worker.h). tringd sends nothing back. The process ends when tringd
 * closes its end.
 */

#include "model/session-types.h"

#define DEVICES_MAX 32 /* of one kind: more than people have; a message has to fit a datagram */
#define DEVICES_MESSAGE_MAX (64 * 1024) /* bytes of one datagram */

typedef struct DeviceInfo {
        char name[NODE_NAME_MAX + 1];     /* PipeWire's node.name */
        char description[NAME_MAX_BYTES]; /* for people */
        bool is_default;                  /* the system's choice */
} DeviceInfo;

typedef struct DeviceList {
        DeviceInfo *devices; /* owned */
        size_t n;
} DeviceList;

typedef struct DeviceLists {
        DeviceList of[DEVICE_KIND_COUNT];
} DeviceLists;

/* Returns 0, -ENOMEM, or -EBADMSG with a sentence in `text`. *ret is owned by the caller on 0. */
int devices_decode(const char *json, size_t length, DeviceLists *ret,
                   char text[static MESSAGE_TEXT_MAX + 1]);
/* The caller frees *ret. Returns 0, -ENOMEM, or -EMSGSIZE. */
int devices_encode(const DeviceLists *lists, char **ret, size_t *ret_length);
void device_lists_done(DeviceLists *lists);

bool device_list_equal(const DeviceList *a, const DeviceList *b);
