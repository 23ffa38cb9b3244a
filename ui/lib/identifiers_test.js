// @ts-check
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { addressOf, codeStrategy, identifierField, preferredFactor, signInIdentifiers, target, wayText } from './identifiers.js'

test('signInIdentifiers lists what is on and finds an account', () => {
  const on = { enabled: true, used_for_first_factor: true }
  assert.deepEqual(signInIdentifiers({ attributes: { username: on, email_address: on, phone_number: { ...on, enabled: false } } }), ['email_address', 'username'])
  assert.deepEqual(signInIdentifiers({ attributes: { email_address: on, phone_number: { enabled: true, used_for_first_factor: false } } }), ['email_address'])
  assert.deepEqual(signInIdentifiers(undefined), [])
})

test('identifierField names every kind, and takes the keyboard of a single one', () => {
  assert.deepEqual(identifierField(['email_address']), { label: 'Email address', type: 'email' })
  assert.deepEqual(identifierField(['phone_number']), { label: 'Phone number', type: 'tel' })
  assert.deepEqual(identifierField(['username']), { label: 'Username', type: 'text' })
  assert.deepEqual(identifierField(['email_address', 'phone_number', 'username']), { label: 'Email address, phone number or username', type: 'text' })
})

test('addresses and strategies belong together', () => {
  assert.equal(addressOf('email_code'), 'email_address')
  assert.equal(addressOf('reset_password_phone_code'), 'phone_number')
  assert.equal(addressOf('password'), null)
  assert.equal(codeStrategy('phone_number'), 'phone_code')
  assert.equal(codeStrategy('email_address'), 'email_code')
})

test('the primary address of a strategy comes first', () => {
  const work = { strategy: 'email_code', email_address_id: 'idn_1', safe_identifier: 'a***@w***.com', primary: false }
  const home = { strategy: 'email_code', email_address_id: 'idn_2', safe_identifier: 'a***@h***.com', primary: true }
  const phone = { strategy: 'phone_code', phone_number_id: 'idn_3', safe_identifier: '+12***20' }
  assert.equal(preferredFactor([work, home, phone], 'email_code'), home)
  assert.equal(preferredFactor([work, home, phone], 'phone_code'), phone)
  assert.equal(preferredFactor([work], 'phone_code'), null)
  assert.equal(preferredFactor(undefined, 'password'), null)
  assert.deepEqual(target(phone), { strategy: 'phone_code', phone_number_id: 'idn_3' })
  assert.equal(wayText(phone, [work, home, phone]), 'Text me a code')
  assert.equal(wayText(work, [work, home, phone]), 'Email a code to a***@w***.com')
  assert.equal(wayText(work, [work, phone]), 'Email me a code')
})
