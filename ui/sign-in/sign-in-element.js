// @ts-check
import { AccountElement, refuse } from '../lib/account-element.js'
import { APIError } from '../lib/client.js'
import { addressOf, identifierField, preferredFactor, signInIdentifiers, target, wayText } from '../lib/identifiers.js'
import { clone } from '../lib/template.js'

/**
 * <gatehouse-sign-in> takes over the forms inside it: identifier, then password or a
 * code by mail or text message; for a forgotten password a code, then a new one.
 *
 * Event: gatehouse-sign-in (detail.session; cancelable, else the browser goes to data-next).
 */
export class SignInElement extends AccountElement {
  /** @type {any} the attempt under way, as the server sees it */
  #attempt = null
  /** @type {any} the factor that a code was sent for */
  #factor = null

  steps = {
    identifier: (/** @type {HTMLFormElement} */ form) => this.#identify(form),
    password: (/** @type {HTMLFormElement} */ form) => this.#prove({ strategy: 'password', password: text(form, 'password') }),
    code: (/** @type {HTMLFormElement} */ form) => this.#prove({ strategy: this.#factor.strategy, code: text(form, 'code') }),
    'new-password': (/** @type {HTMLFormElement} */ form) => this.#renew(form),
  }

  actions = {
    'use-password': () => this.#showPassword(),
    'send-code': (/** @type {HTMLButtonElement} */ button) => this.#sendCode(this.#factors[Number(button.dataset.factor)]),
    forgot: () => this.#showForgot(),
    resend: () => this.#resend(),
    restart: () => this.#restart(),
  }

  async start() {
    const [client, environment] = await Promise.all([this.visitor(), this.api.get('/environment', { signal: this.signal })])
    this.#ask(environment.user_settings)
    if (client) this.#goOn(client.sign_in)
  }

  /**
   * Whoever comes back, from reading a code perhaps, goes on where they were.
   * @param {any} attempt
   */
  #goOn(attempt) {
    this.#attempt = attempt
    if (attempt?.status === 'needs_new_password') return this.#showNewPassword()
    const pending = attempt?.first_factor_verification
    this.#factor = pending?.strategy && addressOf(pending.strategy) ? preferredFactor(this.#factors, pending.strategy) : null
    if (!this.#factor || pending.status !== 'unverified' || pending.expire_at < Date.now()) return this.show('identifier')
    this.#showCode(false)
  }

  /** @param {any} settings */
  #ask(settings) {
    const names = signInIdentifiers(settings)
    if (names.length > 0) {
      const { label, type } = identifierField(names)
      this.text('identifier-label', label)
      const input = this.querySelector('input[name="identifier"]')
      if (input instanceof HTMLInputElement) input.type = type
    }
    const min = settings?.password_settings?.min_length
    if (min) this.text('min-length', String(min))
  }

  /** @param {HTMLFormElement} form */
  async #identify(form) {
    const answer = await this.#post('/client/sign_ins', { identifier: text(form, 'identifier').trim() })
    this.#attempt = answer.response
    const code = preferredFactor(this.#factors, 'email_code') ?? preferredFactor(this.#factors, 'phone_code')
    if (preferredFactor(this.#factors, 'password')) this.#showPassword()
    else if (code) await this.#sendCode(code)
    else throw refuse('This account has no way to sign in that this page offers.')
  }

  /** @param {Record<string, string>} proof */
  async #prove(proof) {
    await this.#advance(`/client/sign_ins/${this.#attempt.id}/attempt_first_factor`, proof)
  }

  /** @param {HTMLFormElement} form */
  async #renew(form) {
    const others = new FormData(form).has('sign_out_of_other_sessions')
    await this.#advance(`/client/sign_ins/${this.#attempt.id}/reset_password`, {
      password: text(form, 'password'),
      sign_out_of_other_sessions: String(others),
    })
  }

  /**
   * Sends a proof and goes where it leads.
   * @param {string} path
   * @param {Record<string, string>} params
   */
  async #advance(path, params) {
    let answer
    try {
      answer = await this.#post(path, params)
    } catch (err) {
      if (!(err instanceof APIError) || err.status !== 404) throw err
      this.#restart()
      throw refuse('This took too long. Please start again.')
    }
    this.#attempt = answer.response
    if (this.#attempt.status === 'needs_new_password') return this.#showNewPassword()
    if (this.#attempt.status !== 'complete') throw refuse('This account asks for a second step that this page does not offer.')
    await this.enter('gatehouse-sign-in', this.#attempt.created_session_id)
  }

  #showPassword() {
    this.text('identifier', this.#attempt.identifier)
    this.#fillUsername()
    this.#offer('password')
    this.#part('[data-action="forgot"]').hidden = !this.#factors.some(resets)
    this.show('password')
  }

  /** Asks where to send the code that allows a new password. */
  #showForgot() {
    this.#list('reset-ways').replaceChildren(...this.#buttons('reset-way', resets, ''))
    this.show('forgot')
  }

  #showNewPassword() {
    this.#fillUsername()
    this.show('new-password')
  }

  /** Password managers want to know whose password a field takes. */
  #fillUsername() {
    for (const name of this.querySelectorAll('input[name="username"]')) {
      if (name instanceof HTMLInputElement) name.value = this.#attempt.identifier ?? ''
    }
  }

  /** @param {any} factor */
  async #sendCode(factor) {
    await this.#prepare(factor)
    this.#showCode(true)
  }

  async #resend() {
    await this.resendCode(() => this.#prepare(this.#factor))
  }

  /** @param {any} factor */
  async #prepare(factor) {
    const answer = await this.#post(`/client/sign_ins/${this.#attempt.id}/prepare_first_factor`, target(factor))
    this.#attempt = answer.response
    this.#factor = factor
  }

  /** @param {boolean} justSent */
  #showCode(justSent) {
    this.#offer('code')
    this.#part('form[data-step="code"] [data-action="use-password"]').hidden = !preferredFactor(this.#factors, 'password')
    this.text('confirm', resets(this.#factor) ? 'Continue' : 'Sign in')
    this.showCode(this.#factor.strategy, this.#factor.safe_identifier ?? this.#attempt.identifier, justSent)
  }

  /**
   * Offers the other ways to sign in below a step.
   * @param {string} step
   */
  #offer(step) {
    const other = (/** @type {any} */ f) => addressOf(f.strategy) && !resets(f) && !(step === 'code' && same(f, this.#factor))
    this.#list(`${step}-ways`).replaceChildren(...this.#buttons('way', other, ' instead'))
  }

  /**
   * @param {string} template
   * @param {(factor: any) => any} fits
   * @param {string} ending of the words
   */
  #buttons(template, fits, ending) {
    return this.#factors.flatMap((/** @type {any} */ factor, /** @type {number} */ n) => {
      if (!fits(factor)) return []
      const button = clone(this, template, { way: wayText(factor, this.#factors) + ending }, {})
      button.dataset.factor = String(n)
      return [button]
    })
  }

  #restart() {
    this.#attempt = this.#factor = null
    for (const form of this.querySelectorAll('form')) if (form.dataset.step !== 'identifier') form.reset()
    this.show('identifier')
  }

  /** @returns {any[]} */
  get #factors() {
    return this.#attempt?.supported_first_factors ?? []
  }

  /** @param {string} name */
  #list(name) {
    return this.#part(`[data-list="${name}"]`)
  }

  /** @param {string} selector */
  #part(selector) {
    return /** @type {HTMLElement} */ (this.querySelector(selector))
  }

  /**
   * @param {string} path
   * @param {Record<string, string>} params
   */
  #post(path, params) {
    return this.api.send('POST', path, params, { signal: this.signal })
  }
}

/** @param {any} factor */
function resets(factor) {
  return factor.strategy.startsWith('reset_password_')
}

/**
 * @param {any} a
 * @param {any} b
 */
function same(a, b) {
  return a.strategy === b?.strategy && a.email_address_id === b.email_address_id && a.phone_number_id === b.phone_number_id
}

/**
 * @param {HTMLFormElement} form
 * @param {string} field
 */
function text(form, field) {
  return String(new FormData(form).get(field) ?? '')
}
