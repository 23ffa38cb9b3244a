// @ts-check
import { APIError } from '../lib/client.js'
import { preferredFactor, target } from '../lib/identifiers.js'

/**
 * Asks in a dialog for a password or a code before a sensitive act, when the server
 * says that the sign-in was too long ago.
 */
export class StepUp {
  #dialog
  #api
  #session = ''
  /** @type {any[]} */
  #factors = []
  #strategy = '' // of the code that is asked for
  /** @type {(proven: boolean) => void} */
  #settle = () => {}

  /**
   * @param {HTMLDialogElement} dialog holds the forms step-up-password and step-up-code
   * @param {import('../lib/client.js').Client} api
   */
  constructor(dialog, api) {
    this.#dialog = dialog
    this.#api = api
  }

  /**
   * Does act, and once more after a proof if the server wants one. It resolves to
   * false if the person gives up.
   * @param {string} session
   * @param {() => Promise<void>} act
   * @returns {Promise<boolean>}
   */
  async around(session, act) {
    try {
      await act()
      return true
    } catch (err) {
      if (!(err instanceof APIError) || err.code !== 'session_reverification_required') throw err
    }
    if (!(await this.#ask(session))) return false
    await act()
    return true
  }

  /** @param {string} session */
  async #ask(session) {
    this.#session = session
    const answer = await this.#post('', { level: 'first_factor' })
    this.#factors = answer.response.supported_first_factors ?? []
    const password = this.#factor('password')
    this.#strategy = ['email_code', 'phone_code'].find((strategy) => this.#factor(strategy)) ?? ''
    if (!password && !this.#strategy) {
      throw new APIError(403, [{ code: 'session_reverification_required', param: '', message: 'Sign out and in again to do this.' }])
    }
    for (const other of this.#dialog.querySelectorAll('[data-action="step-up-code"]:not([data-resend])')) {
      if (other instanceof HTMLElement) other.hidden = !this.#factor(other.dataset.strategy ?? 'email_code')
    }
    this.#dialog.showModal()
    const outcome = new Promise((/** @type {(proven: boolean) => void} */ resolve) => (this.#settle = resolve))
    this.#dialog.addEventListener('close', () => this.#settle(false), { once: true })
    if (password) this.#show('step-up-password')
    else await this.sendCode()
    return outcome
  }

  /**
   * Sends a code, again if need be, and asks for it.
   * @param {string} [strategy] email_code or phone_code; the one of before if there is none
   */
  async sendCode(strategy = this.#strategy) {
    const factor = this.#factor(strategy)
    await this.#post('/prepare_first_factor', target(factor))
    this.#strategy = strategy
    const place = this.#dialog.querySelector('[data-text="step-up-sent-to"]')
    if (place) place.textContent = factor.safe_identifier
    this.#show('step-up-code')
  }

  /** @param {HTMLFormElement} form */
  async provePassword(form) {
    await this.#prove({ strategy: 'password', password: String(new FormData(form).get('password')) })
  }

  /** @param {HTMLFormElement} form */
  async proveCode(form) {
    await this.#prove({ strategy: this.#strategy, code: String(new FormData(form).get('code')) })
  }

  /** @param {Record<string, string>} proof */
  async #prove(proof) {
    const answer = await this.#post('/attempt_first_factor', proof)
    if (answer.response.status !== 'complete') {
      throw new APIError(403, [{ code: 'not_supported', param: '', message: 'This account asks for a second step that this page does not offer.' }])
    }
    this.#settle(true)
    this.#dialog.close()
  }

  /** @param {string} strategy */
  #factor(strategy) {
    return preferredFactor(this.#factors, strategy)
  }

  /** @param {string} step */
  #show(step) {
    for (const form of this.#dialog.querySelectorAll('form')) {
      form.hidden = form.dataset.step !== step
      if (!form.hidden) form.querySelector('input')?.focus()
      form.reset()
    }
  }

  /**
   * @param {string} path
   * @param {Record<string, string>} params
   */
  #post(path, params) {
    return this.#api.send('POST', `/client/sessions/${this.#session}/verify${path}`, params)
  }
}
