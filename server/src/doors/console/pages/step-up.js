import { button, codeField, digitsOf, focusFirst, form, h } from './elements.js'
import { perform, Refusal } from './operations.js'
import { passkeysAreKnown, usePasskey } from './passkey.js'

/**
 * Proving once more who one is, where an operation asks for it.
 *
 * @import { WireInputOf, WireOutputOf } from '@claviger/contract'
 * @import { Name } from './operations.js'
 */

/** What a proof is made for, where it is made for one operation. @typedef {{ operation?: string, input?: Record<string, unknown> }} About */

/**
 * Does an operation; where a fresh proof is asked for, the person gives it, and the operation is done then.
 *
 * @template {Name} N
 * @param {N} name
 * @param {WireInputOf<N>} input
 * @returns {Promise<WireOutputOf<N>>}
 */
export async function performProving(name, input) {
  try {
    return await perform(name, input)
  } catch (error) {
    if (!(error instanceof Refusal) || error.code !== 'step_up_required') throw error
    // A proof that is made for one operation names it, and what is asked of it.
    const about = error.problem.stepUp?.bound === true ? { operation: name, input } : {}
    const proof = await askForProof(error, about)
    return perform(name, input, proof === undefined ? {} : { 'claviger-step-up': proof })
  }
}

/**
 * @param {Refusal} refusal
 * @param {About} about
 * @returns {Promise<string | undefined>}
 */
async function askForProof(refusal, about) {
  const { factors = ['passkey', 'totp'] } = refusal.problem.stepUp ?? {}
  const { items } = await perform('factor.list', {})
  /** @param {'passkey' | 'totp'} kind */
  const can = (kind) => factors.includes(kind) && items.some((item) => item.kind === kind)
  const dialog = h('dialog', { 'aria-labelledby': 'proof-heading' })
  let settled = false
  /** @param {string | undefined} proof */
  function finish(proof) {
    settled = true
    dialog.close()
    resolve(proof)
  }
  const passkey = can('passkey') && passkeysAreKnown()
  /** @type {PromiseWithResolvers<string | undefined>} */
  const { promise, resolve, reject } = Promise.withResolvers()
  dialog.append(
    h('h2', { id: 'proof-heading' }, 'Is it you?'),
    h('p', {}, refusal.message),
    ...(passkey ? [byPasskey(about, finish)] : []),
    ...(can('totp') ? [byCode(about, finish)] : []),
    ...(passkey || can('totp') ? [] : [nothingFits()]),
    h(
      'div',
      { class: 'row' },
      button('Cancel', async () => dialog.close(), 'quiet'),
    ),
  )
  dialog.addEventListener('close', () => {
    dialog.remove()
    if (!settled) reject(new Error('It was not done: you did not confirm that it is you.'))
  })
  document.body.append(dialog)
  dialog.showModal()
  if (!passkey) focusFirst(dialog)
  return promise
}

function nothingFits() {
  return h(
    'p',
    { class: 'note' },
    'You have nothing here to prove it with. Add a passkey or an authenticator app on ',
    h('a', { href: '/account' }, 'your account'),
    '.',
  )
}

/** @param {About} about @param {(proof: string | undefined) => void} finish */
function byPasskey(about, finish) {
  return h(
    'div',
    { class: 'row' },
    button('Use a passkey', async () => {
      const { id, options } = await perform('login.stepUpChallenge', about)
      const response = await usePasskey(options)
      finish((await perform('login.stepUp', { challenge: id, response, ...about })).proof)
    }),
  )
}

/** @param {About} about @param {(proof: string | undefined) => void} finish */
function byCode(about, finish) {
  return form(
    'Confirm with the code',
    async (values) => {
      const code = digitsOf(values['code'] ?? '')
      finish((await perform('login.stepUp', { code, ...about })).proof)
    },
    codeField(),
  )
}
