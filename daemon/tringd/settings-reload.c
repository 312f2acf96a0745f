/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads tringd.conf, at the start and on SIGHUP. */
#include "base/log.h"
#include "tringd/adapters.h"
#include "tringd/state-store.h"

void daemon_read_settings(Daemon *daemon)
{
        _cleanup_free_ char *text = NULL;
        int r = settings_load(daemon->folders.settings, &daemon->settings, &text);

        daemon_set_problem(daemon, &daemon->settings_problem,
                           r >= 0 ? NULL
                           : text ? text
                                  : strerror(-r));
}

static void announce(Daemon *daemon, const Settings *before)
{
        const Settings *now = &daemon->settings;
        const struct {
                DevicesProperty property;
                bool changed;
        } properties[] = {
                {CHANGES_MICROPHONE,
                 !str_eq(now->devices[DEVICE_MICROPHONE], before->devices[DEVICE_MICROPHONE])},
                {CHANGES_SPEAKER,
                 !str_eq(now->devices[DEVICE_SPEAKER], before->devices[DEVICE_SPEAKER])},
                {CHANGES_CAMERA,
                 !str_eq(now->devices[DEVICE_CAMERA], before->devices[DEVICE_CAMERA])},
                {CHANGES_RING_DEVICES,
                 memcmp(&now->ring_devices, &before->ring_devices, sizeof(now->ring_devices)) != 0},
                {CHANGES_RING_VOLUME, now->ring_volume != before->ring_volume},
                {CHANGES_RING_SOUND, !str_eq(now->ring_sound, before->ring_sound)},
                {CHANGES_ECHO_CANCEL, now->echo_cancel != before->echo_cancel},
        };

        for (size_t i = 0; i < ELEMENTSOF(properties); i++)
                if (properties[i].changed)
                        changes_devices(daemon->changes, properties[i].property);
        daemon_settle_later(daemon);
}

void daemon_reload(Daemon *daemon)
{
        const Settings before = daemon->settings;

        daemon_read_settings(daemon);
        devices_restore(daemon);
        hub_uplink_allow_insecure(daemon->uplink, daemon->settings.insecure);
        announce(daemon, &before);
        media_devices_changed(daemon);
        log_notice("the settings have been read again");
        if (daemon->settings.relay_only != before.relay_only)
                log_notice("relay-only has changed: it takes effect for calls joined from now on");
}
