// @ts-check
import { randomBytes } from 'node:crypto'
import { test as base, expect } from '@playwright/test'
import { fromElsewhere, Person } from './person.js'
import { Server } from './server.js'

/**
 * The test function of this suite. Fixtures: server (one per worker, a quickstart;
 * test.use({ app: 'delete-self' }) for the other example), person (somebody new with a
 * browser context), newPerson (further ones, also at a server of the test's own).
 *
 * Every page is watched: a script error, a violated Content-Security-Policy or a
 * request to another machine fails the test.
 *
 * @typedef {{app: string, server: Server}} WorkerFixtures
 * @typedef {{newPerson: (options?: import('@playwright/test').BrowserContextOptions, at?: Server) => Promise<Person>, person: Person}} Fixtures
 */
export const test = /** @type {import('@playwright/test').TestType<Fixtures & import('@playwright/test').PlaywrightTestArgs & import('@playwright/test').PlaywrightTestOptions, WorkerFixtures & import('@playwright/test').PlaywrightWorkerArgs>} */ (
  base.extend(/** @type {any} */ ({
    app: ['quickstart', { scope: 'worker', option: true }],

    server: [
      async (/** @type {{app: string}} */ { app }, /** @type {(server: Server) => Promise<void>} */ use, /** @type {import('@playwright/test').WorkerInfo} */ info) => {
        const server = await Server.start(info.project.metadata.stores, app)
        await use(server)
        await server.stop()
      },
      { scope: 'worker', timeout: 60_000 },
    ],

    newPerson: async (/** @type {any} */ { browser, server }, /** @type {(make: Fixtures['newPerson']) => Promise<void>} */ use) => {
      /** @type {Person[]} */
      const people = []
      await use(async (/** @type {import('@playwright/test').BrowserContextOptions} */ options = {}, /** @type {Server} */ at = server) => {
        const context = await browser.newContext({
          baseURL: at.origin,
          viewport: { width: 1280, height: 800 },
          // Behind the trusted proxy everybody has an address of their own, so that limits
          // are on and meet nobody by accident.
          extraHTTPHeaders: fromElsewhere(),
          ...options,
        })
        const email = `ada.${randomBytes(6).toString('hex')}@example.com`
        const person = new Person(at, context, await context.newPage(), email)
        people.push(person)
        return person
      })
      for (const person of people) {
        expect(person.complaints, 'script errors and violations of the Content-Security-Policy').toEqual([])
        expect(person.strayRequests, 'requests to other machines').toEqual([])
        await person.context.close()
      }
    },

    person: async (/** @type {any} */ { newPerson }, /** @type {(person: Person) => Promise<void>} */ use) => {
      await use(await newPerson())
    },
  }))
)

export { expect }
