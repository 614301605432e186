import { button, codeField, digitsOf, focusFirst, form, h } from './elements.js'
import { perform, Refusal } from './operations.js'

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
function askForProof(refusal, about) {
  const { factors = ['totp'] } = refusal.problem.stepUp ?? {}
  /** @type {PromiseWithResolvers<string | undefined>} */
  const { promise, resolve, reject } = Promise.withResolvers()
  const dialog = h('dialog', { 'aria-labelledby': 'proof-heading' })
  let settled = false
  /** @param {string | undefined} proof */
  const finish = (proof) => {
    settled = true
    dialog.close()
    resolve(proof)
  }
  dialog.append(
    h('h2', { id: 'proof-heading' }, 'Is it you?'),
    h('p', {}, refusal.message),
    factors.includes('totp')
      ? byCode(about, finish)
      : h('p', { class: 'note' }, 'These pages can prove none of what is asked for here.'),
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
  focusFirst(dialog)
  return promise
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
