/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <assert.h>

#include "exchange/due.h"
#include "exchange/handlers.h"

static int input_take(Exchange *exchange, const ExchangeNow *moment, const ExchangeInput *input)
{
        switch (input->type) {
        case EXCHANGE_MESSAGE:
                return exchange_take_message(exchange, moment, input->attachment, input->message,
                                             input->past);
        case EXCHANGE_ATTACH:
                return exchange_take_attach(exchange, moment, input->attachment, &input->device);
        case EXCHANGE_ATTACH_SESSION:
                return exchange_take_attach_session(exchange, moment, input->attachment,
                                                    input->join.token, input->join.ret_user);
        case EXCHANGE_SUSPEND:
                exchange_take_suspend(exchange, moment, input->attachment);
                return 0;
        case EXCHANGE_RESUME:
                return exchange_take_resume(exchange, moment, input->attachment);
        case EXCHANGE_DETACH:
                exchange_take_detach(exchange, moment, input->attachment);
                return 0;
        case EXCHANGE_USER_REMOVE:
                return exchange_take_user_remove(exchange, moment, input->uid);
        case EXCHANGE_GROUP_PUT:
                return exchange_take_group_put(exchange, moment, &input->group);
        case EXCHANGE_GROUP_REMOVE:
                return exchange_take_group_remove(exchange, moment, input->guid);
        case EXCHANGE_RESTORE:
                return exchange_take_restore(exchange, moment, input->live);
        case EXCHANGE_RESTORE_ENDED:
                return exchange_take_restore_ended(exchange, moment, input->ended.uid,
                                                   input->ended.session_id);
        case EXCHANGE_TICK:
                return exchange_take_tick(exchange, moment);
        }
        assert(!"an unknown input");
        return 0;
}

int exchange_input(Exchange *exchange, const ExchangeNow *moment, const ExchangeInput *input)
{
        int r = input_take(exchange, moment, input);

        exchange_settle(exchange);
        return r;
}
