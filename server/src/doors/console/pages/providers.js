import { button, codeField, digitsOf, field, form, h } from './elements.js'
import { perform } from './operations.js'
import { passkeysAreKnown, usePasskey } from './passkey.js'

/**
 * Signing in with an OpenID Connect provider: there and back, and the second factor where the provider asked for one only.
 *
 * @import { WireInputOf, WireOutputOf } from '@claviger/contract'
 */

/** What this tab keeps while the browser is at the provider. */
const FLOW = 'claviger-provider-flow'

/** @typedef {{ flow: string, next: string }} Journey */

/**
 * Sends the browser to a provider.
 *
 * @param {string} provider
 * @param {'/signin' | '/account'} redirect
 * @param {string} next where to go when all is done
 */
export async function leaveFor(provider, redirect, next) {
  const { url, flow } = await perform('login.providerStart', { provider, redirect })
  sessionStorage.setItem(FLOW, JSON.stringify({ flow, next }))
  location.assign(url)
}

/**
 * What a provider answered, where the browser comes from one. It is taken out of the address bar, and counts once.
 *
 * @returns {{ callback: string, flow: string, next: string } | undefined}
 */
export function arrival() {
  const query = new URLSearchParams(location.search)
  if (!query.has('state') || !(query.has('code') || query.has('error'))) return undefined
  const callback = location.search.slice(1)
  history.replaceState(null, '', location.pathname)
  const kept = sessionStorage.getItem(FLOW)
  sessionStorage.removeItem(FLOW)
  if (kept === null) throw new Error('This tab did not begin that login. Begin again, in one tab.')
  return { callback, .../** @type {Journey} */ (JSON.parse(kept)) }
}

/**
 * Finishes a login with what the provider answered, or with a second factor.
 *
 * @param {WireInputOf<'login.provider'>} input
 * @param {(answer: { csrf: string }) => unknown} done
 * @param {(...children: Node[]) => void} show where more is asked for
 */
export async function finishWithProvider(input, done, show) {
  const answer = await perform('login.provider', { ...input, carrier: 'cookie' })
  if (answer.status === 'done') return done(answer)
  show(
    secondFactor(answer, (more) => finishWithProvider({ flow: answer.flow, ...more }, done, show)),
  )
}

/**
 * @param {Extract<WireOutputOf<'login.provider'>, { status: 'second-factor' }>} asked
 * @param {(more: Pick<WireInputOf<'login.provider'>, 'code' | 'recoveryCode' | 'response'>) => Promise<unknown>} answer
 */
function secondFactor({ factors, passkey }, answer) {
  return h(
    'section',
    {},
    h('h2', {}, 'One thing more'),
    h('p', {}, 'Your provider asked for one factor only. Give another one of this account.'),
    factors.length === 0 &&
      h(
        'p',
        { class: 'note bad' },
        'Your account has no factor here yet. Ask whoever looks after accounts for a link to set one up.',
      ),
    factors.includes('passkey') &&
      passkey !== undefined &&
      passkeysAreKnown() &&
      h(
        'div',
        { class: 'row' },
        button('Use a passkey', async () => answer({ response: await usePasskey(passkey) })),
      ),
    factors.includes('totp') &&
      form(
        'Continue',
        async (values) => answer({ code: digitsOf(values['code'] ?? '') }),
        codeField(),
      ),
    factors.includes('recovery-code') &&
      h(
        'details',
        {},
        h('summary', {}, 'Use a recovery code'),
        form(
          'Use the recovery code',
          async ({ recoveryCode = '' }) => answer({ recoveryCode }),
          field('Recovery code', { name: 'recoveryCode', autocomplete: 'off', maxlength: 64 }),
        ),
      ),
  )
}
