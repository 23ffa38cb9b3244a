// @ts-check
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/**
 * Builds the examples that the tests run, once; each worker runs a server of its own.
 * GATEHOUSE_QUICKSTART and GATEHOUSE_OTHER_ORIGIN name binaries that are ready, and are
 * used as they are.
 * @returns {Promise<() => void>} what removes the binaries again
 */
export default async function globalSetup() {
  for (const name of ['GATEHOUSE_TEST_POSTGRES_URL', 'GATEHOUSE_TEST_REDIS_URL']) {
    if (!process.env[name]) throw new Error(`${name} is not set: run the tests through \`make test\` or \`scripts/with-servers npm test\``)
  }
  const dir = mkdtempSync(join(tmpdir(), 'gatehouse-browser-'))
  const root = fileURLToPath(new URL('../../../..', import.meta.url))
  for (const [name, example] of [['GATEHOUSE_QUICKSTART', 'quickstart'], ['GATEHOUSE_OTHER_ORIGIN', 'other-origin']]) {
    if (process.env[name]) continue
    const binary = join(dir, example)
    execFileSync('go', ['build', '-o', binary, `./examples/${example}`], { cwd: root, stdio: 'inherit' })
    process.env[name] = binary
  }
  return () => rmSync(dir, { recursive: true, force: true })
}
