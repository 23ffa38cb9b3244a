// @ts-check
import { execFileSync, spawn } from 'node:child_process'
import { generateKeyPairSync, sign } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../../..', import.meta.url))

/** Builds the binary. @returns {{path: string, remove: () => void}} */
export function build() {
  const dir = mkdtempSync(join(tmpdir(), 'gatehouse-node-'))
  const path = join(dir, 'gatehouse')
  execFileSync('go', ['build', '-o', path, './cmd/gatehouse'], { cwd: root, stdio: 'inherit' })
  return { path, remove: () => rmSync(dir, { recursive: true, force: true }) }
}

/** A server of its own: folder, database, port, keys. */
export class Server {
  /** Everything it printed. */
  log = ''

  /**
   * @param {{host: string, production?: boolean, allow: string[], binary: string}} options the host of its
   *   public URL, and the origins that it allows
   */
  static async start({ host, production = false, allow, binary }) {
    const server = new Server()
    const dir = mkdtempSync(join(tmpdir(), 'gatehouse-server-'))
    const port = await freePort()
    server.dir = dir
    server.port = port
    server.origin = `http://${host}:${port}`
    server.signingKey = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
    const keyFile = join(dir, 'signing.pem')
    writeFileSync(keyFile, server.signingKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 })
    /** @type {Record<string, string>} */
    const env = {
      PATH: String(process.env.PATH),
      HOME: dir,
      GATEHOUSE_ADDR: `127.0.0.1:${port}`,
      GATEHOUSE_PUBLIC_URL: server.origin,
      GATEHOUSE_ALLOWED_ORIGINS: allow.join(','),
      GATEHOUSE_SIGNING_KEY_FILE: keyFile,
    }
    let args = ['dev', '--dir', join(dir, 'private')]
    if (production) {
      execFileSync(binary, ['init', '--public-url', server.origin, '--out', dir], { stdio: 'pipe' })
      args = ['serve', '--config', join(dir, 'gatehouse.toml')]
    }
    server.process = spawn(binary, args, { cwd: dir, env })
    for (const stream of [server.process.stdout, server.process.stderr]) stream?.on('data', (text) => (server.log += text))
    try {
      await server.#learn(production)
    } catch (err) {
      await server.stop()
      throw err
    }
    return server
  }

  /** @param {boolean} production */
  async #learn(production) {
    await this.#ready()
    const secrets = production ? readFileSync(join(this.dir, 'gatehouse.secrets.env'), 'utf8') : readFileSync(join(this.dir, 'private', 'sdk.env'), 'utf8')
    this.secretKey = String(/^(?:GATEHOUSE|CLERK)_SECRET_KEY=(.*)$/m.exec(secrets)?.[1])
    const { host } = new URL(this.origin)
    this.publishableKey = `pk_live_${Buffer.from(`clerk.${host}$`).toString('base64')}`
    this.issuer = `https://clerk.${host}`
    const jwks = await this.backend('GET', '/jwks')
    this.kid = jwks.keys[0].kid
  }

  async #ready() {
    for (let tries = 0; tries < 150; tries++) {
      if (this.process.exitCode !== null) break
      const answer = await fetch(`http://127.0.0.1:${this.port}/readyz`).catch(() => null)
      if (answer?.ok) return
      await new Promise((done) => setTimeout(done, 100))
    }
    throw new Error(`the server did not start:\n${this.log}`)
  }

  async stop() {
    if (this.process.exitCode === null) {
      const ended = new Promise((done) => this.process.once('exit', done))
      this.process.kill('SIGTERM')
      await ended
    }
    rmSync(this.dir, { recursive: true, force: true })
  }

  /** Where app servers on this machine reach the Backend API. */
  get apiURL() {
    return `http://127.0.0.1:${this.port}/api`
  }

  /**
   * @param {string} method
   * @param {string} path
   * @param {unknown} [body]
   */
  async backend(method, path, body) {
    const answer = await fetch(`${this.apiURL}/v1${path}`, {
      method,
      headers: { Authorization: `Bearer ${this.secretKey}`, 'Content-Type': 'application/json' },
      body: body === undefined ? undefined : JSON.stringify(body),
    })
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`)
    return answer.json()
  }

  /**
   * Signs what the server could have signed at another time.
   * @param {Record<string, unknown>} claims over those of a session token made now
   * @param {Record<string, unknown>} [header]
   */
  token(claims, header = {}) {
    const now = Math.floor(Date.now() / 1000)
    const part = (/** @type {object} */ value) => Buffer.from(JSON.stringify(value)).toString('base64url')
    const signed = part({ alg: 'RS256', typ: 'JWT', cat: 'cl_B7d4PD111AAA', kid: this.kid, ...header }) + '.' + part({
      iss: this.issuer, sub: 'user_x', sid: 'sess_x', azp: this.origin, iat: now, nbf: now - 10, exp: now + 60, v: 2, sts: 'active', ...claims,
    })
    return `${signed}.${sign('RSA-SHA256', Buffer.from(signed), this.signingKey).toString('base64url')}`
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
