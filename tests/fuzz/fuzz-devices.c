/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What other programs tell of devices through PipeWire: settings of its metadata, and names. Each
 * line of the input is a byte that chooses the key, and the value.
 */
#include <string.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "fuzz.h"
#include "media/device-choice.h"
#include "media/device-defaults.h"
#include "model/message.h"

static const char *const keys[] = {
        "default.audio.source",
        "default.audio.sink",
        "default.video.source",
        "default.configured.audio.source",
        "default.configured.audio.sink",
        "default.configured.video.source",
        "another",
        NULL,
};

static void say(const char *chosen)
{
        char text[MESSAGE_TEXT_MAX + 1];

        for (DeviceUse was = DEVICE_UNKNOWN; was <= DEVICE_CHOSEN; was++)
                for (DeviceUse now = DEVICE_NONE; now <= DEVICE_CHOSEN; now++)
                        if (device_sentence(was, now, "microphone", chosen, text, sizeof(text)))
                                fuzz_must(text_is_valid(text, MESSAGE_TEXT_MAX));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        FuzzInput input = {data, size};
        _cleanup_free_ char *lines = fuzz_rest(&input);
        DeviceDefaults defaults = {};
        char *rest = lines, *line;

        while (lines && (line = strsep(&rest, "\n"))) {
                const char *key = keys[(unsigned char)*line % ELEMENTSOF(keys)];
                const char *value = *line ? line + 1 : line;

                device_defaults_take(&defaults, key, value);
                fuzz_must(!device_defaults_take(&defaults, key, value));
                for (DeviceKind kind = 0; kind < DEVICE_KIND_COUNT; kind++)
                        fuzz_must(strlen(defaults.names[kind]) <= NODE_NAME_MAX);
                say(defaults.names[DEVICE_MICROPHONE]);
        }
        return 0;
}
