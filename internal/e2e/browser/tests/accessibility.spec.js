// @ts-check
import { mkdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AxeBuilder } from '@axe-core/playwright'
import { password } from '../support/person.js'
import { expect, test } from '../support/test.js'

/** Where the pictures go, for people to look at. */
const pictures = join(tmpdir(), 'gatehouse-browser', 'screenshots')
mkdirSync(pictures, { recursive: true })

for (const colorScheme of /** @type {const} */ (['light', 'dark'])) {
  for (const width of [360, 1280]) {
    test(`every page is clean for axe, ${colorScheme}, ${width} px`, async ({ newPerson, server }) => {
      test.setTimeout(300_000)
      // axe brings inline styles of its own, which the pages' policy would refuse.
      const person = await newPerson({ colorScheme, viewport: { width, height: 800 }, bypassCSP: true })
      const { page } = person

      /** @param {string} name */
      const look = async (name) => {
        await page.screenshot({ path: join(pictures, `${name}-${colorScheme}-${width}.png`), animations: 'disabled' })
        const { violations } = await new AxeBuilder({ page }).analyze()
        expect(violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.target.join(' ')).join(', ')}`), name).toEqual([])
        const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
        expect(overflow, `${name}: nothing sticks out to the side`).toBe(0)
        expect(await smallTargets(page), `${name}: targets smaller than 44 px`).toEqual([])
      }

      await page.goto('/')
      await look('home')
      await page.goto('/sign-up')
      await expect(page.getByLabel('Email address')).toBeFocused()
      await page.getByText('More about you (optional)').click()
      await look('sign-up')
      await page.getByLabel('Email address').fill(person.email)
      await page.getByLabel('Password', { exact: true }).fill('short')
      await page.keyboard.press('Enter')
      await expect(page.getByLabel('Password', { exact: true })).toHaveAttribute('aria-invalid', 'true')
      await look('sign-up-refused')
      await page.getByLabel('Password', { exact: true }).fill(password)
      const since = Date.now() - 1000
      await page.keyboard.press('Enter')
      await expect(page.getByLabel('Six-digit code')).toBeFocused()
      await look('sign-up-code')
      await page.getByLabel('Six-digit code').pressSequentially(await server.code(person.email, since))
      await page.waitForURL(server.origin + '/')
      await look('home-signed-in')

      await server.backend('PATCH', `/users/${await person.id()}/metadata`, { public_metadata: { plan: 'pro', seats: 5 } })
      await page.goto('/user')
      await expect(page.locator('[data-list="devices"] li')).toHaveCount(1)
      await look('user')
      await page.getByRole('button', { name: 'Add phone number…' }).click()
      await look('user-add-phone')
      await page.getByRole('button', { name: 'Cancel' }).click()
      await page.getByRole('button', { name: 'Change password…' }).click()
      await look('user-password')
      await page.getByRole('button', { name: 'Cancel' }).click()
      await page.getByRole('button', { name: 'Delete account…' }).click()
      await look('user-delete')
      await page.goto('/sign-in')
      await expect(page.getByRole('heading', { name: 'You are signed in' })).toBeVisible()
      await look('sign-in-signed-in')
      await page.getByRole('button', { name: 'Sign out to use another account' }).click()
      await expect(page.getByLabel('Email address')).toBeFocused()
      await look('sign-in')
      await page.keyboard.type(person.email)
      await page.keyboard.press('Enter')
      await expect(page.getByLabel('Password', { exact: true })).toBeFocused()
      await look('sign-in-password')
      await page.getByRole('button', { name: 'Email me a code instead' }).click()
      await expect(page.getByLabel('Six-digit code')).toBeFocused()
      await look('sign-in-code')
      await page.goto('/sign-in')
      await page.getByRole('button', { name: 'Use your password instead' }).click()
      await page.getByRole('button', { name: 'Forgot password?' }).click()
      await look('sign-in-forgot')
      // Half a minute has to lie between two codes of one attempt, so this is another one.
      await person.move()
      await page.getByRole('button', { name: 'Back to your password' }).click()
      await page.getByRole('button', { name: 'Change account' }).click()
      await page.getByLabel('Email address').fill(person.email)
      await page.keyboard.press('Enter')
      await page.getByRole('button', { name: 'Forgot password?' }).click()
      const forgot = Date.now() - 1000
      await page.getByRole('button', { name: 'Email me a code' }).click()
      await expect(page.getByLabel('Six-digit code')).toBeFocused()
      await page.keyboard.type(await server.code(person.email, forgot))
      await expect(page.getByLabel('New password', { exact: true })).toBeFocused()
      await look('sign-in-new-password')
      await page.goto('/dev/outbox?to=' + encodeURIComponent(person.email))
      await look('outbox')
    })
  }
}

/**
 * Buttons, fields and links that stand alone, by what they say. Links inside a
 * sentence are as high as its lines (WCAG 2.2, 2.5.8).
 * @param {import('@playwright/test').Page} page
 */
function smallTargets(page) {
  return page.evaluate(() =>
    [...document.querySelectorAll('gatehouse-sign-in, gatehouse-sign-up, gatehouse-user-profile')].flatMap((element) =>
      [...element.querySelectorAll('button, input:not([aria-hidden]), a')]
        .filter((el) => el.checkVisibility() && el.getBoundingClientRect().height < 44 && !el.closest('.notice'))
        .map((el) => el.textContent?.trim() || el.getAttribute('name')),
    ),
  )
}

test('without JavaScript the pages say that they need it', async ({ newPerson }) => {
  const { page } = await newPerson({ javaScriptEnabled: false })
  for (const path of ['/sign-in', '/sign-up', '/user']) {
    await page.goto(path)
    await expect(page.getByRole('heading', { name: 'JavaScript is needed here' })).toBeVisible()
  }
})

test('the policy of the pages refuses scripts and styles in markup', async ({ person }) => {
  // W-01: seen to work, not only to be sent.
  await person.page.goto('/sign-in')
  const { ran, align } = await person.page.evaluate(() => {
    const attempts = [
      () => (document.body.innerHTML += '<img src="data:," onerror="window.ran = true">'),
      () => document.body.setAttribute('onclick', 'window.ran = true'),
      () => document.body.append(Object.assign(document.createElement('script'), { text: 'window.ran = true' })),
      () => document.body.setAttribute('style', 'text-align: right'),
    ]
    for (const attempt of attempts) {
      try {
        attempt()
      } catch {
        // Trusted Types refused the text already.
      }
    }
    document.body.click()
    return { ran: 'ran' in window, align: getComputedStyle(document.body).textAlign }
  })
  expect(ran).toBe(false)
  expect(align).not.toBe('right')
  await expect.poll(() => person.complaints.length).toBeGreaterThanOrEqual(4)
  person.complaints.length = 0
})
