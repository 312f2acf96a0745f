/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rig/browser.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>

#include "base/str.h"

#define CHUNK 65536

struct Browser {
        Process *process;
        int in, out; /* commands go in, replies and events come out; each ends with a NUL */
        int id;
        char *text; /* the part of the next message that has arrived; owned */
        size_t length;
};

static void make_fifo(Rig *rig, const char *name, char path[static RIG_PATH_MAX], int *ret)
{
        rig_path(path, "%s/%s", rig->dir, name);
        /* Open at both ends, so that neither side waits for the other. */
        if (mkfifo(path, 0600) < 0 || (*ret = open(path, O_RDWR | O_CLOEXEC)) < 0)
                rig_fail("%s: %m", path);
}

Browser *browser_new(Rig *rig, const char *microphone)
{
        static const char script[] = "in=$1; out=$2; shift 2; exec chromium \"$@\" 3<$in 4>$out";
        Browser *browser = rig_alloc(sizeof(*browser));
        char in[RIG_PATH_MAX], out[RIG_PATH_MAX], profile[RIG_PATH_MAX + 32];
        char file[RIG_PATH_MAX + 64];
        Environment environment;

        make_fifo(rig, "browser.in", in, &browser->in);
        make_fifo(rig, "browser.out", out, &browser->out);
        snprintf(profile, sizeof(profile), "--user-data-dir=%s/profile", rig->dir);
        snprintf(file, sizeof(file), "--use-file-for-fake-audio-capture=%s", microphone);
        environment_init(&environment, rig);
        environment_set(&environment, "HOME", "%s", rig->dir);
        environment_set(&environment, "XDG_RUNTIME_DIR", "%s", rig->dir);
        browser->process = process_start(
                rig, "chromium", &environment,
                ARGV("sh", "-c", script, "sh", in, out, "--headless=new", "--no-sandbox",
                     "--disable-gpu", "--no-first-run", "--disable-background-networking",
                     "--disable-component-update", "--disable-sync", "--disable-quic",
                     "--disable-extensions", "--disable-background-timer-throttling",
                     "--disable-backgrounding-occluded-windows", "--disable-renderer-backgrounding",
                     "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream", file,
                     "--autoplay-policy=no-user-gesture-required",
                     "--allow-loopback-in-peer-connection", "--lang=en-GB",
                     "--window-size=1280,800", profile, "--remote-debugging-pipe", "about:blank"));
        environment_done(&environment);
        cJSON_Delete(browser_command(browser, NULL, "Browser.getVersion", NULL));
        return browser;
}

Browser *browser_free(Browser *browser)
{
        if (!browser)
                return NULL;
        process_free(browser->process);
        close(browser->in);
        close(browser->out);
        free(browser->text);
        free(browser);
        return NULL;
}

static void send_text(Browser *browser, const char *text)
{
        /* Sends the text with its final NUL. */
        for (size_t left = strlen(text) + 1; left > 0;) {
                ssize_t n = write(browser->in, text, left);

                if (n < 0)
                        rig_fail("the browser takes no commands: %m");
                text += n;
                left -= (size_t)n;
        }
}

static void receive_more(Browser *browser, usec_t deadline, const char *method)
{
        struct pollfd fds[] = {{.fd = browser->out, .events = POLLIN},
                               {.fd = browser->process->pidfd, .events = POLLIN}};

        if (poll(fds, 2, rig_remaining_ms(deadline)) <= 0)
                rig_fail("waited too long for the browser's answer to %s", method);
        if (!fds[0].revents)
                rig_fail("the browser has ended");
        browser->text = realloc(browser->text, browser->length + CHUNK);
        if (!browser->text)
                rig_fail("out of memory");
        ssize_t n = read(browser->out, browser->text + browser->length, CHUNK);
        if (n <= 0)
                rig_fail("the browser's answers cannot be read: %m");
        browser->length += (size_t)n;
}

/* The next message; the caller deletes it. NULL: the rest of one that an earlier test half read. */
static cJSON *next_message(Browser *browser, usec_t deadline, const char *method)
{
        char *end;

        while (browser->length == 0 || !(end = memchr(browser->text, '\0', browser->length)))
                receive_more(browser, deadline, method);
        cJSON *message = cJSON_Parse(browser->text);
        size_t taken = (size_t)(end + 1 - browser->text);
        memmove(browser->text, end + 1, browser->length - taken);
        browser->length -= taken;
        return message;
}

cJSON *browser_ask(Browser *browser, const char *session, const char *method, cJSON *params,
                   char **ret_said)
{
        usec_t deadline = rig_deadline();
        cJSON *command = cJSON_CreateObject();

        /* Tests are separate processes that share the pipe one after the other. */
        if (browser->id >> 8 != getpid())
                browser->id = getpid() << 8;
        int id = ++browser->id;
        cJSON_AddNumberToObject(command, "id", id);
        cJSON_AddStringToObject(command, "method", method);
        cJSON_AddItemToObject(command, "params", params ?: cJSON_CreateObject());
        if (session)
                cJSON_AddStringToObject(command, "sessionId", session);
        _cleanup_free_ char *text = cJSON_PrintUnformatted(command);
        cJSON_Delete(command);
        send_text(browser, text);
        for (;;) {
                cJSON *message = next_message(browser, deadline, method);
                const cJSON *answered = cJSON_GetObjectItem(message, "id");

                if (answered && answered->valueint == id) {
                        cJSON *result = cJSON_DetachItemFromObject(message, "result");

                        *ret_said = cJSON_PrintUnformatted(message);
                        cJSON_Delete(message);
                        return result;
                }
                cJSON_Delete(message);
        }
}

cJSON *browser_command(Browser *browser, const char *session, const char *method, cJSON *params)
{
        _cleanup_free_ char *said = NULL;
        cJSON *result = browser_ask(browser, session, method, params, &said);

        if (!result)
                rig_fail("%s: %s", method, said);
        return result;
}
