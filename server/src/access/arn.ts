import type { Caller } from './session.ts'

/** What AWS clients, key policies and grants call a principal. */

/** What AWS allows in the name of a user or a session; other names are said by the principal's id. */
const NAME = /^[\w+=,.@-]{1,64}$/

/** Whether a name can stand in an ARN. */
export function isArnName(name: string): boolean {
  return NAME.test(name)
}

/** The last part of a principal's ARN. */
export function arnName(name: string, id: string): string {
  return isArnName(name) ? name : `id/${id}`
}

/** `arn:aws:iam::<account>:user/<name>`, or `arn:aws:sts::<account>:assumed-role/<name>/<session>` for temporary credentials. */
export function principalArn(
  caller: Pick<Caller, 'account' | 'name' | 'principal' | 'session'>,
): string {
  const name = arnName(caller.name, caller.principal)
  return caller.session === undefined
    ? `arn:aws:iam::${caller.account}:user/${name}`
    : `arn:aws:sts::${caller.account}:assumed-role/${name}/${caller.session}`
}
