// @ts-check
import { mkdirSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AxeBuilder } from '@axe-core/playwright'
import { App } from '../support/app.js'
import { fromElsewhere } from '../support/person.js'
import { expect, test } from '../support/test.js'

/** Where the pictures of pages go, for people to look at. */
const screenshots = join(tmpdir(), 'gatehouse-browser', 'screenshots')
mkdirSync(screenshots, { recursive: true })

/**
 * A file as a browser writes it: orange on the left, blue on the right.
 * @param {import('@playwright/test').Page} page
 * @param {string} mimeType
 * @param {number} width
 * @param {number} height
 */
async function drawn(page, mimeType, width, height) {
  const base64 = await page.evaluate(async ([type, w, h]) => {
    const canvas = new OffscreenCanvas(Number(w), Number(h))
    const context = /** @type {OffscreenCanvasRenderingContext2D} */ (canvas.getContext('2d'))
    context.fillStyle = 'orange'
    context.fillRect(0, 0, canvas.width / 2, canvas.height)
    context.fillStyle = 'blue'
    context.fillRect(canvas.width / 2, 0, canvas.width, canvas.height)
    const bytes = new Uint8Array(await (await canvas.convertToBlob({ type: String(type) })).arrayBuffer())
    return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''))
  }, [mimeType, width, height])
  return { name: 'me.bin', mimeType, buffer: Buffer.from(base64, 'base64') }
}

/**
 * Chooses a file as people do, by keyboard.
 * @param {import('@playwright/test').Page} page
 * @param {string|{name: string, mimeType: string, buffer: Buffer}} file a path, or what it holds
 */
async function choose(page, file) {
  const chooser = page.waitForEvent('filechooser')
  await page.getByRole('button', { name: /^(Upload|Change) picture…$/ }).focus()
  await page.keyboard.press('Enter')
  await (await chooser).setFiles(file)
}

/** @param {import('@playwright/test').Locator} img */
const widthOf = (img) => img.evaluate((/** @type {HTMLImageElement} */ el) => (el.complete ? el.naturalWidth : 0))

test('a picture is uploaded, changed and removed', async ({ person, server }) => {
  const { page } = person
  await person.arrive()
  const id = await person.id()
  await page.goto('/user')
  const form = page.getByRole('form', { name: 'Picture' })
  const picture = form.getByRole('img', { name: 'The picture that stands for you' })
  const remove = form.getByRole('button', { name: 'Remove picture' })

  // A picture is drawn for whoever has none.
  await expect(picture).toBeVisible()
  await expect.poll(() => widthOf(picture)).toBe(240)
  await expect(remove).toBeHidden()
  const avatar = String(await picture.getAttribute('src'))
  expect((await server.backend('GET', `/users/${id}`)).image_url).toBe(avatar)

  for (const type of ['image/jpeg', 'image/png', 'image/webp']) {
    const before = await picture.getAttribute('src')
    await person.move()
    await choose(page, await drawn(page, type, 1000, 700))
    await expect(form.getByText('Your picture was changed.')).toBeVisible()
    await expect(picture).not.toHaveAttribute('src', String(before))
    await expect.poll(() => widthOf(picture), type).toBe(512)
  }
  await page.screenshot({ path: join(screenshots, 'user-picture.png'), animations: 'disabled' })
  const user = await server.backend('GET', `/users/${id}`)
  expect(user.has_image).toBe(true)
  await expect(picture).toHaveAttribute('src', user.image_url)
  await expect(form.getByRole('button', { name: 'Change picture…' })).toBeFocused()

  await remove.focus()
  await page.keyboard.press('Enter')
  await expect(form.getByText('Your picture was removed.')).toBeVisible()
  await expect(form.getByRole('button', { name: 'Upload picture…' })).toBeFocused()
  await expect(picture).toHaveAttribute('src', avatar)
  await expect(remove).toBeHidden()
  expect((await server.backend('GET', `/users/${id}`)).has_image).toBe(false)
})

test('what is no picture, or too large, is refused in words', async ({ person, server }, info) => {
  const { page } = person
  await person.arrive()
  await page.goto('/user')
  const form = page.getByRole('form', { name: 'Picture' })
  const alert = form.getByRole('alert')

  await choose(page, { name: 'me.png', mimeType: 'image/png', buffer: Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>') })
  await expect(alert).toHaveText('Choose a picture: PNG, JPEG, WebP or GIF.')
  await choose(page, await drawn(page, 'image/png', 4097, 1))
  await expect(alert).toContainText('4096 pixels')

  // What is too large is not even sent.
  /** @type {string[]} */
  const sent = []
  page.on('request', (request) => sent.push(request.method()))
  const film = info.outputPath('film.gif')
  writeFileSync(film, 'GIF89a')
  truncateSync(film, 11 << 20)
  await choose(page, film)
  await expect(alert).toHaveText('Choose a picture of at most 10 MB.')
  expect(sent).not.toContain('POST')
  await page.screenshot({ path: join(screenshots, 'user-picture-refused.png'), animations: 'disabled' })
  expect((await server.backend('GET', `/users/${await person.id()}`)).has_image).toBe(false)
})

test('the official SDK sets a picture, as a file and as text, and removes it', async ({ newPerson, server }) => {
  const person = await newPerson({ extraHTTPHeaders: {} })
  const { page } = person
  // The address is added behind the browser's back, or it would ask before each request.
  await person.context.route(server.origin + '/v1/**', (route) => route.continue({ headers: { ...route.request().headers(), ...fromElsewhere() } }))
  await person.arrive()
  const { buffer } = await drawn(page, 'image/png', 300, 200)
  const app = await App.start(server)
  try {
    await page.goto(app.origin + '/')
    await expect(page.locator('#status')).toHaveText(/^signed in as user_/)
    const seen = await page.evaluate(async (base64) => {
      const { Clerk } = /** @type {any} */ (window)
      /** Loads what the app is told to show. */
      const look = async () => {
        const img = new Image()
        img.src = Clerk.user.imageUrl
        await img.decode()
        return { url: img.src, width: img.naturalWidth, has: Clerk.user.hasImage }
      }
      const file = await (await fetch('data:image/png;base64,' + base64)).blob()
      const before = await look()
      await Clerk.user.setProfileImage({ file })
      const asFile = await look()
      await Clerk.user.setProfileImage({ file: base64 })
      const asText = await look()
      await Clerk.user.setProfileImage({ file: null })
      return { before, asFile, asText, after: await look() }
    }, buffer.toString('base64'))
    expect(seen.before).toMatchObject({ width: 240, has: false })
    expect(seen.asFile).toMatchObject({ width: 300, has: true })
    expect(seen.asText).toMatchObject({ width: 300, has: true })
    expect(seen.asText.url).not.toBe(seen.asFile.url)
    expect(seen.after).toEqual(seen.before)
  } finally {
    await app.stop()
  }
})

test('the picture is clean for axe', async ({ newPerson }) => {
  const person = await newPerson({ viewport: { width: 360, height: 800 }, bypassCSP: true })
  const { page } = person
  await person.arrive()
  await page.goto('/user')
  await choose(page, await drawn(page, 'image/jpeg', 400, 300))
  await expect(page.getByText('Your picture was changed.')).toBeVisible()
  await page.screenshot({ path: join(screenshots, 'user-picture-360.png'), animations: 'disabled' })
  const { violations } = await new AxeBuilder({ page }).analyze()
  expect(violations.map((v) => v.id)).toEqual([])
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
  expect(overflow).toBe(0)
})
