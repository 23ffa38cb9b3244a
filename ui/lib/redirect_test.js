// @ts-check
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { safeRedirect } from './redirect.js'

const here = 'https://app.example.com/auth/sign-in?redirect_url=x'

for (const [name, target, want] of [
  ['a path', '/notes?id=1#top', 'https://app.example.com/notes?id=1#top'],
  ['the own origin', 'https://app.example.com/notes', 'https://app.example.com/notes'],
  ['a relative path', 'notes', 'https://app.example.com/auth/notes'],
  ['dot segments', '/a/..//elsewhere.example.com', 'https://app.example.com//elsewhere.example.com'],

  ['another origin', 'https://elsewhere.example.com/', 'https://app.example.com/home'],
  ['another host without scheme', '//elsewhere.example.com/', 'https://app.example.com/home'],
  ['backslashes', '/\\elsewhere.example.com', 'https://app.example.com/home'],
  ['a tab between slashes', '/\t/elsewhere.example.com', 'https://app.example.com/home'],
  ['another scheme', 'http://app.example.com/', 'https://app.example.com/home'],
  ['another port', 'https://app.example.com:8443/', 'https://app.example.com/home'],
  ['a script', 'javascript:alert(1)', 'https://app.example.com/home'],
  ['a script of the own origin', 'blob:https://app.example.com/0', 'https://app.example.com/home'],
  ['data', 'data:text/html,x', 'https://app.example.com/home'],
  ['a user', 'https://someone@app.example.com/', 'https://app.example.com/home'],
  ['no URL', 'https://', 'https://app.example.com/home'],
  ['nothing', '', 'https://app.example.com/home'],
]) {
  test(`safeRedirect with ${name}`, () => assert.equal(safeRedirect(target, '/home', here), want))
}

test('a fallback elsewhere is no fallback', () => {
  assert.equal(safeRedirect(undefined, 'https://elsewhere.example.com/', here), 'https://app.example.com/')
  assert.equal(safeRedirect(undefined, undefined, here), 'https://app.example.com/')
})
