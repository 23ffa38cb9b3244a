// @ts-check
import { readFile } from 'node:fs/promises'
import { extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'vite'
import { App } from './app.js'

/** What a build has in the place of values that a running server decides. */
const placeholders = { VITE_CLERK_PUBLISHABLE_KEY: 'pk_of_the_server_under_test', VITE_CLERK_PROXY_URL: 'url_of_the_server_under_test' }

/**
 * Builds react-app once for all servers.
 * @param {string} outDir
 */
export async function buildReactApp(outDir) {
  Object.assign(process.env, placeholders)
  await build({
    root: fileURLToPath(new URL('../react-app', import.meta.url)),
    build: { outDir, emptyOutDir: true, reportCompressedSize: false },
    logLevel: 'warn',
  })
}

/**
 * Serves the build on an origin of its own, as a single-page app, with one route that
 * asks Gatehouse who is calling.
 * @param {string} dist where the build is
 * @param {import('./server.js').Server} server
 */
export function startReactApp(dist, server) {
  return App.serve(async (request, response) => {
    const path = String(request.url).replace(/\?.*/, '')
    if (path === '/api/me') {
      const answer = await fetch(server.origin + path, { headers: { Authorization: String(request.headers.authorization) } })
      response.writeHead(answer.status, { 'Content-Type': 'application/json' }).end(await answer.text())
      return
    }
    const asset = /^\/assets\/[\w-]+\.(js|css)$/.test(path)
    const file = asset ? path : 'index.html'
    const text = (await readFile(join(dist, file), 'utf8'))
      .replaceAll(placeholders.VITE_CLERK_PUBLISHABLE_KEY, server.keys.CLERK_PUBLISHABLE_KEY)
      .replaceAll(placeholders.VITE_CLERK_PROXY_URL, server.origin)
    response.writeHead(200, { 'Content-Type': types[extname(file)] }).end(text)
  })
}

/** @type {Record<string, string>} */
const types = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript; charset=utf-8', '.css': 'text/css; charset=utf-8' }
