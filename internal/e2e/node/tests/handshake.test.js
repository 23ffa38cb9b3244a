// @ts-check
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { App } from '../support/app.js'
import { Browser } from '../support/browser.js'
import { build, freePort, Server } from '../support/server.js'

const password = 'correct horse battery staple'
/** @type {ReturnType<typeof build>} */
let binary
before(() => { binary = build() })
after(() => binary.remove())

/** How the answer of a handshake travels, by the hosts of server and app. */
const worlds = [
  { name: 'one host: a signed cookie', server: 'localhost', app: 'localhost', carries: /^__clerk_handshake=eyJ/ },
  { name: 'one domain: a nonce in a cookie of the domain', server: 'auth.acme.localhost', app: 'app.acme.localhost', carries: /^__clerk_handshake_nonce=hsn_.*Domain=acme\.localhost/ },
  { name: 'two hosts, development: in the address', server: 'localhost', app: '127.0.0.1', inAddress: /[?&]__clerk_handshake=eyJ/ },
  { name: 'two hosts, production: a nonce in the address', server: '127.0.0.1', app: 'localhost', production: true, inAddress: /[?&]__clerk_handshake_nonce=hsn_/ },
]

for (const world of worlds) {
  describe(world.name, () => {
    /** @type {Server} */ let server
    /** @type {App} */ let app
    /** @type {string} */ let userID
    /** @type {string} */ let suffix
    const host = world.app

    before(async () => {
      app = new App(host, await freePort())
      server = await Server.start({ host: world.server, production: world.production, allow: [app.origin], binary: binary.path })
      await app.start(server)
      suffix = '_' + createHash('sha1').update(server.publishableKey).digest('base64url').slice(0, 8)
      const user = await server.backend('POST', '/users', { email_address: ['ada@example.com'], password })
      userID = user.id
    })
    after(async () => {
      await app?.stop()
      await server?.stop()
    })

    /** A browser that signed in at the server, and of which the app has no cookies. */
    async function signedIn() {
      const browser = new Browser()
      const answer = await browser.send('POST', `${server.origin}/v1/client/sign_ins`, {
        Origin: server.origin, 'Content-Type': 'application/x-www-form-urlencoded',
      }, new URLSearchParams({ identifier: 'ada@example.com', strategy: 'password', password }).toString())
      assert.equal(answer.status, 200, answer.body)
      forget(browser)
      return browser
    }

    /** @param {Browser} browser */
    function forget(browser) {
      for (const name of ['__session', '__client_uat', '__refresh', '__clerk_redirect_count']) browser.set(host, { [name]: undefined, [name + suffix]: undefined })
    }

    const now = () => Math.floor(Date.now() / 1000)
    /** @param {Browser} browser @param {string|undefined} token @param {number|undefined} uat */
    function knows(browser, token, uat) {
      forget(browser)
      if (token !== undefined) browser.set(host, { __session: token, ['__session' + suffix]: token })
      if (uat !== undefined) browser.set(host, { __client_uat: String(uat), ['__client_uat' + suffix]: String(uat) })
    }
    const expired = () => server.token({ sub: userID, iat: now() - 120, nbf: now() - 130, exp: now() - 60 })

    test('a stranger is signed out without being sent anywhere', async () => {
      const browser = new Browser()
      for (const answer of [await browser.open(app.origin + '/'), await browser.fetch(app.origin + '/api')]) {
        assert.equal(answer.status, 401)
        assert.equal(answer.headers.reason, 'session-token-and-uat-missing')
        assert.equal(answer.hops.length, 1)
      }
    })

    test('the states that leave it open are settled by one handshake', async () => {
      const browser = await signedIn()
      for (const [reason, token, uat] of /** @type {[string, string|undefined, number|undefined][]} */ ([
        ['client-uat-but-no-session-token', undefined, now() - 300],
        ['session-token-but-no-client-uat', server.token({ sub: userID }), undefined],
        ['session-token-iat-before-client-uat', server.token({ sub: userID, iat: now() - 20 }), now()],
        ['session-token-expired-refresh-non-eligible-no-refresh-cookie', expired(), now() - 300],
        ['session-token-nbf', server.token({ sub: userID, nbf: now() + 30 }), now() - 300],
        ['session-token-iat-in-the-future', server.token({ sub: userID, iat: now() + 30 }), now() - 300],
      ])) {
        knows(browser, token, uat)
        const script = await browser.fetch(app.origin + '/api')
        assert.equal(script.status, 401, reason)
        assert.equal(script.headers.reason, reason)
        assert.equal(script.headers.location, undefined)

        const page = await browser.open(app.origin + '/notes?id=1')
        assert.equal(page.status, 200, `${reason}: ${page.body} by way of ${page.hops.join(' → ')}`)
        assert.equal(page.body, userID)
        assert.equal(page.hops.length, 3)
        assert.ok(page.hops[1].startsWith(`${server.origin}/v1/client/handshake?`))
        assert.match(page.hops[1], new RegExp(`__clerk_hs_reason=${reason}&`))
        if (world.inAddress) assert.match(page.hops[2], world.inAddress)
        else assert.equal(page.hops[2], app.origin + '/notes?id=1')
        assert.equal(browser.cookie(host, '__clerk_handshake'), undefined)
        assert.equal(browser.cookie(host, '__clerk_handshake_nonce'), undefined)

        const later = await browser.fetch(app.origin + '/api')
        assert.equal(later.body, userID, `${reason}: then a script is signed in`)
        const again = await browser.open(app.origin + '/')
        assert.deepEqual([again.status, again.hops.length], [200, 1], 'and nobody is asked again')
      }
    })

    test('an expired token is refreshed without a handshake', async () => {
      const browser = await signedIn()
      knows(browser, undefined, now())
      assert.equal((await browser.open(app.origin + '/')).body, userID)
      const refresh = browser.cookie(host, '__refresh' + suffix)
      if (world.inAddress && !world.production) {
        assert.equal(refresh, undefined, 'an address is no place for it')
        return
      }
      const claims = JSON.parse(Buffer.from(String(browser.cookie(host, '__session')).split('.')[1], 'base64url').toString())
      const old = server.token({ ...claims, iat: now() - 120, nbf: now() - 130, exp: now() - 60 })
      const uat = String(now() - 300)
      browser.set(host, { __session: old, ['__session' + suffix]: old, __client_uat: uat, ['__client_uat' + suffix]: uat })
      const page = await browser.open(app.origin + '/')
      assert.deepEqual([page.status, page.body, page.hops.length], [200, userID, 1])
      assert.notEqual(browser.cookie(host, '__session'), old)
      assert.notEqual(browser.cookie(host, '__refresh' + suffix), refresh, 'each is good once')
    })

    test('other states are signed out where they are', async () => {
      const browser = await signedIn()
      for (const [reason, token] of [
        ['token-invalid-signature', server.token({ sub: userID }).replace(/\.[^.]*$/, '.' + 'A'.repeat(342))],
        ['token-type-mismatch', server.token({ sub: userID }, { cat: 'cl_B7d4PD222AAA' })],
      ]) {
        knows(browser, token, now() - 300)
        const page = await browser.open(app.origin + '/')
        assert.deepEqual([page.status, page.headers.reason, page.hops.length], [401, reason, 1])
      }
    })

    test('the answer travels as it should', async () => {
      const browser = await signedIn()
      const answer = await browser.send('GET', `${server.origin}/v1/client/handshake?format=nonce&redirect_url=${encodeURIComponent(app.origin + '/')}`, {})
      assert.equal(answer.status, 307)
      assert.equal(answer.headers['cache-control'], 'no-store')
      if (world.carries) assert.match(String(answer.headers['set-cookie']), world.carries)
      else assert.equal(answer.headers['set-cookie'], undefined)
      const page = await browser.open(String(answer.headers.location))
      assert.equal(page.body, userID, 'it arrives although the app did not ask')
    })

    test('signed out at the server, the app learns of it', async () => {
      const browser = await signedIn()
      knows(browser, undefined, now())
      assert.equal((await browser.open(app.origin + '/')).body, userID)
      await browser.send('POST', `${server.origin}/v1/client/sessions?_method=DELETE`, { Origin: server.origin })
      knows(browser, expired(), now() - 300)
      const page = await browser.open(app.origin + '/')
      assert.deepEqual([page.status, page.headers.reason, page.hops.length], [401, 'session-token-missing', 3])
      assert.equal(browser.cookie(host, '__session'), undefined)
      assert.equal(browser.cookie(host, '__client_uat' + suffix), '0')
      const again = await browser.open(app.origin + '/')
      if (!world.inAddress) assert.deepEqual([again.status, again.hops.length], [401, 1])
    })

    test('a browser that is never settled is not sent in circles', async () => {
      const browser = new Browser()
      knows(browser, undefined, now())
      for (let i = 0; i < 3; i++) {
        const answer = await browser.send('GET', app.origin + '/', { 'Sec-Fetch-Dest': 'document' })
        assert.equal(answer.status, 307)
      }
      const answer = await browser.send('GET', app.origin + '/', { 'Sec-Fetch-Dest': 'document' })
      assert.deepEqual([answer.status, answer.headers.status], [401, 'signed-out'])
    })

    test('nobody is sent to an origin that is not allowed', async () => {
      for (const target of ['https://evil.example/', '//evil.example/', `${app.origin}.evil.example/`, `${app.origin}@evil.example/`]) {
        const answer = await new Browser().send('GET', `${server.origin}/v1/client/handshake?redirect_url=${encodeURIComponent(target)}`, {})
        assert.equal(answer.status, 400)
        assert.equal(answer.headers.location, undefined)
        assert.match(answer.body, /"code":"(origin_invalid|invalid_handshake)"/)
      }
    })
  })
}
