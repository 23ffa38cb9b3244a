// @ts-check
import { App } from '../support/app.js'
import { password } from '../support/person.js'
import { expect, test } from '../support/test.js'

/**
 * An account that an operator has made.
 * @param {import('../support/server.js').Server} server
 * @param {string} email
 * @returns {Promise<string>} the user id
 */
async function account(server, email) {
  const user = await server.backend('POST', '/users', { email_address: [email], password })
  return user.id
}

/**
 * The link of a sign-in token.
 * @param {import('../support/server.js').Server} server
 * @param {string} userID
 * @returns {Promise<string>}
 */
async function tokenLink(server, userID) {
  const token = await server.backend('POST', '/sign_in_tokens', { user_id: userID, expires_in_seconds: 600 })
  return token.url
}

/**
 * The link in the newest mail to an address.
 * @param {import('../support/server.js').Server} server
 * @param {string} email
 * @returns {Promise<string>}
 */
async function mailedLink(server, email) {
  const answer = await fetch(`${server.origin}/dev/outbox?to=${encodeURIComponent(email)}`, { headers: { Accept: 'application/json' } })
  const [newest] = await answer.json()
  return newest.text.match(/http\S+ticket=\S+/)[0]
}

/** The addresses that pages of the browser have had, and those that requests told of. */
function watch(/** @type {import('@playwright/test').BrowserContext} */ context) {
  /** @type {string[]} */
  const referrers = []
  context.on('request', async (request) => {
    const { referer } = await request.allHeaders().catch(() => ({ referer: '' }))
    if (referer) referrers.push(referer)
  })
  return referrers
}

test('a sign-in token signs in once, and leaves the address at once', async ({ person, newPerson, server }) => {
  const { page } = person
  const id = await account(server, person.email)
  const link = await tokenLink(server, id)
  const referrers = watch(person.context)
  await page.goto(link)
  await page.waitForURL(server.origin + '/')
  expect(await person.id()).toBe(id)
  expect(referrers.filter((url) => url.includes('__clerk_ticket'))).toEqual([])

  const late = await newPerson()
  await late.page.goto(link)
  await expect(late.page.getByRole('alert')).toContainText('used already')
  expect(late.page.url()).toBe(server.origin + '/sign-in')
  await late.page.reload()
  await expect(late.page.getByLabel('Email address')).toBeVisible()
  await expect(late.page.getByText('used already')).toHaveCount(0)
})

test('whoever is signed in already is asked first, and goes on with the ticket after signing out', async ({ person, newPerson, server }) => {
  const { page } = person
  await person.arrive()
  const other = await newPerson()
  const id = await account(server, other.email)
  const link = await tokenLink(server, id)
  await page.goto(link)
  await expect(page.getByRole('heading', { name: 'You are signed in' })).toBeVisible()
  expect(page.url()).toBe(server.origin + '/sign-in')
  await page.getByRole('button', { name: 'Sign out to use another account' }).click()
  await page.waitForURL(server.origin + '/')
  expect(await person.id()).toBe(id)
})

test('an invitation brings its address, which needs no code', async ({ person, newPerson, server }) => {
  const { page } = person
  await server.backend('POST', '/invitations', { email_address: person.email, public_metadata: { plan: 'pro' } })
  const link = await mailedLink(server, person.email)
  await page.goto(link)
  const address = page.getByLabel('Email address')
  await expect(address).toHaveValue(person.email)
  await expect(address).toHaveAttribute('readonly')
  await expect(page.getByLabel('Password', { exact: true })).toBeFocused()
  expect(page.url()).toBe(server.origin + '/sign-up')
  await page.reload()
  await expect(address).toHaveValue(person.email)
  await page.keyboard.type('short')
  await page.keyboard.press('Enter')
  await expect(page.getByLabel('Password', { exact: true })).toHaveAttribute('aria-invalid', 'true')
  await page.getByLabel('Password', { exact: true }).fill(password)
  await page.getByRole('button', { name: 'Create account' }).click()
  await page.waitForURL(server.origin + '/')
  const user = await server.backend('GET', `/users/${await person.id()}`)
  expect(user.public_metadata).toEqual({ plan: 'pro' })
  expect(user.email_addresses[0].verification).toMatchObject({ status: 'verified', strategy: 'ticket' })

  // The link once more leads to the sign-in page, and so does an invitation of somebody
  // who has an account by now.
  const again = await newPerson()
  await again.page.goto(link)
  await expect(again.page.getByRole('heading', { name: /^Sign in to/ })).toBeVisible()
  const second = await server.backend('POST', '/invitations', { email_address: person.email, ignore_existing: true, notify: false })
  await again.page.goto(`${server.origin}/sign-up?__clerk_ticket=${new URL(second.url).searchParams.get('ticket')}`)
  await again.page.waitForURL(server.origin + '/')
  expect(await again.id()).toBe(user.id)
})

test('the official components redeem both', async ({ newPerson, server }) => {
  test.setTimeout(120_000)
  const app = await App.start(server)
  try {
    const [member, guest] = [await newPerson({ extraHTTPHeaders: {} }), await newPerson({ extraHTTPHeaders: {} })]

    await test.step('a sign-in token in <SignIn/>', async () => {
      const id = await account(server, member.email)
      const token = await server.backend('POST', '/sign_in_tokens', { user_id: id })
      await member.page.goto(`${app.origin}/sign-in?__clerk_ticket=${token.token}&__clerk_status=sign_in`)
      await member.page.waitForURL(app.origin + '/')
      await expect(member.page.locator('#status')).toHaveText(`signed in as ${id}`)
    })

    await test.step('an invitation in <SignUp/>', async () => {
      await server.backend('POST', '/invitations', { email_address: guest.email, redirect_url: app.origin + '/sign-up' })
      await guest.page.goto(await mailedLink(server, guest.email))
      await guest.page.locator('input[name=password]').fill(password)
      await guest.page.locator('.cl-formButtonPrimary').click()
      await guest.page.waitForURL(app.origin + '/')
      await expect(guest.page.locator('#status')).toHaveText(/^signed in as user_/)
    })

    for (const person of [member, guest]) {
      const strays = person.strayRequests.filter((url) => !url.startsWith('https://img.clerk.com/'))
      expect(strays, 'requests to other machines').toEqual([])
      person.strayRequests.length = 0
    }
  } finally {
    await app.stop()
  }
})
