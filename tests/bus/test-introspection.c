/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The live objects match the documentation in dbus/: members, their order, signatures, argument
 * names, access and annotations. Comments and blanks may differ. The list of features, which is in
 * a comment, is compared with the property.
 */

#include "bus-fixture.h"
#include "suite.h"

#define SESSION "11111111-1111-4111-8111-111111111111"
#define CALL_PATH TRING_CALLS_PATH "/11111111_1111_4111_8111_111111111111"

#define CONTEXT 40 /* bytes shown before a difference */

static BusFixture fixture;

static void setup(void)
{
        fixture_start(&fixture);
}

static void teardown(void)
{
        fixture_stop(&fixture);
}

static char *read_file(const char *interface)
{
        _cleanup_free_ char *path = str_printf("%s/%s.xml", DBUS_XML_FOLDER, interface);
        _cleanup_(fclosep) FILE *file = fopen(path, "re");
        char *text = NULL;
        size_t size = 0;

        ck_assert_msg(file != NULL, "%s cannot be read", path);
        ck_assert_int_gt(getdelim(&text, &size, '\0', file), 0);
        return text;
}

/* <interface name="…"> up to its end, without comments, and without blanks between tags. */
static char *interface_of(const char *xml, const char *name)
{
        _cleanup_free_ char *head = str_printf("<interface name=\"%s\">", name);
        const char *p = strstr(xml, head);
        char *plain, *out;

        ck_assert_msg(p != NULL, "%s is not in: %s", name, xml);
        const char *end = strstr(p, "</interface>");
        ck_assert_ptr_nonnull(end);
        plain = out = malloc((size_t)(end - p) + 1);
        ck_assert_ptr_nonnull(plain);
        while (p < end) {
                if (strncmp(p, "<!--", 4) == 0) {
                        p = strstr(p, "-->");
                        ck_assert_ptr_nonnull(p);
                        p += 3;
                } else if (strchr("\n\t ", *p) && (out == plain || out[-1] == '>')) {
                        p++;
                } else {
                        *out++ = *p++;
                }
        }
        *out = '\0';
        return plain;
}

static void compare(const char *path, const char *interface)
{
        sd_bus_error error = SD_BUS_ERROR_NULL;
        const char *xml;
        sd_bus_message *reply = fixture_call(&fixture, path, "org.freedesktop.DBus.Introspectable",
                                             "Introspect", &error, NULL);

        ck_assert_ptr_nonnull(reply);
        ck_assert_int_ge(sd_bus_message_read(reply, "s", &xml), 0);
        _cleanup_free_ char *documented_xml = read_file(interface);
        _cleanup_free_ char *documented = interface_of(documented_xml, interface);
        _cleanup_free_ char *live = interface_of(xml, interface);
        size_t same = 0;
        while (live[same] && live[same] == documented[same])
                same++;
        ck_assert_msg(live[same] == documented[same], "%s: live '%.80s', documented '%.80s'",
                      interface, live + same - MIN_OF(same, CONTEXT),
                      documented + same - MIN_OF(same, CONTEXT));
        sd_bus_message_unref(reply);
}

START_TEST(the_manager_is_what_is_documented)
{
        compare(TRING_PATH, TRING_MANAGER);
}
END_TEST

/* "audio (calls), block, …." up to the dot, without explanations and blanks: "audio,block,…". */
static char *words_of(const char *list)
{
        char *words = strdup(list), *out = words;
        bool explained = false;

        ck_assert_ptr_nonnull(words);
        for (const char *p = list; *p && (explained || *p != '.'); p++) {
                explained = (explained || *p == '(') && *p != ')';
                if (!explained && !strchr(") \n", *p))
                        *out++ = *p;
        }
        *out = '\0';
        return words;
}

static char *documented_features(void)
{
        _cleanup_free_ char *xml = read_file(TRING_MANAGER);
        char *property = strstr(xml, "<property name=\"Features\""), *list;

        ck_assert_ptr_nonnull(property);
        *property = '\0';
        list = strrchr(xml, ':');
        ck_assert_ptr_nonnull(list);
        return words_of(list + 1);
}

START_TEST(the_features_are_those_that_are_documented)
{
        _cleanup_free_ char *documented = documented_features();
        sd_bus_error error = SD_BUS_ERROR_NULL;
        char live[512] = "";
        const char *feature;

        sd_bus_message *reply =
                fixture_call(&fixture, TRING_PATH, "org.freedesktop.DBus.Properties", "Get", &error,
                             "ss", TRING_MANAGER, "Features");
        ck_assert_ptr_nonnull(reply);
        ck_assert_int_ge(sd_bus_message_enter_container(reply, 'v', "as"), 0);
        ck_assert_int_ge(sd_bus_message_enter_container(reply, 'a', "s"), 0);
        while (sd_bus_message_read(reply, "s", &feature) > 0) {
                size_t length = strlen(live);

                snprintf(live + length, sizeof(live) - length, "%s%s", length > 0 ? "," : "",
                         feature);
        }
        ck_assert_str_eq(live, documented);
        sd_bus_message_unref(reply);
}
END_TEST

START_TEST(the_devices_are_what_is_documented)
{
        compare(TRING_PATH, TRING_DEVICES);
}
END_TEST

START_TEST(a_call_is_what_is_documented)
{
        fixture_online(&fixture);
        fixture_incoming(&fixture, SESSION);
        compare(CALL_PATH, TRING_CALL);
}
END_TEST

START_TEST(a_session_is_what_is_documented)
{
        fixture_ongoing(&fixture, SESSION);
        compare(CALL_PATH, TRING_SESSION);
}
END_TEST

START_TEST(a_call_that_rings_has_no_session)
{
        sd_bus_error error = SD_BUS_ERROR_NULL;

        fixture_online(&fixture);
        fixture_incoming(&fixture, SESSION);
        ck_assert_ptr_null(fixture_call(&fixture, CALL_PATH, TRING_SESSION, "Leave", &error, NULL));
        ck_assert_str_eq(error.name, SD_BUS_ERROR_UNKNOWN_METHOD);
        sd_bus_error_free(&error);
}
END_TEST

/* Turns the manager's event signals into methods of a listener. */
static void as_method(char *text)
{
        char *p;

        while ((p = strstr(text, "signal")))
                memcpy(p, "method", 6);
}

START_TEST(a_listener_has_the_methods_that_the_manager_has_as_events)
{
        _cleanup_free_ char *listener_xml = read_file(TRING_LISTENER);
        _cleanup_free_ char *listener = interface_of(listener_xml, TRING_LISTENER);
        _cleanup_free_ char *manager_xml = read_file(TRING_MANAGER);
        _cleanup_free_ char *manager = interface_of(manager_xml, TRING_MANAGER);
        char *p;

        while ((p = strstr(listener, " direction=\"in\"")))
                memmove(p, p + strlen(" direction=\"in\""),
                        strlen(p + strlen(" direction=\"in\"")) + 1);
        as_method(manager);
        p = strstr(listener, "<method");
        ck_assert_ptr_nonnull(p);
        ck_assert_msg(strstr(manager, p) != NULL, "%s", p);
}
END_TEST

START_TEST(the_calls_are_in_the_object_manager)
{
        sd_bus_error error = SD_BUS_ERROR_NULL;
        const char *path;
        bool found = false;

        fixture_online(&fixture);
        fixture_incoming(&fixture, SESSION);
        sd_bus_message *reply =
                fixture_call(&fixture, TRING_PATH, "org.freedesktop.DBus.ObjectManager",
                             "GetManagedObjects", &error, NULL);
        ck_assert_ptr_nonnull(reply);
        ck_assert_int_ge(sd_bus_message_enter_container(reply, 'a', "{oa{sa{sv}}}"), 0);
        while (sd_bus_message_enter_container(reply, 'e', "oa{sa{sv}}") > 0) {
                ck_assert_int_ge(sd_bus_message_read(reply, "o", &path), 0);
                found = found || str_eq(path, CALL_PATH);
                ck_assert_int_ge(sd_bus_message_skip(reply, "a{sa{sv}}"), 0);
                ck_assert_int_ge(sd_bus_message_exit_container(reply), 0);
        }
        ck_assert(found);
        sd_bus_message_unref(reply);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("introspection");
        TCase *tests = tcase_create("all");

        tcase_add_checked_fixture(tests, setup, teardown);
        tcase_add_test(tests, the_manager_is_what_is_documented);
        tcase_add_test(tests, the_features_are_those_that_are_documented);
        tcase_add_test(tests, the_devices_are_what_is_documented);
        tcase_add_test(tests, a_call_is_what_is_documented);
        tcase_add_test(tests, a_session_is_what_is_documented);
        tcase_add_test(tests, a_call_that_rings_has_no_session);
        tcase_add_test(tests, a_listener_has_the_methods_that_the_manager_has_as_events);
        tcase_add_test(tests, the_calls_are_in_the_object_manager);
        suite_add_tcase(suite, tests);
        return suite_run(suite);
}
