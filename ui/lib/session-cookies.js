// @ts-check

/**
 * Drops the session tokens of this browser that a script can reach, so that the
 * token of a user who just left cannot speak for the next one while it is still
 * valid. The server makes a new one from the client's own cookie on the next request.
 * @param {{cookie: string}} doc
 */
export function clearSessionCookies(doc) {
  for (const pair of doc.cookie.split('; ')) {
    const name = pair.split('=', 1)[0]
    if (name === '__session' || name.startsWith('__session_')) doc.cookie = `${name}=; Path=/; Max-Age=0; SameSite=Lax`
  }
}
