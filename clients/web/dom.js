/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Helpers that bring the page up to date: elements stay in place, and only changed parts of them
 * are set, so that focus and screen readers are not disturbed.
 */

export function byId(id) {
        return document.getElementById(id);
}

export function part(node, name) {
        return node.querySelector(`[data-part="${name}"]`);
}

export function fromTemplate(id) {
        return byId(id).content.firstElementChild.cloneNode(true);
}

export function setText(node, text) {
        if (node.textContent !== text)
                node.textContent = text;
}

export function setShown(node, shown) {
        node.toggleAttribute("hidden", !shown);
}

export function setAttribute(node, name, value) {
        if (node.getAttribute(name) !== String(value))
                node.setAttribute(name, value);
}

export function setIcon(node, icon) {
        setAttribute(node.querySelector("use"), "href", `#i-${icon}`);
}

/*
 * Makes the children of `parent` match `items`, in order. Existing children with the same key stay
 * the same elements.
 */
export function syncChildren(parent, items, keyOf, make, update) {
        const old = new Map([...parent.children].map((child) => [child.dataset.key, child]));
        let at = parent.firstElementChild;

        for (const item of items) {
                const key = keyOf(item);
                let child = old.get(key);

                old.delete(key);
                if (!child) {
                        child = make(item);
                        child.dataset.key = key;
                }
                if (child === at)
                        at = at.nextElementSibling;
                else
                        parent.insertBefore(child, at);
                update(child, item);
        }
        for (const child of old.values())
                child.remove();
}

export function option(value, label) {
        const node = document.createElement("option");

        node.value = value;
        node.label = label;
        return node;
}
