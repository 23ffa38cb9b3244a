// @ts-check
import { password } from '../support/person.js'
import { expect, test } from '../support/official.js'

test('the official components sign up, show, sign out, sign in and delete', async ({ visitor, server }) => {
  test.setTimeout(120_000)
  const { page, app, status, signUp, signIn, profile, button, email } = visitor

  await test.step('load', async () => {
    await page.goto(app.origin + '/')
    await expect(status).toHaveText('signed out')
    expect(await page.evaluate(() => /** @type {any} */ (window).Clerk.status)).toBe('ready')
  })

  await test.step('sign up', async () => {
    await signUp.goTo()
    await visitor.prove(() => signUp.signUpWithEmailAndPassword({ email, password }), email)
    await visitor.expectSignedIn()
  })

  await test.step('the token speaks for the person at a protected route', async () => {
    const token = await page.evaluate(() => /** @type {any} */ (window).Clerk.session.getToken())
    const answer = await fetch(`${server.origin}/api/me`, { headers: { Authorization: `Bearer ${token}` } })
    expect(answer.status).toBe(200)
    expect(`signed in as ${(await answer.json()).userId}`).toBe(await status.textContent())
  })

  await test.step('sign out with the user button', async () => {
    await button.toggleTrigger()
    await expect(page.locator('.cl-userButtonPopoverCard')).toContainText(email)
    const loaded = page.waitForEvent('load') // the SDK goes to the page for people who left
    await button.triggerSignOut()
    await loaded
    await expect(status).toHaveText('signed out')
  })

  await test.step('sign in', async () => {
    await signIn.goTo()
    await signIn.setIdentifier(email)
    await signIn.continue()
    await signIn.setPassword(password)
    await signIn.continue()
    await visitor.expectSignedIn()
  })

  await test.step('delete the account in the profile', async () => {
    await profile.goTo()
    await profile.switchToSecurityTab()
    await visitor.deleteAccount()
    await visitor.expectSignedOut()
  })
})
