// @ts-check
import { activeSession, APIError, primaryEmail } from '../lib/client.js'
import { safeRedirect } from '../lib/redirect.js'
import { clearSessionCookies } from '../lib/session-cookies.js'
import { StepElement } from '../lib/step-element.js'
import { Addresses } from './addresses.js'
import { askPassword, askRemovePassword, removePassword, savePassword, saveUsername } from './credentials.js'
import { actingText, metadataText } from './describe.js'
import { Devices } from './devices.js'
import { choosePicture, removePicture, savePicture, showPicture } from './picture.js'
import { StepUp } from './step-up.js'

/** What has to be typed before an account is deleted. */
const confirmation = 'Delete account'

/**
 * <gatehouse-user-profile> shows a person their own account and lets them change
 * their picture, name, username, addresses and password, sign devices out, sign out and
 * delete the account.
 *
 * Attributes: data-api (path of the Frontend API), data-home and data-sign-in (where
 * to go after the last session is gone, and without one).
 * Events: gatehouse-sign-out, gatehouse-user-deleted (cancelable, else the browser
 * goes to data-home).
 */
export class UserProfileElement extends StepElement {
  /** @type {any} */
  #session = null
  /** @type {StepUp|undefined} */
  #stepUp
  /** @type {Addresses|undefined} */
  #addresses
  #devices = new Devices(this)
  /** @type {any} what the instance offers, once it is known */
  #settings = null

  steps = {
    picture: (/** @type {HTMLFormElement} */ form) => savePicture(this, form),
    name: (/** @type {HTMLFormElement} */ form) => this.#saveName(form),
    username: (/** @type {HTMLFormElement} */ form) => saveUsername(this, form),
    password: (/** @type {HTMLFormElement} */ form) => savePassword(this, form),
    'remove-password': (/** @type {HTMLFormElement} */ form) => removePassword(this, form),
    'add-address': async (/** @type {HTMLFormElement} */ form) => this.#addresses?.add(form),
    'confirm-address': async (/** @type {HTMLFormElement} */ form) => this.#addresses?.prove(form),
    'remove-address': async () => this.#addresses?.remove(),
    delete: (/** @type {HTMLFormElement} */ form) => this.#delete(form),
    'step-up-password': async (/** @type {HTMLFormElement} */ form) => this.#stepUp?.provePassword(form),
    'step-up-code': async (/** @type {HTMLFormElement} */ form) => this.#stepUp?.proveCode(form),
  }

  actions = {
    'sign-out': () => this.#signOut(),
    'choose-picture': () => choosePicture(this),
    'remove-picture': (/** @type {HTMLButtonElement} */ button) => removePicture(this, button),
    revoke: (/** @type {HTMLButtonElement} */ button) => this.#devices.revoke(button),
    'revoke-others': () => this.#devices.revokeOthers(),
    'add-address': (/** @type {HTMLButtonElement} */ button) => this.#addresses?.askNew(button),
    'confirm-address': async (/** @type {HTMLButtonElement} */ button) => this.#addresses?.confirm(button),
    'resend-address': async () => this.#addresses?.resend(),
    'make-primary': async (/** @type {HTMLButtonElement} */ button) => this.#addresses?.makePrimary(button),
    'ask-remove': (/** @type {HTMLButtonElement} */ button) => this.#addresses?.askRemove(button),
    'ask-password': () => askPassword(this, this.#session.user),
    'ask-remove-password': () => askRemovePassword(this),
    'ask-delete': () => this.dialog('delete').showModal(),
    'step-up-code': async (/** @type {HTMLButtonElement} */ button) => this.#stepUp?.sendCode(button.dataset.strategy),
    close: (/** @type {HTMLButtonElement} */ button) => button.closest('dialog')?.close(),
  }

  connectedCallback() {
    super.connectedCallback()
    this.#stepUp = new StepUp(this.dialog('step-up'), this.api)
    this.#addresses = new Addresses(this)
    // Somebody may have signed out, or been signed out, in another window meanwhile.
    document.addEventListener('visibilitychange', () => document.hidden || this.start().catch((err) => this.failed(err)), { signal: this.signal })
  }

  /** Forms stand side by side here, so none of them is the current one. */
  currentForm() {
    return null
  }

  async start() {
    this.#settings ??= (await this.api.get('/environment', { signal: this.signal })).user_settings
    const user = await this.refresh()
    if (!user) return
    for (const step of ['name', 'username']) {
      const form = this.part(`form[data-step="${step}"]`)
      if (!form.contains(document.activeElement)) this.#fill(form, user)
    }
  }

  /**
   * Shows the account as it is now.
   * @returns {Promise<any>} the user, null if nobody is signed in
   */
  async refresh() {
    const { response: client } = await this.api.get('/client', { signal: this.signal })
    this.#session = activeSession(client)
    if (!this.#session) {
      this.#toSignIn()
      return null
    }
    this.text('acting', actingText(this.#session.actor))
    this.part('[data-text="acting"]').hidden = !this.#session.actor
    this.#showUser(this.#session.user)
    await this.#devices.show()
    return this.#session.user
  }

  /**
   * Calls the Frontend API for the session that acts.
   * @param {'POST'|'PATCH'|'DELETE'} method
   * @param {string} path
   * @param {Record<string, string>} params
   */
  send(method, path, params) {
    return this.api.send(method, path, params, this.acting())
  }

  /**
   * Sends a file to the Frontend API for the session that acts.
   * @param {string} path
   * @param {File} file
   */
  upload(path, file) {
    return this.api.upload(path, file, this.acting())
  }

  /**
   * Does what the server may want a fresh proof for. It resolves to false if the person
   * gives none.
   * @param {() => Promise<void>} act
   */
  async sensitive(act) {
    return (await this.#stepUp?.around(this.#session.id, act)) ?? false
  }

  /** @param {any} user */
  #showUser(user) {
    this.text('account', primaryEmail(user))
    showPicture(this, user)
    this.#addresses?.show(user)
    this.text('ask-password', user.password_enabled ? 'Change password…' : 'Set a password…')
    this.part('[data-action="ask-remove-password"]').hidden = !user.password_enabled || this.#settings?.attributes?.password?.required
    for (const part of /** @type {NodeListOf<HTMLElement>} */ (this.querySelectorAll('section[data-attribute]'))) {
      part.hidden = !this.#settings?.attributes?.[part.dataset.attribute ?? '']?.enabled
    }
    const min = this.#settings?.password_settings?.min_length
    if (min) this.text('min-length', String(min))
    this.#showMetadata(user.public_metadata ?? {})
    this.part('[data-delete]').hidden = !user.delete_self_enabled
  }

  /**
   * @param {HTMLElement} form
   * @param {any} user
   */
  #fill(form, user) {
    for (const input of form.querySelectorAll('input')) input.value = user[input.name] ?? ''
  }

  /** @param {Record<string, unknown>} metadata */
  #showMetadata(metadata) {
    const rows = Object.entries(metadata).flatMap(([name, value]) => {
      const term = document.createElement('dt')
      const text = document.createElement('dd')
      term.textContent = name
      text.textContent = metadataText(value)
      return [term, text]
    })
    this.part('[data-list="metadata"]').replaceChildren(...rows)
    this.part('[data-metadata]').hidden = rows.length === 0
  }

  /** @param {HTMLFormElement} form */
  async #saveName(form) {
    const name = new FormData(form)
    const params = { first_name: String(name.get('first_name')).trim(), last_name: String(name.get('last_name')).trim() }
    const { response: user } = await this.send('PATCH', '/me', params)
    this.#session.user = user
    this.#showUser(user)
    this.#fill(form, user)
    this.status(form, 'Saved.')
  }

  async #signOut() {
    await this.api.send('DELETE', '/client/sessions', {}, { signal: this.signal })
    this.#leave('gatehouse-sign-out')
  }

  /** @param {HTMLFormElement} form */
  async #delete(form) {
    const typed = String(new FormData(form).get('confirmation')).trim()
    if (typed.toLowerCase() !== confirmation.toLowerCase()) {
      throw new APIError(422, [{ code: 'form_param_value_invalid', param: 'confirmation', message: `Type “${confirmation}” to go on.` }])
    }
    const done = await this.sensitive(async () => {
      await this.send('DELETE', '/me', {})
    })
    if (done) this.#leave('gatehouse-user-deleted')
  }

  /**
   * An answer that says the session is gone leads to the sign-in page.
   * @param {unknown} err
   * @param {HTMLFormElement|null} [form]
   */
  failed(err, form = null) {
    if (err instanceof APIError && err.status === 401) this.#toSignIn()
    else super.failed(err, form)
  }

  /** @param {string} event */
  #leave(event) {
    clearSessionCookies(document)
    if (this.dispatchEvent(new CustomEvent(event, { bubbles: true, cancelable: true }))) {
      location.assign(safeRedirect(this.dataset.home, '/', location.href))
    }
  }

  #toSignIn() {
    clearSessionCookies(document)
    const page = new URL(safeRedirect(this.dataset.signIn, '/', location.href))
    page.searchParams.set('redirect_url', location.pathname)
    location.replace(page.href)
  }

  /** Names the session that acts. */
  acting() {
    return { session: this.#session.id, signal: this.signal }
  }

  /** @param {string} name */
  dialog(name) {
    return /** @type {HTMLDialogElement} */ (this.part(`dialog[data-dialog="${name}"]`))
  }

  /** @param {string} selector */
  part(selector) {
    return /** @type {HTMLElement} */ (this.querySelector(selector))
  }
}
