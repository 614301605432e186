import { button, facts, h, section, time } from './elements.js'
import { depart } from './journey.js'
import { performProving } from './step-up.js'

/**
 * Who one is at login providers, as one says it oneself.
 *
 * @import { WireOutputOf } from '@claviger/contract'
 */
/** @typedef {WireOutputOf<'login.providerLinks'>['items'][number]} ProviderView */

/** Nothing where the tenant has no provider. @param {readonly ProviderView[]} providers @param {(done: string) => Promise<unknown>} refresh */
export function providerSection(providers, refresh) {
  if (providers.length === 0) return undefined
  return section(
    'Login providers',
    h('ul', { class: 'cards' }, ...providers.map((provider) => card(provider, refresh))),
  )
}

/** @param {ProviderView} provider @param {(done: string) => Promise<unknown>} refresh */
function card({ id, name, subject, linkedAt }, refresh) {
  const isLinked = linkedAt !== undefined
  return h(
    'li',
    {},
    h('h3', {}, name),
    facts([
      ['Linked since', isLinked ? time(linkedAt) : undefined],
      ['Known there as', subject],
    ]),
    h(
      'div',
      { class: 'row' },
      isLinked
        ? button(`Unlink ${name}`, () => unlink(id, name, refresh), 'quiet danger')
        : button(`Link ${name}`, () => leaveFor(id), 'quiet'),
    ),
  )
}

/** @param {string} provider */
async function leaveFor(provider) {
  const { url, flow } = await performProving('login.providerLinkStart', { provider })
  depart('link', url, { flow })
}

/** @param {string} provider @param {string} name @param {(done: string) => Promise<unknown>} refresh */
async function unlink(provider, name, refresh) {
  await performProving('login.providerUnlink', { provider })
  await refresh(`You log in with ${name} no longer, and what you logged in with it has ended.`)
}

/** @param {import('./journey.js').Arrival} arrived */
export async function finishLink({ callback, kept }) {
  await performProving('login.providerLink', { flow: kept['flow'] ?? '', callback })
}
