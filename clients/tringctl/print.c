/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "print.h"

#include <errno.h>
#include <time.h>

#include "base/clock.h"
#include "base/str.h"
#include "model/status.h"

/* cJSON prints 15 digits, and dates in µs have 16. */
#define PRINTED_EXACTLY 1e15

static int make_exact(cJSON *value)
{
        cJSON *child;

        cJSON_ArrayForEach (child, value) {
                int r = make_exact(child);
                if (r < 0)
                        return r;
        }
        if (!cJSON_IsNumber(value) || value->valuedouble < PRINTED_EXACTLY)
                return 0;
        value->valuestring = str_printf("%.0f", value->valuedouble);
        if (!value->valuestring)
                return -ENOMEM;
        value->type = cJSON_Raw;
        return 0;
}

int print_json(cJSON *value)
{
        _cleanup_free_ char *text = make_exact(value) < 0 ? NULL : cJSON_PrintUnformatted(value);

        if (!text)
                return fail_errno(-ENOMEM, "write JSON");
        puts(text);
        return fflush(stdout) == 0 ? EXIT_DONE : EXIT_FAILED; /* main() says what is wrong */
}

const char *print_person(char ret[static PRINT_PERSON_MAX], const cJSON *person)
{
        const char *id = json_string(person, "uid"), *name = json_string(person, "name");
        char text[PRINT_PERSON_MAX];

        if (str_empty(id))
                id = json_string(person, "guid");
        if (str_empty(name) || str_eq(name, id))
                snprintf(text, sizeof(text), "%s", str_empty(id) ? "unknown" : id);
        else
                snprintf(text, sizeof(text), "%s (%s)", name, id);
        return str_printable(ret, PRINT_PERSON_MAX, text);
}

const char *print_peer(char ret[static PRINT_PERSON_MAX], const cJSON *call)
{
        const cJSON *initiator = cJSON_GetObjectItemCaseSensitive(call, "initiator");
        const cJSON *receiver = cJSON_GetObjectItemCaseSensitive(call, "receiver");
        char group[PRINT_PERSON_MAX];

        if (!str_eq(json_string(call, "direction"), "incoming"))
                return print_person(ret, receiver);
        print_person(ret, initiator);
        if (!str_eq(json_string(call, "receiver_type"), "group"))
                return ret;
        print_person(group, receiver);
        size_t length = strlen(ret);
        snprintf(ret + length, PRINT_PERSON_MAX - length, " in %s", group);
        return ret;
}

const char *print_duration(char ret[static PRINT_TIME_MAX], unsigned seconds)
{
        unsigned hours = seconds / 3600, minutes = seconds / 60 % 60;

        if (hours > 0)
                snprintf(ret, PRINT_TIME_MAX, "%u:%02u:%02u", hours, minutes, seconds % 60);
        else
                snprintf(ret, PRINT_TIME_MAX, "%u:%02u", minutes, seconds % 60);
        return ret;
}

static bool to_local(double realtime_us, struct tm *ret)
{
        time_t seconds = (time_t)(realtime_us / (double)USEC_PER_SEC);

        return localtime_r(&seconds, ret) != NULL;
}

const char *print_date(char ret[static PRINT_TIME_MAX], double realtime_us)
{
        struct tm local;

        if (!to_local(realtime_us, &local) ||
            strftime(ret, PRINT_TIME_MAX, "%Y-%m-%d %H:%M", &local) == 0)
                snprintf(ret, PRINT_TIME_MAX, "?");
        return ret;
}

const char *print_time(char ret[static PRINT_TIME_MAX], double realtime_us)
{
        struct tm local;

        if (!to_local(realtime_us, &local) || strftime(ret, PRINT_TIME_MAX, "%T", &local) == 0)
                snprintf(ret, PRINT_TIME_MAX, "?");
        return ret;
}

static void add_reason(char ret[static PRINT_SENTENCE_MAX], const cJSON *call)
{
        const char *words = call_reason_words(json_string(call, "reason"));
        size_t length = strlen(ret);

        if (words)
                snprintf(ret + length, PRINT_SENTENCE_MAX - length, " (%s)", words);
}

const char *print_outcome(char ret[static PRINT_SENTENCE_MAX], const cJSON *call)
{
        static const struct {
                const char *status, *outgoing, *incoming; /* %s is the peer's name */
        } sentences[] = {
                {"initiated", "calling %s", "%s calls"},
                {"ongoing", "%s answered", "in a call with %s"},
                {"busy", "%s is busy", "declined the call from %s as busy"},
                {"rejected", "%s declined", "declined the call from %s"},
                {"cancelled", "cancelled the call to %s", "the call from %s stopped ringing"},
                {"ended", "the call with %s is over", "the call with %s is over"},
                {"missed", "%s was missed", "missed a call from %s"},
                {"unanswered", "%s did not answer", "the call from %s was not answered"},
        };
        bool incoming = str_eq(json_string(call, "direction"), "incoming");
        const char *status = json_string(call, "status"), *format = NULL;
        char peer[PRINT_PERSON_MAX], time[PRINT_TIME_MAX];

        print_peer(peer, call);
        for (size_t i = 0; i < ELEMENTSOF(sentences); i++)
                if (str_eq(status, sentences[i].status))
                        format = incoming ? sentences[i].incoming : sentences[i].outgoing;
        const char *blank = format ? strstr(format, "%s") : NULL;

        if (blank)
                snprintf(ret, PRINT_SENTENCE_MAX, "%.*s%s%s", (int)(blank - format), format, peer,
                         blank + 2);
        else
                snprintf(ret, PRINT_SENTENCE_MAX, "the call with %s is %s", peer, status);
        if (str_eq(status, "ended")) {
                size_t length = strlen(ret);
                snprintf(ret + length, PRINT_SENTENCE_MAX - length, " after %s",
                         print_duration(time, (unsigned)json_number(call, "duration")));
        }
        add_reason(ret, call);
        return ret;
}

static void call_state(char *ret, size_t size, const cJSON *call)
{
        const char *status = json_string(call, "status");
        double since = json_number(call, "answered_at");
        double elapsed = ((double)clock_realtime() - since) / (double)USEC_PER_SEC;
        char time[PRINT_TIME_MAX], printable[64];

        if (str_eq(status, "initiated"))
                snprintf(ret, size, "%s",
                         json_number(call, "ringing_since") > 0 || json_true(call, "alerting")
                                 ? "ringing"
                                 : "calling");
        else if (str_eq(status, "ongoing") && since > 0 && elapsed >= 0)
                snprintf(ret, size, "ongoing for %s%s", print_duration(time, (unsigned)elapsed),
                         json_true(cJSON_GetObjectItemCaseSensitive(call, "session"), "audio_muted")
                                 ? ", muted"
                                 : "");
        else
                snprintf(ret, size, "%s", str_printable(printable, sizeof(printable), status));
}

/*
 * Verification codes, which two people compare to make sure that nobody sits between them, or why
 * there are none.
 */
static void print_codes(FILE *file, const cJSON *call)
{
        const cJSON *session = cJSON_GetObjectItemCaseSensitive(call, "session"), *other;

        cJSON_ArrayForEach (other, cJSON_GetObjectItemCaseSensitive(session, "participants")) {
                const char *code = json_string(other, "verification_code");
                const char *why = json_string(other, "not_verifiable");
                char person[PRINT_PERSON_MAX], shown[160];

                if (!str_empty(why))
                        fprintf(file, "    %s is not verifiable: %s\n", print_person(person, other),
                                str_printable(shown, sizeof(shown), why));
                else if (!str_empty(code))
                        fprintf(file, "    verification code with %s: %s\n",
                                print_person(person, other),
                                str_printable(shown, sizeof(shown), code));
        }
}

void print_call(FILE *file, const cJSON *call)
{
        bool incoming = str_eq(json_string(call, "direction"), "incoming");
        char peer[PRINT_PERSON_MAX], state[96], type[16];

        call_state(state, sizeof(state), call);
        fprintf(file, "  %.*s  %s %s, %s, %s\n", SHORT_ID_LENGTH, json_string(call, "session_id"),
                incoming ? "from" : "to", print_peer(peer, call),
                str_printable(type, sizeof(type), json_string(call, "call_type")), state);
        print_codes(file, call);
}
