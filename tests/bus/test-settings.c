/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* tringd.conf as programs see it: what is wrong with it, and what a reload changes. */

#include <sys/stat.h>

#include "bus-fixture.h"
#include "suite.h"

static BusFixture fixture;
static char path[160]; /* of tringd.conf */

static void setup(void)
{
        fixture_start(&fixture);
        (void)snprintf(path, sizeof(path), "%s/2", fixture.folder);
        (void)mkdir(path, 0700);
        (void)snprintf(path, sizeof(path), "%s/2/tring", fixture.folder);
        ck_assert_int_eq(mkdir(path, 0700), 0);
        (void)snprintf(path, sizeof(path), "%s/2/tring/tringd.conf", fixture.folder);
        fixture_forget(&fixture);
}

static void teardown(void)
{
        fixture_stop(&fixture);
}

static void reload(const char *content)
{
        _cleanup_(fclosep) FILE *file = fopen(path, "we");

        ck_assert_ptr_nonnull(file);
        ck_assert_int_ge(fputs(content, file), 0);
        ck_assert_int_eq(fflush(file), 0);
        daemon_reload(fixture.daemon);
        fixture_settle(&fixture);
}

/* The caller unrefs; it is positioned at the value. */
static sd_bus_message *get(const char *interface, const char *property, const char *type)
{
        sd_bus_error error = SD_BUS_ERROR_NULL;
        sd_bus_message *reply =
                fixture_call(&fixture, TRING_PATH, "org.freedesktop.DBus.Properties", "Get", &error,
                             "ss", interface, property);

        ck_assert_msg(reply != NULL, "%s: %s", property, error.message);
        ck_assert_int_ge(sd_bus_message_enter_container(reply, 'v', type), 0);
        return reply;
}

static void expect_error(const char *first, const char *second)
{
        sd_bus_message *reply = get(TRING_MANAGER, "ConnectionError", "s");
        const char *text;

        ck_assert_int_ge(sd_bus_message_read(reply, "s", &text), 0);
        ck_assert_msg(first ? strstr(text, first) && strstr(text, second) : !*text, "says: %s",
                      text);
        sd_bus_message_unref(reply);
}

static double ring_volume(void)
{
        sd_bus_message *reply = get(TRING_DEVICES, "RingVolume", "d");
        double volume;

        ck_assert_int_ge(sd_bus_message_read(reply, "d", &volume), 0);
        sd_bus_message_unref(reply);
        return volume;
}

START_TEST(what_cannot_be_read_is_said_for_as_long_as_it_lasts)
{
        expect_error(NULL, NULL);
        reload("[media]\nrelay-only = perhaps\n");
        fixture_heard(&fixture, "PropertiesChanged", NULL);
        expect_error("tringd.conf:2: relay-only: \"perhaps\" is not yes or no",
                     "relay-only counts as \"yes\"");
        /* Also while the connection has a sentence of its own, and after it. */
        ck_assert_int_ge(phone_connection_changed(fixture.daemon->phone, DAEMON_NOW(fixture.daemon),
                                                  PHONE_OFFLINE, "the hub is away"),
                         0);
        expect_error("the hub is away; ", "tringd.conf:2: relay-only");
        fixture_online(&fixture);
        expect_error("tringd.conf:2: relay-only", "");
        reload("[media]\nrelay-only = yes\n");
        expect_error(NULL, NULL);
}
END_TEST

START_TEST(a_reload_uses_what_the_file_says_now)
{
        reload("[ring]\nvolume = 50%\n[media]\nrelay-only = yes\n");
        fixture_heard(&fixture, "PropertiesChanged", NULL);
        ck_assert_double_eq(ring_volume(), 0.5);
        ck_assert(fixture.daemon->settings.relay_only);
        reload("");
        ck_assert_double_eq(ring_volume(), 1);
        ck_assert(!fixture.daemon->settings.relay_only);
}
END_TEST

START_TEST(a_reload_that_changes_nothing_announces_nothing)
{
        reload("[ring]\nvolume = 50%\ndevice = a\n");
        fixture_forget(&fixture);
        reload("[ring]\nvolume = 0.5\ndevice = \"a\"\n");
        fixture_heard(&fixture, NULL);
}
END_TEST

START_TEST(what_a_program_has_chosen_outlives_a_reload)
{
        assert_works(&fixture, TRING_PATH, "org.freedesktop.DBus.Properties", "Set", &_error, "ssv",
                     TRING_DEVICES, "RingVolume", "d", 0.25);
        reload("[ring]\nvolume = 50%\n");
        ck_assert_double_eq(ring_volume(), 0.25);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("bus: settings");
        TCase *tests = tcase_create("settings");

        tcase_add_checked_fixture(tests, setup, teardown);
        tcase_add_test(tests, what_cannot_be_read_is_said_for_as_long_as_it_lasts);
        tcase_add_test(tests, a_reload_uses_what_the_file_says_now);
        tcase_add_test(tests, a_reload_that_changes_nothing_announces_nothing);
        tcase_add_test(tests, what_a_program_has_chosen_outlives_a_reload);
        suite_add_tcase(suite, tests);
        return suite_run(suite);
}
