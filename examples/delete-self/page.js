// @ts-check
// Deletes the account of whoever is on the page: asks, asks for a proof where the
// server wants one, and tries again. The modules are those of the account pages.
import { activeSession, APIError } from '/ui/lib/client.js'
import { clearSessionCookies } from '/ui/lib/session-cookies.js'
import { StepElement } from '/ui/lib/step-element.js'
import { StepUp } from '/ui/user-profile/step-up.js'

class DeleteAccountElement extends StepElement {
  #session = ''
  #confirmation = ''
  /** @type {StepUp|undefined} */
  #stepUp

  steps = {
    delete: () => this.#delete(),
    'step-up-password': async (/** @type {HTMLFormElement} */ form) => this.#stepUp?.provePassword(form),
    'step-up-code': async (/** @type {HTMLFormElement} */ form) => this.#stepUp?.proveCode(form),
  }

  actions = {
    ask: () => this.#ask(),
    'step-up-code': async (/** @type {HTMLButtonElement} */ button) => this.#stepUp?.sendCode(button.dataset.strategy),
    close: (/** @type {HTMLButtonElement} */ button) => button.closest('dialog')?.close(),
  }

  connectedCallback() {
    super.connectedCallback()
    this.#stepUp = new StepUp(this.#dialog('step-up'), this.api)
  }

  async start() {
    const { response: client } = await this.api.get('/client', { signal: this.signal })
    this.#session = activeSession(client)?.id ?? ''
  }

  /** Gets the confirmation that the server wants to see with the request that deletes. */
  async #ask() {
    const asked = await this.#stepUp?.around(this.#session, async () => {
      this.#confirmation = (await this.#request()).confirm
    })
    if (asked) this.#dialog('delete').showModal()
  }

  async #delete() {
    const done = await this.#stepUp?.around(this.#session, async () => {
      await this.#request(this.#confirmation)
    })
    if (!done) return
    clearSessionCookies(document)
    location.assign('/')
  }

  /** @param {string} [confirmation] */
  async #request(confirmation) {
    const answer = await fetch('/api/account', { method: 'DELETE', headers: confirmation ? { Confirm: confirmation } : {} })
    const body = await answer.json()
    if (answer.ok || (answer.status === 428 && !confirmation)) return body
    if (body.clerk_error?.reason === 'reverification-error') {
      throw new APIError(403, [{ code: 'session_reverification_required', param: '', message: 'Confirm it is you.' }])
    }
    throw new APIError(answer.status, [{ code: '', param: '', message: body.message ?? body.errors?.[0]?.long_message ?? 'That did not work. Please try again.' }])
  }

  /** Forms are in dialogs here, so none of them is the current one. */
  currentForm() {
    return null
  }

  /** @param {string} name */
  #dialog(name) {
    return /** @type {HTMLDialogElement} */ (this.querySelector(`dialog[data-dialog="${name}"]`))
  }
}

DeleteAccountElement.define('delete-account')
