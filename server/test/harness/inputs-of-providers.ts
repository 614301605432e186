import type { InputOf } from '@claviger/contract'
import type { TestHouse } from './house.ts'
import type { Inputs } from './inputs.ts'
import { CLIENT, CLIENT_SECRET, TestProvider } from './login-provider.ts'

/** The part of the inputs that is about login providers: a real one answers. */

let names = 0

/** A provider that vouches for its persons and adds them, as it is set up here. */
export async function providerOf(
  provider: TestProvider,
  more: Partial<InputOf<'loginProvider.create'>> = {},
): Promise<InputOf<'loginProvider.create'>> {
  names += 1
  return {
    name: `provider-${names}`,
    issuer: provider.issuer,
    client: CLIENT,
    clientSecret: CLIENT_SECRET,
    groups: [],
    admits: true,
    strong: ['mfa'],
    scopes: ['profile', 'email'],
    ...more,
  }
}

/** A login that the provider has answered. */
export async function providerAnswer(
  house: TestHouse,
  provider: TestProvider,
  asked: Pick<InputOf<'login.providerStart'>, 'provider'> & Partial<InputOf<'login.providerStart'>>,
  subject?: string,
) {
  const input = { redirect: '/login', again: false, ...asked }
  const { url, flow } = await house.perform('login.providerStart', input, { token: undefined })
  return { url, flow, callback: await provider.logIn(url, subject), carrier: 'token' as const }
}

/** A link that the provider has answered, begun in the login of a token. */
export async function linkAnswer(
  house: TestHouse,
  provider: TestProvider,
  about: { readonly provider: string; readonly subject: string; readonly token: string },
) {
  const input = { provider: about.provider, redirect: '/account' }
  const { url, flow } = await house.perform('login.providerLinkStart', input, about)
  return { flow, callback: await provider.logIn(url, about.subject) }
}

type Names = Extract<keyof Inputs, `loginProvider.${string}` | `login.provider${string}`>

export function providerInputs(house: TestHouse): Pick<Inputs, Names> {
  const made = async () => {
    const input = await providerOf(await TestProvider.shared())
    return (await house.perform('loginProvider.create', input)).id
  }
  const linking = async () => {
    names += 1
    const person = { name: `linked-${names}`, kind: 'user' as const }
    const { id: principal } = await house.perform('principal.create', person)
    return { provider: await made(), principal, subject: `subject-${names}` }
  }
  return {
    'loginProvider.create': async () => providerOf(await TestProvider.shared()),
    'loginProvider.update': async () => ({ provider: await made(), name: 'another name' }),
    'loginProvider.list': async () => ({ limit: 10 }),
    'loginProvider.delete': async () => ({ provider: await made() }),
    'loginProvider.link': linking,
    'loginProvider.unlink': async () => {
      const { subject, ...rest } = await linking()
      await house.perform('loginProvider.link', { subject, ...rest })
      return rest
    },
    'loginProvider.names': async () => ({}),
    'login.providerStart': async () => ({
      provider: await made(),
      redirect: '/login',
      again: false,
    }),
    'login.provider': async () => {
      const provider = await made()
      const { flow, callback, carrier } = await providerAnswer(
        house,
        await TestProvider.shared(),
        { provider },
        'alice',
      )
      return { flow, callback, carrier }
    },
    'login.providerLinks': async () => ({}),
    'login.providerLinkStart': async () => ({ provider: await made(), redirect: '/account' }),
    'login.providerLink': async () => ({ flow: 'a'.repeat(43), callback: '' }),
    'login.providerUnlink': async () => ({ provider: await made() }),
    'login.providerLogout': async () => ({}),
  }
}
