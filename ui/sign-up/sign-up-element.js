// @ts-check
import { AccountElement } from '../lib/account-element.js'
import { APIError } from '../lib/client.js'

/**
 * <gatehouse-sign-up> takes over the forms inside it: the details an account needs,
 * then the code that was sent to the address.
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
  }

  async start() {
    const [client, environment] = await Promise.all([this.visitor(), this.api.get('/environment', { signal: this.signal })])
    this.#ask(environment.user_settings)
    if (!client) return
    const pending = client.sign_up?.verifications?.email_address
    if (pending?.status !== 'unverified' || !pending.strategy || pending.expire_at < Date.now()) {
      this.show('details')
      return
    }
    // A code is on its way: whoever comes back from reading it goes on where they were.
    this.#attempt = client.sign_up
    this.showCode(this.#attempt.email_address, false)
  }

  /**
   * Asks for what the instance requires, and for nothing else: what is optional can
   * be told later.
   * @param {any} settings
   */
  #ask(settings) {
    for (const field of this.querySelectorAll('[data-attribute]')) {
      const wanted = settings?.attributes?.[/** @type {HTMLElement} */ (field).dataset.attribute ?? '']
      const input = field.querySelector('input')
      if (!input) continue
      input.required = Boolean(wanted?.enabled && wanted.required)
      ;/** @type {HTMLElement} */ (field).hidden = !input.required
    }
    const min = settings?.password_settings?.min_length
    if (min) this.text('min-length', String(min))
  }

  /** @param {HTMLFormElement} form */
  async #register(form) {
    /** @type {Record<string, string>} */
    const params = {}
    for (const [name, value] of new FormData(form)) {
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
      answer = await this.#post(`/client/sign_ups/${this.#attempt.id}/attempt_verification`, { strategy: 'email_code', code })
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
    if (attempt.verifications?.email_address?.status !== 'unverified' || !attempt.verifications.email_address.strategy) await this.#prepare()
    this.showCode(this.#attempt.email_address, true)
  }

  async #resend() {
    await this.resendCode(() => this.#prepare())
    this.status(this.currentForm(), 'A new code is on its way. The one before no longer works.')
  }

  async #prepare() {
    const answer = await this.#post(`/client/sign_ups/${this.#attempt.id}/prepare_verification`, { strategy: 'email_code' })
    this.#attempt = answer.response
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
