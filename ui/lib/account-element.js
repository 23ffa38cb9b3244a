// @ts-check
import { activeSession, APIError, primaryEmail } from './client.js'
import { addressOf } from './identifiers.js'
import { safeRedirect } from './redirect.js'
import { Resend } from './resend.js'
import { clearSessionCookies } from './session-cookies.js'
import { StepElement } from './step-element.js'

/** Seconds until another code may be asked for. */
const resendAfter = 30

/**
 * What <gatehouse-sign-in> and <gatehouse-sign-up> share: the code step, the step for
 * somebody who is signed in already, and the way out with a session.
 *
 * Attributes: data-api (path of the Frontend API), data-next (where to go after it).
 */
export class AccountElement extends StepElement {
  /** @type {Resend|undefined} */
  #resend

  connectedCallback() {
    const button = this.querySelector('[data-action="resend"]')
    super.connectedCallback()
    if (button instanceof HTMLButtonElement) this.#resend = new Resend(button, this.signal)
    this.steps['signed-in'] = async () => this.leave()
    this.actions['sign-out'] = () => this.#signOut()
  }

  /**
   * Reads the client of this browser. Somebody with a session is asked whether to go
   * on rather than sent on, since an app that refuses the session would send them
   * back here, for ever.
   * @returns {Promise<any>} the client, or null after the signed-in step was shown
   */
  async visitor() {
    const { response: client } = await this.api.get('/client', { signal: this.signal })
    const session = activeSession(client)
    if (!session) return client ?? {}
    this.text('account', primaryEmail(session.user))
    this.show('signed-in')
    return null
  }

  /**
   * Shows the code step for a code that was just sent, or still waits.
   * @param {string} strategy that the code is for
   * @param {string} address
   * @param {boolean} justSent
   */
  showCode(strategy, address, justSent) {
    const phone = addressOf(strategy) === 'phone_number'
    this.text('code-title', phone ? 'Check your phone' : 'Check your email')
    this.text('use-another', phone ? 'Use another phone number' : 'Use another email address')
    this.text('sent-to', address)
    const outbox = this.querySelector('[data-outbox]')
    if (outbox instanceof HTMLAnchorElement) outbox.href = outboxOf(outbox.href, address, phone)
    const code = this.querySelector('form[data-step="code"] input[name="code"]')
    if (code instanceof HTMLInputElement) code.value = ''
    this.show('code')
    if (justSent) this.#resend?.start(resendAfter)
  }

  /**
   * Asks for another code with ask, and says so. When the server says it is too early, the
   * button counts down to the moment it names.
   * @param {() => Promise<void>} ask
   */
  async resendCode(ask) {
    try {
      await ask()
      this.#resend?.start(resendAfter)
      this.status(this.currentForm(), 'A new code is on its way. The one before no longer works.')
    } catch (err) {
      if (err instanceof APIError && err.status === 429) this.#resend?.start(err.retryAfter || resendAfter)
      throw err
    }
  }

  /**
   * Enters with a new session: the event may be cancelled by a page that wants to do
   * something else, else the browser goes to data-next.
   * @param {string} event name
   * @param {string} sessionID
   */
  async enter(event, sessionID) {
    clearSessionCookies(document)
    const answer = await this.api.send('POST', `/client/sessions/${sessionID}/touch`, { intent: 'select_session' }, { signal: this.signal })
    const init = { detail: { session: answer.response }, bubbles: true, cancelable: true }
    if (this.dispatchEvent(new CustomEvent(event, init))) this.leave()
  }

  leave() {
    location.assign(safeRedirect(this.dataset.next, '/', location.href))
  }

  async #signOut() {
    await this.api.send('DELETE', '/client/sessions', {}, { signal: this.signal })
    clearSessionCookies(document)
    location.reload()
  }
}

/**
 * The outbox of a development server, at what was sent to an address; at everything if the
 * address is shown in part only.
 * @param {string} href
 * @param {string} address
 * @param {boolean} phone
 */
function outboxOf(href, address, phone) {
  const url = new URL(href)
  url.searchParams.delete('to')
  if (!address.includes('*')) url.searchParams.set('to', phone ? address.replace(/[^+\d]/g, '') : address)
  return url.href
}

/**
 * A refusal of the page itself.
 * @param {string} message
 */
export function refuse(message) {
  return new APIError(0, [{ code: 'not_supported', message, param: '' }])
}
