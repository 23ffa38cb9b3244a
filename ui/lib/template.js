// @ts-check

/**
 * Clones the first element of <template data-template="name"> below root and fills
 * its data-text places; data-if parts whose flag is false are left out.
 * @param {ParentNode} root
 * @param {string} name
 * @param {Record<string, string>} texts
 * @param {Record<string, boolean>} flags
 * @returns {HTMLElement}
 */
export function clone(root, name, texts, flags) {
  const template = root.querySelector(`template[data-template="${name}"]`)
  if (!(template instanceof HTMLTemplateElement)) throw new Error(`no template ${name}`)
  const copy = /** @type {HTMLElement} */ (template.content.firstElementChild?.cloneNode(true))
  for (const part of copy.querySelectorAll('[data-if]')) {
    if (!flags[/** @type {HTMLElement} */ (part).dataset.if ?? '']) part.remove()
  }
  for (const place of [copy, ...copy.querySelectorAll('[data-text]')]) {
    if (!place.hasAttribute('data-text')) continue
    place.textContent = texts[/** @type {HTMLElement} */ (place).dataset.text ?? ''] ?? ''
  }
  return copy
}
