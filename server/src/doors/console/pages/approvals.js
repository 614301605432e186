import { approvalPage } from './approval.js'
import { goodNote, h, time } from './elements.js'
import { perform } from './operations.js'
import { open, requireLogin, setHeading, show } from './page.js'

/**
 * Requests for approval: a list, or one of them where the address names it.
 *
 * @import { WireOutputOf } from '@claviger/contract'
 */

const states = /** @type {const} */ ([
  'pending',
  'approved',
  'rejected',
  'withdrawn',
  'executed',
  'failed',
])
const query = new URLSearchParams(location.search)

/** @param {string} me @param {string} id @param {string} [done] */
async function one(me, id, done) {
  const approval = await perform('approval.get', { approval: id })
  const note = done === undefined ? undefined : goodNote(done)
  setHeading('Request for approval')
  show(
    h('p', {}, h('a', { href: '/approvals' }, 'All requests')),
    note,
    await approvalPage(approval, me, (words) => one(me, id, words)),
  )
  note?.focus()
}

async function all() {
  const wanted = query.get('state') ?? 'pending'
  const state = states.find((known) => known === wanted)
  const { items, cursor } = await perform('approval.list', {
    ...(state === undefined ? {} : { state }),
    cursor: query.get('cursor') ?? undefined,
  })
  show(
    h(
      'nav',
      { 'aria-label': 'Which requests', class: 'row tabs' },
      ...[...states, 'all'].map((name) =>
        h(
          'a',
          {
            href: `/approvals?state=${name}`,
            'aria-current': (state ?? 'all') === name ? 'true' : undefined,
          },
          name,
        ),
      ),
    ),
    items.length === 0
      ? h('p', {}, 'There are none.')
      : h('ul', { class: 'cards' }, ...items.map(card)),
    cursor !== undefined &&
      h(
        'p',
        {},
        h(
          'a',
          { href: `/approvals?state=${state ?? 'all'}&cursor=${encodeURIComponent(cursor)}` },
          'More',
        ),
      ),
  )
}

/** @param {WireOutputOf<'approval.list'>['items'][number]} approval */
function card({ id, operation, comment, state, createdAt }) {
  return h(
    'li',
    {},
    h('h2', {}, h('a', { href: `/approvals?id=${id}` }, operation)),
    h('p', {}, h('span', { class: `state ${state}` }, state), ' · ', time(createdAt)),
    comment !== '' && h('p', {}, comment),
  )
}

open(async () => {
  const { principal } = await requireLogin()
  const id = query.get('id')
  await (id === null ? all() : one(principal.id, id))
})
