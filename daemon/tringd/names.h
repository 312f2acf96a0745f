/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The names of the D-Bus API (dbus/README.md), which programs rely on. */

#define BUS_NAME "org.tring.Calls1"
#define MANAGER_INTERFACE "org.tring.Calls1.Manager"
#define DEVICES_INTERFACE "org.tring.Calls1.Devices"
#define CALL_INTERFACE "org.tring.Calls1.Call"
#define SESSION_INTERFACE "org.tring.Calls1.Session"
#define LISTENER_INTERFACE "org.tring.Calls1.Listener"
#define ERROR_PREFIX "org.tring.Calls1.Error."

#define ROOT_PATH "/org/tring/Calls1"
#define CALLS_PATH "/org/tring/Calls1/call"
