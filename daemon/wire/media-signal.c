/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/media-signal.h"

#include <assert.h>
#include <errno.h>

#include "wire/json-print.h"
#include "wire/json-tree.h"

#define MLINE_MAX 63        /* index of an m= section; a call has one or two sections */
#define CONNECTION_MAX 9999 /* enough for a network that changes every 10 s for a day */

static const JsonLimits signal_limits = {
        .length = SIGNAL_DATA_MAX,
        .nesting = 4, /* our signals have 2 */
        .members = 16,
        .values = 32,
};

static int refuse(char text[static MESSAGE_TEXT_MAX + 1], const char *sentence)
{
        snprintf(text, MESSAGE_TEXT_MAX + 1, "%s", sentence);
        return -EBADMSG;
}

static int copy_text(const cJSON *item, MediaSignal *signal)
{
        signal->text = strdup(item->valuestring);
        return signal->text ? 0 : -ENOMEM;
}

static int read_description(const cJSON *description, MediaSignal *signal,
                            char text[static MESSAGE_TEXT_MAX + 1])
{
        const cJSON *type = json_member(description, "type");
        const cJSON *sdp = json_member(description, "sdp");
        char shown[64];

        if (!cJSON_IsString(type) || !cJSON_IsString(sdp))
                return refuse(text, "a session description has two strings, type and sdp");
        if (str_eq(type->valuestring, "offer")) {
                signal->type = MEDIA_SIGNAL_OFFER;
        } else if (str_eq(type->valuestring, "answer")) {
                signal->type = MEDIA_SIGNAL_ANSWER;
        } else {
                snprintf(text, MESSAGE_TEXT_MAX + 1,
                         "a session description of type '%s' is neither offer nor answer",
                         str_printable(shown, sizeof(shown), type->valuestring));
                return -EBADMSG;
        }
        return copy_text(sdp, signal);
}

static int read_candidate(const cJSON *candidate, MediaSignal *signal,
                          char text[static MESSAGE_TEXT_MAX + 1])
{
        const cJSON *line = json_member(candidate, "candidate");
        const cJSON *mline = json_member(candidate, "sdpMLineIndex");
        const cJSON *mid = json_member(candidate, "sdpMid");
        int64_t index = 0;

        if (cJSON_IsNull(candidate)) {
                signal->type = MEDIA_SIGNAL_NO_MORE_CANDIDATES;
                return 0;
        }
        if (!cJSON_IsString(line))
                return refuse(text, "a candidate has a string, candidate");
        if (mline && !cJSON_IsNull(mline) && (!json_integer(mline, 0, &index) || index > MLINE_MAX))
                return refuse(text, "sdpMLineIndex is a number from 0 to 63");
        if (mid && !cJSON_IsNull(mid) &&
            (!cJSON_IsString(mid) || STR_SET(signal->mid, mid->valuestring) < 0))
                return refuse(text, "sdpMid is a string of at most 64 bytes");
        /* Browsers mark the end of the candidates by an empty line, too. */
        if (str_empty(line->valuestring)) {
                signal->type = MEDIA_SIGNAL_NO_MORE_CANDIDATES;
                return 0;
        }
        signal->type = MEDIA_SIGNAL_CANDIDATE;
        signal->mline = (uint32_t)index;
        return copy_text(line, signal);
}

static int read_offer_wanted(const cJSON *wanted, MediaSignal *signal,
                             char text[static MESSAGE_TEXT_MAX + 1])
{
        const cJSON *restart = json_member(wanted, "ice_restart");

        if (!cJSON_IsObject(wanted) || (restart && !cJSON_IsBool(restart)))
                return refuse(text, "offer_wanted is an object, and ice_restart in it a boolean");
        signal->type = MEDIA_SIGNAL_OFFER_WANTED;
        signal->ice_restart = cJSON_IsTrue(restart);
        return 0;
}

static int read_hex(const cJSON *tree, const char *name,
                    char ret[static MEDIA_SIGNAL_HEX_LENGTH + 1],
                    char text[static MESSAGE_TEXT_MAX + 1])
{
        const cJSON *hex = json_member(tree, name);

        if (!hex)
                return 0;
        if (!cJSON_IsString(hex) || strlen(hex->valuestring) != MEDIA_SIGNAL_HEX_LENGTH ||
            strspn(hex->valuestring, "0123456789abcdef") != MEDIA_SIGNAL_HEX_LENGTH) {
                snprintf(text, MESSAGE_TEXT_MAX + 1, "%s is %d lower-case hex digits", name,
                         MEDIA_SIGNAL_HEX_LENGTH);
                return -EBADMSG;
        }
        memcpy(ret, hex->valuestring, MEDIA_SIGNAL_HEX_LENGTH + 1);
        return 0;
}

/* Reads the members beside the one that names the signal's kind. */
static int read_beside(const cJSON *tree, MediaSignal *signal,
                       char text[static MESSAGE_TEXT_MAX + 1])
{
        const cJSON *connection = json_member(tree, "connection");
        int64_t number = 1;
        int r;

        if (connection && (!json_integer(connection, 1, &number) || number > CONNECTION_MAX))
                return refuse(text, "connection is a number from 1 to 9999");
        signal->connection = (uint32_t)number;
        r = read_hex(tree, "commitment", signal->commitment, text);
        return r < 0 ? r : read_hex(tree, "nonce", signal->nonce, text);
}

int media_signal_decode(const char *json, MediaSignal *ret, char text[static MESSAGE_TEXT_MAX + 1])
{
        _cleanup_(cJSON_Deletep) cJSON *tree = NULL;
        const cJSON *description, *candidate, *wanted;
        _cleanup_(media_signal_done) MediaSignal signal = {};
        int r = json_parse(json, strlen(json), &signal_limits, &tree, text);

        if (r < 0)
                return r == -ENOMEM ? r : -EBADMSG;
        description = json_member(tree, "sdp");
        candidate = json_member(tree, "candidate");
        wanted = json_member(tree, "offer_wanted");
        r = read_beside(tree, &signal, text);
        if (r < 0)
                return r;
        if (!description && !candidate && !wanted && signal.nonce[0])
                signal.type = MEDIA_SIGNAL_NONCE;
        else if (!!description + !!candidate + !!wanted != 1)
                r = refuse(text, "a signal has one of sdp, candidate, offer_wanted and nonce");
        else if (description)
                r = read_description(description, &signal, text);
        else if (candidate)
                r = read_candidate(candidate, &signal, text);
        else
                r = read_offer_wanted(wanted, &signal, text);
        if (r < 0)
                return r;
        *ret = signal;
        signal = (MediaSignal){};
        return 0;
}

static void print_description(JsonPrinter *printer, const char *type, const char *sdp)
{
        json_print_name(printer, "sdp");
        json_print_open(printer, '{');
        json_print_name(printer, "type");
        json_print_string(printer, type);
        json_print_name(printer, "sdp");
        json_print_string(printer, sdp);
        json_print_close(printer, '}');
}

static void print_candidate(JsonPrinter *printer, const MediaSignal *signal)
{
        json_print_name(printer, "candidate");
        json_print_open(printer, '{');
        json_print_name(printer, "candidate");
        json_print_string(printer, signal->text ? signal->text : "");
        if (!str_empty(signal->mid)) {
                json_print_name(printer, "sdpMid");
                json_print_string(printer, signal->mid);
        }
        json_print_name(printer, "sdpMLineIndex");
        json_print_uint(printer, signal->mline);
        json_print_close(printer, '}');
}

static void print_offer_wanted(JsonPrinter *printer, bool ice_restart)
{
        json_print_name(printer, "offer_wanted");
        json_print_open(printer, '{');
        json_print_name(printer, "ice_restart");
        json_print_bool(printer, ice_restart);
        json_print_close(printer, '}');
}

static void print_text(JsonPrinter *printer, const char *name, const char *text)
{
        if (str_empty(text))
                return;
        json_print_name(printer, name);
        json_print_string(printer, text);
}

static void print_beside(JsonPrinter *printer, const MediaSignal *signal)
{
        if (signal->connection > 1) {
                json_print_name(printer, "connection");
                json_print_uint(printer, signal->connection);
        }
        print_text(printer, "commitment", signal->commitment);
        print_text(printer, "nonce", signal->nonce);
}

int media_signal_encode(const MediaSignal *signal, char **ret)
{
        JsonPrinter printer;
        size_t length;
        int r;

        json_print_init(&printer, 0, SIGNAL_DATA_MAX);
        json_print_open(&printer, '{');
        switch (signal->type) {
        case MEDIA_SIGNAL_OFFER:
                print_description(&printer, "offer", signal->text);
                break;
        case MEDIA_SIGNAL_ANSWER:
                print_description(&printer, "answer", signal->text);
                break;
        case MEDIA_SIGNAL_OFFER_WANTED:
                print_offer_wanted(&printer, signal->ice_restart);
                break;
        case MEDIA_SIGNAL_NONCE:
                break;
        case MEDIA_SIGNAL_CANDIDATE:
        case MEDIA_SIGNAL_NO_MORE_CANDIDATES:
                print_candidate(&printer, signal);
                break;
        case MEDIA_SIGNAL_NONE:
                assert(!"a signal without a type");
        }
        print_beside(&printer, signal);
        json_print_close(&printer, '}');
        r = json_print_finish(&printer, ret, &length);
        json_print_done(&printer);
        return r;
}

void media_signal_done(MediaSignal *signal)
{
        free(signal->text);
        *signal = (MediaSignal){};
}
