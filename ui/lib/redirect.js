// @ts-check

/**
 * Where to go next: target if it is a page of this origin, else fallback, which is
 * also checked, else the start page. The answer is an absolute URL, so that a path
 * such as "/a/..//host" cannot turn into another host on the way.
 * @param {string|undefined} target
 * @param {string|undefined} fallback
 * @param {string} here the address of the page
 * @returns {string}
 */
export function safeRedirect(target, fallback, here) {
  for (const candidate of [target, fallback]) {
    const url = resolve(candidate, here)
    if (url) return url
  }
  return new URL('/', here).href
}

/**
 * @param {string|undefined} target
 * @param {string} here
 */
function resolve(target, here) {
  if (!target) return ''
  try {
    const url = new URL(target, here)
    const own = new URL(here)
    const web = url.protocol === 'https:' || url.protocol === 'http:'
    return web && url.origin === own.origin && !url.username && !url.password ? url.href : ''
  } catch {
    return ''
  }
}
