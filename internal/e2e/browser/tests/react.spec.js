// @ts-check
import { password } from '../support/person.js'
import { expect, test } from '../support/official.js'

test('the hooks of the React SDK sign up, tell who is there, change them, and sign in', async ({ guest, server }) => {
  test.setTimeout(120_000)
  const { page, app, email } = guest
  const alert = page.getByRole('alert')
  let loads = 0
  page.on('load', () => loads++)
  let id = ''

  await test.step('useSignUp', async () => {
    await page.goto(app.origin + '/own-sign-up')
    await expect(page.getByRole('banner')).toHaveText('Nobody is signed in.')
    await page.getByLabel('Email').fill(email)
    await page.getByLabel('Password').fill('short')
    await page.getByRole('button', { name: 'Sign up' }).click()
    await expect(alert).toContainText('8')
    await page.getByLabel('Email').fill(email)
    await page.getByLabel('Password').fill(password)
    const since = Date.now() - 1000
    await page.getByRole('button', { name: 'Sign up' }).click()
    await page.getByLabel('Code').fill(await server.code(email, since))
    await page.getByRole('button', { name: 'Verify' }).click()
    id = await guest.expectSignedIn()
  })

  await test.step('useAuth, useSession and useUser', async () => {
    await expect(page.locator('#session')).toHaveText(new RegExp(`^sess_\\w+ active ${id}$`))
    await expect(page.locator('#same')).toHaveText('true')
    await expect(page.locator('#email')).toHaveText(email)
    await page.getByRole('button', { name: 'Ask the app’s server' }).click()
    await expect(page.locator('#answer')).toHaveText('200 ' + id)
    await page.getByLabel('Your first name').fill('Ada')
    await page.getByRole('button', { name: 'Rename' }).click()
    await expect(page.locator('#name')).toHaveText('Ada')
    expect((await server.backend('GET', `/users/${id}`)).first_name).toBe('Ada')
  })

  await test.step('useAuth signs out', async () => {
    await page.getByRole('button', { name: 'Leave' }).click()
    await guest.expectSignedOut()
    await expect(page.getByRole('banner')).toHaveText('Nobody is signed in.')
    expect(loads).toBe(1)
    guest.move()
  })

  await test.step('useSignIn with the password', async () => {
    await page.goto(app.origin + '/own-sign-in')
    for (const [typed, problem] of [['not the password', /.+/], [password, null]]) {
      await page.getByLabel('Email').fill(email)
      await page.getByLabel('Password').fill(String(typed))
      await page.getByRole('button', { name: 'Sign in' }).click()
      if (problem) await expect(alert).toHaveText(problem)
    }
    await guest.expectSignedIn(id)
    await page.getByRole('button', { name: 'Leave' }).click()
    await guest.expectSignedOut()
    guest.move()
  })

  await test.step('useSignIn with a code', async () => {
    await page.goto(app.origin + '/own-sign-in')
    await page.getByLabel('Email').fill(email)
    const since = Date.now() - 1000
    await page.getByRole('button', { name: 'Email me a code' }).click()
    await page.getByLabel('Code').fill(await server.code(email, since))
    await page.getByRole('button', { name: 'Verify' }).click()
    await guest.expectSignedIn(id)
    await expect(page.locator('#name')).toHaveText('Ada')
  })
})

test('the components of the React SDK sign in, show the profile and sign out, without loading a page', async ({ guest, server }) => {
  test.setTimeout(120_000)
  const { page, app, profile, button, email, submit } = guest
  const { id } = await server.backend('POST', '/users', { email_address: [email], password })
  let loads = 0
  page.on('load', () => loads++)

  await test.step('<SignIn/>', async () => {
    await guest.signIn.goTo()
    await guest.signIn.setIdentifier(email)
    await guest.signIn.continue()
    await page.waitForURL(app.origin + '/sign-in/factor-one')
    await guest.signIn.setPassword(password)
    await guest.signIn.continue()
    await guest.expectSignedIn(id)
  })

  await test.step('<UserButton/> opens the profile, and the hooks see what it changes', async () => {
    await button.toggleTrigger()
    await button.waitForPopover()
    await expect(page.locator('.cl-userButtonPopoverCard')).toContainText(email)
    await button.triggerManageAccount()
    await profile.waitForUserProfileModal('open')
    await profile.clickToUpdateProfile()
    await profile.typeFirstName('Ada')
    await profile.typeLastName('Lovelace')
    await submit.click()
    await profile.waitForSectionCardClosed('profile')
    await page.getByLabel('Close modal').click()
    await profile.waitForUserProfileModal('closed')
    await expect(page.locator('#name')).toHaveText('Ada Lovelace')
    expect(loads).toBe(1)
  })

  await test.step('<UserProfile/> as a page', async () => {
    await profile.goTo()
    await expect(page.locator('.cl-profileSectionItem__profile')).toContainText('Ada Lovelace')
    await profile.clickSetUsername()
    await profile.typeUsername(guest.username)
    await submit.click()
    await profile.waitForSectionCardClosed('username')
    expect((await server.backend('GET', `/users/${id}`)).username).toBe(guest.username)
    await profile.switchToSecurityTab()
    await page.waitForURL(app.origin + '/user/security')
    await expect(guest.devices).toHaveCount(1)
    await expect(guest.devices).toContainText('This device')
  })

  await test.step('<UserButton/> signs out', async () => {
    await button.toggleTrigger()
    await button.waitForPopover()
    await button.triggerSignOut()
    await guest.expectSignedOut()
    await expect(page.getByRole('banner')).toHaveText('Nobody is signed in.')
    expect(loads).toBe(2)
  })
})
