/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Programs that read org.tring.Calls1.Devices. The first program to read a list starts the device
 * watch, and gets its reply when the devices are known. From then on changes are signalled, as long
 * as a program that has read a list is on the bus.
 */

#include "tringd/bus-clients.h"
#include "tringd/device-watch.h"

/* A reader waits no longer than this, since PipeWire may hang; it then gets empty lists. */
#define DEVICE_READ_US (2 * USEC_PER_SEC)
#define DEVICE_READERS_MAX 64 /* with more, the watch runs until tringd ends */
#define DEVICE_READS_MAX 64   /* waiting; further ones are answered at once */

struct Daemon;
typedef struct DeviceReaders DeviceReaders;

/* Adds a filter to the bus that sees every method call. */
int device_readers_new(struct Daemon *daemon, DeviceReaders **ret);
DeviceReaders *device_readers_free(DeviceReaders *readers); /* waiting readers get no reply */
DEFINE_CLEANUP(DeviceReaders *, device_readers_free);

/* Replies to the waiting readers; to be called when the devices are known. */
void device_readers_answer(DeviceReaders *readers);
/* Forgets a connection that is gone; the watch ends with the last one. */
void device_readers_gone(DeviceReaders *readers, const char *client);
