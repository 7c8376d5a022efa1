/** Notes when the links of a consumer opened, moved and ended, and tells it. */
export function linkHistory() {
  const began = performance.now();
  let openedAt: number | null = null;
  let movedAt: number | null = null;
  let opens = 0;
  let ends = 0;
  let end = "";
  const at = (time: number) => `${((time - began) / 1_000).toFixed(1)} s`;
  return {
    isOpen: () => openedAt !== null,
    opened: () => {
      openedAt = performance.now();
      opens++;
    },
    moved: () => {
      movedAt = performance.now();
    },
    ended: (why: string) => {
      openedAt = null;
      ends++;
      end = `, the last end at ${at(performance.now())} because ${why}`;
    },
    text: () =>
      `at ${at(performance.now())} of the consumer it is ` +
      `${openedAt === null ? "not connected" : `connected since ${at(openedAt)}`}; ` +
      `the last event came ${movedAt === null ? "never" : `at ${at(movedAt)}`}; ` +
      `${opens} links opened, ${ends} attempts and links ended${end}`,
  };
}
