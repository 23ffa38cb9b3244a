// @ts-check
// The parts of the account page about what one signs in with: username and password.

/** @typedef {import('./user-profile-element.js').UserProfileElement} Page */

/**
 * @param {Page} page
 * @param {HTMLFormElement} form
 */
export async function saveUsername(page, form) {
  const username = String(new FormData(form).get('username')).trim()
  const proven = await page.sensitive(async () => {
    await page.send('PATCH', '/me', { username })
  })
  if (!proven) return
  await page.refresh()
  page.status(form, 'Saved.')
}

/**
 * Opens the dialog for a new password. Somebody without one is not asked for it.
 * @param {Page} page
 * @param {any} user
 */
export function askPassword(page, user) {
  const form = /** @type {HTMLFormElement} */ (page.part('form[data-step="password"]'))
  form.reset()
  page.part('[data-current-password]').hidden = !user.password_enabled
  page.text('password-title', user.password_enabled ? 'Change your password' : 'Set a password')
  page.dialog('password').showModal()
}

/**
 * @param {Page} page
 * @param {HTMLFormElement} form
 */
export async function savePassword(page, form) {
  const typed = new FormData(form)
  /** @type {Record<string, string>} */
  const params = {
    new_password: String(typed.get('new_password')),
    sign_out_of_other_sessions: String(typed.has('sign_out_of_other_sessions')),
  }
  if (!page.part('[data-current-password]').hidden) params.current_password = String(typed.get('current_password'))
  const proven = await page.sensitive(async () => {
    await page.send('POST', '/me/change_password', params)
  })
  if (!proven) return
  page.dialog('password').close()
  await page.refresh()
  page.text('password-status', 'Your password was changed.')
}

/**
 * Opens the dialog that takes the password away.
 * @param {Page} page
 */
export function askRemovePassword(page) {
  const form = /** @type {HTMLFormElement} */ (page.part('form[data-step="remove-password"]'))
  form.reset()
  page.dialog('remove-password').showModal()
}

/**
 * @param {Page} page
 * @param {HTMLFormElement} form
 */
export async function removePassword(page, form) {
  const typed = new FormData(form)
  const params = {
    current_password: String(typed.get('current_password')),
    sign_out_of_other_sessions: String(typed.has('sign_out_of_other_sessions')),
  }
  const proven = await page.sensitive(async () => {
    await page.send('POST', '/me/remove_password', params)
  })
  if (!proven) return
  page.dialog('remove-password').close()
  await page.refresh()
  page.text('password-status', 'Your password was removed.')
  page.part('[data-action="ask-password"]').focus()
}
