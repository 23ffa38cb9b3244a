// @ts-check
import { randomInt } from 'node:crypto'
import { expect } from '@playwright/test'

/** A password that no rule refuses. */
export const password = 'correct horse battery staple'

/** The headers of a request from an address that nobody else has. */
export const fromElsewhere = () => ({
  'X-Forwarded-For': `198.${randomInt(18, 20)}.${randomInt(256)}.${randomInt(1, 255)}`,
})

/** Somebody with a browser of their own, who does what people do on the pages. */
export class Person {
  /** Script errors and Content-Security-Policy violations seen so far. @type {string[]} */
  complaints = []
  /** Requests that would have left the machine. @type {string[]} */
  strayRequests = []

  /**
   * @param {import('./server.js').Server} server
   * @param {import('@playwright/test').BrowserContext} context
   * @param {import('@playwright/test').Page} page
   * @param {string} email
   */
  constructor(server, context, page, email) {
    this.server = server
    this.context = context
    this.page = page
    this.email = email
    context.on('weberror', (event) => this.complaints.push(String(event.error())))
    context.on('console', (message) => {
      if (/Content Security Policy|requires 'Trusted/.test(message.text())) this.complaints.push(message.text())
    })
    context.on('request', (request) => {
      const { hostname, protocol } = new URL(request.url())
      const here = ['localhost', '127.0.0.1', '[::1]'].includes(hostname) || hostname.endsWith('.localhost')
      if (protocol.startsWith('http') && !here) this.strayRequests.push(request.url())
    })
  }

  /** Goes on from another address: three attempts in ten seconds are all that one may make. */
  async move() {
    await this.context.setExtraHTTPHeaders(fromElsewhere())
  }

  /** Signs up on the page and lands where it leads. */
  async signUp() {
    const { page } = this
    await page.goto('/sign-up')
    await page.getByLabel('Email address').fill(this.email)
    await page.getByLabel('Password', { exact: true }).fill(password)
    const since = Date.now() - 1000
    await page.getByRole('button', { name: 'Create account' }).click()
    await expect(page.getByRole('heading', { name: 'Check your email' })).toBeVisible()
    // The sixth digit sends the form.
    await page.getByLabel('Six-digit code').pressSequentially(await this.server.code(this.email, since))
    await page.waitForURL(this.server.origin + '/')
  }

  /**
   * Has an account and is signed in, without the pages: for tests of what comes after.
   * The browser ends on the app's page.
   */
  async arrive() {
    const since = Date.now() - 1000
    const { response: attempt } = await this.#post('/client/sign_ups', { email_address: this.email, password })
    await this.#post(`/client/sign_ups/${attempt.id}/prepare_verification`, { strategy: 'email_code' })
    const code = await this.server.code(this.email, since)
    const { response: done } = await this.#post(`/client/sign_ups/${attempt.id}/attempt_verification`, { strategy: 'email_code', code })
    expect(done.status).toBe('complete')
    await this.page.goto('/')
  }

  /**
   * @param {string} path of the Frontend API
   * @param {Record<string, string>} form
   */
  async #post(path, form) {
    const answer = await this.context.request.post('/v1' + path, { form, headers: { Origin: this.server.origin } })
    const body = await answer.json()
    expect(answer.status(), JSON.stringify(body)).toBe(200)
    return body
  }

  /** Signs in with the password and lands where the page leads. */
  async signIn() {
    const { page } = this
    await page.goto('/sign-in')
    await page.getByLabel('Email address').fill(this.email)
    await page.getByRole('button', { name: 'Continue' }).click()
    await page.getByLabel('Password', { exact: true }).fill(password)
    await page.getByRole('button', { name: 'Sign in', exact: true }).click()
    await page.waitForURL(this.server.origin + '/')
  }

  async signOut() {
    await this.page.goto('/user')
    await this.page.locator('.profile-head').getByRole('button', { name: 'Sign out' }).click()
    await this.page.waitForURL(this.server.origin + '/')
  }

  /** Asks the protected route, as a script on a page of the app does. */
  me(page = this.page) {
    return page.evaluate(async () => {
      const answer = await fetch('/api/me', { headers: { Accept: 'application/json' } })
      return { status: answer.status, body: await answer.json().catch(() => null) }
    })
  }

  /** @returns {Promise<string>} the person's user id, as the app sees it */
  async id() {
    const { body } = await this.me()
    return body.userId
  }
}
