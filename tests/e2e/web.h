/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Shared by tests of the browser page: one browser for the whole program, and users who are signed
 * in at its pages.
 */

#include <math.h>
#include <sndfile.h>

#include "base/str.h"
#include "rig/audio-signal.h"
#include "rig/browser.h"
#include "rig/hub.h"

/*
 * The sound in each page's microphone. It has pauses, as speech does: a steady tone would be
 * suppressed as noise.
 */
#define WEB_HZ 880
#define WEB_WAV_SECONDS 2
#define WEB_BURST_MS 400

static Rig *web_rig; /* for the browser: it outlives each test's rig */
static Browser *web_browser;

static inline void web_write_voice(const char *path)
{
        static float samples[RIG_RATE * WEB_WAV_SECONDS];
        SF_INFO info = {
                .samplerate = RIG_RATE, .channels = 1, .format = SF_FORMAT_WAV | SF_FORMAT_PCM_16};
        SNDFILE *file = sf_open(path, SFM_WRITE, &info);

        for (size_t i = 0; i < ELEMENTSOF(samples); i++) {
                bool speaks = i * 1000 / RIG_RATE / WEB_BURST_MS % 2 == 0;

                samples[i] =
                        speaks ? 0.4F * (float)sin(2 * M_PI * WEB_HZ * (double)i / RIG_RATE) : 0;
        }
        if (!file || sf_write_float(file, samples, ELEMENTSOF(samples)) < 1)
                rig_fail("%s: %s", path, sf_strerror(file));
        sf_close(file);
}

static inline void web_setup(void)
{
        char path[RIG_PATH_MAX];

        web_rig = rig_new();
        rig_path(path, "%s/voice.wav", web_rig->dir);
        web_write_voice(path);
        web_browser = browser_new(web_rig, path);
}

static inline void web_teardown(void)
{
        web_browser = browser_free(web_browser);
        web_rig = rig_free(web_rig);
}

static inline Hub *web_hub(Rig *rig)
{
        return hub_new_configured(rig, "[listen]\nweb = installed\n");
}

/* Opens the hub's page; nobody is signed in. */
static inline Page *web_page(Hub *hub, const char *name)
{
        char url[128];

        snprintf(url, sizeof(url), "http://localhost%s/", strrchr(hub->listen, ':'));
        return page_new(web_browser, name, url);
}

static inline void web_sign_in(Page *page, const char *token)
{
        page_wait(page, "document.activeElement.id === 'token'");
        page_type(page, token);
        page_press(page, "Enter");
        page_wait(page, "document.getElementById('connection').textContent === 'Connected'");
}

/* Adds a user to the hub, and signs them in at a page. */
static inline Page *web_user(Hub *hub, const char *uid, const char *name)
{
        hub_add_user(hub, uid, name);
        _cleanup_free_ char *token = hub_mint(hub, uid);
        Page *page = web_page(hub, uid);

        web_sign_in(page, token);
        return page;
}

static inline void web_call(Page *page, const char *uid, bool video)
{
        page_click(page, "#dial");
        page_type(page, uid);
        page_click(page, video ? "#dial-video" : "#dial-audio");
}

static inline void web_wait_ring(Page *page, const char *caller)
{
        page_wait(page,
                  "document.getElementById('incoming').open && "
                  "document.querySelector('#incoming .name').textContent === '%s'",
                  caller);
}

/* Waits for `text` in the line below the name of the call. */
static inline void web_wait_state(Page *page, const char *text)
{
        page_wait(page, "document.getElementById('call-state').textContent.includes('%s')", text);
}

/* Waits until the call has a connection: its duration is shown. */
static inline void web_wait_talking(Page *page)
{
        web_wait_state(page, ":");
}

/* The verification code that is shown; the caller frees. */
static inline char *web_code(Page *page)
{
        page_wait(page, "/^\\d{4} \\d{4}$/.test(document.getElementById('code').textContent)");
        return page_eval(page, "document.getElementById('code').textContent");
}

/*
 * Waits until a frequency is (not) in the sound of the others. An AnalyserNode looks at it without
 * disturbing it. Between two bursts everybody is quiet, so silence takes a second.
 */
static inline void web_wait_tone(Page *page, int frequency, bool heard)
{
        free(page_eval(page, "window.quietSince = performance.now()"));
        page_wait(page,
                  "(() => { const sounds = [...document.querySelectorAll('#sounds audio')]"
                  ".map((sound) => sound.srcObject).filter((s) => s?.getAudioTracks().length);"
                  "if (!window.ear) { window.ear = new AudioContext().createAnalyser();"
                  "window.ear.fftSize = 4096; window.ear.smoothingTimeConstant = 0;"
                  "window.inEar = new WeakSet(); }"
                  "for (const sound of sounds) if (!window.inEar.has(sound)) {"
                  "window.inEar.add(sound);"
                  "window.ear.context.createMediaStreamSource(sound).connect(window.ear); }"
                  "const bins = new Float32Array(window.ear.frequencyBinCount);"
                  "window.ear.getFloatFrequencyData(bins);"
                  "const at = Math.round(%d * window.ear.fftSize / window.ear.context.sampleRate);"
                  "const level = Math.max(bins[at - 1], bins[at], bins[at + 1]);"
                  "if (level > -80 || !sounds.length) window.quietSince = performance.now();"
                  "return %s ? level > -50 : performance.now() - window.quietSince > 1000; })()",
                  frequency, heard ? "true" : "false");
}
