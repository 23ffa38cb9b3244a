// @ts-check
// What all forms of the pages do alike: errors at their field, one request at a time.

/**
 * Runs task for form, one at a time: a second submit while one is on its way does
 * nothing. What task throws is thrown on.
 * @param {HTMLFormElement} form
 * @param {() => Promise<void>} task
 */
export async function submit(form, task) {
  if (form.getAttribute('aria-busy') === 'true') return
  clearErrors(form)
  form.setAttribute('aria-busy', 'true')
  try {
    await task()
  } finally {
    form.removeAttribute('aria-busy')
  }
}

/**
 * Tells what was refused: each error at the field it names, the rest above the form.
 * Focus moves to the first field in error.
 * @param {ParentNode} form
 * @param {import('./client.js').APIError} err
 */
export function showError(form, err) {
  const rest = []
  for (const { param, message } of err.errors) {
    const input = param && fieldNamed(form, param)
    if (!input || !markInvalid(form, input, message)) rest.push(message)
  }
  const summary = /** @type {HTMLElement|null} */ (form.querySelector('[data-form-error]'))
  if (summary) summary.textContent = rest.join(' ')
  const first = /** @type {HTMLInputElement|null} */ (form.querySelector('[aria-invalid="true"]'))
  if (first) {
    first.focus()
    first.select()
  }
}

/**
 * Refuses empty required fields before anything is sent.
 * @param {HTMLFormElement} form
 * @returns {boolean} whether the form may be sent
 */
export function complete(form) {
  clearErrors(form)
  const empty = /** @type {HTMLInputElement[]} */ ([...form.elements]).filter(
    (el) => el instanceof HTMLInputElement && el.required && !el.closest('[hidden]') && el.value.trim() === '',
  )
  for (const input of empty) markInvalid(form, input, `${labelOf(input)} is missing.`)
  empty[0]?.focus()
  return empty.length === 0
}

/** @param {ParentNode} form */
export function clearErrors(form) {
  for (const input of form.querySelectorAll('[aria-invalid]')) input.removeAttribute('aria-invalid')
  for (const text of form.querySelectorAll('[data-error-for], [data-form-error], [data-form-status]')) text.textContent = ''
}

/**
 * @param {ParentNode} form
 * @param {string} name
 */
function fieldNamed(form, name) {
  const input = form.querySelector(`[name="${CSS.escape(name)}"]`)
  return input instanceof HTMLInputElement && !input.closest('[hidden]') ? input : null
}

/**
 * @param {ParentNode} form
 * @param {HTMLInputElement} input
 * @param {string} message
 */
function markInvalid(form, input, message) {
  const place = form.querySelector(`[data-error-for="${CSS.escape(input.name)}"]`)
  if (!place) return false
  const more = input.closest('details')
  if (more) more.open = true
  place.textContent = message
  input.setAttribute('aria-invalid', 'true')
  return true
}

/** @param {HTMLInputElement} input */
function labelOf(input) {
  const label = input.labels?.[0]?.textContent?.trim() ?? 'This'
  return label
}

/**
 * Shows or hides the password a reveal button stands beside.
 * @param {HTMLElement} button carries data-reveal, the id of the field
 */
export function toggleReveal(button) {
  const input = document.getElementById(button.dataset.reveal ?? '')
  if (!(input instanceof HTMLInputElement)) return
  const shown = input.type === 'text'
  input.type = shown ? 'password' : 'text'
  const word = button.firstChild
  if (word) word.textContent = shown ? 'Show' : 'Hide'
}
