import { assertConstraints } from './constraints.ts'
import { AwsException } from './exceptions.ts'
import type { Form } from './form.ts'
import {
  integer,
  matching,
  need,
  sensitive,
  text,
  type InputStructure,
  type Members,
} from './schema/shapes.ts'

/** Inputs of the three actions of the security token service (2011-06-15) that hand out and name sessions. */

const VERSION = '2011-06-15'

const session = {
  RoleArn: need(text(20, 2048)),
  RoleSessionName: need(matching(2, 64, String.raw`[\w+=,.@-]*`)),
  DurationSeconds: integer(900, 43_200),
}
const stsInputs = {
  GetCallerIdentity: {},
  AssumeRole: { ...session, ExternalId: matching(2, 1224, String.raw`[\w+=,.@:\/-]*`) },
  AssumeRoleWithWebIdentity: {
    ...session,
    WebIdentityToken: need(sensitive(text(4, 20_000))),
    ProviderId: text(4, 2048),
  },
} as const

/** Members that make a session less than its principal, or more: passing them over would hand out what was not asked for. */
const unsupported =
  /^(?:Policy|SourceIdentity|(?:PolicyArns|Tags|TransitiveTagKeys|ProvidedContexts)\..*)$/

export type StsAction = keyof typeof stsInputs
export type StsInputOf<Action extends StsAction> = InputStructure<(typeof stsInputs)[Action]>
export type StsInput = {
  [Action in StsAction]: { readonly action: Action; readonly input: StsInputOf<Action> }
}[StsAction]

/** @throws AwsException MissingAction, InvalidAction, ValidationException */
export function readStsInput(form: Form): StsInput {
  const action = form.get('Action')
  if (action === undefined) throw new AwsException('MissingAction', 'The form has no Action')
  const version = form.get('Version') ?? 'NO_VERSION_SPECIFIED'
  if (!Object.hasOwn(stsInputs, action) || version !== VERSION) {
    // In AWS's words.
    throw new AwsException(
      'InvalidAction',
      `Could not find operation ${action} for version ${version}`,
    )
  }
  const members: Members = stsInputs[action as StsAction]
  for (const name of form.keys()) {
    if (action !== 'GetCallerIdentity' && unsupported.test(name))
      throw invalid(`${name} is not supported here`)
  }
  const input: Record<string, unknown> = {}
  for (const [name, { type }] of Object.entries(members)) {
    const value = form.get(name)
    if (value !== undefined) input[name] = type === 'integer' ? toInteger(name, value) : value
  }
  assertConstraints(input, members)
  return { action, input } as StsInput
}

function toInteger(name: string, value: string): number {
  if (!/^-?\d{1,15}$/.test(value)) throw invalid(`${name} must be an integer`)
  return Number(value)
}

/** Texts of ours. */
function invalid(message: string): AwsException {
  return new AwsException('ValidationException', message)
}
