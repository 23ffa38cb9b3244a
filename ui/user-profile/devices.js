// @ts-check
import { clone } from '../lib/template.js'
import { deviceName, lastSeen } from './describe.js'

/** The devices of the account page: where somebody is signed in, and the way to end that. */
export class Devices {
  #page
  /** @type {string[]} the sessions of other devices, as shown */
  #others = []

  /** @param {import('./user-profile-element.js').UserProfileElement} page */
  constructor(page) {
    this.#page = page
  }

  async show() {
    const { session } = this.#page.acting()
    const sessions = await this.#page.api.get('/me/sessions/active', this.#page.acting())
    this.#others = sessions.map((/** @type {any} */ s) => s.id).filter((/** @type {string} */ id) => id !== session)
    this.#page.part('[data-list="devices"]').replaceChildren(...sessions.map((/** @type {any} */ s) => this.#item(s, s.id === session)))
    this.#page.part('[data-action="revoke-others"]').hidden = this.#others.length === 0
  }

  /**
   * @param {any} session
   * @param {boolean} own
   */
  #item(session, own) {
    const device = deviceName(session.latest_activity)
    const texts = { device, seen: lastSeen(session, Date.now()), which: ` of ${device}` }
    const item = clone(this.#page, 'device', texts, { this: own, other: !own })
    item.dataset.session = session.id
    return item
  }

  /** @param {HTMLButtonElement} button stands in the list */
  async revoke(button) {
    await this.#end([button.closest('li')?.dataset.session ?? ''])
  }

  async revokeOthers() {
    await this.#end(this.#others)
    const list = this.#page.part('[data-list="devices"]')
    list.tabIndex = -1 // the button that had the focus is gone
    list.focus()
  }

  /** @param {string[]} sessions */
  async #end(sessions) {
    await this.#page.sensitive(async () => {
      for (const id of sessions) await this.#page.send('POST', `/me/sessions/${id}/revoke`, {})
    })
    await this.show()
  }
}
