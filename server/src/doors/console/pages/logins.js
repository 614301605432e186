import { button, facts, h, section, time } from './elements.js'
import { perform } from './operations.js'

/**
 * Where somebody is logged in, and the end of it.
 *
 * @import { WireOutputOf } from '@claviger/contract'
 */
/** @typedef {WireOutputOf<'login.list'>[ 'items'][number]} LoginView */

const factorNames = {
  password: 'password',
  totp: 'code of an app',
  passkey: 'passkey',
  'recovery-code': 'recovery code',
  provider: 'login provider',
  'provider-mfa': 'login provider with two factors',
}

/** @param {readonly LoginView[]} logins @param {string} own @param {(done: string) => Promise<unknown>} refresh */
export function loginSection(logins, own, refresh) {
  const others = logins.filter(({ id }) => id !== own)
  /** @param {string} login */
  const end = (login) => perform('login.end', { login })
  return section(
    'Where you are logged in',
    h(
      'ul',
      { class: 'cards' },
      ...logins
        .toSorted((a, b) => Number(b.id === own) - Number(a.id === own))
        .map((login) => card(login, login.id === own, () => end(login.id), refresh)),
    ),
    others.length > 1 &&
      h(
        'div',
        { class: 'row' },
        button(
          'End all others',
          async () => {
            for (const { id } of others) await end(id)
            await refresh('You are logged in here alone.')
          },
          'danger',
        ),
      ),
  )
}

/** @param {LoginView} login @param {boolean} isHere @param {() => Promise<unknown>} end @param {(done: string) => Promise<unknown>} refresh */
function card({ createdAt, seenAt, expiresAt, factors }, isHere, end, refresh) {
  return h(
    'li',
    {},
    h('h3', {}, isHere ? 'Here' : 'Elsewhere'),
    facts([
      ['Since', time(createdAt)],
      ['Last used', time(seenAt)],
      ['Ends', time(expiresAt)],
      ['With', factors.map(({ factor }) => factorNames[factor]).join(', ')],
    ]),
    !isHere &&
      h(
        'div',
        { class: 'row' },
        button(
          'End it',
          async () => {
            await end()
            await refresh('That login has ended.')
          },
          'quiet danger',
        ),
      ),
  )
}
