// @ts-check
// The words the account page shows for what the server sends.

/**
 * @param {any} activity latest_activity of a session
 * @returns {string} such as "Chrome on Linux"
 */
export function deviceName(activity) {
  const browser = activity?.browser_name
  const device = activity?.device_type ?? (activity?.is_mobile ? 'a phone' : '')
  if (browser && device) return `${browser} on ${device}`
  return browser || device || 'Unknown device'
}

/**
 * @param {any} actor of a session, null unless somebody acts as the user there
 * @returns {string} what the page says at its top, '' for nothing
 */
export function actingText(actor) {
  if (!actor) return ''
  const why = typeof actor.reason === 'string' && actor.reason ? ` Reason: ${actor.reason}` : ''
  return `${actor.sub} is acting as this person. Passwords, addresses and usernames cannot be changed here.${why}`
}

/**
 * @param {any} session
 * @param {number} now Unix milliseconds
 * @param {string} [locale]
 * @returns {string} when and from where a session was last used
 */
export function lastSeen(session, now, locale) {
  const place = [session.latest_activity?.city, session.latest_activity?.country].filter(Boolean).join(', ')
  const address = session.latest_activity?.ip_address
  return [ago(session.last_active_at, now, locale), place || address].filter(Boolean).join(' · ')
}

/** @type {[Intl.RelativeTimeFormatUnit, number][]} */
const units = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
]

/**
 * @param {number} then Unix milliseconds
 * @param {number} now Unix milliseconds
 * @param {string} [locale]
 */
function ago(then, now, locale) {
  const age = now - then
  for (const [unit, size] of units) {
    if (age >= size) return new Intl.RelativeTimeFormat(locale, { numeric: 'auto' }).format(-Math.floor(age / size), unit)
  }
  return 'Active now'
}

/**
 * @param {unknown} value one value of a user's metadata
 * @returns {string}
 */
export function metadataText(value) {
  return typeof value === 'string' ? value : JSON.stringify(value, null, 2)
}
