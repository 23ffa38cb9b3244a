// @ts-check
import { Resend } from '../lib/resend.js'
import { codeStrategy } from '../lib/identifiers.js'
import { clone } from '../lib/template.js'

/** Seconds until another code may be asked for. */
const resendAfter = 30

/**
 * @typedef {import('../lib/identifiers.js').Address} Kind
 * @typedef {{id: string, value: string, kind: Kind}} Chosen
 */

/** What the Frontend API and the page call addresses of each kind. */
const kinds = {
  email_address: { path: '/me/email_addresses', all: 'email_addresses', primary: 'primary_email_address_id', list: 'emails', noun: 'email address' },
  phone_number: { path: '/me/phone_numbers', all: 'phone_numbers', primary: 'primary_phone_number_id', list: 'phones', noun: 'phone number' },
}

/**
 * The e-mail addresses and phone numbers of the account page: adds, proves and removes
 * them, and says which one is the primary one.
 */
export class Addresses {
  #page
  /** @type {any} */
  #user = null
  /** @type {Chosen} the address that a dialog is about; id is "" until it is added */
  #chosen = { id: '', value: '', kind: 'email_address' }
  #resend

  /** @param {import('./user-profile-element.js').UserProfileElement} page */
  constructor(page) {
    this.#page = page
    const button = page.querySelector('[data-action="resend-address"]')
    this.#resend = button instanceof HTMLButtonElement ? new Resend(button, page.signal) : null
  }

  /** @param {any} user */
  show(user) {
    this.#user = user
    for (const kind of /** @type {Kind[]} */ (Object.keys(kinds))) {
      const { all, primary, list } = kinds[kind]
      const items = user[all].map((/** @type {any} */ address) => this.#item(kind, address, address.id === user[primary]))
      this.#page.part(`[data-list="${list}"]`).replaceChildren(...items)
    }
  }

  /**
   * @param {Kind} kind
   * @param {any} address
   * @param {boolean} primary
   */
  #item(kind, address, primary) {
    const value = address[kind]
    const verified = address.verification?.status === 'verified'
    const flags = { primary, unverified: !verified, secondary: verified && !primary }
    const item = clone(this.#page, 'address', { address: value, which: ` ${value}` }, flags)
    Object.assign(item.dataset, { kind, id: address.id })
    return item
  }

  /** @param {HTMLButtonElement} button stands in the list, or names a kind to add to */
  #choose(button) {
    const item = button.closest('li')
    const kind = /** @type {Kind} */ (item?.dataset.kind ?? button.dataset.kind)
    const id = item?.dataset.id ?? ''
    const value = this.#user[kinds[kind].all].find((/** @type {any} */ a) => a.id === id)?.[kind] ?? ''
    this.#chosen = { id, value, kind }
    this.#page.text('address-kind', kinds[kind].noun)
    this.#page.text('chosen-address', value)
    return this.#chosen
  }

  /** @param {HTMLButtonElement} button */
  askNew(button) {
    const { kind } = this.#choose(button)
    const form = this.#form('add-address')
    for (const field of /** @type {NodeListOf<HTMLElement>} */ (form.querySelectorAll('[data-attribute]'))) field.hidden = field.dataset.attribute !== kind
    this.#open('address', 'add-address')
  }

  /** @param {HTMLFormElement} form */
  async add(form) {
    const { kind } = this.#chosen
    const typed = String(new FormData(form).get(kind)).trim()
    const proven = await this.#page.sensitive(async () => {
      const { response } = await this.#page.send('POST', kinds[kind].path, { [kind]: typed })
      this.#chosen = { kind, id: response.id, value: response[kind] }
    })
    if (!proven) return
    await this.#page.refresh()
    await this.#sendCode()
  }

  /** @param {HTMLButtonElement} button */
  async confirm(button) {
    this.#choose(button)
    await this.#sendCode()
  }

  async #sendCode() {
    this.#page.text('chosen-address', this.#chosen.value)
    try {
      await this.#prepare()
      this.#resend?.start(resendAfter)
    } catch (err) {
      // One is on its way already: it is as good as another.
      if (/** @type {any} */ (err).code !== 'verification_code_too_many_requests') throw err
    }
    this.#open('address', 'confirm-address')
  }

  async resend() {
    await this.#prepare()
    this.#resend?.start(resendAfter)
    this.#page.status(this.#form('confirm-address'), 'A new code is on its way. The one before no longer works.')
  }

  async #prepare() {
    await this.#page.send('POST', `${this.#path()}/prepare_verification`, { strategy: codeStrategy(this.#chosen.kind) })
  }

  /** @param {HTMLFormElement} form */
  async prove(form) {
    const code = String(new FormData(form).get('code'))
    await this.#page.send('POST', `${this.#path()}/attempt_verification`, { strategy: codeStrategy(this.#chosen.kind), code })
    await this.#done()
  }

  /** @param {HTMLButtonElement} button */
  async makePrimary(button) {
    const { id, kind } = this.#choose(button)
    const proven = await this.#page.sensitive(async () => {
      await this.#page.send('PATCH', '/me', { [kinds[kind].primary]: id })
    })
    if (proven) await this.#done()
  }

  /** @param {HTMLButtonElement} button */
  askRemove(button) {
    this.#choose(button)
    this.#open('remove', 'remove-address')
  }

  async remove() {
    const proven = await this.#page.sensitive(async () => {
      await this.#page.send('DELETE', this.#path(), {})
    })
    if (proven) await this.#done()
  }

  /** Shows what is there now, with the focus where one goes on. */
  async #done() {
    for (const name of ['address', 'remove']) this.#page.dialog(name).close()
    await this.#page.refresh()
    const add = this.#page.part(`[data-action="add-address"][data-kind="${this.#chosen.kind}"]`)
    add.focus()
  }

  #path() {
    return `${kinds[this.#chosen.kind].path}/${this.#chosen.id}`
  }

  /**
   * Shows one form of a dialog, empty.
   * @param {string} name
   * @param {string} step
   */
  #open(name, step) {
    const dialog = this.#page.dialog(name)
    for (const form of dialog.querySelectorAll('form')) form.hidden = form.dataset.step !== step
    const form = this.#form(step)
    form.reset()
    if (!dialog.open) dialog.showModal()
    const first = [...form.querySelectorAll('input')].find((input) => !input.closest('[hidden]'))
    first?.focus()
  }

  /** @param {string} step */
  #form(step) {
    return /** @type {HTMLFormElement} */ (this.#page.part(`form[data-step="${step}"]`))
  }
}
