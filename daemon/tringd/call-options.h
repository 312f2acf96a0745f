/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Reads the options and settings of a call from D-Bus into commands for the phone. Each returns 0,
 * or negative errno with *error set.
 */

#include <systemd/sd-bus.h>

#include "phone/phone.h"

/* Settings of Join; `target` is a SessionSettings. */
int session_settings_read(sd_bus_message *message, void *target, sd_bus_error *error);

/* Options of AcceptCall and Call.Accept, into an ACCEPT command. */
int accept_options_read(sd_bus_message *message, PhoneCommand *command, sd_bus_error *error);

/* Options of InitiateCall, into an INITIATE command. */
int initiate_options_read(sd_bus_message *message, PhoneCommand *command, sd_bus_error *error);

/* Check words of the API. `what` names the argument in the error. */
int call_type_read(const char *what, const char *word, CallType *ret, sd_bus_error *error);
int receiver_type_read(const char *what, const char *word, ReceiverType *ret, sd_bus_error *error);
int session_id_read(const char *session_id, char ret[static UUID_LENGTH + 1], sd_bus_error *error);
