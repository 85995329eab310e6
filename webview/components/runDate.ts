const DATE = new Intl.DateTimeFormat(undefined, {
  ...{ month: 'short', day: 'numeric', hour: 'numeric' },
  // Runs of small data follow each other within a minute.
  ...{ minute: '2-digit', second: '2-digit' },
});

/** When a run was started, from an ISO date. */
export function runDate(startedAt: string): string {
  return DATE.format(new Date(startedAt));
}
