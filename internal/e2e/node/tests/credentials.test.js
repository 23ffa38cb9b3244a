// @ts-check
import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { after, before, test } from 'node:test'
import { createClerkClient } from '@clerk/backend'
import { build, Server } from '../support/server.js'

/** RFC 6238, Appendix B: the secret in base32, and its bytes. */
const totp = { secret: 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ', bytes: Buffer.from('12345678901234567890') }

/** @type {ReturnType<typeof build>} */ let binary
/** @type {Server} */ let server
/** @type {ReturnType<typeof createClerkClient>['users']} */ let users

before(async () => {
  binary = build()
  server = await Server.start({ host: 'localhost', allow: [], binary: binary.path })
  users = createClerkClient({ secretKey: server.secretKey, apiUrl: server.apiURL }).users
})
after(async () => {
  await server?.stop()
  binary?.remove()
})

/** The code that an authenticator app shows now. */
function code() {
  const step = Buffer.alloc(8)
  step.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000)))
  const sum = createHmac('sha1', totp.bytes).update(step).digest()
  const number = sum.readUInt32BE(sum[19] & 15) & 0x7fffffff
  return String(number % 1_000_000).padStart(6, '0')
}

/**
 * @param {Promise<unknown>} call
 * @param {number} status
 * @param {string} errorCode
 */
async function refused(call, status, errorCode) {
  await assert.rejects(call, (/** @type {any} */ err) => {
    assert.equal(err.status, status)
    assert.equal(err.errors[0].code, errorCode)
    return true
  })
}

test('the official SDK handles what users sign in with', async () => {
  const user = await users.createUser({
    emailAddress: ['ada@example.com'], passwordHasher: 'md5', passwordDigest: 'f96b697d7cb7938d525a2f31aaf161d0',
    totpSecret: totp.secret, backupCodes: ['first-code'], locale: 'en-GB', publicMetadata: { plan: 'pro' },
  })
  assert.equal(user.passwordEnabled, true)
  assert.equal(user.twoFactorEnabled, true)
  assert.equal(user.backupCodeEnabled, true)

  assert.deepEqual(await users.verifyPassword({ userId: user.id, password: 'message digest' }), { verified: true })
  await refused(users.verifyPassword({ userId: user.id, password: 'wrong' }), 422, 'incorrect_password')

  const now = code()
  assert.deepEqual(await users.verifyTOTP({ userId: user.id, code: now }), { verified: true, code_type: 'totp' })
  await refused(users.verifyTOTP({ userId: user.id, code: now }), 422, 'totp_incorrect_code')
  assert.deepEqual(await users.verifyTOTP({ userId: user.id, code: 'first-code' }), { verified: true, code_type: 'backup_code' })

  const updated = await users.updateUser(user.id, { firstName: 'Ada', publicMetadata: { plan: 'free' }, backupCodes: ['second-code'] })
  assert.equal(updated.firstName, 'Ada')
  assert.deepEqual(updated.publicMetadata, { plan: 'free' })

  await users.setPasswordCompromised(user.id, { revokeAllSessions: true })
  await users.unsetPasswordCompromised(user.id)
  assert.equal((await users.removePassword(user.id)).passwordEnabled, false)
  await refused(users.verifyPassword({ userId: user.id, password: 'message digest' }), 400, 'no_password_set')
  await refused(users.setPasswordCompromised(user.id), 400, 'no_password_set')
  for (const drop of [users.deleteUserBackupCodes, users.deleteUserTOTP, users.disableUserMFA]) {
    assert.deepEqual(await drop.call(users, user.id), { user_id: user.id })
  }
  assert.equal((await users.getUser(user.id)).twoFactorEnabled, false)
  await refused(users.deleteUserPasskey({ userId: user.id, passkeyIdentificationId: 'idn_2J2MvPu9PnXcuhbPZNao0LOXqK9' }), 404, 'resource_not_found')
})
