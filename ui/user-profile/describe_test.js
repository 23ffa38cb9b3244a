// @ts-check
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { actingText, deviceName, lastSeen, metadataText } from './describe.js'

test('deviceName says what is known', () => {
  assert.equal(deviceName({ browser_name: 'Chrome', device_type: 'Linux' }), 'Chrome on Linux')
  assert.equal(deviceName({ browser_name: 'Chrome', is_mobile: true }), 'Chrome on a phone')
  assert.equal(deviceName({ device_type: 'Macintosh' }), 'Macintosh')
  assert.equal(deviceName(undefined), 'Unknown device')
})

// B-05
test('actingText says who acts as somebody', () => {
  assert.equal(actingText(null), '')
  assert.equal(actingText(undefined), '')
  assert.match(actingText({ sub: 'user_op' }), /^user_op is acting as this person\./)
  assert.match(actingText({ sub: 'user_op', reason: 'ticket 7' }), / Reason: ticket 7$/)
  assert.doesNotMatch(actingText({ sub: 'user_op', reason: { a: 1 } }), /Reason/)
})

test('lastSeen tells when and from where', () => {
  const now = Date.UTC(2026, 0, 10, 12)
  const at = (/** @type {number} */ ms, /** @type {any} */ activity = {}) => lastSeen({ last_active_at: now - ms, latest_activity: activity }, now, 'en')
  assert.equal(at(20_000), 'Active now')
  assert.equal(at(90_000), '1 minute ago')
  assert.equal(at(3 * 3_600_000), '3 hours ago')
  assert.equal(at(26 * 3_600_000), 'yesterday')
  assert.equal(at(0, { ip_address: '192.0.2.7' }), 'Active now · 192.0.2.7')
  assert.equal(at(0, { ip_address: '192.0.2.7', city: 'Lyon', country: 'France' }), 'Active now · Lyon, France')
})

test('metadata keeps its types apart', () => {
  assert.equal(metadataText('pro'), 'pro')
  assert.equal(metadataText(5), '5')
  assert.equal(metadataText({ beta: true }), '{\n  "beta": true\n}')
  assert.equal(metadataText(null), 'null')
})
