/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "exchange/token.h"

#include <errno.h>

#define JOIN_TOKEN_BYTES 32 /* 256 bits */

void exchange_token_free(Exchange *exchange, Token *token)
{
        DL_DELETE(token->leg->tokens, token);
        token->leg->n_tokens--;
        HASH_DEL(exchange->tokens, token);
        free(token);
}

/* The oldest unused token; if all are used, the oldest. */
static Token *leg_token_to_drop(const CallLeg *leg)
{
        Token *token;

        DL_FOREACH (leg->tokens, token) {
                if (token->unused_until != USEC_NEVER)
                        return token;
        }
        return leg->tokens;
}

int exchange_leg_token_new(Exchange *exchange, const ExchangeNow *moment, CallLeg *leg, Token **ret)
{
        /* An accept makes two tokens in one input, one for each leg. */
        size_t share = leg->direction == CALL_DIRECTION_OUTGOING ? 0 : JOIN_TOKEN_BYTES;
        Token *token = calloc(1, sizeof(*token));

        static_assert(2 * JOIN_TOKEN_BYTES <= ENTROPY_SIZE,
                      "an input has random bytes for both legs");
        if (!token)
                return -ENOMEM;
        hex_encode(moment->entropy + share, JOIN_TOKEN_BYTES, token->token);
        token->leg = leg;
        token->unused_until = moment->now + TOKEN_UNUSED_US;
        HASH_ADD_STR(exchange->tokens, token, token);
        if (!token->hh.tbl) {
                free(token);
                return -ENOMEM;
        }
        if (leg->n_tokens == TOKENS_PER_PARTY_MAX)
                exchange_token_free(exchange, leg_token_to_drop(leg));
        DL_APPEND(leg->tokens, token);
        leg->n_tokens++;
        *ret = token;
        return 0;
}

const Token *exchange_leg_token(const CallLeg *leg, usec_t now)
{
        const Token *token, *newest = NULL;

        DL_FOREACH (leg->tokens, token) {
                if (now < token->unused_until)
                        newest = token;
        }
        return newest;
}

Token *exchange_token_find(const Exchange *exchange, const char *text, usec_t now)
{
        Token *token = NULL;

        HASH_FIND_STR(exchange->tokens, text, token);
        return token && now < token->unused_until ? token : NULL;
}
