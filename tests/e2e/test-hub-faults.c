/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glob.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "hub-rig.h"
#include "rig/disk.h"
#include "wire/wire.h"

/* Starts a tring-hub that must fail: it must exit with `status` and print `sentence`. */
static void expect_refusal(int status, const char *const *argv, const char *sentence)
{
        RunResult result;

        process_run(h->rig, &h->hub->environment, argv, NULL, &result);
        ck_assert_msg(result.status == status && strstr(result.err, sentence),
                      "expected %d … %s …: %d %s", status, sentence, result.status, result.err);
        run_result_done(&result);
}

START_TEST(a_port_in_use_is_named)
{
        char state[RIG_PATH_MAX], sentence[128];

        rig_path(state, "%s/other", h->rig->dir);
        snprintf(sentence, sizeof(sentence), "127.0.0.1 port %u: Address already in use",
                 hub_port(h->hub));
        expect_refusal(
                1, ARGV(rig_program("HUB"), "serve", "--state", state, "--listen", h->hub->listen),
                sentence);
}
END_TEST

START_TEST(a_state_folder_belongs_to_one_hub)
{
        expect_refusal(1,
                       ARGV(rig_program("HUB"), "serve", "--state", h->hub->state, "--listen",
                            "127.0.0.1:0"),
                       h->hub->state);
}
END_TEST

static const struct {
        const char *listen, *sentence;
} addresses[] = {
        {"nonsense", "--listen: \"nonsense\""},
        {"127.0.0.1:x", "\"127.0.0.1:x\""},
        {"127.0.0.1:70000", "\"127.0.0.1:70000\""},
        {"0.0.0.0:0", "0.0.0.0 is not a loopback address"},
};

START_TEST(a_wrong_address_is_named)
{
        char state[RIG_PATH_MAX];

        rig_path(state, "%s/other", h->rig->dir);
        expect_refusal(2,
                       ARGV(rig_program("HUB"), "serve", "--state", state, "--listen",
                            addresses[_i].listen),
                       addresses[_i].sentence);
}
END_TEST

START_TEST(a_broken_settings_file_is_named_with_line_and_key)
{
        char config[RIG_PATH_MAX], state[RIG_PATH_MAX], sentence[RIG_PATH_MAX + 64];

        rig_path(state, "%s/other", h->rig->dir);
        rig_path(config, "%s/broken.conf", h->rig->dir);
        rig_write_file(config, "[limits]\ncalls-per-minute = many\n", 0600);
        snprintf(sentence, sizeof(sentence), "%s:2: calls-per-minute: \"many\"", config);
        /* The unit starts no hub again that ends so. */
        expect_refusal(2, ARGV(rig_program("HUB"), "serve", "--state", state, "--config", config),
                       sentence);
        expect_refusal(1, ARGV(rig_program("HUB"), "check-config", config), sentence);
}
END_TEST

START_TEST(a_state_folder_that_cannot_be_written_is_named)
{
        char folder[RIG_PATH_MAX];
        /* Root may write anywhere, unless it has lost CAP_DAC_OVERRIDE. */
        const char *argv[12] = {"setpriv", "--bounding-set", "-dac_override"};
        size_t n = geteuid() == 0 ? 3 : 0;

        rig_path(folder, "%s/read-only", h->rig->dir);
        ck_assert_int_eq(mkdir(folder, 0500), 0);
        argv[n++] = rig_program("HUB");
        argv[n++] = "serve";
        argv[n++] = "--state";
        argv[n++] = folder;
        expect_refusal(1, argv, folder);
}
END_TEST

START_TEST(a_certificate_that_is_none_is_named)
{
        char state[RIG_PATH_MAX], file[RIG_PATH_MAX];

        rig_path(state, "%s/other", h->rig->dir);
        rig_path(file, "%s/cert", h->rig->dir);
        rig_write_file(file, "hello\n", 0600);
        expect_refusal(1,
                       ARGV(rig_program("HUB"), "serve", "--state", state, "--listen",
                            "127.0.0.1:0", "--tls-cert", file, "--tls-key", file),
                       file);
        expect_refusal(2, ARGV(rig_program("HUB"), "serve", "--state", state, "--tls-cert", file),
                       "--tls-key");
}
END_TEST

START_TEST(a_database_cut_off_is_moved_aside)
{
        char path[RIG_PATH_MAX], pattern[RIG_PATH_MAX + 16];
        struct stat status;
        glob_t found = {0};

        hub_stop(h->hub);
        rig_path(path, "%s/hub.db", h->hub->state);
        ck_assert_int_eq(stat(path, &status), 0);
        ck_assert_int_eq(truncate(path, status.st_size / 2), 0);
        hub_start(h->hub);
        ck_assert(process_has_said(h->hub->process, "was broken"));
        snprintf(pattern, sizeof(pattern), "%s.broken-*", path);
        ck_assert_int_eq(glob(pattern, 0, NULL, &found), 0);
        globfree(&found);

        hub_add_user(h->hub, "alice", "Alice");
        _cleanup_free_ char *token = hub_mint(h->hub, "alice");
        talker_free(talker_new(hub_port(h->hub), token, "d"));
}
END_TEST

static void limit_files(pid_t pid, rlim_t bytes)
{
        ck_assert_int_eq(prlimit(pid, RLIMIT_FSIZE, &(struct rlimit){bytes, RLIM_INFINITY}, NULL),
                         0);
}

/* Two ways to be full: a file at its limit (EFBIG, once the signal is ignored), and ENOSPC. */
typedef enum Fullness {
        FULL_FILE,
        FULL_DISK,
        FULLNESS_COUNT,
} Fullness;

static void start_hub_that_can_be_full(Fullness fullness)
{
        hub_stop(h->hub);
        if (fullness == FULL_DISK)
                disk_put_under(h->rig, h->hub->state);
        h->hub->process = process_start(h->rig, "hub", &h->hub->environment,
                                        ARGV("sh", "-c", "trap '' XFSZ; exec \"$@\"", "sh",
                                             rig_program("HUB"), "serve", "--state", h->hub->state,
                                             "--listen", h->hub->listen));
        free(process_wait_line(h->hub->process, "listening on "));
}

static void hub_is_full(Fullness fullness, bool full)
{
        if (fullness == FULL_FILE)
                limit_files(h->hub->process->pid, full ? 4096 : RLIM_INFINITY);
        else if (full)
                disk_fill(h->hub->state);
        else
                disk_clear(h->hub->state);
}

static void stop_hub_that_was_full(Fullness fullness)
{
        if (fullness != FULL_DISK)
                return;
        hub_stop(h->hub);
        disk_remove(h->hub->state);
        hub_start(h->hub); /* stopped at the end of each test */
}

static char *history_of(Talker *talker)
{
        cJSON *page = talker_request(talker, "history", "%s", "");
        char *text = cJSON_PrintUnformatted(page);

        cJSON_Delete(page);
        return text;
}

START_TEST(with_a_full_disk_nothing_is_confirmed_that_is_not_stored)
{
        char live[TALKER_UUID_SIZE], held[TALKER_UUID_SIZE], refused[TALKER_UUID_SIZE];

        start_hub_that_can_be_full((Fullness)_i);
        Talker *alice = hub_rig_alice(h), *bob = hub_rig_bob(h);
        hub_rig_call(alice, bob, live);
        Talker *desk = talker_new(hub_port(h->hub), h->bob, "bob-2");

        /* The end takes effect; its reply comes when it is stored. */
        hub_is_full((Fullness)_i, true);
        talker_say(bob, "end", "\"session_id\":\"%s\"", live);
        uint64_t end = bob->id;
        free(process_wait_line(h->hub->process, "cannot write the database"));
        expect(RUN(1, "user", "add", "carol"), "cannot use the database");
        /* Other requests fail at once. */
        talker_uuid(refused);
        talker_refused(talker_initiate(desk, refused, "alice"), "Timeout", "cannot store");
        talker_refused(talker_request(desk, "settings", "\"when_busy\":\"ring\""), "Timeout",
                       "cannot store");
        ck_assert(!talker_has_event(desk, "logged"));

        hub_is_full((Fullness)_i, false);
        free(process_wait_line(h->hub->process, "can be written again"));
        talker_ok(talker_reply(bob, end));
        cJSON_Delete(talker_event(alice, "over"));
        char *seen = history_of(desk);
        ck_assert_ptr_nonnull(strstr(seen, live));
        free(seen);
        /* The hub continues, and the call that was refused never existed. */
        talker_uuid(held);
        hub_rig_call(alice, bob, held);
        hub_kill(h->hub);
        hub_start(h->hub);
        talker_free(alice);
        alice = hub_rig_alice(h);
        seen = history_of(alice);
        ck_assert_ptr_nonnull(strstr(seen, live));
        ck_assert_ptr_null(strstr(seen, refused));
        free(seen);
        talker_free(alice);
        talker_free(bob);
        talker_free(desk);
        stop_hub_that_was_full((Fullness)_i);
}
END_TEST

START_TEST(a_call_placed_as_the_disk_runs_full_is_confirmed_when_it_is_stored)
{
        char id[TALKER_UUID_SIZE];

        start_hub_that_can_be_full((Fullness)_i);
        Talker *alice = hub_rig_alice(h), *bob = hub_rig_bob(h);
        hub_is_full((Fullness)_i, true);
        talker_uuid(id);
        talker_say(alice, "initiate",
                   "\"session_id\":\"%s\",\"receiver\":\"bob\",\"receiver_type\":\"user\","
                   "\"call_type\":\"audio\",\"join\":false",
                   id);
        uint64_t initiate = alice->id;
        /* It rings, because a ring waits for no disk; but it cannot be answered. */
        cJSON_Delete(talker_event(bob, "incoming"));
        free(process_wait_line(h->hub->process, "cannot write the database"));
        talker_refused(talker_request(bob, "accept", "\"session_id\":\"%s\",\"join\":false", id),
                       "Timeout", "cannot store");
        hub_is_full((Fullness)_i, false);
        talker_ok(talker_reply(alice, initiate));
        talker_ok(talker_request(bob, "accept", "\"session_id\":\"%s\",\"join\":false", id));
        cJSON_Delete(talker_event(alice, "accepted"));
        talker_free(alice);
        talker_free(bob);
        stop_hub_that_was_full((Fullness)_i);
}
END_TEST

/* sd_notify(3), which a unit of Type=notify waits for. */
START_TEST(systemd_is_notified_when_it_is_ready_and_when_it_stops)
{
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        struct timeval patience = {.tv_sec = 10};
        char path[RIG_PATH_MAX], said[256] = "";
        _cleanup_close_ int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

        hub_stop(h->hub);
        rig_path(path, "%s/notify", h->rig->dir);
        ck_assert_int_eq(STR_SET(address.sun_path, path), 0);
        ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
        environment_set(&h->hub->environment, "NOTIFY_SOCKET", "%s", path);
        hub_start(h->hub);
        ck_assert_int_gt(recv(fd, said, sizeof(said) - 1, 0), 0);
        ck_assert_str_eq(said, "READY=1");
        talker_free(hub_rig_alice(h));

        process_signal(h->hub->process, SIGTERM);
        memset(said, 0, sizeof(said));
        ck_assert_int_gt(recv(fd, said, sizeof(said) - 1, 0), 0);
        ck_assert_str_eq(said, "STOPPING=1");
        ck_assert_int_eq(process_wait(h->hub->process), 0);
        h->hub->process = process_free(h->hub->process);
        hub_start(h->hub); /* stopped at the end of each test */
}
END_TEST

static void setup_tls(void)
{
        h = rig_alloc(sizeof(*h));
        *h = (HubRig){.rig = rig_new()};
        h->hub = hub_new_tls(h->rig);
        hub_add_user(h->hub, "alice", "Alice");
        h->alice = hub_mint(h->hub, "alice");
}

START_TEST(tls_works)
{
        WsOptions options = {.ca_file = h->hub->certificate};
        Talker *talker = talker_connect(hub_port(h->hub), &options);

        ck_assert_int_eq(strncmp(h->hub->url, "wss://127.0.0.1:", 16), 0);
        talker_ok(talker_request(talker, "hello", "\"version\":1,\"token\":\"%s\",\"device\":\"d\"",
                                 h->alice));
        talker_ok(talker_request(talker, "history", "%s", ""));
        talker_refused(talker_request(talker, "dance", "%s", ""), "NotSupported", "dance");
        talker_free(talker);
}
END_TEST

static const struct {
        const char *cipher;
        bool works;
} ciphers[] = {
        {"ECDHE-ECDSA-AES128-GCM-SHA256", true}, {"ECDHE-ECDSA-AES128-SHA256", false}, /* CBC */
};

START_TEST(tls_is_taken_with_forward_secrecy_and_authenticated_encryption_alone)
{
        RunResult result;

        process_run(h->rig, &h->hub->environment,
                    ARGV("openssl", "s_client", "-tls1_2", "-cipher", ciphers[_i].cipher,
                         "-connect", h->hub->listen),
                    NULL, &result);
        ck_assert_msg((result.status == 0) == ciphers[_i].works, "%s: %s", ciphers[_i].cipher,
                      result.err);
        run_result_done(&result);
}
END_TEST

START_TEST(another_certificate_does_not_pass_for_the_hubs)
{
        char key[RIG_PATH_MAX], certificate[RIG_PATH_MAX];
        RunResult result;
        WsClient *ws = NULL;

        rig_path(key, "%s/other.key", h->rig->dir);
        rig_path(certificate, "%s/other.crt", h->rig->dir);
        process_run(h->rig, &h->hub->environment,
                    ARGV("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                         "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj",
                         "/CN=Another", "-keyout", key, "-out", certificate),
                    NULL, &result);
        ck_assert_int_eq(result.status, 0);
        run_result_done(&result);
        WsOptions options = {.ca_file = certificate};
        ck_assert_int_eq(ws_connect(hub_port(h->hub), &options, &ws, NULL), WS_UNTRUSTED);
}
END_TEST

START_TEST(without_tls_nothing_is_sent_to_a_hub_that_has_it)
{
        WsClient *ws = NULL;

        ck_assert_int_ne(ws_connect(hub_port(h->hub), NULL, &ws, NULL), 0);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("hub: faults");
        TCase *tests = tcase_create("faults"), *tls = tcase_create("tls");

        tcase_set_timeout(tests, 60);
        tcase_add_checked_fixture(tests, hub_rig_setup, hub_rig_teardown);
        tcase_add_test(tests, a_port_in_use_is_named);
        tcase_add_test(tests, a_state_folder_belongs_to_one_hub);
        tcase_add_loop_test(tests, a_wrong_address_is_named, 0, ELEMENTSOF(addresses));
        tcase_add_test(tests, a_broken_settings_file_is_named_with_line_and_key);
        tcase_add_test(tests, a_state_folder_that_cannot_be_written_is_named);
        tcase_add_test(tests, a_certificate_that_is_none_is_named);
        tcase_add_test(tests, a_database_cut_off_is_moved_aside);
        tcase_add_loop_test(tests, with_a_full_disk_nothing_is_confirmed_that_is_not_stored, 0,
                            FULLNESS_COUNT);
        tcase_add_loop_test(tests,
                            a_call_placed_as_the_disk_runs_full_is_confirmed_when_it_is_stored, 0,
                            FULLNESS_COUNT);
        tcase_add_test(tests, systemd_is_notified_when_it_is_ready_and_when_it_stops);
        suite_add_tcase(suite, tests);
        tcase_set_timeout(tls, 60);
        tcase_add_checked_fixture(tls, setup_tls, hub_rig_teardown);
        tcase_add_test(tls, tls_works);
        tcase_add_loop_test(tls,
                            tls_is_taken_with_forward_secrecy_and_authenticated_encryption_alone, 0,
                            ELEMENTSOF(ciphers));
        tcase_add_test(tls, another_certificate_does_not_pass_for_the_hubs);
        tcase_add_test(tls, without_tls_nothing_is_sent_to_a_hub_that_has_it);
        suite_add_tcase(suite, tls);
        return suite_run(suite);
}
