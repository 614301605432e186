import { ClavigerError, type Principal } from '#model'
import type { RowKind } from '#store'
import { readOrForget } from '../forget-row.ts'
import type { Work } from '../work.ts'

/** What people call the rows whose kind is not a word. */
const words: Readonly<Partial<Record<RowKind, string>>> = {
  accessKey: 'access key',
  identityProvider: 'identity provider',
  stepUpRule: 'step-up rule',
  approvalPolicy: 'approval policy',
  approval: 'request for approval',
  lifecyclePolicy: 'lifecycle policy',
  secretId: 'secret id',
  loginProvider: 'login provider',
  breakGlass: 'break-glass right',
}

/** A row of the caller's tenant, with the condition that it still stands, or undefined; somebody else's is as good as none. */
export async function ownOrNone<Value>(work: Work, kind: RowKind, id: string) {
  const row = await readOrForget(work.parts, { kind, id })
  if (row?.tenant !== work.caller.tenant) return undefined
  return {
    value: work.parts.seals.open<Value>(row),
    material: row.material,
    standing: { kind, id, revision: row.revision },
  }
}

/** What was found. @throws ClavigerError not_found where nothing was */
export function there<Held>(held: Held | undefined, kind: RowKind): Held {
  if (held !== undefined) return held
  throw new ClavigerError('not_found', `There is no ${words[kind] ?? kind} of that id`)
}

/** Such a row, which has to be there. @throws ClavigerError not_found */
export async function own<Value>(work: Work, kind: RowKind, id: string) {
  return there(await ownOrNone<Value>(work, kind, id), kind)
}

/** A principal of the caller's tenant that can be given a credential. @throws ClavigerError not_found, conflict for a disabled one */
export async function ownEnabled(work: Work, id: string) {
  const principal = await own<Principal>(work, 'principal', id)
  if (principal.value.state === 'disabled')
    throw new ClavigerError('conflict', 'The principal is disabled; enable it first')
  return principal
}

/** One that is a program: persons prove who they are themselves. @throws ClavigerError not_found, conflict */
export async function ownProgram(work: Work, id: string) {
  const principal = await ownEnabled(work, id)
  assertProgram(principal.value)
  return principal
}

/** What a program has would let somebody act as a person without the person's factors. @throws ClavigerError conflict */
export function assertProgram({ kind }: Pick<Principal, 'kind'>): void {
  if (kind === 'user')
    throw new ClavigerError(
      'conflict',
      'The principal is a person, and persons log in (person.invite); make a service, and give this to it',
    )
}
