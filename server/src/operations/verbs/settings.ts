import { ClavigerError, defaultSettings, type AccessSettings } from '#model'
import { settingsRow } from '../rows.ts'
import { readSettings } from '../settings.ts'
import type { ChangeVerb, ReadVerb } from '../verb.ts'
import type { Work } from '../work.ts'

/** What holds for every credential of a tenant: one row, which is there once something was changed. */

const ACCESS_KEY_DAYS_MAX = defaultSettings.accessKeyDays

type Limit = 'tokenDays' | 'accessKeyDays' | 'secretIdDays' | 'certificateDays'

const words: Readonly<Record<Limit, string>> = {
  tokenDays: 'A token',
  accessKeyDays: 'An access key',
  secretIdDays: 'A secret id',
  certificateDays: 'A certificate',
}

function view({ tenant: _tenant, ...shown }: AccessSettings) {
  return shown
}

/** How old credentials of the caller's tenant may get, with the condition that it still holds. */
export async function readBounds(work: Work) {
  const { tenant } = work.caller
  const { value, standing } = await readSettings(work, tenant)
  // The first settings of a tenant change no row that could be a condition.
  if (standing.length === 0)
    work.relyOn(async () => {
      if ((await readSettings(work, tenant)).standing.length === 0) return
      throw new ClavigerError('conflict', 'The settings of the tenant have just changed; ask again')
    })
  const days = (limit: Limit, given: number | undefined, otherwise: number): number => {
    const most = value[limit]
    if (given === undefined) return Math.min(otherwise, most)
    if (given <= most) return given
    throw new ClavigerError(
      'invalid_request',
      `${words[limit]} of this tenant is valid for at most ${most} days (${limit} of its settings)`,
      { field: 'days' },
    )
  }
  return {
    standing,
    days,
    /** Access keys have no end unless one is given, where the tenant has not bounded them. */
    accessKeyDays(given: number | undefined): number | undefined {
      const bounded = given !== undefined || value.accessKeyDays < ACCESS_KEY_DAYS_MAX
      return bounded ? days('accessKeyDays', given, ACCESS_KEY_DAYS_MAX) : undefined
    },
  }
}

export const getSettings: ReadVerb<'settings.get'> = {
  kind: 'read',
  async run(_input, work) {
    work.authorize()
    return view((await readSettings(work, work.caller.tenant)).value)
  },
}

export const updateSettings: ChangeVerb<'settings.update'> = {
  kind: 'change',
  async run(input, work) {
    work.authorize()
    const { value, standing } = await readSettings(work, work.caller.tenant)
    const given = Object.entries(input).filter(([, each]) => each !== undefined)
    const settings: AccessSettings = { ...value, ...Object.fromEntries(given) }
    return {
      additive: false,
      rows: [settingsRow(settings)],
      unchanged: standing,
      absent: standing.length > 0 ? [] : [{ kind: 'settings' as const, id: settings.tenant }],
      anew: true,
      subject: settings.tenant,
      detail: Object.fromEntries(given.map(([name, each]) => [name, Number(each)])),
      output: view(settings),
    }
  },
}
