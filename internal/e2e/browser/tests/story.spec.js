// @ts-check
import { expect, test } from '../support/test.js'

test('sign up, be recognised, sign out, sign in, delete the account', async ({ person, server }) => {
  const { page } = person

  await test.step('nobody is known before', async () => {
    await page.goto('/')
    expect((await person.me()).status).toBe(401)
  })

  await test.step('sign up with the code from the mail', async () => {
    await person.signUp()
    await expect(page.locator('#user-id')).toHaveText(/^user_/)
  })

  const id = await person.id()
  await test.step('the Go handler and the page mean the same person', async () => {
    expect(id).toBe(await page.locator('#user-id').textContent())
    const user = await server.backend('GET', `/users/${id}`)
    expect(user.email_addresses[0].email_address).toBe(person.email)
  })

  await test.step('metadata that a server sets: the public kind shows, the private kind never', async () => {
    await server.backend('PATCH', `/users/${id}/metadata`, {
      public_metadata: { plan: 'pro-plan-canary' },
      private_metadata: { note: 'private-canary' },
    })
    /** @type {string[]} */
    const seen = []
    person.context.on('response', async (response) => seen.push(await response.text().catch(() => '')))
    await page.goto('/')
    await expect(page.locator('#metadata')).toContainText('pro-plan-canary')
    expect((await person.me()).body.publicMetadata).toEqual({ plan: 'pro-plan-canary' })
    await page.goto('/user')
    await expect(page.getByText('pro-plan-canary')).toBeVisible()
    await expect(page.locator('[data-list="devices"] li')).toHaveCount(1)
    await expect.poll(() => seen.join()).toContain('pro-plan-canary')
    expect(seen.join()).not.toContain('private-canary')
    expect(await page.content()).not.toContain('private-canary')
  })

  await test.step('a name that is saved stays', async () => {
    await page.getByLabel('First name').fill('Ada')
    await page.getByLabel('Last name').fill('Lovelace')
    await page.getByRole('button', { name: 'Save name' }).click()
    await expect(page.getByText('Saved.')).toBeVisible()
    await page.goto('/')
    await expect(page.getByRole('heading', { name: 'Hello, Ada' })).toBeVisible()
  })

  await test.step('sign out', async () => {
    await person.signOut()
    expect((await person.me()).status).toBe(401)
    expect((await person.context.cookies()).filter((cookie) => cookie.name.startsWith('__session') && cookie.value)).toEqual([])
  })

  await test.step('sign in again, as the same person', async () => {
    await person.signIn()
    expect(await person.id()).toBe(id)
  })

  await test.step('delete the account', async () => {
    await page.goto('/user')
    await page.getByRole('button', { name: 'Delete account…' }).click()
    const dialog = page.getByRole('dialog', { name: 'Delete your account?' })
    await dialog.getByLabel('Type Delete account to go on').fill('no')
    await dialog.getByRole('button', { name: 'Delete account' }).click()
    await expect(dialog.getByText('Type “Delete account” to go on.')).toBeVisible()
    await dialog.getByLabel('Type Delete account to go on').fill('Delete account')
    await dialog.getByRole('button', { name: 'Delete account' }).click()
    await page.waitForURL(server.origin + '/')
    expect((await person.me()).status).toBe(401)
    await expect(server.backend('GET', `/users/${id}`)).rejects.toThrow('404')
  })

  await test.step('nobody signs in with it any more', async () => {
    await page.goto('/sign-in')
    await page.getByLabel('Email address').fill(person.email)
    await page.getByRole('button', { name: 'Continue' }).click()
    await expect(page.getByLabel('Email address')).toHaveAttribute('aria-invalid', 'true')
    await expect(page.getByLabel('Email address')).toBeFocused()
  })
})

test('deleting the account in one window turns the next request of another into a 401', async ({ person, server }) => {
  await person.arrive()
  const other = await person.context.newPage()
  await other.goto('/')
  expect((await person.me(other)).status).toBe(200)

  await person.page.goto('/')
  await person.page.locator('#delete').click()
  await person.page.getByRole('button', { name: 'Delete it' }).click()
  await expect(person.page.getByRole('heading', { name: 'An app with people in it' })).toBeVisible()

  expect((await person.me(other)).status).toBe(401)
  await expect.poll(() => server.log).toMatch(/401 GET \/api\/me .*session_revoked/)
})

test('deleting the account on one device signs the other device out', async ({ person, newPerson, server }) => {
  await person.arrive()
  const phone = await newPerson()
  phone.email = person.email
  await phone.signIn()
  expect(await phone.id()).toBe(await person.id())

  await person.page.goto('/user')
  await expect(person.page.locator('[data-list="devices"] li')).toHaveCount(2)
  await person.page.getByRole('button', { name: 'Delete account…' }).click()
  await person.page.getByLabel('Type Delete account to go on').fill('delete account')
  await person.page.keyboard.press('Enter')
  await person.page.waitForURL(server.origin + '/')

  expect((await phone.me()).status).toBe(401)
})
