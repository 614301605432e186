import { button, codeField, digitsOf, form, h } from './elements.js'
import { perform, Refusal } from './operations.js'
import { passkeysAreKnown, usePasskey } from './passkey.js'

/**
 * Proving once more who one is, where an operation asks for it.
 *
 * @import { WireInputOf, WireOutputOf } from '@claviger/contract'
 * @import { Name } from './operations.js'
 */

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
 * @param {{ operation?: string, input?: unknown }} about
 * @returns {Promise<string | undefined>}
 */
function askForProof(refusal, about) {
  const { factors = ['passkey', 'totp'] } = refusal.problem.stepUp ?? {}
  const byPasskey = factors.includes('passkey') && passkeysAreKnown()
  const byCode = factors.includes('totp')
  const { promise, resolve, reject } = Promise.withResolvers()
  let settled = false
  /** @param {string | undefined} proof */
  const finish = (proof) => {
    settled = true
    dialog.close()
    resolve(proof)
  }
  const dialog = h(
    'dialog',
    { 'aria-labelledby': 'proof-heading' },
    h('h2', { id: 'proof-heading' }, 'Is it you?'),
    h('p', {}, refusal.message),
    byPasskey &&
      h(
        'div',
        { class: 'row' },
        button('Use a passkey', async () => {
          const { id, options } = await perform('login.stepUpChallenge', narrow(about))
          const response = await usePasskey(options)
          const { proof } = await perform('login.stepUp', {
            challenge: id,
            response,
            ...narrow(about),
          })
          finish(proof)
        }),
      ),
    byCode &&
      form(
        'Confirm with the code',
        async (values) => {
          const code = digitsOf(values['code'] ?? '')
          finish((await perform('login.stepUp', { code, ...narrow(about) })).proof)
        },
        codeField(),
      ),
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
  return promise
}

/** What an operation is asked is checked by the server, whatever its name. @param {{ operation?: string, input?: unknown }} about */
function narrow(about) {
  return /** @type {{ operation?: never, input?: never }} */ (about)
}
