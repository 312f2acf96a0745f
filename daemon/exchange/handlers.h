/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The handlers of exchange_input(), one for each type of input; exchange.h documents them. */

#include "exchange/request.h"

int exchange_take_message(Exchange *exchange, const ExchangeNow *moment, uint64_t attachment_id,
                          const Message *message, const PastCall *past);
int exchange_take_attach(Exchange *exchange, const ExchangeNow *moment, uint64_t attachment_id,
                         const ExchangeDevice *device);
int exchange_take_attach_session(Exchange *exchange, const ExchangeNow *moment,
                                 uint64_t attachment_id, const char *join_token, Party *ret_user);
void exchange_take_suspend(Exchange *exchange, const ExchangeNow *moment, uint64_t attachment_id);
int exchange_take_resume(Exchange *exchange, const ExchangeNow *moment, uint64_t attachment_id);
void exchange_take_detach(Exchange *exchange, const ExchangeNow *moment, uint64_t attachment_id);
int exchange_take_user_remove(Exchange *exchange, const ExchangeNow *moment, const char *uid);
int exchange_take_group_put(Exchange *exchange, const ExchangeNow *moment,
                            const ExchangeGroup *group);
int exchange_take_group_remove(Exchange *exchange, const ExchangeNow *moment, const char *guid);
int exchange_take_restore(Exchange *exchange, const ExchangeNow *moment, const LiveCall *live);
int exchange_take_restore_ended(Exchange *exchange, const ExchangeNow *moment, const char *uid,
                                const char *session_id);
/* Notes that the requesting device is probably about to go (rule 14). */
int exchange_request_going(Request *request);
/* Ends the calls of the requesting device. */
int exchange_request_logout(Request *request);
int exchange_request_settings(Request *request);
int exchange_request_who_may_ring(Request *request);
int exchange_request_block(Request *request);
