// @ts-check
// What people are known by, and the words for it.

/**
 * @typedef {'email_address'|'phone_number'|'username'} Identifier
 * @typedef {'email_address'|'phone_number'} Address an identifier that a code can be sent to
 */

const words = { email_address: 'email address', phone_number: 'phone number', username: 'username' }

/** In the order in which they are named. */
const all = /** @type {Identifier[]} */ (Object.keys(words))

/**
 * What people may sign in with.
 * @param {any} settings user_settings of the environment
 * @returns {Identifier[]}
 */
export function signInIdentifiers(settings) {
  return all.filter((name) => settings?.attributes?.[name]?.enabled && settings.attributes[name].used_for_first_factor)
}

/**
 * The attributes of the one field that takes any of names: a single kind brings its
 * own keyboard.
 * @param {Identifier[]} names
 * @returns {{label: string, type: 'email'|'tel'|'text'}}
 */
export function identifierField(names) {
  const text = new Intl.ListFormat('en-GB', { type: 'disjunction' }).format(names.map((name) => words[name]))
  const label = text.charAt(0).toUpperCase() + text.slice(1)
  if (names.length > 1) return { label, type: 'text' }
  return { label, type: names[0] === 'phone_number' ? 'tel' : names[0] === 'username' ? 'text' : 'email' }
}

/**
 * @param {string} strategy such as "email_code" or "reset_password_phone_code"
 * @returns {Address|null} what its code is sent to, null if it sends none
 */
export function addressOf(strategy) {
  if (strategy.endsWith('phone_code')) return 'phone_number'
  if (strategy.endsWith('email_code')) return 'email_address'
  return null
}

/**
 * The strategy that proves an address by a code.
 * @param {Address} address
 */
export function codeStrategy(address) {
  return address === 'phone_number' ? 'phone_code' : 'email_code'
}

/**
 * Names where a code for a factor goes: the parameter of a prepare call.
 * @param {any} factor
 * @returns {Record<string, string>}
 */
export function target(factor) {
  /** @type {Record<string, string>} */
  const params = { strategy: factor.strategy }
  for (const name of ['email_address_id', 'phone_number_id']) if (factor[name]) params[name] = factor[name]
  return params
}

/**
 * The factor of a strategy to begin with: the primary address, else the first.
 * @param {any[]|undefined} factors
 * @param {string} strategy
 */
export function preferredFactor(factors, strategy) {
  const fitting = (factors ?? []).filter((f) => f.strategy === strategy)
  return fitting.find((f) => f.primary !== false) ?? fitting[0] ?? null
}

/**
 * The words for asking for a code by a factor. The address is named where there is more than
 * one of its kind.
 * @param {any} factor
 * @param {any[]} factors all that there are
 */
export function wayText(factor, factors) {
  const [verb, alone] = addressOf(factor.strategy) === 'phone_number' ? ['Text', 'Text me a code'] : ['Email', 'Email me a code']
  const several = factors.filter((f) => f.strategy === factor.strategy).length > 1
  return several ? `${verb} a code to ${factor.safe_identifier}` : alone
}
