/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The readers of org.tring.Calls1.Devices. The first one to read a list starts the watch of devices
 * and waits until they are known. From then on changes are signalled, as long as a program that has
 * read a list is on the bus.
 */

#include "tringd/bus-clients.h"
#include "tringd/device-watch.h"

/* After this, waiting readers get what is known: PipeWire may hang. */
#define DEVICE_READ_US (2 * USEC_PER_SEC)
#define DEVICE_READERS_MAX 64 /* with more, the devices are watched until tringd ends */
#define DEVICE_READS_MAX 64   /* that wait: more are answered at once */

struct Daemon;
typedef struct DeviceReaders DeviceReaders;

/* Sees every method call that comes in on the bus. */
int device_readers_new(struct Daemon *daemon, DeviceReaders **ret);
DeviceReaders *device_readers_free(DeviceReaders *readers); /* waiting readers get no reply */
DEFINE_CLEANUP(DeviceReaders *, device_readers_free);

/* The devices are known: replies to the waiting readers. */
void device_readers_answer(DeviceReaders *readers);
/* A connection is gone. */
void device_readers_gone(DeviceReaders *readers, const char *client);
