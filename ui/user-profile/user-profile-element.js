// @ts-check
import { activeSession, APIError, primaryEmail } from '../lib/client.js'
import { safeRedirect } from '../lib/redirect.js'
import { clearSessionCookies } from '../lib/session-cookies.js'
import { StepElement } from '../lib/step-element.js'
import { clone } from '../lib/template.js'
import { deviceName, initials, lastSeen, metadataText } from './describe.js'
import { StepUp } from './step-up.js'

/** What has to be typed before an account is deleted. */
const confirmation = 'Delete account'

/**
 * <gatehouse-user-profile> shows a person their own account and lets them change
 * their name, sign devices out, sign out and delete the account.
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

  steps = {
    name: (/** @type {HTMLFormElement} */ form) => this.#saveName(form),
    delete: (/** @type {HTMLFormElement} */ form) => this.#delete(form),
    'step-up-password': async (/** @type {HTMLFormElement} */ form) => this.#stepUp?.provePassword(form),
    'step-up-code': async (/** @type {HTMLFormElement} */ form) => this.#stepUp?.proveCode(form),
  }

  actions = {
    'sign-out': () => this.#signOut(),
    revoke: (/** @type {HTMLButtonElement} */ button) => this.#revoke(button),
    'ask-delete': () => this.#dialog('delete').showModal(),
    'step-up-code': async () => this.#stepUp?.sendCode(),
    close: (/** @type {HTMLButtonElement} */ button) => button.closest('dialog')?.close(),
  }

  connectedCallback() {
    super.connectedCallback()
    this.#stepUp = new StepUp(this.#dialog('step-up'), this.api)
    // Somebody may have signed out, or been signed out, in another window meanwhile.
    document.addEventListener('visibilitychange', () => document.hidden || this.start().catch((err) => this.failed(err)), { signal: this.signal })
  }

  /** Forms stand side by side here, so none of them is the current one. */
  currentForm() {
    return null
  }

  async start() {
    const { response: client } = await this.api.get('/client', { signal: this.signal })
    this.#session = activeSession(client)
    if (!this.#session) return this.#toSignIn()
    this.#showUser(this.#session.user)
    const name = this.querySelector('form[data-step="name"]')
    if (!name?.contains(document.activeElement)) this.#fillName(this.#session.user)
    await this.#showDevices()
  }

  /** @param {any} user */
  #showUser(user) {
    this.text('account', primaryEmail(user))
    this.text('initials', initials(user))
    this.#list('emails').replaceChildren(
      ...user.email_addresses.map((/** @type {any} */ e) =>
        clone(this, 'email', { address: e.email_address }, { primary: e.id === user.primary_email_address_id, unverified: e.verification?.status !== 'verified' }),
      ),
    )
    this.#showMetadata(user.public_metadata ?? {})
    this.#part('[data-delete]').hidden = !user.delete_self_enabled
  }

  /** @param {any} user */
  #fillName(user) {
    for (const field of ['first_name', 'last_name']) {
      const input = this.querySelector(`form[data-step="name"] [name="${field}"]`)
      if (input instanceof HTMLInputElement) input.value = user[field] ?? ''
    }
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
    this.#list('metadata').replaceChildren(...rows)
    this.#part('[data-metadata]').hidden = rows.length === 0
  }

  async #showDevices() {
    const sessions = await this.api.get('/me/sessions/active', this.#acting())
    const items = sessions.map((/** @type {any} */ s) => {
      const device = deviceName(s.latest_activity)
      const own = s.id === this.#session.id
      const item = clone(this, 'device', { device, seen: lastSeen(s, Date.now()), which: ` of ${device}` }, { this: own, other: !own })
      item.dataset.session = s.id
      return item
    })
    this.#list('devices').replaceChildren(...items)
  }

  /** @param {HTMLFormElement} form */
  async #saveName(form) {
    const name = new FormData(form)
    const params = { first_name: String(name.get('first_name')).trim(), last_name: String(name.get('last_name')).trim() }
    const { response: user } = await this.api.send('PATCH', '/me', params, this.#acting())
    this.#session.user = user
    this.#showUser(user)
    this.#fillName(user)
    this.status(form, 'Saved.')
  }

  /** @param {HTMLButtonElement} button */
  async #revoke(button) {
    const id = button.closest('li')?.dataset.session
    await this.#stepUp?.around(this.#session.id, async () => {
      await this.api.send('POST', `/me/sessions/${id}/revoke`, {}, this.#acting())
    })
    await this.#showDevices()
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
    const done = await this.#stepUp?.around(this.#session.id, async () => {
      await this.api.send('DELETE', '/me', {}, this.#acting())
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
  #acting() {
    return { session: this.#session.id, signal: this.signal }
  }

  /** @param {string} name */
  #dialog(name) {
    return /** @type {HTMLDialogElement} */ (this.#part(`dialog[data-dialog="${name}"]`))
  }

  /** @param {string} name */
  #list(name) {
    return this.#part(`[data-list="${name}"]`)
  }

  /** @param {string} selector */
  #part(selector) {
    return /** @type {HTMLElement} */ (this.querySelector(selector))
  }
}
