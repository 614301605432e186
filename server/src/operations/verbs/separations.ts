import type { DutyName } from '@claviger/contract'
import { newId } from '#keyring'
import { ClavigerError, type Separation } from '#model'
import { separationRow } from '../rows.ts'
import { assertRoomForSeparation } from '../separation.ts'
import type { ChangeVerb, ReadVerb } from '../verb.ts'
import { own } from './own.ts'
import { page } from './page.ts'

function separationView({ id, name, duties, createdAt }: Separation) {
  return { id, name, duties: duties as DutyName[], createdAt }
}

/** It says what is not given from now on; what somebody has already is theirs until it is taken away. */
export const createSeparation: ChangeVerb<'separation.create'> = {
  kind: 'change',
  async run(input, work) {
    work.authorize()
    const duties = [...new Set(input.duties)]
    if (duties.length < 2) {
      throw new ClavigerError('invalid_request', 'duties must be two different ones at least', {
        field: 'duties',
      })
    }
    await assertRoomForSeparation(work)
    const { tenant } = work.caller
    const separation: Separation = {
      id: newId(),
      tenant,
      name: input.name,
      duties,
      createdAt: work.now,
    }
    return {
      additive: false,
      rows: [separationRow(separation)],
      absent: [{ kind: 'separation', id: separation.id }],
      subject: separation.id,
      detail: { duties: duties.join(' ') },
      output: separationView(separation),
    }
  },
}

export const listSeparations: ReadVerb<'separation.list'> = {
  kind: 'read',
  run(input, work) {
    work.authorize()
    return page(work, { kind: 'separation', facets: [], input }, (row) =>
      separationView(work.parts.seals.open<Separation>(row)),
    )
  },
}

export const deleteSeparation: ChangeVerb<'separation.delete'> = {
  kind: 'change',
  async run(input, work) {
    work.authorize()
    const { value, standing } = await own<Separation>(work, 'separation', input.separation)
    return {
      additive: false,
      rows: [],
      removals: [{ kind: 'separation', id: value.id }],
      unchanged: [standing],
      subject: value.id,
      detail: { duties: value.duties.join(' ') },
      output: {},
    }
  },
}
