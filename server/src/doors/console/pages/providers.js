import { button, codeField, digitsOf, field, focusFirst, form, h } from './elements.js'
import { depart } from './journey.js'
import { perform } from './operations.js'
import { show } from './page.js'
import { passkeysAreKnown, usePasskey } from './passkey.js'

/**
 * Logging in with an OpenID Connect provider, and a second factor where the provider is only one.
 *
 * @import { WireInputOf, WireOutputOf } from '@claviger/contract'
 */

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
  depart('login', url, { flow, next })
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
