// @ts-check
// The part of the account page about the user's picture.
import { APIError } from '../lib/client.js'

/** @typedef {import('./user-profile-element.js').UserProfileElement} Page */

/** Bytes that the server takes. Whatever is larger is not sent at all. */
const maxBytes = 10 << 20

/**
 * Shows the picture that stands for the user: their own, or the one drawn for them.
 * @param {Page} page
 * @param {any} user
 */
export function showPicture(page, user) {
  for (const img of /** @type {NodeListOf<HTMLImageElement>} */ (page.querySelectorAll('img[data-picture]'))) {
    img.src = user.image_url
    img.hidden = false
  }
  page.text('choose-picture', user.has_image ? 'Change picture…' : 'Upload picture…')
  page.part('[data-action="remove-picture"]').hidden = !user.has_image
}

/**
 * Opens the browser's own dialog for files. What is chosen there is sent at once.
 * @param {Page} page
 */
export function choosePicture(page) {
  const input = fileInput(page)
  input.onchange = () => input.form?.requestSubmit()
  input.click()
}

/**
 * @param {Page} page
 * @param {HTMLFormElement} form
 */
export async function savePicture(page, form) {
  const input = fileInput(page)
  const file = input.files?.[0]
  input.value = '' // so that the same file can be chosen again
  if (!file) return
  if (file.size > maxBytes) {
    throw new APIError(413, [{ code: 'image_too_large', param: '', message: 'Choose a picture of at most 10 MB.' }])
  }
  page.status(form, 'Uploading…')
  try {
    await page.upload('/me/profile_image', file)
  } catch (err) {
    page.status(form, '')
    throw err
  }
  await page.refresh()
  page.status(form, 'Your picture was changed.')
}

/**
 * @param {Page} page
 * @param {HTMLButtonElement} button vanishes with the picture
 */
export async function removePicture(page, button) {
  await page.send('DELETE', '/me/profile_image', {})
  await page.refresh()
  page.part('[data-action="choose-picture"]').focus()
  page.status(button.form, 'Your picture was removed.')
}

/** @param {Page} page */
function fileInput(page) {
  return /** @type {HTMLInputElement} */ (page.part('form[data-step="picture"] input[type="file"]'))
}
