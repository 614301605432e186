import {
  findAlgorithm,
  generateMaterial,
  openMaterial,
  publicKeyDer,
  randomSecretSlice,
} from '#keyring'
import { ClavigerError } from '#model'
import type { UseVerb } from '../verb.ts'
import { contextBytes } from './encrypt.ts'

const DATA_KEY_BYTES = 32

export const datakey: UseVerb<'datakey'> = {
  kind: 'use',
  references: (input) => [input.key],
  run(input, work) {
    const admitted = work.admit(input.key, 'apply')
    const plaintext = randomSecretSlice(input.bytes ?? DATA_KEY_BYTES)
    const ciphertext = admitted.handle.encrypt(plaintext, contextBytes(input.context))
    work.used(admitted, { bytes: plaintext.length, wraps: 1 })
    const wrapped = { ciphertext, key: admitted.ringKey.key.id, version: admitted.version }
    if (input.withoutPlaintext === true) {
      plaintext.fill(0)
      return wrapped
    }
    return { plaintext, ...wrapped }
  },
}

export const datakeyPair: UseVerb<'datakeyPair'> = {
  kind: 'use',
  references: (input) => [input.key],
  async run(input, work) {
    const admitted = work.admit(input.key, 'apply')
    const algorithm = findAlgorithm(input.algorithm)
    if (algorithm.family === 'aead' || algorithm.family === 'hmac') {
      throw new ClavigerError(
        'algorithm_refused',
        `${algorithm.name} has no key pair; name an asymmetric algorithm such as P-256`,
      )
    }
    const privateKey = await work.once('pair', () => generateMaterial(algorithm))
    const ciphertext = admitted.handle.encrypt(privateKey, contextBytes(input.context))
    const publicKey = publicKeyDer(openMaterial(algorithm, privateKey))
    work.used(admitted, { bytes: privateKey.length, wraps: 1 })
    const wrapped = {
      publicKey,
      ciphertext,
      key: admitted.ringKey.key.id,
      version: admitted.version,
    }
    if (input.withoutPlaintext === true) {
      privateKey.fill(0)
      return wrapped
    }
    return { privateKey, ...wrapped }
  },
}
