import { ClavigerError } from '#model'
import type { RowReference } from '#store'

/** Why a row was refused, as the error's cause: it is not as this server left it. Who holds something of it forgets that. */
class UnfitRow extends Error {
  override readonly name = 'UnfitRow'
  readonly row: RowReference

  constructor({ kind, id }: RowReference) {
    super(`the ${kind} ${id}`)
    this.row = { kind, id }
  }
}

/** The error for such a row; `how` is what is wrong with it. */
export function unfitRow(row: RowReference, how: string): ClavigerError {
  return new ClavigerError(
    'integrity_failed',
    `The stored ${row.kind} ${row.id} ${how}; run 'claviger doctor'`,
    { cause: new UnfitRow(row) },
  )
}

/** The row that something failed over, or undefined where it failed over something else. */
export function unfitRowOf(thrown: unknown): RowReference | undefined {
  const cause = thrown instanceof ClavigerError ? thrown.cause : undefined
  return cause instanceof UnfitRow ? cause.row : undefined
}
