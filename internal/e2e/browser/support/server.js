// @ts-check
import { execFileSync, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Folder of the official bundles, as npm installed them. */
const clerkJSDir = fileURLToPath(new URL('../node_modules/@clerk', import.meta.url))

/** An example app of its own: folder, database, port and log. */
export class Server {
  /** Everything the server printed. */
  log = ''

  /**
   * @param {string} origin
   * @param {string} dir
   * @param {import('node:child_process').ChildProcess} process
   * @param {() => void} clean
   */
  constructor(origin, dir, process, clean) {
    this.origin = origin
    this.dir = dir
    this.process = process
    this.clean = clean
    for (const stream of [process.stdout, process.stderr]) stream?.on('data', (/** @type {Buffer} */ text) => (this.log += text))
  }

  /**
   * Starts one and waits until it is ready.
   * @param {string} stores "sqlite" or "postgresql-redis"
   * @param {string} app "quickstart", "delete-self", or "server" for settings and a clock of its own
   * @param {object} [settings] what "server" has besides the defaults, as gatehouse.Settings names it
   */
  static async start(stores, app, settings = {}) {
    const dir = mkdtempSync(join(tmpdir(), `gatehouse-${app}-`))
    const port = await freePort()
    const { env, clean } = openStores(stores)
    const child = spawn(join(String(process.env.GATEHOUSE_EXAMPLES), app), [], {
      cwd: dir,
      env: {
        PATH: process.env.PATH,
        HOME: dir,
        GATEHOUSE_ADDR: `127.0.0.1:${port}`,
        GATEHOUSE_PUBLIC_URL: `http://localhost:${port}`,
        GATEHOUSE_DIR: join(dir, 'private'),
        GATEHOUSE_CLERK_JS_DIR: clerkJSDir,
        // Every person of a test comes from an address of their own, see person.js.
        GATEHOUSE_TRUSTED_PROXIES: '127.0.0.1',
        GATEHOUSE_TEST_SETTINGS: JSON.stringify(settings),
        ...env,
      },
    })
    const server = new Server(`http://localhost:${port}`, dir, child, clean)
    await server.#ready()
    return server
  }

  async #ready() {
    for (let tries = 0; tries < 150; tries++) {
      if (this.process.exitCode !== null) break
      const answer = await fetch(`${this.origin}/readyz`).catch(() => null)
      if (answer?.ok) return
      await new Promise((done) => setTimeout(done, 100))
    }
    await this.stop()
    throw new Error(`the app did not start:\n${this.log}`)
  }

  async stop() {
    if (this.process.exitCode === null) {
      const ended = new Promise((done) => this.process.once('exit', done))
      this.process.kill('SIGTERM')
      await ended
    }
    this.clean()
    rmSync(this.dir, { recursive: true, force: true })
  }

  /** Variables for SDKs that the development server wrote. */
  get keys() {
    const text = readFileSync(join(this.dir, 'private', 'sdk.env'), 'utf8')
    return Object.fromEntries([...text.matchAll(/^([A-Z_]+)=(.*)$/gm)].map(([, name, value]) => [name, value]))
  }

  /**
   * Calls the Backend API as an app's server does.
   * @param {string} method
   * @param {string} path
   * @param {unknown} [body]
   */
  async backend(method, path, body) {
    const answer = await fetch(`${this.origin}/api/v1${path}`, {
      method,
      headers: { Authorization: `Bearer ${this.keys.CLERK_SECRET_KEY}`, 'Content-Type': 'application/json' },
      body: body === undefined ? undefined : JSON.stringify(body),
    })
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`)
    return answer.json()
  }

  /**
   * Puts the clock of a "server" forward.
   * @param {string} duration as Go writes it: "11m"
   */
  async putForward(duration) {
    const answer = await fetch(`${this.origin}/clock?forward=${duration}`, { method: 'POST' })
    if (!answer.ok) throw new Error(`clock: ${answer.status} ${await answer.text()}`)
  }

  /**
   * Waits for the newest code sent to address after the moment since.
   * @param {string} address
   * @param {number} since Unix milliseconds
   */
  code(address, since) {
    return this.#sent('code', address, since)
  }

  /**
   * Waits for the newest link sent to address after the moment since.
   * @param {string} address
   * @param {number} since Unix milliseconds
   */
  link(address, since) {
    return this.#sent('link', address, since)
  }

  /**
   * @param {'code' | 'link'} what
   * @param {string} address
   * @param {number} since Unix milliseconds
   * @returns {Promise<string>}
   */
  async #sent(what, address, since) {
    for (let tries = 0; tries < 100; tries++) {
      const answer = await fetch(`${this.origin}/dev/outbox?to=${encodeURIComponent(address)}`, { headers: { Accept: 'application/json' } })
      const [newest] = await answer.json()
      if (newest?.[what] && newest.at >= since) return newest[what]
      await new Promise((done) => setTimeout(done, 100))
    }
    throw new Error(`no ${what} was sent to ${address}`)
  }
}

/**
 * @param {string} stores
 * @returns {{env: Record<string, string>, clean: () => void}}
 */
function openStores(stores) {
  if (stores === 'sqlite') return { env: {}, clean: () => {} }
  const admin = new URL(String(process.env.GATEHOUSE_TEST_POSTGRES_URL))
  const name = 'browser_' + randomBytes(8).toString('hex')
  const psql = (/** @type {string} */ sql) => execFileSync('psql', ['--quiet', '--no-psqlrc', '--dbname', admin.href, '--command', sql])
  psql(`create database ${name}`)
  const own = new URL(admin)
  own.pathname = `/${name}`
  return {
    env: {
      GATEHOUSE_DATABASE_URL: own.href,
      GATEHOUSE_REDIS_URL: String(process.env.GATEHOUSE_TEST_REDIS_URL),
      GATEHOUSE_REDIS_PREFIX: name,
    },
    clean: () => psql(`drop database ${name} with (force)`),
  }
}

/** @returns {Promise<number>} */
export function freePort() {
  return new Promise((done, fail) => {
    const probe = createServer()
    probe.once('error', fail)
    probe.listen(0, '127.0.0.1', () => {
      const { port } = /** @type {import('node:net').AddressInfo} */ (probe.address())
      probe.close(() => done(port))
    })
  })
}
