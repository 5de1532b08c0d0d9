/** A key, shown beside what it does; screen readers hear it from `aria-keyshortcuts` instead. */
export function KeyHint({ children }: { children: string }) {
  // biome-ignore lint/a11y/noAriaHiddenOnFocusable: a <kbd> takes no focus
  return <kbd aria-hidden="true">{children}</kbd>;
}
