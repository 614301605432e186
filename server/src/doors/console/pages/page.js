import { button, h, problemNote, visible } from './elements.js'
import { depart } from './journey.js'
import { goToLogin, perform, Refusal, rememberLogin } from './operations.js'

/** What pages have in common: the place of their content, the way between them, and the end of a login. */

/** @import { Child } from './elements.js' */

const heading = document.querySelector('h1')

// Browsers hold pages that were left, as they were, for whoever goes back; who that is, and whether they are logged in, nobody knows.
// So nothing is left on them, and they are opened anew.
addEventListener('pagehide', ({ persisted }) => {
  if (persisted) document.body.replaceChildren()
})
addEventListener('pageshow', ({ persisted }) => {
  if (persisted) location.reload()
})

/** Puts content under the page's heading, in place of what was there. @param {...Child} children */
export function show(...children) {
  const main = document.getElementById('main')
  if (main === null || heading === null) throw new TypeError('The page has no place for content')
  main.replaceChildren(heading)
  for (const child of children) if (child !== undefined && child !== false) main.append(child)
  main.setAttribute('aria-busy', 'false')
}

/** @param {string} text */
export function setHeading(text) {
  if (heading !== null) heading.textContent = visible(text)
}

/**
 * Who is logged in; the pages are linked at the top.
 *
 * @returns {Promise<Awaited<ReturnType<typeof perform<'whoami'>>>>}
 */
export async function requireLogin() {
  const me = await perform('whoami', {})
  rememberLogin(me)
  const pages = document.getElementById('pages')
  if (pages !== null) {
    pages.hidden = false
    pages.replaceChildren(
      link('/approvals', 'Approvals'),
      link('/device', 'Programs'),
      link('/account', 'Account'),
      button('Log out', logOut, 'quiet'),
    )
  }
  return me
}

/** @param {string} href @param {string} label */
function link(href, label) {
  const here = location.pathname === href
  return h('a', { href, 'aria-current': here ? 'page' : undefined }, label)
}

async function logOut() {
  // Whoever cannot be told where else they are logged in logs out here all the same.
  const { provider } = await perform('login.providerLogout', {}).catch(() => ({
    provider: undefined,
  }))
  await perform('logout', {}).catch((/** @type {unknown} */ error) => {
    // What has ended by itself need not be ended.
    if (!(error instanceof Refusal && error.code === 'unauthenticated')) throw error
  })
  if (provider === undefined) location.replace('/login')
  else offerLogout(provider)
}

/** The login here is over; at the provider it may go on, which the person decides. @param {{ name: string, url: string }} provider */
function offerLogout({ name, url }) {
  const pages = document.getElementById('pages')
  if (pages !== null) pages.hidden = true
  setHeading('You are logged out')
  const state = new URL(url).searchParams.get('state') ?? ''
  show(
    h(
      'p',
      {},
      `${name} may know you in this browser still, and let whoever uses it next in without asking.`,
    ),
    h(
      'div',
      { class: 'row' },
      button(`Log out of ${name} too`, async () => depart('logout', url, { name, state })),
      h('a', { href: '/login' }, 'Log in again'),
    ),
  )
  document.getElementById('main')?.focus()
}

/**
 * Runs a page. Who is not logged in does that first; whatever else goes wrong is said.
 *
 * @param {() => Promise<unknown>} page
 */
export function open(page) {
  page().catch((/** @type {unknown} */ error) => {
    if (error instanceof Refusal && error.code === 'unauthenticated') goToLogin()
    else show(problemNote(error))
  })
}
