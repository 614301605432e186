import { button, codeField, digitsOf, field, focusFirst, form, h } from './elements.js'
import { perform } from './operations.js'
import { show } from './page.js'
import { passkeysAreKnown, usePasskey } from './passkey.js'

/**
 * Logging in with an OpenID Connect provider: there and back, and a second factor where the provider is only one.
 *
 * @import { WireInputOf, WireOutputOf } from '@claviger/contract'
 */

/**
 * What this tab keeps while the browser is at the provider, and takes out again when it is back: the page itself is gone meanwhile. It is
 * good for one login that this tab began, within ten minutes, and for nothing without the provider's answer.
 */
const JOURNEY = 'claviger-provider-login'

/** @typedef {{ flow: string, next: string }} Journey */

/** A button for each provider. @param {string | undefined} tenant @param {string} next where to go when all is done */
export async function providerButtons(tenant, next) {
  const { items } = await perform('loginProvider.names', tenant === undefined ? {} : { tenant })
  return items.map(({ id, name }) =>
    h(
      'div',
      { class: 'row' },
      button(`Continue with ${name}`, () => leaveFor(id, next), 'quiet'),
    ),
  )
}

/** @param {string} provider @param {string} next */
async function leaveFor(provider, next) {
  const { url, flow } = await perform('login.providerStart', { provider, redirect: '/login' })
  sessionStorage.setItem(JOURNEY, JSON.stringify({ flow, next }))
  location.assign(url)
}

/**
 * What a provider answered, where the browser comes from one. It is taken out of the address bar and of the way back.
 *
 * @returns {(Journey & { callback: string }) | undefined}
 */
export function arrival() {
  const query = new URLSearchParams(location.search)
  if (!query.has('state') || !(query.has('code') || query.has('error'))) return undefined
  const callback = location.search.slice(1)
  history.replaceState(null, '', location.pathname)
  const kept = sessionStorage.getItem(JOURNEY)
  sessionStorage.removeItem(JOURNEY)
  if (kept === null) throw new Error('This tab did not begin that login. Begin again, in one tab.')
  return { callback, .../** @type {Journey} */ (JSON.parse(kept)) }
}

/**
 * Finishes a login with what the provider answered, or with a second factor.
 *
 * @param {Omit<WireInputOf<'login.provider'>, 'carrier'>} input
 * @param {() => void} done
 */
export async function finish(input, done) {
  const answer = await perform('login.provider', { ...input, carrier: 'cookie' })
  if (answer.status === 'done') {
    done()
    return
  }
  const place = secondFactor(answer, (more) => finish({ flow: answer.flow, ...more }, done))
  show(place)
  focusFirst(place)
}

/**
 * @param {Extract<WireOutputOf<'login.provider'>, { status: 'second-factor' }>} asked
 * @param {(more: Pick<WireInputOf<'login.provider'>, 'code' | 'recoveryCode' | 'response'>) => Promise<void>} answer
 */
function secondFactor({ factors, passkey }, answer) {
  return h(
    'section',
    { 'aria-label': 'A second factor' },
    h('p', {}, 'The provider is one factor. Give the other one of this account.'),
    passkey !== undefined &&
      passkeysAreKnown() &&
      h(
        'div',
        { class: 'row' },
        button('Use a passkey', async () =>
          answer({ response: await usePasskey(passkey.options) }),
        ),
      ),
    factors.includes('totp') &&
      form('Log in', (values) => answer({ code: digitsOf(values['code'] ?? '') }), codeField()),
    factors.includes('recovery-code') &&
      h(
        'details',
        {},
        h('summary', {}, 'Use a recovery code instead'),
        form(
          'Use the recovery code',
          ({ recoveryCode = '' }) => answer({ recoveryCode }),
          field('Recovery code', { name: 'recoveryCode', autocomplete: 'off', maxlength: 64 }),
        ),
      ),
  )
}
