// @ts-check
import { request } from 'node:http'

/**
 * A browser as far as cookies and redirects go. Every host is this machine.
 * @typedef {{status: number, headers: import('node:http').IncomingHttpHeaders, body: string, hops: string[]}} Answer
 */
export class Browser {
  /** @type {{name: string, value: string, domain: string, hostOnly: boolean, expires: number}[]} */
  jar = []
  address = `198.18.${Math.floor(Math.random() * 256)}.${Math.floor(Math.random() * 256)}`

  /**
   * @param {string} method
   * @param {string} target
   * @param {Record<string, string>} headers
   * @param {string} [body]
   * @returns {Promise<Answer>}
   */
  send(method, target, headers, body = '') {
    const url = new URL(target)
    const cookie = this.cookies(url.hostname).map(({ name, value }) => `${name}=${value}`).join('; ')
    return new Promise((done, fail) => {
      const sent = request({
        host: '127.0.0.1', port: url.port, method, path: url.pathname + url.search,
        headers: { Host: url.host, 'X-Forwarded-For': this.address, ...(cookie && { Cookie: cookie }), ...headers },
      }, (answer) => {
        let text = ''
        answer.on('data', (chunk) => (text += chunk))
        answer.on('end', () => {
          for (const line of answer.headers['set-cookie'] ?? []) this.#keep(url.hostname, line)
          done({ status: Number(answer.statusCode), headers: answer.headers, body: text, hops: [target] })
        })
      })
      sent.on('error', fail)
      sent.end(body)
    })
  }

  /** What a script of the page gets. @param {string} target */
  fetch(target) {
    return this.send('GET', target, { 'Sec-Fetch-Dest': 'empty', Accept: 'application/json' })
  }

  /** Opens a page and follows redirects. @param {string} target */
  async open(target) {
    const hops = []
    for (let i = 0; i < 12; i++) {
      hops.push(target)
      const answer = await this.send('GET', target, { 'Sec-Fetch-Dest': 'document', Accept: 'text/html' })
      if (answer.status !== 307) return { ...answer, hops }
      target = new URL(String(answer.headers.location), target).href
    }
    throw new Error(`redirected in circles: ${hops.join(' → ')}`)
  }

  /** @param {string} host */
  cookies(host) {
    return this.jar.filter((c) => c.expires > Date.now() && (c.hostOnly ? c.domain === host : host === c.domain || host.endsWith('.' + c.domain)))
  }

  /** @param {string} host @param {string} name */
  cookie(host, name) {
    return this.cookies(host).find((c) => c.name === name)?.value
  }

  /** Sets cookies of a host, or with undefined takes them away. @param {string} host @param {Record<string, string|undefined>} cookies */
  set(host, cookies) {
    for (const [name, value] of Object.entries(cookies)) this.#keep(host, value === undefined ? `${name}=; Max-Age=0` : `${name}=${value}`)
  }

  /** @param {string} host @param {string} line (RFC 6265 §5.3) */
  #keep(host, line) {
    const [pair, ...attributes] = line.split(';').map((s) => s.trim())
    const name = pair.slice(0, pair.indexOf('='))
    const value = pair.slice(pair.indexOf('=') + 1)
    if (name.length + value.length + 1 > 4096) throw new Error(`a browser would drop the cookie ${name}: too long`)
    const of = new Map(attributes.map((a) => /** @type {[string, string]} */ ([a.split('=')[0].toLowerCase(), a.split('=')[1] ?? ''])))
    const wide = of.get('domain')
    if (wide && host !== wide && !host.endsWith('.' + wide)) throw new Error(`${host} sets a cookie of ${wide}`)
    const domain = wide || host
    this.jar = this.jar.filter((c) => c.name !== name || c.domain !== domain || c.hostOnly !== !wide)
    const age = of.has('max-age') ? Number(of.get('max-age')) : 3600
    if (age > 0) this.jar.push({ name, value, domain, hostOnly: !wide, expires: Date.now() + age * 1000 })
  }
}
