// @ts-check
import { randomInt } from 'node:crypto'
import { password } from '../support/person.js'
import { expect, test } from '../support/test.js'

/** What development servers accept for numbers that nobody has. */
const testCode = '424242'

/** One of the numbers that are kept free for fiction. */
const fictionalNumber = () => `+1${randomInt(201, 990)}55501${String(randomInt(100)).padStart(2, '0')}`

/**
 * @param {import('@playwright/test').Page} page
 * @param {string} code
 */
async function enterCode(page, code) {
  await expect(page.getByLabel('Six-digit code')).toBeFocused()
  await page.keyboard.type(code)
}

test('sign up with address, number and username, each proved in turn; sign in with each', async ({ person, server }) => {
  const { page } = person
  const phone = fictionalNumber()
  const username = person.email.split('@')[0].replace('.', '_')

  await page.goto('/sign-up')
  await page.getByLabel('Email address').fill(person.email)
  await page.getByLabel('Password', { exact: true }).fill(password)
  await page.getByText('More about you (optional)').click()
  await page.getByLabel('First name').fill('Ada')
  await page.getByLabel('Username').fill(username)
  await page.getByLabel('Phone number').fill('12')
  await page.getByRole('button', { name: 'Create account' }).click()
  await expect(page.getByLabel('Phone number')).toHaveAttribute('aria-invalid', 'true')
  await page.getByLabel('Phone number').fill(phone)
  const since = Date.now() - 1000
  await page.getByRole('button', { name: 'Create account' }).click()
  await expect(page.getByRole('heading', { name: 'Check your email' })).toBeVisible()
  await enterCode(page, await server.code(person.email, since))
  await expect(page.getByRole('heading', { name: 'Check your phone' })).toBeVisible()
  await page.reload()
  await expect(page.getByText(phone)).toBeVisible()
  await enterCode(page, testCode)
  await page.waitForURL(server.origin + '/')
  const id = await person.id()

  for (const identifier of [phone, username]) {
    await person.signOut()
    await person.move()
    await page.goto('/sign-in')
    await page.getByLabel('Email address, phone number or username').fill(identifier)
    await page.getByRole('button', { name: 'Continue' }).click()
    await page.getByRole('button', { name: 'Text me a code instead' }).click()
    await expect(page.getByRole('heading', { name: 'Check your phone' })).toBeVisible()
    await expect(page.getByRole('button', { name: 'Email me a code instead' })).toBeVisible()
    await page.reload()
    await enterCode(page, testCode)
    await page.waitForURL(server.origin + '/')
    expect(await person.id()).toBe(id)
  }
})

test('a forgotten password is replaced, and the other devices are signed out', async ({ person, newPerson, server }) => {
  const { page } = person
  await person.arrive()
  const elsewhere = await newPerson()
  elsewhere.email = person.email
  await elsewhere.signIn()
  await person.signOut()
  await person.move()

  await page.goto('/sign-in')
  await page.getByLabel('Email address').fill(person.email)
  await page.getByRole('button', { name: 'Continue' }).click()
  await page.getByRole('button', { name: 'Forgot password?' }).click()
  await page.getByRole('button', { name: 'Back to your password' }).click()
  await page.getByRole('button', { name: 'Forgot password?' }).click()
  await expect(page.getByRole('button', { name: 'Email me a code' })).toBeFocused()
  const since = Date.now() - 1000
  await page.keyboard.press('Enter')
  await enterCode(page, await server.code(person.email, since))
  await expect(page.getByLabel('New password', { exact: true })).toBeFocused()

  await page.reload() // whoever comes back goes on here
  await expect(page.getByLabel('New password', { exact: true })).toBeFocused()
  await page.keyboard.type('short')
  await page.keyboard.press('Enter')
  await expect(page.getByLabel('New password', { exact: true })).toHaveAttribute('aria-invalid', 'true')
  await page.keyboard.type('a new and quite different sentence')
  await page.keyboard.press('Enter')
  await page.waitForURL(server.origin + '/')
  expect((await person.me()).status).toBe(200)
  expect((await elsewhere.me()).status).toBe(401)
})
