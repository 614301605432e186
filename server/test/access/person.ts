import { Access, type Identity, type Proofs } from '#access'
import type { Authentication } from '#model'

/** Sessions with proofs in them, whatever way persons log in. */

// eslint-disable-next-line typescript/unbound-method -- it is called with its object below
const authenticate = Access.prototype.authenticate
const proved = new Map<string, readonly Authentication[]>()
let proofs: Proofs | undefined

Access.prototype.authenticate = function (credential) {
  const { proofs: held } = this
  proofs = held
  const identity = authenticate.call(this, credential)
  const authentications = credential.kind === 'bearer' ? proved.get(credential.token) : undefined
  if (authentications === undefined) return identity
  const withProofs = (known: Identity) => {
    Object.assign(known.caller, { authentications })
    return known
  }
  return identity instanceof Promise ? identity.then(withProofs) : withProofs(identity)
}

/** From now on the session of a token is a person's who proved this. */
export function prove(token: string, authentications: readonly Authentication[]): void {
  proved.set(token, authentications)
}

/** Where the newest request's server keeps proofs that are made for one operation. */
export function proofsHeld(): Proofs {
  if (proofs === undefined) throw new Error('nothing was asked yet')
  return proofs
}
