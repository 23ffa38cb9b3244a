// @ts-check
import { password } from '../support/person.js'
import { expect, test } from '../support/official.js'

test('the official components switch between two accounts of one browser', async ({ visitor, server }) => {
  const { page, app, signIn, button } = visitor
  await visitor.arrive()
  const first = await visitor.expectSignedIn()
  const otherEmail = 'other.' + visitor.email
  const { id: second } = await server.backend('POST', '/users', { email_address: [otherEmail], password })

  await test.step('add an account with the user button', async () => {
    await button.toggleTrigger()
    await button.waitForPopover()
    await page.getByRole('button', { name: 'Add account' }).click()
    await page.waitForURL(app.origin + '/sign-in')
    await signIn.setIdentifier(otherEmail)
    await signIn.continue()
    await signIn.setPassword(password)
    await signIn.continue()
    await visitor.expectSignedIn(second)
  })

  await test.step('switch back', async () => {
    await button.toggleTrigger()
    await button.waitForPopover()
    await button.switchAccount(visitor.username)
    await expect(visitor.status).toHaveText('signed in as ' + first)
  })

  await test.step('sign out of one, and choose the other', async () => {
    await button.waitForPopoverClosed()
    await button.toggleTrigger()
    await button.waitForPopover()
    await button.triggerSignOut()
    await page.waitForURL(app.origin + '/sign-in#/choose')
    await page.getByText(otherEmail).click()
    await visitor.expectSignedIn(second)
    expect(await page.evaluate(() => /** @type {any} */ (window).Clerk.client.signedInSessions.length)).toBe(1)
  })
})

test('the official components ask who it is before they revoke a device, change an address and delete the account', async ({ newVisitor }) => {
  test.setTimeout(180_000)
  const visitor = await newVisitor({ settings: {} })
  const { page, server, profile, stepUp, email } = visitor
  await visitor.arrive({ phone_number: ['+1' + visitor.phone] })
  const id = await visitor.expectSignedIn()
  const laptop = await newVisitor({ beside: visitor })
  await laptop.page.goto(laptop.app.origin + '/')
  await laptop.enter(email)
  await laptop.expectSignedIn(id)
  const profileTab = page.getByRole('button', { name: 'Profile', exact: true })
  await profile.goTo()

  /** Lets more time pass than a proof is good for. */
  const later = async () => {
    visitor.move()
    await server.putForward('11m')
  }

  await test.step('list the devices, and revoke one after the password', async () => {
    await profile.switchToSecurityTab()
    await expect(visitor.devices).toHaveCount(2)
    await expect(visitor.devices.filter({ hasText: 'This device' })).toContainText(/Linux.*Chrome.*198/)
    await later()
    await visitor.choose(visitor.devices.filter({ hasNotText: 'This device' }), 'Sign out of device')
    await stepUp.waitForMounted()
    await stepUp.setPassword('not the password')
    await stepUp.continue()
    await expect(visitor.refusal('password')).toBeVisible()
    await stepUp.setPassword(password)
    const revoked = page.waitForResponse((answer) => answer.url().includes('/revoke?') && answer.ok())
    await stepUp.continue()
    await revoked
    await stepUp.waitForClosed()
    await laptop.expectRevoked()
    // The component renders before it knows, so the device goes when it renders again.
    await profileTab.click()
    await profile.switchToSecurityTab()
    await expect(visitor.devices).toHaveCount(1)
  })

  await test.step('add an address after a code by mail', async () => {
    await profileTab.click()
    await later()
    const second = 'second.' + email
    await profile.clickAddEmailAddress()
    await profile.getEmailAddressInput().fill(second)
    await visitor.submit.click()
    await stepUp.waitForMounted()
    await stepUp.getUseAnotherMethodLink().click()
    await visitor.proveAddress(() => visitor.prove(() => stepUp.getAltMethodsEmailCodeButton().click(), email), second)
    await expect(visitor.items('emailAddresses')).toHaveCount(2)
    await expect(visitor.items('emailAddresses', second)).not.toContainText('Unverified')
  })

  await test.step('change the username after a code by text', async () => {
    await later()
    await profile.clickUpdateUsername()
    await profile.typeUsername('new_' + visitor.username)
    await visitor.submit.click()
    await stepUp.waitForMounted()
    await stepUp.getUseAnotherMethodLink().click()
    await visitor.prove(() => page.getByRole('button', { name: /send sms code to/i }).click())
    await profile.waitForSectionCardClosed('username')
    expect((await server.backend('GET', `/users/${id}`)).username).toBe('new_' + visitor.username)
  })

  await test.step('delete the account after the password', async () => {
    await later()
    await profile.switchToSecurityTab()
    await visitor.deleteAccount()
    await stepUp.waitForMounted()
    await stepUp.setPassword(password)
    await stepUp.continue()
    await visitor.expectSignedOut()
    await expect(server.backend('GET', `/users/${id}`)).rejects.toThrow('404')
  })
})
