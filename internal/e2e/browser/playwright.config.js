// @ts-check
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { defineConfig } from '@playwright/test'

const story = /story\.spec\.js/

export default defineConfig({
  testDir: './tests',
  globalSetup: './support/global-setup.js',
  outputDir: join(tmpdir(), 'gatehouse-browser', 'results'),
  fullyParallel: true,
  forbidOnly: true,
  retries: 0,
  workers: 3, // one of them waits three minutes for a token to be renewed
  timeout: 120_000,
  expect: { timeout: 20_000 },
  reporter: [['list']],
  use: {
    launchOptions: {
      executablePath: '/usr/bin/chromium',
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
        // Whatever a page asks for, nothing leaves this machine.
        '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1',
      ],
    },
    actionTimeout: 20_000,
    navigationTimeout: 30_000,
    locale: 'en-GB',
    screenshot: 'only-on-failure',
  },
  projects: [
    { name: 'sqlite', metadata: { stores: 'sqlite' } },
    { name: 'postgresql-redis', metadata: { stores: 'postgresql-redis' }, testMatch: story },
  ],
})
