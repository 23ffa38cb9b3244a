// @ts-check
import assert from 'node:assert/strict'
import { mock, test } from 'node:test'
import { Resend } from './resend.js'

test('counts down, then lets the button be pressed again', (t) => {
  mock.timers.enable({ apis: ['setInterval', 'Date'] })
  t.after(() => mock.timers.reset())
  const button = /** @type {any} */ ({ textContent: 'Send a new code', disabled: false })
  const resend = new Resend(button, new AbortController().signal)

  resend.start(30)
  assert.deepEqual(button, { textContent: 'Send a new code in 30 s', disabled: true })
  mock.timers.tick(29_000)
  assert.deepEqual(button, { textContent: 'Send a new code in 1 s', disabled: true })
  mock.timers.tick(1_000)
  assert.deepEqual(button, { textContent: 'Send a new code', disabled: false })
})

test('stops with its element', (t) => {
  mock.timers.enable({ apis: ['setInterval', 'Date'] })
  t.after(() => mock.timers.reset())
  const abort = new AbortController()
  const button = /** @type {any} */ ({ textContent: 'Send', disabled: false })
  const resend = new Resend(button, abort.signal)
  resend.start(30)
  abort.abort()
  mock.timers.tick(5_000)
  assert.deepEqual(button, { textContent: 'Send', disabled: false })
  resend.start(30)
  assert.equal(button.disabled, false)
})
