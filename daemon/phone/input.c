/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <assert.h>

#include "phone/action.h"
#include "phone/due.h"
#include "phone/handlers.h"
#include "phone/settle.h"

static int input_take(Phone *phone, const PhoneInput *input)
{
        switch (input->type) {
        case PHONE_INPUT_COMMAND:
                return phone_take_command(phone, input->command.command, input->command.ticket);
        case PHONE_INPUT_CONNECTION:
                return phone_take_connection(phone, input->connection.state,
                                             input->connection.text);
        case PHONE_INPUT_REFUSED:
                return phone_take_refusal(phone, input->refusal.why, input->refusal.text);
        case PHONE_INPUT_MESSAGE:
                return phone_take_message(phone, input->message);
        case PHONE_INPUT_LISTENER_ADD:
                return phone_take_listener_add(phone, input->listener.listener,
                                               input->listener.restored, input->listener.ret_text);
        case PHONE_INPUT_LISTENER_REMOVE:
                return phone_take_listener_remove(phone, input->client.name, input->client.id);
        case PHONE_INPUT_CLIENT_GONE:
                return phone_take_client_gone(phone, input->client.name);
        case PHONE_INPUT_LISTENER_ANSWERED:
                phone_take_listener_answered(phone, input->reply.serial, input->reply.taken);
                return 0;
        case PHONE_INPUT_TONE_PLAYING:
                phone_take_tone_playing(phone, input->tone.tone, input->tone.playing);
                return 0;
        case PHONE_INPUT_WORKER_STATE:
                phone_take_worker_state(phone, input->session_id, input->state);
                return 0;
        case PHONE_INPUT_WORKER_MUTED:
                phone_take_worker_muted(phone, input->session_id, input->on);
                return 0;
        case PHONE_INPUT_WORKER_PAUSED:
                phone_take_worker_paused(phone, input->session_id, input->on);
                return 0;
        case PHONE_INPUT_WORKER_SCREEN:
                phone_take_worker_screen(phone, input->session_id, input->on);
                return 0;
        case PHONE_INPUT_WORKER_MICROPHONE:
                phone_take_worker_microphone(phone, input->session_id, input->on);
                return 0;
        case PHONE_INPUT_WORKER_ANSWERED:
                phone_take_worker_answered(phone, input->session_id, input->serial);
                return 0;
        case PHONE_INPUT_WORKER_CUT:
                phone_take_worker_cut(phone, input->session_id);
                return 0;
        case PHONE_INPUT_WORKER_SIGNAL:
                return phone_take_worker_signal(phone, input->session_id, input->signal.peer,
                                                input->signal.data);
        case PHONE_INPUT_WORKER_PARTICIPANT:
                return phone_take_worker_participant(
                        phone, input->session_id, input->participant.id, input->participant.media);
        case PHONE_INPUT_WORKER_ERROR:
                phone_take_worker_error(phone, input->session_id, input->fault.error,
                                        input->fault.text);
                return 0;
        case PHONE_INPUT_WORKER_GONE:
        case PHONE_INPUT_WORKER_LOST:
                phone_take_worker_gone(phone, input->session_id, input->fault.text,
                                       input->type == PHONE_INPUT_WORKER_LOST);
                return 0;
        case PHONE_INPUT_RESTORE_CALL:
                return phone_take_restored_call(phone, input->restore.call, input->restore.worker);
        case PHONE_INPUT_RESTORE_REQUEST:
                return phone_take_restored_request(phone, input->message);
        case PHONE_INPUT_TICK:
                return phone_take_tick(phone);
        }
        assert(!"an input of no known type");
        return 0;
}

int phone_input(Phone *phone, const Now *now, const PhoneInput *input)
{
        int r;

        phone->instant = *now;
        r = phone_reserve(phone);
        if (r < 0)
                return r;
        r = input_take(phone, input);
        if (r == 0)
                phone_settle(phone);
        return r;
}
