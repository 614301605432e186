import type { RowReference } from '#store'
import { contradicts, granteeOf, restable } from './rests.ts'
import type { Session } from './session.ts'

/** Which sessions have something of a row in them. */

export type Touched = (session: Session) => boolean

/** Those that a change of the row touches; undefined where no session has anything of such rows. */
export function touchedBy(row: RowReference): Touched | undefined {
  switch (row.kind) {
    case 'binding':
    case 'stepUpRule':
    case 'approvalPolicy':
      // Such a row does not say here whose it is, and such changes are rare: everybody is read anew.
      return () => true
    default: {
      const made = madeOf(row)
      // A new one may contradict those that sessions were opened with.
      const contradicted = contradicts.get(row.kind)
      if (made === undefined || contradicted === undefined) return made
      return (session) => session.credential.kind === contradicted || made(session)
    }
  }
}

/**
 * Those that the row, as it was, is part of. Anybody may name one that never was, so nobody else is among them. Rules ask for more and
 * allow nothing: where one is not in the store any more, it goes on being asked for.
 */
export function madeOf({ kind, id }: RowReference): Touched | undefined {
  switch (kind) {
    case 'binding':
      return (session) => session.rightsInclude(id)
    case 'membership': {
      const principal = id.slice(id.lastIndexOf('/') + 1)
      return ({ caller }) => caller.principal === principal
    }
    case 'grant': {
      const { tenant, name } = granteeOf(id)
      return ({ caller }) => caller.tenant === tenant && caller.name === name
    }
    default: {
      const reference = `${kind}/${id}`
      return restable.has(kind) ? ({ rests }) => rests.has(reference) : undefined
    }
  }
}
