import { KeyError, keyRefusal, refusal, type KeyVersion } from '#model'
import type { ReadVerb } from '../verb.ts'
import { madeAhead } from './made-ahead.ts'

/**
 * The public keys that signatures of a key are verified with: of every version that may verify now, oldest first, and of the one that was
 * made ahead. What is revoked, ended or destroyed is not among them, and what is compromised is not, though its case is open: whoever
 * reads the set believes everything that is signed with it. Of a key that is suspended or to be destroyed there are none.
 */
export const keySet: ReadVerb<'key.jwks'> = {
  kind: 'read',
  async run(input, work) {
    await work.locate([input.key])
    const { ringKey } = work.key(input.key)
    const { key } = ringKey
    if (key.usage !== 'sign')
      throw new KeyError('wrong_usage', 'Only signature keys have a key set', { key })
    // A key that does nothing shows nothing, and whether its form could be shown is said all the same.
    ringKey.handle(key.version).publicJwk()
    const now = work.now
    const verifies = (version: KeyVersion) =>
      refusal(key, version, 'process', now) === undefined &&
      (key.containment ?? version.containment) === undefined
    // The next one is shown whatever became of the current one, since it may not sign before it was shown for long enough.
    const next = keyRefusal(key) === undefined ? madeAhead(ringKey) : undefined
    const shown = ringKey.versions.filter((version) => version === next || verifies(version))
    return { keys: shown.map(({ version }) => ringKey.handle(version).publicJwk()) }
  },
}
