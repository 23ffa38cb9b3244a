// @ts-check
import { AccountElement, refuse } from '../lib/account-element.js'
import { APIError } from '../lib/client.js'
import { codeStrategy } from '../lib/identifiers.js'

/**
 * <gatehouse-sign-up> takes over the forms inside it: the details an account needs,
 * then the code that was sent to each address.
 *
 * Event: gatehouse-sign-up (detail.session; cancelable, else the browser goes to data-next).
 */
export class SignUpElement extends AccountElement {
  /** @type {any} the attempt under way, as the server sees it */
  #attempt = null

  steps = {
    details: (/** @type {HTMLFormElement} */ form) => this.#register(form),
    code: (/** @type {HTMLFormElement} */ form) => this.#confirm(form),
  }

  actions = {
    resend: () => this.#resend(),
    restart: () => this.show('details'),
    'use-phone-number': () => this.#useAddress('phone_number'),
    'use-email-address': () => this.#useAddress('email_address'),
  }

  async start() {
    const [client, environment] = await Promise.all([this.visitor(), this.api.get('/environment', { signal: this.signal })])
    this.#ask(environment.user_settings)
    if (!client) return
    // A code is on its way: whoever comes back from reading it goes on where they were.
    this.#attempt = client.sign_up
    if (this.#waitsForCode()) this.#showCode(false)
    else this.show('details')
  }

  /**
   * Asks for what the instance requires; what is optional stands behind a line that opens.
   * Where people may choose between email address and phone number, one is asked for.
   * @param {any} settings
   */
  #ask(settings) {
    const attributes = settings?.attributes ?? {}
    const choice = !['email_address', 'phone_number', 'username'].some((name) => attributes[name]?.enabled && attributes[name].required)
    const more = /** @type {HTMLElement} */ (this.querySelector('.more'))
    for (const field of /** @type {NodeListOf<HTMLElement>} */ (this.querySelectorAll('[data-attribute]'))) {
      const name = field.dataset.attribute ?? ''
      const wanted = attributes[name]
      const input = field.querySelector('input')
      if (!input) continue
      field.hidden = !wanted?.enabled
      input.required = Boolean(wanted?.enabled && wanted.required)
      const address = name === 'email_address' || name === 'phone_number'
      if (field.hidden || input.required || (choice && address)) continue
      more.hidden = false
      more.append(field)
    }
    if (choice && !attributes.email_address?.enabled && !attributes.phone_number?.enabled) this.#requireUsername()
    else if (choice) this.#choose(attributes)
    const min = settings?.password_settings?.min_length
    if (min) this.text('min-length', String(min))
  }

  /** Without any address the username, though optional, is what finds the account. */
  #requireUsername() {
    const field = this.#field('username')
    const password = this.#field('password')
    password.before(field)
    const input = field.querySelector('input')
    if (input) input.required = true
    const more = /** @type {HTMLElement} */ (this.querySelector('.more'))
    more.hidden = !more.querySelector('[data-attribute]')
  }

  /** @param {any} attributes */
  #choose(attributes) {
    const both = attributes.email_address?.enabled && attributes.phone_number?.enabled
    for (const button of /** @type {NodeListOf<HTMLElement>} */ (this.querySelectorAll('[data-swap]'))) button.hidden = !both
    this.#useAddress(attributes.email_address?.enabled ? 'email_address' : 'phone_number', false)
  }

  /**
   * @param {import('../lib/identifiers.js').Address} wanted
   * @param {boolean} [focus]
   */
  #useAddress(wanted, focus = true) {
    for (const name of ['email_address', 'phone_number']) {
      const field = this.#field(name)
      const input = field.querySelector('input')
      field.hidden = name !== wanted
      if (!input) continue
      input.required = name === wanted
      if (name === wanted && focus) input.focus()
    }
  }

  /** @param {string} name */
  #field(name) {
    return /** @type {HTMLElement} */ (this.querySelector(`[data-attribute="${name}"]`))
  }

  /** @param {HTMLFormElement} form */
  async #register(form) {
    /** @type {Record<string, string>} */
    const params = {}
    for (const [name, value] of new FormData(form)) {
      if (form.querySelector(`[name="${name}"]`)?.closest('[hidden]')) continue
      const given = name === 'password' ? String(value) : String(value).trim()
      if (given) params[name] = given
    }
    const answer = await this.#post('/client/sign_ups', params)
    await this.#advance(answer.response)
  }

  /** @param {HTMLFormElement} form */
  async #confirm(form) {
    const code = String(new FormData(form).get('code'))
    let answer
    try {
      answer = await this.#post(`/client/sign_ups/${this.#attempt.id}/attempt_verification`, { strategy: codeStrategy(this.#address()), code })
    } catch (err) {
      if (!(err instanceof APIError) || (err.status !== 404 && err.status !== 410)) throw err
      this.show('details')
      throw refuse('This took too long. Please start again.')
    }
    await this.#advance(answer.response)
  }

  /**
   * Goes to whatever the attempt still needs.
   * @param {any} attempt
   */
  async #advance(attempt) {
    this.#attempt = attempt
    if (attempt.status === 'complete') {
      await this.enter('gatehouse-sign-up', attempt.created_session_id)
      return
    }
    const missing = attempt.missing_fields ?? []
    if (missing.length > 0) throw refuse(`The account still needs: ${missing.join(', ').replaceAll('_', ' ')}.`)
    const before = this.currentForm()?.dataset.step
    if (!this.#waitsForCode()) await this.#prepare()
    this.#showCode(true)
    if (before === 'code') this.status(this.currentForm(), 'Confirmed. Now the other code.')
  }

  async #resend() {
    await this.resendCode(() => this.#prepare())
  }

  async #prepare() {
    const answer = await this.#post(`/client/sign_ups/${this.#attempt.id}/prepare_verification`, { strategy: codeStrategy(this.#address()) })
    this.#attempt = answer.response
  }

  /** @param {boolean} justSent */
  #showCode(justSent) {
    const address = this.#address()
    this.showCode(codeStrategy(address), this.#attempt[address], justSent)
  }

  /**
   * The address to prove next.
   * @returns {import('../lib/identifiers.js').Address}
   */
  #address() {
    return this.#attempt.unverified_fields[0]
  }

  /** Whether a code was sent to the address to prove next, and is still good. */
  #waitsForCode() {
    const next = this.#attempt?.unverified_fields?.[0]
    const pending = next && this.#attempt.verifications?.[next]
    return pending?.status === 'unverified' && Boolean(pending.strategy) && pending.expire_at >= Date.now()
  }

  /**
   * @param {string} path
   * @param {Record<string, string>} params
   */
  #post(path, params) {
    return this.api.send('POST', path, params, { signal: this.signal })
  }
}
