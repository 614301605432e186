import assert from 'node:assert/strict'
import { after } from 'node:test'
import {
  chromium,
  type Browser,
  type BrowserContext,
  type CDPSession,
  type Page,
} from 'playwright-core'
import { browserPath } from '../../../test/clients/tools.ts'

/** A real Chromium without a window, and persons in it, each with a profile and an authenticator of their own. */

/** How long a page may take to show something, on a machine that is busy with other tests, in milliseconds. */
const PATIENCE_MS = 30_000

/**
 * Starts the browser, with further flags where given; it ends when the file's tests have. Pages that were left are not held unless
 * that is asked for, as they are for people: the library starts browsers without.
 */
export async function startBrowser(
  flags: readonly string[] = [],
  holdsPages = false,
): Promise<Browser> {
  const executablePath = browserPath()
  if (executablePath === undefined)
    throw new Error('Chromium is not installed; scripts/install-debian.sh --clients installs it')
  const isRoot = process.getuid?.() === 0
  const browser = await chromium.launch({
    executablePath,
    timeout: PATIENCE_MS,
    ...(holdsPages ? { ignoreDefaultArgs: ['--disable-back-forward-cache'] } : {}),
    // Containers have little shared memory; and for root Chromium has no sandbox.
    args: ['--disable-dev-shm-usage', ...(isRoot ? ['--no-sandbox'] : []), ...flags],
  })
  after(() => browser.close())
  return browser
}

export type Look = NonNullable<Parameters<Browser['newContext']>[0]>

/** Somebody in front of a browser. */
export class Visitor implements AsyncDisposable {
  readonly context: BrowserContext
  readonly page: Page
  readonly #tools: CDPSession
  /** What holds passkeys: the device itself, and security keys; the last one is at hand. */
  readonly #authenticators: string[] = []
  /** What pages did that their policy forbids, and errors that no code caught. */
  readonly #wrong: string[] = []
  /** Addresses that were asked for, with what was said of where one came from. */
  readonly #asked: string[] = []

  private constructor(context: BrowserContext, page: Page, tools: CDPSession) {
    this.context = context
    this.page = page
    this.#tools = tools
    page.setDefaultTimeout(PATIENCE_MS)
    page.on('pageerror', (error) => this.#wrong.push(error.message))
    page.on('console', (message) => {
      if (/Content Security Policy|Trusted|Permissions[- ]Policy/i.test(message.text()))
        this.#wrong.push(message.text())
    })
    page.on('request', (request) => {
      this.#asked.push(`${request.url()} ${request.headers()['referer'] ?? ''}`)
    })
  }

  /** A new profile: no cookie, and an authenticator inside the device that knows its user. */
  static async arrive(browser: Browser, baseURL: string, look: Look = {}): Promise<Visitor> {
    const context = await browser.newContext({ baseURL, ...look })
    const page = await context.newPage()
    const tools = await context.newCDPSession(page)
    await tools.send('WebAuthn.enable')
    const visitor = new Visitor(context, page, tools)
    await visitor.takeAuthenticator('internal')
    return visitor
  }

  /** Has another authenticator at hand, and the ones before no more. */
  async takeAuthenticator(transport: 'internal' | 'usb'): Promise<void> {
    for (const authenticatorId of this.#authenticators)
      await this.#tools.send('WebAuthn.setAutomaticPresenceSimulation', {
        authenticatorId,
        enabled: false,
      })
    const { authenticatorId } = await this.#tools.send('WebAuthn.addVirtualAuthenticator', {
      options: {
        protocol: 'ctap2',
        transport,
        hasResidentKey: true,
        hasUserVerification: true,
        isUserVerified: true,
        automaticPresenceSimulation: true,
      },
    })
    this.#authenticators.push(authenticatorId)
  }

  /** Passkeys that the authenticator at hand holds. */
  async passkeys() {
    const { credentials } = await this.#tools.send('WebAuthn.getCredentials', {
      authenticatorId: this.#authenticator,
    })
    return credentials
  }

  /** Whether the authenticator at hand recognizes its user from now on. */
  async setVerified(isUserVerified: boolean): Promise<void> {
    await this.#tools.send('WebAuthn.setUserVerified', {
      authenticatorId: this.#authenticator,
      isUserVerified,
    })
  }

  get #authenticator(): string {
    return this.#authenticators.at(-1) ?? ''
  }

  async go(path: string): Promise<void> {
    await this.page.goto(path)
    await this.#settles()
  }

  /** Opens a page as its address were typed anew: one that differs only behind the # would not be loaded again. */
  async open(path: string): Promise<void> {
    await this.page.goto('about:blank')
    await this.go(path)
  }

  async press(name: string | RegExp): Promise<void> {
    await this.page.getByRole('button', { name, exact: true }).click()
  }

  async follow(name: string): Promise<void> {
    await this.page.getByRole('link', { name, exact: true }).click()
  }

  async fill(label: string, text: string): Promise<void> {
    await this.page.getByLabel(label, { exact: true }).fill(text)
  }

  async check(label: string): Promise<void> {
    await this.page.getByLabel(label, { exact: true }).check()
  }

  /** Waits until the page says so. */
  async sees(text: string | RegExp): Promise<void> {
    await this.page.locator('body').getByText(text).first().waitFor()
  }

  /** Waits until the page is about something. */
  async seesHeading(name: string): Promise<void> {
    await this.page.getByRole('heading', { level: 1, name, exact: true }).waitFor()
  }

  /** Waits for what went wrong, and gives its words. */
  async problem(): Promise<string> {
    const note = this.page.locator('.note.bad').first()
    await note.waitFor()
    return (await note.textContent()) ?? ''
  }

  async arrivesAt(path: string): Promise<void> {
    await this.page.waitForURL((url) => url.pathname === path)
    await this.#settles()
  }

  /** Everything that has the focus, one after the other, as the tabulator reaches it. */
  async tabThrough(times: number): Promise<readonly string[]> {
    const reached: string[] = []
    for (let n = 0; n < times; n += 1) {
      await this.page.keyboard.press('Tab')
      reached.push(await this.focused())
    }
    return reached
  }

  /** What has the focus: its words, or the name of a field. */
  async focused(): Promise<string> {
    return String(
      await this.page.evaluate(
        'document.activeElement.name || document.activeElement.textContent.trim()',
      ),
    )
  }

  /** Runs a function, given as its text, in the page that is open. */
  run(code: string, ...given: readonly string[]): Promise<unknown> {
    return this.page.evaluate(`(${code})(...${JSON.stringify(given)})`)
  }

  /** The login's cookie, as the browser keeps it. */
  async cookie() {
    return (await this.context.cookies()).find(({ name }) => name === '__Host-claviger')
  }

  /** What scripts could read later: everything that is stored under the page's origin. */
  stored(): Promise<unknown> {
    return this.page.evaluate(`(async () => ({
      cookie: document.cookie,
      local: Object.keys(localStorage).length,
      session: Object.keys(sessionStorage).length,
      databases: (await indexedDB.databases()).length,
      caches: (await caches.keys()).length,
      workers: (await navigator.serviceWorker.getRegistrations()).length,
    }))()`)
  }

  /** That no request so far had this text in its address, or in what it said of where it came from. */
  assertNeverAsked(secret: string): void {
    assert.ok(this.#asked.length > 0)
    assert.deepEqual(
      this.#asked.filter((asked) => asked.includes(secret)),
      [],
    )
  }

  /** That everything came from one origin. */
  assertAskedOnly(origin: string): void {
    const foreign = this.#asked.filter((asked) => !asked.startsWith(`${origin}/`))
    assert.deepEqual(
      foreign.filter((asked) => !asked.startsWith('about:') && !asked.startsWith('blob:')),
      [],
    )
  }

  assertNothingWrong(): void {
    assert.deepEqual(this.#wrong, [])
  }

  /** A page says that it stands, and what it had to ask for is there. */
  async #settles(): Promise<void> {
    await this.page.locator('main[aria-busy="false"]').waitFor()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.context.close()
  }
}
