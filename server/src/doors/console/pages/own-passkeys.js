import { perform } from './operations.js'
import { makePasskey } from './passkey.js'
import { performProving } from './step-up.js'

/** Makes another passkey of whoever is logged in. @param {string} name what to call it */
export async function createPasskey(name) {
  const { id, passkey } = await perform('factor.begin', { kind: 'passkey' })
  const response = await makePasskey(passkey?.options)
  await performProving('factor.add', { ceremony: id, name, response })
}
