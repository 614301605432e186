import type { InputOf } from '@claviger/contract'
import { newId, type RingKey } from '#keyring'
import { ClavigerError, keyRefusal, KeyError, type CompromiseCase, type Containment } from '#model'
import { alarmed } from '../../occurrences/alarms.ts'
import { caseRow } from '../../rows/compromise.ts'
import type { ChangeVerb } from '../../verb.ts'
import type { Work } from '../../work.ts'
import { withRelated } from '../related.ts'
import { dependentsOf } from './left.ts'
import { planSame } from './steps.ts'
import { replaceKey, replaceVersion } from './successor.ts'
import { caseOf, caseView } from './view.ts'

/** Opening a case: in one change the key stops protecting, another takes its place, and everybody is told. */

const HOUR_MS = 3_600_000

/** The owners of what depends on the keys: they hold what is to be re-wrapped. */
async function ownersOf(work: Work, members: readonly RingKey[]): Promise<string[]> {
  const owners: string[] = []
  for (const { key } of members)
    owners.push(...(await dependentsOf(work, key.id)).map(({ owner }) => owner))
  return [...new Set(owners)]
}

/** Why a key cannot be contained now. A suspended one can as a whole: whoever saw the alarm first suspended it. */
function hindranceOf({ key }: RingKey, version: number | undefined): string | undefined {
  const refused = keyRefusal(key)
  if (refused?.hindrance === 'suspended' && version === undefined) return undefined
  return refused?.reason
}

/**
 * Related keys have their material in common: all of them are contained, or none, and somebody is told what stands in the way.
 *
 * @throws KeyError wrong_state
 */
function assertAllContainable(members: readonly RingKey[], version: number | undefined): void {
  for (const member of members) {
    const hindrance = hindranceOf(member, version)
    if (hindrance === undefined) continue
    const { key } = member
    const which = members.length === 1 ? '' : ` (key ${key.id} in ${key.region})`
    throw new KeyError('wrong_state', `No case can be opened: ${hindrance}${which}`, { key })
  }
}

/** @throws KeyError wrong_state, wrong_usage; ClavigerError invalid_request */
function assertContainable(ringKey: RingKey, input: InputOf<'compromise.open'>, now: number): void {
  const { key } = ringKey
  const refuse = (code: 'wrong_state' | 'wrong_usage', message: string) =>
    new KeyError(code, message, { key })
  if (input.since > now) {
    throw new ClavigerError('invalid_request', 'since must not be in the future', {
      field: 'since',
    })
  }
  if (input.version === undefined) return
  const version = ringKey.version(input.version)
  if (version.revocation !== undefined || version.destroyedAt !== undefined)
    throw refuse('wrong_state', 'No case can be opened: the version is revoked or destroyed')
  if (version.version > key.version) {
    const message = `Version ${version.version} waits for a rotation and has protected nothing`
    throw refuse('wrong_state', `${message}; revoke it with key.revoke, and it never will`)
  }
  if (input.replacement !== undefined)
    throw refuse('wrong_usage', 'A version is replaced by the next one; leave the replacement out')
  if (key.origin !== 'generated' && input.version === key.version)
    throw refuse('wrong_usage', 'The key was imported; import and rotate to another version first')
}

export const openCase: ChangeVerb<'compromise.open'> = {
  kind: 'change',
  references: (input) => [
    input.key,
    ...(input.replacement === undefined ? [] : [input.replacement]),
  ],
  async run(input, work) {
    const { ringKey } = work.key(input.key)
    const { id: key, tenant } = ringKey.key
    const before = await caseOf(work, ringKey, input.version)
    if (before !== undefined) return planSame(work, before)
    const members = await withRelated(work, ringKey)
    assertAllContainable(members, input.version)
    assertContainable(ringKey, input, work.now)
    const id = await work.once('case', () => Promise.resolve(newId()))
    const until = work.now + input.hours * HOUR_MS
    const principals = [...new Set(input.principals ?? (await ownersOf(work, members)))]
    const containment: Containment = { case: id, until, principals }
    const { replaced, aliases, rows, absent, unchanged } =
      input.version === undefined
        ? await replaceKey(work, members, containment, input.replacement)
        : await replaceVersion(work, members, containment, input.version)
    const [first, ...others] = replaced
    const replacement = first?.by ?? { key, version: 0 }
    const related = others.map(({ old, by }) => ({
      key: old.id,
      region: old.region ?? '',
      replacement: by,
    }))
    const opened: CompromiseCase = {
      id,
      tenant,
      key,
      ...(input.version === undefined ? {} : { version: input.version }),
      reason: input.reason,
      since: input.since,
      openedAt: work.now,
      openedBy: work.caller.principal,
      decryptsUntil: until,
      principals,
      replacement,
      ...(related.length === 0 ? {} : { related }),
      aliases,
      ...(input.destroyDays === undefined ? {} : { destroyDays: input.destroyDays }),
      lookAt: work.now,
      uses: [],
      runs: [],
    }
    const said = { subject: id }
    const except = members.map((member) => member.key.id)
    const alarm = alarmed(work, 'key.compromised', { tenant, except, said })
    return {
      additive: false,
      rows: [...rows, caseRow(opened), ...alarm.rows],
      after: alarm.after,
      absent: [...(absent ?? []), { kind: 'compromiseCase', id }],
      ...(unchanged === undefined ? {} : { unchanged }),
      key,
      alsoOf: related.map((each) => each.key),
      ...(input.version === undefined ? {} : { version: input.version }),
      subject: id,
      detail: {
        reason: input.reason,
        since: new Date(input.since).toISOString(),
        decryptsUntil: new Date(until).toISOString(),
        principals: principals.join(' '),
        replacement: replacement.key,
        replacementVersion: replacement.version,
        aliases: aliases.length,
        ...(related.length === 0 ? {} : { related: related.length }),
        ...(input.destroyDays === undefined ? {} : { destroyDays: input.destroyDays }),
      },
      output: await caseView(work, opened),
    }
  },
}
