// @ts-check
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { activeSession, APIError, Client, primaryEmail } from './client.js'

/**
 * A Client whose fetch answers with what it is given, and the requests it made.
 * @param {number} status
 * @param {unknown} body
 * @param {Record<string, string>} [headers]
 */
function answering(status, body, headers = {}) {
  /** @type {{url: string, init: any}[]} */
  const requests = []
  const client = new Client('/v1/', async (url, init) => {
    requests.push({ url: String(url), init })
    const text = typeof body === 'string' ? body : JSON.stringify(body)
    return new Response(text, { status, headers })
  })
  return { client, requests }
}

test('get reads from the base path, with cookies of the own origin only', async () => {
  const { client, requests } = answering(200, { response: 1 })
  assert.deepEqual(await client.get('/client'), { response: 1 })
  assert.equal(requests[0].url, '/v1/client')
  assert.equal(requests[0].init.method, 'GET')
  assert.equal(requests[0].init.credentials, 'same-origin')
})

test('upload posts a file as multipart/form-data', async () => {
  const { client, requests } = answering(200, {})
  const file = new File(['x'], 'me.png')
  await client.upload('/me/profile_image', file, { session: 'sess_1' })
  assert.equal(requests[0].url, '/v1/me/profile_image?_clerk_session_id=sess_1')
  assert.equal(requests[0].init.method, 'POST')
  assert.equal(requests[0].init.body.get('file').name, 'me.png')
  assert.equal(requests[0].init.headers['Content-Type'], undefined, 'the browser states the boundary')
})

test('send posts a form and carries other methods in the query', async () => {
  const { client, requests } = answering(200, {})
  await client.send('PATCH', '/me', { first_name: 'Ada & Co' }, { session: 'sess_1' })
  assert.equal(requests[0].url, '/v1/me?_method=PATCH&_clerk_session_id=sess_1')
  assert.equal(requests[0].init.method, 'POST')
  assert.equal(String(requests[0].init.body), 'first_name=Ada+%26+Co')
  await client.send('POST', '/client/sign_ins')
  assert.equal(requests[1].url, '/v1/client/sign_ins')
})

test('a refusal becomes an APIError with code, param, status and a sentence', async () => {
  const { client } = answering(422, {
    errors: [
      { code: 'form_password_incorrect', message: 'short', long_message: 'Password is incorrect', meta: { param_name: 'password' } },
      { code: 'form_param_missing', message: 'Enter a name.', meta: { param_name: 'first_name' } },
    ],
  })
  await assert.rejects(client.get('/x'), (err) => {
    assert.ok(err instanceof APIError)
    assert.equal(err.code, 'form_password_incorrect')
    assert.equal(err.param, 'password')
    assert.equal(err.status, 422)
    assert.equal(err.message, 'Password is incorrect.')
    assert.deepEqual(err.errors[1], { code: 'form_param_missing', message: 'Enter a name.', param: 'first_name' })
    return true
  })
})

test('a refusal tells how long to wait and which session exists', async () => {
  const { client } = answering(429, { errors: [{ code: 'identifier_already_signed_in', message: 'm', meta: { session_id: 'sess_1' } }] }, { 'Retry-After': '17' })
  await assert.rejects(client.get('/x'), { status: 429, retryAfter: 17, sessionID: 'sess_1', param: '' })
})

for (const [name, status, body] of /** @type {[string, number, unknown][]} */ ([
  ['an HTML error page', 502, '<h1>Bad Gateway</h1>'],
  ['an empty list of errors', 500, { errors: [] }],
  ['errors that are no list', 500, { errors: 'no' }],
  ['a success that is no JSON', 200, '<p>proxy</p>'],
])) {
  test(`${name} becomes unexpected_answer`, async () => {
    const { client } = answering(status, body)
    await assert.rejects(client.get('/x'), { name: 'APIError', code: 'unexpected_answer', status })
  })
}

test('no answer becomes network_error, an abort stays an abort', async () => {
  const down = new Client('/v1', async () => {
    throw new TypeError('failed to fetch')
  })
  await assert.rejects(down.get('/x'), { name: 'APIError', code: 'network_error', status: 0 })

  const abort = new AbortController()
  abort.abort()
  const aborted = new Client('/v1', async () => {
    throw new DOMException('aborted', 'AbortError')
  })
  await assert.rejects(aborted.get('/x', { signal: abort.signal }), { name: 'AbortError' })
})

test('activeSession prefers the one used last, then any active one', () => {
  const ended = { id: 'a', status: 'ended' }
  const one = { id: 'b', status: 'active' }
  const two = { id: 'c', status: 'active' }
  assert.equal(activeSession({ sessions: [ended, one, two], last_active_session_id: 'c' }), two)
  assert.equal(activeSession({ sessions: [ended, one, two], last_active_session_id: 'a' }), one)
  assert.equal(activeSession({ sessions: [ended] }), null)
  assert.equal(activeSession(null), null)
})

test('primaryEmail falls back to the first address, then the username', () => {
  const first = { id: '1', email_address: 'one@example.com' }
  const second = { id: '2', email_address: 'two@example.com' }
  assert.equal(primaryEmail({ email_addresses: [first, second], primary_email_address_id: '2' }), 'two@example.com')
  assert.equal(primaryEmail({ email_addresses: [first, second], primary_email_address_id: null }), 'one@example.com')
  assert.equal(primaryEmail({ email_addresses: [], username: 'ada' }), 'ada')
  assert.equal(primaryEmail(null), '')
})
