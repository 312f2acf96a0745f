/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "base/cleanup.h"
#include "suite.h"
#include "tringd/settings.h"

static char path[64];

static void setup(void)
{
        (void)STR_SET(path, "/tmp/test-settings-XXXXXX");
        _cleanup_close_ int fd = mkstemp(path);
        ck_assert_int_ge(fd, 0);
}

static void teardown(void)
{
        ck_assert_int_eq(unlink(path), 0);
}

static int load(const char *content, Settings *ret, char **ret_text)
{
        _cleanup_(fclosep) FILE *file = fopen(path, "we");

        ck_assert_ptr_nonnull(file);
        ck_assert_int_ge(fputs(content, file), 0);
        ck_assert_int_eq(fflush(file), 0);
        return settings_load(path, ret, ret_text);
}

START_TEST(every_key_is_taken)
{
        _cleanup_free_ char *text = NULL;
        Settings settings;

        ck_assert_int_eq(load("; a comment\n"
                              "[hub]\ninsecure = yes\n"
                              "[ring]\nsound = /usr/share/sounds/x.oga\nvolume = 0.25\n"
                              "device = speakers\ndevice = bell\nring-back = no\n"
                              "[media]\nmicrophone = mic\nspeaker = headset\ncamera = cam\n"
                              "echo-cancel = no\nrelay-only = yes\n",
                              &settings, &text),
                         0);
        ck_assert_ptr_null(text);
        ck_assert(settings.insecure);
        ck_assert_str_eq(settings.ring_sound, "/usr/share/sounds/x.oga");
        ck_assert_double_eq(settings.ring_volume, 0.25);
        ck_assert_uint_eq(settings.ring_devices.n, 2);
        ck_assert_str_eq(settings.ring_devices.names[0], "speakers");
        ck_assert_str_eq(settings.ring_devices.names[1], "bell");
        ck_assert(!settings.ring_back);
        ck_assert_str_eq(settings.devices[DEVICE_MICROPHONE], "mic");
        ck_assert(settings.relay_only);
        ck_assert_str_eq(settings.devices[DEVICE_SPEAKER], "headset");
        ck_assert_str_eq(settings.devices[DEVICE_CAMERA], "cam");
        ck_assert_int_eq(settings.echo_cancel, ECHO_CANCEL_NO);
}
END_TEST

START_TEST(a_value_can_be_replaced_by_another_or_by_the_default)
{
        _cleanup_free_ char *text = NULL;
        char volume[SETTINGS_VOLUME_SIZE];
        Settings settings;

        ck_assert_int_eq(load("[ring]\nvolume = 0.25\ndevice = speakers\n"
                              "[media]\nmicrophone = mic\n",
                              &settings, &text),
                         0);
        ck_assert(settings_replace(&settings, "ring", "device", "a\nb\nc"));
        ck_assert_uint_eq(settings.ring_devices.n, 3);
        ck_assert_str_eq(settings.ring_devices.names[2], "c");
        ck_assert(settings_replace(&settings, "ring", "device", ""));
        ck_assert_uint_eq(settings.ring_devices.n, 0);
        ck_assert(settings_replace(&settings, "media", "microphone", ""));
        ck_assert_str_eq(settings.devices[DEVICE_MICROPHONE], "");
        ck_assert(settings_replace(&settings, "ring", "volume", settings_volume(0.125, volume)));
        ck_assert_double_eq(settings.ring_volume, 0.125);

        ck_assert(!settings_replace(&settings, "ring", "volume", "loud"));
        ck_assert_double_eq(settings.ring_volume, 1);
        ck_assert(!settings_replace(&settings, "ring", "device", "1\n2\n3\n4\n5\n6\n7\n8\n9"));
        ck_assert_uint_eq(settings.ring_devices.n, 0);
        ck_assert(!settings_replace(&settings, "ring", "colour", "red"));
}
END_TEST

START_TEST(lines_may_be_indented_and_a_list_may_take_several)
{
        _cleanup_free_ char *text = NULL;
        Settings settings;

        ck_assert_int_eq(load("[ring]\n  device = speakers\n    bell\n\tvolume = 0.25\n"
                              "  [media]\n  relay-only : yes\n",
                              &settings, &text),
                         0);
        ck_assert_uint_eq(settings.ring_devices.n, 2);
        ck_assert_str_eq(settings.ring_devices.names[1], "bell");
        ck_assert_double_eq(settings.ring_volume, 0.25);
        ck_assert(settings.relay_only);
}
END_TEST

static const struct {
        const char *content, *says;
} wrong[] = {
        {"[ring]\nvolume = 1\nvolum = 2\n", ":3: volum: there is no such key in [ring]"},
        {"[rings]\nvolume = 1\n", ":2: [rings]: there is no such section"},
        {"[ring]\nvolume = loud\n", ":2: volume: \"loud\" is not a number from 0 to 1"},
        {"[ring]\nvolume = 1.5\n", "\"1.5\""},
        {"[ring]\nvolume = nan\n", "\"nan\""},
        {"[ring]\nsound = bell.wav\n", "is not the absolute path"},
        {"[hub]\ninsecure = perhaps\n", "not yes or no"},
        {"[ring]\nvolume = 1\nnonsense\n", ":3: neither [section] nor key = value"},
        {"[ring]\nvolume = \033[31m\n", "\"?[31m\""},
};

START_TEST(what_is_wrong_is_named_by_file_line_and_key)
{
        _cleanup_free_ char *text = NULL;
        Settings settings, defaults;

        settings_defaults(&defaults);
        ck_assert_int_eq(load(wrong[_i].content, &settings, &text), -EINVAL);
        ck_assert_ptr_nonnull(text);
        ck_assert_msg(strncmp(text, path, strlen(path)) == 0, "says: %s", text);
        ck_assert_msg(strstr(text, wrong[_i].says) != NULL, "says: %s", text);
        ck_assert_double_eq(settings.ring_volume, defaults.ring_volume);
        ck_assert_int_eq(settings.insecure, defaults.insecure);
}
END_TEST

/*
 * Each ".It Cm key No =" under its ".Ss [section]" is a line that tringd accepts, and none is
 * missing.
 */
START_TEST(the_manual_has_the_keys_that_are_taken)
{
        static const char *const values[] = {"yes", "0.5", "/x", "node"};
        _cleanup_(fclosep) FILE *manual = fopen(TRINGD_MANUAL, "re");
        char line[256], section[32] = "", key[32], content[128];
        size_t n = 0;

        ck_assert_ptr_nonnull(manual);
        while (fgets(line, sizeof(line), manual)) {
                if (sscanf(line, ".Ss [%31[a-z]]", section) == 1 ||
                    sscanf(line, ".It Cm %31[a-z-] No =", key) != 1)
                        continue;
                bool taken = false;
                for (size_t i = 0; i < ELEMENTSOF(values) && !taken; i++) {
                        _cleanup_free_ char *text = NULL;
                        Settings settings;

                        (void)snprintf(content, sizeof(content), "[%s]\n%s = %s\n", section, key,
                                       values[i]);
                        taken = load(content, &settings, &text) == 0;
                }
                ck_assert_msg(taken, "[%s] %s is in the manual only", section, key);
                n++;
        }
        ck_assert_uint_eq(n, SETTINGS_KEYS);
}
END_TEST

START_TEST(no_file_means_the_defaults)
{
        _cleanup_free_ char *text = NULL;
        Settings settings;

        ck_assert_int_eq(settings_load("/nonexistent/tringd.conf", &settings, &text), 0);
        ck_assert_ptr_null(text);
        ck_assert_double_eq(settings.ring_volume, 1);
        ck_assert(settings.ring_back);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("tringd-settings");
        TCase *tests = tcase_create("all");

        tcase_add_checked_fixture(tests, setup, teardown);
        tcase_add_test(tests, every_key_is_taken);
        tcase_add_test(tests, a_value_can_be_replaced_by_another_or_by_the_default);
        tcase_add_test(tests, lines_may_be_indented_and_a_list_may_take_several);
        tcase_add_loop_test(tests, what_is_wrong_is_named_by_file_line_and_key, 0,
                            ELEMENTSOF(wrong));
        tcase_add_test(tests, the_manual_has_the_keys_that_are_taken);
        tcase_add_test(tests, no_file_means_the_defaults);
        suite_add_tcase(suite, tests);
        return suite_run(suite);
}
