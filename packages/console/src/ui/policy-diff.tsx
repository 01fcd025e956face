import type { ReactNode } from 'react'
import { diffLines } from './policy-lines.ts'
import './policy.css'

/** Unchanged lines that are shown around each change. */
const context = 3
const marks = { same: ' ', removed: '−', added: '+' } as const
const elements = { same: 'div', removed: 'del', added: 'ins' } as const

/** Two texts, line by line; long stretches that are the same are left out. */
export function Diff({ before, after, label }: { before: string; after: string; label: string }): ReactNode {
  const lines = diffLines(before, after)
  const near = (index: number): boolean =>
    lines.slice(Math.max(0, index - context), index + context + 1).some(({ kind }) => kind !== 'same')
  return (
    <div className="policy-diff" tabIndex={0} role="group" aria-label={label}>
      {lines.map(({ kind, text }, index) => {
        if (!near(index)) return (index === 0 || near(index - 1)) && <div key={index}>⋯</div>
        const Line = elements[kind]
        return <Line key={index}>{`${marks[kind]} ${text}`}</Line>
      })}
    </div>
  )
}
