// @ts-check
import { expect, test } from '../support/test.js'

test('somebody stays recognised for three minutes without a reload', async ({ person }) => {
  test.setTimeout(300_000)
  await person.arrive()
  const id = await person.id()
  let loads = 0
  person.page.on('load', () => loads++)

  // A token lives for a minute, so the last answers come from tokens that were made
  // on the way, in answers to the requests themselves.
  const end = Date.now() + 185_000
  const tokens = new Set()
  while (Date.now() < end) {
    await person.page.waitForTimeout(5_000)
    const answer = await person.me()
    expect(answer).toMatchObject({ status: 200, body: { userId: id } })
    tokens.add((await person.context.cookies()).find((cookie) => cookie.name === '__session')?.value)
  }
  expect(loads).toBe(0)
  expect(tokens.size).toBeGreaterThanOrEqual(3)
})

test('a token that ran out while nobody asked is renewed by the next request', async ({ person }) => {
  test.setTimeout(120_000)
  await person.arrive()
  const id = await person.id()
  await person.page.waitForTimeout(66_000)
  expect(await person.me()).toMatchObject({ status: 200, body: { userId: id } })
})
