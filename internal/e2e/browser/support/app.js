// @ts-check
import { createServer } from 'node:http'

/**
 * An app on an origin of its own whose only page is the official JavaScript SDK and
 * its components, unmodified, pointed at a Gatehouse server. Which component is on
 * show follows the path; "?optional-fields" has the forms show them.
 */
export class App {
  /**
   * @param {import('node:http').Server} http
   * @param {string} origin
   */
  constructor(http, origin) {
    this.http = http
    this.origin = origin
  }

  /** @param {import('./server.js').Server} server */
  static start(server) {
    return App.serve((request, response) => {
      if (request.url === '/app.js') {
        response.writeHead(200, { 'Content-Type': 'text/javascript; charset=utf-8' }).end(script)
        return
      }
      response.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8' }).end(page(server.origin, server.keys.CLERK_PUBLISHABLE_KEY))
    })
  }

  /**
   * Listens on a free port of localhost.
   * @param {import('node:http').RequestListener} listener
   */
  static async serve(listener) {
    const http = createServer(listener)
    await new Promise((done) => http.listen(0, '127.0.0.1', () => done(undefined)))
    const { port } = /** @type {import('node:net').AddressInfo} */ (http.address())
    return new App(http, `http://localhost:${port}`)
  }

  async stop() {
    this.http.closeAllConnections()
    await new Promise((done) => this.http.close(done))
  }
}

/**
 * @param {string} gatehouse
 * @param {string} key
 */
function page(gatehouse, key) {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>An app with the official components</title>
<link rel="icon" href="data:,">
<script src="${gatehouse}/npm/@clerk/ui@1/dist/ui.browser.js" crossorigin="anonymous"></script>
<script src="${gatehouse}/npm/@clerk/clerk-js@6/dist/clerk.browser.js" crossorigin="anonymous"
  data-clerk-publishable-key="${key}" data-clerk-proxy-url="${gatehouse}"></script>
<script type="module" src="/app.js"></script>
</head>
<body>
<p id="status">loading</p>
<div id="user-button"></div>
<div id="component"></div>
</body>
</html>`
}

const script = `
const { Clerk } = window
await Clerk.load({
  ui: { ClerkUI: window.__internal_ClerkUICtor },
  signInUrl: '/sign-in',
  signUpUrl: '/sign-up',
  appearance: { options: { showOptionalFields: location.search === '?optional-fields' } },
  telemetry: false,
})
const place = document.querySelector('#component')
let button = false
const show = () => {
  if (Clerk.user && !button) {
    Clerk.mountUserButton(document.querySelector('#user-button'), { afterSwitchSessionUrl: '/' })
    button = true
  }
  document.querySelector('#status').textContent = Clerk.user ? 'signed in as ' + Clerk.user.id : 'signed out'
}
Clerk.addListener(show)
show()
switch (location.pathname) {
  case '/sign-up': Clerk.mountSignUp(place); break
  case '/sign-in': Clerk.mountSignIn(place); break
  case '/user': Clerk.mountUserProfile(place); break
}
`
