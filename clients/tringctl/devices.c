/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lists microphones, speakers and cameras, and chooses which ones calls and the ring use. */
#include <errno.h>

#include "base/str.h"
#include "print.h"

#define DEFAULT_WORD "default" /* stands for an empty name, the system default */
#define NAME_SHOWN 256

static const struct {
        const char *word, *property, *list; /* word and list are also JSON keys */
} kinds[] = {
        {"microphone", PROPERTY_MICROPHONE, "microphones"},
        {"speaker", PROPERTY_SPEAKER, "speakers"},
        {"camera", PROPERTY_CAMERA, "cameras"},
};

/* Puts a star before the device that calls use: the chosen one, else the system default. */
static void print_kind(const cJSON *devices, const char *list_name, const char *chosen)
{
        const cJSON *list = cJSON_GetObjectItemCaseSensitive(devices, list_name), *device;
        char name[NAME_SHOWN], description[NAME_SHOWN];
        bool connected = false;

        cJSON_ArrayForEach (device, list)
                connected = connected || str_eq(json_string(device, "name"), chosen);
        printf("%s:%s\n", list_name, cJSON_GetArraySize(list) == 0 ? " none" : "");
        cJSON_ArrayForEach (device, list) {
                bool is_default = json_true(device, "default");
                bool used = connected ? str_eq(json_string(device, "name"), chosen) : is_default;

                printf("%c %s  %s%s\n", used ? '*' : ' ',
                       str_printable(name, sizeof(name), json_string(device, "name")),
                       str_printable(description, sizeof(description),
                                     json_string(device, "description")),
                       is_default ? " (default)" : "");
        }
        if (!str_empty(chosen) && !connected)
                printf("  %s is chosen, but not connected\n",
                       str_printable(name, sizeof(name), chosen));
}

static void print_ring(const cJSON *devices)
{
        const cJSON *rings = cJSON_GetObjectItemCaseSensitive(devices, "ring_devices"), *device;
        const char *sound = json_string(devices, "ring_sound");
        char shown[NAME_SHOWN];
        size_t n = 0;

        printf("rings on");
        cJSON_ArrayForEach (device, rings) {
                const char *name = cJSON_GetStringValue(device);

                printf("%s %s", n++ > 0 ? "," : "",
                       str_eq(name, "*") ? "all speakers"
                                         : str_printable(shown, sizeof(shown), name));
        }
        printf("%s, volume %.2f%s%s\n", n == 0 ? " the default speaker" : "",
               json_number(devices, "ring_volume"), str_empty(sound) ? "" : ", ",
               str_printable(shown, sizeof(shown), sound));
        printf("echo-cancel: %s\n",
               str_printable(shown, sizeof(shown), json_string(devices, "echo_cancel")));
}

static int print_devices(sd_bus *bus, const Arguments *arguments)
{
        _cleanup_json_ cJSON *devices = NULL;
        int code = bus_properties(bus, TRING_PATH, TRING_DEVICES, &devices);

        if (code != EXIT_DONE)
                return code;
        if (arguments->json)
                return print_json(devices);
        for (size_t i = 0; i < ELEMENTSOF(kinds); i++)
                print_kind(devices, kinds[i].list, json_string(devices, kinds[i].word));
        print_ring(devices);
        return EXIT_DONE;
}

static const char *node_name(const char *word)
{
        return str_eq(word, DEFAULT_WORD) ? "" : word;
}

static int set_text(sd_bus *bus, const char *property, const char *value)
{
        return bus_call(bus, TRING_PATH, PROPERTIES, "Set", NULL, "ssv", TRING_DEVICES, property,
                        "s", value);
}

static int set_ring_devices(sd_bus *bus, const Arguments *arguments)
{
        _cleanup_message_ sd_bus_message *message = NULL;
        int r = bus_method(bus, TRING_PATH, PROPERTIES, "Set", &message);

        if (r >= 0)
                r = sd_bus_message_append(message, "ss", TRING_DEVICES, PROPERTY_RING_DEVICES);
        if (r >= 0)
                r = sd_bus_message_open_container(message, 'v', "as");
        if (r >= 0)
                r = sd_bus_message_open_container(message, 'a', "s");
        for (size_t i = 1; r >= 0 && i < arguments->n_words; i++)
                if (!str_eq(arguments->words[i], DEFAULT_WORD))
                        r = sd_bus_message_append(message, "s", arguments->words[i]);
        if (r >= 0)
                r = sd_bus_message_close_container(message);
        if (r >= 0)
                r = sd_bus_message_close_container(message);
        return r < 0 ? fail_errno(r, "prepare the request") : bus_send(bus, message, NULL);
}

static int choose(sd_bus *bus, const Arguments *arguments)
{
        const char *what = arguments_word(arguments, 0), *value = arguments_word(arguments, 1);
        char printable[64];

        if (str_eq(what, "ring"))
                return set_ring_devices(bus, arguments);
        if (arguments->n_words > 2)
                return fail(EXIT_USAGE, "unexpected argument '%s' for '%s'",
                            str_printable(printable, sizeof(printable), arguments->words[2]), what);
        if (str_eq(what, "echo-cancel"))
                return set_text(bus, PROPERTY_ECHO_CANCEL, value);
        for (size_t i = 0; i < ELEMENTSOF(kinds); i++)
                if (str_eq(what, kinds[i].word))
                        return set_text(bus, kinds[i].property, node_name(value));
        return fail(EXIT_USAGE,
                    "devices takes 'microphone', 'speaker', 'camera', 'ring' or 'echo-cancel', "
                    "not '%s'",
                    str_printable(printable, sizeof(printable), what));
}

int verb_devices(sd_bus *bus, const Arguments *arguments)
{
        int code = EXIT_DONE;

        if (arguments->n_words == 1)
                return fail(EXIT_USAGE, "missing argument: the name of a listed device, or '%s'",
                            DEFAULT_WORD);
        if (arguments->n_words > 1)
                code = choose(bus, arguments);
        return code == EXIT_DONE ? print_devices(bus, arguments) : code;
}
