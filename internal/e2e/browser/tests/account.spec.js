// @ts-check
import { randomInt } from 'node:crypto'
import { password } from '../support/person.js'
import { expect, test } from '../support/test.js'

const item = (/** @type {import('@playwright/test').Page} */ page, /** @type {string} */ text) => page.getByRole('listitem').filter({ hasText: text })

test('an email address is added, proved, made the primary one and removed', async ({ person, server }) => {
  const { page } = person
  await person.arrive()
  const id = await person.id()
  await page.goto('/user')
  const add = page.getByRole('button', { name: 'Add email address…' })
  const dialog = page.getByRole('dialog', { name: 'Your email address' })
  const second = 'second.' + person.email

  await add.click()
  await expect(dialog.getByLabel('Email address', { exact: true })).toBeFocused()
  await page.keyboard.type('not an address')
  await page.keyboard.press('Enter')
  await expect(dialog.getByLabel('Email address', { exact: true })).toHaveAttribute('aria-invalid', 'true')
  await dialog.getByLabel('Email address', { exact: true }).fill(second)
  const since = Date.now() - 1000
  await page.keyboard.press('Enter')
  await expect(dialog.getByLabel('Six-digit code')).toBeFocused()
  await expect(dialog.getByRole('button', { name: /^Send a new code in \d+ s$/ })).toBeDisabled()

  // Reading mail takes a while: the address waits in the list.
  await dialog.getByRole('button', { name: 'Later' }).click()
  await expect(item(page, second)).toContainText('Not confirmed')
  await page.reload()
  await page.getByRole('button', { name: 'Confirm ' + second }).click()
  await expect(dialog.getByLabel('Six-digit code')).toBeFocused()
  await page.keyboard.type(await server.code(second, since))
  await expect(dialog).toBeHidden()
  await expect(add).toBeFocused()
  await expect(item(page, second)).not.toContainText('Not confirmed')

  await page.getByRole('button', { name: `Make ${second} primary` }).click()
  await expect(item(page, second)).toContainText('Primary')
  await page.getByRole('button', { name: 'Remove ' + person.email, exact: true }).click()
  const remove = page.getByRole('dialog', { name: 'Remove this email address?' })
  await expect(remove).toContainText(person.email)
  await remove.getByRole('button', { name: 'Remove' }).click()
  await expect(remove).toBeHidden()
  await expect(page.locator('[data-list="emails"] li')).toHaveCount(1)
  const user = await server.backend('GET', `/users/${id}`)
  expect(user.email_addresses.map((/** @type {any} */ e) => e.email_address)).toEqual([second])

  // Nobody may lock themselves out.
  await page.getByRole('button', { name: 'Remove ' + second }).click()
  await remove.getByRole('button', { name: 'Remove' }).click()
  await expect(remove.getByRole('alert')).not.toBeEmpty()
})

test('a phone number is added and a username changed; a text message confirms that it is oneself', async ({ person, server }) => {
  const { page } = person
  await person.arrive()
  const id = await person.id()
  await page.goto('/user')
  const phone = `+1${randomInt(201, 990)}55501${String(randomInt(100)).padStart(2, '0')}`
  await page.getByRole('button', { name: 'Add phone number…' }).click()
  const dialog = page.getByRole('dialog', { name: 'Your phone number' })
  await expect(dialog.getByLabel('Phone number', { exact: true })).toBeFocused()
  await page.keyboard.type(phone)
  await page.keyboard.press('Enter')
  await expect(dialog.getByLabel('Six-digit code')).toBeFocused()
  await page.keyboard.type('424242')
  await expect(dialog).toBeHidden()
  await expect(item(page, phone)).toContainText('Primary')

  // Ten minutes are too long for a test: the first answer is what the server would say then.
  await page.route(/\/v1\/me\?.*_method=PATCH/, (route) => route.fulfill({
    status: 403,
    contentType: 'application/json',
    body: JSON.stringify({ errors: [{ code: 'session_reverification_required', message: 'Confirm it is you.', long_message: 'Confirm it is you.', meta: {} }] }),
  }), { times: 1 })
  await person.move()
  const username = person.email.split('@')[0].replace('.', '_')
  await page.getByRole('textbox', { name: 'Username' }).fill(username)
  await page.getByRole('button', { name: 'Save username' }).click()
  const stepUp = page.getByRole('dialog', { name: 'Confirm it is you' })
  await stepUp.getByRole('button', { name: 'Text me a code instead' }).click()
  await expect(stepUp.getByLabel('Six-digit code')).toBeFocused()
  await page.keyboard.type('424242')
  await expect(page.getByText('Saved.')).toBeVisible()
  const user = await server.backend('GET', `/users/${id}`)
  expect(user.username).toBe(username)
  expect(user.phone_numbers.map((/** @type {any} */ p) => p.phone_number)).toEqual([phone])
})

test('a changed password signs the other devices out', async ({ person, newPerson }) => {
  const { page } = person
  await person.arrive()
  const elsewhere = await newPerson()
  elsewhere.email = person.email
  await elsewhere.signIn()

  await page.goto('/user')
  await page.getByRole('button', { name: 'Change password…' }).click()
  const dialog = page.getByRole('dialog', { name: 'Change your password' })
  await expect(dialog.getByLabel('Current password', { exact: true })).toBeFocused()
  await page.keyboard.type('not the password')
  await dialog.getByLabel('New password', { exact: true }).fill('a new and quite different sentence')
  await page.keyboard.press('Enter')
  await expect(dialog.getByLabel('Current password', { exact: true })).toHaveAttribute('aria-invalid', 'true')
  await page.keyboard.type(password) // the wrong one is selected
  await expect(dialog.getByLabel('Sign out everywhere else')).toBeChecked()
  await page.keyboard.press('Enter')
  await expect(page.getByText('Your password was changed.')).toBeVisible()
  await expect(page.locator('[data-list="devices"] li')).toHaveCount(1)
  expect((await person.me()).status).toBe(200)
  expect((await elsewhere.me()).status).toBe(401)
})

test('one button signs all other devices out', async ({ person, newPerson }) => {
  const { page } = person
  await person.arrive()
  const others = [await newPerson(), await newPerson()]
  for (const other of others) {
    other.email = person.email
    await other.signIn()
  }
  await page.goto('/user')
  const devices = page.locator('[data-list="devices"] li')
  await expect(devices).toHaveCount(3)
  await page.getByRole('button', { name: 'Sign out everywhere else' }).click()
  await expect(devices).toHaveCount(1)
  await expect(page.getByRole('list', { name: 'Devices' })).toBeFocused()
  await expect(page.getByRole('button', { name: 'Sign out everywhere else' })).toBeHidden()
  expect((await person.me()).status).toBe(200)
  for (const other of others) expect((await other.me()).status).toBe(401)
})

test('a password goes where the instance does without', async ({ person }) => {
  const { page } = person
  await person.arrive()
  await page.goto('/user')
  const remove = page.getByRole('button', { name: 'Remove password…' })
  await expect(page.getByRole('button', { name: 'Change password…' })).toBeVisible()
  await expect(remove).toBeHidden() // this one needs it

  await page.route(/\/v1\/environment/, async (route) => {
    const answer = await route.fetch()
    const settings = await answer.json()
    settings.user_settings.attributes.password.required = false
    await route.fulfill({ response: answer, json: settings })
  })
  await page.reload()
  await remove.click()
  const dialog = page.getByRole('dialog', { name: 'Remove your password?' })
  await expect(dialog.getByLabel('Current password', { exact: true })).toBeFocused()
  await page.keyboard.type(password)
  await page.keyboard.press('Enter')
  await expect(dialog.getByRole('alert')).toContainText('needs its password') // the server has the last word

  await page.route(/\/v1\/me\/remove_password/, (route) => route.fulfill({ status: 200, contentType: 'application/json', body: '{"response":{},"client":null}' }))
  await page.keyboard.press('Enter')
  await expect(dialog).toBeHidden()
  await expect(page.getByText('Your password was removed.')).toBeVisible()
})
