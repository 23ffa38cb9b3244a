// @ts-check
import { App } from '../support/app.js'
import { password } from '../support/person.js'
import { expect, test } from '../support/test.js'

test('the official components sign up, show, sign out, sign in and delete', async ({ newPerson, server }) => {
  test.setTimeout(120_000)
  // A header of our own would make the browser ask before each request to the other
  // origin, which it does not do for the unmodified components.
  const person = await newPerson({ extraHTTPHeaders: {} })
  const app = await App.start(server.origin, server.keys.CLERK_PUBLISHABLE_KEY)
  try {
    const { page } = person
    const status = page.locator('#status')
    /** @type {string[]} */
    const failures = []
    person.context.on('response', (response) => {
      if (response.status() >= 500) failures.push(`${response.status()} ${response.url()}`)
    })

    await test.step('load', async () => {
      await page.goto(app.origin + '/')
      await expect(status).toHaveText('signed out')
      expect(await page.evaluate(() => /** @type {any} */ (window).Clerk.status)).toBe('ready')
    })

    await test.step('sign up', async () => {
      await page.goto(app.origin + '/sign-up')
      await page.locator('input[name=emailAddress]').fill(person.email)
      await page.locator('input[name=password]').fill(password)
      const since = Date.now() - 1000
      await page.locator('.cl-formButtonPrimary').click()
      await page.locator('input[autocomplete="one-time-code"]').click()
      await page.keyboard.type(await server.code(person.email, since))
      await page.waitForURL(app.origin + '/')
      await expect(status).toHaveText(/^signed in as user_/)
    })

    await test.step('the token speaks for the person at a protected route', async () => {
      const token = await page.evaluate(() => /** @type {any} */ (window).Clerk.session.getToken())
      const answer = await fetch(`${server.origin}/api/me`, { headers: { Authorization: `Bearer ${token}` } })
      expect(answer.status).toBe(200)
      expect(`signed in as ${(await answer.json()).userId}`).toBe(await status.textContent())
    })

    await test.step('sign out with the user button', async () => {
      await page.locator('.cl-userButtonTrigger').click()
      await expect(page.locator('.cl-userButtonPopoverCard')).toContainText(person.email)
      const loaded = page.waitForEvent('load') // the SDK goes to the page for people who left
      await page.locator('.cl-userButtonPopoverActionButton__signOut').click()
      await loaded
      await expect(status).toHaveText('signed out')
    })

    await test.step('sign in', async () => {
      await page.goto(app.origin + '/sign-in')
      await page.locator('input[name=identifier]').fill(person.email)
      await page.locator('.cl-formButtonPrimary').click()
      const field = page.locator('input[name=password]')
      await field.fill(password)
      await page.locator('.cl-formButtonPrimary').click()
      await page.waitForURL(app.origin + '/')
      await expect(status).toHaveText(/^signed in as user_/)
    })

    await test.step('delete the account in the profile', async () => {
      await page.goto(app.origin + '/profile')
      await expect(page.locator('.cl-profilePage, .cl-profileSection').first()).toBeVisible()
      await page.getByText('Security', { exact: true }).click()
      await page.getByRole('button', { name: 'Delete account' }).click()
      await page.locator('input[name=deleteConfirmation]').fill('Delete account')
      await page.locator('form').filter({ has: page.locator('input[name=deleteConfirmation]') }).getByRole('button', { name: 'Delete account' }).click()
      await page.waitForURL(app.origin + '/')
      await expect(status).toHaveText('signed out')
    })

    expect(failures).toEqual([])
    // Known to be asked for by the components, and harmless to miss: pictures of providers.
    const strays = person.strayRequests.filter((url) => !url.startsWith('https://img.clerk.com/'))
    expect(strays, 'requests to other machines').toEqual([])
    person.strayRequests.length = 0
  } finally {
    await app.stop()
  }
})
