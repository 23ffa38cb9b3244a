// @ts-check
import { password } from '../support/person.js'
import { expect, test } from '../support/official.js'

const off = { enabled: false, required: false, sign_in: false, verify_at_sign_up: false }
const required = { enabled: true, required: true, sign_in: true, verify_at_sign_up: true }

test('where numbers identify people, they sign up and in with a code by text', async ({ newVisitor }) => {
  const visitor = await newVisitor({
    settings: { email_address: off, username: off, password: off, phone_number: required, strategies: ['phone_code'] },
  })
  const { page, app, signUp, signIn, phone } = visitor
  await page.goto(app.origin + '/sign-up')
  await expect(signUp.getEmailAddressInput()).toHaveCount(0)
  await visitor.prove(() => signUp.signUp({ phoneNumber: phone }))
  const id = await visitor.expectSignedIn()

  await visitor.leave('/sign-in')
  await signIn.setIdentifier(phone)
  await visitor.prove(() => signIn.continue())
  await visitor.expectSignedIn(id)
})

test('where usernames identify people, they sign up and in with a password', async ({ newVisitor }) => {
  const visitor = await newVisitor({
    settings: { email_address: off, phone_number: off, username: { ...required, verify_at_sign_up: false }, strategies: ['password'] },
  })
  const { page, app, signUp, signIn, username } = visitor
  await page.goto(app.origin + '/sign-up')
  await signUp.signUp({ username, password })
  const id = await visitor.expectSignedIn()

  await visitor.leave('/sign-in')
  await signIn.setIdentifier(username)
  await signIn.continue()
  await signIn.setPassword(password)
  await signIn.continue()
  await visitor.expectSignedIn(id)
})

test('where addresses are proved by links, people follow one to sign up, and one for a further address', async ({ newVisitor }) => {
  const visitor = await newVisitor({ settings: { phone_number: off, strategies: ['password', 'email_link'] } })
  const { page, app, server, signUp, profile, email } = visitor
  /**
   * Follows the link in the next mail, in another tab.
   * @param {string} address
   * @param {() => Promise<unknown>} ask
   */
  const follow = async (address, ask) => {
    const since = Date.now() - 1000
    await ask()
    const tab = await visitor.context.newPage()
    await tab.goto(await server.link(address, since))
    return tab
  }
  await page.goto(app.origin + '/sign-up')
  const tab = await follow(email, () => signUp.signUp({ email, password }))
  await tab.waitForURL(app.origin + '/')
  await expect(tab.locator('#status')).toHaveText(/^signed in as user_/)
  await tab.close()

  const second = 'second.' + email
  await profile.goTo()
  await profile.clickAddEmailAddress()
  await profile.getEmailAddressInput().fill(second)
  const landed = await follow(second, () => visitor.submit.click())
  await expect(landed.getByText(/successfully verified/i)).toBeVisible()
  await landed.close()
  await expect(visitor.items('emailAddresses', second)).not.toContainText('Unverified')
  await expect(page.getByText(/verification link/i)).toHaveCount(0)
})
