// Small helpers around the document. Text never becomes markup.

export const byId = (id) => document.getElementById(id);

/** An element with attributes and children; a child that is a text stays a text. */
export function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  setAttributes(node, attributes);
  node.append(...children);
  return node;
}

/** An SVG element. */
export function shape(tag, attributes = {}, ...children) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  setAttributes(node, attributes);
  node.append(...children);
  return node;
}

/** Sets attributes; false or undefined takes one away. Writes only what differs. */
export function setAttributes(node, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) node.removeAttribute(name);
    else if (node.getAttribute(name) !== String(value)) node.setAttribute(name, value);
  }
}

/** Writes a text where it differs, so that a selection survives and nothing is announced twice. */
export function setText(node, text) {
  const given = String(text ?? "");
  if (node.textContent !== given) node.textContent = given;
}

/**
 * Makes the children of a node follow a list: an item keeps its child as long as its key is there, with its focus.
 * @param key Text that tells the items apart.
 * @param make Makes the child of a new item.
 * @param update Writes an item into its child.
 */
export function follow(parent, items, { key, make, update }) {
  const keys = new Set(items.map(key));
  const before = new Map();
  for (const child of [...parent.children]) {
    if (keys.has(child.dataset.key)) before.set(child.dataset.key, child);
    else child.remove();
  }
  let place = parent.firstElementChild;
  for (const item of items) {
    const child = before.get(key(item)) ?? make(item);
    child.dataset.key = key(item);
    update(child, item);
    if (child === place) place = place.nextElementSibling;
    else parent.insertBefore(child, place);
  }
}

/** Figures with their names, as a definition list: `[name, value, class]`. */
export function showFigures(list, figures) {
  follow(list, figures, {
    key: ([name]) => name,
    make: ([name]) => element("div", {}, element("dt", {}, name), element("dd")),
    update: (row, [, value, look]) => {
      setText(row.lastElementChild, value);
      setAttributes(row.lastElementChild, { class: look });
    },
  });
}

/** Sends JSON and returns the answer. */
export const post = (path, body, signal) =>
  fetch(path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body), signal });

/** What an answer that is no success says: the platform's own words. */
export function problemOf(body, status) {
  return body?.error ?? body?.detail ?? body?.title ?? `status ${status}`;
}
