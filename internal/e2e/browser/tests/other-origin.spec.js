// @ts-check
import { OtherOrigin } from '../support/other-origin.js'
import { password } from '../support/person.js'
import { expect, test } from '../support/test.js'

// The server is on localhost: by another port a cookie carries the answer, by another
// name the address does.
for (const host of ['localhost', '127.0.0.1']) {
  test(`an app on another origin (${host}) recognises whoever signs in at the server`, async ({ newPerson, server }) => {
    const person = await newPerson()
    await server.backend('POST', '/users', { email_address: [person.email], password })
    const app = await OtherOrigin.start(host, server.origin)
    try {
      const { page, context } = person
      const who = page.locator('#who')
      /** Addresses that the browser went to. @type {string[]} */
      const visited = []
      page.on('request', (request) => request.isNavigationRequest() && visited.push(request.url()))
      const counting = async () => (await context.cookies(app.origin)).some((c) => c.name === '__clerk_redirect_count')
      const forget = async () => {
        // Three answers in two seconds are allowed, by a cookie that lives as long (H-07).
        await expect.poll(counting).toBe(false)
        await context.clearCookies({ name: /^__session/, domain: host })
      }

      await test.step('a stranger sees the public page and is sent nowhere', async () => {
        await page.goto(app.origin + '/')
        await expect(who).toHaveText('Nobody is signed in.')
        expect(visited).toEqual([app.origin + '/'])
      })

      await test.step('a protected page leads to the sign-in page and back', async () => {
        await page.goto(app.origin + '/notes?id=1')
        await expect(page).toHaveURL((url) => url.origin === server.origin && url.pathname === '/sign-in')
        await page.getByLabel('Email address').fill(person.email)
        await page.getByRole('button', { name: 'Continue' }).click()
        await page.getByLabel('Password', { exact: true }).fill(password)
        await page.getByRole('button', { name: 'Sign in', exact: true }).click()
        await page.waitForURL(app.origin + '/notes?id=1') // H-04: the answer is not left in the address
        await expect(who).toHaveText(/^user_/)
      })

      await test.step('without its token the browser is asked for, unseen', async () => {
        await forget()
        visited.length = 0
        await page.goto(app.origin + '/')
        await expect(who).toHaveText(/^user_/)
        expect(visited.filter((url) => url.startsWith(server.origin + '/v1/client/handshake?'))).toHaveLength(1)
        expect(page.url()).toBe(app.origin + '/')
      })

      await test.step('several tabs at once are all recognised', async () => {
        await forget()
        // As many as a browser opens that is started again; H-07 takes them for no loop.
        const tabs = await Promise.all(Array.from({ length: 8 }, () => context.newPage()))
        await Promise.all(tabs.map((tab) => tab.goto(app.origin + '/notes')))
        for (const tab of tabs) {
          await expect(tab.locator('#who')).toHaveText(/^user_/)
          await expect(tab).toHaveURL(app.origin + '/notes')
        }
        await Promise.all(tabs.map((tab) => tab.close()))
      })

      await test.step('a script gets 401 and is sent nowhere', async () => {
        await forget()
        const status = await page.evaluate(async () => (await fetch('/notes', { redirect: 'manual' })).status)
        expect(status).toBe(401)
      })

      await test.step('who signs out at the server is signed out here', async () => {
        await page.goto(app.origin + '/')
        await expect(who).toHaveText(/^user_/)
        await page.goto(server.origin + '/user')
        await page.locator('.profile-head').getByRole('button', { name: 'Sign out' }).click()
        await page.waitForURL(server.origin + '/')
        await forget()
        await page.goto(app.origin + '/')
        await expect(who).toHaveText('Nobody is signed in.')
      })
    } finally {
      await app.stop()
    }
  })
}
