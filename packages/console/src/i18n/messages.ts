import type { en } from './en/index.ts'

/** Names of all texts; each language has each. */
export type MessageName = keyof typeof en
/** Texts in ICU's syntax (https://unicode-org.github.io/icu/userguide/format_parse/messages/). */
export type Messages = Readonly<Record<MessageName, string>>
