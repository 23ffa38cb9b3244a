// @ts-check
import { password } from '../support/person.js'
import { expect, test } from '../support/test.js'

/**
 * Presses Tab until the element with this name has the focus, as somebody without a
 * mouse does; each stop has to be visible and have a visible focus.
 * @param {import('@playwright/test').Page} page
 * @param {import('@playwright/test').Locator} target
 */
async function tabTo(page, target) {
  for (let presses = 0; presses < 40; presses++) {
    if (await target.evaluate((el) => el === document.activeElement)) {
      const outline = await target.evaluate((el) => getComputedStyle(el).outlineStyle)
      expect(outline, 'the focus can be seen').not.toBe('none')
      return
    }
    await page.keyboard.press('Tab')
  }
  throw new Error(`Tab never reaches ${target}`)
}

test('the whole story by keyboard alone', async ({ person, server }) => {
  const { page } = person
  const { keyboard } = page

  await page.goto('/')
  await tabTo(page, page.getByRole('main').getByRole('link', { name: 'Create an account' }))
  await keyboard.press('Enter')

  await expect(page.getByLabel('Email address')).toBeFocused()
  await keyboard.type(person.email)
  await keyboard.press('Tab')
  await expect(page.getByLabel('Password', { exact: true })).toBeFocused()
  await keyboard.type('short')
  await keyboard.press('Enter')
  await expect(page.getByLabel('Password', { exact: true })).toHaveAttribute('aria-invalid', 'true')
  await expect(page.getByLabel('Password', { exact: true })).toBeFocused()

  await keyboard.type(password) // the refused one is selected
  await keyboard.press('Tab')
  await expect(page.getByRole('button', { name: 'Show password' })).toBeFocused()
  await keyboard.press('Space')
  await expect(page.getByLabel('Password', { exact: true })).toHaveAttribute('type', 'text')
  await tabTo(page, page.getByText('More about you (optional)'))
  await keyboard.press('Enter')
  await expect(page.getByLabel('Phone number')).toBeVisible()
  await tabTo(page, page.getByRole('button', { name: 'Create account' }))
  const since = Date.now() - 1000
  await keyboard.press('Enter')

  await expect(page.getByLabel('Six-digit code')).toBeFocused()
  await keyboard.type(await server.code(person.email, since))
  await page.waitForURL(server.origin + '/')

  await tabTo(page, page.getByRole('link', { name: 'Your account' }))
  await keyboard.press('Enter')
  await page.waitForURL(server.origin + '/user')
  await expect(page.locator('[data-list="devices"] li')).toHaveCount(1)
  await tabTo(page, page.locator('.profile-head').getByRole('button', { name: 'Sign out' }))
  await keyboard.press('Enter')
  await page.waitForURL(server.origin + '/')
  expect((await person.me()).status).toBe(401)

  await tabTo(page, page.getByRole('main').getByRole('link', { name: 'Sign in' }))
  await keyboard.press('Enter')
  await expect(page.getByLabel('Email address')).toBeFocused()
  await keyboard.type(person.email)
  await keyboard.press('Enter')
  await expect(page.getByLabel('Password', { exact: true })).toBeFocused()
  await keyboard.type(password)
  await keyboard.press('Enter')
  await page.waitForURL(server.origin + '/')

  await page.goto('/user')
  await expect(page.getByRole('button', { name: 'Delete account…' })).toBeVisible()
  await tabTo(page, page.getByRole('button', { name: 'Delete account…' }))
  await keyboard.press('Enter')
  await expect(page.getByLabel('Type Delete account to go on')).toBeFocused()
  await keyboard.press('Escape')
  await expect(page.getByRole('button', { name: 'Delete account…' })).toBeFocused()
  await keyboard.press('Enter')
  await keyboard.type('Delete account')
  await keyboard.press('Enter')
  await page.waitForURL(server.origin + '/')
  expect((await person.me()).status).toBe(401)
})
