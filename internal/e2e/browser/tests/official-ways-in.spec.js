// @ts-check
import { password } from '../support/person.js'
import { expect, test } from '../support/official.js'
import { newPassword } from '../support/visitor.js'

test('the official components sign up with address, number and username, and sign in by each strategy', async ({ visitor, server }) => {
  test.setTimeout(180_000)
  const { page, app, signUp, signIn, email, phone, username } = visitor
  let id = ''

  await test.step('sign up, proving the address and then the number', async () => {
    await page.goto(app.origin + '/sign-up?optional-fields')
    const form = { firstName: 'Ada', lastName: 'Lovelace', email, phoneNumber: phone, username, password }
    await visitor.prove(() => visitor.prove(() => signUp.signUp(form), email))
    id = await visitor.expectSignedIn()
    const user = await server.backend('GET', `/users/${id}`)
    expect(user).toMatchObject({ first_name: 'Ada', last_name: 'Lovelace', username })
    expect(user.email_addresses).toMatchObject([{ email_address: email, verification: { status: 'verified' } }])
    expect(user.phone_numbers).toMatchObject([{ phone_number: '+1' + phone, verification: { status: 'verified' } }])
  })

  /** @param {string} identifier */
  const begin = async (identifier) => {
    await visitor.leave('/sign-in')
    await signIn.setIdentifier(identifier)
    await signIn.continue()
    await expect(signIn.getPasswordInput()).toBeFocused()
  }

  await test.step('username and password', async () => {
    await begin(username)
    await signIn.setPassword('not the password')
    await signIn.continue()
    await expect(visitor.refusal('password')).toBeVisible()
    await signIn.setPassword(password)
    await signIn.continue()
    await visitor.expectSignedIn(id)
  })

  await test.step('address and code', async () => {
    await begin(email)
    await signIn.getUseAnotherMethodLink().click()
    await visitor.prove(() => signIn.getAltMethodsEmailCodeButton().click(), email)
    await visitor.expectSignedIn(id)
  })

  await test.step('number and code', async () => {
    await begin('+1' + phone)
    await signIn.getUseAnotherMethodLink().click()
    await visitor.prove(() => page.getByRole('button', { name: /send sms code to/i }).click())
    await visitor.expectSignedIn(id)
  })

  await test.step('address and link, which is opened in another tab', async () => {
    await begin(email)
    await signIn.getUseAnotherMethodLink().click()
    const since = Date.now() - 1000
    await signIn.getAltMethodsEmailLinkButton().click()
    const link = await server.link(email, since)
    const tab = await visitor.context.newPage()
    await tab.goto(link)
    await tab.waitForURL(app.origin + '/')
    await expect(tab.locator('#status')).toHaveText('signed in as ' + id)
    await tab.close()
    await expect(page.getByText('Signed in on other tab')).toBeVisible()
    await page.goto(app.origin + '/')
    await visitor.expectSignedIn(id)
  })
})

test('the official components replace a forgotten password by mail and by text', async ({ visitor, server }) => {
  const { page, app, signIn } = visitor
  const { id } = await server.backend('POST', '/users', { email_address: [visitor.email], password })
  const { id: other } = await server.backend('POST', '/users', { phone_number: ['+1' + visitor.phone], password, skip_user_requirement: true })
  await page.goto(app.origin + '/sign-in')

  for (const { identifier, user, sent } of [
    { identifier: visitor.email, user: id, sent: visitor.email },
    { identifier: '+1' + visitor.phone, user: other, sent: undefined },
  ]) {
    await signIn.setIdentifier(identifier)
    await signIn.continue()
    await signIn.getForgotPassword().click()
    await visitor.prove(() => signIn.getResetPassword().click(), sent)
    await signIn.setPassword('short')
    await signIn.setPasswordConfirmation('short')
    await expect(visitor.refusal('password')).toContainText('8 or more characters')
    await signIn.setPassword(newPassword)
    await signIn.setPasswordConfirmation(newPassword)
    await signIn.getResetPassword().click()
    await visitor.expectSignedIn(user)
    await visitor.leave('/sign-in')
  }
  await signIn.setIdentifier(visitor.email)
  await signIn.continue()
  await signIn.setPassword(newPassword)
  await signIn.continue()
  await visitor.expectSignedIn(id)
})
