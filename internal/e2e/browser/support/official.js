// @ts-check
import { join } from 'node:path'
import { App } from './app.js'
import { startReactApp } from './react-app.js'
import { Server } from './server.js'
import { test as base, expect } from './test.js'
import { Visitor } from './visitor.js'

/**
 * The test function for apps with the official SDK. Fixtures: officialApp and reactApp (one
 * each per worker), visitor (somebody with a browser of their own in front of officialApp),
 * newVisitor (another one; with settings at a server of their own, whose clock can be put
 * forward; beside somebody at the same server), guest (somebody in front of reactApp).
 *
 * @typedef {{officialApp: App, reactApp: App}} WorkerFixtures
 * @typedef {{settings?: object, beside?: Visitor}} Where
 * @typedef {{newVisitor: (where?: Where) => Promise<Visitor>, visitor: Visitor, guest: Visitor}} Fixtures
 */
export const test = /** @type {import('@playwright/test').TestType<Fixtures & import('./test.js').Fixtures & import('@playwright/test').PlaywrightTestArgs & import('@playwright/test').PlaywrightTestOptions, WorkerFixtures & import('./test.js').WorkerFixtures & import('@playwright/test').PlaywrightWorkerArgs>} */ (
  base.extend(/** @type {any} */ ({
    officialApp: [
      async (/** @type {{server: Server}} */ { server }, /** @type {(app: App) => Promise<void>} */ use) => {
        const app = await App.start(server)
        await use(app)
        await app.stop()
      },
      { scope: 'worker' },
    ],

    reactApp: [
      async (/** @type {{server: Server}} */ { server }, /** @type {(app: App) => Promise<void>} */ use) => {
        const app = await startReactApp(join(String(process.env.GATEHOUSE_EXAMPLES), 'react-app'), server)
        await use(app)
        await app.stop()
      },
      { scope: 'worker' },
    ],

    newVisitor: async (/** @type {any} */ { newPerson, server, officialApp }, /** @type {(make: Fixtures['newVisitor']) => Promise<void>} */ use, /** @type {import('@playwright/test').TestInfo} */ info) => {
      /** @type {Visitor[]} */
      const visitors = []
      /** @type {{stop: () => Promise<void>}[]} */
      const started = []
      await use(async (/** @type {Where} */ { settings, beside } = {}) => {
        let [at, app] = beside ? [beside.server, beside.app] : [server, officialApp]
        if (settings) {
          at = await Server.start(info.project.metadata.stores, 'server', settings)
          started.unshift(at)
          app = await App.start(at)
          started.unshift(app)
        }
        const visitor = await Visitor.open(await newPerson({ extraHTTPHeaders: {} }, at), app)
        visitors.push(visitor)
        return visitor
      })
      // A page that is still loading must not miss the server that stops.
      for (const visitor of visitors) await visitor.context.close()
      for (const one of started) await one.stop()
      for (const visitor of visitors) visitor.check()
    },

    visitor: async (/** @type {any} */ { newVisitor }, /** @type {(visitor: Visitor) => Promise<void>} */ use) => {
      await use(await newVisitor())
    },

    guest: async (/** @type {any} */ { newPerson, reactApp }, /** @type {(visitor: Visitor) => Promise<void>} */ use) => {
      const guest = await Visitor.open(await newPerson({ extraHTTPHeaders: {} }), reactApp)
      await use(guest)
      guest.check()
    },
  }))
)

export { expect }
