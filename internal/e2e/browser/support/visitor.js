// @ts-check
import { randomInt } from 'node:crypto'
import { createPageObjects } from '@clerk/testing/playwright/unstable'
import { expect } from '@playwright/test'
import { fromElsewhere, password } from './person.js'

/** What development servers accept for numbers that nobody has. */
export const testCode = '424242'

/** A password that somebody changes to. */
export const newPassword = 'a new and quite different sentence'

/**
 * Somebody in front of an app that uses the official SDK. The page objects are those of
 * its makers.
 */
export class Visitor {
  /** Answers that say the server failed. @type {string[]} */
  failures = []
  /** One of the numbers that are kept free for fiction, without +1. */
  phone = `${randomInt(201, 990)}55501${String(randomInt(100)).padStart(2, '0')}`

  /**
   * @param {import('./person.js').Person} person without headers of their own: with one the
   *   browser would ask before each request to the other origin
   * @param {import('./app.js').App} app
   */
  constructor(person, app) {
    this.person = person
    this.server = person.server
    this.context = person.context
    this.page = person.page
    this.app = app
    this.email = person.email
    this.username = person.email.split('@')[0].replace('.', '_')
    const objects = createPageObjects({ page: person.page, baseURL: app.origin, useTestingToken: false })
    this.signUp = objects.signUp
    this.signIn = objects.signIn
    this.profile = objects.userProfile
    this.button = objects.userButton
    this.stepUp = objects.userVerification
    this.status = person.page.locator('#status')
    this.address = fromElsewhere()
  }

  /**
   * @param {import('./person.js').Person} person
   * @param {import('./app.js').App} app
   */
  static async open(person, app) {
    const visitor = new Visitor(person, app)
    // The address is added behind the browser's back, which therefore asks for nothing.
    await person.context.route(person.server.origin + '/v1/**', (route) =>
      route.continue({ headers: { ...route.request().headers(), ...visitor.address } }),
    )
    person.context.on('response', (answer) => {
      if (answer.status() >= 500) visitor.failures.push(`${answer.status()} ${answer.url()}`)
    })
    return visitor
  }

  /** Says what went wrong unseen. */
  check() {
    expect(this.failures, 'answers of a server that failed').toEqual([])
    // Known to be asked for by the components, and harmless to miss: pictures of providers.
    const { strayRequests } = this.person
    strayRequests.splice(0, strayRequests.length, ...strayRequests.filter((url) => !url.startsWith('https://img.clerk.com/')))
  }

  /** Goes on from another address: three attempts in ten seconds are all that one may make. */
  move() {
    this.address = fromElsewhere()
  }

  /**
   * Has an account and is signed in, without a form: for tests of what comes after.
   * @param {object} [more] fields of the Backend API
   */
  async arrive(more = {}) {
    await this.server.backend('POST', '/users', { email_address: [this.email], username: this.username, password, ...more })
    await this.page.goto(this.app.origin + '/')
    await this.enter(this.email)
  }

  /**
   * Signs in with a password, without a form.
   * @param {string} identifier
   */
  async enter(identifier) {
    await this.page.waitForFunction(() => /** @type {any} */ (window).Clerk?.loaded)
    await this.page.evaluate(
      async ([identifier, password]) => {
        const { Clerk } = /** @type {any} */ (window)
        const { createdSessionId } = await Clerk.client.signIn.create({ identifier, password, strategy: 'password' })
        await Clerk.setActive({ session: createdSessionId })
      },
      [identifier, password],
    )
  }

  /**
   * Signs out of everything, goes to a page and will be coming from another address.
   * @param {string} path
   */
  async leave(path) {
    await this.page.evaluate((redirectUrl) => /** @type {any} */ (window).Clerk.signOut({ redirectUrl }), path)
    await this.page.waitForURL(this.app.origin + path)
    await expect(this.status).toHaveText('signed out')
    this.move()
  }

  /**
   * Does what makes the server send a code, waits for it and enters it.
   * @param {() => Promise<unknown>} ask
   * @param {string} [email] where the code goes; without it, it is that of a number, which is
   *   known before it is sent
   */
  async prove(ask, email) {
    const since = Date.now() - 1000
    const texted = email ? null : this.page.waitForResponse(
      (answer) => /\/prepare_(verification|first_factor)\?/.test(answer.url()) && /phone_code/.test(answer.request().postData() ?? ''),
      { timeout: 0 }, // asking may take several steps, which have limits of their own
    )
    await ask()
    await texted
    const code = email ? await this.server.code(email, since) : testCode
    await this.signIn.enterOtpCode(code, { awaitRequests: false })
  }

  /**
   * Proves a new address in the profile, whose form goes when all is done.
   * @param {() => Promise<unknown>} ask
   * @param {string} [email] as of prove
   */
  async proveAddress(ask, email) {
    await this.prove(ask, email)
    await expect(this.page.getByLabel('Enter verification code')).toHaveCount(0)
  }

  /**
   * Lands on the first page, signed in as somebody.
   * @param {string} [id]
   * @returns {Promise<string>} the user id
   */
  async expectSignedIn(id) {
    await this.page.waitForURL(this.app.origin + '/')
    await expect(this.status).toHaveText(id ? 'signed in as ' + id : /^signed in as user_/)
    return String(await this.status.textContent()).replace('signed in as ', '')
  }

  /** Another device has signed this one out, which it learns with its next token. */
  async expectRevoked() {
    await this.page.evaluate(() => /** @type {any} */ (window).Clerk.session.getToken({ skipCache: true }).catch(() => {}))
    await expect(this.status).toHaveText('signed out')
  }

  async expectSignedOut() {
    await this.page.waitForURL(this.app.origin + '/')
    await expect(this.status).toHaveText('signed out')
  }

  /**
   * The items of a list in the profile.
   * @param {'emailAddresses' | 'phoneNumbers'} list
   * @param {string} [hasText]
   */
  items(list, hasText) {
    return this.page.locator(`.cl-profileSectionItem__${list}`).filter({ hasText })
  }

  /** The devices listed in the profile. */
  get devices() {
    return this.page.locator('.cl-activeDeviceListItem')
  }

  /**
   * Chooses from the menu of an item.
   * @param {import('@playwright/test').Locator} item
   * @param {string} entry
   */
  async choose(item, entry) {
    await item.locator('.cl-menuButton, .cl-menuButtonEllipsis').first().click()
    await this.page.getByRole('menuitem', { name: entry }).click()
  }

  /** Asks for the end of the account, on the security page of the profile. */
  async deleteAccount() {
    await this.page.getByRole('button', { name: 'Delete account' }).click()
    const confirmation = this.page.locator('input[name=deleteConfirmation]')
    await confirmation.fill('Delete account')
    await this.page.locator('form').filter({ has: confirmation }).getByRole('button', { name: 'Delete account' }).click()
  }

  /** The button that sends the form in front. */
  get submit() {
    return this.page.locator('.cl-formButtonPrimary')
  }

  /**
   * What is said below a field that was refused.
   * @param {'password' | 'username'} field
   */
  refusal(field) {
    return this.page.locator('#error-' + field)
  }
}
