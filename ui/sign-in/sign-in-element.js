// @ts-check
import { AccountElement } from '../lib/account-element.js'
import { APIError } from '../lib/client.js'

/**
 * <gatehouse-sign-in> takes over the forms inside it: identifier, then password or a
 * code by e-mail.
 *
 * Event: gatehouse-sign-in (detail.session; cancelable, else the browser goes to data-next).
 */
export class SignInElement extends AccountElement {
  /** @type {any} the attempt under way, as the server sees it */
  #attempt = null

  steps = {
    identifier: (/** @type {HTMLFormElement} */ form) => this.#identify(form),
    password: (/** @type {HTMLFormElement} */ form) => this.#prove('password', form),
    code: (/** @type {HTMLFormElement} */ form) => this.#prove('email_code', form),
  }

  actions = {
    'use-code': () => this.#sendCode(),
    'use-password': () => this.#showPassword(),
    resend: () => this.#resend(),
    restart: () => this.#restart(),
  }

  async start() {
    const client = await this.visitor()
    if (!client) return
    const pending = client.sign_in?.first_factor_verification
    if (pending?.strategy !== 'email_code' || pending.status !== 'unverified' || pending.expire_at < Date.now()) {
      this.show('identifier')
      return
    }
    // A code is on its way: whoever comes back from reading it goes on where they were.
    this.#attempt = client.sign_in
    this.#showCode(false)
  }

  /** @param {HTMLFormElement} form */
  async #identify(form) {
    const identifier = String(new FormData(form).get('identifier')).trim()
    const answer = await this.#post('/client/sign_ins', { identifier })
    this.#attempt = answer.response
    if (this.#factor('password')) this.#showPassword()
    else if (this.#factor('email_code')) await this.#sendCode()
    else throw refuse('This account has no way to sign in that this page offers.')
  }

  /**
   * @param {'password'|'email_code'} strategy
   * @param {HTMLFormElement} form
   */
  async #prove(strategy, form) {
    const field = strategy === 'password' ? 'password' : 'code'
    const value = String(new FormData(form).get(field))
    let answer
    try {
      answer = await this.#post(`/client/sign_ins/${this.#attempt.id}/attempt_first_factor`, { strategy, [field]: value })
    } catch (err) {
      if (!(err instanceof APIError) || err.status !== 404) throw err
      this.#restart()
      throw refuse('This took too long. Please start again.')
    }
    this.#attempt = answer.response
    if (this.#attempt.status !== 'complete') throw refuse('This account asks for a second step that this page does not offer.')
    await this.enter('gatehouse-sign-in', this.#attempt.created_session_id)
  }

  #showPassword() {
    this.text('identifier', this.#attempt.identifier)
    const name = this.querySelector('input[name="username"]')
    if (name instanceof HTMLInputElement) name.value = this.#attempt.identifier
    const other = this.querySelector('[data-action="use-code"]')
    if (other instanceof HTMLElement) other.hidden = !this.#factor('email_code')
    this.show('password')
  }

  async #sendCode() {
    await this.#prepare()
    this.#showCode(true)
  }

  async #resend() {
    await this.resendCode(() => this.#prepare())
    this.status(this.currentForm(), 'A new code is on its way. The one before no longer works.')
  }

  async #prepare() {
    const factor = this.#factor('email_code')
    const answer = await this.#post(`/client/sign_ins/${this.#attempt.id}/prepare_first_factor`, {
      strategy: 'email_code',
      email_address_id: factor.email_address_id,
    })
    this.#attempt = answer.response
  }

  /** @param {boolean} justSent */
  #showCode(justSent) {
    const other = this.querySelector('[data-action="use-password"]')
    if (other instanceof HTMLElement) other.hidden = !this.#factor('password')
    this.showCode(this.#factor('email_code')?.safe_identifier ?? this.#attempt.identifier, justSent)
  }

  #restart() {
    this.#attempt = null
    for (const form of this.querySelectorAll('form')) if (form.dataset.step !== 'identifier') form.reset()
    this.show('identifier')
  }

  /** @param {string} strategy */
  #factor(strategy) {
    const factors = this.#attempt?.supported_first_factors ?? []
    return factors.find((/** @type {any} */ f) => f.strategy === strategy && f.primary !== false) ?? factors.find((/** @type {any} */ f) => f.strategy === strategy)
  }

  /**
   * @param {string} path
   * @param {Record<string, string>} params
   */
  #post(path, params) {
    return this.api.send('POST', path, params, { signal: this.signal })
  }
}

/** @param {string} message */
function refuse(message) {
  return new APIError(0, [{ code: 'not_supported', message, param: '' }])
}
