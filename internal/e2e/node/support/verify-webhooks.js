// Checks recorded webhooks, given as a file, with the official SDK and with the library of
// Standard Webhooks: as they came, and as an app makes their bodies again that has only
// what JSON.parse has left of them.
import { readFileSync } from 'node:fs'
import { verifyWebhook } from '@clerk/backend/webhooks'
import { Webhook } from 'standardwebhooks'

const { secrets, requests } = JSON.parse(readFileSync(process.argv[2], 'utf8'))
let verified = 0

for (const { header, body } of requests) {
  const headers = Object.fromEntries(Object.entries(header).map(([name, values]) => [name.toLowerCase(), values[0]]))
  for (const text of [body, JSON.stringify(JSON.parse(body))]) {
    const request = new Request('http://localhost/', { method: 'POST', headers, body: text })
    const event = await verifyWebhook(request, { signingSecret: secrets[0] })
    if (event.type !== JSON.parse(body).type || !event.data.id) throw new Error(`verified as ${JSON.stringify(event)}`)
    verified++
    new Webhook(secrets[1]).verify(text, headers)
    verified++
  }
}
console.log(`verified ${verified}`)
