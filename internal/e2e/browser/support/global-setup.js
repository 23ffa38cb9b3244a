// @ts-check
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildReactApp } from './react-app.js'

/**
 * Builds the examples and the React app once; each worker runs servers of its own from them.
 * GATEHOUSE_EXAMPLES names a folder with builds that are ready, and is used as it is.
 * @returns {Promise<() => void>} what removes the builds again
 */
export default async function globalSetup() {
  for (const name of ['GATEHOUSE_TEST_POSTGRES_URL', 'GATEHOUSE_TEST_REDIS_URL']) {
    if (!process.env[name]) throw new Error(`${name} is not set: run the tests through \`make test\` or \`scripts/with-servers npm test\``)
  }
  if (process.env.GATEHOUSE_EXAMPLES) return () => {}
  const dir = mkdtempSync(join(tmpdir(), 'gatehouse-browser-'))
  const root = fileURLToPath(new URL('../../../..', import.meta.url))
  /** @type {import('node:child_process').ExecFileSyncOptions} */
  const options = { stdio: 'inherit' }
  execFileSync('go', ['build', '-o', dir, './examples/quickstart', './examples/delete-self', './examples/other-origin'], { cwd: root, ...options })
  execFileSync('go', ['build', '-o', dir, './browser/server'], { cwd: join(root, 'internal/e2e'), ...options })
  await buildReactApp(join(dir, 'react-app'))
  process.env.GATEHOUSE_EXAMPLES = dir
  return () => rmSync(dir, { recursive: true, force: true })
}
