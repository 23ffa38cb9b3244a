// @ts-check
import { password } from '../support/person.js'
import { expect, test } from '../support/test.js'

test('a wrong password is told at its field, and a code works instead', async ({ person, server }) => {
  const { page } = person
  await person.arrive()
  await person.signOut()
  await person.move()

  await page.goto('/sign-in')
  await page.getByLabel('Email address').fill(person.email)
  await page.getByRole('button', { name: 'Continue' }).click()
  const field = page.getByLabel('Password', { exact: true })
  await field.fill('not the password')
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await expect(field).toHaveAttribute('aria-invalid', 'true')
  await expect(field).toBeFocused()
  await expect(field).toHaveAccessibleDescription(/\S/)

  const since = Date.now() - 1000
  await page.getByRole('button', { name: 'Email me a code instead' }).click()
  const code = page.getByLabel('Six-digit code')
  await expect(code).toBeFocused()
  await expect(page.getByRole('button', { name: /^Send a new code in \d+ s$/ })).toBeDisabled()

  const right = await server.code(person.email, since)
  const wrong = right === '000000' ? '000001' : '000000'
  await code.pressSequentially(wrong)
  await expect(code).toHaveAttribute('aria-invalid', 'true')
  await code.pressSequentially(right) // the wrong one is selected
  await page.waitForURL(server.origin + '/')
  expect((await person.me()).status).toBe(200)
})

test('empty fields are refused without a request', async ({ person }) => {
  const { page } = person
  await page.goto('/sign-up')
  await expect(page.getByLabel('Email address')).toBeFocused()
  let posts = 0
  page.on('request', (request) => posts += Number(request.method() === 'POST'))
  await page.getByRole('button', { name: 'Create account' }).click()
  await expect(page.getByText('Email address is missing.')).toBeVisible()
  await expect(page.getByText('Password is missing.')).toBeVisible()
  await expect(page.getByLabel('Email address')).toBeFocused()
  expect(posts).toBe(0)
})

test('an address that has an account is refused at its field', async ({ person, newPerson }) => {
  await person.arrive()
  const other = await newPerson()
  await other.page.goto('/sign-up')
  await other.page.getByLabel('Email address').fill(person.email)
  await other.page.getByLabel('Password', { exact: true }).fill(password)
  await other.page.getByRole('button', { name: 'Create account' }).click()
  await expect(other.page.getByLabel('Email address')).toHaveAttribute('aria-invalid', 'true')
})

test('a server that cannot be reached is told above the form', async ({ person }) => {
  const { page } = person
  await page.goto('/sign-in')
  await expect(page.getByLabel('Email address')).toBeFocused()
  await person.context.setOffline(true)
  await page.getByLabel('Email address').fill(person.email)
  await page.getByRole('button', { name: 'Continue' }).click()
  await expect(page.getByRole('alert').filter({ hasText: 'The server cannot be reached.' })).toBeVisible()
  await person.context.setOffline(false)
})

test('a reload goes on at the code, and another address can be used', async ({ person, server }) => {
  const { page } = person
  await page.goto('/sign-up')
  await page.getByLabel('Email address').fill(person.email)
  await page.getByLabel('Password', { exact: true }).fill(password)
  const since = Date.now() - 1000
  await page.getByRole('button', { name: 'Create account' }).click()
  await expect(page.getByRole('heading', { name: 'Check your email' })).toBeVisible()

  await page.reload()
  await expect(page.getByText(person.email)).toBeVisible()
  await page.getByRole('button', { name: 'Use another email address' }).click()
  await expect(page.getByRole('heading', { name: 'Create your account' })).toBeVisible()

  await page.reload()
  await expect(page.getByLabel('Six-digit code')).toBeFocused()
  await page.getByLabel('Six-digit code').pressSequentially(await server.code(person.email, since))
  await page.waitForURL(server.origin + '/')
})

test('somebody who is signed in is asked, not sent around', async ({ person, server }) => {
  const { page } = person
  await person.arrive()
  await page.goto('/sign-in?redirect_url=/user')
  await expect(page.getByRole('heading', { name: 'You are signed in' })).toBeVisible()
  await expect(page.getByText(person.email)).toBeVisible()
  await page.getByRole('button', { name: 'Continue' }).click()
  await page.waitForURL(server.origin + '/user')

  await page.goto('/sign-up')
  await page.getByRole('button', { name: 'Sign out to use another account' }).click()
  await expect(page.getByRole('heading', { name: 'Create your account' })).toBeVisible()
})

test('redirects stay on the own origin', async ({ person, server }) => {
  const { page } = person
  await person.arrive()
  // The form for strangers has a button of that name, too, until the page knows who came.
  const goOn = () => page.getByRole('form', { name: 'You are signed in' }).getByRole('button', { name: 'Continue' }).click()
  for (const target of ['https://elsewhere.example.com/', '//elsewhere.example.com/', '/\\elsewhere.example.com', 'javascript:alert(1)']) {
    await page.goto('/sign-in?redirect_url=' + encodeURIComponent(target))
    await goOn()
    await page.waitForURL(server.origin + '/')
  }
  // A page that was changed on its way is checked again before the browser leaves.
  await page.goto('/sign-in')
  await page.locator('gatehouse-sign-in').evaluate((el) => (/** @type {HTMLElement} */ (el).dataset.next = 'https://elsewhere.example.com/'))
  await goOn()
  await page.waitForURL(server.origin + '/')
})

test('the account page sends strangers to the sign-in page and back', async ({ person, server }) => {
  const { page } = person
  await person.arrive()
  await person.signOut()
  await page.goto('/user')
  await page.waitForURL(/\/sign-in\?redirect_url=%2Fuser$/)
  await page.getByLabel('Email address').fill(person.email)
  await page.getByRole('button', { name: 'Continue' }).click()
  await page.getByLabel('Password', { exact: true }).fill(password)
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await page.waitForURL(server.origin + '/user')
})

test('another device is signed out from the account page', async ({ person, newPerson }) => {
  await person.arrive()
  const phone = await newPerson()
  phone.email = person.email
  await phone.signIn()

  await person.page.goto('/user')
  await expect(person.page.locator('[data-list="devices"] li')).toHaveCount(2)
  await person.page.getByRole('button', { name: /^Sign out of / }).click()
  await expect(person.page.locator('[data-list="devices"] li')).toHaveCount(1)
  expect((await phone.me()).status).toBe(401)
  expect((await person.me()).status).toBe(200)
})

test('the next person on a browser is not taken for the last one', async ({ person, newPerson, server }) => {
  await person.arrive()
  const first = await person.id()
  await person.signOut()

  const second = await newPerson()
  await second.arrive()
  const id = await second.id()
  await second.signOut()
  person.email = second.email
  await person.signIn()
  expect(await person.id()).toBe(id)
  expect(id).not.toBe(first)
  expect(server.log).not.toContain('panic')
})

for (const way of ['password', 'code']) {
  test(`a sign-in too long ago is renewed by ${way} before the account is deleted`, async ({ person, server }) => {
    const { page } = person
    await person.arrive()
    // Ten minutes are too long for a test: the first answer is what the server would say then.
    let refused = false
    await page.route(/\/v1\/me\?.*_method=DELETE/, async (route) => {
      if (refused) return route.fallback()
      refused = true
      await route.fulfill({
        status: 403,
        contentType: 'application/json',
        body: JSON.stringify({ errors: [{ code: 'session_reverification_required', message: 'Confirm it is you.', long_message: 'Confirm it is you.', meta: {} }] }),
      })
    })
    await page.goto('/user')
    await page.getByRole('button', { name: 'Delete account…' }).click()
    await page.getByLabel('Type Delete account to go on').fill('Delete account')
    await page.keyboard.press('Enter')
    const dialog = page.getByRole('dialog', { name: 'Confirm it is you' })
    await expect(dialog.getByLabel('Password', { exact: true })).toBeFocused()
    if (way === 'password') {
      await page.keyboard.type('not the password')
      await page.keyboard.press('Enter')
      await expect(dialog.getByLabel('Password', { exact: true })).toHaveAttribute('aria-invalid', 'true')
      await page.keyboard.type(password)
      await page.keyboard.press('Enter')
    } else {
      const since = Date.now() - 1000
      await dialog.getByRole('button', { name: 'Email me a code instead' }).click()
      await expect(dialog.getByLabel('Six-digit code')).toBeFocused()
      await page.keyboard.type(await server.code(person.email, since))
    }
    await page.waitForURL(server.origin + '/')
    expect((await person.me()).status).toBe(401)
  })
}
