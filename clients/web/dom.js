/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The little that is needed to keep a page in step with what it shows: elements stay, and only what
 * has changed in them is changed, so that focus and screen readers are not disturbed.
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
 * Makes the children of `parent` those of `items`, in their order: those that are there already
 * stay the elements that they are.
 */
export function keep(parent, items, keyOf, make, update) {
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
