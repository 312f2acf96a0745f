/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What the adapters' events do to the phone: the way in, as daemon_act() is the way out.
 */

#include "tringd/daemon.h"

extern const HubUplinkEvents hub_uplink_events;   /* login.c */
extern const BusClientsEvents bus_clients_events; /* listeners-bus.c */
extern const WorkersEvents workers_events;        /* media.c */
extern const RingerEvents ringer_events;          /* media.c */
extern const CallStoreEvents call_store_events;   /* restore.c */

/* With the token that was kept; without one nothing happens, with a bad one it is said. */
int hub_uplink_start_from_file(Daemon *daemon);

/* PHONE_LISTENER_CALL */
void listener_call(Daemon *daemon, const PhoneAction *action);

/* PHONE_TONE and the PHONE_WORKER_… */
void media_act(Daemon *daemon, const PhoneAction *action);
void media_network_changed(void *userdata); /* of HubUplinkEvents */
/* Other devices, or another echo_cancel, for calls that go on. */
void media_devices_changed(Daemon *daemon);

/* devices-bus.c: what programs chose once; and seeing who wants to know what there is. */
extern const DeviceWatchEvents device_watch_events;
void devices_restore(Daemon *daemon);
int devices_listen(Daemon *daemon);
