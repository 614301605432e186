import { ClavigerError, type Approval } from '#model'
import { openSession, readRow, type Opening } from './opening.ts'
import type { Session } from './session.ts'

/** Whoever asked, while the server does for them what others have approved. */

function refused(why: string): ClavigerError {
  return new ClavigerError('forbidden', `The server cannot do what was approved: ${why}`)
}

/**
 * The session of who asked, with the rights that they have now. It is a program's: nothing was proved, so what asks for a factor of a
 * person does not hold. It is never held, so it is opened anew whenever it is needed. `now` is in milliseconds since 1970.
 *
 * @throws ClavigerError forbidden where the request is not one that the server is to do now, or who asked is disabled
 */
export async function openApproved(opening: Opening, id: string, now: number): Promise<Session> {
  const approval = (await readRow<Approval>(opening, 'approval', id))?.value
  if (approval?.automatic !== true) throw refused('it was not asked to')
  if (approval.state !== 'approved') throw refused(`the request is ${approval.state}`)
  if (approval.expiresAt <= now) throw refused('the request has expired')
  const session = await openSession(opening, {
    principal: approval.requester,
    credential: { kind: 'approval', id, expiresAt: approval.expiresAt },
    rests: [],
  })
  if (session?.caller.tenant !== approval.tenant) throw refused('who asked is disabled')
  return session
}
