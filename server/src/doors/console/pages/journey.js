/**
 * There and back: what a tab keeps while its browser is at a provider, since the page itself is gone meanwhile, and takes out again when
 * it is back. Each secret in it is good for one thing that this tab began, within ten minutes, and for nothing without the provider's answer.
 */

/** Where a tab is on the way to, and what it keeps for each. */
const names = {
  login: 'claviger-provider-login',
  link: 'claviger-provider-link',
  logout: 'claviger-provider-logout',
}

/** @typedef {keyof typeof names} Journey */
/** @typedef {{ callback: string, kept: Record<string, string> }} Arrival */

/** @param {Journey} journey @param {string} url @param {Record<string, string>} kept */
export function depart(journey, url, kept) {
  sessionStorage.setItem(names[journey], JSON.stringify(kept))
  location.assign(url)
}

/**
 * What a provider answered to a login or a link, with what was kept, where the browser comes from one. It is taken out of the address bar
 * and of the way back.
 *
 * @param {'login' | 'link'} journey
 * @returns {Arrival | undefined}
 * @throws {Error} where this tab did not begin it
 */
export function arrival(journey) {
  const query = new URLSearchParams(location.search)
  if (!query.has('state') || !(query.has('code') || query.has('error'))) return undefined
  const callback = location.search.slice(1)
  const kept = takeOut(journey)
  if (kept === undefined)
    throw new Error('This tab did not begin that login. Begin again, in one tab.')
  return { callback, kept }
}

/** The name of the provider where this tab has just logged out; undefined where it comes from none. */
export function loggedOutAt() {
  const query = new URLSearchParams(location.search)
  const state = query.get('state')
  if (state === null || query.has('code') || query.has('error')) return undefined
  const kept = takeOut('logout')
  return kept?.['state'] === state ? kept['name'] : undefined
}

/** @param {Journey} journey @returns {Record<string, string> | undefined} */
function takeOut(journey) {
  history.replaceState(null, '', location.pathname)
  const kept = sessionStorage.getItem(names[journey])
  sessionStorage.removeItem(names[journey])
  return kept === null ? undefined : /** @type {Record<string, string>} */ (JSON.parse(kept))
}
