// @ts-check
import { password } from '../support/person.js'
import { expect, test } from '../support/test.js'

test.use({ app: 'delete-self' })

test('people delete themselves on the page of the example', async ({ person, server }) => {
  const { page } = person
  await page.goto('/')
  await expect(page.getByRole('link', { name: 'Create an account' })).toBeVisible()
  await person.arrive()
  await expect(page.getByText(person.email)).toBeVisible()

  await page.getByRole('button', { name: 'Delete my account' }).click()
  await page.getByRole('button', { name: 'Keep it' }).click()
  await expect(page.getByRole('dialog')).toBeHidden()
  await page.getByRole('button', { name: 'Delete my account' }).click()
  await page.getByRole('button', { name: 'Delete it' }).click()
  await expect(page.getByRole('heading', { name: 'Nobody is signed in' })).toBeVisible()
  expect((await server.backend('GET', `/users?email_address=${encodeURIComponent(person.email)}`)).length).toBe(0)
})

// Nobody here waits ten minutes for a sign-in to be too old: the first answer is what
// the route says then, word by word; the step-up and all that follows are real.
test('who signed in a while ago confirms first, and may try twice', async ({ person }) => {
  const { page } = person
  await person.arrive()
  await person.move()
  await page.route('**/api/account', (route) => route.fulfill({
    status: 403,
    contentType: 'application/json',
    body: '{"clerk_error":{"type":"forbidden","reason":"reverification-error","metadata":{"reverification":{"level":"first_factor","afterMinutes":10}}}}\n',
  }), { times: 1 })

  await page.getByRole('button', { name: 'Delete my account' }).click()
  const field = page.getByLabel('Password', { exact: true })
  await expect(field).toBeFocused()
  await field.fill('not the password')
  await page.getByRole('button', { name: 'Confirm' }).click()
  await expect(field).toHaveAttribute('aria-invalid', 'true')
  await field.fill(password)
  await page.getByRole('button', { name: 'Confirm' }).click()
  await page.getByRole('button', { name: 'Delete it' }).click()
  await expect(page.getByRole('heading', { name: 'Nobody is signed in' })).toBeVisible()
})
