// @ts-check
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/**
 * Builds the examples once; each worker runs a server of its own from one of them.
 * GATEHOUSE_EXAMPLES names a folder with binaries that are ready, and is used as it is.
 * @returns {Promise<() => void>} what removes the binaries again
 */
export default async function globalSetup() {
  for (const name of ['GATEHOUSE_TEST_POSTGRES_URL', 'GATEHOUSE_TEST_REDIS_URL']) {
    if (!process.env[name]) throw new Error(`${name} is not set: run the tests through \`make test\` or \`scripts/with-servers npm test\``)
  }
  if (process.env.GATEHOUSE_EXAMPLES) return () => {}
  const dir = mkdtempSync(join(tmpdir(), 'gatehouse-browser-'))
  const root = fileURLToPath(new URL('../../../..', import.meta.url))
  execFileSync('go', ['build', '-o', dir, './examples/quickstart', './examples/delete-self', './examples/other-origin'], { cwd: root, stdio: 'inherit' })
  process.env.GATEHOUSE_EXAMPLES = dir
  return () => rmSync(dir, { recursive: true, force: true })
}
