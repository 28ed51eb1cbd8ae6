/** Short ways to elements. Texts become text nodes: nothing here reads HTML. */

/**
 * @param {string} id
 * @returns {HTMLElement} the element of the page with this id
 */
export function byId(id) {
  const element = document.getElementById(id);
  if (!element) {
    throw new Error(`the page has no #${id}`);
  }
  return element;
}

/**
 * @param {string} id
 * @returns {HTMLSelectElement} the choice with this id
 */
export function selectById(id) {
  return /** @type {HTMLSelectElement} */ (byId(id));
}

/**
 * Makes an element.
 *
 * @template {keyof HTMLElementTagNameMap} Name
 * @param {Name} name
 * @param {Record<string, string>} [attributes]
 * @param {(Node | string)[]} content
 * @returns {HTMLElementTagNameMap[Name]}
 */
export function make(name, attributes = {}, ...content) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    element.setAttribute(key, value);
  }
  element.append(...content);
  return element;
}

/**
 * Replaces an element's text, unless it is the same: what has not changed is left alone, with what is selected in it.
 *
 * @param {Element} element
 * @param {string} text
 */
export function write(element, text) {
  if (element.textContent !== text) {
    element.textContent = text;
  }
}
