/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * org.tring.Calls1.Devices: which values may be written, and which are stored. No devices are
 * watched.
 */

#include <math.h>

#include "bus-fixture.h"
#include "suite.h"

#define PROPERTIES "org.freedesktop.DBus.Properties"

static BusFixture fixture;

static void setup(void)
{
        fixture_start(&fixture);
}

static void teardown(void)
{
        fixture_stop(&fixture);
}

#define set_works(property, ...)                                                             \
        assert_works(&fixture, TRING_PATH, PROPERTIES, "Set", &_error, "ssv", TRING_DEVICES, \
                     property, __VA_ARGS__)
#define set_fails(says, property, ...)                                                          \
        assert_fails(&fixture, "InvalidArgument", says, TRING_PATH, PROPERTIES, "Set", &_error, \
                     "ssv", TRING_DEVICES, property, __VA_ARGS__)

/* Moves the reply to the value of a property; the caller unrefs it. */
static sd_bus_message *get(const char *property, const char *type)
{
        sd_bus_error error = SD_BUS_ERROR_NULL;
        sd_bus_message *reply = fixture_call(&fixture, TRING_PATH, PROPERTIES, "Get", &error, "ss",
                                             TRING_DEVICES, property);

        ck_assert_msg(reply != NULL, "%s: %s", property, error.message);
        ck_assert_int_ge(sd_bus_message_enter_container(reply, 'v', type), 0);
        return reply;
}

static void expect_text(const char *property, const char *value)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = get(property, "s");
        const char *found;

        ck_assert_int_ge(sd_bus_message_read(reply, "s", &found), 0);
        ck_assert_str_eq(found, value);
}

static void expect_volume(double value)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = get("RingVolume", "d");
        double found;

        ck_assert_int_ge(sd_bus_message_read(reply, "d", &found), 0);
        ck_assert_double_eq_tol(found, value, 0.0005);
}

/* The second of two. */
static void expect_ring_device(const char *value)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = get("RingDevices", "as");
        char **names;

        ck_assert_int_ge(sd_bus_message_read_strv(reply, &names), 0);
        ck_assert_ptr_nonnull(names);
        ck_assert_str_eq(names[1], value);
        for (size_t i = 0; names[i]; i++)
                free(names[i]);
        free(names);
}

static void restart(void)
{
        char folder[sizeof(fixture.folder)];

        memcpy(folder, fixture.folder, sizeof(folder));
        fixture_restart(&fixture);
        ck_assert_str_eq(fixture.folder, folder);
}

START_TEST(what_is_written_is_read_again_and_kept_over_a_restart)
{
        set_works("Microphone", "s", "mic");
        set_works("Speaker", "s", "spk.not-there");
        set_works("Camera", "s", "cam");
        set_works("RingDevices", "as", 2, "a", "b c");
        set_works("RingVolume", "d", 0.3);
        set_works("RingSound", "s", "/dev/null");
        set_works("EchoCancel", "s", "no");
        for (int round = 0; round < 2; round++) {
                expect_text("Microphone", "mic");
                expect_text("Speaker", "spk.not-there");
                expect_text("Camera", "cam");
                expect_ring_device("b c");
                expect_volume(0.3);
                expect_text("RingSound", "/dev/null");
                expect_text("EchoCancel", "no");
                if (round == 0)
                        restart();
        }
}
END_TEST

START_TEST(empty_is_the_default_again)
{
        set_works("Microphone", "s", "mic");
        set_works("Microphone", "s", "");
        set_works("RingDevices", "as", 1, "*");
        set_works("RingDevices", "as", 0);
        set_works("RingSound", "s", "");
        restart();
        expect_text("Microphone", "");
        expect_text("RingSound", "");
}
END_TEST

START_TEST(a_change_is_signalled)
{
        fixture_forget(&fixture);
        set_works("Speaker", "s", "spk");
        fixture_settle(&fixture);
        fixture_heard(&fixture, "PropertiesChanged", NULL);
}
END_TEST

START_TEST(what_cannot_be_is_refused_and_changes_nothing)
{
        char long_name[NODE_NAME_MAX + 2] = "";

        memset(long_name, 'x', sizeof(long_name) - 1);
        set_works("Microphone", "s", "mic");
        set_fails("Microphone", "Microphone", "s", "a\nb");
        set_fails("Microphone", "Microphone", "s", long_name);
        expect_text("Microphone", "mic");
        set_fails("RingVolume '1.5'", "RingVolume", "d", 1.5);
        set_fails("RingVolume '-0.1'", "RingVolume", "d", -0.1);
        set_fails("RingVolume", "RingVolume", "d", (double)NAN);
        expect_volume(1);
        set_fails("'ring.oga' is not an absolute path", "RingSound", "s", "ring.oga");
        set_fails("'/nonexistent/ring.oga' cannot be read", "RingSound", "s",
                  "/nonexistent/ring.oga");
        expect_text("RingSound", "");
        set_fails("RingDevices ''", "RingDevices", "as", 2, "a", "");
        set_fails("one device too many", "RingDevices", "as", 9, "1", "2", "3", "4", "5", "6", "7",
                  "8", "9");
        set_fails("EchoCancel 'maybe'", "EchoCancel", "s", "maybe");
        expect_text("EchoCancel", "auto");
}
END_TEST

START_TEST(without_a_program_to_ask_the_lists_are_empty_and_come_at_once)
{
        static const char *const lists[] = {"Microphones", "Speakers", "Cameras"};
        sd_bus_error error = SD_BUS_ERROR_NULL;
        sd_bus_message *all;

        for (size_t i = 0; i < ELEMENTSOF(lists); i++) {
                _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = get(lists[i], "aa{sv}");

                ck_assert_int_ge(sd_bus_message_enter_container(reply, 'a', "a{sv}"), 0);
                ck_assert_int_gt(sd_bus_message_at_end(reply, false), 0);
        }
        all = fixture_call(&fixture, TRING_PATH, PROPERTIES, "GetAll", &error, "s", TRING_DEVICES);
        ck_assert_ptr_nonnull(all);
        sd_bus_message_unref(all);
}
END_TEST

/* The first reading waits for the device list; its reply is like any other. */
START_TEST(all_can_be_read_first)
{
        sd_bus_error error = SD_BUS_ERROR_NULL;
        sd_bus_message *all = fixture_call(&fixture, TRING_PATH, PROPERTIES, "GetAll", &error, "s",
                                           TRING_DEVICES);
        const char *name;
        unsigned n = 0;

        ck_assert_ptr_nonnull(all);
        ck_assert_int_ge(sd_bus_message_enter_container(all, 'a', "{sv}"), 0);
        while (sd_bus_message_enter_container(all, 'e', "sv") > 0) {
                ck_assert_int_ge(sd_bus_message_read(all, "s", &name), 0);
                ck_assert_int_ge(sd_bus_message_skip(all, "v"), 0);
                ck_assert_int_ge(sd_bus_message_exit_container(all), 0);
                n++;
        }
        ck_assert_uint_eq(n, 10);
        sd_bus_message_unref(all);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("bus-devices");
        TCase *tcase = tcase_create("devices");

        tcase_add_checked_fixture(tcase, setup, teardown);
        tcase_add_test(tcase, what_is_written_is_read_again_and_kept_over_a_restart);
        tcase_add_test(tcase, empty_is_the_default_again);
        tcase_add_test(tcase, a_change_is_signalled);
        tcase_add_test(tcase, what_cannot_be_is_refused_and_changes_nothing);
        tcase_add_test(tcase, without_a_program_to_ask_the_lists_are_empty_and_come_at_once);
        tcase_add_test(tcase, all_can_be_read_first);
        suite_add_tcase(suite, tcase);
        return suite_run(suite);
}
