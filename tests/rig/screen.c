/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rig/screen.h"

#include "base/str.h"

#define SERVICES "/usr/share/dbus-1/services/"
#define NOTIFYD_CLASS "xfce4-notifyd"
#define LOOK_AGAIN_US (50 * USEC_PER_MSEC) /* xdotool learns nothing of windows that vanish */

/* Where xfce4-notifyd draws its buttons, in pixels from the window's bottom right corner. */
#define BUTTON_RIGHT 57  /* middle of the rightmost one */
#define BUTTON_BOTTOM 31 /* middle of all of them */
#define BUTTON_PITCH 92  /* distance between two */

typedef struct Geometry {
        int window, x, y, width, height;
} Geometry;

/* The program that a D-Bus service file starts. */
static char *service_program(const char *service)
{
        char path[RIG_PATH_MAX];

        rig_path(path, SERVICES "%s.service", service);
        _cleanup_free_ char *content = rig_read_file(path);
        char *exec = content ? strstr(content, "\nExec=") : NULL;

        if (!exec)
                rig_fail("%s does not say what to run", path);
        exec += strlen("\nExec=");
        exec[strcspn(exec, " \n")] = '\0';
        return rig_strdup(exec);
}

static Process *start_service(Desktop *desktop, const char *name, const char *service)
{
        _cleanup_free_ char *program = service_program(service);

        return process_start(desktop->rig, name, &desktop->environment, ARGV(program));
}

static void run(Screen *screen, const char *const *argv, RunResult *ret)
{
        process_run(screen->desktop->rig, &screen->desktop->environment, argv, NULL, ret);
}

static void wait_name(Desktop *desktop, const char *name)
{
        usec_t deadline = rig_deadline();
        int owned = 0;

        while (!owned) {
                sd_bus_message *reply = NULL;

                rig_check(sd_bus_call_method(desktop->client->bus, "org.freedesktop.DBus",
                                             "/org/freedesktop/DBus", "org.freedesktop.DBus",
                                             "NameHasOwner", NULL, &reply, "s", name),
                          name);
                rig_check(sd_bus_message_read(reply, "b", &owned), name);
                sd_bus_message_unref(reply);
                if (!owned && rig_remaining_ms(deadline) == 0)
                        rig_fail("waited too long for %s", name);
                if (!owned)
                        rig_run_for(desktop->rig, LOOK_AGAIN_US);
        }
}

static void set_up_daemon(Screen *screen)
{
        /* Without animations: a click would miss a popup that slides or fades. */
        static const char *const off[] = {"/do-fadeout", "/do-slideout"};

        screen->settings = start_service(screen->desktop, "xfconfd", "org.xfce.Xfconf");
        wait_name(screen->desktop, "org.xfce.Xfconf");
        for (size_t i = 0; i < ELEMENTSOF(off); i++) {
                RunResult result;

                run(screen,
                    ARGV("xfconf-query", "-c", "xfce4-notifyd", "-p", off[i], "-n", "-t", "bool",
                         "-s", "false"),
                    &result);
                if (result.status != 0)
                        rig_fail("xfconf-query: %s", result.err);
                run_result_done(&result);
        }
}

static void start_daemon(Screen *screen)
{
        screen->daemon = start_service(screen->desktop, "xfce4-notifyd",
                                       "org.xfce.xfce4-notifyd.Notifications");
        wait_name(screen->desktop, "org.freedesktop.Notifications");
}

Screen *screen_new(Desktop *desktop)
{
        Screen *screen = rig_alloc(sizeof(*screen));

        screen->desktop = desktop;
        screen->x = process_start(desktop->rig, "Xvfb", &desktop->environment,
                                  ARGV("sh", "-c",
                                       "exec Xvfb -displayfd 1 -screen 0 800x600x24 "
                                       "-nolisten tcp 2>/dev/null"));
        _cleanup_free_ char *display = process_wait_line(screen->x, "");
        environment_set(&desktop->environment, "DISPLAY", ":%s", display);
        set_up_daemon(screen);
        start_daemon(screen);
        return screen;
}

Screen *screen_free(Screen *screen)
{
        if (!screen)
                return NULL;
        process_free(screen->daemon);
        process_free(screen->settings);
        process_free(screen->x);
        free(screen);
        return NULL;
}

static bool find_popup(Screen *screen, Geometry *ret)
{
        RunResult result;

        run(screen,
            ARGV("xdotool", "search", "--onlyvisible", "--class", NOTIFYD_CLASS,
                 "getwindowgeometry", "--shell"),
            &result);
        bool found = result.status == 0 &&
                     sscanf(result.out, "WINDOW=%d X=%d Y=%d WIDTH=%d HEIGHT=%d", &ret->window,
                            &ret->x, &ret->y, &ret->width, &ret->height) == 5;

        run_result_done(&result);
        return found;
}

/* The popup, once its place and size stay the same: wrapped text moves the buttons. */
static Geometry wait_settled(Screen *screen, int not_window)
{
        usec_t deadline = rig_deadline();
        Geometry popup = {}, before = {};

        while (!find_popup(screen, &popup) || popup.window == not_window ||
               memcmp(&popup, &before, sizeof(popup)) != 0) {
                if (rig_remaining_ms(deadline) == 0)
                        rig_fail("no new popup has appeared");
                before = popup;
                rig_run_for(screen->desktop->rig, LOOK_AGAIN_US);
        }
        return popup;
}

void screen_wait_popup(Screen *screen)
{
        screen->window = wait_settled(screen, screen->window).window;
}

void screen_wait_no_popup(Screen *screen)
{
        usec_t deadline = rig_deadline();
        Geometry popup;

        while (find_popup(screen, &popup)) {
                if (rig_remaining_ms(deadline) == 0)
                        rig_fail("the popup is still to be seen");
                rig_run_for(screen->desktop->rig, LOOK_AGAIN_US);
        }
}

void screen_restart_daemon(Screen *screen)
{
        screen->daemon = process_free(screen->daemon);
        screen_wait_no_popup(screen);
        screen->window = 0; /* X reuses its number for the next daemon's window */
        start_daemon(screen);
}

static void click(Screen *screen, int x, int y)
{
        char x_text[16], y_text[16];
        RunResult result;

        snprintf(x_text, sizeof(x_text), "%d", x);
        snprintf(y_text, sizeof(y_text), "%d", y);
        run(screen, ARGV("xdotool", "mousemove", "--sync", x_text, y_text, "click", "1"), &result);
        if (result.status != 0)
                rig_fail("xdotool: %s", result.err);
        run_result_done(&result);
}

void screen_click_button(Screen *screen, unsigned from_right)
{
        Geometry popup = wait_settled(screen, 0);

        click(screen, popup.x + popup.width - BUTTON_RIGHT - BUTTON_PITCH * (int)from_right,
              popup.y + popup.height - BUTTON_BOTTOM);
}

void screen_click_text(Screen *screen)
{
        Geometry popup = wait_settled(screen, 0);

        click(screen, popup.x + popup.width / 2, popup.y + BUTTON_BOTTOM);
}

void screen_shoot(Screen *screen, const char *name)
{
        const char *folder = getenv("TRING_SCREENSHOTS");
        char path[RIG_PATH_MAX];
        RunResult result;

        if (str_empty(folder))
                return;
        rig_path(path, "%s/%s.png", folder, name);
        run(screen, ARGV("import", "-window", "root", path), &result);
        if (result.status != 0)
                rig_fail("import: %s", result.err);
        run_result_done(&result);
}
