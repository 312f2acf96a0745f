/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The handlers of phone_input(), one for each type of input that phone.h documents. phone_input()
 * reserves memory for one step before it calls a handler, and calls phone_settle() afterwards. It
 * returns the result of a handler that returns int.
 */

#include "phone/state.h"

int phone_take_command(Phone *phone, const PhoneCommand *command, uint64_t ticket);
int phone_take_connection(Phone *phone, PhoneConnection connection, const char *text);
int phone_take_refusal(Phone *phone, HubRefusal why, const char *text);
int phone_take_message(Phone *phone, const Message *message);
int phone_take_listener_add(Phone *phone, const PhoneListener *listener, bool restored,
                            const char **ret_text);
int phone_take_listener_remove(Phone *phone, const char *client, const char *id);
int phone_take_client_gone(Phone *phone, const char *client);
void phone_take_listener_answered(Phone *phone, uint64_t serial, bool taken);
void phone_take_tone_playing(Phone *phone, PhoneTone tone, bool playing);
void phone_take_worker_state(Phone *phone, const char *session_id, SessionState state);
void phone_take_worker_muted(Phone *phone, const char *session_id, bool on);
void phone_take_worker_paused(Phone *phone, const char *session_id, bool on);
void phone_take_worker_screen(Phone *phone, const char *session_id, bool on);
void phone_take_worker_microphone(Phone *phone, const char *session_id, bool there);
void phone_take_worker_answered(Phone *phone, const char *session_id, uint64_t serial);
int phone_take_worker_signal(Phone *phone, const char *session_id, const char *peer,
                             const char *data);
int phone_take_worker_participant(Phone *phone, const char *session_id, const char *participant,
                                  const ParticipantMedia *media);
void phone_take_worker_error(Phone *phone, const char *session_id, CallError error,
                             const char *text);
void phone_take_worker_cut(Phone *phone, const char *session_id);
void phone_take_worker_gone(Phone *phone, const char *session_id, const char *text, bool may_run);
int phone_take_restored_call(Phone *phone, const StoredCall *state, bool worker);
int phone_take_restored_request(Phone *phone, const Message *message);
