import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import type { Page } from 'playwright-core'
import { allow, ownAccount, userWith, type Identity } from '../../server/test/support/identities.ts'
import { post } from '../../server/test/support/signed-http.ts'
import { signedBy } from '../../server/test/support/keyreeve.ts'
import {
  closeBrowser,
  openConsole,
  openTab,
  requireAccessible,
  requireAccessibleInBoth,
  screenshot,
  settled,
  signInByKey,
  type Console,
} from './support/browser.ts'

const hostile = '<img src=x onerror=alert(1)>'

/** What the tests look at in a record. */
interface Logged {
  eventID: string
  eventName: string
  eventTime: string
  errorCode?: string
  userAgent: string
  awsRegion: string
  requestID: string
  readOnly: boolean
  userIdentity: { arn?: string; accessKeyId?: string }
  resources: { ARN: string }[]
}

let console: Console
let page: Page
let key = ''
let otherKey = ''
let ann: Identity
let ben: Identity
/** The request that Ben was denied. */
let denied = ''

const records = async (): Promise<Logged[]> => (await console.server.records()) as unknown as Logged[] // CloudTrail's.

before(async () => {
  console = await openConsole()
  page = console.page
  const { server } = console
  const admin = server.client()
  ann = await userWith(server, 'ann', allow(['kms:Encrypt', 'kms:TagResource', 'kms:GenerateDataKey']))
  ben = await userWith(server, 'ben', allow('kms:Encrypt'))
  key = (await admin.createKey({})).KeyMetadata?.KeyId ?? ''
  otherKey = (await server.client({ region: 'eu-west-1' }).createKey({})).KeyMetadata?.KeyId ?? ''
  await admin.createAlias({ AliasName: 'alias/audited', TargetKeyId: key })
  const asAnn = server.client({ credentials: ann })
  const { CiphertextBlob } = await asAnn.encrypt({ KeyId: key, Plaintext: Buffer.from('x') })
  for (let count = 0; count < 4; count++) await asAnn.generateDataKey({ KeyId: key, KeySpec: 'AES_256' })
  await asAnn.tagResource({ KeyId: key, Tags: [{ TagKey: 'note', TagValue: hostile }] })
  await server
    .client({ region: 'eu-west-1', credentials: ann })
    .encrypt({ KeyId: otherKey, Plaintext: Buffer.from('x') })
  denied = await server
    .client({ credentials: ben })
    .decrypt({ KeyId: key, CiphertextBlob })
    .then(
      () => assert.fail('It was allowed.'),
      (error: { $metadata: { requestId?: string } }) => error.$metadata.requestId ?? '',
    )
  await asAnn.encrypt({ KeyId: 'alias/none', Plaintext: Buffer.from('x') }).then(
    () => assert.fail('It was found.'),
    (error: Error) => assert.equal(error.name, 'NotFoundException'),
  )
  await post(server, {
    operation: 'Encrypt',
    body: { KeyId: key, Plaintext: 'eA==' },
    headers: { 'user-agent': hostile },
    credentials: signedBy(ben),
  })
})
after(async () => {
  await console.close()
  await closeBrowser()
})

const audit = (parameters: Record<string, string> = {}): string =>
  `/us-east-1/audit?${new URLSearchParams(parameters).toString()}`
const found = (text: string | RegExp) => page.getByRole('status').filter({ hasText: text })
/** The names of the events on the page, newest first. */
const names = async (): Promise<string[]> =>
  await page
    .getByRole('table')
    .getByRole('button', { name: /^Details of / })
    .allTextContents()

test('shows who did what, newest first, and each event as it was recorded', async () => {
  await console.open(audit())
  await found(/searched back to|all that match/).waitFor()
  await settled(page)
  await screenshot(page, 'audit')
  await requireAccessible(page, 'audit log')
  const event = (await records()).find(({ userAgent }) => userAgent === hostile)!
  const row = page.getByRole('row').filter({ hasText: 'ben' }).filter({ hasText: 'Encrypt' })
  await row.getByRole('link', { name: key }).waitFor()
  await row.getByRole('button', { name: /^Details of Encrypt/ }).press('Enter')
  const dialog = page.getByRole('dialog')
  await dialog.getByText(hostile, { exact: true }).waitFor()
  await dialog.getByText(event.requestID, { exact: true }).waitFor()
  await dialog.getByRole('button', { name: 'Record as JSON' }).press('Enter')
  const json = await dialog.getByRole('group', { name: 'Record as JSON' }).last().textContent()
  assert.deepEqual(JSON.parse(json ?? ''), event)
  await screenshot(page, 'audit-detail')
  await requireAccessible(page, 'event')
  assert.match(
    (await dialog.getByRole('link', { name: ben.arn }).getAttribute('href')) ?? '',
    /^#\/us-east-1\/users\/ben$/,
  )
  await page.keyboard.press('Escape')
  await dialog.waitFor({ state: 'hidden' })
  await row
    .getByRole('button', { name: /^Details of Encrypt/ })
    .and(page.locator(':focus'))
    .waitFor()
})

const isOn =
  (id: string) =>
  ({ resources }: Logged) =>
    resources.some(({ ARN }) => ARN.endsWith(id))
const filters: [title: string, parameters: () => Record<string, string>, fits: (event: Logged) => boolean][] = [
  ['a key', () => ({ key }), event => isOn(key)(event)],
  ['an alias', () => ({ key: 'alias/audited' }), event => isOn(key)(event)],
  ['a principal, by ARN', () => ({ principal: ann.arn }), event => event.userIdentity.arn === ann.arn],
  ['a principal, by name', () => ({ principal: 'ben' }), event => event.userIdentity.arn === ben.arn],
  [
    'an access key',
    () => ({ principal: ann.accessKeyId }),
    event => event.userIdentity.accessKeyId === ann.accessKeyId,
  ],
  ['an operation', () => ({ operation: 'Encrypt' }), event => event.eventName === 'Encrypt'],
  ['any error', () => ({ error: '*' }), event => event.errorCode !== undefined],
  ['one error', () => ({ error: 'NotFoundException' }), event => event.errorCode === 'NotFoundException'],
  [
    'no error, of one principal',
    () => ({ error: 'none', principal: 'ann' }),
    event => event.errorCode === undefined && event.userIdentity.arn === ann.arn,
  ],
  ['changes', () => ({ kind: 'write', operation: 'TagResource' }), event => event.eventName === 'TagResource'],
  ['what is read-only', () => ({ kind: 'read', principal: 'ben' }), event => event.userIdentity.arn === ben.arn],
  ['a Region', () => ({ region: 'eu-west-1' }), event => event.awsRegion === 'eu-west-1'],
  ['a text', () => ({ text: hostile }), event => JSON.stringify(event).includes(hostile)],
  ['what is not there', () => ({ text: 'no such text', operation: 'Encrypt' }), () => false],
]
for (const [title, parameters, fits] of filters) {
  test(`finds the events of ${title}`, async () => {
    const wanted = (await records()).filter(fits)
    await console.open(audit(parameters()))
    await found('all that match').waitFor()
    const shown = await names()
    // The records are oldest first. What the console itself has done since is not among them.
    assert.deepEqual(
      shown.toReversed().slice(0, wanted.length),
      wanted.map(({ eventName }) => eventName),
    )
    assert.equal(shown.length, wanted.length)
  })
}

test('the filters are set in a form, and kept in the address', async () => {
  await console.open(audit())
  await page.getByRole('combobox', { name: 'Operation', exact: true }).fill('GenerateData')
  await page.getByRole('option', { name: 'GenerateDataKey', exact: true }).click()
  await page.getByRole('combobox', { name: 'Principal', exact: true }).fill('an')
  await page.getByRole('option', { name: /user\/ann/ }).click()
  await page.getByRole('combobox', { name: 'Key', exact: true }).fill('audited')
  await page.getByRole('option', { name: /alias\/audited/ }).click()
  await page.getByRole('button', { name: 'More filters' }).click()
  await page.getByRole('combobox', { name: 'Error', exact: true }).fill('none')
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: /^Kind/ }).click()
  await page.getByRole('option', { name: 'Read-only' }).click()
  await page.getByRole('textbox', { name: 'Text', exact: true }).fill('AES_256')
  await screenshot(page, 'audit-filters')
  await requireAccessible(page, 'filters')
  await page.getByRole('button', { name: 'Search' }).click()
  await found('4 events, all that match').waitFor()
  const query = Object.fromEntries(new URLSearchParams(page.url().split('?')[1]))
  const wanted = { operation: 'GenerateDataKey', principal: ann.arn, key, error: 'none', kind: 'read', text: 'AES_256' }
  assert.deepEqual(query, wanted)
  await page.reload()
  await found('4 events, all that match').waitFor()
  assert.equal(await page.getByRole('combobox', { name: 'Operation', exact: true }).inputValue(), 'GenerateDataKey')
  await page.getByRole('button', { name: 'Clear filters' }).click()
  await page
    .getByRole('button', { name: /^Details of TagResource/ })
    .first()
    .waitFor()
  assert.equal(page.url().includes('?'), false)
})

test('time ranges are relative, or from one moment to another', async () => {
  await console.open(audit({ operation: 'Encrypt' }))
  await found('all that match').waitFor()
  const count = (await names()).length
  await page.getByRole('button', { name: /^Time range/ }).click()
  await page.getByRole('radio', { name: 'Last 15 minutes' }).check()
  await screenshot(page, 'audit-range')
  await requireAccessible(page, 'time range')
  await page.getByRole('button', { name: 'Apply' }).click()
  await page.getByRole('button', { name: 'Search' }).click()
  await page.waitForURL(/last=15m/)
  await found('all that match').waitFor()
  assert.equal((await names()).length, count)
  const times = (await records()).filter(({ eventName }) => eventName === 'Encrypt').map(({ eventTime }) => eventTime)
  const first = times[0] ?? ''
  const beforeThat = new Date(Date.parse(first) - 1000).toISOString()
  await console.open(audit({ operation: 'Encrypt', from: '2020-01-01T00:00:00Z', to: beforeThat }))
  await page.getByText('No events match').waitFor()
  await requireAccessible(page, 'no events')
  await console.open(audit({ operation: 'Encrypt', from: first, to: '2099-01-01T00:00:00Z' }))
  await found('all that match').waitFor()
  assert.equal((await names()).length, count)
})

test('a denial is explained from the log', async () => {
  await console.open(audit({ principal: 'ben', error: '*' }))
  await page.getByRole('link', { name: 'Why was Decrypt denied?' }).click()
  await page.getByRole('heading', { name: 'Why the request was denied' }).waitFor()
  assert.ok(page.url().endsWith(`/denials/${denied}`))
  await page.getByText('Denied, since nothing allows it').waitFor()
  await page.getByRole('link', { name: 'Find in the audit log' }).click()
  // The console's own question about it has the same id in it.
  await found('all that match').waitFor()
  assert.ok((await names()).includes('Decrypt'))
})

test('new events come by themselves, when somebody wants that', async () => {
  await console.open(audit({ operation: 'ListGrants' }))
  await page.getByText('No events match').waitFor()
  await page.getByLabel('Show new events').check()
  await console.server.client().listGrants({ KeyId: key })
  await page.getByRole('button', { name: /^Details of ListGrants/ }).waitFor()
  await console.server.client().listGrants({ KeyId: key })
  await page.getByText('2 events').first().waitFor()
})

async function exported(format: 'JSON lines' | 'CSV', limit = '10000'): Promise<{ name: string; text: string }> {
  await page.getByRole('button', { name: 'Export', exact: true }).click()
  const dialog = page.getByRole('dialog', { name: 'Export' })
  await dialog.getByRole('radio', { name: format }).check()
  await dialog.getByLabel('At most').fill(limit)
  const [file] = await Promise.all([
    page.waitForEvent('download'),
    dialog.getByRole('button', { name: 'Export', exact: true }).click(),
  ])
  const text = readFileSync(await file.path(), 'utf8')
  await dialog.getByText(/exported\.$/).waitFor()
  return { name: file.suggestedFilename(), text }
}

test('what matches is exported, record by record as it is in the log', async () => {
  const wanted = (await records()).filter(({ userIdentity: { arn } }) => arn === ann.arn)
  await console.open(audit({ principal: ann.arn }))
  const { name, text } = await exported('JSON lines')
  assert.match(name, /^keyreeve-events-\d{8}T\d{6}Z\.jsonl$/)
  const lines = text.split('\n')
  assert.equal(lines.pop(), '')
  assert.deepEqual(
    lines.map(line => JSON.parse(line) as unknown),
    wanted.toReversed(),
  )
  await screenshot(page, 'audit-export')
  await requireAccessible(page, 'export')
  await page.getByRole('dialog').getByRole('button', { name: 'Close' }).last().click()
  await page.getByRole('button', { name: 'Export', exact: true }).and(page.locator(':focus')).waitFor()
})

test('an export stops at the number that was chosen, and takes no other', async () => {
  await console.open(audit({ principal: ann.arn }))
  const { text } = await exported('JSON lines', '3')
  assert.equal(text.split('\n').length, 4)
  const dialog = page.getByRole('dialog')
  for (const wrong of ['0', '', 'all', '100001']) {
    await dialog.getByLabel('At most').fill(wrong)
    await dialog.getByText('It must be a number from 1 to 100,000.').waitFor()
    assert.equal(await dialog.getByRole('button', { name: 'Export', exact: true }).isDisabled(), true)
  }
  // The ring around the button that has the focus again does not swallow the click.
  await page.keyboard.press('Escape')
  await dialog.waitFor({ state: 'hidden' })
  await page.getByRole('button', { name: 'Export', exact: true }).click()
  await dialog.waitFor()
  await page.keyboard.press('Escape')
})

test('a spreadsheet gets the main fields, and no formulas', async () => {
  const formula = '=HYPERLINK("http://example.com"),1'
  await post(console.server, {
    operation: 'Encrypt',
    body: { KeyId: key, Plaintext: 'eA==' },
    headers: { 'user-agent': formula },
    credentials: signedBy(ann),
  })
  await console.open(audit({ principal: ann.arn, operation: 'Encrypt', region: 'us-east-1' }))
  await found('3 events, all that match').waitFor()
  const { text } = await exported('CSV')
  const [head, first] = text.split('\n')
  assert.ok(head?.startsWith('eventTime,eventSource,eventName,principal,'))
  const [event] = (await records()).filter(({ userAgent }) => userAgent === formula)
  assert.ok(first?.startsWith(`${event?.eventTime},kms.amazonaws.com,Encrypt,${ann.arn},${ann.accessKeyId},`))
  assert.ok(first?.includes(`,"'=HYPERLINK(""http://example.com""),1",us-east-1,${event?.requestID},${event?.eventID}`))
  await page.keyboard.press('Escape')
})

test('the log cannot be seen without leave, and the page says why', async () => {
  const tab = await openTab(console.server)
  await signInByKey({ server: console.server, page: tab.page }, ben)
  await tab.page.goto(`${console.server.address}/console/#${audit()}`)
  await tab.page.getByText('The log could not be searched').first().waitFor()
  await tab.page.getByRole('link', { name: 'Why?' }).waitFor()
  await settled(tab.page)
  await requireAccessible(tab.page, 'audit log, denied')
  await tab.context.close()
  assert.deepEqual(tab.faults, [])
})

test('all of it is there in German, and readable in the dark', async () => {
  const tab = await openTab(console.server, {
    locale: 'de-DE',
    colorScheme: 'dark',
    viewport: { width: 1024, height: 900 },
  })
  await tab.page.getByLabel('Zugangsschlüssel-ID').fill(console.server.accessKeyId)
  await tab.page.getByLabel('Geheimer Zugangsschlüssel').fill(console.server.secretAccessKey)
  await tab.page.getByRole('button', { name: 'Anmelden' }).click()
  await tab.page.getByRole('button', { name: /^Region: / }).waitFor()
  await tab.page.goto(`${console.server.address}/console/#${audit({ principal: 'ben', last: '6h', error: '*' })}`)
  await tab.page.getByRole('heading', { name: 'Protokoll' }).waitFor()
  await tab.page.getByText('alle passenden').waitFor()
  await settled(tab.page)
  await screenshot(tab.page, 'audit-german-dark')
  await requireAccessible(tab.page, 'audit log, dark')
  await tab.page.getByRole('button', { name: /^Einzelheiten zu Decrypt/ }).click()
  await tab.page.getByRole('dialog').getByText('Quell-IP').waitFor()
  await screenshot(tab.page, 'audit-detail-german-dark')
  await requireAccessible(tab.page, 'event, dark')
  await tab.page.keyboard.press('Escape')
  await tab.page.getByRole('button', { name: 'Exportieren' }).click()
  await tab.page.getByRole('dialog', { name: 'Exportieren' }).waitFor()
  await requireAccessible(tab.page, 'export, dark')
  await tab.context.close()
  assert.deepEqual(tab.faults, [])
})

test('the page of a key shows what was done with it', async () => {
  const wanted = (await records()).filter(isOn(key)).filter(({ userIdentity: { arn } }) => arn === ann.arn)
  await console.open(`/us-east-1/keys/${key}/activity?principal=ann`)
  await found(`${wanted.length} events, all that match`).waitFor()
  assert.equal(await page.getByRole('combobox', { name: 'Key', exact: true }).count(), 0)
  await settled(page)
  await screenshot(page, 'activity')
  await requireAccessibleInBoth(page, 'activity')
})

// Last, since these are in the way of all others

/** As the pipeline would have it, but made at once. */
async function logged(count: number, more: object): Promise<void> {
  const at = console.server.clock.now()
  const eventTime = new Date(at).toISOString().replace(/\.\d+/, '')
  const of = { eventSource: 'kms.amazonaws.com', awsRegion: 'us-east-1', readOnly: true, resources: [], eventTime }
  const entries = Array.from({ length: count }, () => ({
    at,
    record: JSON.stringify({ ...of, eventID: randomUUID(), requestID: randomUUID(), userIdentity: {}, ...more }),
  }))
  assert.equal(await console.server.app.store.commit(console.server.app.store.view(), [], entries), 'committed')
}

test('thousands of events are paged through, and exported whole', async () => {
  await logged(2_345, { eventName: 'GenerateRandom', recipientAccountId: ownAccount })
  await console.open(audit({ operation: 'GenerateRandom' }))
  await found(/^\s*100 events, searched back to/).waitFor()
  assert.equal((await names()).length, 50)
  await page.getByRole('button', { name: 'Load more' }).click()
  await found(/^\s*200 events, searched back to/).waitFor()
  const pages = page.getByRole('button', { name: 'Next page' })
  for (let at = 2; at <= 12; at++) {
    await pages.click()
    await page
      .getByRole('button', { name: new RegExp(`^Page ${at}\\b`) })
      .and(page.locator('[aria-current]'))
      .waitFor()
    await page
      .getByRole('button', { name: /^Details of GenerateRandom/ })
      .first()
      .waitFor()
  }
  await found(/^\s*[56]00 events, searched back to/).waitFor()
  await screenshot(page, 'audit-pages')
  const { text } = await exported('JSON lines')
  const ids = text
    .trim()
    .split('\n')
    .map(line => (JSON.parse(line) as Logged).eventID)
  const wanted = (await records())
    .filter(({ eventName }) => eventName === 'GenerateRandom')
    .map(({ eventID }) => eventID)
  assert.equal(wanted.length, 2_345)
  assert.deepEqual(ids, wanted.toReversed())
})

test('a long search says how far back it is, and can be stopped', async () => {
  await logged(60_010, { eventName: 'Encrypt', recipientAccountId: '444455556666' })
  // The rest of the log is held back until the search is stopped.
  const gate = Promise.withResolvers<void>()
  let held = 0
  await page.route('**/*', async route => {
    const isSearch = route.request().headers()['x-amz-target'] === 'Keyreeve.LookupEvents'
    if (isSearch && route.request().postData()?.includes('Marker')) {
      held++
      await gate.promise
    }
    await route.continue()
  })
  await page.goto(`${console.server.address}/console/#${audit({ operation: 'TagResource' })}`)
  await found(/^\s*0 events, searched back to \w{3} \d/).waitFor()
  await screenshot(page, 'audit-searching')
  await requireAccessible(page, 'searching')
  await page.getByRole('button', { name: 'Stop' }).click()
  await page.getByText('No event found so far').waitFor()
  assert.equal(held, 1)
  gate.resolve()
  await page.getByRole('button', { name: 'Load more' }).click()
  await page.getByRole('button', { name: /^Details of TagResource/ }).waitFor()
})
