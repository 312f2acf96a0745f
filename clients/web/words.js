/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Statuses, reasons, errors and times in words for people. */

/*
 * The name of a user or group, for a line that may go on after it: without the characters that
 * would break or turn the rest.
 */
export function nameOf(party) {
        const name = party.name || party.uid || party.guid || "";

        /* What turns or breaks the line, and what nobody sees: as in daemon/base/str.c. */
        return name.replace(/[\u2028-\u202e\u2066-\u2069]/gu, "?")
                .replace(/[\u00ad\u180e\u200b\u2060-\u2064\ufeff]/gu, "?")
                .replace(/(?<=[0-9A-Za-z])[\u061c\u200c-\u200f]/gu, "?");
}

export function errorSentence(error, name = "") {
        switch (error.name) {
        case "UserNotFound":
                return `There is nobody called “${name}” on this hub.`;
        case "GroupNotFound":
                return `There is no group called “${name}” on this hub.`;
        case "NotAMember":
                return `You are not a member of “${name}”.`;
        case "CallingSelf":
                return "You cannot call yourself.";
        case "BusySelf":
                return "You are in a call already: hang up first.";
        case "AnsweredElsewhere":
                return "The call was answered on another device.";
        case "CallTerminated":
        case "NoSuchCall":
                return "The call is over already.";
        default:
                return sentence(error.message || error.name);
        }
}

/* Adds a capital letter and a full stop. */
export function sentence(text) {
        const whole = text.charAt(0).toUpperCase() + text.slice(1);

        return /[.!?…]$/.test(whole) ? whole : `${whole}.`;
}

const ENDED = {
        "connection-lost": "The connection was lost.",
        "no-media": "The call ended: no sound could be set up.",
        idle: "The call ended: nobody else was there.",
        replaced: "The call was replaced by another one.",
        shutdown: "The call ended: a program was closed.",
};

const INCOMING_CANCELLED = {
        "answered-elsewhere": () => "Answered on another device.",
        "declined-elsewhere": () => "Declined on another device.",
        "caller-lost": (name) => `${name} lost the connection.`,
};

/* How a call ended, for a person who was in it. */
export function endSentence(call) {
        const name = call.direction === "incoming" ? call.callerName : call.peerName;
        const isIncoming = call.direction === "incoming";

        if (call.sentence)
                return call.sentence;
        switch (call.status) {
        case "rejected":
                if (!isIncoming)
                        return `${name} declined.`;
                return INCOMING_CANCELLED[call.reason]?.(name) ?? "You declined.";
        case "busy":
                return isIncoming ? "You were on another call." : `${name} is on another call.`;
        case "unanswered":
                return `${name} did not answer.`;
        case "missed":
                return `You missed a call from ${name}.`;
        case "cancelled":
                if (isIncoming)
                        return INCOMING_CANCELLED[call.reason]?.(name) ?? `${name} gave up.`;
                return ENDED[call.reason] ?? "You cancelled the call.";
        default:
                if (call.reason === "remote-hangup" && !call.isGroup)
                        return `${call.peerName} hung up.`;
                return ENDED[call.reason] ?? "The call has ended.";
        }
}

/* The line below the name of a live call. */
export function callState(call, session, seconds) {
        if (call.decision === "end" || call.decision === "cancel")
                return "Hanging up …";
        if (call.decision === "accept")
                return "Answering …";
        if (call.status === "initiated")
                return call.ringingSince ? "Ringing …" : "Calling …";
        if (session.state === "joining")
                return "Connecting …";
        if (session.state === "failed" || session.state === "left")
                return "Not connected";
        return duration(seconds);
}

const RECORD = {
        rejected: ["Declined", "You declined"],
        busy: ["Busy", "Busy"],
        cancelled: ["Cancelled", "Cancelled"],
        unanswered: ["No answer", "No answer"],
        missed: ["Missed", "Missed"],
        ongoing: ["In progress", "In progress"],
        initiated: ["Ringing", "Ringing"],
};

/* The outcome of a call in history, in a word or two. */
export function recordOutcome(record) {
        if (record.status === "ended")
                return spokenDuration(record.duration ?? 0);
        if (record.status === "missed" && record.reason === "busy")
                return "Missed, you were on another call";
        if (record.status === "missed" && record.reason === "filtered-dnd")
                return "Missed, do not disturb was on";
        if (record.status === "missed" && record.reason === "filtered-barred")
                return "Missed, the caller may not ring you";
        return RECORD[record.status]?.[record.direction === "incoming" ? 1 : 0] ?? record.status;
}

export function recordKind(record) {
        const way = record.status === "missed" ? "Missed call from"
                : record.direction === "incoming" ? "Call from" : "Call to";

        return way;
}

/* 0:07, 12:34, 1:02:03 */
export function duration(seconds) {
        const whole = Math.max(0, Math.floor(seconds));
        const two = (n) => String(n).padStart(2, "0");
        const minutes = Math.floor(whole / 60);

        if (minutes < 60)
                return `${minutes}:${two(whole % 60)}`;
        return `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(whole % 60)}`;
}

/* 7 s, 12 min, 1 h 2 min */
export function spokenDuration(seconds) {
        const minutes = Math.round(seconds / 60);

        if (seconds < 60)
                return `${Math.floor(seconds)} s`;
        if (minutes < 60)
                return `${minutes} min`;
        return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/* A date of the hub (µs): the time today, the weekday this week, else the date. */
export function when(date, now = Date.now(), locale = undefined) {
        const then = new Date(date / 1000);
        const today = new Date(now);
        const midnight = new Date(today.getFullYear(), today.getMonth(), today.getDate()).getTime();
        const time = then.toLocaleTimeString(locale, { hour: "numeric", minute: "2-digit" });
        const days = Math.ceil((midnight - then.getTime()) / 86400000);

        if (days <= 0)
                return time;
        if (days === 1)
                return `Yesterday ${time}`;
        if (days < 7)
                return `${then.toLocaleDateString(locale, { weekday: "long" })} ${time}`;
        return then.toLocaleDateString(locale, { day: "numeric", month: "short", year: "numeric" });
}

/* "Alice, Bob and Carol" */
export function list(names) {
        if (names.length < 2)
                return names.join("");
        return `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}

/* One or two letters for the round picture. */
export function initials(name) {
        const words = name.split(/[\s._@-]+/u).filter(Boolean);
        const letters = words.slice(0, 2).map((word) => [...word][0]);

        return letters.join("").toUpperCase() || "?";
}
