/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Settings files: the first byte chooses the program, the rest is the file. A file with errors gets
 * a sentence, and only valid values.
 */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "fuzz.h"
#include "hub/config.h"
#include "tringd/settings.h"

static void read_tringd(const char *path)
{
        _cleanup_free_ char *text = NULL;
        Settings settings;

        if (settings_load(path, &settings, &text) < 0)
                fuzz_must(text && *text);
        fuzz_must(settings.ring_volume >= 0 && settings.ring_volume <= 1);
        fuzz_must(settings.ring_devices.n <= RING_DEVICES_MAX);
        fuzz_must(!*settings.ring_sound || settings.ring_sound[0] == '/');
}

static void count_line(const char *line, void *userdata)
{
        fuzz_must(*line);
        ++*(int *)userdata;
}

static void read_hub(const char *path)
{
        _cleanup_free_ char *text = NULL;
        Config config;
        int said = 0;

        config_init(&config);
        int read = config_read(&config, path, &text);
        int wrong = config_check(path, count_line, &said);
        fuzz_must((read < 0) == (wrong != 0));
        fuzz_must(wrong < 0 || wrong == said);
        fuzz_must(read == 0 || (text && *text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        FuzzInput input = {data, size};
        bool hub = fuzz_below(&input, 2);
        _cleanup_close_ int fd = memfd_create("settings", MFD_CLOEXEC);
        char path[64];

        if (fd < 0 || write(fd, input.data, input.left) < 0)
                return 0;
        snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
        if (hub)
                read_hub(path);
        else
                read_tringd(path);
        return 0;
}
