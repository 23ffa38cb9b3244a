// @ts-check

/**
 * Takes the ticket that a link brought out of the address, before anything else sees the
 * address. It is kept with the page's entry in the history, so that a reload goes on with
 * it, until dropTicket.
 * @param {Location} location
 * @param {History} history
 * @returns {string} the ticket, "" if there is none
 */
export function takeTicket(location, history) {
  const here = new URL(location.href)
  const brought = here.searchParams.get('__clerk_ticket')
  if (brought !== null || here.searchParams.has('__clerk_status')) {
    here.searchParams.delete('__clerk_ticket')
    here.searchParams.delete('__clerk_status')
    history.replaceState({ ...history.state, ticket: brought ?? '' }, '', here.href)
  }
  return history.state?.ticket ?? ''
}

/**
 * Forgets a ticket that is used, or good for nothing.
 * @param {History} history
 */
export function dropTicket(history) {
  history.replaceState({ ...history.state, ticket: '' }, '')
}

/**
 * The address of another page with the ticket, for that page to take.
 * @param {string} href
 * @param {string} ticket
 */
export function withTicket(href, ticket) {
  const url = new URL(href)
  url.searchParams.set('__clerk_ticket', ticket)
  return url.href
}
