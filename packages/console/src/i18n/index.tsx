import { IntlMessageFormat } from 'intl-messageformat'
import { createContext, use, useEffect, useMemo, useState, type ReactNode } from 'react'
import { I18nProvider, type I18nProviderProps } from '@cloudscape-design/components/i18n'
import componentsEn from '@cloudscape-design/components/i18n/messages/all.en'
import { usePreference } from '../ui/preferences.ts'
import { en } from './en/index.ts'
import type { MessageName, Messages } from './messages.ts'

export type { MessageName } from './messages.ts'

type Values = Record<string, string | number | Date>
/** Gives a text in the language of the page. */
export type Translate = (name: MessageName, values?: Values) => string

export const languages = { en: 'English', de: 'Deutsch' } as const
export type Language = keyof typeof languages

interface Loaded {
  language: Language
  messages: Messages
  components: I18nProviderProps.Messages
}

/** What is not in the page from the start. */
const loaders: Readonly<Record<Exclude<Language, 'en'>, () => Promise<Loaded>>> = {
  async de() {
    const [{ de }, { default: components }] = await Promise.all([
      import('./de/index.ts'),
      import('@cloudscape-design/components/i18n/messages/all.de'),
    ])
    return { language: 'de', messages: de, components }
  },
}
const english: Loaded = { language: 'en', messages: en, components: componentsEn }

interface Localized {
  language: Language
  t: Translate
}

const Context = createContext<Localized | undefined>(undefined)

/** That of the browser, if the console speaks it. */
const preferred = (): Language => (navigator.language.toLowerCase().startsWith('de') ? 'de' : 'en')

/** Shows all below in the language that was chosen; in that of the browser, if none was. */
export function Localize({ children }: { children: ReactNode }): ReactNode {
  const [chosen] = usePreference('language')
  const wanted = chosen ?? preferred()
  const [loaded, setLoaded] = useState<Loaded | undefined>(wanted === 'en' ? english : undefined)
  useEffect(() => {
    let isCurrent = true
    const load = wanted === 'en' ? Promise.resolve(english) : loaders[wanted]()
    void load.then(made => isCurrent && setLoaded(made))
    document.documentElement.lang = wanted
    return () => void (isCurrent = false)
  }, [wanted])
  const localized = useMemo(() => loaded && { language: loaded.language, t: translator(loaded) }, [loaded])
  if (!loaded || !localized) return null
  return (
    <I18nProvider locale={loaded.language} messages={[loaded.components]}>
      <Context value={localized}>{children}</Context>
    </I18nProvider>
  )
}

function translator({ language, messages }: Loaded): Translate {
  const compiled = new Map<MessageName, IntlMessageFormat>()
  return (name, values) => {
    let format = compiled.get(name)
    if (!format) {
      format = new IntlMessageFormat(messages[name], language)
      compiled.set(name, format)
    }
    return String(format.format(values))
  }
}

function useLocalized(): Localized {
  const localized = use(Context)
  if (!localized) throw new Error('Outside of Localize.')
  return localized
}

export const useT = (): Translate => useLocalized().t
export const useLanguage = (): Language => useLocalized().language

/** Formats dates as the language has them, in the time zone of the browser. */
export function useDates(): {
  date: (seconds: number | undefined) => string
  time: (seconds: number | undefined) => string
} {
  const language = useLanguage()
  return useMemo(() => {
    const date = new Intl.DateTimeFormat(language, { dateStyle: 'medium' })
    const time = new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'long' })
    const show = (format: Intl.DateTimeFormat) => (seconds: number | undefined) =>
      seconds === undefined ? '–' : format.format(seconds * 1000)
    return { date: show(date), time: show(time) }
  }, [language])
}
