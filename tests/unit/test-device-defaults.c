/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The system's default devices, as PipeWire's metadata tells of them. */

#include <check.h>

#include "base/cleanup.h"
#include "media/device-defaults.h"
#include "suite.h"

static DeviceDefaults with_a_microphone(void)
{
        DeviceDefaults defaults = {};

        ck_assert(device_defaults_take(&defaults, "default.audio.source", "{\"name\":\"mic\"}"));
        ck_assert_str_eq(defaults.names[DEVICE_MICROPHONE], "mic");
        return defaults;
}

START_TEST(default_is_a_wish_if_somebody_has_set_it)
{
        DeviceDefaults defaults = with_a_microphone();

        ck_assert(!device_defaults_is_wish(&defaults, DEVICE_MICROPHONE));
        ck_assert(device_defaults_take(&defaults, "default.configured.audio.source",
                                       "{\"name\":\"mic\"}"));
        ck_assert(device_defaults_is_wish(&defaults, DEVICE_MICROPHONE));
        ck_assert(device_defaults_take(&defaults, "default.audio.source", "{\"name\":\"other\"}"));
        ck_assert(!device_defaults_is_wish(&defaults, DEVICE_MICROPHONE));
        ck_assert(!device_defaults_is_wish(&defaults, DEVICE_SPEAKER));
}
END_TEST

START_TEST(what_is_removed_is_forgotten)
{
        DeviceDefaults defaults = with_a_microphone();

        device_defaults_take(&defaults, "default.audio.sink", "{\"name\":\"speaker\"}");
        ck_assert(device_defaults_take(&defaults, "default.audio.source", NULL));
        ck_assert_str_eq(defaults.names[DEVICE_MICROPHONE], "");
        ck_assert_str_eq(defaults.names[DEVICE_SPEAKER], "speaker");
}
END_TEST

START_TEST(all_are_forgotten_when_the_metadata_is_cleared)
{
        DeviceDefaults defaults = with_a_microphone();

        device_defaults_take(&defaults, "default.configured.audio.source", "{\"name\":\"mic\"}");
        device_defaults_take(&defaults, "default.video.source", "{\"name\":\"cam\"}");
        ck_assert(device_defaults_take(&defaults, NULL, NULL));
        ck_assert_str_eq(defaults.names[DEVICE_MICROPHONE], "");
        ck_assert_str_eq(defaults.wishes[DEVICE_MICROPHONE], "");
        ck_assert_str_eq(defaults.names[DEVICE_CAMERA], "");
        ck_assert(!device_defaults_is_wish(&defaults, DEVICE_MICROPHONE));
        ck_assert(!device_defaults_take(&defaults, NULL, NULL));
}
END_TEST

static const struct {
        const char *key, *value;
} nonsense[] = {
        {"default.audio.source", "{\"name\":\"mic\"}"}, /* as it is */
        {"default.audio.sourc", "{\"name\":\"other\"}"},
        {"", "{\"name\":\"other\"}"},
        {"default.audio.sink", "\"speaker\""},
        {"default.audio.sink", "{\"name\":"},
        {"default.audio.sink", ""},
};

START_TEST(nothing_changes_without_news)
{
        DeviceDefaults defaults = with_a_microphone();

        ck_assert(!device_defaults_take(&defaults, nonsense[_i].key, nonsense[_i].value));
        ck_assert_str_eq(defaults.names[DEVICE_MICROPHONE], "mic");
        ck_assert_str_eq(defaults.names[DEVICE_SPEAKER], "");
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("device-defaults");
        TCase *tcase = tcase_create("defaults");

        tcase_add_test(tcase, default_is_a_wish_if_somebody_has_set_it);
        tcase_add_test(tcase, what_is_removed_is_forgotten);
        tcase_add_test(tcase, all_are_forgotten_when_the_metadata_is_cleared);
        tcase_add_loop_test(tcase, nothing_changes_without_news, 0, ELEMENTSOF(nonsense));
        suite_add_tcase(suite, tcase);
        return suite_run(suite);
}
