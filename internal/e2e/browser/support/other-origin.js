// @ts-check
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { freePort } from './server.js'

/** examples/other-origin: an app on an origin of its own, in Go, with our middleware. */
export class OtherOrigin {
  /**
   * @param {string} origin
   * @param {import('node:child_process').ChildProcess} process
   */
  constructor(origin, process) {
    this.origin = origin
    this.process = process
  }

  /**
   * @param {string} host "localhost" as the server's, or another
   * @param {string} gatehouse origin of the server
   */
  static async start(host, gatehouse) {
    const origin = `http://${host}:${await freePort()}`
    const child = spawn(join(String(process.env.GATEHOUSE_EXAMPLES), 'other-origin'), [], {
      env: { PATH: process.env.PATH, GATEHOUSE_URL: gatehouse, APP_URL: origin },
      stdio: 'inherit',
    })
    const app = new OtherOrigin(origin, child)
    for (let tries = 0; tries < 100; tries++) {
      if (await fetch(origin).catch(() => null)) return app
      await new Promise((done) => setTimeout(done, 50))
    }
    await app.stop()
    throw new Error('examples/other-origin did not start')
  }

  async stop() {
    if (this.process.exitCode !== null) return
    const ended = new Promise((done) => this.process.once('exit', done))
    this.process.kill('SIGTERM')
    await ended
  }
}
