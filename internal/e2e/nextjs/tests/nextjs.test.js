// @ts-check
import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { Browser } from '../../node/support/browser.js'
import { build, freePort, Server } from '../../node/support/server.js'

const folder = fileURLToPath(new URL('..', import.meta.url))
const next = fileURLToPath(new URL('../node_modules/next/dist/bin/next', import.meta.url))

/** @type {ReturnType<typeof build>} */ let binary
/** @type {Server} */ let server
/** @type {import('node:child_process').ChildProcess} */ let app
/** @type {string} */ let origin
let log = ''

before(async () => {
  binary = build()
  const port = await freePort()
  origin = `http://localhost:${port}`
  server = await Server.start({ host: 'localhost', allow: [origin], binary: binary.path })
  const env = {
    ...process.env,
    NEXT_TELEMETRY_DISABLED: '1',
    CLERK_TELEMETRY_DISABLED: '1',
    NEXT_PUBLIC_CLERK_TELEMETRY_DISABLED: '1',
    NEXT_PUBLIC_CLERK_PUBLISHABLE_KEY: server.publishableKey,
    NEXT_PUBLIC_CLERK_PROXY_URL: server.origin, // where the Frontend API is: it is not at https://clerk.<host> here
    CLERK_SECRET_KEY: server.secretKey,
    CLERK_API_URL: server.apiURL,
  }
  execFileSync(process.execPath, [next, 'build'], { cwd: folder, env, stdio: 'pipe' })
  app = spawn(process.execPath, [next, 'start', '--hostname', 'localhost', '--port', String(port)], { cwd: folder, env })
  for (const stream of [app.stdout, app.stderr]) stream?.on('data', (text) => (log += text))
  await answering(port)
})

after(async () => {
  if (app && app.exitCode === null) {
    const ended = new Promise((done) => app.once('exit', done))
    app.kill('SIGTERM')
    await ended
  }
  await server?.stop()
  binary?.remove()
})

/** @param {number} port */
async function answering(port) {
  for (let tries = 0; tries < 300 && app.exitCode === null; tries++) {
    const answer = await fetch(`http://127.0.0.1:${port}/`).catch(() => null)
    if (answer) return
    await new Promise((done) => setTimeout(done, 100))
  }
  throw new Error(`the app did not start:\n${log}`)
}

/** @param {Browser} browser */
async function signIn(browser) {
  const form = new URLSearchParams({ identifier: 'test@example.com', strategy: 'password', password: 'password' })
  const answer = await browser.send('POST', `${server.origin}/v1/client/sign_ins`, {
    Origin: server.origin, 'Content-Type': 'application/x-www-form-urlencoded',
  }, form.toString())
  assert.equal(answer.status, 200, answer.body)
  return JSON.parse(answer.body).response.created_session_id
}

test('an app with the official SDK creates a user, recognises them and deletes them', async (t) => {
  const stranger = new Browser()
  /** @type {string} */ let id
  await t.test('a server creates a user', async () => {
    const answer = await stranger.send('POST', `${origin}/api/create-user`, { Origin: origin })
    assert.equal(answer.status, 200, answer.body + log)
    const { user } = JSON.parse(answer.body)
    id = user.id
    assert.equal(user.emailAddresses[0].emailAddress, 'test@example.com')
    assert.equal(user.passwordEnabled, true)
    assert.deepEqual((await server.backend('GET', '/users?email_address=test@example.com')).map((u) => u.id), [id])
  })

  await t.test('the address is taken then, and the app is told why', async () => {
    const answer = await stranger.send('POST', `${origin}/api/create-user`, { Origin: origin })
    assert.equal(answer.status, 500)
    assert.match(log, /form_identifier_exists/)
  })

  await t.test('who is signed out deletes nobody', async () => {
    for (const cookie of [undefined, 'eyJhbGciOiJub25lIn0.e30.']) {
      stranger.set('localhost', { __session: cookie })
      const answer = await stranger.send('DELETE', `${origin}/api/delete-me`, { Origin: origin })
      assert.equal(answer.status, 401, answer.body)
    }
    assert.equal((await server.backend('GET', `/users/${id}`)).id, id)
  })

  await t.test('a page shows who is signed in', async () => {
    assert.match((await new Browser().open(origin + '/')).body, /Signed out/)
    const browser = new Browser()
    await signIn(browser)
    const answer = await browser.open(origin + '/')
    assert.equal(answer.status, 200)
    assert.match(answer.body, /Signed in as (<!-- -->)?test@example\.com/)
  })

  await t.test('whoever has a session cookie deletes their own account', async () => {
    const browser = new Browser()
    const session = await signIn(browser)
    await browser.open(origin + '/') // the handshake brings the app's cookie
    assert.ok(browser.cookie('localhost', '__session'))
    const answer = await browser.send('DELETE', `${origin}/api/delete-me`, { Origin: origin })
    assert.equal(answer.status, 200, answer.body + log)
    assert.deepEqual(JSON.parse(answer.body), { deleted: id })
    await assert.rejects(server.backend('GET', `/users/${id}`), /404/)
    const sessions = await server.backend('GET', `/sessions?user_id=${id}`)
    assert.deepEqual(sessions.filter((s) => s.status === 'active'), [])
    const ended = await server.backend('GET', `/sessions/${session}`).catch((err) => ({ status: String(err) }))
    assert.doesNotMatch(ended.status, /^active/)
    const mint = await browser.send('POST', `${server.origin}/v1/client/sessions/${session}/tokens`, { Origin: server.origin })
    assert.ok(mint.status >= 400, `a token was minted: ${mint.status}`)
  })
})
