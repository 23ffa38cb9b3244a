// @ts-check
import { expect, test } from '../support/official.js'
import { newPassword } from '../support/visitor.js'

/** A PNG of one pixel. */
const dot = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64')

test('the official profile changes name, picture, username, addresses, numbers and password', async ({ visitor, newVisitor, server }) => {
  test.setTimeout(180_000)
  const { page, app, profile, email, phone, submit } = visitor
  await visitor.arrive()
  const id = await visitor.expectSignedIn()
  const user = () => server.backend('GET', `/users/${id}`)
  const emails = visitor.items('emailAddresses')
  const phones = visitor.items('phoneNumbers')
  const second = 'second.' + email
  await profile.goTo()

  await test.step('name', async () => {
    await profile.clickToUpdateProfile()
    await profile.typeFirstName('Ada')
    await profile.typeLastName('Lovelace')
    await submit.click()
    await profile.waitForSectionCardClosed('profile')
    await expect(page.locator('.cl-profileSectionItem__profile')).toContainText('Ada Lovelace')
    expect(await user()).toMatchObject({ first_name: 'Ada', last_name: 'Lovelace' })
  })

  await test.step('picture', async () => {
    await profile.clickToUpdateProfile()
    await page.locator('.cl-profileSection__profile input[type="file"]').setInputFiles({ name: 'me.png', mimeType: 'image/png', buffer: dot })
    await expect.poll(async () => (await user()).has_image).toBe(true)
    const { pathname } = new URL((await user()).image_url)
    await expect(page.locator(`img[src*="${pathname}"]`).first()).toBeVisible()
    await profile.waitForSectionCardClosed('profile')
    await profile.clickToUpdateProfile()
    await page.locator('.cl-avatarImageActionsRemove').click()
    await expect.poll(async () => (await user()).has_image).toBe(false)
    await profile.waitForSectionCardClosed('profile')
  })

  await test.step('username', async () => {
    await profile.clickUpdateUsername()
    await profile.typeUsername('a b')
    await submit.click()
    await expect(visitor.refusal('username')).toBeVisible()
    await profile.typeUsername('new_' + visitor.username)
    await submit.click()
    await profile.waitForSectionCardClosed('username')
    expect((await user()).username).toBe('new_' + visitor.username)
  })

  await test.step('add an address, make it the primary one, and remove the first', async () => {
    await profile.clickAddEmailAddress()
    await profile.getEmailAddressInput().fill(second)
    await visitor.proveAddress(() => submit.click(), second)
    await expect(emails).toHaveCount(2)
    await visitor.choose(visitor.items('emailAddresses', second), 'Set as primary')
    await expect(visitor.items('emailAddresses', second)).toContainText('Primary')
    await visitor.choose(visitor.items('emailAddresses').filter({ hasNotText: second }), 'Remove email')
    await submit.click()
    await expect(emails).toHaveCount(1)
    const { email_addresses: left, primary_email_address_id: primary } = await user()
    expect(left).toMatchObject([{ id: primary, email_address: second, verification: { status: 'verified' } }])
  })

  await test.step('add a number, and remove it', async () => {
    visitor.move()
    await profile.clickAddPhoneNumber()
    await profile.typePhoneNumber(phone)
    await visitor.proveAddress(() => submit.click())
    await expect(phones).toHaveCount(1)
    await expect(phones).toContainText('Primary')
    expect((await user()).phone_numbers).toMatchObject([{ phone_number: '+1' + phone, verification: { status: 'verified' } }])
    await visitor.choose(phones, 'Remove phone number')
    await submit.click()
    await expect(phones).toHaveCount(0)
    expect((await user()).phone_numbers).toEqual([])
  })

  await test.step('password, which signs other devices out', async () => {
    visitor.move()
    const laptop = await newVisitor({ beside: visitor })
    await laptop.page.goto(app.origin + '/')
    await laptop.enter(second)
    await laptop.expectSignedIn(id)
    await profile.switchToSecurityTab()
    await page.getByRole('button', { name: 'Update password' }).click()
    await page.locator('input[name=newPassword]').fill(newPassword)
    await profile.setPasswordConfirmation(newPassword)
    await submit.click()
    await profile.waitForSectionCardClosed('password')
    await laptop.expectRevoked()
    await visitor.leave('/sign-in')
    await visitor.signIn.setIdentifier(second)
    await visitor.signIn.continue()
    await visitor.signIn.setPassword(newPassword)
    await visitor.signIn.continue()
    await visitor.expectSignedIn(id)
  })
})
