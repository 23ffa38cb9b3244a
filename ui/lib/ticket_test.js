// @ts-check
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dropTicket, takeTicket, withTicket } from './ticket.js'

/** A page at an address, as far as tickets are concerned. */
function page(/** @type {string} */ href, /** @type {any} */ state = null) {
  const location = { href }
  const history = {
    state,
    replaceState(/** @type {any} */ next, /** @type {string} */ _, /** @type {string|undefined} */ to) {
      history.state = next
      if (to) location.href = to
    },
  }
  return { location: /** @type {any} */ (location), history: /** @type {any} */ (history) }
}

test('takes the ticket out of the address and keeps it for a reload', () => {
  const { location, history } = page('https://app.example.com/sign-in?redirect_url=%2Fx&__clerk_ticket=secret&__clerk_status=sign_in#/a', { other: 1 })
  assert.equal(takeTicket(location, history), 'secret')
  assert.equal(location.href, 'https://app.example.com/sign-in?redirect_url=%2Fx#/a')
  assert.equal(takeTicket(location, history), 'secret')
  dropTicket(history)
  assert.equal(takeTicket(location, history), '')
  assert.deepEqual(history.state, { other: 1, ticket: '' })
})

test('a link without a ticket displaces one from before', () => {
  const { location, history } = page('https://app.example.com/sign-in?__clerk_status=complete', { ticket: 'old' })
  assert.equal(takeTicket(location, history), '')
  assert.equal(location.href, 'https://app.example.com/sign-in')
})

test('leaves an address without ticket alone', () => {
  const { location, history } = page('https://app.example.com/sign-in?a=1')
  assert.equal(takeTicket(location, history), '')
  assert.equal(location.href, 'https://app.example.com/sign-in?a=1')
  assert.equal(history.state, null)
})

test('hands the ticket to another page', () => {
  assert.equal(withTicket('https://app.example.com/sign-up?redirect_url=%2Fx', 'a-b_c'), 'https://app.example.com/sign-up?redirect_url=%2Fx&__clerk_ticket=a-b_c')
})
