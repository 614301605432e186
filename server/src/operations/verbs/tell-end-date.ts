import { ClavigerError, tellingDue } from '#model'
import { keyRow, standing, versionRow } from '../rows.ts'
import type { InternalVerb } from '../verb.ts'

/**
 * Records that an end date of a version has come, or is near. Nothing else changes: dates end a version without anybody touching it. The
 * version keeps how far this was told, in the same change, so that each is told once whatever crashes.
 */
export const tellEndDate: InternalVerb<{ readonly key: string; readonly version: number }> = {
  kind: 'change',
  references: (input) => [input.key],
  run(input, work) {
    const { ringKey } = work.key(input.key)
    const { key } = ringKey
    const version = ringKey.versions.find((each) => each.version === input.version)
    const telling = version === undefined ? undefined : tellingDue(version, work.now)
    if (version === undefined || telling === undefined)
      throw new ClavigerError('wrong_state', 'No end date of the version is to be told')
    const { what, end, endsAt } = telling
    const told = { ...version, toldUntil: telling.at }
    const current = told.version === key.version ? told : ringKey.current
    return {
      additive: false,
      rows: [keyRow(key, current), versionRow(key, told, ringKey.wrappedMaterial(told.version))],
      unchanged: standing(ringKey, [told.version]),
      key: key.id,
      version: told.version,
      detail: { what, end, at: new Date(endsAt).toISOString() },
      output: {},
    }
  },
}
