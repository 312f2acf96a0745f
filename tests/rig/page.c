/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdarg.h>
#include <string.h>

#include "base/str.h"
#include "rig/browser.h"

struct Page {
        Browser *browser;
        char name[32];
        char *context, *target, *session; /* owned: ids of the protocol */
};

static char *take_text(cJSON *object, const char *name)
{
        const cJSON *item = cJSON_GetObjectItem(object, name);
        char *text = rig_strdup(cJSON_IsString(item) ? item->valuestring : "");

        cJSON_Delete(object);
        return text;
}

static cJSON *text_param(cJSON *params, const char *name, const char *value)
{
        params = params ?: cJSON_CreateObject();
        cJSON_AddStringToObject(params, name, value);
        return params;
}

static cJSON *command(Page *page, const char *method, cJSON *params)
{
        return browser_command(page->browser, page->session, method, params);
}

static void wait_until_loaded(Page *page)
{
        page_wait(page, "document.readyState === 'complete' && location.href !== 'about:blank'");
}

Page *page_new(Browser *browser, const char *name, const char *url)
{
        Page *page = rig_alloc(sizeof(*page));
        cJSON *params;

        page->browser = browser;
        snprintf(page->name, sizeof(page->name), "%s", name);
        page->context =
                take_text(browser_command(browser, NULL, "Target.createBrowserContext", NULL),
                          "browserContextId");
        params = text_param(NULL, "url", "about:blank");
        page->target =
                take_text(browser_command(browser, NULL, "Target.createTarget",
                                          text_param(params, "browserContextId", page->context)),
                          "targetId");
        params = text_param(NULL, "targetId", page->target);
        cJSON_AddBoolToObject(params, "flatten", true);
        page->session = take_text(browser_command(browser, NULL, "Target.attachToTarget", params),
                                  "sessionId");
        cJSON_Delete(command(page, "Page.enable", NULL)); /* questions are for the test */
        cJSON_Delete(command(page, "Page.navigate", text_param(NULL, "url", url)));
        wait_until_loaded(page);
        return page;
}

Page *page_free(Page *page)
{
        if (!page)
                return NULL;
        cJSON_Delete(browser_command(page->browser, NULL, "Target.disposeBrowserContext",
                                     text_param(NULL, "browserContextId", page->context)));
        free(page->context);
        free(page->target);
        free(page->session);
        free(page);
        return NULL;
}

/* A browser asks only if somebody has done something in the page. */
static bool asks_before_leaving(Page *page)
{
        _cleanup_free_ char *asks =
                page_eval(page, "navigator.userActivation.hasBeenActive && "
                                "!dispatchEvent(new Event('beforeunload', {cancelable: true}))");

        return str_eq(asks, "true");
}

/* `how` leaves the page. While the browser asks, the page itself does not answer. */
static void leave(Page *page, const char *how)
{
        bool asks = asks_before_leaving(page);
        usec_t deadline = rig_deadline();

        free(page_eval(page, "window.isOld = true, setTimeout(() => { %s }), 0", how));
        while (asks) {
                _cleanup_free_ char *said = NULL;
                cJSON *params = cJSON_CreateObject();

                cJSON_AddBoolToObject(params, "accept", true);
                cJSON *result = browser_ask(page->browser, page->session,
                                            "Page.handleJavaScriptDialog", params, &said);
                asks = !result;
                cJSON_Delete(result);
                if (asks && rig_remaining_ms(deadline) == 0)
                        rig_fail("%s's page does not ask before it is left", page->name);
        }
}

void page_leave(Page *page)
{
        leave(page, "location.href = 'about:blank'");
}

void page_reload(Page *page)
{
        leave(page, "location.reload()");
        page_wait(page, "!window.isOld && document.readyState === 'complete'");
}

/* NULL: the page was left meanwhile. */
static cJSON *evaluate(Page *page, const char *expression)
{
        _cleanup_free_ char *refusal = NULL;
        cJSON *params = text_param(NULL, "expression", expression);

        cJSON_AddBoolToObject(params, "awaitPromise", true);
        cJSON_AddBoolToObject(params, "returnByValue", true);
        cJSON_AddBoolToObject(params, "userGesture", true);
        cJSON *result =
                browser_ask(page->browser, page->session, "Runtime.evaluate", params, &refusal);
        if (!result && strstr(refusal, "navigated or closed"))
                return NULL;
        if (!result)
                rig_fail("%s's page: %s: %s", page->name, expression, refusal);
        if (cJSON_HasObjectItem(result, "exceptionDetails")) {
                _cleanup_free_ char *said =
                        cJSON_PrintUnformatted(cJSON_GetObjectItem(result, "exceptionDetails"));

                rig_fail("%s's page: %s: %s", page->name, expression, said);
        }
        cJSON *value = cJSON_DetachItemFromObject(cJSON_GetObjectItem(result, "result"), "value");
        cJSON_Delete(result);
        return value;
}

_printf_(1, 0) static char *format_text(const char *format, va_list ap)
{
        char *text;

        if (vasprintf(&text, format, ap) < 0)
                rig_fail("out of memory");
        return text;
}

char *page_eval(Page *page, const char *format, ...)
{
        va_list ap;

        va_start(ap, format);
        _cleanup_free_ char *expression = format_text(format, ap);
        va_end(ap);
        cJSON *value = evaluate(page, expression);
        char *text = cJSON_IsString(value) ? rig_strdup(value->valuestring)
                                           : cJSON_PrintUnformatted(value);
        cJSON_Delete(value);
        return text ?: rig_strdup("");
}

/* Checks once at a time, so that leaving a page for another one does no harm. */
void page_wait(Page *page, const char *format, ...)
{
        usec_t deadline = rig_deadline();
        va_list ap;

        va_start(ap, format);
        _cleanup_free_ char *expression = format_text(format, ap);
        va_end(ap);
        _cleanup_free_ char *look = str_printf(
                "new Promise((done) => { let n = 0; const look = () => (%s) ? done(true) : "
                "++n > 50 ? done(false) : setTimeout(look, 20); look(); })",
                expression);
        for (;;) {
                cJSON *value = evaluate(page, look);
                bool holds = cJSON_IsTrue(value);

                cJSON_Delete(value);
                if (holds)
                        return;
                if (rig_remaining_ms(deadline) == 0) {
                        _cleanup_free_ char *shown = page_eval(page, "document.body.innerText");

                        page_picture(page, "failed");
                        rig_fail("waited too long in %s's page for %s; it shows: %s", page->name,
                                 expression, shown);
                }
        }
}

void page_expect(Page *page, const char *expected, const char *expression)
{
        _cleanup_free_ char *value = page_eval(page, "%s", expression);

        if (!str_eq(value, expected))
                rig_fail("%s's page: %s is '%s', not '%s'", page->name, expression, value,
                         expected);
}

static void mouse(Page *page, const char *type, double x, double y)
{
        cJSON *params = text_param(NULL, "type", type);

        cJSON_AddNumberToObject(params, "x", x);
        cJSON_AddNumberToObject(params, "y", y);
        text_param(params, "button", "left");
        cJSON_AddNumberToObject(params, "clickCount", 1);
        cJSON_Delete(command(page, "Input.dispatchMouseEvent", params));
}

/* Clicks its middle, which nothing else may cover. */
void page_click(Page *page, const char *selector)
{
        double x, y;

        page_wait(page,
                  "(() => { const node = document.querySelector('%s'); if (!node || node.disabled) "
                  "return false; node.scrollIntoView({block: 'nearest'}); const box = "
                  "node.getBoundingClientRect(); const x = box.x + box.width / 2, y = box.y + "
                  "box.height / 2; window.at = `${x} ${y}`; "
                  "return box.width > 0 && node.contains(document.elementFromPoint(x, y)); })()",
                  selector);
        _cleanup_free_ char *at = page_eval(page, "window.at");
        if (sscanf(at, "%lf %lf", &x, &y) != 2)
                rig_fail("%s's page: where is %s? %s", page->name, selector, at);
        mouse(page, "mousePressed", x, y);
        mouse(page, "mouseReleased", x, y);
}

void page_type(Page *page, const char *text)
{
        cJSON_Delete(command(page, "Input.insertText", text_param(NULL, "text", text)));
}

static const struct {
        const char *name, *key, *code, *text;
        int number, modifiers;
} page_keys[] = {
        {"Tab", "Tab", "Tab", NULL, 9, 0},        {"Shift+Tab", "Tab", "Tab", NULL, 9, 8},
        {"Enter", "Enter", "Enter", "\r", 13, 0}, {"Escape", "Escape", "Escape", NULL, 27, 0},
        {"Space", " ", "Space", " ", 32, 0},
};

static void key_event(Page *page, const char *type, size_t i)
{
        cJSON *params = text_param(NULL, "type", type);

        text_param(params, "key", page_keys[i].key);
        text_param(params, "code", page_keys[i].code);
        if (page_keys[i].text && str_eq(type, "keyDown"))
                text_param(params, "text", page_keys[i].text);
        cJSON_AddNumberToObject(params, "windowsVirtualKeyCode", page_keys[i].number);
        cJSON_AddNumberToObject(params, "modifiers", page_keys[i].modifiers);
        cJSON_Delete(command(page, "Input.dispatchKeyEvent", params));
}

void page_press(Page *page, const char *key)
{
        for (size_t i = 0; i < ELEMENTSOF(page_keys); i++)
                if (str_eq(page_keys[i].name, key)) {
                        key_event(page, page_keys[i].text ? "keyDown" : "rawKeyDown", i);
                        key_event(page, "keyUp", i);
                        return;
                }
        rig_fail("there is no key '%s' here", key);
}

static void copy_value(const cJSON *node, const char *name, char *ret, size_t size)
{
        const cJSON *value = cJSON_GetObjectItem(cJSON_GetObjectItem(node, name), "value");

        snprintf(ret, size, "%s", cJSON_IsString(value) ? value->valuestring : "");
}

static bool is_focusable(const cJSON *node)
{
        const cJSON *property;

        cJSON_ArrayForEach (property, cJSON_GetObjectItem(node, "properties")) {
                const cJSON *value = cJSON_GetObjectItem(property, "value");

                if (str_eq(cJSON_GetStringValue(cJSON_GetObjectItem(property, "name")) ?: "",
                           "focusable"))
                        return cJSON_IsTrue(cJSON_GetObjectItem(value, "value"));
        }
        return false;
}

size_t page_accessible_nodes(Page *page, AccessibleNode *ret, size_t max)
{
        cJSON *tree = command(page, "Accessibility.getFullAXTree", NULL);
        const cJSON *node;
        size_t n = 0;

        cJSON_ArrayForEach (node, cJSON_GetObjectItem(tree, "nodes")) {
                if (cJSON_IsTrue(cJSON_GetObjectItem(node, "ignored")))
                        continue;
                if (n == max)
                        rig_fail("%s's page has more than %zu nodes", page->name, max);
                copy_value(node, "role", ret[n].role, sizeof(ret[n].role));
                copy_value(node, "name", ret[n].name, sizeof(ret[n].name));
                ret[n++].is_focusable = is_focusable(node);
        }
        cJSON_Delete(tree);
        return n;
}

void page_look(Page *page, bool dark, int width, int height)
{
        cJSON *params = cJSON_CreateObject(), *feature;

        cJSON_AddNumberToObject(params, "width", width);
        cJSON_AddNumberToObject(params, "height", height);
        cJSON_AddNumberToObject(params, "deviceScaleFactor", 1);
        cJSON_AddBoolToObject(params, "mobile", false);
        cJSON_Delete(command(page, "Emulation.setDeviceMetricsOverride", params));
        params = cJSON_CreateObject();
        feature = text_param(NULL, "name", "prefers-color-scheme");
        text_param(feature, "value", dark ? "dark" : "light");
        cJSON_AddItemToArray(cJSON_AddArrayToObject(params, "features"), feature);
        cJSON_Delete(command(page, "Emulation.setEmulatedMedia", params));
}

void page_picture(Page *page, const char *what)
{
        const char *folder = getenv("TRING_RIG_PICTURES");
        char path[RIG_PATH_MAX];

        if (!folder)
                return;
        _cleanup_free_ char *data =
                take_text(command(page, "Page.captureScreenshot", NULL), "data");
        _cleanup_free_ unsigned char *png = rig_alloc(strlen(data));
        int n = EVP_DecodeBlock(png, (unsigned char *)data, (int)strlen(data));
        rig_path(path, "%s/%s.png", folder, what);
        _cleanup_close_ int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
        if (n <= 0 || fd < 0 || write(fd, png, (size_t)n) != n)
                rig_fail("%s: the picture cannot be written: %m", path);
}
