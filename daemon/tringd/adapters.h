/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Handlers that pass the adapters' events to the phone. daemon_act() carries the phone's actions
 * the other way.
 */

#include "tringd/daemon.h"

extern const HubUplinkEvents hub_uplink_events;   /* hub-events.c */
extern const BusClientsEvents bus_clients_events; /* listeners-bus.c */
extern const WorkersEvents workers_events;        /* media.c */
extern const RingerEvents ringer_events;          /* media.c */
extern const CallStoreEvents call_store_events;   /* restore.c */

/* hub-events.c: what the hub has said; result and errors as of phone_message(). */
int hub_message(Daemon *daemon, const Message *message);

/*
 * Connects with the stored token. Does nothing without a token, and reports an unreadable one in
 * ConnectionError.
 */
int hub_uplink_start_from_file(Daemon *daemon);

/* PHONE_LISTENER_CALL */
void listener_call(Daemon *daemon, const PhoneAction *action);

/* media.c: PHONE_TONE and the PHONE_WORKER_… */
void media_play_tone(Daemon *daemon, const PhoneAction *action);
void media_start(Daemon *daemon, const PhoneAction *action);
void media_join(Daemon *daemon, const PhoneAction *action);
void media_participant(Daemon *daemon, const PhoneAction *action); /* joined or left */
void media_signal(Daemon *daemon, const PhoneAction *action);
void media_relays(Daemon *daemon, const PhoneAction *action);
void media_mute(Daemon *daemon, const PhoneAction *action);
void media_pause(Daemon *daemon, const PhoneAction *action);
void media_stop_screen(Daemon *daemon, const PhoneAction *action);
void media_ask(Daemon *daemon, const PhoneAction *action);
void media_cut(Daemon *daemon, const PhoneAction *action);
void media_kill(Daemon *daemon, const PhoneAction *action);
void media_stop(Daemon *daemon, const PhoneAction *action);
void media_network_changed(void *userdata); /* of HubUplinkEvents */
/* Sends the chosen devices and echo_cancel to the calls in progress. */
void media_devices_changed(Daemon *daemon);

/* settings-reload.c: reads tringd.conf; devices_restore() comes next. */
void daemon_read_settings(Daemon *daemon);

/* devices-bus.c; devices_restore() reads the stored choice of devices. */
extern const DeviceWatchEvents device_watch_events;
void devices_restore(Daemon *daemon);
