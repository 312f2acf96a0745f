/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tells the person about calls while the page is not visible: the tab's title, and notifications.
 */

import { byId } from "./dom.js";

const FLASH_MS = 1000;
const NOTICE_MS = 9000;

export class Alerts {
        constructor() {
                this.shown = new Map(); /* notifications, by session id */
                this.rest = "Tring";
                this.flash = "";
        }

        /* `flash` alternates with the ordinary title while it is not empty. */
        title(rest, flash) {
                this.rest = rest;
                if (flash === this.flash) {
                        if (!flash)
                                document.title = rest;
                        return;
                }
                this.flash = flash;
                clearInterval(this.timer);
                document.title = flash || rest;
                if (flash)
                        this.timer = setInterval(() => {
                                document.title = document.title === this.flash
                                        ? this.rest : this.flash;
                        }, FLASH_MS);
        }

        get canNotify() {
                return "Notification" in globalThis && Notification.permission === "granted";
        }

        get mayAskToNotify() {
                return "Notification" in globalThis && Notification.permission === "default";
        }

        async askToNotify() {
                await Notification.requestPermission();
        }

        /* Returns whether the notification is shown. */
        notify(id, title, body, stays) {
                if (!this.canNotify || document.visibilityState === "visible")
                        return false;
                try {
                        const notification = new Notification(title, {
                                body, tag: id, icon: "icon.svg", requireInteraction: stays,
                        });

                        notification.onclick = () => {
                                globalThis.focus();
                                notification.close();
                        };
                        this.shown.set(id, notification);
                        return true;
                } catch {
                        return false; /* some browsers let only service workers notify */
                }
        }

        unnotify(id) {
                this.shown.get(id)?.close();
                this.shown.delete(id);
        }
}

/*
 * Shows a sentence at the bottom of the page. Screen readers read an error at once, anything else
 * when they pause.
 */
export function showNotice(text, { isError = false } = {}) {
        const notices = byId("notices");
        const notice = byId("t-notice").content.firstElementChild.cloneNode(true);

        notice.querySelector('[data-part="text"]').textContent = text;
        notice.querySelector('[data-part="close"]').onclick = () => notice.remove();
        notices.append(notice);
        while (notices.children.length > 3)
                notices.firstElementChild.remove();
        setTimeout(() => notice.remove(), NOTICE_MS);
        announce(text, isError);
}

/* For screen readers alone. */
export function announce(text, isUrgent = false) {
        const region = byId(isUrgent ? "announcement-now" : "announcement");

        /* Clear it first, so that the same text is read again. */
        region.textContent = "";
        requestAnimationFrame(() => {
                region.textContent = text;
        });
}
