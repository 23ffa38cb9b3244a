// @ts-check
import { createServer } from 'node:http'
import { createClerkClient } from '@clerk/backend'

/** An app on an origin of its own, which asks the official SDK who is there. */
export class App {
  /**
   * @param {string} host
   * @param {number} port
   */
  constructor(host, port) {
    this.port = port
    this.origin = `http://${host}:${port}`
  }

  /** @param {import('./server.js').Server} server */
  async start(server) {
    const clerk = createClerkClient({
      secretKey: server.secretKey, publishableKey: server.publishableKey, apiUrl: server.apiURL, telemetry: { disabled: true },
    })
    this.http = createServer(async (request, response) => {
      try {
        await this.#answer(clerk, server, request, response)
      } catch (err) {
        response.writeHead(500).end(String(err))
      }
    })
    await new Promise((done) => this.http.listen(this.port, '127.0.0.1', () => done(undefined)))
  }

  async #answer(clerk, server, request, response) {
    const state = await clerk.authenticateRequest(new Request(this.origin + request.url, { headers: request.headers, method: request.method }), {
      proxyUrl: server.origin, authorizedParties: [this.origin, server.origin],
    })
    response.setHeader('Set-Cookie', state.headers.getSetCookie())
    response.setHeader('Reason', state.reason ?? '')
    response.setHeader('Status', state.status)
    const location = state.headers.get('Location')
    if (location) response.writeHead(307, { Location: location, 'Cache-Control': state.headers.get('Cache-Control') ?? '' }).end()
    else if (state.status === 'signed-in') response.writeHead(200).end(state.toAuth().userId)
    else response.writeHead(401, { 'Content-Type': 'application/json' }).end(JSON.stringify({ reason: state.reason }))
  }

  async stop() {
    this.http.closeAllConnections()
    await new Promise((done) => this.http.close(done))
  }
}
