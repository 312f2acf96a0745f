/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bus.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>

#include "base/clock.h"
#include "base/session-bus.h"
#include "base/str.h"

/* tringd waits up to 10 s for the hub's confirmation, and may have to be started first. */
#define ANSWER_US (20 * USEC_PER_SEC)
#define PROPERTY_NAME_MAX 64

int fail(ExitCode code, const char *format, ...)
{
        va_list arguments;

        fflush(stdout);
        fputs("tringctl: ", stderr);
        va_start(arguments, format);
        vfprintf(stderr, format, arguments);
        va_end(arguments);
        fputc('\n', stderr);
        return code;
}

int fail_errno(int r, const char *action)
{
        return fail(EXIT_FAILED, "cannot %s: %s", action, strerror(-r));
}

int bus_open(sd_bus **ret)
{
        int r = sd_bus_open_user_with_description(ret, "tringctl");
        char text[SESSION_BUS_FAILURE_MAX];

        if (r < 0)
                return fail(EXIT_FAILED, "%s", session_bus_failure(strerror(-r), text));
        (void)sd_bus_set_method_call_timeout(*ret, ANSWER_US);
        /* Without this, verbs that wait for events would wait forever. */
        (void)sd_bus_set_exit_on_disconnect(*ret, true);
        return EXIT_DONE;
}

int bus_fail(const sd_bus_error *error)
{
        const char *ours = session_bus_error_text(error->name);
        char sentence[512];
        bool no_call = sd_bus_error_has_name(error, TRING_ERROR "NoSuchCall") ||
                       sd_bus_error_has_name(error, TRING_ERROR "CallTerminated") ||
                       sd_bus_error_has_name(error, SD_BUS_ERROR_UNKNOWN_OBJECT);
        const char *message = ours                        ? ours
                              : str_empty(error->message) ? error->name
                                                          : error->message;

        return fail(no_call ? EXIT_NO_CALL : EXIT_FAILED, "%s",
                    str_printable(sentence, sizeof(sentence), message));
}

int bus_method(sd_bus *bus, const char *path, const char *interface, const char *member,
               sd_bus_message **ret)
{
        return sd_bus_message_new_method_call(bus, ret, TRING_NAME, path, interface, member);
}

int bus_send(sd_bus *bus, sd_bus_message *message, sd_bus_message **ret)
{
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        int r = sd_bus_call(bus, message, 0, &error, ret);

        if (r >= 0)
                return EXIT_DONE;
        return sd_bus_error_is_set(&error) ? bus_fail(&error) : fail_errno(r, "call tringd");
}

int bus_call(sd_bus *bus, const char *path, const char *interface, const char *member,
             sd_bus_message **ret, const char *types, ...)
{
        _cleanup_message_ sd_bus_message *message = NULL;
        int r = bus_method(bus, path, interface, member, &message);

        if (r >= 0 && !str_empty(types)) {
                va_list arguments;

                va_start(arguments, types);
                r = sd_bus_message_appendv(message, types, arguments);
                va_end(arguments);
        }
        if (r < 0)
                return fail_errno(r, "prepare the request");
        return bus_send(bus, message, ret);
}

int bus_properties(sd_bus *bus, const char *path, const char *interface, cJSON **ret)
{
        _cleanup_message_ sd_bus_message *reply = NULL;
        _cleanup_json_ cJSON *properties = NULL, *object = cJSON_CreateObject();
        int code = bus_call(bus, path, PROPERTIES, "GetAll", &reply, "s", interface);

        if (code != EXIT_DONE)
                return code;
        int r = object ? json_from_message(reply, &properties) : -ENOMEM;
        if (r == 0)
                r = json_merge_properties(object, properties);
        if (r < 0)
                return fail_errno(r, "read the reply");
        *ret = TAKE_PTR(object);
        return EXIT_DONE;
}

int bus_has_feature(sd_bus *bus, const char *feature, bool *ret)
{
        _cleanup_message_ sd_bus_message *reply = NULL;
        const char *word;
        bool found = false;
        int code = bus_call(bus, TRING_PATH, PROPERTIES, "Get", &reply, "ss", TRING_MANAGER,
                            "Features");

        if (code != EXIT_DONE)
                return code;
        int r = sd_bus_message_enter_container(reply, SD_BUS_TYPE_VARIANT, "as");
        if (r >= 0)
                r = sd_bus_message_enter_container(reply, SD_BUS_TYPE_ARRAY, "s");
        while (r >= 0 && (r = sd_bus_message_read_basic(reply, SD_BUS_TYPE_STRING, &word)) > 0)
                found = found || str_eq(word, feature);
        if (r < 0)
                return fail_errno(r, "read the reply");
        *ret = found;
        return EXIT_DONE;
}

static int json_from_basic(sd_bus_message *message, char type, cJSON **ret)
{
        union {
                uint8_t y;
                int b;
                int16_t n;
                uint16_t q;
                int32_t i;
                uint32_t u;
                int64_t x;
                uint64_t t;
                double d;
                const char *s;
        } value;
        int r = sd_bus_message_read_basic(message, type, &value);

        if (r < 0)
                return r;
        if (type == SD_BUS_TYPE_BOOLEAN)
                *ret = cJSON_CreateBool(value.b);
        else if (type == SD_BUS_TYPE_BYTE)
                *ret = cJSON_CreateNumber(value.y);
        else if (type == SD_BUS_TYPE_INT16)
                *ret = cJSON_CreateNumber(value.n);
        else if (type == SD_BUS_TYPE_UINT16)
                *ret = cJSON_CreateNumber(value.q);
        else if (type == SD_BUS_TYPE_INT32)
                *ret = cJSON_CreateNumber(value.i);
        else if (type == SD_BUS_TYPE_UINT32)
                *ret = cJSON_CreateNumber(value.u);
        else if (type == SD_BUS_TYPE_INT64)
                *ret = cJSON_CreateNumber((double)value.x);
        else if (type == SD_BUS_TYPE_UINT64) /* µs since 1970 stay exact until the year 2255 */
                *ret = cJSON_CreateNumber((double)value.t);
        else if (type == SD_BUS_TYPE_DOUBLE)
                *ret = cJSON_CreateNumber(value.d);
        else if (type != SD_BUS_TYPE_UNIX_FD) /* string, object path, signature */
                *ret = cJSON_CreateString(value.s);
        else
                return -EBADMSG;
        return *ret ? 0 : -ENOMEM;
}

static int json_add_entry(sd_bus_message *message, const char *contents, cJSON *object)
{
        _cleanup_json_ cJSON *value = NULL;
        const char *key;
        int r = sd_bus_message_enter_container(message, SD_BUS_TYPE_DICT_ENTRY, contents);

        if (r >= 0)
                r = sd_bus_message_read_basic(message, contents[0], &key);
        if (r >= 0)
                r = json_from_message(message, &value);
        if (r < 0)
                return r;
        if (!cJSON_AddItemToObject(object, key, value))
                return -ENOMEM;
        TAKE_PTR(value);
        return sd_bus_message_exit_container(message);
}

static int json_from_array(sd_bus_message *message, const char *contents, cJSON **ret)
{
        bool is_object = contents[0] == SD_BUS_TYPE_DICT_ENTRY_BEGIN;
        _cleanup_json_ cJSON *array = is_object ? cJSON_CreateObject() : cJSON_CreateArray();
        char entry[16] = "";

        if (!array)
                return -ENOMEM;
        if (is_object) {
                /* `contents` is "{sv}", for example: keys must be text, and the braces are dropped.
                 */
                size_t length = strlen(contents);
                if (!strchr("sog", contents[1]) || length - 2 >= sizeof(entry))
                        return -EBADMSG;
                memcpy(entry, contents + 1, length - 2);
        }
        int r = sd_bus_message_enter_container(message, SD_BUS_TYPE_ARRAY, contents);
        if (r < 0)
                return r;
        while (sd_bus_message_at_end(message, false) == 0) {
                _cleanup_json_ cJSON *value = NULL;

                r = is_object ? json_add_entry(message, entry, array)
                              : json_from_message(message, &value);
                if (r < 0)
                        return r;
                if (value && !cJSON_AddItemToArray(array, TAKE_PTR(value)))
                        return -ENOMEM;
        }
        r = sd_bus_message_exit_container(message);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(array);
        return 0;
}

int json_from_message(sd_bus_message *message, cJSON **ret)
{
        _cleanup_json_ cJSON *value = NULL;
        const char *contents;
        char type;
        int r = sd_bus_message_peek_type(message, &type, &contents);

        if (r < 0)
                return r;
        if (r == 0)
                return -EBADMSG;
        if (type == SD_BUS_TYPE_ARRAY)
                return json_from_array(message, contents, ret);
        if (type != SD_BUS_TYPE_VARIANT)
                return json_from_basic(message, type, ret);

        r = sd_bus_message_enter_container(message, SD_BUS_TYPE_VARIANT, contents);
        if (r >= 0)
                r = json_from_message(message, &value);
        if (r >= 0)
                r = sd_bus_message_exit_container(message);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(value);
        return 0;
}

static void to_snake_case(char ret[static PROPERTY_NAME_MAX], const char *name)
{
        size_t n = 0;

        for (const char *c = name; *c && n + 2 < PROPERTY_NAME_MAX; c++) {
                if (isupper((unsigned char)*c) && c != name)
                        ret[n++] = '_';
                ret[n++] = (char)tolower((unsigned char)*c);
        }
        ret[n] = '\0';
}

int json_merge_properties(cJSON *object, const cJSON *properties)
{
        const cJSON *property;

        cJSON_ArrayForEach (property, properties) {
                char name[PROPERTY_NAME_MAX];
                _cleanup_json_ cJSON *copy = cJSON_Duplicate(property, true);

                if (!copy)
                        return -ENOMEM;
                to_snake_case(name, property->string);
                cJSON_DeleteItemFromObject(object, name);
                if (!cJSON_AddItemToObject(object, name, copy))
                        return -ENOMEM;
                TAKE_PTR(copy);
        }
        return 0;
}

int bus_watch_daemon(sd_bus *bus, sd_bus_message_handler_t handler, void *userdata)
{
        return sd_bus_add_match(bus, NULL,
                                "type='signal',sender='org.freedesktop.DBus',"
                                "member='NameOwnerChanged',arg0='" TRING_NAME "'",
                                handler, userdata);
}

const char *json_string(const cJSON *object, const char *name)
{
        const char *s = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));

        return s ? s : "";
}

double json_number(const cJSON *object, const char *name)
{
        const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);

        return cJSON_IsNumber(item) ? item->valuedouble : 0;
}

bool json_true(const cJSON *object, const char *name)
{
        return cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(object, name));
}
