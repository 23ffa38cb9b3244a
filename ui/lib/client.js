// @ts-check
// The Frontend API as the pages speak it: same origin, form bodies, JSON answers.

/**
 * @typedef {{code: string, message: string, param: string}} FieldError
 *   One refusal. param is the form field to blame, "" for none.
 * @typedef {{session?: string, signal?: AbortSignal}} RequestOptions
 *   session names the session that acts, for every path that does not begin with /client.
 */

/** What the server refused, or the network failed to bring. */
export class APIError extends Error {
  /**
   * @param {number} status HTTP status, 0 if no answer came
   * @param {FieldError[]} errors at least one
   * @param {{retryAfter?: number, sessionID?: string}} [more] seconds to wait before
   *   another try, and the session that is already signed in, where the server says so
   */
  constructor(status, errors, more = {}) {
    super(errors[0].message)
    this.name = 'APIError'
    this.status = status
    this.errors = errors
    this.code = errors[0].code
    this.param = errors[0].param
    this.retryAfter = more.retryAfter ?? 0
    this.sessionID = more.sessionID ?? ''
  }
}

/** Speaks to one Frontend API. */
export class Client {
  #base
  #fetch

  /**
   * @param {string} base path of the API on this origin, such as "/v1"
   * @param {typeof fetch} [fetcher] stands in for fetch in tests
   */
  constructor(base, fetcher = (...args) => fetch(...args)) {
    this.#base = base.replace(/\/+$/, '')
    this.#fetch = fetcher
  }

  /**
   * Reads a resource. It resolves to the whole answer: {response, client} or, for a
   * few paths, the bare value.
   * @param {string} path
   * @param {RequestOptions} [options]
   */
  get(path, options = {}) {
    return this.#send(path, {}, { method: 'GET', signal: options.signal }, options)
  }

  /**
   * Changes a resource. Browsers' form posts know no other method than POST, so the
   * others travel as the query parameter _method.
   * @param {'POST'|'PATCH'|'DELETE'} method
   * @param {string} path
   * @param {Record<string, string>} [params]
   * @param {RequestOptions} [options]
   */
  send(method, path, params = {}, options = {}) {
    /** @type {Record<string, string>} */
    const query = method === 'POST' ? {} : { _method: method }
    const body = new URLSearchParams(params)
    return this.#send(path, query, { method: 'POST', body, signal: options.signal }, options)
  }

  /**
   * Sends a file.
   * @param {string} path
   * @param {File} file
   * @param {RequestOptions} [options]
   */
  upload(path, file, options = {}) {
    const body = new FormData()
    body.set('file', file)
    return this.#send(path, {}, { method: 'POST', body, signal: options.signal }, options)
  }

  /**
   * @param {string} path
   * @param {Record<string, string>} query
   * @param {RequestInit} init
   * @param {RequestOptions} options
   * @returns {Promise<any>}
   */
  async #send(path, query, init, options) {
    if (options.session) query._clerk_session_id = options.session
    const search = new URLSearchParams(query).toString()
    const url = this.#base + path + (search && '?' + search)
    let answer
    try {
      answer = await this.#fetch(url, { ...init, credentials: 'same-origin', headers: { Accept: 'application/json' } })
    } catch (err) {
      if (init.signal?.aborted) throw err
      throw new APIError(0, [{ code: 'network_error', param: '', message: 'The server cannot be reached. Check your connection, then try again.' }])
    }
    const data = await answer.json().catch(() => null)
    if (!answer.ok) throw refusal(answer, data)
    if (data === null) throw unreadable(answer.status)
    return data
  }
}

/**
 * @param {Response} answer
 * @param {any} data the error envelope, if the server sent one
 */
function refusal(answer, data) {
  const list = Array.isArray(data?.errors) ? data.errors : []
  if (list.length === 0) return unreadable(answer.status)
  const errors = list.map((/** @type {any} */ e) => ({
    code: String(e?.code ?? ''),
    message: sentence(String(e?.long_message || e?.message || 'Something went wrong.')),
    param: String(e?.meta?.param_name ?? ''),
  }))
  return new APIError(answer.status, errors, {
    retryAfter: Number.parseInt(answer.headers.get('Retry-After') ?? '', 10) || 0,
    sessionID: list[0]?.meta?.session_id,
  })
}

/** @param {number} status */
function unreadable(status) {
  return new APIError(status, [{ code: 'unexpected_answer', param: '', message: 'Something went wrong on the server. Try again in a moment.' }])
}

/** @param {string} text */
function sentence(text) {
  return /[.!?…]$/.test(text) ? text : text + '.'
}

/**
 * The session of a client that acts here: the one used last, if it is still active,
 * else the first active one.
 * @param {any} client
 */
export function activeSession(client) {
  const active = (client?.sessions ?? []).filter((/** @type {any} */ s) => s.status === 'active')
  return active.find((/** @type {any} */ s) => s.id === client.last_active_session_id) ?? active[0] ?? null
}

/**
 * The address that stands for a user on a page.
 * @param {any} user
 * @returns {string}
 */
export function primaryEmail(user) {
  const emails = user?.email_addresses ?? []
  const primary = emails.find((/** @type {any} */ e) => e.id === user.primary_email_address_id) ?? emails[0]
  return primary?.email_address ?? user?.username ?? user?.phone_numbers?.[0]?.phone_number ?? ''
}
