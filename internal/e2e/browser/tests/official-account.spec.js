// @ts-check
import { randomInt } from 'node:crypto'
import { App } from '../support/app.js'
import { fromElsewhere, password } from '../support/person.js'
import { expect, test } from '../support/test.js'

test('the official components reset a password, add and remove an address, and add a number', async ({ newPerson, server }) => {
  test.setTimeout(120_000)
  const person = await newPerson({ extraHTTPHeaders: {} })
  // The address is added behind the browser's back, or it would ask before each request.
  let address = fromElsewhere()
  await person.context.route(server.origin + '/v1/**', (route) => route.continue({ headers: { ...route.request().headers(), ...address } }))
  const app = await App.start(server.origin, server.keys.CLERK_PUBLISHABLE_KEY)
  try {
    const { page } = person
    const status = page.locator('#status')
    const primary = page.locator('.cl-formButtonPrimary')
    const code = page.locator('input[autocomplete="one-time-code"]')
    const phone = `${randomInt(201, 990)}55501${String(randomInt(100)).padStart(2, '0')}`

    await test.step('sign up', async () => {
      await page.goto(app.origin + '/sign-up')
      await page.locator('input[name=emailAddress]').fill(person.email)
      await page.locator('input[name=password]').fill(password)
      const since = Date.now() - 1000
      await primary.click()
      await code.click()
      await page.keyboard.type(await server.code(person.email, since))
      await page.waitForURL(app.origin + '/')
      await expect(status).toHaveText(/^signed in as user_/)
    })
    const id = (await status.textContent())?.replace('signed in as ', '')

    await test.step('reset the password with a code', async () => {
      await page.evaluate(() => /** @type {any} */ (window).Clerk.signOut({ redirectUrl: '/' }))
      await expect(status).toHaveText('signed out')
      address = fromElsewhere()
      await page.goto(app.origin + '/sign-in')
      await page.locator('input[name=identifier]').fill(person.email)
      await primary.click()
      await page.getByText(/forgot password/i).click()
      const since = Date.now() - 1000
      await page.getByRole('button', { name: 'Reset your password' }).click()
      await code.click()
      await page.keyboard.type(await server.code(person.email, since))
      await page.locator('input[name=password]').fill('a new and quite different sentence')
      await page.locator('input[name=confirmPassword]').fill('a new and quite different sentence')
      await primary.click()
      await page.waitForURL(app.origin + '/')
      await expect(status).toHaveText('signed in as ' + id)
    })

    await test.step('add an address in the profile, and remove it', async () => {
      address = fromElsewhere()
      const second = 'second.' + person.email
      await page.goto(app.origin + '/profile')
      await page.getByText('Add email address').click()
      await page.locator('input[name=emailAddress]').fill(second)
      const since = Date.now() - 1000
      await primary.click()
      await code.click()
      await page.keyboard.type(await server.code(second, since))
      await expect(page.locator('.cl-profileSectionItem__emailAddresses')).toHaveCount(2)
      await expect(code).toHaveCount(0)
      let user = await server.backend('GET', `/users/${id}`)
      expect(user.email_addresses.find((/** @type {any} */ e) => e.email_address === second)?.verification.status).toBe('verified')

      await page.locator('.cl-profileSectionItem__emailAddresses').filter({ hasText: second }).locator('.cl-menuButton, .cl-menuButtonEllipsis').first().click()
      await page.getByRole('menuitem', { name: 'Remove email' }).click()
      await primary.click()
      await expect(page.locator('.cl-profileSectionItem__emailAddresses')).toHaveCount(1)
      user = await server.backend('GET', `/users/${id}`)
      expect(user.email_addresses.map((/** @type {any} */ e) => e.email_address)).toEqual([person.email])
    })

    await test.step('add a number, proved by a code', async () => {
      address = fromElsewhere()
      await page.getByText('Add phone number').click()
      await page.locator('input[name=phoneNumber]').fill(phone)
      await primary.click()
      await code.click()
      await page.keyboard.type('424242')
      await expect(page.locator('.cl-profileSectionItem__phoneNumbers')).toHaveCount(1)
      await expect.poll(async () => (await server.backend('GET', `/users/${id}`)).phone_numbers[0]?.verification.status).toBe('verified')
    })

    // Known to be asked for by the components, and harmless to miss: pictures of providers.
    const strays = person.strayRequests.filter((url) => !url.startsWith('https://img.clerk.com/'))
    expect(strays, 'requests to other machines').toEqual([])
    person.strayRequests.length = 0
  } finally {
    await app.stop()
  }
})
