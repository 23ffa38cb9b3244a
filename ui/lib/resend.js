// @ts-check

/** A button that may be pressed again only after a while, and counts down to it. */
export class Resend {
  #button
  #label
  #signal
  /** @type {ReturnType<typeof setInterval>|undefined} */
  #timer

  /**
   * @param {HTMLButtonElement} button
   * @param {AbortSignal} signal stops the countdown
   */
  constructor(button, signal) {
    this.#button = button
    this.#label = button.textContent ?? ''
    this.#signal = signal
    signal.addEventListener('abort', () => this.#stop())
  }

  /** @param {number} seconds until the button works again */
  start(seconds) {
    this.#stop()
    if (this.#signal.aborted) return
    const due = Date.now() + seconds * 1000
    const tick = () => {
      const left = Math.ceil((due - Date.now()) / 1000)
      if (left <= 0) return this.#stop()
      this.#button.disabled = true
      this.#button.textContent = `${this.#label} in ${left} s`
    }
    this.#timer = setInterval(tick, 1000)
    tick()
  }

  #stop() {
    clearInterval(this.#timer)
    this.#button.disabled = false
    this.#button.textContent = this.#label
  }
}
