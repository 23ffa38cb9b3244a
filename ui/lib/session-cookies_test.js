// @ts-check
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { clearSessionCookies } from './session-cookies.js'

test('drops every session token and nothing else', () => {
  /** @type {string[]} */
  const written = []
  const doc = {
    get cookie() {
      return '__session=a.b.c; theme=dark; __session_4qziOR6R=d=e; __client_uat=1; __sessions=x'
    },
    set cookie(text) {
      written.push(text)
    },
  }
  clearSessionCookies(doc)
  assert.deepEqual(written, ['__session=; Path=/; Max-Age=0; SameSite=Lax', '__session_4qziOR6R=; Path=/; Max-Age=0; SameSite=Lax'])
})
