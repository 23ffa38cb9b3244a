// @ts-check
import { APIError, Client } from './client.js'
import { complete, showError, submit, toggleReveal } from './form.js'

/**
 * An element that leads through steps, each a form with data-step. Sub-classes list
 * what a submitted step (steps) and a pressed button with data-action (actions) do.
 * Everything under way ends when the element leaves the page.
 */
export class StepElement extends HTMLElement {
  /** @type {Record<string, (form: HTMLFormElement) => Promise<void>>} */
  steps = {}
  /** @type {Record<string, (button: HTMLButtonElement) => Promise<void>|void>} */
  actions = {}
  /** Set anew from data-api when the element is connected. */
  api = new Client('/v1')
  #abort = new AbortController()

  /**
   * Registers the element.
   * @param {string} tag
   * @param {CustomElementRegistry} [registry]
   */
  static define(tag, registry = customElements) {
    if (!registry.get(tag)) registry.define(tag, /** @type {CustomElementConstructor} */ (/** @type {unknown} */ (this)))
  }

  connectedCallback() {
    this.#abort = new AbortController()
    this.api = new Client(this.dataset.api ?? '/v1')
    const signal = this.signal
    this.addEventListener('submit', this, { signal })
    this.addEventListener('click', this, { signal })
    this.addEventListener('input', this, { signal })
    for (const set of this.querySelectorAll('fieldset')) set.disabled = false
    this.start().catch((err) => this.failed(err))
  }

  disconnectedCallback() {
    this.#abort.abort()
  }

  /** Aborted when the element leaves the page. */
  get signal() {
    return this.#abort.signal
  }

  /** Called once on the page: find out where the visitor stands. */
  async start() {}

  /** @param {Event} event */
  handleEvent(event) {
    const target = event.target instanceof Element ? event.target : null
    if (event.type === 'submit' && target instanceof HTMLFormElement) {
      event.preventDefault()
      const step = this.steps[target.dataset.step ?? '']
      if (step && complete(target)) this.#run(target, () => step(target))
    } else if (event.type === 'click') {
      const button = target?.closest('button')
      if (button?.dataset.reveal) toggleReveal(button)
      const action = button && this.actions[button.dataset.action ?? '']
      if (action) this.#act(button, action)
    } else if (target instanceof HTMLInputElement && target.autocomplete === 'one-time-code') {
      this.#codeTyped(target)
    }
  }

  /**
   * Runs what a button stands for, with its form (or the element itself) as the
   * place for errors.
   * @param {HTMLButtonElement} button
   * @param {(button: HTMLButtonElement) => Promise<void>|void} action
   */
  #act(button, action) {
    this.#run(button.form ?? this.currentForm(), async () => action(button))
  }

  /**
   * @param {HTMLFormElement|null} form
   * @param {() => Promise<void>} task
   */
  #run(form, task) {
    const done = form ? submit(form, task) : task()
    done.catch((err) => this.failed(err, form))
  }

  /**
   * A complete code is sent without a further key. Whatever is not a digit, such as a
   * blank that came with a paste, is left out.
   * @param {HTMLInputElement} input
   */
  #codeTyped(input) {
    const digits = input.value.replace(/\D/g, '').slice(0, input.maxLength)
    if (digits !== input.value) input.value = digits
    if (digits.length === input.maxLength) input.form?.requestSubmit()
  }

  /** The form of the step on show, if steps follow each other. */
  currentForm() {
    return /** @type {HTMLFormElement|null} */ (this.querySelector('form[data-step]:not([hidden])'))
  }

  /**
   * Shows one step and hides the others. Focus moves into it.
   * @param {string} name
   */
  show(name) {
    for (const form of this.querySelectorAll('form[data-step]')) {
      if (form instanceof HTMLFormElement) form.hidden = form.dataset.step !== name
    }
    for (const part of this.querySelectorAll('[data-for]')) {
      if (part instanceof HTMLElement) part.hidden = !part.dataset.for?.split(' ').includes(name)
    }
    const form = this.currentForm()
    if (form?.contains(document.activeElement)) return
    const stops = [...(form?.querySelectorAll('input:not([aria-hidden]), button.button') ?? [])]
    const first = stops.find((el) => !el.closest('[hidden]'))
    if (first instanceof HTMLElement) first.focus()
  }

  /**
   * Fills every place for a text.
   * @param {string} name
   * @param {string} value
   */
  text(name, value) {
    for (const place of this.querySelectorAll(`[data-text="${name}"]`)) place.textContent = value
  }

  /**
   * Says in the form on show what went well.
   * @param {HTMLFormElement|null} form
   * @param {string} message
   */
  status(form, message) {
    const place = form?.querySelector('[data-form-status]')
    if (place) place.textContent = message
  }

  /**
   * Shows a refusal in form, or where the visitor is now if form has gone from view.
   * @param {unknown} err
   * @param {HTMLFormElement|null} [form]
   */
  failed(err, form = null) {
    if (err instanceof DOMException && err.name === 'AbortError') return
    if (!(err instanceof APIError)) throw err
    showError(form && !form.hidden ? form : (this.currentForm() ?? this), err)
  }
}
