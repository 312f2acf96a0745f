/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/ini-table.h"
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
        {"[rings]\nvolume = 1\n", ":1: [rings]: there is no such section"},
        {"[ring]\nvolume = loud\n", ":2: volume: \"loud\" is not a share"},
        {"[ring]\nvolume = 1.5\n", "\"1.5\""},
        {"[ring]\nvolume = nan\n", "\"nan\""},
        {"[ring]\nvolume = 80\n", "\"80\" is not a share: 0 to 1, or 0% to 100%"},
        {"[ring]\nvolume = 101%\n", "\"101%\""},
        {"[ring]\nsound = bell.wav\n", "is not an absolute path"},
        {"[ring]\nsound = /a/Music ;old/x.oga\n", "sound: put quotes around the value"},
        {"[media]\nmicrophone = mic # the good one\n", "microphone: put quotes"},
        {"[media]\necho-cancel = perhaps\n", "is not auto, yes or no"},
        {"[hub]\ninsecure = perhaps\n", "not yes or no"},
        {"[ring]\nvolume = 1\nnonsense\n", ":3: \"nonsense\" is neither [section] nor key = value"},
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

/* A slip of every kind, and settings before and after it. */
static const char *const slips[] = {
        "[ring]\nvolume = 50x\n",
        "[ring]\nvolum = 0.5\n",
        "[rings]\nvolume = 0.5\n",
        "[ring]\nnonsense\n",
        "[ring\n",
        "[ring]\nsound = \"/x.oga\n",
        "[ring]\nvolume = 0.5\nvolume = 0.5\n",
        "[hub]\nring-back = yes\n",
};

START_TEST(a_slip_costs_no_other_setting)
{
        _cleanup_free_ char *text = NULL, *content = NULL;
        Settings settings;

        content = str_printf("[media]\nspeaker = headset\nrelay-only = yes\n%s"
                             "[media]\nmicrophone = mic\n[ring]\nring-back = no\n",
                             slips[_i]);
        ck_assert_int_eq(load(content, &settings, &text), -EINVAL);
        ck_assert_str_eq(settings.devices[DEVICE_SPEAKER], "headset");
        ck_assert_str_eq(settings.devices[DEVICE_MICROPHONE], "mic");
        ck_assert(settings.relay_only);
        ck_assert(!settings.ring_back);
        ck_assert(!strstr(text, "counts as"));
}
END_TEST

START_TEST(further_errors_are_counted)
{
        _cleanup_free_ char *text = NULL;
        Settings settings;

        ck_assert_int_eq(load("[ring]\nvolume = x\nvolum = 1\n[medium]\n", &settings, &text),
                         -EINVAL);
        ck_assert_msg(strstr(text, ":2: volume: \"x\"") && strstr(text, " (and 2 more"), "%s",
                      text);
}
END_TEST

/* What nobody can read may have been the wish to be protected. */
static const struct {
        const char *content;
        bool relay_only, insecure;
} protection[] = {
        {"", false, false},
        {"[media]\nrelay-only = no\n", false, false},
        {"[media]\nrelay-only = nope\n", true, false},
        {"[media]\nrelay-only =\n", true, false},
        {"[media]\nrelay-only yes\n", true, false},
        {"[media]\nrelay only = yes\n", true, false},
        {"[ring]\nrelay-only = yes\n", true, false},
        {"[mdia]\nrelay-only = yes\n", true, false},
        {"relay-only = yes\n", true, false},
        {"[media\nrelay-only = yes\n", true, false},
        {"[media]\nrelay-only = yes\nrelay-only = no\n", true, false},
        {"[media]\nrelay-only = no\nrelay-only = \"yes\n", true, false},
        /* The file says what it wants of it, whatever else is wrong. */
        {"[media]\nrelay-only = no\nrelay = yes\n", false, false},
        /* A line that can only have been meant for another setting. */
        {"[ring]\nvolume = 50x\n", false, false},
        {"[hub]\ninsecure = yes\n", false, true},
        {"[hub]\ninsecure = maybe\n", false, false},
        {"[hub]\ninsecure = yes\ninsecure = no\n", false, false},
        {"[hub]\ninsecure = yes\nnonsense\n[media]\nrelay-only = no\n", false, true},
};

START_TEST(settings_that_protect_are_on_while_the_file_cannot_be_read)
{
        _cleanup_free_ char *text = NULL;
        Settings settings;

        int r = load(protection[_i].content, &settings, &text);
        ck_assert_msg(settings.relay_only == protection[_i].relay_only &&
                              settings.insecure == protection[_i].insecure,
                      "relay-only %d, insecure %d with: %s", settings.relay_only, settings.insecure,
                      protection[_i].content);
        if (r < 0 && settings.relay_only)
                ck_assert_msg(strstr(text, "; until then relay-only counts as \"yes\""), "%s",
                              text);
}
END_TEST

static void expect_protected(const char *file, const char *says)
{
        _cleanup_free_ char *text = NULL;
        Settings settings;

        ck_assert_int_lt(settings_load(file, &settings, &text), 0);
        ck_assert(settings.relay_only);
        ck_assert_msg(strstr(text, file) && strstr(text, says) &&
                              strstr(text, "relay-only counts as \"yes\""),
                      "%s", text);
}

START_TEST(something_else_in_place_of_the_file_is_said)
{
        _cleanup_free_ char *huge = calloc(1, INI_FILE_MAX + 2), *text = NULL, *utf16 = NULL;
        Settings settings;
        char other[96];

        ck_assert_int_eq(unlink(path), 0);
        ck_assert_int_eq(mkdir(path, 0700), 0);
        expect_protected(path, "Is a directory");
        ck_assert_int_eq(rmdir(path), 0);
        ck_assert_int_eq(mkfifo(path, 0600), 0);
        expect_protected(path, "is not a file");
        ck_assert_int_eq(unlink(path), 0);
        ck_assert_int_eq(symlink("/nonexistent/tringd.conf", path), 0);
        expect_protected(path, "is a link to a file that is not there");
        ck_assert_int_eq(unlink(path), 0);
        memset(huge, '\n', INI_FILE_MAX + 1);
        ck_assert_int_eq(load(huge, &settings, &text), -EFBIG);
        expect_protected(path, "is longer than");
        (void)snprintf(other, sizeof(other), "%s/x", path);
        expect_protected(other, "Not a directory");
        ck_assert_int_eq(load("\xff\xfe[", &settings, &utf16), -EILSEQ);
        expect_protected(path, "UTF-16");
}
END_TEST

START_TEST(a_file_may_have_the_longest_size)
{
        _cleanup_free_ char *content = calloc(1, INI_FILE_MAX + 1), *text = NULL;
        Settings settings;

        memset(content, '\n', INI_FILE_MAX);
        memcpy(content, "[ring]\nvolume=0\n", 16);
        ck_assert_int_eq(load(content, &settings, &text), 0);
        ck_assert_double_eq(settings.ring_volume, 0);
}
END_TEST

START_TEST(shares_and_switches_may_be_written_as_people_do)
{
        static const struct {
                const char *text;
                double share;
        } shares[] = {{"0.5", 0.5},  {"0,5", 0.5},     {".5", 0.5}, {"50%", 0.5},
                      {"50 %", 0.5}, {"1", 1},         {"100%", 1}, {"0", 0},
                      {"0%", 0},     {"12,5%", 0.125}, {"1.0", 1},  {"\"0.5\"", 0.5}};
        static const char *const yes[] = {"yes", "Yes", "TRUE", "on", "1", "y", "\"yes\"", "'on'"};
        static const char *const no[] = {"no", "NO", "False", "off", "0", "n", "no ; comment"};
        char content[128];
        Settings settings;
        _cleanup_free_ char *text = NULL;

        for (size_t i = 0; i < ELEMENTSOF(shares); i++) {
                (void)snprintf(content, sizeof(content), "[ring]\nvolume = %s\n", shares[i].text);
                ck_assert_msg(load(content, &settings, &text) == 0, "%s", text);
                ck_assert_double_eq(settings.ring_volume, shares[i].share);
        }
        for (size_t i = 0; i < ELEMENTSOF(yes); i++) {
                (void)snprintf(content, sizeof(content),
                               "[media]\nrelay-only = %s\n"
                               "echo-cancel = %s # always\n",
                               yes[i], yes[i]);
                ck_assert_msg(load(content, &settings, &text) == 0, "%s", text);
                ck_assert(settings.relay_only);
                ck_assert_int_eq(settings.echo_cancel, ECHO_CANCEL_YES);
        }
        for (size_t i = 0; i < ELEMENTSOF(no); i++) {
                (void)snprintf(content, sizeof(content), "[ring]\nring-back = %s\n", no[i]);
                ck_assert_msg(load(content, &settings, &text) == 0, "%s", text);
                ck_assert(!settings.ring_back);
        }
}
END_TEST

START_TEST(a_sound_may_lie_in_the_home_folder_and_have_a_long_path)
{
        _cleanup_free_ char *text = NULL;
        char content[SETTINGS_PATH_MAX + 64], long_path[SETTINGS_PATH_MAX + 2];
        Settings settings;

        ck_assert_int_eq(setenv("HOME", "/home/a b", 1), 0);
        ck_assert_int_eq(load("[ring]\nsound = \"~/Music ;old/x.oga\"\n", &settings, &text), 0);
        ck_assert_str_eq(settings.ring_sound, "/home/a b/Music ;old/x.oga");
        for (size_t n = SETTINGS_PATH_MAX; n <= SETTINGS_PATH_MAX + 1; n++) {
                memset(long_path, 'a', n);
                long_path[0] = '/';
                long_path[n] = '\0';
                (void)snprintf(content, sizeof(content), "[ring]\nsound = %s\n", long_path);
                ck_assert_int_eq(load(content, &settings, &text),
                                 n == SETTINGS_PATH_MAX ? 0 : -EINVAL);
                ck_assert_str_eq(settings.ring_sound, n == SETTINGS_PATH_MAX ? long_path : "");
        }
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
        tcase_add_loop_test(tests, a_slip_costs_no_other_setting, 0, ELEMENTSOF(slips));
        tcase_add_test(tests, further_errors_are_counted);
        tcase_add_loop_test(tests, settings_that_protect_are_on_while_the_file_cannot_be_read, 0,
                            ELEMENTSOF(protection));
        tcase_add_test(tests, something_else_in_place_of_the_file_is_said);
        tcase_add_test(tests, a_file_may_have_the_longest_size);
        tcase_add_test(tests, shares_and_switches_may_be_written_as_people_do);
        tcase_add_test(tests, a_sound_may_lie_in_the_home_folder_and_have_a_long_path);
        tcase_add_test(tests, the_manual_has_the_keys_that_are_taken);
        tcase_add_test(tests, no_file_means_the_defaults);
        suite_add_tcase(suite, tests);
        return suite_run(suite);
}
